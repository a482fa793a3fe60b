//! `cargo xtask instructions`: how many instructions each case of `benches/hot` takes, against
//! the counts in `benches/instructions.toml`. Unlike times, counts are the same on a busy machine.
//!
//! ```text
//! benches/hot → callgrind → counts ┐
//! benches/instructions.toml ───────┴→ compare → table
//! ```

mod baseline;
mod callgrind;
mod compare;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::cargo::{self, workspace};
use baseline::{BLESS, Baseline, MadeWith};
use callgrind::Callgrind;
use compare::Comparison;

const BENCH: &str = "hot";
const BASELINE: &str = "benches/instructions.toml";
/// Where callgrind's own accounts are kept, to be read where a count surprises.
const ACCOUNTS: &str = "target/instructions";

/// Options of `cargo xtask instructions`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Fail where a case takes over 5 % more than the baseline says, or is not in it.
    #[arg(long, conflicts_with = "bless")]
    check: bool,
    /// Make these counts the baseline.
    #[arg(long)]
    bless: bool,
    /// Count only the cases whose name has this in it.
    #[arg(value_name = "NAME", conflicts_with_all = ["check", "bless"])]
    only: Option<String>,
}

/// Counts, then compares or writes.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if !Callgrind::is_there() {
        ensure!(options.check, "valgrind is not installed");
        not_compared("valgrind is not installed (the package `valgrind` of most systems)");
        return Ok(ExitCode::SUCCESS);
    }
    let here = MadeWith::here()?;
    let baseline = read_baseline()?;
    let differs = match &baseline {
        Some(baseline) => baseline.made_with.differs_from(&here),
        None if options.check => bail!("{BASELINE} is missing: `{BLESS}` makes it"),
        None => None,
    };
    if let (Some(difference), true) = (&differs, options.check) {
        not_compared(difference);
        return Ok(ExitCode::SUCCESS);
    }

    let bench = cargo::build(
        &["bench", "-p", "genai-batch", "--bench", BENCH, "--no-run"],
        BENCH,
    )?;
    let counts = Callgrind::new(bench, workspace().join(ACCOUNTS))?.count(|name| {
        let only = options.only.as_deref();
        only.is_none_or(|only| name.contains(only))
    })?;
    if options.bless {
        let path = workspace().join(BASELINE);
        fs::write(&path, Baseline::new(here, counts).to_text()?)
            .with_context(|| format!("could not write {BASELINE}"))?;
        println!("{BASELINE} is written");
        return Ok(ExitCode::SUCCESS);
    }
    let before = baseline.map(|baseline| baseline.instructions);
    let before = before.filter(|_| differs.is_none()).unwrap_or_default();
    let comparison = Comparison::new(&before, &counts, options.only.is_none());
    print!("{comparison}");
    if let Some(difference) = differs {
        not_compared(&difference);
    }
    if comparison.holds() || !options.check {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "\n{}\nWhere they go: `callgrind_annotate {ACCOUNTS}/CASE.out`. If they are meant: `{BLESS}`,\n\
         and say in the commit why.",
        comparison.verdict()
    );
    Ok(ExitCode::FAILURE)
}

fn not_compared(reason: &str) {
    println!("instructions: NOT COMPARED, since {reason}");
}

fn read_baseline() -> Result<Option<Baseline>> {
    let path = workspace().join(BASELINE);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path)?;
    let baseline = Baseline::parse(&text).with_context(|| format!("could not read {BASELINE}"))?;
    Ok(Some(baseline))
}
