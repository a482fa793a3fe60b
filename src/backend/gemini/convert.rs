//! What the Gemini backend says of a job → [`BatchJob`]. Never sends.

use bytes::Bytes;

use super::name::gemini_job_id;
use crate::backend::mark::without_mark;
use crate::error::{Error, Result};
use crate::job::{BatchJob, Details, JobDestination, JobRecord, JobSource, JobStats, Status};
use crate::page::{Page, check_whole};
use crate::platform::Backend;
use crate::raw::gemini::types;
use crate::raw::{Int64, Json, Kept};
use crate::state::JobState;
use crate::wire;

/// What the type of a job's metadata ends with if the job makes embeddings.
const EMBEDS: &str = "EmbedContentBatch";

impl TryFrom<Kept<types::Operation>> for BatchJob {
    type Error = Error;

    /// Reads the response of a create or get, or one element of a list.
    fn try_from(kept: Kept<types::Operation>) -> Result<Self> {
        let (json, operation, set_aside) = kept.into_parts();
        let is_operation = set_aside != ["."];
        let name = operation.name.ok_or_else(|| {
            Error::protocol(match is_operation {
                true => "the service's response has no job name",
                false => "the service's response is not a job that this client can read",
            })
        })?;
        let batch = operation.metadata.unwrap_or_default();
        let embeds = batch.type_.is_some_and(|kind| kind.ends_with(EMBEDS));
        let stats = batch.batch_stats.map(stats);
        let marked: Vec<_> = batch.display_name.clone().into_iter().collect();
        let display_name = batch.display_name.map(without_mark);
        // The service gives the output twice.
        let (output, inlined) = [batch.output, operation.response]
            .into_iter()
            .flatten()
            .map(output)
            .reduce(|first, second| match first.1.is_empty() {
                true => (first.0.or(second.0), second.1),
                false => first,
            })
            .unwrap_or_default();
        Ok(Self::new(JobRecord {
            backend: Backend::Gemini,
            name,
            state: match batch.state {
                Some(state) => JobState::from_name(&state),
                None => wire::number_at(json.as_str(), &["metadata", "state"])
                    .map_or(JobState::Unspecified, JobState::from_gemini_number),
            },
            done: operation.done.unwrap_or(false),
            json,
            details: Details {
                display_name: display_name.filter(|name| !name.is_empty()),
                marked,
                model: batch.model,
                create_time: batch.create_time.map(|time| *time),
                end_time: batch.end_time.map(|time| *time),
                update_time: batch.update_time.map(|time| *time),
                source: batch.input_config.and_then(source),
                output,
                inlined: inlined.into(),
                submitted: stats.and_then(|stats| stats.total),
                stats,
                error: operation.error.map(status),
                priority: batch.priority.map(|Int64(priority)| priority),
                embeds,
                ..Details::default()
            },
        }))
    }
}

impl TryFrom<Kept<types::ListOperationsResponse>> for Page<BatchJob> {
    type Error = Error;

    fn try_from(kept: Kept<types::ListOperationsResponse>) -> Result<Self> {
        let (_, page, set_aside) = kept.into_parts();
        check_whole(&set_aside, "operations")?;
        let check = |job: &BatchJob| check_name(job);
        Ok(Page::of(page.operations, page.next_page_token, check))
    }
}

/// Refuses a job whose name no call can take.
pub(super) fn check_name(job: &BatchJob) -> Result<()> {
    gemini_job_id(job.name()).map(drop).map_err(|_| {
        let name = job.name();
        Error::protocol(format!(
            "the service named a job {name:?}, and not `batches/ID`"
        ))
    })
}

/// Refuses the record of another job than the one that was asked for.
pub(super) fn check_answer(job: BatchJob, asked: &str) -> Result<BatchJob> {
    match gemini_job_id(job.name()) {
        Ok(id) if id == asked => Ok(job),
        _ => Err(Error::another(&format!("batches/{asked}"), job.name())),
    }
}

/// A count that is absent is 0 (Gemini API documentation, `BatchStats`).
fn stats(stats: types::BatchStats) -> JobStats {
    let count = |count: Option<Int64>| {
        u64::try_from(count.map_or(0, |Int64(count)| count)).unwrap_or_default()
    };
    JobStats {
        total: Some(count(stats.request_count)),
        succeeded: count(stats.successful_request_count),
        failed: count(stats.failed_request_count),
        pending: Some(count(stats.pending_request_count)),
    }
}

fn source(input: types::InputConfig) -> Option<JobSource> {
    let inline = input.requests.map(|_| JobSource::Inline);
    input.file_name.map(JobSource::File).or(inline)
}

/// Where the results are by one of a job's outputs, and those that stand in it.
fn output(output: types::GenerateContentBatchOutput) -> (Option<JobDestination>, Vec<Bytes>) {
    let generated = output.inlined_responses.map(|list| list.inlined_responses);
    let embedded = output.inlined_embed_content_responses;
    let embedded = embedded.map(|list| list.inlined_responses);
    let rows = generated.or(embedded);
    let inline = rows.as_ref().map(|_| JobDestination::Inline);
    let rows = rows.into_iter().flatten().map(Json::into_bytes);
    (
        output.responses_file.map(JobDestination::File).or(inline),
        rows.collect(),
    )
}

fn status(status: types::Status) -> Status {
    Status::new(
        status.code.map(|Int64(code)| code),
        status.message,
        status.details,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(json: &str) -> Result<BatchJob> {
        Kept::<types::Operation>::of(Bytes::copy_from_slice(json.as_bytes())).try_into()
    }

    fn read(json: &str) -> BatchJob {
        job(json).unwrap()
    }

    #[test]
    fn a_state_may_be_a_number() {
        let job = read(
            r#"{"name":"batches/b","metadata":{"state":3,"batchStats":{"requestCount":1e1}}}"#,
        );
        assert_eq!(job.state(), &JobState::Succeeded);
        assert_eq!(job.stats().unwrap().total, Some(10));
        let job = read(r#"{"name":"batches/b","metadata":{"state":[]}}"#);
        assert_eq!(job.state(), &JobState::Unspecified);
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
        assert_eq!(job.error().unwrap().details().len(), 1);
        assert_eq!(job.to_value()["metadata"]["newField"], 1);
        let raw = job.raw();
        let metadata = raw.gemini().unwrap().metadata.as_ref().unwrap();
        assert_eq!(metadata.extra["newField"], 1);
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
        let embedded = output.replacen("inlinedResponses", "inlinedEmbedContentResponses", 1);
        for json in [
            format!(r#"{{"name":"b","metadata":{{"output":{output}}},"response":{output}}}"#),
            format!(r#"{{"name":"b","metadata":{{}},"response":{output}}}"#),
            format!(
                r#"{{"name":"b","metadata":{{"output":{{"inlinedResponses":{{}}}}}},"response":{output}}}"#
            ),
            format!(r#"{{"name":"b","response":{embedded}}}"#),
        ] {
            let job = read(&json);
            assert_eq!(job.destination(), Some(&JobDestination::Inline));
            assert_eq!(*job.record.details.inlined, [r#"{"response":{"n":1}}"#]);
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
        assert!(odd.record.details.inlined.is_empty());
        assert!(read(r#"{"name":"batches/b","metadata":"text"}"#).is_active());
        let code = read(r#"{"name":"b","error":{"code":"8","message":[],"details":{}}}"#);
        assert_eq!(code.error().unwrap().status(), "RESOURCE_EXHAUSTED");
    }

    #[test]
    fn what_is_not_a_job_is_an_error() {
        for json in ["null", "{}", "[]", "7", r#"{"name":"a","name":"b"}"#] {
            assert!(job(json).is_err(), "{json:?}");
        }
    }

    #[test]
    fn junk_on_a_page_is_told_and_costs_no_job() {
        let json = r#"{"operations":[7,{"name":"batches/a"},{},null,{"name":"batches/../x"},
            {"name":"batches/b","name":"batches/c"},{"name":"other/d"},{"name":"batches/e"}]}"#;
        let kept = Kept::<types::ListOperationsResponse>::of(Bytes::from_static(json.as_bytes()));
        let page = Page::<BatchJob>::try_from(kept).unwrap();
        let names: Vec<_> = page.items.iter().map(BatchJob::name).collect();
        assert_eq!(names, ["batches/a", "batches/e"]);
        let places = page.unreadable.iter().map(|told| &told[..9]);
        assert!(places.eq([1, 3, 4, 5, 6, 7].map(|n| format!("element {n}"))));
        assert!(page.unreadable[3].contains("batches/../x"));
    }

    #[test]
    fn a_job_shows_no_mark() {
        let mark = "gbm0123456789abcdef01234567";
        for (shown, name) in [
            (format!("{mark} nightly"), Some("nightly")),
            (format!("nightly {}", mark.to_uppercase()), Some("nightly")),
            (mark.to_owned(), None),
        ] {
            let job = read(&format!(
                r#"{{"name":"batches/b","metadata":{{"displayName":"{shown}"}}}}"#
            ));
            assert_eq!(job.display_name(), name);
            assert!(job.json().contains(&shown) && !format!("{job:?}").contains(mark));
        }
    }

    #[test]
    fn the_record_of_another_job_is_refused() {
        let answered = |name: &str| {
            let job = read(&format!(r#"{{"name":"{name}"}}"#));
            check_answer(job, "a")
        };
        assert!(answered("batches/a").is_ok());
        for other in ["batches/b", "a", "batches/A", "batches/a/b", "x/batches/a"] {
            let error = answered(other).unwrap_err();
            assert!(error.is_protocol(), "{error}");
            let told = error.to_string();
            assert!(told.contains("batches/a") && told.contains(other), "{told}");
        }
    }

    #[test]
    fn a_page_has_its_jobs_or_is_an_error() {
        let page = |json: &'static str| -> Result<Page<BatchJob>> {
            Kept::<types::ListOperationsResponse>::of(Bytes::from_static(json.as_bytes()))
                .try_into()
        };
        let read = page(
            r#"{"operations":[{"name":"batches/a"},{"name":"batches/b"}],"nextPageToken":"t"}"#,
        );
        let read = read.unwrap();
        assert_eq!(read.items[1].name(), "batches/b");
        assert_eq!(read.next_page_token.as_deref(), Some("t"));
        let empty = page(r#"{"nextPageToken":"","unreachable":7}"#).unwrap();
        assert!(empty.items.is_empty() && empty.next_page_token.is_none());
        for odd in [
            r#"{"operations":[{"name":"a"}],"nextPageToken":7}"#,
            r#"{"operations":{"name":"a"}}"#,
            "[]",
        ] {
            assert!(page(odd).is_err(), "{odd}");
        }
    }
}
