//! Jobs of the plain kind, read in one pass: what `convert` makes of them, sooner.
//!
//! Jobs are polled and listed by the thousand, and a job may hold its results, twice. Where a job
//! is unusual in any way, nothing is read here (`None`), and `convert` decides.

use std::borrow::Cow;

use bytes::Bytes;

use super::convert;
use crate::job::{BatchJob, JobRecord, Places, Unread};
use crate::scan::{Members, Scanner, Span};
use crate::state::JobState;

/// Reads a job that is all of this JSON.
pub(super) fn whole_job(json: &Bytes) -> Option<BatchJob> {
    let mut scanner = Scanner::new(json)?;
    let job = job(&mut scanner, json)?;
    scanner.end().map(|()| job)
}

/// Reads a job, before which the scanner stands, in this JSON.
pub(super) fn job(scanner: &mut Scanner<'_>, json: &Bytes) -> Option<BatchJob> {
    let start = scanner.next_start();
    let mut places = Places::default();
    let (mut name, mut done, mut metadata) = (None, None, None);
    let (mut error, mut response) = (None, None);
    let mut fields = scanner.object()?;
    while let Some(field) = scanner.next_field(&mut fields)? {
        let is_twice = match field {
            "name" => name.replace(scanner.text()?.into_owned()).is_some(),
            "done" => done.replace(boolean(scanner)?).is_some(),
            "metadata" => {
                let read = read_metadata(scanner, start, &mut places)?;
                metadata.replace(read).is_some()
            }
            "error" => error.replace(scanner.skip_from(start)?).is_some(),
            "response" => response.replace(read_output(scanner, start)?).is_some(),
            _ => {
                scanner.skip()?;
                false
            }
        };
        if is_twice {
            return None;
        }
    }
    let (state, output) = metadata?;
    let is_output = |output: &Output| *output != Output::default();
    let json = json.slice(start..scanner.end_of_last());
    places.error = error.unwrap_or_default();
    let outputs = [output, response].into_iter().flatten();
    places.results = outputs.into_iter().find(is_output).unwrap_or_default();
    Some(BatchJob::new(JobRecord {
        name: name?,
        state,
        done: done.unwrap_or(false),
        json,
        unread: Some(Unread {
            read: convert::details,
            places,
        }),
        ..JobRecord::default()
    }))
}

fn boolean(scanner: &mut Scanner<'_>) -> Option<bool> {
    match scanner.skip()? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Reads the state and the output, and notes where the rest stands.
fn read_metadata(
    scanner: &mut Scanner<'_>,
    origin: usize,
    places: &mut Places,
) -> Option<(JobState, Option<Output>)> {
    let (mut state, mut destination, mut kind) = (None, None, Span::default());
    let mut fields = scanner.object()?;
    while let Some(field) = scanner.next_field(&mut fields)? {
        let place = match field {
            "state" => {
                if state.is_some() {
                    return None;
                }
                state = Some(JobState::from_name(&scanner.text()?));
                continue;
            }
            "output" => {
                if destination.is_some() {
                    return None;
                }
                destination = Some(read_output(scanner, origin)?);
                continue;
            }
            "@type" => &mut kind,
            "displayName" => &mut places.display_name,
            "model" => &mut places.model,
            "createTime" => &mut places.create_time,
            "endTime" => &mut places.end_time,
            "updateTime" => &mut places.update_time,
            "batchStats" => &mut places.stats,
            "inputConfig" => &mut places.input,
            "priority" => &mut places.priority,
            _ => {
                scanner.skip()?;
                continue;
            }
        };
        if *place != Span::default() {
            return None;
        }
        *place = scanner.skip_from(origin)?;
    }
    Some((state?, destination))
}

/// Where the results of a job are, by one of its outputs: in this file, or in the output itself.
type Output = (Span, bool);

fn read_output(scanner: &mut Scanner<'_>, origin: usize) -> Option<Output> {
    let (mut file, mut generated, mut embedded) = (None, None, None);
    let mut fields = scanner.object()?;
    while let Some(field) = scanner.next_field(&mut fields)? {
        let is_twice = match field {
            "responsesFile" if !is_plain_text(scanner) => return None,
            "responsesFile" => file.replace(scanner.skip_from(origin)?).is_some(),
            "inlinedResponses" => generated.replace(is_there(scanner)?).is_some(),
            "inlinedEmbedContentResponses" => embedded.replace(is_there(scanner)?).is_some(),
            _ => {
                scanner.skip()?;
                false
            }
        };
        if is_twice {
            return None;
        }
    }
    let is_inline = generated == Some(true) || embedded == Some(true);
    Some((file.unwrap_or_default(), is_inline))
}

/// Whether a text without escapes comes next.
fn is_plain_text(scanner: &Scanner<'_>) -> bool {
    matches!(scanner.clone().text(), Some(Cow::Borrowed(_)))
}

fn is_there(scanner: &mut Scanner<'_>) -> Option<bool> {
    Some(scanner.skip()? != "null")
}

/// The rows of a job that was read here and has them in its metadata.
pub(super) fn inlined_rows(job: &JobRecord) -> Option<Vec<Bytes>> {
    job.unread.as_ref()?;
    let mut scanner = Scanner::new(&job.json)?;
    enter(&mut scanner, "metadata")?;
    enter(&mut scanner, "output")?;
    enter(&mut scanner, "inlinedResponses")?;
    let mut fields = enter(&mut scanner, "inlinedResponses")?;
    let mut rows = Vec::new();
    let mut list = scanner.list()?;
    while scanner.next(&mut list)? {
        let start = scanner.next_start();
        scanner.skip()?;
        rows.push(job.json.slice(start..scanner.end_of_last()));
    }
    let is_alone = scanner.next_field(&mut fields)?.is_none();
    (is_alone && !rows.is_empty()).then_some(rows)
}

/// Goes to a field of the object that comes next.
fn enter(scanner: &mut Scanner<'_>, field: &str) -> Option<Members> {
    let mut fields = scanner.object()?;
    loop {
        if scanner.next_field(&mut fields)?? == field {
            return Some(fields);
        }
        scanner.skip()?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::convert::{any_job, inlined_rows as rows};
    use super::*;
    use crate::wire;

    const JOBS: [&str; 5] = [
        r#"{"name":"batches/a","metadata":{"@type":"x.GenerateContentBatch","model":"models/m","displayName":"n\u00e9 #0123456789ab","output":{"inlinedResponses":{"inlinedResponses":[{"response":{},"metadata":{"key":"a"}},{"error":{"code":3}}]}},"createTime":"2026-01-02T03:04:05.678901234Z","updateTime":"2026-01-02T03:04:05Z","endTime":"never","batchStats":{"requestCount":"2","pendingRequestCount":0},"state":"BATCH_STATE_SUCCEEDED","name":"batches/a"},"done":true,"response":{"@type":"x","inlinedResponses":{"inlinedResponses":[{"response":{}}]}}}"#,
        r#"{"name":"batches/b","metadata":{"state":"BATCH_STATE_RUNNING","inputConfig":{"requests":{"requests":[]}},"priority":"7"}}"#,
        r#" { "name" : "batches/c" , "metadata" : { "state" : "BATCH_STATE_NEW", "inputConfig":{"fileName":"files/in"}, "output":{"responsesFile":"files/o"} } , "done" : false } "#,
        r#"{"name":"batches/d","metadata":{"state":"BATCH_STATE_FAILED","model":7},"done":true,"error":{"code":13,"message":"x"}}"#,
        r#"{"name":"batches/e","metadata":{"state":"BATCH_STATE_SUCCEEDED"},"response":{"inlinedEmbedContentResponses":{"inlinedResponses":[{"response":{}}]}},"error":null}"#,
    ];

    fn reads_alike(job: &str) {
        let json = Bytes::copy_from_slice(job.as_bytes());
        match (convert::job(json.clone()), any_job(json)) {
            (Ok(quick), Ok(slow)) => same_job(&quick, &slow),
            (quick, slow) => assert_eq!(
                quick.map(drop).unwrap_err().to_string(),
                slow.map(drop).unwrap_err().to_string()
            ),
        }
        let page = format!(r#" {{"x":1,"operations":[{job} , {job}],"nextPageToken":"t"}}"#);
        let page = Bytes::from(page);
        match (
            convert::page(&page),
            wire::any_page(&page, "operations", any_job),
        ) {
            (Ok(quick), Ok(slow)) => {
                assert_eq!(quick.next_page_token, slow.next_page_token);
                assert_eq!(quick.items.len(), slow.items.len());
                let pairs = quick.items.iter().zip(&slow.items);
                pairs.for_each(|(quick, slow)| same_job(quick, slow));
            }
            (quick, slow) => assert_eq!(
                quick.map(drop).unwrap_err().to_string(),
                slow.map(drop).unwrap_err().to_string()
            ),
        }
    }

    fn same_job(quick: &BatchJob, slow: &BatchJob) {
        assert_eq!(quick.json().trim(), slow.json().trim());
        assert_eq!((quick.name(), quick.state()), (slow.name(), slow.state()));
        assert_eq!(quick.is_terminal(), slow.is_terminal());
        assert_eq!(quick.output(), slow.output());
        let details = |job: &BatchJob| format!("{:?}", job.record.details());
        assert_eq!(details(quick), details(slow));
        assert_eq!(rows(&quick.record).unwrap(), rows(&slow.record).unwrap());
    }

    #[test]
    fn plain_jobs_are_read_here() {
        for json in JOBS {
            let json = Bytes::from_static(json.as_bytes());
            assert!(whole_job(&json).is_some(), "{json:?}");
        }
        let page = Bytes::from(format!(r#"{{"operations":[{}]}}"#, JOBS.join(",")));
        let never = |_| panic!("it is plain");
        let page = wire::plain_page(&page, "operations", job, never).unwrap();
        assert_eq!(page.items.len(), JOBS.len());
        let job = convert::job(Bytes::from_static(JOBS[0].as_bytes())).unwrap();
        assert_eq!(inlined_rows(&job.record).unwrap().len(), 2);
    }

    #[test]
    fn jobs_are_read_alike_wherever_they_are_cut() {
        for job in JOBS {
            reads_alike(job);
            job.char_indices()
                .for_each(|(end, _)| reads_alike(&job[..end]));
        }
    }

    proptest! {
        #[test]
        fn a_job_with_something_else_within_is_read_alike(
            job in prop::sample::select(&JOBS[..]),
            from in any::<prop::sample::Index>(),
            len in 0usize..12,
            instead in prop::sample::select(vec!["", " ", "\"", "\\", "{", "}", "[", "]", ",", ":", "1",
                "true", "null", "\"name\":\"z\",", "\"state\":\"Q\",", "{},", "[],", "\\n", "\u{1}",
                "\"output\":{},", "\"metadata\":null,", "\"done\":null,", "\\u0041", "\"model\":\"m\","]),
        ) {
            let mut job = job.as_bytes().to_vec();
            let from = from.index(job.len());
            let to = (from + len).min(job.len());
            job.splice(from..to, instead.bytes());
            if let Ok(job) = String::from_utf8(job) {
                reads_alike(&job);
            }
        }
    }
}
