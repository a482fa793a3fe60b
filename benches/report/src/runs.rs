//! `cargo measure runs`: what a run costs beside single calls that do the same, as requests get many,
//! written into the page on performance.
//!
//! It needs Linux, for its figures on memory, and some 4.6 kB of disk for each request.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cargo::{build, release, root};
use crate::server::Server;
use crate::units::{bytes, count, number};
use crate::{machine, page};

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9";

/// The most requests of a single call, whose file may have 2 GiB, and of several rounds.
const OF_A_CALL: u64 = 1_000_000;

/// Options of `cargo measure runs`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Small sizes, to see that it works; written to target/curves by default.
    #[arg(long)]
    quick: bool,
    /// The most requests of a run.
    #[arg(long, value_name = "REQUESTS", default_value_t = 10_000_000)]
    up_to: u64,
    /// How often each is done: times are medians, memory the most of all.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// The folder of performance.md; docs of this workspace by default.
    #[arg(long, value_name = "DIR")]
    docs: Option<PathBuf>,
    /// A program of benches/runs that is built already.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

impl Options {
    fn sizes(&self) -> Vec<u64> {
        let all: &[u64] = match self.quick {
            true => &[1_000, 10_000],
            false => &[10_000, 100_000, 500_000, 1_000_000, 10_000_000],
        };
        let sizes = all.iter().copied();
        sizes.filter(|size| *size <= self.up_to).collect()
    }
}

/// What a process printed, by name.
type Figures = BTreeMap<String, f64>;

/// What was measured at one size.
struct Row {
    requests: u64,
    check: Figures,
    job: Figures,
    run: Figures,
}

/// Measures all sizes, and then writes the page.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => {
            let folder = root().join("benches/runs");
            build(&folder)?;
            release(&folder, "genai-batch-runs")
        }
    };
    let machine = machine::facts();
    let folder = root().join("target/runs");
    let mut rows = Vec::new();
    for requests in options.sizes() {
        // Nothing of one size is left for the next.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let rounds = match requests {
            ..=OF_A_CALL => options.rounds,
            _ => 1,
        };
        let row = measure(&program, &folder, requests, rounds)?;
        eprintln!("{}", line(&row));
        rows.push(row);
    }
    let _ = fs::remove_dir_all(&folder);
    let default = if options.quick {
        "target/curves"
    } else {
        "docs"
    };
    let docs = options.docs.clone().unwrap_or_else(|| root().join(default));
    fs::create_dir_all(&docs)?;
    let path = docs.join("performance.md");
    page::write(
        &path,
        "runs",
        &section(&rows, options.rounds, &machine.join("; ")),
    )?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

fn measure(program: &Path, folder: &Path, requests: u64, rounds: u64) -> Result<Row> {
    let path = |name: &str| folder.join(name).display().to_string();
    let (input, one, many) = (path("input.jsonl"), path("one.jsonl"), path("many.jsonl"));
    call(program, &["write", &requests.to_string(), &input])?;
    let (single, times) = match requests {
        ..=OF_A_CALL => (input.clone(), 1.0),
        _ => (path("single.jsonl"), requests as f64 / OF_A_CALL as f64),
    };
    if single != input {
        call(program, &["write", &OF_A_CALL.to_string(), &single])?;
    }
    let (mut check, mut job, mut run) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        check.push(calls(times, call(program, &["check", NOBODY, &single])?));
        let server = Server::start(program, |port| vec!["serve".into(), port.into()])?;
        job.push(calls(
            times,
            call(program, &["job", &server.base(), &single, &one])?,
        ));
        run.push(call(program, &["run", &server.base(), &input, &many])?);
        // The same results, whichever way they came; a run of more has those of the single call first.
        let length = fs::metadata(&one)?.len().to_string();
        let same = Command::new("cmp")
            .args(["--silent", "--bytes", &length, &one, &many])
            .status()?;
        ensure!(same.success(), "{one} and {many} differ");
        for made in [&one, &many, &path("many.run")] {
            fs::remove_file(made).with_context(|| format!("could not remove {made}"))?;
        }
    }
    Ok(Row {
        requests,
        check: together(&check),
        job: together(&job),
        run: together(&run),
    })
}

/// What so many calls come to of which each has these figures.
fn calls(times: f64, mut each: Figures) -> Figures {
    let seconds = each.iter_mut().filter(|(name, _)| **name != "peak");
    seconds.for_each(|(_, value)| *value *= times);
    each
}

/// The medians of rounds, but of memory the most.
fn together(rounds: &[Figures]) -> Figures {
    let names = rounds.first().into_iter().flat_map(Figures::keys);
    let all = names.map(|name| {
        let mut values: Vec<f64> = rounds
            .iter()
            .filter_map(|it| it.get(name).copied())
            .collect();
        values.sort_by(f64::total_cmp);
        let at = match &**name {
            "peak" => values.len() - 1,
            _ => (values.len() - 1) / 2,
        };
        (name.clone(), values[at])
    });
    all.collect()
}

/// Runs a process to its end, and reads what it printed.
fn call(program: &Path, arguments: &[&str]) -> Result<Figures> {
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("could not run {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?} failed: {said}");
    figures(&String::from_utf8_lossy(&output.stdout))
}

fn figures(text: &str) -> Result<Figures> {
    let pairs = text.split_whitespace().map(|pair| {
        let (name, value) = pair.split_once('=').context("a figure has no name")?;
        Ok((name.to_owned(), value.parse()?))
    });
    pairs.collect()
}

const HEAD: &str = "\
| requests | read and checked, s | taken in, s | times | uploaded, s | a job's results saved, s | a run's read, s | saved, s | times | peak memory, MiB | file |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";

/// A row of the table: each time with that of the processors.
fn line(row: &Row) -> String {
    let get = |figures: &Figures, name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
    let both = |figures: &Figures, name: &str| {
        let used = get(figures, &format!("{name}_cpu"));
        format!("{} ({})", number(get(figures, name)), number(used))
    };
    let taking = get(&row.run, "take") / get(&row.check, "check");
    let reading = (get(&row.run, "read") + get(&row.run, "save")) / get(&row.job, "save");
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        count(row.requests),
        both(&row.check, "check"),
        both(&row.run, "take"),
        number(taking),
        both(&row.run, "send"),
        both(&row.job, "save"),
        both(&row.run, "read"),
        both(&row.run, "save"),
        number(reading),
        number(get(&row.run, "peak") / 1024.0),
        bytes(get(&row.run, "bytes")),
    )
}

fn section(rows: &[Row], rounds: u64, machine: &str) -> String {
    let lines: Vec<_> = rows.iter().map(line).collect();
    let rounds = match rounds {
        1 => "one round".to_owned(),
        _ => format!("{rounds} rounds"),
    };
    format!(
        "## Runs\n\n\
         Measured by `cargo measure runs` on: {machine}.\n\n\
         A run of requests of some 300 bytes, whose results have 1.2 kB each, over jobs of 200,000, beside \
         single calls that do the same: reading and checking a file as a create does, and \
         `results().save_to(…)` of one job with the same rows. The server makes the results as they are \
         read. Each figure is the median of {rounds}, of over a million requests of one, \
         in which the single calls are those of a million as often as it takes: the time that passed, and \
         in parentheses the time of the processors that the process used. What is told as \"times\" compares the \
         former: taking in with reading and checking, and a run's reading of its results into its file and \
         saving them from there with the saving of a job's. The upload of its requests is in neither. The memory is the most that any round took, from the input to \
         the saved results; the file is the run's, with all requests and results.\n\n{HEAD}{}\n",
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_compares_the_time_that_passed() {
        let row = Row {
            requests: 500_000,
            check: figures("check=2 check_cpu=1.00").unwrap(),
            job: figures("make=9 make_cpu=3.00 save=4 save_cpu=2.00 peak=10240").unwrap(),
            run: figures(
                "take=4 take_cpu=2.00 send=5 send_cpu=3.00 read=8 read_cpu=4.00 save=3 save_cpu=1.00 peak=51200 bytes=1024",
            )
            .unwrap(),
        };
        let line = line(&row);
        assert!(
            line.starts_with("| 500,000 | 2.00 (1.00) | 4.00 (2.00) | 2.00 |"),
            "{line}"
        );
        // (8 + 3) / 4
        assert!(
            line.contains("| 3.00 (1.00) | 2.75 | 50.0 | 1.00 KiB |"),
            "{line}"
        );
        assert!(section(&[row], 3, "a machine").contains(&line));
        assert!(figures("odd").is_err());
    }

    #[test]
    fn rounds_count_by_their_median_and_memory_by_its_most() {
        let rounds = ["save=3 peak=7", "save=1 peak=9", "save=2 peak=8"];
        let rounds: Vec<_> = rounds.iter().map(|it| figures(it).unwrap()).collect();
        assert_eq!(together(&rounds), figures("save=2 peak=9").unwrap());
    }

    #[test]
    fn sizes_go_up_to_what_is_asked_for() {
        let options = |quick, up_to| Options {
            quick,
            up_to,
            rounds: 1,
            docs: None,
            program: None,
        };
        assert_eq!(options(false, 500_000).sizes(), [10_000, 100_000, 500_000]);
        assert_eq!(options(true, 10_000_000).sizes(), [1_000, 10_000]);
    }
}
