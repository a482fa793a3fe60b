//! `cargo measure footprint`: what it costs to depend on the crate, beside other
//! clients that submit batch jobs. Every [`subject`] becomes a package of its own
//! in a temporary folder, which [`measure`] builds from nothing as its user would;
//! [`table`] shows what came of it, with the machine that it was measured on.
//!
//! ```text
//! subject → package → measure → Figures → table → docs/performance.md
//! ```

mod measure;
mod subject;
mod table;

use std::path;

use anyhow::{Result, ensure};
use clap::Args;

use crate::cargo::root;
use crate::{machine, page};

const PAGE: &str = "docs/performance.md";

/// Options of `cargo measure footprint`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Measure only what has this in its name, and write nothing.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// Measures one subject after the other, prints the table, and writes it into the
/// page.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = path::absolute(root())?;
    let mut subjects = subject::all(&root)?;
    if let Some(wanted) = &options.only {
        subjects.retain(|subject| subject.name.contains(wanted.as_str()));
        ensure!(!subjects.is_empty(), "nothing has {wanted:?} in its name");
    }
    let mut rows = Vec::new();
    for subject in &subjects {
        eprintln!("== {}", subject.name);
        rows.push((subject.name.clone(), measure::measure(subject)?));
    }
    let section = table::section(&rows, &machine::facts().join("; "));
    println!("{section}");
    if options.only.is_none() {
        page::write(&root.join(PAGE), "footprint", &section)?;
    }
    Ok(())
}
