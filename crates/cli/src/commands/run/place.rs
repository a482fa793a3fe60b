//! Where the answers go, and whether they can: looked at before anything is asked.

use std::path::{Path, PathBuf};

use super::args::Args;
use crate::exit::{Failure, Result};
use crate::place::spare_runs;
use crate::table::{Format, regular};

/// Where the answers go.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) out: PathBuf,
    pub(super) format: Format,
    /// The file of the run.
    pub(super) run: PathBuf,
}

impl Place {
    /// Where the answers go, if that can be.
    pub(super) fn new(args: &Args, out: &Path) -> Result<Self> {
        let shown = out.display();
        let Some(name) = out.file_name() else {
            return Err(Failure::usage(format!(
                "--out: {shown} is not the name of a file"
            )));
        };
        let Some(format) = Format::of(out) else {
            return Err(Failure::usage(format!(
                "--out: the name {shown} does not tell the format of the table"
            ))
            .hint("tables are .csv, .tsv, .jsonl or .parquet"));
        };
        if cfg!(not(feature = "parquet")) && format == Format::Parquet {
            return Err(Failure::usage("--out: this build is without Parquet"));
        }
        if out.is_dir() {
            return Err(Failure::usage(format!(
                "--out: {shown} is a folder: name a file in it"
            )));
        }
        if let Some(what) = regular::other_than_file(out) {
            return Err(Failure::usage(format!(
                "--out: {shown} is not a file but {what}, which is not replaced: name a file"
            )));
        }
        let target = regular::follow(out)
            .map_err(|error| Failure::usage(format!("--out: cannot write {shown}: {error}")))?;
        let folder = target
            .parent()
            .filter(|it| !it.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        if !folder.is_dir() {
            let folder = folder.display();
            return Err(
                Failure::usage(format!("--out: there is no folder {folder}"))
                    .hint(format!("make it: mkdir -p {folder}")),
            );
        }
        let is_same = |other: &Path| match (out.canonicalize(), other.canonicalize()) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        };
        let read = [
            Some(&args.input),
            args.schema.as_ref(),
            args.config.as_ref(),
            args.prompt_file.as_ref(),
        ];
        if let Some(input) = read.into_iter().flatten().find(|it| is_same(it)) {
            return Err(Failure::usage(format!(
                "--out: {} is what is read: choose another name",
                input.display()
            )));
        }
        let mut run = name.to_owned();
        run.push(".run");
        let run = out.with_file_name(run);
        if run.is_dir() {
            return Err(Failure::usage(format!(
                "{} is a folder, where the file of the run is to be",
                run.display()
            ))
            .hint("move it away, or choose another name for --out"));
        }
        spare_runs(out, Some(&run))?;
        Ok(Self {
            out: out.to_owned(),
            format,
            run,
        })
    }
}
