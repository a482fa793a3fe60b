//! What comes of a job whose requests the service holds: it is counted by the service, and its rows are
//! read only where that is asked for.

use tokio::time::Instant;

use super::super::inner::Inner;
use super::super::store::jobs::{Job, Part};
use super::super::store::outcomes;
use super::super::store::parts::{self, Count};
use super::judge::{Judge, is_unreadable, promises_rows, without_rows};
use super::read::{End, take_rows};
use crate::backend::ResultsOptions;
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobDestination, JobStats};
use crate::request::Form;
use crate::results::{KeyField, ResultStream};

/// What the service counts of a job, as far as it counts.
pub(super) fn count_of(stats: Option<JobStats>, has_ended: bool) -> Count {
    let Some(stats) = stats else {
        return Count::default();
    };
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let ended = stats.succeeded.saturating_add(stats.failed);
    let total = stats.total.unwrap_or(ended).max(ended);
    Count {
        requests: number(total),
        responses: number(stats.succeeded),
        errors: number(stats.failed),
        missing: number(if has_ended { total - ended } else { 0 }),
    }
}

fn shown(output: &JobDestination) -> Option<String> {
    match output {
        JobDestination::CloudStorage(place)
        | JobDestination::BigQuery(place)
        | JobDestination::Dataset {
            table: Some(place), ..
        } => Some(place.clone()),
        JobDestination::Dataset { name, .. } => name.clone(),
        _ => None,
    }
}

/// Takes up what became of a job that ended with results.
pub(super) async fn read(
    run: &Inner,
    (job, part): (&Job, &Part),
    judge: &Judge,
    record: BatchJob,
) -> Result<End> {
    let (id, number) = (job.id, part.id);
    let count = count_of(record.stats(), true);
    let output = record.output().and_then(shown);
    let place = output.clone().unwrap_or_default();
    let noted = move |it: &mut _| {
        parts::done(it, (id, number), count, output.as_deref())?;
        parts::state(it, number)
    };
    let (state, stands) = run.store.call(noted).await?;
    // The results of a file that has changed meanwhile are of no use to the run.
    if !judge.rows || !stands || state == "read" {
        let (keep, detail) = (job.clone(), format!("its results are in {place}"));
        let read = run.store.call(move |it| outcomes::read(it, &keep, &detail));
        return read.await.map(|()| End::Read);
    }
    rows(run, (job, part), judge, record).await
}

/// The error about a job that the service no longer has, if its results are known to be somewhere.
pub(super) async fn forgotten(run: &Inner, part: &Part, error: Error) -> Result<Error> {
    let number = part.id;
    let (state, _) = run.store.call(move |it| parts::state(it, number)).await?;
    Ok(match &*state {
        "done" => Error::input(format!(
            "the job of {} is done, and the service no longer knows it: read its results where they are, \
             which `parts()` tells, and finish the run with `rows(false)`",
            part.source
        ))
        .with_source(error),
        _ => error,
    })
}

/// Reads the rows of a job into the file.
async fn rows(
    run: &Inner,
    (job, part): (&Job, &Part),
    judge: &Judge,
    record: BatchJob,
) -> Result<End> {
    let number = part.id;
    let forget = run.store.call(move |it| parts::forget_rows(it, number));
    forget.await?;
    let promises = promises_rows(&record);
    let mut results = match open(run, judge, record).await {
        Err(error) if is_unreadable(&error) => return Ok(End::Unreadable(error)),
        opened => opened?,
    };
    if let Some(end) = take_rows(run, job, (judge, promises), &mut results).await? {
        return Ok(end);
    }
    let report = results.report();
    if promises && let Some(error) = without_rows(&report) {
        return Ok(End::Unreadable(error));
    }
    let missing = i64::try_from(report.missing).unwrap_or(i64::MAX);
    let (id, detail) = (job.id, report.to_string());
    let kept = run
        .store
        .call(move |it| parts::read(it, (id, number), missing, &detail));
    kept.await.map(|()| End::Read)
}

async fn open(run: &Inner, judge: &Judge, record: BatchJob) -> Result<ResultStream> {
    let writer = run.service.writer(run.task, &run.model, &run.options)?;
    let form = writer.map_or(Form::Gemini, |writer| writer.form);
    let field = KeyField::of(run.options.key_field.as_deref(), None, Some(form));
    let options = ResultsOptions {
        connections: None,
        expectation: None,
        has_all: false,
        deadline: Instant::now().checked_add(judge.output_timeout),
    };
    let results = run.service.results(record, options).await?;
    Ok(results.keyed_by(field))
}

/// The error for a key that two rows have.
pub(super) fn clash((key, first, second): parts::Clash) -> Error {
    let place = match first == second {
        true => format!("is twice in the results of {first}"),
        false => format!("is in the results of {first} and of {second}"),
    };
    Error::input(format!(
        "the key {key:?} {place}, and a run has one outcome for each key: give the requests keys of \
         their own, or leave the results where they are with `rows(false)`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_the_service_add_up() {
        let stats = JobStats {
            total: Some(10),
            succeeded: 6,
            failed: 1,
            pending: None,
        };
        let running = count_of(Some(stats), false);
        assert_eq!((running.requests, running.missing), (10, 0));
        let ended = count_of(Some(stats), true);
        assert_eq!((ended.responses, ended.errors, ended.missing), (6, 1, 3));
        let odd = JobStats {
            total: None,
            ..stats
        };
        assert_eq!(count_of(Some(odd), true).requests, 7);
        assert_eq!(count_of(None, true), Count::default());
    }
}
