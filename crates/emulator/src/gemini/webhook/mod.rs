//! Webhooks: once a job has ended, what became of it goes to the addresses of its `webhookConfig`,
//! signed by [`sign`] and posted by [`send`].
//!
//! Where the service's documentation is silent, this does the likely: the id is the job's name,
//! `user_metadata` stands beside `data`, the token of a dynamic signature states the whole event,
//! and its audience is the address that it goes to.

mod send;
mod sign;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use chrono::Utc;
use serde_json::{Value, json};

use self::sign::Signer;
use super::job::{Output, Status};
use super::{Gemini, Job};
use crate::clock::timestamp;
use crate::ids;
use crate::reply;
use crate::sync::lock;

/// How often, in real time, a job that somebody wants to hear of is looked at.
const LOOK: Duration = Duration::from_millis(10);
const DAY: i64 = 24 * 60 * 60;

/// A webhook that was due.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookRecord {
    /// The id of the delivery, which two of the same event share.
    pub id: String,
    /// Where it was to go.
    pub uri: String,
    /// The status that came back; `None` where none did, because nobody was there or because the
    /// address is not on this machine, where nothing is sent to.
    pub status: Option<u16>,
}

/// What signs webhooks, and those that were sent.
#[derive(Debug)]
pub(crate) struct Webhooks {
    signer: Signer,
    sent: Mutex<Vec<WebhookRecord>>,
}

impl Webhooks {
    pub(crate) fn new(base_url: &str, secrets: &[String]) -> io::Result<Self> {
        Ok(Self {
            signer: Signer::new(base_url, secrets)?,
            sent: Mutex::default(),
        })
    }

    pub(crate) fn all(&self) -> Vec<WebhookRecord> {
        lock(&self.sent).clone()
    }

    /// The public keys of dynamic signatures.
    pub(crate) fn keys(&self) -> Response {
        reply::json(StatusCode::OK, &self.signer.key_set())
    }

    /// Posts an event to one address.
    async fn post(&self, job: &Job, id: &str, event: &Value, uri: &str) {
        let faults = job.faults.webhook;
        // The time is the real one, by which receivers judge it.
        let now = Utc::now().timestamp() - if faults.stale { DAY } else { 0 };
        let body = event.to_string();
        let headers = self.signer.sign(id, now, uri, event, faults.forged);
        for _ in 0..if faults.doubled { 2 } else { 1 } {
            let status = send::post(uri, &headers, &body).await;
            if let Err(error) = &status {
                eprintln!(
                    "genai-batch-emulator: no webhook for {} to {uri}: {error}",
                    job.name()
                );
            }
            lock(&self.sent).push(WebhookRecord {
                id: id.to_owned(),
                uri: uri.to_owned(),
                status: status.ok(),
            });
        }
    }
}

impl Gemini {
    /// Lets those who asked for it hear of the end of a job.
    pub(super) fn report_end_of(self: &Arc<Self>, job: &Arc<Job>) {
        let uris = addresses(job.webhook_config.as_ref());
        if uris.is_empty() || job.faults.webhook.lost {
            return;
        }
        let (gemini, job) = (Arc::clone(self), Arc::clone(job));
        tokio::spawn(async move {
            let Some(status) = gemini.end_of(&job).await else {
                return;
            };
            let id = format!("msg_{}", ids::batch());
            let event = event(&job, &status);
            for uri in uris {
                gemini.webhooks.post(&job, &id, &event, &uri).await;
            }
        });
    }

    /// The status of a job once it has ended; `None` for one that was deleted.
    async fn end_of(self: &Arc<Self>, job: &Arc<Job>) -> Option<Status> {
        loop {
            self.jobs.get(&job.id)?;
            self.settle(job).await.ok()?;
            let status = job.status(self.clock.now());
            if status.ended.is_some() {
                return Some(status);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn addresses(config: Option<&Value>) -> Vec<String> {
    let uris = config.and_then(|config| config["uris"].as_array());
    let texts = uris.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

fn event(job: &Job, status: &Status) -> Value {
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
