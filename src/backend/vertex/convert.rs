//! What Vertex AI says of a job → [`BatchJob`]. Never sends.

use super::name::JobName;
use crate::backend::mark::without_mark;
use crate::error::{Error, Result};
use crate::job::{BatchJob, Details, JobDestination, JobRecord, JobSource, JobStats, Status};
use crate::name::is_plain_id;
use crate::page::{Page, check_whole};
use crate::platform::Backend;
use crate::raw::vertex::types;
use crate::raw::{Int64, Kept};
use crate::state::JobState;
use crate::wire;

/// The label by which a job is found: the identity of its mark.
pub(super) const MARK_LABEL: &str = "genai-batch-mark";
/// The label that says what a job of the caller's id was made of.
pub(super) const CONTENT_LABEL: &str = "genai-batch-content";

impl TryFrom<Kept<types::BatchPredictionJob>> for BatchJob {
    type Error = Error;

    /// Reads the response of a create or get, or one element of a list.
    fn try_from(kept: Kept<types::BatchPredictionJob>) -> Result<Self> {
        let (json, job, set_aside) = kept.into_parts();
        let is_job = set_aside != ["."];
        let marked = marked(&job);
        let name = job.name.ok_or_else(|| {
            Error::protocol(match is_job {
                true => "the service's response has no job name",
                false => "the service's response is not a job that this client can read",
            })
        })?;
        let state = match job.state {
            Some(state) => JobState::from_name(&state),
            None => wire::number_at(json.as_str(), &["state"])
                .map_or(JobState::Unspecified, JobState::from_vertex_number),
        };
        let stats = job.completion_stats.as_ref().map(stats);
        let labels = job.labels.into_iter().filter(|(name, _)| !is_of_mark(name));
        Ok(Self::new(JobRecord {
            backend: Backend::Vertex,
            name,
            done: false,
            json,
            details: Details {
                display_name: job.display_name.map(without_mark),
                marked,
                model: job.model.or(job.endpoint),
                create_time: job.create_time.map(|time| *time),
                start_time: job.start_time.map(|time| *time),
                end_time: job.end_time.map(|time| *time),
                update_time: job.update_time.map(|time| *time),
                source: job.input_config.and_then(source),
                destination: job.output_config.and_then(destination),
                output: job.output_info.and_then(output),
                submitted: stats
                    .filter(|_| state.is_terminal())
                    .and_then(|stats| stats.total),
                stats,
                error: job.error.map(status),
                partial_failures: job.partial_failures.into_iter().map(status).collect(),
                labels: labels.collect(),
                ..Details::default()
            },
            state,
        }))
    }
}

impl TryFrom<Kept<types::ListBatchPredictionJobsResponse>> for Page<BatchJob> {
    type Error = Error;

    fn try_from(kept: Kept<types::ListBatchPredictionJobsResponse>) -> Result<Self> {
        let (_, page, set_aside) = kept.into_parts();
        check_whole(&set_aside, "batchPredictionJobs")?;
        let jobs = page.batch_prediction_jobs;
        Ok(Page::of(jobs, page.next_page_token, check_name))
    }
}

/// Refuses a job whose name no call can take.
pub(super) fn check_name(job: &BatchJob) -> Result<()> {
    JobName::parse(job.name()).map(drop).map_err(|_| {
        let name = job.name();
        Error::protocol(format!(
            "the service named a job {name:?}, and not `…/batchPredictionJobs/ID`"
        ))
    })
}

/// The texts of a job that may bear its mark.
fn marked(job: &types::BatchPredictionJob) -> Vec<String> {
    let label = |name| job.labels.get(name).map_or("", |value| value);
    let mark = format!("{}{}", label(MARK_LABEL), label(CONTENT_LABEL));
    let others = job.labels.iter().filter(|(name, _)| !is_of_mark(name));
    let others = others.map(|(_, value)| value.clone());
    let texts = others.chain(job.display_name.clone());
    std::iter::once(mark).chain(texts).collect()
}

fn is_of_mark(label: &str) -> bool {
    [MARK_LABEL, CONTENT_LABEL]
        .iter()
        .any(|name| label.eq_ignore_ascii_case(name))
}

fn source(input: types::BatchPredictionJobInputConfig) -> Option<JobSource> {
    let table = input.bigquery_source.and_then(|source| source.input_uri);
    let dataset = input.vertex_multimodal_dataset_source;
    let dataset = dataset.and_then(|source| source.dataset_name);
    input
        .gcs_source
        .filter(|source| !source.uris.is_empty())
        .map(|source| JobSource::CloudStorage(source.uris))
        .or(table.map(JobSource::BigQuery))
        .or(dataset.map(JobSource::Dataset))
}

fn destination(output: types::BatchPredictionJobOutputConfig) -> Option<JobDestination> {
    let uri_of = |destination: types::BigQueryDestination| destination.output_uri;
    let prefix = output.gcs_destination;
    let prefix = prefix.and_then(|destination| destination.output_uri_prefix);
    let dataset = output.vertex_multimodal_dataset_destination;
    prefix
        .map(JobDestination::CloudStorage)
        .or(output
            .bigquery_destination
            .and_then(uri_of)
            .map(JobDestination::BigQuery))
        .or(dataset.map(|destination| JobDestination::Dataset {
            table: destination.bigquery_destination.and_then(uri_of),
            name: destination.display_name,
        }))
}

fn output(info: types::BatchPredictionJobOutputInfo) -> Option<JobDestination> {
    // The dataset may be named with or without its scheme, the table alone or in full.
    let table = info.bigquery_output_table.map(|table| {
        match (table.contains('.'), info.bigquery_output_dataset) {
            (false, Some(dataset)) => format!("{dataset}.{table}"),
            _ => table,
        }
    });
    if let Some(name) = info.vertex_multimodal_dataset_name {
        return Some(JobDestination::Dataset {
            table,
            name: Some(name),
        });
    }
    info.gcs_output_directory
        .map(JobDestination::CloudStorage)
        .or(table.map(JobDestination::BigQuery))
}

/// `-1` stands for a count that the service does not know.
fn stats(stats: &types::CompletionStats) -> JobStats {
    let count = |count: Option<Int64>| u64::try_from(count.map_or(0, |Int64(n)| n)).ok();
    let [succeeded, failed, pending] = [
        stats.successful_count,
        stats.failed_count,
        stats.incomplete_count,
    ]
    .map(count);
    let all = [succeeded, failed, pending].into_iter();
    JobStats {
        total: all.reduce(|sum, n| sum?.checked_add(n?)).flatten(),
        succeeded: succeeded.unwrap_or(0),
        failed: failed.unwrap_or(0),
        pending,
    }
}

fn status(status: types::Status) -> Status {
    Status::new(
        status.code.map(|Int64(code)| code),
        status.message,
        status.details,
    )
}

/// How a delete stands, by its long-running operation.
#[derive(Debug, PartialEq)]
pub(super) enum Deletion {
    Done,
    Failed(Status),
    /// It goes on, under this id.
    Pending(String),
}

impl TryFrom<Kept<types::Operation>> for Deletion {
    type Error = Error;

    fn try_from(kept: Kept<types::Operation>) -> Result<Self> {
        let (_, operation, set_aside) = kept.into_parts();
        if set_aside == ["."] {
            return Err(Error::protocol(
                "the service's response to the delete is not an operation",
            ));
        }
        let name = operation.name.unwrap_or_default();
        Ok(match operation.error {
            Some(error) => Self::Failed(status(error)),
            None if operation.done == Some(true) || name.is_empty() => Self::Done,
            None => Self::Pending(operation_id(&name)?),
        })
    }
}

/// The last part of an operation's name, which goes into the address that is asked.
fn operation_id(name: &str) -> Result<String> {
    let id = name.rsplit('/').next().filter(|id| is_plain_id(id));
    id.map(str::to_owned)
        .ok_or_else(|| Error::protocol(format!("the service named an operation {name:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &'static str) -> BatchJob {
        Kept::<types::BatchPredictionJob>::of(json.into())
            .try_into()
            .unwrap()
    }

    #[test]
    fn a_job_is_read_in_full() {
        let job = read(
            r#"{"name":"projects/p/locations/l/batchPredictionJobs/1","displayName":"d",
                "model":"publishers/google/models/m","state":"JOB_STATE_PARTIALLY_SUCCEEDED",
                "inputConfig":{"instancesFormat":"jsonl","gcsSource":{"uris":["gs://b/in.jsonl"]}},
                "outputConfig":{"gcsDestination":{"outputUriPrefix":"gs://b/out"}},
                "outputInfo":{"gcsOutputDirectory":"gs://b/out/prediction-m-1"},
                "completionStats":{"successfulCount":"98","failedCount":2,"incompleteCount":"-1"},
                "startTime":"2026-01-01T00:00:00Z","labels":{"team":"x"},
                "partialFailures":[{"code":13,"message":"shard 3"}],"newField":[1]}"#,
        );
        let stats = job.stats().unwrap();
        assert_eq!((stats.total, stats.succeeded, stats.failed), (None, 98, 2));
        assert_eq!((stats.pending, job.record.details.submitted), (None, None));
        assert_eq!(
            job.source(),
            Some(&JobSource::CloudStorage(vec!["gs://b/in.jsonl".into()]))
        );
        assert_eq!(
            job.destination(),
            Some(&JobDestination::CloudStorage("gs://b/out".into()))
        );
        let output = JobDestination::CloudStorage("gs://b/out/prediction-m-1".into());
        assert_eq!(job.output(), Some(&output));
        assert_eq!(job.partial_failures()[0].message, "shard 3");
        assert_eq!(job.labels()["team"], "x");
        assert!(job.start_time().is_some() && job.state().has_results());
        assert_eq!(job.to_value()["newField"][0], 1);
        assert_eq!(job.raw().vertex().unwrap().extra["newField"][0], 1);
    }

    #[test]
    fn odd_fields_are_absent_and_stop_nothing() {
        let job = read(
            r#"{"name":"batchPredictionJobs/1","displayName":7,"state":"JOB_STATE_RUNNING",
                "labels":{"a":"b","c":1},"completionStats":{"successfulCount":[],"failedCount":"1"},
                "error":{"code":"9","details":"x"},"partialFailures":[7,{"code":13}]}"#,
        );
        assert_eq!(
            (job.display_name(), job.state()),
            (None, &JobState::Running)
        );
        assert_eq!(job.labels().len(), 1);
        assert_eq!(job.stats().unwrap().failed, 1);
        assert_eq!(job.error().unwrap().status(), "FAILED_PRECONDITION");
        assert_eq!(job.partial_failures().len(), 1);
    }

    #[test]
    fn what_ended_a_job_is_told_by_its_words_too() {
        let job = read(
            r#"{"name":"batchPredictionJobs/1","state":5,"error":{"code":3,"message":
                "RESOURCE_EXHAUSTED error occurred: {\"error\": {\"code\": 429, \"message\": \"quota\"}}"},
                "inputConfig":{"gcsSource":{"uris":"gs://b/in.jsonl"}}}"#,
        );
        assert_eq!(job.state(), &JobState::Failed);
        assert_eq!(job.source(), None);
        let error = job.error().unwrap();
        assert_eq!(error.status(), "RESOURCE_EXHAUSTED");
        assert!(
            error
                .message
                .starts_with("RESOURCE_EXHAUSTED error occurred")
        );
        assert!(Error::ended_without_results(job).is_quota());
    }

    #[test]
    fn a_table_is_named_in_full() {
        for info in [
            r#"{"bigqueryOutputTable":"bq://p.d.t"}"#,
            r#"{"bigqueryOutputDataset":"bq://p.d","bigqueryOutputTable":"t"}"#,
        ] {
            let output = output(serde_json::from_str(info).unwrap());
            assert_eq!(output, Some(JobDestination::BigQuery("bq://p.d.t".into())));
        }
    }

    #[test]
    fn an_operation_is_asked_after_where_operations_are() {
        for (name, id) in [
            ("projects/1/locations/l/operations/7", Some("7")),
            ("projects/1/locations/l/operations/..", None),
            ("projects/1/locations/l/operations/", None),
            ("operations/a?b", None),
        ] {
            assert_eq!(operation_id(name).ok().as_deref(), id, "{name}");
        }
    }

    #[test]
    fn deletes_end_or_fail_or_go_on() {
        let read = |json: &'static str| Deletion::try_from(Kept::of(json.into())).unwrap();
        assert_eq!(read(r#"{"name":"o","done":true}"#), Deletion::Done);
        assert_eq!(read("{}"), Deletion::Done);
        assert_eq!(read(r#"{"name":"o"}"#), Deletion::Pending("o".into()));
        let failed = read(r#"{"name":"o","done":true,"error":{"code":9,"message":"running"}}"#);
        assert!(matches!(failed, Deletion::Failed(status) if status.code == 9));
    }
}
