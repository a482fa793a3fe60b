//! The account of a run.

use std::fmt;

use rusqlite::Connection;

use super::deviations::Deviations;
use super::progress::sum;
use super::store::{Store, parts};
use crate::cost::Pricing;
use crate::counted::Counted;
use crate::error::Result;

/// Why a run was left before each request had its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// The time was up that [`Finish::deadline`](super::Finish::deadline) gave.
    Deadline,
    /// The next job might have cost more than [`Finish::budget`](super::Finish::budget) leaves.
    Budget,
    /// As many requests as [`Finish::first`](super::Finish::first) says were asked.
    First,
}

/// What became of the requests of a run.
///
/// `requests = responses + errors + missing + unfinished` holds at any time, counted over the requests
/// themselves; a run that was finished has no `unfinished`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunReport {
    /// How many keys the run has.
    pub requests: u64,
    /// Those with a response.
    pub responses: u64,
    /// Those that ended with an error.
    pub errors: u64,
    /// Those for which nothing came back, however often they were asked.
    pub missing: u64,
    /// Those without an outcome yet.
    pub unfinished: u64,
    /// Of all of these, those that are no longer in the input; files and tables, where the service holds
    /// the requests.
    pub vanished: u64,
    /// How many files and tables there are, where the service [holds](super::RunPart) the requests: their
    /// requests are counted here as far as the service counts them, and tokens where their results were
    /// [read](super::Finish::rows).
    pub parts: u64,
    /// Those of which the service has the results.
    pub parts_done: u64,
    /// Those that failed, however often they were attempted.
    pub parts_failed: u64,
    /// What each generation of jobs did: the first, then those with what was attempted again.
    pub generations: Vec<Generation>,
    /// Tokens in the requests that were served, those of attempts included.
    pub input_tokens: u64,
    /// Tokens in the responses, thinking included.
    pub output_tokens: u64,
    /// What was off about the rows of its jobs, besides what became of the requests.
    pub deviations: Deviations,
    /// Why the run was left, where the one that gave this report left it.
    pub stopped: Option<Stopped>,
}

/// What the jobs of one generation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Generation {
    /// Its number, from 1.
    pub number: u64,
    /// How many jobs it has.
    pub jobs: u64,
    /// How many requests were in them.
    pub requests: u64,
    /// Those that ended with a response.
    pub responses: u64,
    /// Those that ended with an error.
    pub errors: u64,
    /// Those that ended without either.
    pub missing: u64,
    /// Those that were left to the next generation.
    pub retried: u64,
}

impl RunReport {
    /// Whether each request has its outcome.
    pub fn is_finished(&self) -> bool {
        self.unfinished == 0 && self.parts == self.parts_done + self.parts_failed
    }

    /// What the run cost so far at these prices, in their currency.
    ///
    /// ```
    /// use genai_batch::cost::Pricing;
    ///
    /// # fn example(report: genai_batch::runs::RunReport) {
    /// if let Some(pricing) = Pricing::of_model("gemini-2.5-flash") {
    ///     println!("{:.2}", report.cost(&pricing));
    /// }
    /// # }
    /// ```
    pub fn cost(&self, pricing: &Pricing) -> f64 {
        pricing.cost_of(self.input_tokens, self.output_tokens)
    }
}

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} = {} + {} + {} missing",
            Counted(self.requests, "request"),
            Counted(self.responses, "response"),
            Counted(self.errors, "error"),
            self.missing
        )?;
        if self.unfinished > 0 {
            write!(f, " + {} unfinished", self.unfinished)?;
        }
        if self.parts > 0 {
            let parts = Counted(self.parts, "part");
            write!(f, "; {parts}, {} done", self.parts_done)?;
            if self.parts_failed > 0 {
                write!(f, ", {} failed", self.parts_failed)?;
            }
        }
        for generation in &self.generations {
            write!(
                f,
                "; generation {}: {} in {}, {} to the next",
                generation.number,
                Counted(generation.requests, "request"),
                Counted(generation.jobs, "job"),
                generation.retried
            )?;
        }
        write!(
            f,
            "; {} in, {} out",
            Counted(self.input_tokens, "token"),
            self.output_tokens
        )?;
        match self.deviations.is_empty() {
            true => Ok(()),
            false => write!(f, "; rows that were off: {}", self.deviations),
        }
    }
}

pub(super) async fn read(store: &Store) -> Result<RunReport> {
    store.call(|it| account(it)).await
}

fn account(connection: &Connection) -> rusqlite::Result<RunReport> {
    let mut report = match parts::has_any(connection)? {
        true => of_parts(connection)?,
        false => of_requests(connection)?,
    };
    add_generations(connection, &mut report)?;
    report.deviations = Deviations::read(connection)?;
    Ok(report)
}

/// What became of requests that the service counts.
fn of_parts(connection: &Connection) -> rusqlite::Result<RunReport> {
    let progress = parts::measure(connection)?;
    Ok(RunReport {
        requests: sum([progress.done(), progress.in_jobs]),
        responses: progress.responses,
        errors: progress.errors,
        missing: progress.missing,
        unfinished: progress.in_jobs,
        vanished: parts::vanished(connection)?.unsigned_abs(),
        parts: progress.parts,
        parts_done: progress.parts_done,
        parts_failed: progress.parts_failed,
        ..RunReport::default()
    })
}

/// What became of the requests in the file.
fn of_requests(connection: &Connection) -> rusqlite::Result<RunReport> {
    // In one go, without sorting them.
    let sql = "SELECT count(*), coalesce(sum(o.kind = 'response'), 0),
        coalesce(sum(o.kind = 'error'), 0), count(o.kind), count(r.vanished) FROM requests r
        LEFT JOIN outcomes o ON o.request = coalesce(r.same_as, r.id) WHERE r.replaced = 0";
    connection.query_row(sql, [], |row| {
        let number = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
        let (requests, responses, errors) = (number(0)?, number(1)?, number(2)?);
        let outcomes = number(3)?;
        Ok(RunReport {
            requests,
            responses,
            errors,
            missing: outcomes - responses - errors,
            unfinished: requests - outcomes,
            vanished: number(4)?,
            ..RunReport::default()
        })
    })
}

fn add_generations(connection: &Connection, report: &mut RunReport) -> rusqlite::Result<()> {
    let sql = "SELECT generation, count(*), CAST(total(requests) AS INTEGER),
        CAST(total(responses) AS INTEGER), CAST(total(errors) AS INTEGER),
        CAST(total(missing) AS INTEGER), CAST(total(retried) AS INTEGER),
        CAST(total(input_tokens) AS INTEGER), CAST(total(output_tokens) AS INTEGER)
        FROM jobs GROUP BY generation ORDER BY generation";
    let mut select = connection.prepare(sql)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let number = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
        report.generations.push(Generation {
            number: number(0)?,
            jobs: number(1)?,
            requests: number(2)?,
            responses: number(3)?,
            errors: number(4)?,
            missing: number(5)?,
            retried: number(6)?,
        });
        report.input_tokens = sum([report.input_tokens, number(7)?]);
        report.output_tokens = sum([report.output_tokens, number(8)?]);
    }
    Ok(())
}
