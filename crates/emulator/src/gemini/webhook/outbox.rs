//! Sending webhooks, and a record of those that were sent.

use std::io;
use std::sync::Mutex;

use axum::http::StatusCode;
use axum::response::Response;
use chrono::Utc;
use serde_json::Value;

use super::send;
use super::sign::Signer;
use crate::gemini::job::Job;
use crate::reply;
use crate::sync::lock;

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
    pub(crate) async fn post(&self, job: &Job, id: &str, event: &Value, uri: &str) {
        let faults = job.faults.webhook;
        // The time is the real one, by which receivers judge it.
        let now = Utc::now().timestamp() - if faults.stale { DAY } else { 0 };
        let body = event.to_string();
        let headers = self.signer.sign(id, now, uri, event, faults.forged);
        for _ in 0..if faults.doubled { 2 } else { 1 } {
            let status = send::post(uri, &headers, &body).await;
            if let Err(error) = &status {
                eprintln!(
                    "genai-batch-emulator: the webhook of {} did not reach {uri}: {error}",
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
