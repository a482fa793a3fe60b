//! A world for the command: a folder with example files, and an emulator that the variables of the
//! environment lead to.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use genai_batch_emulator::{Builder, Emulator};
use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_genai-batch");

/// A folder, and a service.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) folder: TempDir,
}

impl World {
    /// One in which jobs stand still until the clock is moved.
    pub(crate) fn paused() -> Self {
        Self::of(Emulator::builder().paused_clock())
    }

    /// One in which jobs take this long.
    pub(crate) fn running(job_duration: Duration) -> Self {
        Self::of(Emulator::builder().job_duration(job_duration))
    }

    fn of(builder: Builder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self {
            emulator: builder.start_blocking().unwrap(),
            folder,
        };
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data");
        for name in ["reviews.csv", "reviews.jsonl"] {
            fs::copy(data.join(name), world.path(name)).unwrap();
        }
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the environment of a command is, and all of it.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        let folder = Path::new(PROGRAM).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut env = self.emulator.env();
        env.push(("PATH".into(), format!("{}:{path}", folder.display())));
        env.push(("HOME".into(), self.folder.path().display().to_string()));
        if let Some(job) = self.emulator.jobs().first() {
            env.push(("JOB".into(), job.name.clone()));
        }
        if let Some(file) = self.emulator.files().first() {
            env.push(("FILE".into(), file.name.clone()));
        }
        env
    }

    /// A line for the shell.
    pub(crate) fn shell(&self, line: &str) -> Output {
        let mut shell = Command::new("sh");
        shell.args(["-ec", line]).current_dir(self.folder.path());
        shell.env_clear().envs(self.env()).output().unwrap()
    }

    /// Makes a run of these requests, and takes it to its end.
    pub(crate) fn run(&self, name: &str, requests: &str) {
        let client = genai_batch::Client::builder()
            .gemini()
            .api_key("any")
            .base_url(self.emulator.base_url())
            .build()
            .unwrap();
        let (path, requests) = (self.path(name), self.path(requests));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let open = client.runs().open(path).model("gemini-2.5-flash");
            let run = open.source(requests.as_path()).await.unwrap();
            let poll = Duration::from_millis(10);
            let finish = run.finish().attempts(1).poll_interval(poll, poll);
            finish.await.unwrap();
            run.close().await;
        });
    }
}

/// What differs from time to time, made the same: names that the service gives by their order, moments,
/// ports, and how long something took.
pub(crate) fn redact(world: &World, text: &str) -> String {
    let mut text = text.to_owned();
    let mut jobs = world.emulator.jobs();
    // The newest is first.
    jobs.reverse();
    for (number, job) in (1..).zip(&jobs) {
        text = text.replace(&job.name, &format!("batches/JOB-{number}"));
    }
    let folder = world.folder.path().display().to_string();
    text = text.replace(&folder, "FOLDER");
    for (pattern, instead) in [
        (r"batches/[a-z0-9]{36}", "batches/GONE"),
        (r"genai-batch-\d{8}T\d{6}Z-[0-9a-f]{12}", "genai-batch-MARK"),
        (r"genai-prices .*?, read on \d{4}-\d\d-\d\d", "PRICES"),
        (r"files/(batch-)?[a-z0-9]{12,36}", "files/ID"),
        (r"batchPredictionJobs/\d{19}", "batchPredictionJobs/NUMBER"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "TIME"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"\d+ ms", "N ms"),
        (r"over \d+\.\ds", "over N s"),
        (r"\d+s ago", "Ns ago"),
        (r"process \d+", "process N"),
    ] {
        let pattern = regex::Regex::new(pattern).unwrap();
        text = pattern.replace_all(&text, instead).into_owned();
    }
    text
}
