//! What our API gives → the shape that the SDK has for it.
//!
//! Two things that the SDK shows have no accessor of ours and are read from the response as it
//! came: the `format` of a source or destination, which follows from its kind, and a count of
//! forecast points, which no job of this crate has. The SDK's `-1` for an unknown count is
//! our `None`.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Timelike, Utc};
use futures_util::TryStreamExt;
use genai_batch::files::File;
use genai_batch::job::{JobDestination, JobSource, JobStats, Status};
use genai_batch::{BatchJob, BatchResult, Client, Outcome};
use serde_json::{Map, Value, json};

/// A job, with its inline rows read through the result stream.
pub(crate) async fn job(client: &Client, job: &BatchJob) -> Value {
    let mut shown = json!({
        "name": job.name(),
        "display_name": job.display_name(),
        "state": job.state().as_str(),
        "model": job.model(),
        "create_time": job.create_time().map(time),
        "start_time": job.start_time().map(time),
        "end_time": job.end_time().map(time),
        "update_time": job.update_time().map(time),
        "error": job.error().map(status),
    });
    let response = job.to_value();
    if let Some(source) = job.source().and_then(source) {
        shown["src"] = source;
        shown["src"]["format"] = response["inputConfig"]["instancesFormat"].clone();
    }
    match job.destination() {
        Some(JobDestination::Inline) => shown["dest"] = inline_rows(client, job).await,
        Some(place) => {
            shown["dest"] = destination(place);
            shown["dest"]["format"] = response["outputConfig"]["predictionsFormat"].clone();
        }
        None => {}
    }
    if let Some(place) = job.output() {
        shown["output_info"] = output_info(place);
    }
    if let Some(counts) = job.stats() {
        let points = &response["completionStats"]["successfulForecastPointCount"];
        shown["completion_stats"] = completion_stats(counts, points);
    }
    shown
}

fn source(source: &JobSource) -> Option<Value> {
    Some(match source {
        JobSource::File(name) => json!({ "file_name": name }),
        JobSource::CloudStorage(uris) => json!({ "gcs_uri": uris }),
        JobSource::BigQuery(uri) => json!({ "bigquery_uri": uri }),
        JobSource::Dataset(name) => json!({ "vertex_dataset_name": name }),
        _ => return None,
    })
}

/// Where the results were asked to go.
fn destination(place: &JobDestination) -> Value {
    match place {
        JobDestination::File(name) => json!({ "file_name": name }),
        JobDestination::CloudStorage(uri) => json!({ "gcs_uri": uri }),
        JobDestination::BigQuery(uri) => json!({ "bigquery_uri": uri }),
        JobDestination::Dataset { table, name } => json!({
            "vertex_dataset": { "bigquery_destination": table, "display_name": name },
        }),
        other => json!({ "unknown": format!("{other:?}") }),
    }
}

/// Where they are.
fn output_info(place: &JobDestination) -> Value {
    match place {
        JobDestination::CloudStorage(directory) => json!({ "gcs_output_directory": directory }),
        JobDestination::BigQuery(table) => json!({ "bigquery_output_table": table }),
        JobDestination::Dataset { table, name } => json!({
            "vertex_multimodal_dataset_name": name,
            "bigquery_output_table": table,
        }),
        // The SDK has these in the destination.
        _ => Value::Null,
    }
}

fn completion_stats(counts: JobStats, points: &Value) -> Value {
    let points: Option<i64> = points.as_str().and_then(|points| points.parse().ok());
    json!({
        "successful_count": counts.succeeded,
        "failed_count": counts.failed,
        "incomplete_count": counts.pending.map_or(json!(-1), Value::from),
        "successful_forecast_point_count": points,
    })
}

async fn inline_rows(client: &Client, job: &BatchJob) -> Value {
    // The rows are in the job, so there is nothing to wait for.
    let results = client.batches().results(job).output_timeout(Duration::ZERO);
    let rows: Result<Vec<BatchResult>, _> = match results.await {
        Ok(results) => results.try_collect().await,
        Err(error) => Err(error),
    };
    match rows {
        Ok(rows) => {
            // The SDK has a list for each kind of row and tells them apart by this.
            let embeds =
                |row: &BatchResult| row.response().is_some_and(|r| r.embedding().is_some());
            let name = if rows.iter().any(embeds) {
                "inlined_embed_content_responses"
            } else {
                "inlined_responses"
            };
            let rows: Vec<Value> = rows.iter().map(row).collect();
            Value::Object(Map::from_iter([(name.to_owned(), rows.into())]))
        }
        Err(error) => json!({ "unreadable": error.to_string() }),
    }
}

fn row(row: &BatchResult) -> Value {
    let mut shown = Map::new();
    match row.outcome() {
        Outcome::Response(response) => {
            shown.insert("response".into(), snake(&response.to_value()));
        }
        Outcome::Error(error) => {
            shown.insert("error".into(), status(error.status()));
        }
        other => {
            shown.insert("outcome".into(), format!("{other:?}").into());
        }
    }
    if let Some(metadata) = row.metadata() {
        shown.insert("metadata".into(), metadata.into());
    }
    shown.into()
}

pub(crate) fn file(file: &File) -> Value {
    json!({
        "name": file.name(),
        "display_name": file.display_name(),
        "mime_type": file.mime_type(),
        "size_bytes": file.size_bytes(),
        "create_time": file.create_time().map(time),
        "expiration_time": file.expiration_time().map(time),
        "update_time": file.update_time().map(time),
        "sha256_hash": file.sha256_hash(),
        "uri": file.uri(),
        "download_uri": file.download_uri(),
        "state": file.state(),
        "source": file.source(),
        "error": file.error().as_ref().map(status),
    })
}

fn status(status: &Status) -> Value {
    json!({ "code": status.code, "message": status.message, "details": status.details() })
}

/// The SDK's times have six fractional digits, or none where they would be zeros.
fn time(time: DateTime<Utc>) -> String {
    let digits = match time.nanosecond() / 1000 {
        0 => SecondsFormat::Secs,
        _ => SecondsFormat::Micros,
    };
    time.to_rfc3339_opts(digits, true)
}

/// A response in the SDK's names: snake case, URL-safe base64, some fields renamed.
fn snake(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let fields = object.iter().map(|(name, value)| {
                let name = match name.as_str() {
                    "citationSources" => "citations".to_owned(),
                    name => snake_name(name),
                };
                let value = snake_field(&name, value);
                (name, value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(list) => list.iter().map(snake).collect(),
        other => other.clone(),
    }
}

fn snake_field(name: &str, value: &Value) -> Value {
    match (name, value) {
        // Names of the caller's own.
        ("args", _) => value.clone(),
        ("data" | "thought_signature", Value::String(bytes)) => {
            bytes.replace('+', "-").replace('/', "_").into()
        }
        // An int64, which JSON writes as a text.
        ("token_count", Value::String(count)) => count
            .parse::<i64>()
            .map_or_else(|_| value.clone(), Value::from),
        _ => snake(value),
    }
}

fn snake_name(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
