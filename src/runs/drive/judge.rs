//! What the rows of a job are taken for: which are for good, and when they are not its results at all.

use std::sync::PoisonError;
use std::time::Duration;

use super::super::generations;
use super::super::store::Pending;
use super::super::store::jobs::Job;
use super::super::store::outcomes::{Became, Kind};
use super::super::store::parts::Clash;
use super::super::store::text::{Block, Text};
use super::{Plan, parts};
use crate::counted::Counted;
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobStats};
use crate::results::{BatchResult, Report};

/// A row that is longer shares its memory with what it came in.
const LONG: usize = 64 * 1024;

/// What is needed to tell what becomes of results.
#[derive(Clone)]
pub(super) struct Judge {
    attempts: i64,
    pub(super) output_timeout: Duration,
    /// Whether the results of requests that the service holds are read.
    pub(super) rows: bool,
    retry_if: Option<super::plan::RetryIf>,
    pub(super) on_result: Option<super::plan::OnResult>,
}

impl Judge {
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            attempts: plan.attempts,
            output_timeout: plan.output_timeout,
            rows: plan.rows == Some(true),
            retry_if: plan.retry_if.clone(),
            on_result: plan.on_result.clone(),
        }
    }

    /// Whether a result is for good. What the run cancelled itself did not have its attempt.
    pub(super) fn is_final(&self, job: &Job, is_response: bool, is_worth_another: bool) -> bool {
        let may_have_another = job.generation < self.attempts || (job.is_stopped && !is_response);
        !(may_have_another && is_worth_another)
    }

    /// What is kept of a result; its texts go into `block`.
    pub(super) fn became(&self, job: &Job, result: &BatchResult, block: &mut Block) -> Became {
        let kind = generations::kind(result);
        let again = generations::is_worth_it(result)
            || (kind == Kind::Response
                && self
                    .retry_if
                    .as_ref()
                    .is_some_and(|retry_if| retry_if(result)));
        let usage = result.response().and_then(|response| response.usage());
        let usage = usage.unwrap_or_default();
        let tokens = |a: u64, b: u64| i64::try_from(a.saturating_add(b)).unwrap_or(i64::MAX);
        Became {
            key: block.keep(result.key().unwrap_or_default().as_bytes()),
            kind,
            code: result.error().map(|error| error.code()),
            message: None,
            input_tokens: tokens(usage.prompt_tokens, usage.tool_use_prompt_tokens),
            output_tokens: tokens(usage.candidates_tokens, usage.thoughts_tokens),
            row: match result.json_bytes() {
                row if row.len() < LONG => block.keep(row),
                row => Text::shared(row.clone()),
            },
            is_final: self.is_final(job, kind == Kind::Response, again),
        }
    }

    /// Tells results once they are in the file.
    pub(super) async fn tell_kept(
        &self,
        kept: Pending<Option<Clash>>,
        results: &[BatchResult],
    ) -> Result<()> {
        if let Some(clash) = kept.done().await? {
            return Err(parts::clash(clash));
        }
        if let Some(on_result) = &self.on_result {
            let mut on_result = on_result.lock().unwrap_or_else(PoisonError::into_inner);
            results.iter().for_each(&mut *on_result);
        }
        Ok(())
    }
}

/// Whether the service says of a job that requests of it have a response.
pub(super) fn promises_rows(record: &BatchJob) -> bool {
    let says = |stats: JobStats| (stats.succeeded > 0, stats.failed > 0);
    match record.stats().map(says) {
        Some((true, _)) => true,
        Some((false, true)) => false,
        // It may not count.
        Some((false, false)) | None => record.is_succeeded(),
    }
}

/// The error about results of which no row can be read that is some request's: an empty file, or a page of a
/// proxy, rather than what the requests came to.
pub(super) fn without_rows(report: &Report) -> Option<Error> {
    let rows = report.responses.saturating_add(report.errors);
    if rows > 0 || report.keyless > 0 {
        return None;
    }
    let mut found = String::new();
    for (count, what) in [
        (report.unreadable, "that cannot be read"),
        (report.unexpected, "with a key that the job does not have"),
    ] {
        if count > 0 {
            found.push_str(&format!(", {} {what}", Counted(count, "row")));
        }
    }
    let first = report.unreadable_places.first();
    let first = first.map_or_else(String::new, |first| format!(": {first}"));
    Some(Error::protocol(format!(
        "the service says that the job succeeded, and its results have no row of its requests{found}{first}"
    )))
}

/// Why the requests of a job that have no row are not asked again: as far as anybody can tell, they were
/// answered and paid for, and their rows lost their keys.
pub(super) fn why_not_again(report: &Report) -> Option<String> {
    let rows = report.responses.saturating_add(report.errors);
    let missing = report.submitted?.saturating_sub(rows);
    // Where most of them have none, one that is asked again is rather not paid for twice.
    let is_likely = report.keyless > 0 && report.keyless.saturating_mul(2) >= missing;
    is_likely.then(|| {
        format!(
            "nothing came back under its key, and {} without a key, which may be its: it is not asked \
             again by itself",
            Counted(report.keyless, "row")
        )
    })
}

/// Whether results fail by themselves, and not because the service is out of reach. Files that are gone
/// are told as forbidden.
pub(super) fn is_unreadable(error: &Error) -> bool {
    error.is_not_found() || error.is_permission_denied() || error.is_protocol()
}
