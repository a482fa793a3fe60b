//! Jobs and operations as the service writes them down: int64 counts as strings, timestamps of six
//! digits, and fields without a value left out.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::deletion::Deletion;
use super::job::Job;
use super::output::Counts;
use super::status::{Stats, Status};
use crate::model::RowFailure;

/// How much of a job is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Full,
    Listed,
}

/// The job as JSON.
pub(crate) fn job(job: &Job, status: &Status, view: View) -> Value {
    let mut resource = job.new.resource.clone();
    let mut set = |name: &str, value: Value| {
        resource.insert(name.to_owned(), value);
    };
    set("name", job.name().into());
    let name = job.faults.shown_name.of(&job.new.display_name);
    set("displayName", name.into());
    set("state", (*status.state).into());
    set("createTime", timestamp(job.schedule.created).into());
    set("updateTime", timestamp(status.updated).into());
    if let Some(started) = status.started {
        set("startTime", timestamp(started).into());
    }
    if let Some(ended) = status.ended {
        set("endTime", timestamp(ended).into());
    }
    let frozen = view == View::Listed && job.faults.freeze_listed_stats;
    let stats = if frozen && status.stats != Stats::None {
        Stats::Unknown
    } else {
        status.stats
    };
    match stats {
        Stats::None => {}
        Stats::Unknown => set("completionStats", counts(Counts::default(), None)),
        Stats::Known(known) => {
            let unknown = status.ended.is_none();
            let incomplete = (!unknown).then_some(known.incomplete);
            set("completionStats", counts(known, incomplete));
        }
    }
    if let Some(info) = &status.output_info {
        set("outputInfo", info.clone());
    }
    if let Some(error) = &status.error {
        set("error", rpc_status(error));
    }
    if let Some(failure) = &status.partial_failure {
        set("partialFailures", json!([rpc_status(failure)]));
    }
    if job.faults.vertex.hide_labels {
        resource.remove("labels");
    }
    Value::Object(resource)
}

/// `incomplete` is `None` where nobody knows how many are left.
fn counts(counts: Counts, incomplete: Option<usize>) -> Value {
    json!({
        "successfulCount": counts.successful.to_string(),
        "failedCount": counts.failed.to_string(),
        "incompleteCount": incomplete.map_or("-1".to_owned(), |count| count.to_string()),
    })
}

fn rpc_status(failure: &RowFailure) -> Value {
    json!({"code": failure.code, "message": failure.message})
}

/// The operation that stands for a deletion.
pub(crate) fn operation(deletion: &Deletion, version: &str, now: DateTime<Utc>) -> Value {
    let done = now >= deletion.done;
    let updated = if done {
        deletion.done
    } else {
        deletion.created
    };
    let mut operation = json!({
        "name": deletion.name,
        "metadata": {
            "@type": format!(
                "type.googleapis.com/google.cloud.aiplatform.{version}.DeleteOperationMetadata"
            ),
            "genericMetadata": {
                "createTime": timestamp(deletion.created),
                "updateTime": timestamp(updated),
            },
        },
    });
    if done {
        operation["done"] = json!(true);
        match &deletion.error {
            Some(error) => operation["error"] = rpc_status(error),
            None => {
                let empty = json!({"@type": "type.googleapis.com/google.protobuf.Empty"});
                operation["response"] = empty;
            }
        }
    }
    operation
}

fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
