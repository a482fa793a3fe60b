//! `genai-batch files`: what is uploaded to the Gemini Files API.

use std::io::Write;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use genai_batch::Client;
use genai_batch::files::Download;

use crate::connect::connect;
use crate::exit::{Failure, Result};
use crate::global::Global;
use crate::place::spare_runs;
use crate::show::bars::{Bar, Bars};
use crate::show::counted::counted;
use crate::show::note::say;
use crate::show::{Out, ask, json, out};
use crate::table::regular;

/// Upload, list, download and delete files of the Gemini Files API.
///
/// The service keeps them for 48 hours.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch files put reviews.jsonl
  genai-batch files ls")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the files.
    #[command(after_long_help = "\
Examples:
  genai-batch files ls
  genai-batch files ls --output json")]
    Ls,
    Put(Put),
    Get(Get),
    Rm(Rm),
}

/// Upload a file, and print its name.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch files put reviews.jsonl
  genai-batch files put reviews.csv --mime-type text/csv")]
struct Put {
    /// The local file.
    path: PathBuf,
    /// Its type, such as image/png; by default what its name or its contents tell.
    #[arg(long, value_name = "TYPE")]
    mime_type: Option<String>,
    /// The name for people.
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
}

/// Download the results of a job, or what was uploaded where the service gives it back.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch files get \"$(genai-batch files ls | cut -f1 | head -n 1)\" -o file.jsonl")]
struct Get {
    /// The file: files/ID.
    name: String,
    /// Where it goes: a file, which appears once it is whole, or - for standard output.
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    out: String,
    /// Replace the file that is there.
    #[arg(long)]
    overwrite: bool,
}

/// Delete files. On a terminal it asks first; elsewhere it wants --yes.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch files rm --yes \"$(genai-batch files put reviews.csv)\"")]
struct Rm {
    /// The files: files/ID.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    if let Command::Rm(args) = &args.command {
        let count = counted(args.names.len() as u64, "file");
        ask::before(
            args.yes,
            &format!("Delete {count}: {}?", args.names.join(", ")),
        )
        .await?;
    }
    let connection = connect(global, None).await?;
    let client = &connection.client;
    match args.command {
        Command::Ls => ls(client, global).await,
        Command::Put(args) => put(args, client, global).await,
        Command::Get(args) => get(args, client, global).await,
        Command::Rm(args) => rm(args, client, global).await,
    }
}

async fn ls(client: &Client, global: &Global) -> Result<()> {
    let files = client.files().list().all().await?;
    if files.is_empty() {
        say(global, "no files");
    }
    let files: Vec<_> = files.into_iter().map(json::File::from).collect();
    Out::of(global).records(&files)
}

async fn put(args: Put, client: &Client, global: &Global) -> Result<()> {
    let path = args.path.clone();
    let mut upload = client.files().upload(args.path);
    if let Some(mime_type) = args.mime_type {
        upload = upload.mime_type(mime_type);
    }
    if let Some(name) = args.display_name {
        upload = upload.display_name(name);
    }
    let bar = Bars::new(global.quiet).bytes("upload", None);
    let shown = bar.clone();
    let uploaded = upload
        .on_progress(move |sent, total| shown.at(sent, Some(total)))
        .await;
    bar.end();
    let file = uploaded.map_err(|error| not_uploaded(&path, error.into()))?;
    let form = Out::of(global);
    match form.is_json() {
        true => form.document(&json::File::from(file)),
        false => out::write_text(&format!("{}\n", file.name())),
    }
}

/// Why a file was not uploaded, where that is the file, in words of the command line.
fn not_uploaded(path: &Path, failure: Failure) -> Failure {
    let shown = path.display();
    if path.is_dir() {
        return Failure::usage(format_args!("{shown} is a folder: name a file in it"));
    }
    if let Some(what) = regular::other_than_file(path) {
        return Failure::usage(format_args!("{shown} is not a file but {what}"));
    }
    if !path.exists() {
        return Failure::usage(format_args!("there is no file {shown}"));
    }
    match failure.to_string().split_once(": set `mime_type`") {
        Some((why, _)) => Failure::usage(why).hint("say it: --mime-type image/png, for instance"),
        None => failure,
    }
}

async fn get(args: Get, client: &Client, global: &Global) -> Result<()> {
    if args.out != "-" {
        spare_runs(Path::new(&args.out), None)?;
    }
    let download = client.files().download(args.name.as_str()).await;
    let download = download.map_err(not_downloaded)?;
    let bar = Bars::new(global.quiet).bytes("download", None);
    let done = match &*args.out {
        "-" => copy(download, &mut std::io::stdout().lock(), &bar).await,
        place => save(download, Path::new(place), args.overwrite, &bar).await,
    };
    bar.end();
    let bytes = done?;
    say(global, counted(bytes, "byte"));
    Ok(())
}

/// Why a file does not come, with what the service says of one that was uploaded in words of its own.
fn not_downloaded(error: genai_batch::Error) -> Failure {
    let is_refused = error.status() == Some(400);
    let failure = Failure::from(error);
    match is_refused {
        true => failure.hint(
            "what was uploaded does not come back, only what the service made, such as the results of a job",
        ),
        false => failure,
    }
}

/// Writes a file that appears once it is whole.
async fn save(download: Download, place: &Path, overwrite: bool, bar: &Bar) -> Result<u64> {
    let shown = place.display();
    if place.is_dir() {
        return Err(Failure::usage(format_args!(
            "{shown} is a folder: name a file in it"
        )));
    }
    if let Some(what) = regular::other_than_file(place) {
        return Err(Failure::usage(format_args!(
            "{shown} is not a file but {what}, which is not replaced"
        )));
    }
    if place.exists() && !overwrite {
        let failure = Failure::usage(format_args!("{shown} is there already"));
        return Err(failure.hint("say --overwrite, or choose another place"));
    }
    let failed = |error| Failure::usage(format_args!("{shown} cannot be written: {error}"));
    let folder = place.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let bytes = copy(download, &mut file, bar).await?;
    file.as_file().sync_all().map_err(failed)?;
    let put = match overwrite {
        true => file.persist(place),
        // One that appeared meanwhile stays, too.
        false => file.persist_noclobber(place),
    };
    put.map_err(|error| failed(error.error))?;
    Ok(bytes)
}

async fn copy(mut from: Download, to: &mut impl Write, bar: &Bar) -> Result<u64> {
    let total = from.size();
    let mut bytes = 0;
    while let Some(chunk) = from.try_next().await? {
        to.write_all(&chunk)?;
        bytes += chunk.len() as u64;
        bar.at(bytes, total);
    }
    to.flush()?;
    Ok(bytes)
}

async fn rm(args: Rm, client: &Client, global: &Global) -> Result<()> {
    let mut failed = Vec::new();
    for name in &args.names {
        match client.files().delete(name).await {
            Ok(()) => say(global, format_args!("{name} is deleted")),
            Err(error) => failed.push(Failure::from(error)),
        }
    }
    let count = counted(args.names.len() as u64, "file");
    Failure::all(failed, || format!("of {count}, some were not deleted"))
}
