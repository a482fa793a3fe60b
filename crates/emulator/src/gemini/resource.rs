//! Jobs and files as the service writes them down: int64 counts as strings, counts of 0 left out,
//! timestamps of nine digits.

use chrono::TimeDelta;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::job::{Job, Output, Status};
use super::kind::Kind;
use super::stored::StoredFile;
use crate::clock::timestamp;
use crate::faults::OutputPlace;

/// How much of a job is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Full,
    /// As in a listing: without inline results.
    Listed,
}

#[derive(Debug, Serialize)]
pub(crate) struct Operation<'a> {
    name: String,
    metadata: Batch<'a>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<OutputMessage<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Batch<'a> {
    #[serde(rename = "@type", skip_serializing_if = "Option::is_none")]
    type_url: Option<&'static str>,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<OutputMessage<'a>>,
    create_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<String>,
    update_time: String,
    batch_stats: BatchStats,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<String>,
    name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(
    clippy::struct_field_names,
    reason = "the names are those of the service"
)]
struct BatchStats {
    #[serde(skip_serializing_if = "Option::is_none")]
    request_count: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    successful_request_count: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_request_count: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_request_count: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputMessage<'a> {
    #[serde(rename = "@type", skip_serializing_if = "Option::is_none")]
    type_url: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inlined_responses: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    responses_file: Option<&'a str>,
}

impl Kind {
    fn batch_type(self) -> &'static str {
        match self {
            Self::GenerateContent => {
                "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch"
            }
            Self::EmbedContent => {
                "type.googleapis.com/google.ai.generativelanguage.v1main.EmbedContentBatch"
            }
        }
    }

    /// The type of an operation's response. Embedding jobs have been seen to name the batch there.
    fn output_type(self) -> &'static str {
        match self {
            Self::GenerateContent => {
                "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatchOutput"
            }
            Self::EmbedContent => self.batch_type(),
        }
    }
}

/// The operation that stands for a job.
pub(crate) fn operation<'a>(job: &'a Job, status: &'a Status, view: View) -> Operation<'a> {
    let place = job.faults.output_place;
    let mut metadata = batch(job, status, view);
    metadata.type_url = Some(job.kind.batch_type());
    if place == OutputPlace::Response {
        metadata.output = None;
    }
    let response = output(status, view, Some(job.kind.output_type()))
        .filter(|_| place != OutputPlace::Metadata);
    Operation {
        name: job.name(),
        metadata,
        done: status.ended.is_some(),
        error: status.error.as_ref().map(|error| error.to_status()),
        response,
    }
}

/// The batch itself.
pub(crate) fn batch<'a>(job: &'a Job, status: &'a Status, view: View) -> Batch<'a> {
    let settings = job.settings();
    // The service notes the end and, a moment later, that it has noted it.
    let updated = status.ended.map(|ended| ended + TimeDelta::nanoseconds(40));
    let updated = updated.map_or(settings.updated, |updated| updated.max(settings.updated));
    let frozen = view == View::Listed && job.faults.freeze_listed_stats;
    let (successful, failed, pending) = if frozen {
        (0, 0, job.request_count)
    } else {
        (
            status.counts.successful,
            status.counts.failed,
            status.pending,
        )
    };
    let count = |count: usize| (count > 0).then(|| count.to_string());
    Batch {
        type_url: None,
        model: &job.model,
        display_name: settings
            .display_name
            .map(|name| job.faults.shown_name.of(&name)),
        input_config: job
            .input_file
            .as_ref()
            .map(|file| json!({ "fileName": file })),
        output: output(status, view, None),
        create_time: timestamp(job.schedule.created),
        end_time: status.ended.map(timestamp),
        update_time: timestamp(updated),
        batch_stats: BatchStats {
            request_count: count(job.request_count),
            successful_request_count: count(successful),
            failed_request_count: count(failed),
            pending_request_count: count(pending),
        },
        state: status.state,
        priority: (settings.priority != 0).then(|| settings.priority.to_string()),
        name: job.name(),
    }
}

fn output<'a>(
    status: &'a Status,
    view: View,
    type_url: Option<&'static str>,
) -> Option<OutputMessage<'a>> {
    let (inlined_responses, responses_file) = match status.output.as_deref()? {
        Output::Inline(_) if view == View::Listed => return None,
        Output::Inline(responses) => (Some(&**responses), None),
        Output::File(name) => (None, Some(name.as_str())),
    };
    Some(OutputMessage {
        type_url,
        inlined_responses,
        responses_file,
    })
}

/// The metadata of a file.
pub(crate) fn file(file: &StoredFile) -> Value {
    let mut json = json!({
        "name": file.name(),
        "mimeType": file.mime_type,
        "sizeBytes": file.content.len().to_string(),
        "createTime": timestamp(file.created),
        "updateTime": timestamp(file.created),
        "expirationTime": timestamp(file.expires()),
        "sha256Hash": file.sha256_hash,
        "uri": file.uri,
        "state": file.work.state(),
        "source": if file.generated { "GENERATED" } else { "UPLOADED" },
    });
    if let Some(display_name) = &file.display_name {
        json["displayName"] = json!(display_name);
    }
    if let Some((code, message)) = file.work.error() {
        json["error"] = json!({ "code": code, "message": message });
    }
    if file.generated {
        json["downloadUri"] = json!(format!("{}:download?alt=media", file.uri));
    }
    json
}
