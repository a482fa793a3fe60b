//! A run of a client, a process that tells how long it took, and the medians of some.

use std::ffi::OsString;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::service::Service;
use super::ways::Way;

/// What all rounds of a way came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figures {
    pub(super) seconds: f64,
    /// How long processors worked for it, where it tells.
    pub(super) cpu: Option<f64>,
    /// The most memory that it had, in MiB, where it tells.
    pub(super) peak: Option<f64>,
    /// How many connections there were at once.
    pub(super) connections: f64,
}

type Outcome = std::result::Result<Figures, String>;

/// As long as any run may take: most take seconds.
const LONGEST: Duration = Duration::from_secs(300);

/// Runs each in turn, in so many rounds.
pub(super) fn measure(
    commands: &[(Way, Vec<OsString>)],
    rounds: u64,
    service: &mut Service,
) -> Result<Vec<(Way, Outcome)>> {
    let mut all: Vec<std::result::Result<Vec<Figures>, String>> =
        commands.iter().map(|_| Ok(Vec::new())).collect();
    for _ in 0..rounds {
        for ((_, command), outcome) in commands.iter().zip(&mut all) {
            let Ok(runs) = outcome else { continue };
            match run(command, service)? {
                Ok(figures) => runs.push(figures),
                Err(why) => *outcome = Err(why),
            }
        }
    }
    let outcomes = all.into_iter().map(|runs| Ok(middle(&runs?)));
    let ways = commands.iter().map(|(way, _)| *way);
    Ok(ways.zip(outcomes).collect())
}

fn run(command: &[OsString], service: &mut Service) -> Result<Outcome> {
    let (program, arguments) = command.split_first().context("there is nothing to run")?;
    service.counts()?;
    let child = Command::new(program)
        .args(arguments)
        .envs(service.env())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not run {}", program.display()))?;
    let output = wait(child, LONGEST)?;
    let counts = service.counts()?;
    let Some(output) = output else {
        return Ok(Err(format!("was not done after {LONGEST:?}")));
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or("it said nothing");
        return Ok(Err(format!(
            "failed: {}",
            last.chars().take(100).collect::<String>()
        )));
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let seconds = field(&printed, "seconds");
    Ok(Ok(Figures {
        seconds: seconds.with_context(|| format!("it does not say how long it took: {printed}"))?,
        cpu: field(&printed, "cpu").filter(|seconds| seconds.is_finite()),
        peak: field(&printed, "peak_kb").map(|kib| kib / 1024.0),
        connections: field(&counts, "most").context("the service does not count")?,
    }))
}

/// Waits for the end of a process, which prints little; `None` if it had to be ended.
fn wait(mut child: Child, longest: Duration) -> Result<Option<Output>> {
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() > longest {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(Some(child.wait_with_output()?))
}

/// The number in a field of what was printed.
fn field(printed: &str, name: &str) -> Option<f64> {
    printed.split_whitespace().find_map(|word| {
        let (field, value) = word.split_once('=')?;
        value.parse().ok().filter(|_| field == name)
    })
}

/// Time and memory in the middle, and the most connections of any run.
fn middle(runs: &[Figures]) -> Figures {
    let median = |of: &dyn Fn(&Figures) -> Option<f64>| {
        let mut values: Vec<_> = runs.iter().filter_map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Figures {
        seconds: median(&|run| Some(run.seconds)).unwrap_or(f64::NAN),
        cpu: median(&|run| run.cpu),
        peak: median(&|run| run.peak),
        connections: runs.iter().map(|run| run.connections).fold(0.0, f64::max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_ended() {
        let start = |seconds: &str| Command::new("sleep").arg(seconds).spawn().unwrap();
        assert!(wait(start("1000"), Duration::ZERO).unwrap().is_none());
        let output = wait(start("0"), LONGEST).unwrap().unwrap();
        assert!(output.status.success());
    }

    #[test]
    fn the_middle_of_times_and_the_most_of_connections_count() {
        let run = |seconds, connections| Figures {
            seconds,
            cpu: Some(seconds),
            peak: None,
            connections,
        };
        let middle = middle(&[run(3.0, 1.0), run(1.0, 9.0), run(2.0, 2.0)]);
        assert_eq!(middle, run(2.0, 9.0));
        assert_eq!(field("rows=3 seconds=1.5", "seconds"), Some(1.5));
        assert_eq!(field("rows=3", "seconds"), None);
    }
}
