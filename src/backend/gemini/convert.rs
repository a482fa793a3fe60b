//! What the Gemini backend says of a job → [`BatchJob`]. Never sends.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::job::{BatchJob, JobDestination, JobRecord, JobSource, JobStats};
use crate::raw::Int64;
use crate::state::JobState;
use crate::wire;

/// The long-running operation that stands for a job.
#[derive(Deserialize)]
pub(super) struct Operation<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(default)]
    done: bool,
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<Output<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metadata<'a> {
    #[serde(rename = "@type", borrow)]
    kind: Option<Cow<'a, str>>,
    model: Option<String>,
    display_name: Option<String>,
    #[serde(borrow)]
    state: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "wire::time")]
    create_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "wire::time")]
    end_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "wire::time")]
    update_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "wire::lenient")]
    batch_stats: Option<Stats>,
    #[serde(deserialize_with = "wire::lenient")]
    input_config: Option<InputConfig>,
    #[serde(deserialize_with = "wire::lenient")]
    priority: Option<Int64>,
    #[serde(borrow)]
    output: Option<Output<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Stats {
    #[serde(deserialize_with = "wire::count")]
    request_count: Option<u64>,
    #[serde(deserialize_with = "wire::count")]
    successful_request_count: Option<u64>,
    #[serde(deserialize_with = "wire::count")]
    failed_request_count: Option<u64>,
    #[serde(deserialize_with = "wire::count")]
    pending_request_count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputConfig {
    file_name: Option<String>,
    requests: Option<serde::de::IgnoredAny>,
}

/// A job's output. The service gives it twice: in the metadata and as the response.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output<'a> {
    responses_file: Option<String>,
    #[serde(borrow)]
    inlined_responses: Option<Inlined<'a>>,
    #[serde(borrow)]
    inlined_embed_content_responses: Option<Inlined<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inlined<'a> {
    #[serde(borrow, default)]
    inlined_responses: Vec<&'a RawValue>,
}

impl<'a> Output<'a> {
    fn inlined(&self) -> Option<&Inlined<'a>> {
        self.inlined_responses
            .as_ref()
            .or(self.inlined_embed_content_responses.as_ref())
    }

    fn destination(&self) -> Option<JobDestination> {
        match &self.responses_file {
            Some(file) => Some(JobDestination::File(file.clone())),
            None => self.inlined().map(|_| JobDestination::Inline),
        }
    }
}

fn parse(json: &Bytes) -> Result<Operation<'_>> {
    if json.trim_ascii().is_empty() {
        return Err(Error::protocol("the service answered with an empty body"));
    }
    serde_json::from_slice(json).map_err(|e| {
        Error::protocol("the service's answer is no job that this client can read").with_source(e)
    })
}

/// Reads the answer of a create or get, or one element of a list.
pub(super) fn job(json: Bytes) -> Result<BatchJob> {
    let operation = parse(&json)?;
    let metadata = operation.metadata.unwrap_or_default();
    let name = operation
        .name
        .ok_or_else(|| Error::protocol("the service's answer has no job name"))?;
    let outputs = [&metadata.output, &operation.response];
    let destination = outputs.into_iter().flatten().find_map(Output::destination);
    let source = metadata.input_config.and_then(|input| {
        let inline = input.requests.map(|_| JobSource::Inline);
        input.file_name.map(JobSource::File).or(inline)
    });
    Ok(BatchJob::new(JobRecord {
        name: name.into_owned(),
        display_name: metadata.display_name,
        model: metadata.model,
        state: metadata
            .state
            .map_or(JobState::Unspecified, |state| JobState::from_name(&state)),
        done: operation.done,
        create_time: metadata.create_time,
        end_time: metadata.end_time,
        update_time: metadata.update_time,
        source,
        destination,
        stats: metadata.batch_stats.map(|stats| JobStats {
            total: stats.request_count.unwrap_or(0),
            succeeded: stats.successful_request_count.unwrap_or(0),
            failed: stats.failed_request_count.unwrap_or(0),
            pending: stats.pending_request_count.unwrap_or(0),
        }),
        error: operation.error.and_then(|error| wire::status(error.get())),
        priority: metadata.priority.map(|Int64(priority)| priority),
        json: json.clone(),
        ..JobRecord::default()
    }))
}

/// One page of a list: its jobs, and the token of the next page.
pub(super) fn page(json: &Bytes) -> Result<(Vec<BatchJob>, Option<String>)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Page<'a> {
        #[serde(borrow, default)]
        operations: Vec<&'a RawValue>,
        next_page_token: Option<String>,
    }
    let page: Page<'_> = serde_json::from_slice(json).map_err(|e| {
        Error::protocol("the service's answer is no list that this client can read").with_source(e)
    })?;
    let jobs = page
        .operations
        .iter()
        .map(|operation| job(json.slice_ref(operation.get().as_bytes())))
        .collect::<Result<_>>()?;
    let token = page.next_page_token.filter(|token| !token.is_empty());
    Ok((jobs, token))
}

/// The rows of a job that holds its results, counted once.
pub(super) fn inlined_rows(json: &Bytes) -> Result<Vec<Bytes>> {
    let operation = parse(json)?;
    let output = operation.metadata.and_then(|metadata| metadata.output);
    let both = [output, operation.response];
    let rows = both
        .iter()
        .flatten()
        .filter_map(Output::inlined)
        .map(|inlined| &inlined.inlined_responses)
        .find(|rows| !rows.is_empty());
    Ok(rows.map_or_else(Vec::new, |rows| {
        rows.iter()
            .map(|row| json.slice_ref(row.get().as_bytes()))
            .collect()
    }))
}

/// Whether a job is one of embeddings, by the type of its metadata.
pub(super) fn is_embedding_job(job: &BatchJob) -> bool {
    let kind = parse(&job.record.json)
        .ok()
        .and_then(|operation| operation.metadata?.kind);
    kind.is_some_and(|kind| kind.ends_with("EmbedContentBatch"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &'static str) -> BatchJob {
        job(Bytes::from_static(json.as_bytes())).unwrap()
    }

    #[test]
    fn a_job_is_read_in_full() {
        let job = read(
            r#"{"name":"batches/b1","metadata":{"@type":"x.GenerateContentBatch",
                "model":"models/m","displayName":"nightly","state":"BATCH_STATE_FAILED",
                "createTime":"2026-02-03T04:05:06.123456789Z","updateTime":"not a time",
                "batchStats":{"requestCount":"10","failedRequestCount":4},"priority":"-3",
                "inputConfig":{"fileName":"files/in"},"newField":1},
                "done":true,"error":{"code":8,"message":"no tokens left","details":[{"a":1}]}}"#,
        );
        assert_eq!(job.name(), "batches/b1");
        assert_eq!(job.state(), &JobState::Failed);
        assert_eq!(
            job.create_time().unwrap().timestamp_subsec_nanos(),
            123_456_789
        );
        assert_eq!(job.update_time(), None);
        let stats = job.stats().unwrap();
        assert_eq!((stats.total, stats.failed, stats.pending), (10, 4, 0));
        assert_eq!(job.priority(), Some(-3));
        assert_eq!(job.source(), Some(&JobSource::File("files/in".into())));
        assert_eq!(job.error().unwrap().status(), "RESOURCE_EXHAUSTED");
        assert_eq!(job.error().unwrap().details.len(), 1);
        assert_eq!(job.to_value()["metadata"]["newField"], 1);
    }

    #[test]
    fn an_end_in_an_unknown_state_is_an_end() {
        let job =
            read(r#"{"name":"batches/b","metadata":{"state":"BATCH_STATE_NEW"},"done":true}"#);
        assert!(job.is_terminal());
        assert!(read(r#"{"name":"batches/b"}"#).is_active());
    }

    #[test]
    fn output_is_found_in_either_place_and_counted_once() {
        let output = r#"{"inlinedResponses":{"inlinedResponses":[{"response":{"n":1}}]}}"#;
        for json in [
            format!(r#"{{"name":"b","metadata":{{"output":{output}}},"response":{output}}}"#),
            format!(r#"{{"name":"b","metadata":{{}},"response":{output}}}"#),
            format!(
                r#"{{"name":"b","metadata":{{"output":{{"inlinedResponses":{{}}}}}},"response":{output}}}"#
            ),
        ] {
            let json = Bytes::from(json);
            assert_eq!(
                job(json.clone()).unwrap().destination(),
                Some(&JobDestination::Inline)
            );
            assert_eq!(inlined_rows(&json).unwrap(), [r#"{"response":{"n":1}}"#]);
        }
    }

    #[test]
    fn what_is_no_job_is_an_error() {
        for json in ["", "null", "{}", "<html>", "[]"] {
            assert!(
                job(Bytes::from_static(json.as_bytes())).is_err(),
                "{json:?}"
            );
        }
    }
}
