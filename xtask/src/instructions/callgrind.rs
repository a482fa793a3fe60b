//! One case after another under callgrind, each in a process of its own, so that none leaves
//! another a different heap.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::compare::Counts;

/// The function of `benches/hot` around what is counted, however its name is mangled.
const COUNTED: &str = "*only_this_is_counted*";

pub(super) struct Callgrind {
    bench: PathBuf,
    accounts: PathBuf,
}

impl Callgrind {
    pub(super) fn is_there() -> bool {
        let mut valgrind = Command::new("valgrind");
        valgrind.arg("--version").stdout(Stdio::null());
        valgrind.status().is_ok_and(|status| status.success())
    }

    pub(super) fn new(bench: PathBuf, accounts: PathBuf) -> Result<Self> {
        fs::create_dir_all(&accounts)
            .with_context(|| format!("could not make {}", accounts.display()))?;
        Ok(Self { bench, accounts })
    }

    /// Counts each case that is wanted.
    pub(super) fn count(&self, wanted: impl Fn(&str) -> bool) -> Result<Counts> {
        let names = output(Command::new(&self.bench).arg("--names"))?;
        names
            .lines()
            .filter(|name| wanted(name))
            .map(|name| Ok((name.to_owned(), self.count_one(name)?)))
            .collect()
    }

    fn count_one(&self, name: &str) -> Result<u64> {
        let account = self
            .accounts
            .join(format!("{}.out", name.replace('/', "-")));
        let mut to = std::ffi::OsString::from("--callgrind-out-file=");
        to.push(&account);
        output(
            Command::new("valgrind")
                .args(["--tool=callgrind", "--quiet"])
                .arg(format!("--toggle-collect={COUNTED}"))
                .arg(to)
                .arg(&self.bench)
                .args(["--count", name]),
        )?;
        let text = fs::read_to_string(&account)
            .with_context(|| format!("could not read {}", account.display()))?;
        total(&text).with_context(|| format!("callgrind counted nothing in {name}"))
    }
}

/// What a program prints, if it succeeds.
fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed with {}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The sum in an account of callgrind: its first event is the instructions.
fn total(account: &str) -> Option<u64> {
    let events = account
        .lines()
        .find_map(|line| line.strip_prefix("events: "))?;
    let totals = account
        .lines()
        .find_map(|line| line.strip_prefix("totals: "))?;
    let total = totals.split_ascii_whitespace().next()?.parse().ok()?;
    (events.starts_with("Ir") && total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_that_of_instructions() {
        let account =
            "version: 1\nevents: Ir Bc\nsummary: 12 1\n\nfn=(1) a\n16 400\n\ntotals: 1234567 8\n";
        assert_eq!(total(account), Some(1_234_567));
        assert_eq!(total("events: Ir\ntotals: 0\n"), None);
        assert_eq!(total("events: Bc\ntotals: 1\n"), None);
        assert_eq!(total(""), None);
    }
}
