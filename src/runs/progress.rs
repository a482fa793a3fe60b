//! How far a run is.

use std::fmt;
use std::time::Duration;

use rusqlite::Connection;

use super::store::requests::UNCUT;
use super::store::{Store, events, parts, settings};
use crate::counted::Counted;
use crate::error::Result;

/// How far a run is, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many requests are to be asked: equal ones count once where the run
    /// [dedupes](super::Open::dedupe).
    pub requests: u64,
    /// Those with a response.
    pub responses: u64,
    /// Those that ended with an error.
    pub errors: u64,
    /// Those for which nothing came back, however often they were asked.
    pub missing: u64,
    /// Those that were in no job of the service yet.
    pub new: u64,
    /// Those that wait for another attempt.
    pub waiting: u64,
    /// Those in jobs that the service has, or may have, and that have not been read to their end.
    pub in_jobs: u64,
    /// Those of `in_jobs` of which it is not known whether the service has them: the create of their job had
    /// no clear response, and it is looked for; see [`Finish::unclear_wait`](super::Finish::unclear_wait).
    pub unclear: u64,
    /// How many files and tables there are, where the service [holds](super::RunPart) the requests: their
    /// requests are counted here as far as the service counts them.
    pub parts: u64,
    /// Those of which the service has the results.
    pub parts_done: u64,
    /// Those that failed, however often they were attempted.
    pub parts_failed: u64,
    /// How many jobs the service has, or may have.
    pub active_jobs: u64,
    /// Those of which it is not known whether the service has them.
    pub unclear_jobs: u64,
    /// How many jobs were made in all.
    pub jobs: u64,
    /// Tokens in the requests that were served, attempts included.
    pub input_tokens: u64,
    /// Tokens in the responses, thinking included.
    pub output_tokens: u64,
    /// About how long the rest takes, by how long it took so far; `None` where too little is known.
    pub left: Option<Duration>,
}

impl Progress {
    /// Those that have their outcome.
    pub fn done(&self) -> u64 {
        sum([self.responses, self.errors, self.missing])
    }

    /// Whether all have their outcome.
    pub fn is_finished(&self) -> bool {
        sum([self.new, self.waiting, self.in_jobs]) == 0
            && self.parts == self.parts_done + self.parts_failed
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parts > 0 {
            let parts = Counted(self.parts, "part");
            write!(f, "{} of {parts} done", self.parts_done)?;
            if self.parts_failed > 0 {
                write!(f, ", {} failed", self.parts_failed)?;
            }
            f.write_str("; ")?;
        }
        let requests = Counted(self.requests, "request");
        write!(f, "{} of {requests} done", self.done())?;
        let jobs = Counted(self.active_jobs, "job");
        write!(f, "; {} in {jobs}", self.in_jobs)?;
        if self.unclear_jobs > 0 {
            write!(f, ", {} of them unclear", self.unclear_jobs)?;
        }
        write!(f, ", {} waiting, {} new", self.waiting, self.new)?;
        match self.left {
            Some(left) => write!(f, "; about {} minutes left", left.as_secs().div_ceil(60)),
            None => Ok(()),
        }
    }
}

pub(super) async fn read(store: &Store) -> Result<Progress> {
    store.call(|it| measure(it)).await
}

/// Measures it from the jobs, whose number is small, and from what is not in one.
pub(super) fn measure(connection: &Connection) -> rusqlite::Result<Progress> {
    let sql = "SELECT
        CAST(total(responses) AS INTEGER), CAST(total(errors) AS INTEGER),
        CAST(total(missing) AS INTEGER),
        CAST(total(input_tokens) AS INTEGER), CAST(total(output_tokens) AS INTEGER), count(*),
        coalesce(sum(state IN ('sending', 'looking', 'active')), 0),
        CAST(total(CASE WHEN state IN ('sending', 'looking', 'active', 'ended')
            THEN requests - responses - errors - missing ELSE 0 END) AS INTEGER),
        coalesce(sum(CASE WHEN state = 'cut' AND generation = 1 THEN requests ELSE 0 END), 0),
        coalesce(sum(CASE WHEN state = 'cut' AND generation > 1 THEN requests ELSE 0 END), 0),
        min(sent_time), coalesce(sum(state = 'looking'), 0),
        CAST(total(CASE WHEN state = 'looking' THEN requests ELSE 0 END) AS INTEGER)
        FROM jobs";
    let (mut progress, began): (Progress, Option<i64>) =
        connection.prepare_cached(sql)?.query_row([], |row| {
            let number = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
            let progress = Progress {
                responses: number(0)?,
                errors: number(1)?,
                missing: number(2)?,
                input_tokens: number(3)?,
                output_tokens: number(4)?,
                jobs: number(5)?,
                active_jobs: number(6)?,
                in_jobs: number(7)?,
                // Chosen for a job that the service does not have.
                new: number(8)?,
                waiting: number(9)?,
                unclear_jobs: number(11)?,
                unclear: number(12)?,
                ..Progress::default()
            };
            Ok((progress, row.get(10)?))
        })?;
    if parts::has_any(connection)? {
        let of_parts = parts::measure(connection)?;
        progress = Progress {
            jobs: progress.jobs,
            active_jobs: progress.active_jobs,
            unclear_jobs: progress.unclear_jobs,
            input_tokens: progress.input_tokens,
            output_tokens: progress.output_tokens,
            ..of_parts
        };
        progress.requests = sum([progress.done(), progress.in_jobs]);
        let ended = progress.parts_done + progress.parts_failed;
        progress.left = left(ended, progress.parts, began);
        return Ok(progress);
    }
    progress.new += settings::number(connection, UNCUT)?.unsigned_abs();
    let mut waiting = connection.prepare_cached("SELECT count(*) FROM waiting")?;
    progress.waiting += waiting
        .query_row([], |row| row.get::<_, i64>(0))?
        .unsigned_abs();
    progress.requests = sum([
        progress.done(),
        progress.new,
        progress.waiting,
        progress.in_jobs,
    ]);
    progress.left = left(progress.done(), progress.requests, began);
    Ok(progress)
}

/// The sum of counts, of which a service may say any.
pub(super) fn sum(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// About how long the rest takes.
fn left(done: u64, all: u64, began: Option<i64>) -> Option<Duration> {
    let took = u64::try_from(events::now() - began?).ok()?;
    let rest = all.saturating_sub(done);
    (done > 0 && rest > 0).then(|| {
        let share = rest as f64 / done as f64;
        Duration::from_millis((took as f64 * share) as u64)
    })
}
