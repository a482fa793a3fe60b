//! One round: an emulator with faults, a process that is killed and started again, and what must have
//! come of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

use fastrand::Rng;
use genai_batch_emulator::{Emulator, Failure, Operation, Rows};

use super::child::Task;
use super::input::{self, REQUESTS, client};

/// How often a process is killed at most.
const KILLS: usize = 8;
/// How long a process may take that is not killed, on a machine however busy.
const PATIENCE: Duration = Duration::from_secs(600);

/// What came of a round.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Its number.
    pub round: u64,
    /// What was wrong; nothing if it held.
    pub wrong: Vec<String>,
    /// How often the process was killed.
    pub kills: usize,
    /// How many jobs the service made.
    pub jobs: usize,
    /// How many requests were asked more than once, since their rows were missing.
    pub retried: u64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "round {} ({} kills, {} jobs)",
            self.round, self.kills, self.jobs
        )?;
        self.wrong
            .iter()
            .try_for_each(|wrong| write!(f, "\n  {wrong}"))
    }
}

/// Plays one round.
pub async fn play(seed: u64, round: u64, reference: &[u8]) -> Outcome {
    let mut outcome = Outcome {
        round,
        ..Outcome::default()
    };
    let mut rng = Rng::with_seed(seed ^ round.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    if let Err(why) = play_into(&mut outcome, &mut rng, reference).await {
        outcome.wrong.push(why);
    }
    outcome
}

async fn play_into(outcome: &mut Outcome, rng: &mut Rng, reference: &[u8]) -> Result<(), String> {
    let told = |error: &dyn fmt::Display| error.to_string();
    let folder = tempfile::tempdir().map_err(|e| told(&e))?;
    let duration = Duration::from_millis(rng.u64(10..200));
    let emulator = Emulator::builder().job_duration(duration).start().await;
    let emulator = emulator.map_err(|e| told(&e))?;
    let task = Task::new(emulator.base_url(), folder.path());
    input::write(&task.input()).map_err(|e| told(&e))?;
    disturb(&emulator, rng);
    loop {
        let is_last = outcome.kills >= KILLS;
        let moment = Moment::draw(rng, is_last);
        let mut child = task
            .command()
            .and_then(|mut it| it.spawn())
            .map_err(|e| told(&e))?;
        let status = ended_before(&mut child, moment, &emulator).await;
        let status = status.map_err(|e| told(&e))?;
        match status {
            Some(status) if status.success() => break,
            Some(status) => {
                let said = child.wait_with_output().map_err(|e| told(&e))?.stderr;
                let said = String::from_utf8_lossy(&said).into_owned();
                return Err(format!("the process failed by itself ({status}): {said}"));
            }
            None => {
                child
                    .kill()
                    .and_then(|()| child.wait())
                    .map_err(|e| told(&e))?;
                if is_last {
                    return Err(format!("the process did not end within {PATIENCE:?}"));
                }
                outcome.kills += 1;
            }
        }
    }
    check(outcome, &task, &emulator, reference).await
}

/// When a process is killed: after a time, wherever that finds it, or once it has made so many calls.
struct Moment {
    calls: usize,
    then: Duration,
}

impl Moment {
    fn draw(rng: &mut Rng, is_last: bool) -> Self {
        match rng.u8(0..4) {
            _ if is_last => Self {
                calls: 0,
                then: PATIENCE,
            },
            0 => Self {
                calls: 0,
                then: Duration::from_millis(rng.u64(1..600)),
            },
            _ => Self {
                calls: rng.usize(1..120),
                then: Duration::from_millis(rng.u64(0..30)),
            },
        }
    }
}

/// Waits for a process until it is to be killed; gives its status if it ended before.
async fn ended_before(
    child: &mut std::process::Child,
    moment: Moment,
    emulator: &Emulator,
) -> std::io::Result<Option<ExitStatus>> {
    let started = tokio::time::Instant::now();
    let calls = emulator.requests().len() + moment.calls;
    let mut ends = (moment.calls == 0).then(|| started + moment.then);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let now = tokio::time::Instant::now();
        if ends.is_none() && emulator.requests().len() >= calls {
            ends = Some(now + moment.then);
        }
        let end = ends.unwrap_or(started + PATIENCE);
        if now >= end {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(2).min(end - now)).await;
    }
}

/// Turns some faults on. What they do to rows spares small jobs; what they do to calls runs out.
fn disturb(emulator: &Emulator, rng: &mut Rng) {
    let faults = emulator.faults();
    if rng.bool() {
        faults.shuffle_results(rng.u64(..));
    }
    if rng.bool() {
        faults.list_late(Duration::from_millis(rng.u64(1..500)));
    }
    match rng.u8(0..4) {
        0 => faults.drop_rows(Rows::Every(rng.usize(20..200))),
        1 => faults.double_rows(Rows::Every(rng.usize(2..50))),
        _ => {}
    }
    let creates = Operation::BatchGenerateContent;
    for _ in 0..rng.usize(0..4) {
        faults.pass_next(creates, rng.usize(0..6));
        let failure = match rng.u8(0..4) {
            0 => Failure::CloseAfterEffect,
            1 => Failure::CloseBeforeAnswer,
            2 => Failure::status(429, "RESOURCE_EXHAUSTED", "Quota exceeded."),
            _ => Failure::status(503, "UNAVAILABLE", "Try again."),
        };
        faults.fail_next(creates, 1, failure);
    }
    for operation in [Operation::GetBatch, Operation::ListBatches] {
        let busy = Failure::status(503, "UNAVAILABLE", "Try again.");
        faults.pass_next(operation, rng.usize(0..10));
        faults.fail_next(operation, rng.usize(0..4), busy);
    }
    for _ in 0..rng.usize(0..3) {
        faults.cut_next_download(rng.u64(1..50_000));
    }
    for _ in 0..rng.usize(0..3) {
        faults.interrupt_next_chunk(0);
    }
}

async fn check(
    outcome: &mut Outcome,
    task: &Task,
    emulator: &Emulator,
    reference: &[u8],
) -> Result<(), String> {
    let told = |error: &dyn fmt::Display| error.to_string();
    let output = std::fs::read(task.output()).map_err(|e| told(&e))?;
    if output != reference {
        outcome.wrong.push(difference(&output, reference));
    }
    let runs = client(emulator.base_url()).map_err(|e| told(&e))?.runs();
    let run = runs.read(task.run()).await.map_err(|e| told(&e))?;
    let report = run.report().await.map_err(|e| told(&e))?;
    if !report.is_finished() || report.requests != REQUESTS as u64 {
        outcome
            .wrong
            .push(format!("the run is not finished: {report}"));
    }
    let jobs = emulator.jobs();
    outcome.jobs = jobs.len();
    outcome.retried = report.generations.iter().map(|it| it.retried).sum();
    let names: BTreeSet<_> = jobs.iter().map(|job| job.display_name.as_deref()).collect();
    if names.len() != jobs.len() {
        outcome.wrong.push("two jobs bear the same mark".to_owned());
    }
    let asked: u64 = jobs.iter().map(|job| job.request_count as u64).sum();
    let due = REQUESTS as u64 + outcome.retried;
    if asked != due {
        outcome.wrong.push(format!(
            "{asked} requests were asked, and {due} were to be: {report}"
        ));
    }
    // Also those that were being uploaded as the process was killed.
    let files = emulator.files().into_iter();
    let left: Vec<_> = files.filter(|file| !file.generated).collect();
    if !left.is_empty() {
        let names: Vec<_> = left.iter().map(|file| &*file.name).collect();
        let wrong = format!("files of requests were left: {}", names.join(", "));
        outcome.wrong.push(wrong);
    }
    Ok(())
}

/// Where two outputs differ first.
fn difference(output: &[u8], reference: &[u8]) -> String {
    let key = |line: &[u8]| -> String {
        let line: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
        line["key"].as_str().unwrap_or("(none)").to_owned()
    };
    let lines = |text: &[u8]| text.split(|byte| *byte == b'\n').count();
    let mut counts = BTreeMap::new();
    for line in output
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        *counts.entry(key(line)).or_insert(0) += 1;
    }
    let twice = counts.values().filter(|count| **count > 1).count();
    let mut pairs = output
        .split(|b| *b == b'\n')
        .zip(reference.split(|b| *b == b'\n'));
    let first = pairs.find(|(a, b)| a != b).map(|(a, b)| {
        format!(
            "{} in place of {}",
            String::from_utf8_lossy(a),
            String::from_utf8_lossy(b)
        )
    });
    format!(
        "the output has {} lines in place of {}, {twice} keys twice; first {}",
        lines(output),
        lines(reference),
        first.unwrap_or_else(|| "one ends".to_owned())
    )
}
