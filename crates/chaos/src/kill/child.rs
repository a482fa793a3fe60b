//! The process that is killed: it opens a run, drives it to its end, and saves what came of it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use super::input::{OF_A_JOB, client};

/// What a process has to do stands in these variables.
const URL: &str = "GENAI_BATCH_CHAOS_URL";
const FOLDER: &str = "GENAI_BATCH_CHAOS_FOLDER";

/// What a process has to do: a run in a folder, against an emulator.
#[derive(Debug, Clone)]
pub struct Task {
    url: String,
    folder: PathBuf,
}

impl Task {
    pub(super) fn new(url: &str, folder: &Path) -> Self {
        Self {
            url: url.to_owned(),
            folder: folder.to_owned(),
        }
    }

    /// The task that this process was started for, if it was started for one.
    pub fn of_this_process() -> Option<Self> {
        Some(Self {
            url: std::env::var(URL).ok()?,
            folder: std::env::var_os(FOLDER)?.into(),
        })
    }

    /// A process that does it.
    pub(super) fn command(&self) -> std::io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .env(URL, &self.url)
            .env(FOLDER, &self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        Ok(command)
    }

    pub(super) fn input(&self) -> PathBuf {
        self.folder.join("input.jsonl")
    }

    pub(super) fn run(&self) -> PathBuf {
        self.folder.join("chaos.run")
    }

    pub(super) fn output(&self) -> PathBuf {
        self.folder.join("output.jsonl")
    }
}

/// Does what this process was started for.
pub async fn drive(task: Task) -> ExitCode {
    match finish(&task).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

pub(super) async fn finish(task: &Task) -> genai_batch::Result<()> {
    let runs = client(&task.url)?.runs();
    let open = runs.open(task.run()).model("gemini-2.5-flash");
    let run = open.source(task.input()).await?;
    run.finish()
        .job_requests(OF_A_JOB, OF_A_JOB)
        .max_jobs(6)
        // Rows are missing from large jobs alone.
        .attempts(100)
        .poll_interval(Duration::from_millis(10), Duration::from_millis(40))
        .quota_pause(Duration::from_millis(50))
        .unclear_wait(Duration::from_secs(3))
        .await?;
    run.save_to(task.output()).overwrite(true).await?;
    Ok(())
}
