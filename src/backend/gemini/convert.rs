//! What the Gemini backend says of a job → [`BatchJob`]. Never sends.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::plain;
use crate::backend::once::{Mark, without_mark};
use crate::error::{Error, Result};
use crate::job::{BatchJob, Details, JobDestination, JobRecord, JobSource, JobStats, Places};
use crate::page::Page;
use crate::raw::Int64;
use crate::scan::Span;
use crate::state::JobState;
use crate::wire;

/// The long-running operation that stands for a job.
#[derive(Deserialize)]
pub(super) struct Operation<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "wire::lenient")]
    done: Option<bool>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
}

impl<'a> Operation<'a> {
    fn metadata(&self) -> Metadata<'a> {
        let raw = self.metadata.map(RawValue::get);
        raw.and_then(|raw| serde_json::from_str(raw).ok())
            .unwrap_or_default()
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metadata<'a> {
    #[serde(rename = "@type", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    display_name: Option<&'a RawValue>,
    #[serde(deserialize_with = "wire::lenient")]
    state: Option<String>,
    #[serde(borrow)]
    create_time: Option<&'a RawValue>,
    #[serde(borrow)]
    end_time: Option<&'a RawValue>,
    #[serde(borrow)]
    update_time: Option<&'a RawValue>,
    #[serde(borrow)]
    batch_stats: Option<&'a RawValue>,
    #[serde(borrow)]
    input_config: Option<&'a RawValue>,
    #[serde(borrow)]
    priority: Option<&'a RawValue>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
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
    #[serde(default, deserialize_with = "wire::lenient")]
    responses_file: Option<String>,
    #[serde(borrow)]
    inlined_responses: Option<&'a RawValue>,
    #[serde(borrow)]
    inlined_embed_content_responses: Option<&'a RawValue>,
}

impl<'a> Output<'a> {
    fn parse(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }

    fn inlined(&self) -> Option<&'a RawValue> {
        self.inlined_responses
            .or(self.inlined_embed_content_responses)
    }

    fn rows(&self) -> Vec<&'a RawValue> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Inlined<'a> {
            #[serde(borrow)]
            inlined_responses: Vec<&'a RawValue>,
        }
        let inlined = self.inlined().map(RawValue::get);
        let inlined: Option<Inlined<'a>> = inlined.and_then(|raw| serde_json::from_str(raw).ok());
        inlined.map_or_else(Vec::new, |inlined| inlined.inlined_responses)
    }

    fn place(&self) -> Option<JobDestination> {
        match &self.responses_file {
            Some(file) => Some(JobDestination::File(file.clone())),
            None => self.inlined().map(|_| JobDestination::Inline),
        }
    }
}

/// The outputs of a job, in either place.
fn outputs<'a>(operation: &Operation<'a>) -> impl Iterator<Item = Output<'a>> {
    [operation.metadata().output, operation.response]
        .into_iter()
        .flatten()
        .filter_map(Output::parse)
}

fn parse(json: &Bytes) -> Result<Operation<'_>> {
    if json.trim_ascii().is_empty() {
        return Err(Error::protocol("the service answered with an empty body"));
    }
    let text = std::str::from_utf8(json)
        .map_err(|e| Error::protocol("the service's answer is not UTF-8").with_source(e))?;
    serde_json::from_str(text).map_err(|e| {
        Error::protocol("the service's answer is no job that this client can read").with_source(e)
    })
}

/// Reads the answer of a create or get, or one element of a list.
pub(crate) fn job(json: Bytes) -> Result<BatchJob> {
    match plain::whole_job(&json) {
        Some(job) => Ok(job),
        None => any_job(json),
    }
}

/// Reads a job of any kind.
pub(super) fn any_job(json: Bytes) -> Result<BatchJob> {
    let operation = parse(&json)?;
    let metadata = operation.metadata();
    let output = outputs(&operation).find_map(|output| output.place());
    let name = operation
        .name
        .ok_or_else(|| Error::protocol("the service's answer has no job name"))?;
    let place = |raw: Option<&RawValue>| {
        let raw = raw.map_or("", RawValue::get);
        let start = raw.as_ptr().addr().saturating_sub(json.as_ptr().addr());
        Span::new(start, start + raw.len()).unwrap_or_default()
    };
    let places = Places {
        display_name: place(metadata.display_name),
        model: place(metadata.model),
        create_time: place(metadata.create_time),
        end_time: place(metadata.end_time),
        update_time: place(metadata.update_time),
        stats: place(metadata.batch_stats),
        input: place(metadata.input_config),
        priority: place(metadata.priority),
        error: place(operation.error),
        ..Places::default()
    };
    Ok(BatchJob::new(JobRecord {
        name: name.into_owned(),
        state: metadata
            .state
            .map_or(JobState::Unspecified, |state| JobState::from_name(&state)),
        done: operation.done.unwrap_or(false),
        details: Details {
            output,
            ..details(&json, &places)
        }
        .into(),
        json: json.clone(),
        unread: None,
    }))
}

/// Reads a page of a list of jobs.
pub(crate) fn page(json: &Bytes) -> Result<Page<BatchJob>> {
    wire::page(json, "operations", plain::job, job)
}

/// Reads the details of a job from where they stand.
pub(super) fn details(json: &[u8], places: &Places) -> Details {
    fn read<T: DeserializeOwned>(json: &[u8], place: Span) -> Option<T> {
        serde_json::from_str(place.of(json)?).ok()
    }
    let input: Option<InputConfig> = read(json, places.input);
    let source = input.and_then(|input| {
        let inline = input.requests.map(|_| JobSource::Inline);
        input.file_name.map(JobSource::File).or(inline)
    });
    let stats: Option<Stats> = read(json, places.stats);
    let stats = stats.map(|stats| JobStats {
        total: Some(stats.request_count.unwrap_or(0)),
        succeeded: stats.successful_request_count.unwrap_or(0),
        failed: stats.failed_request_count.unwrap_or(0),
        pending: Some(stats.pending_request_count.unwrap_or(0)),
    });
    let priority: Option<Int64> = read(json, places.priority);
    let (file, is_inline) = places.results;
    let inline = is_inline.then_some(JobDestination::Inline);
    Details {
        output: read(json, file).map(JobDestination::File).or(inline),
        display_name: read(json, places.display_name).map(without_mark),
        model: read(json, places.model),
        create_time: read(json, places.create_time),
        end_time: read(json, places.end_time),
        update_time: read(json, places.update_time),
        source,
        submitted: stats.and_then(|stats| stats.total),
        stats,
        error: places.error.of(json).and_then(wire::status),
        priority: priority.map(|Int64(priority)| priority),
        ..Details::default()
    }
}

/// The rows of a job that holds its results, counted once.
pub(crate) fn inlined_rows(job: &JobRecord) -> Result<Vec<Bytes>> {
    match plain::inlined_rows(job) {
        Some(rows) => Ok(rows),
        None => any_inlined_rows(&job.json),
    }
}

fn any_inlined_rows(json: &Bytes) -> Result<Vec<Bytes>> {
    let operation = parse(json)?;
    let rows = outputs(&operation)
        .map(|output| output.rows())
        .find(|rows| !rows.is_empty())
        .unwrap_or_default();
    Ok(rows
        .iter()
        .map(|row| json.slice_ref(row.get().as_bytes()))
        .collect())
}

/// Whether a job bears a mark.
pub(super) fn is_marked(job: &BatchJob, mark: &Mark) -> bool {
    let name = job.to_value()["metadata"]["displayName"].take();
    name.as_str().is_some_and(|name| mark.is_on(name))
}

/// Whether a job is one of embeddings, by the type of its metadata.
pub(super) fn is_embedding_job(job: &BatchJob) -> bool {
    let kind = parse(&job.record.json)
        .ok()
        .and_then(|operation| serde_json::from_str(operation.metadata().kind?.get()).ok());
    kind.is_some_and(|kind: String| kind.ends_with("EmbedContentBatch"))
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
        assert_eq!(
            (stats.total, stats.failed, stats.pending),
            (Some(10), 4, Some(0))
        );
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
            assert_eq!(
                inlined_rows(&job(json.clone()).unwrap().record).unwrap(),
                [r#"{"response":{"n":1}}"#]
            );
        }
    }

    #[test]
    fn odd_fields_are_absent_and_stop_nothing() {
        let odd = read(
            r#"{"name":"batches/b","done":null,"metadata":{"model":7,"state":[],"displayName":"d",
                "output":{"inlinedResponses":{"inlinedResponses":null}}},
                "response":{"responsesFile":{}}}"#,
        );
        assert_eq!((odd.model(), odd.display_name()), (None, Some("d")));
        assert_eq!(odd.state(), &JobState::Unspecified);
        assert!(inlined_rows(&odd.record).unwrap().is_empty());
        assert!(read(r#"{"name":"batches/b","metadata":"text"}"#).is_active());
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
