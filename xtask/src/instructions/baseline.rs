//! The counts that are kept, and what they were made with: another compiler or C library makes
//! other counts of the same code.

use std::env;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::compare::Counts;

/// The command that writes them.
pub(super) const BLESS: &str = "cargo xtask instructions --bless";

/// `benches/instructions.toml`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Baseline {
    pub(super) made_with: MadeWith,
    pub(super) instructions: Counts,
}

/// What counts depend on besides the code.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MadeWith {
    rustc: String,
    target: String,
    libc: String,
}

impl Baseline {
    pub(super) fn new(made_with: MadeWith, instructions: Counts) -> Self {
        Self {
            made_with,
            instructions,
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }

    pub(super) fn to_text(&self) -> Result<String> {
        let toml = toml::to_string(self)?;
        Ok(format!(
            "# How many instructions each case of `cargo bench` takes. Written by\n# `{BLESS}`.\n\n{toml}"
        ))
    }
}

impl MadeWith {
    /// What counts are made with here.
    pub(super) fn here() -> Result<Self> {
        let rustc = env::var("RUSTC").unwrap_or("rustc".into());
        let mut made_with = Self::of_rustc(&say(Command::new(rustc).arg("-vV"))?)?;
        // Systems with another library have no such name; there the target tells.
        let libc = say(Command::new("getconf").arg("GNU_LIBC_VERSION"));
        made_with.libc = libc.map_or("unknown".to_owned(), |libc| libc.trim().to_owned());
        Ok(made_with)
    }

    fn of_rustc(verbose: &str) -> Result<Self> {
        let rustc = verbose.lines().next().unwrap_or_default().to_owned();
        let target = verbose.lines().find_map(|line| line.strip_prefix("host: "));
        Ok(Self {
            rustc,
            target: target.context("rustc names no host")?.to_owned(),
            libc: String::new(),
        })
    }

    /// What is different elsewhere, in words.
    pub(super) fn differs_from(&self, here: &Self) -> Option<String> {
        let differences: Vec<_> = [
            (&self.rustc, &here.rustc),
            (&self.target, &here.target),
            (&self.libc, &here.libc),
        ]
        .into_iter()
        .filter(|(before, here)| before != here)
        .map(|(before, here)| format!("the baseline was made with {before}, and here is {here}"))
        .collect();
        (!differences.is_empty()).then(|| differences.join("; "))
    }
}

fn say(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("could not run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUSTC: &str = "rustc 1.95.0 (5980 2026-04-14)\nbinary: rustc\nhost: x86_64-u\n";

    #[test]
    fn what_is_written_reads_as_the_same() {
        let made_with = MadeWith::of_rustc(RUSTC).unwrap();
        assert_eq!(made_with.target, "x86_64-u");
        let counts = Counts::from([("row/a".to_owned(), 7), ("page/b".to_owned(), 1 << 40)]);
        let baseline = Baseline::new(made_with, counts);
        let text = baseline.to_text().unwrap();
        assert!(text.starts_with("# ") && text.contains("\"row/a\" = 7\n"));
        assert_eq!(Baseline::parse(&text).unwrap(), baseline);
        assert!(Baseline::parse("[instructions]\n").is_err());
        assert!(MadeWith::of_rustc("rustc 1.95.0").is_err());
    }

    #[test]
    fn each_difference_is_told() {
        let before = MadeWith::of_rustc(RUSTC).unwrap();
        assert_eq!(before.differs_from(&before), None);
        let mut here = MadeWith::of_rustc(&RUSTC.replace("1.95", "1.96")).unwrap();
        here.libc = "glibc 2.41".to_owned();
        let told = before.differs_from(&here).unwrap();
        assert!(told.contains("rustc 1.96.0") && told.contains("glibc 2.41"));
        assert!(!told.contains("x86_64-u"));
    }
}
