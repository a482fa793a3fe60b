//! `genai-batch report`: a run as one page of HTML.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::ValueEnum;

use crate::commands::runs::file::{about_run, there};
use crate::exit::{Failure, Kind, Result};
use crate::global::Global;
use crate::place::spare_runs;
use crate::report;
use crate::show::note::{say, warn};
use crate::show::{Out, out};

/// Write a page about a run, with its outcomes, cost, jobs, errors and answers.
///
/// It is one file of HTML that loads nothing, with answers to search through. The run is only read, so
/// another process may drive it. On a terminal, the page is opened in a browser: --open no leaves that.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch report reviews.run
  genai-batch report reviews.run --out report.html --open no --answers 0")]
pub(crate) struct Args {
    /// The file of the run.
    run: PathBuf,
    /// The page; by default beside the run, as RUN.html. A page that is there is replaced.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file that is there, also if it is no page of a run.
    #[arg(long)]
    overwrite: bool,
    /// Whether to open the page in a browser: by default on a terminal.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    open: When,
    /// As many answers are on the page, evenly chosen, each of at most 4,000 characters.
    #[arg(
        long,
        allow_negative_numbers = true,
        default_value_t = 1000,
        value_name = "N"
    )]
    answers: u64,
}

/// Whether to do something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum When {
    /// If standard output is a terminal.
    #[default]
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    there(&args.run)?;
    let place = args.out.unwrap_or_else(|| beside(&args.run));
    spare_runs(&place, Some(&args.run))?;
    has_folder(&place)?;
    // Before the run is read, and once more when the page is put in its place.
    free(&place, args.overwrite)?;
    let page = report::html(&args.run, args.answers).await;
    let page = page.map_err(|failure| about_run(&args.run, failure))?;
    write(&place, page, args.overwrite)?;
    let form = Out::of(global);
    match form.is_json() {
        true => form.document(&serde_json::json!({"page": place.to_string_lossy()}))?,
        false => out::write_text(&format!("{}\n", place.display()))?,
    }
    let opens = match args.open {
        When::Auto => std::io::stdout().is_terminal(),
        When::Yes => true,
        When::No => false,
    };
    if !opens {
        return Ok(());
    }
    match open(&place) {
        Ok(()) => say(global, "opening it in a browser; --open no leaves that"),
        // The page is there all the same.
        Err(error) => warn(format_args!(
            "the page could not be opened in a browser: {error}"
        )),
    }
    Ok(())
}

/// Refuses a place that is a folder, or is in none that is there.
fn has_folder(place: &Path) -> Result<()> {
    if place.is_dir() {
        let place = place.display();
        return Err(Failure::usage(format_args!(
            "--out: {place} is a folder: name a file in it"
        )));
    }
    let folder = place.parent().filter(|it| !it.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            let folder = folder.display();
            let failure = Failure::usage(format_args!("--out: there is no folder {folder}"));
            Err(failure.hint(format_args!("make it: mkdir -p {folder}")))
        }
        _ => Ok(()),
    }
}

/// Refuses a place where there is something that is no page of a run.
fn free(place: &Path, overwrite: bool) -> Result<()> {
    if overwrite || !place.exists() || report::is_page(place)? {
        return Ok(());
    }
    let failure = Failure::usage(format_args!(
        "{} is there already, and is no page of a run",
        place.display()
    ));
    Err(failure.hint("--out names another file, and --overwrite replaces this one"))
}

/// `RUN.html`.
fn beside(run: &Path) -> PathBuf {
    let mut name = run.as_os_str().to_owned();
    name.push(".html");
    name.into()
}

/// Puts a page in its place at once.
fn write(out: &Path, page: String, overwrite: bool) -> Result<()> {
    let told = |error: std::io::Error| {
        Failure::new(
            Kind::Other,
            format_args!("cannot write {}: {error}", out.display()),
        )
    };
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut partial = tempfile::Builder::new();
    partial.prefix(".report-").suffix(".html.partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any other file that is made here, and not for its owner alone.
        partial.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = partial
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(told)?;
    std::fs::write(file.path(), page).map_err(told)?;
    free(out, overwrite)?;
    file.persist(out).map_err(|error| told(error.error))?;
    Ok(())
}

/// Hands the page to the program that the system has for it.
fn open(page: &Path) -> std::io::Result<()> {
    let program = match std::env::consts::OS {
        "macos" => "open",
        "windows" => "explorer",
        _ => "xdg-open",
    };
    let mut command = Command::new(program);
    command.arg(std::path::absolute(page)?);
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null());
    quiet.stderr(Stdio::null()).spawn().map(drop)
}
