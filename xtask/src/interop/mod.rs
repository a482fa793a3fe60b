//! `cargo xtask interop`: the client and the emulator against software of other makers. Where that works
//! unchanged, the emulator tells the truth, and so do the tests that rely on it.
//!
//! [`versions`] says what each part runs, [`environment`] installs it, and [`table`] shows what came of it.

mod environment;
mod table;
pub(crate) mod versions;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cargo::{self, cargo, workspace};
use environment::{Environment, Install};
use table::{Outcome, Row};
use versions::Versions;

const EMULATOR: &str = "genai-batch-emulator";
const DRIVER: &str = "genai-batch-interop";
/// The part whose software the documentation's programs use.
const CLIENTS: &str = "clients";

/// Options of `cargo xtask interop`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// What to run: aiplatform, bigquery, clients, storage, webhooks; all of them by
    /// default.
    parts: Vec<String>,
    /// Take the newest versions that the registries have, instead of those of
    /// tests/interop/versions.toml.
    #[arg(long)]
    newest: bool,
    /// Skip a part that takes longer than this to install, in seconds; the table says so.
    #[arg(long, value_name = "SECONDS")]
    install_within: Option<u64>,
    /// Where the environments are, or are to be made; target/interop of this
    /// workspace by default.
    #[arg(long, value_name = "DIR")]
    environments: Option<PathBuf>,
    /// The Python to make them with.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// What follows `--` goes to pytest.
    #[arg(last = true)]
    pytest: Vec<String>,
}

/// Runs the parts, shows the table, and fails if anything in it failed.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let tests = workspace().join("tests/interop");
    let versions = Versions::read(&tests.join("versions.toml"))?;
    let parts = match &*options.parts {
        [] => versions.parts().map(str::to_owned).collect(),
        parts => parts.to_vec(),
    };
    for part in &parts {
        let known: Vec<_> = versions.parts().collect();
        ensure!(
            known.contains(&part.as_str()),
            "there is no part {part:?}: there are {}",
            known.join(", ")
        );
    }
    let programs = Programs::build()?;
    let root = match &options.environments {
        Some(folder) => std::path::absolute(folder)?,
        None => workspace().join("target/interop"),
    };
    let mut rows = Vec::new();
    for part in &parts {
        println!("\n-- {part}");
        let install = Install {
            python: &options.python,
            newest: options.newest,
            within: options.install_within.map(Duration::from_secs),
        };
        let packages = versions.of(part);
        let environment = match environment::prepare(&root.join(part), packages, &install)? {
            Ok(environment) => environment,
            Err(reason) => {
                rows.push(Row::of_part(part, Outcome::Skipped, reason));
                continue;
            }
        };
        rows.extend(programs.test(&tests, part, &environment, &options.pytest)?);
        if part == CLIENTS {
            rows.push(documentation()?);
        }
    }
    println!("\n{}", table::show(&rows));
    let failed = rows.iter().any(|row| row.result == Outcome::Failed);
    Ok(match failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// What the tests start.
struct Programs {
    emulator: PathBuf,
    driver: PathBuf,
}

impl Programs {
    fn build() -> Result<Self> {
        // At once, so that what both depend on is compiled once.
        let both = ["build", "-p", EMULATOR, "-p", DRIVER];
        Ok(Self {
            emulator: cargo::build(&both, EMULATOR)?,
            driver: cargo::build(&both, DRIVER)?,
        })
    }

    /// Runs the tests of a part, and reads what they noted.
    fn test(
        &self,
        tests: &Path,
        part: &str,
        environment: &Environment,
        pytest: &[String],
    ) -> Result<Vec<Row>> {
        let noted = environment.folder.join("table.jsonl");
        fs::write(&noted, "")?;
        let mut command = Command::new(&environment.python);
        command
            .current_dir(workspace())
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .arg("--rootdir")
            .arg(tests)
            .arg("--confcutdir")
            .arg(tests)
            .arg(tests.join(part))
            .args(pytest)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("GENAI_BATCH_EMULATOR_BIN", &self.emulator)
            .env("GENAI_BATCH_INTEROP_BIN", &self.driver)
            .env("GENAI_BATCH_INTEROP_TABLE", &noted);
        if let Some(folder) = &environment.node {
            command.env("GENAI_BATCH_INTEROP_NODE", folder);
        }
        let status = command
            .status()
            .with_context(|| format!("could not run {command:?}"))?;
        let mut rows = table::read(part, &fs::read_to_string(&noted)?)?;
        let told = rows.iter().any(|row| row.result == Outcome::Failed);
        if !status.success() && !told {
            let reason = format!("pytest ended with {status}");
            rows.push(Row::of_part(part, Outcome::Failed, reason));
        }
        Ok(rows)
    }
}

/// Runs the programs of the documentation that are in Rust.
fn documentation() -> Result<Row> {
    let mut command = cargo();
    command.args(["test", "--quiet", "--package", DRIVER, "--doc"]);
    let status = command
        .status()
        .with_context(|| format!("could not run {command:?}"))?;
    let outcome = match status.success() {
        true => Outcome::Passed,
        false => Outcome::Failed,
    };
    let mut row = Row::of_part(CLIENTS, outcome, "documentation in rust".to_owned());
    "genai-batch".clone_into(&mut row.software);
    Ok(row)
}
