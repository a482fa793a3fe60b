//! `genai-batch runs ls`: the runs of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::file::{describe, read};
use crate::exit::{Failure, Result};
use crate::global::Global;
use crate::show::note::{say, warn};
use crate::show::{Out, json};

/// List the runs of a folder: the files that end in .run.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch runs ls
  genai-batch runs ls . --output json")]
pub(super) struct Args {
    /// The folder.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

pub(super) async fn run(args: Args, global: &Global) -> Result<()> {
    let mut shown = Vec::new();
    for path in files(&args.folder)? {
        match look(&path).await {
            Ok(run) => shown.push(run),
            Err(failure) => warn(failure),
        }
    }
    if shown.is_empty() {
        say(global, format_args!("no runs in {}", args.folder.display()));
    }
    Out::of(global).records(&shown)
}

async fn look(path: &Path) -> Result<json::Run> {
    describe(path, &read(path).await?).await
}

/// The files of a folder that end in `.run`, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let shown = folder.display();
    let entries = fs::read_dir(folder)
        .map_err(|error| Failure::usage(format_args!("{shown} cannot be listed: {error}")))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "run") && path.is_file() {
            paths.push(path.strip_prefix("./").map(Path::to_owned).unwrap_or(path));
        }
    }
    paths.sort();
    Ok(paths)
}
