//! What a webhook says.

use serde_json::{Value, json};

use crate::clock::timestamp;
use crate::gemini::job::{Job, Output, Status};

/// The addresses of a `webhookConfig`.
pub(crate) fn addresses(config: Option<&Value>) -> Vec<String> {
    let uris = config.and_then(|config| config["uris"].as_array());
    let texts = uris.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

/// What became of a job that has ended.
pub(crate) fn event(job: &Job, status: &Status) -> Value {
    let kind = match status.state {
        "BATCH_STATE_SUCCEEDED" => "batch.succeeded",
        "BATCH_STATE_CANCELLED" => "batch.cancelled",
        "BATCH_STATE_EXPIRED" => "batch.expired",
        _ => "batch.failed",
    };
    let mut data = json!({ "id": job.name() });
    if let Some(Output::File(name)) = status.output.as_deref() {
        data["output_file_uri"] = json!(name);
    }
    if let ("batch.failed", Some(error)) = (kind, &status.error) {
        data["error_code"] = json!(error.code);
        data["error_message"] = json!(error.message);
    }
    let mut event = json!({
        "type": kind,
        "version": "v1",
        "timestamp": status.ended.map(timestamp),
        "data": data,
    });
    let config = job.webhook_config.as_ref();
    let metadata = config.and_then(|c| c.get("userMetadata").or_else(|| c.get("user_metadata")));
    if let Some(metadata) = metadata {
        event["user_metadata"] = metadata.clone();
    }
    event
}
