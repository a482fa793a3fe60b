//! `genai-batch report`: a run as one page of HTML.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::ValueEnum;

use crate::exit::{Failure, Kind, Result};
use crate::global::Global;
use crate::report;
use crate::show::note::warn;
use crate::show::{Out, out};

/// Write a page about a run, with its outcomes, cost, jobs, errors and answers.
///
/// It is one file of HTML that loads nothing, with answers to search through. The run is only read, so
/// another process may drive it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch report reviews.run
  genai-batch report reviews.run --out report.html --open no --answers 0")]
pub(crate) struct Args {
    /// The file of the run.
    run: PathBuf,
    /// The page; by default beside the run, as RUN.html. One that is there is replaced.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Whether to open the page in a browser: by default on a terminal.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    open: When,
    /// As many answers are on the page, evenly chosen, each of at most 4,000 characters.
    #[arg(long, default_value_t = 1000, value_name = "N")]
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
    let page = report::html(&args.run, args.answers).await?;
    let place = args.out.unwrap_or_else(|| beside(&args.run));
    write(&place, page)?;
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
    if opens && let Err(error) = open(&place) {
        // The page is there all the same.
        warn(format_args!(
            "the page could not be opened in a browser: {error}"
        ));
    }
    Ok(())
}

/// `RUN.html`.
fn beside(run: &Path) -> PathBuf {
    let mut name = run.as_os_str().to_owned();
    name.push(".html");
    name.into()
}

/// Puts a page in its place at once.
fn write(out: &Path, page: String) -> Result<()> {
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
