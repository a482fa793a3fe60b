//! A folder with tables, and the command run in it.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use genai_batch_emulator::Emulator;

/// A folder of its own.
pub(crate) struct Folder(tempfile::TempDir);

/// What a command came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    /// What was said on standard error, but for the lines of `jobs`.
    pub(crate) err: String,
    /// The lines about jobs that were made and ended.
    pub(crate) jobs: Vec<String>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a table in it.
    pub(crate) fn with(name: &str, contents: impl AsRef<[u8]>) -> Self {
        let folder = Self::new();
        folder.write(name, contents);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), contents).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// What is in the folder, but for what belongs to a run.
    pub(crate) fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        let names = files.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names
            .filter(|it| !it.contains(".run-") && !it.contains(".run."))
            .collect();
        names.sort();
        names
    }

    /// The program in this folder, for which no variable leads to a service.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_genai-batch"));
        command.current_dir(self.0.path());
        for (variable, _) in std::env::vars() {
            if variable.starts_with("GOOGLE_") || variable.starts_with("GEMINI_") {
                command.env_remove(variable);
            }
        }
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// The command `run` with these arguments, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program();
        command.arg("run").args(arguments);
        command
    }

    /// The program with these arguments, to its end.
    pub(crate) fn call(&self, arguments: &[&str]) -> Ran {
        ended(self.program().args(arguments))
    }

    /// The command `run`, to its end, against an emulator of its own.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        // It says once more on standard error what it is.
        command.args(["--emulator", "--quiet"]);
        ended(&mut command)
    }

    /// The command `run`, to its end, against this emulator.
    pub(crate) async fn run_against(&self, emulator: &Emulator, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        to(&mut command, emulator);
        tokio::task::spawn_blocking(move || ended(&mut command))
            .await
            .unwrap()
    }
}

/// Leads a command to an emulator, which it looks at often.
pub(crate) fn to(command: &mut Command, emulator: &Emulator) {
    command
        .env("GEMINI_API_KEY", "any-key")
        .env("GOOGLE_GEMINI_BASE_URL", emulator.base_url())
        .args(["--poll-interval", "20ms", "--unclear-wait", "2s"]);
}

pub(crate) async fn emulator() -> Emulator {
    let builder = Emulator::builder().job_duration(Duration::from_millis(20));
    builder.start().await.unwrap()
}

fn ended(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    let is_of_job = |line: &&str| {
        line.starts_with("job ") && (line.contains(" was made: ") || line.contains(" has ended: "))
    };
    let (jobs, rest): (Vec<_>, Vec<_>) = err.split_inclusive('\n').partition(is_of_job);
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: rest.concat(),
        jobs: jobs.into_iter().map(ToOwned::to_owned).collect(),
    }
}

impl Ran {
    /// It ended well, and said what it said on standard output.
    #[track_caller]
    pub(crate) fn went_well(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    /// It ended with this code, and said why.
    #[track_caller]
    pub(crate) fn failed_with(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self.err
    }
}

/// A CSV of so many rows, each with a key and a text.
pub(crate) fn table(rows: u32) -> String {
    let rows = (1..=rows).map(|n| format!("{n},Text {n}\n"));
    std::iter::once("id,text\n".to_owned())
        .chain(rows)
        .collect()
}

/// The rows of a CSV, its header first.
pub(crate) fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(path)
        .unwrap();
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect());
    rows.collect()
}
