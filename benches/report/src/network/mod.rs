//! `cargo measure network`: how fast contents come and go where a connection has a rate and a latency,
//! by this crate and by Google's own clients for Python.
//!
//! ```text
//! service   benches/net, a process for each line
//! work, ways   what is transferred, and who does it over how many connections
//! sample   a run, and the medians of some
//! report   tables and plots
//! ```

mod report;
mod sample;
mod service;
mod ways;
mod work;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::cargo::root;
use crate::{machine, page};
use report::Report;
use sample::{Figures, measure};
use service::{Line, Service};
use ways::{Programs, Way};
use work::Work;

const PAGE: &str = "performance.md";
/// Beside the page.
const PLOTS: &str = "performance";
/// The line that most is measured over.
const USUAL: (f64, u64) = (40.0, 50);
const RATES: [f64; 3] = [10.0, 20.0, 40.0];
const LATENCIES: [u64; 3] = [10, 50, 150];
/// How long one connection takes for all results, in seconds, and how many MB there are at most.
const LENGTH: f64 = 10.0;
const MOST: f64 = 400.0;

/// Options of `cargo measure network`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// A Python that has google-cloud-storage and google-genai; without it, this crate is measured alone.
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// One line, little to transfer and one round, to see that it works; written to target/network by
    /// default.
    #[arg(long)]
    quick: bool,
    /// How many rounds there are.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// The folder of performance.md; docs of this workspace by default.
    #[arg(long, value_name = "DIR")]
    docs: Option<PathBuf>,
}

/// What a way of doing a work came to over a line.
#[derive(Debug, Clone)]
struct Point {
    line: Line,
    work: Work,
    way: Way,
    /// How many MB were transferred.
    megabytes: f64,
    /// Why there are none, where it failed.
    figures: std::result::Result<Figures, String>,
}

impl Options {
    fn docs(&self) -> PathBuf {
        let default = if self.quick { "target/network" } else { "docs" };
        let docs = self.docs.clone();
        docs.unwrap_or_else(|| root().join(default))
    }

    /// The usual line with TLS, and one that has no rate, where windows alone bound a connection.
    fn tls_lines(&self) -> Vec<Line> {
        let usual = self.lines().into_iter().find(|(_, is_usual)| *is_usual);
        let rates = [USUAL.0, 0.0];
        let over_tls = |(line, _): (Line, bool)| {
            rates.map(|rate| Line {
                rate,
                is_tls: true,
                ..line
            })
        };
        usual.into_iter().flat_map(over_tls).collect()
    }

    /// The lines to be measured over, and whether all works are.
    fn lines(&self) -> Vec<(Line, bool)> {
        let line = |rate: f64, latency| Line {
            rate,
            latency,
            megabytes: match self.quick {
                true => 20.0,
                false => (rate * LENGTH).min(MOST),
            },
            is_tls: false,
        };
        let usual = (line(USUAL.0, USUAL.1), true);
        if self.quick {
            return vec![usual];
        }
        let rates = RATES.iter().filter(|rate| **rate != USUAL.0);
        let rates = rates.map(|rate| (line(*rate, USUAL.1), false));
        let latencies = LATENCIES.iter().filter(|latency| **latency != USUAL.1);
        let latencies = latencies.map(|latency| (line(USUAL.0, *latency), false));
        [usual].into_iter().chain(rates).chain(latencies).collect()
    }
}

/// Measures everything, and then writes the page.
pub(crate) fn run(options: &Options) -> Result<()> {
    let programs = Programs::build(options.python.as_deref())?;
    let net = &programs.service;
    let (machine, is_busy) = (machine::facts(), machine::is_busy());
    let rounds = if options.quick { 1 } else { options.rounds };
    let docs = options.docs();
    let mut points = Vec::new();
    for (line, is_usual) in options.lines() {
        let works = match is_usual {
            true => &Work::ALL[..],
            false => &Work::LARGE[..],
        };
        points.extend(over(net, line, works, Way::PLAIN, &programs, rounds)?);
    }
    let mut over_tls = Vec::new();
    for line in options.tls_lines() {
        let ways = Way::OVER_TLS;
        over_tls.extend(over(net, line, &Work::LARGE, ways, &programs, rounds)?);
    }
    let report = Report {
        machine,
        is_busy,
        versions: programs.versions,
        rounds,
        points,
        over_tls,
    };
    write(&report, &docs)
}

/// What these ways of these works come to over a line.
fn over(
    net: &Path,
    line: Line,
    works: &[Work],
    ways: &[Way],
    programs: &Programs,
    rounds: u64,
) -> Result<Vec<Point>> {
    eprintln!("{line}");
    let mut service = Service::start(net, line, programs.data())?;
    let mut points = Vec::new();
    for work in works {
        let commands: Vec<_> = ways
            .iter()
            .filter_map(|way| Some((*way, programs.command(*work, *way, &service)?)))
            .collect();
        for (way, figures) in measure(&commands, rounds, &mut service)? {
            match &figures {
                Ok(figures) => eprintln!("  {work}, {way}: {figures:?}"),
                Err(why) => eprintln!("  {work}, {way}: {why}"),
            }
            points.push(Point {
                line,
                work: *work,
                way,
                megabytes: work.megabytes(&line, &service),
                figures,
            });
        }
    }
    Ok(points)
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
    page::write(&path, "network", &report.section(PLOTS))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_measured_once_and_the_usual_one_in_full() {
        let options = Options {
            python: None,
            quick: false,
            rounds: 1,
            docs: None,
        };
        let lines = options.lines();
        assert_eq!(lines.len(), RATES.len() + LATENCIES.len() - 1);
        assert_eq!(lines.iter().filter(|(_, is_usual)| *is_usual).count(), 1);
        assert!(
            lines
                .iter()
                .all(|(line, _)| line.megabytes <= line.rate * LENGTH)
        );
    }
}
