//! One run of a client, a whole process from start to exit under the harness's `timeit`.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// What one run took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Seconds from start to exit.
    pub(super) wall: f64,
    /// Seconds of processor time, the system's for it included.
    pub(super) cpu: f64,
    /// The most memory that it held at once, in bytes.
    pub(super) peak: f64,
}

/// What a run printed and took, or why it failed.
pub(super) type Run = std::result::Result<(String, Sample), String>;

/// The programs that time a run, and where the run may leave files meanwhile.
#[derive(Debug)]
pub(super) struct Timer<'a> {
    pub(super) timeit: &'a Path,
    pub(super) temporary: &'a Path,
}

impl Timer<'_> {
    /// Runs a command line to its end.
    pub(super) fn run(&self, command: &[OsString]) -> Result<Run> {
        let output = Command::new(self.timeit)
            .args(command)
            .env("BENCH_TMP", self.temporary)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("could not run {}", self.timeit.display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        outcome(&said, printed)
    }
}

/// Takes the timer's line off what was said on standard error.
fn outcome(said: &str, printed: String) -> Result<Run> {
    let (errors, line) = match said.trim_end().rsplit_once('\n') {
        Some((errors, line)) => (errors.trim_end(), line),
        None => ("", said.trim_end()),
    };
    let (sample, code) =
        parse(line).with_context(|| format!("timeit has said {line:?} instead of a time"))?;
    if code != 0 {
        let last = errors.lines().last().unwrap_or("it said nothing");
        return Ok(Err(last.chars().take(100).collect()));
    }
    Ok(Ok((printed, sample)))
}

/// `TIMEIT wall_us user_us sys_us maxrss_kb exit`.
fn parse(line: &str) -> Option<(Sample, i64)> {
    let mut words = line.split_whitespace();
    words.next().filter(|word| *word == "TIMEIT")?;
    let numbers: Option<Vec<i64>> = words.map(|word| word.parse().ok()).collect();
    let [wall, user, system, peak, code] = numbers?[..] else {
        return None;
    };
    let sample = Sample {
        wall: wall as f64 / 1e6,
        cpu: (user + system) as f64 / 1e6,
        peak: peak as f64 * 1024.0,
    };
    Some((sample, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timers_line_is_the_last() {
        let (printed, sample) =
            outcome("a warning\nTIMEIT 2500000 1000000 200000 4 0\n", "x".into())
                .unwrap()
                .unwrap();
        assert_eq!(printed, "x");
        assert_eq!((sample.wall, sample.cpu, sample.peak), (2.5, 1.2, 4096.0));
    }

    #[test]
    fn a_run_that_failed_says_why() {
        let failed = outcome("first\nno such file\nTIMEIT 1 1 1 1 3\n", String::new());
        assert_eq!(failed.unwrap().unwrap_err(), "no such file");
        let silent = outcome("TIMEIT 1 1 1 1 -1", String::new());
        assert_eq!(silent.unwrap().unwrap_err(), "it said nothing");
        for line in ["", "TIMEIT 1 2 3", "TIMEIT a 1 1 1 1", "TIME 1 1 1 1 0"] {
            assert!(outcome(line, String::new()).is_err(), "{line}");
        }
    }
}
