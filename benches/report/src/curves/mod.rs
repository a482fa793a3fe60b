//! `cargo measure curves`: time and memory as result lines and jobs get many, of this crate beside
//! other clients, written into the page on performance with plots beside it.
//!
//! ```text
//! clients           what is measured, against a server of `crate::server`
//! timing → rounds   a run, and the medians of many
//! lines, jobs, shards   who does what at which size; forecast leaves out who would not fit
//! table, report   how it is told, with what every measurement needs (`machine`, `page`, `plot`)
//! ```
//!
//! It needs Linux, for its figures on memory.

mod bench;
mod clients;
mod forecast;
mod jobs;
mod lines;
mod report;
mod rounds;
mod shards;
mod table;
mod timing;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::cargo::root;
use crate::{machine, page};
use bench::Bench;
use clients::Harness;
use report::Report;

const PAGE: &str = "performance.md";
/// Beside the page.
const PLOTS: &str = "performance";

/// Options of `cargo measure curves`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// A copy of the benchmark harness, where this may build and write.
    #[arg(long, value_name = "DIR")]
    harness: PathBuf,
    /// Small sizes and one round, to see that it works; written to target/curves by default.
    #[arg(long)]
    quick: bool,
    /// The most result lines to read.
    #[arg(long, value_name = "LINES", default_value_t = 10_000_000)]
    up_to: u64,
    /// How many rounds count.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// The folder of performance.md; docs of this workspace by default.
    #[arg(long, value_name = "DIR")]
    docs: Option<PathBuf>,
}

/// How much is measured.
#[derive(Debug, PartialEq)]
struct Sizes {
    lines: Vec<u64>,
    sharded: u64,
    listed: Vec<u64>,
    waited: Vec<u64>,
    rounds: usize,
}

impl Options {
    fn sizes(&self) -> Sizes {
        let decades = |from: u32, to: u32| (from..=to).map(|power| 10u64.pow(power));
        if self.quick {
            return Sizes {
                lines: decades(3, 4).collect(),
                sharded: 10_000,
                listed: vec![1, 10_000],
                waited: vec![1, 100],
                rounds: 1,
            };
        }
        let lines: Vec<_> = decades(3, 7).filter(|lines| *lines <= self.up_to).collect();
        Sizes {
            // As many as fit into memory in both of the forms that they are read in.
            sharded: lines.last().map_or(1000, |most| *most.min(&1_000_000)),
            lines,
            listed: decades(0, 4).collect(),
            waited: decades(0, 4).collect(),
            rounds: usize::try_from(self.rounds).unwrap_or(usize::MAX),
        }
    }

    fn docs(&self) -> PathBuf {
        let default = if self.quick { "target/curves" } else { "docs" };
        let docs = self.docs.clone();
        docs.unwrap_or_else(|| root().join(default))
    }
}

/// Measures everything, and then writes the page.
pub(crate) fn run(options: &Options) -> Result<()> {
    let sizes = options.sizes();
    let bench = Bench {
        harness: Harness::build(&options.harness)?,
        rounds: sizes.rounds,
    };
    let machine = machine::facts();
    let start_up = bench.start_up()?;
    let listed = jobs::list(&bench, &sizes.listed)?;
    let waited = jobs::wait(&bench, &sizes.waited)?;
    let sharded = shards::measure(&bench, sizes.sharded)?;
    let lines = lines::measure(&bench, &start_up, &sizes.lines)?;
    let report = Report {
        machine,
        clients: Report::clients_of(&bench),
        rounds: sizes.rounds,
        start_up,
        lines,
        sharded: (sizes.sharded, sharded),
        listed,
        waited,
    };
    write(&report, &options.docs())
}

fn write(report: &Report, docs: &Path) -> Result<()> {
    let plots = docs.join(PLOTS);
    fs::create_dir_all(&plots).with_context(|| format!("could not make {}", plots.display()))?;
    for (name, plot) in report.plots() {
        if let Some(svg) = plot.svg() {
            fs::write(plots.join(name), svg)?;
        }
    }
    let path = docs.join(PAGE);
    page::write(&path, "curves", &report.section(PLOTS))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(quick: bool, up_to: u64) -> Options {
        Options {
            harness: PathBuf::new(),
            quick,
            up_to,
            rounds: 5,
            docs: None,
        }
    }

    #[test]
    fn all_sizes_are_measured_unless_told_otherwise() {
        let all = options(false, 10_000_000).sizes();
        let expected = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
        assert_eq!((&*all.lines, all.sharded), (&expected[..], 1_000_000));
        assert_eq!(all.listed, [1, 10, 100, 1_000, 10_000]);
        let some = options(false, 100_000).sizes();
        assert_eq!((some.lines.len(), some.sharded), (3, 100_000));
    }

    #[test]
    fn a_quick_run_leaves_the_page_alone() {
        let quick = options(true, 10_000_000);
        assert!(quick.docs().ends_with("target/curves"));
        assert_eq!(quick.sizes().rounds, 1);
        assert!(options(false, 1).docs().ends_with("docs"));
    }
}
