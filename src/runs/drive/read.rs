//! Reading a job that has ended into the file.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use rusqlite::Connection;
use tokio::time::Instant;

use super::super::deviations;
use super::super::generations;
use super::super::inner::Inner;
use super::super::store::jobs::Job;
use super::super::store::outcomes::{self, Became, Kind};
use super::super::store::parts::{self as store_parts, Clash};
use super::super::store::text::{Block, Text};
use super::super::store::{Pending, repeatable, requests};
use super::super::store::{adopted, deviations as store_deviations, events};
use super::super::unfinished;
use super::judge::{Judge, is_unreadable, promises_rows, why_not_again, without_rows};
use super::{Done, Driver, parts};
use crate::backend::ResultsOptions;
use crate::error::{Error, Result};
use crate::form::Writer;
use crate::job::BatchJob;
use crate::keys::SubmittedKeysBuilder;
use crate::platform::Backend;
use crate::results::{BatchResult, Expectation, KeyMatch, ResultStream};

/// How many bytes of rows go to the file at once, while as many are read.
const AT_ONCE: usize = 2 * 1024 * 1024;
/// How many bytes of rows are written before more are read.
const MUCH: usize = 2 * AT_ONCE;
/// `RESOURCE_EXHAUSTED`.
const QUOTA: i64 = 8;

/// What came of reading a job.
pub(super) enum End {
    /// All of it is in the file.
    Read,
    /// A quota ended it as a whole.
    Quota(String),
    /// It has not ended after all.
    Active,
    /// The service has the job, and not its results, or others than it should have.
    Unreadable(Error),
}

impl Driver {
    /// Starts to read a job that has ended.
    pub(super) fn read(&mut self, id: i64) {
        let Some(live) = self.live.get_mut(&id) else {
            return;
        };
        live.is_busy = true;
        let (run, job, judge) = (
            Arc::clone(&self.run),
            live.job.clone(),
            Judge::of(&self.plan),
        );
        self.works.push(Box::pin(async move {
            let mut read = read(&run, &job, &judge).await;
            if let Ok(End::Unreadable(error)) = &read {
                let why = error.to_string();
                let noted = move |it: &mut _| events::note(it, "unreadable", Some(id), Some(&why));
                if let Err(error) = run.store.call(noted).await {
                    read = Err(error);
                }
            }
            let read = read.map_err(|error| error.during(format!("reading job {id}")));
            Done::Read(id, read)
        }));
    }
}

async fn read(run: &Inner, job: &Job, judge: &Judge) -> Result<End> {
    let name = job.name.as_deref().unwrap_or_default();
    let record = match (run.service.get(name).await, &job.part) {
        (Err(error), Some(part)) if error.is_not_found() => {
            return Err(parts::forgotten(run, part, error).await?);
        }
        (got, _) => got?,
    };
    if record.is_active() {
        return Ok(End::Active);
    }
    if let Some(part) = &job.part {
        return match record.has_results() {
            true => parts::read(run, (job, part), judge, record).await,
            // Rows that were finished do not tell which requests were not.
            false => without_results(run, job, judge, &record).await,
        };
    }
    if !record.has_results() && record.output().is_none() {
        return without_results(run, job, judge, &record).await;
    }
    let promises = promises_rows(&record);
    let mut results = match open(run, job, record, judge.output_timeout).await {
        // Only now does it say so.
        Err(error) if error.is_job_ended() => {
            let record = run.service.get(name).await?;
            return without_results(run, job, judge, &record).await;
        }
        Err(error) if is_unreadable(&error) => return Ok(End::Unreadable(error)),
        opened => opened?,
    };
    if let Some(end) = take_rows(run, job, (judge, promises), &mut results).await? {
        return Ok(end);
    }
    let report = results.report().to_string();
    let keep = job.clone();
    run.store
        .call(move |it| outcomes::read(it, &keep, &report))
        .await?;
    Ok(End::Read)
}

/// Takes the rows of a job into the file, while those of no other are; gives what the reading came to if that
/// was not their end.
pub(super) async fn take_rows(
    run: &Inner,
    job: &Job,
    (judge, promises): (&Judge, bool),
    results: &mut ResultStream,
) -> Result<Option<End>> {
    let _turn = run.rows.lock().await;
    let taken = take_each(run, job, (judge, promises), results).await?;
    let (id, found) = (job.id, deviations::of(&results.report()));
    if !found.is_empty() {
        let name = job.name.as_deref().unwrap_or_default();
        let rows: Vec<_> = found
            .iter()
            .map(|it| format!("{} {}", it.rows, it.kind))
            .collect();
        tracing::warn!(
            job = name,
            rows = rows.join(", "),
            "rows of a job are not what they should be"
        );
    }
    let keep = move |it: &mut _| store_deviations::keep(it, id, &found);
    run.store.call(keep).await?;
    Ok(taken)
}

async fn take_each(
    run: &Inner,
    job: &Job,
    (judge, promises): (&Judge, bool),
    results: &mut ResultStream,
) -> Result<Option<End>> {
    let mut writing: Option<(Pending<Option<Clash>>, Vec<BatchResult>)> = None;
    let mut keyless = 0u64;
    let mut unasked = None;
    let mut end = None;
    while end.is_none() {
        let (mut some, mut told, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut block = Block::new(AT_ONCE);
        while bytes < AT_ONCE
            && let Some(result) = results.next().await
        {
            let result = match result {
                // What came before too much is as good as it would be without that.
                Err(error) if is_unreadable(&error) && results.is_endless() => {
                    end = Some(End::Unreadable(error));
                    break;
                }
                Err(error) if is_unreadable(&error) => return Ok(Some(End::Unreadable(error))),
                result => result?,
            };
            let is_known = match result.key_match() {
                KeyMatch::Matched => true,
                KeyMatch::Unchecked => job.is_adopted || job.part.is_some(),
                KeyMatch::Absent => job.part.is_some(),
                KeyMatch::Unexpected => false,
            };
            if !is_known {
                continue;
            }
            let mut became = judge.became(job, &result, &mut block);
            if became.kind == Kind::Missing {
                if promises && let Some(error) = without_rows(&results.report()) {
                    return Ok(Some(End::Unreadable(error)));
                }
                let why = unasked.get_or_insert_with(|| why_not_again(&results.report()));
                if let Some(why) = why {
                    (became.is_final, became.message) = (true, Some(why.clone()));
                }
            }
            if let Some(part) = &job.part {
                // There is no request to be asked again.
                became.is_final = true;
                if became.key.is_empty() {
                    keyless += 1;
                    became.key = format!("{}#{keyless}", part.source).into();
                }
            }
            bytes += became.row.len() + 128;
            if became.is_final && judge.on_result.is_some() {
                told.push(result);
            }
            some.push(became);
        }
        let (is_end, is_much) = (some.is_empty(), bytes > MUCH);
        let keep = job.clone();
        let keep = move |it: &mut Connection| match &keep.part {
            Some(part) => store_parts::keep(it, &keep, part, &some),
            None if keep.is_adopted => adopted::keep(it, &keep, &some).map(|()| None),
            None => outcomes::keep(it, &keep, &some).map(|()| None),
        };
        // The next are read while these are written. What is lost is read again: the job is not read before
        // that is noted.
        let write = run.store.start_call(|it| repeatable(it, keep))?;
        if let Some((before, told)) = writing.replace((write, told)) {
            judge.tell_kept(before, &told).await?;
        }
        if is_much && let Some((write, told)) = writing.take() {
            judge.tell_kept(write, &told).await?;
        }
        if is_end {
            break;
        }
    }
    if let Some((last, told)) = writing {
        judge.tell_kept(last, &told).await?;
    }
    Ok(end)
}

/// Opens the results, held against the requests of the job.
async fn open(
    run: &Inner,
    job: &Job,
    record: BatchJob,
    output_timeout: Duration,
) -> Result<ResultStream> {
    let failed = |e| Error::io("the keys of a job could not be kept in a temporary file", e);
    let known = |keys| Expectation::Keys(Arc::new(keys));
    let (expected, contents) = match run.service.backend() {
        _ if job.is_adopted => (Expectation::Unknown, None),
        // It gives no request back to compare with.
        Backend::Gemini => {
            let mut keys = SubmittedKeysBuilder::default();
            let mut after = 0;
            loop {
                let members = job.members;
                let page = run.store.call(move |it| requests::keys(it, members, after));
                let (page, last) = page.await?;
                if page.is_empty() {
                    break;
                }
                after = last;
                for (id, key) in page {
                    keys.push(key.as_str(), id.unsigned_abs())
                        .await
                        .map_err(failed)?;
                }
            }
            let keys = keys.finish().await.map_err(failed)?;
            let twice = |_| Error::protocol("a key is in the job twice");
            (known(keys.map_err(twice)?), None)
        }
        Backend::Vertex => {
            let source = unfinished::of_job(run.store.clone(), job.members);
            let form = run.service.embed_form(&run.model);
            let written = run.service.writer(run.task, &run.model, &run.options);
            let written = written.ok().flatten().map(|writer| Writer {
                is_lenient: true,
                ..writer
            });
            let written = (written, None);
            let (keys, contents) = source.read_contents(&run.model, form, written).await?;
            (known(keys), Some(contents))
        }
    };
    let options = ResultsOptions {
        connections: None,
        expectation: Some(expected),
        has_all: true,
        deadline: Instant::now().checked_add(output_timeout),
    };
    let results = run.service.results(record, options).await?;
    Ok(results.matching(contents))
}

/// A job that ended without any row: all of its requests failed as it did.
async fn without_results(run: &Inner, job: &Job, judge: &Judge, record: &BatchJob) -> Result<End> {
    let status = record.error();
    let code = generations::code_of(record.state(), status.map(|status| status.code));
    let said = status.map_or_else(String::new, |status| format!(": {status}"));
    let why = format!(
        "the job {} ended as {}{said}",
        record.name(),
        record.state()
    );
    if code == QUOTA && !job.is_stopped {
        return Ok(End::Quota(why));
    }
    let is_final = judge.is_final(job, false, generations::passes(code));
    let failure = (Kind::Error, Some(code));
    fail_all(run, job, failure, is_final, why)
        .await
        .map(|()| End::Read)
}

/// Gives all requests of a job one failure.
pub(super) async fn fail_all(
    run: &Inner,
    job: &Job,
    (kind, code): (Kind, Option<i64>),
    is_final: bool,
    why: String,
) -> Result<()> {
    if job.part.is_some() {
        let keep = job.clone();
        let failed = move |it: &mut _| match &keep.part {
            Some(part) => store_parts::failed(it, &keep, part, is_final, &why),
            None => Ok(()),
        };
        return run.store.call(failed).await;
    }
    let mut after = 0;
    loop {
        let (members, keep, message) = (job.members, job.clone(), why.clone());
        let fail = run.store.call(move |it| {
            let (page, last) = requests::keys(it, members, after)?;
            let failed = page.into_iter().map(|(_, key)| Became {
                key,
                kind,
                code,
                message: Some(message.clone()),
                input_tokens: 0,
                output_tokens: 0,
                row: Text::default(),
                is_final,
            });
            let failed: Vec<_> = failed.collect();
            outcomes::keep(it, &keep, &failed)?;
            Ok((failed.is_empty(), last))
        });
        let is_end;
        (is_end, after) = fail.await?;
        if is_end {
            break;
        }
    }
    let keep = job.clone();
    run.store
        .call(move |it| outcomes::read(it, &keep, &why))
        .await
}
