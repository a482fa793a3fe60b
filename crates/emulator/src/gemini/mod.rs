//! The Gemini Developer API: batches under `models/*:batchGenerateContent` and
//! `models/*:asyncBatchEmbedContent`, and the files they read and write.
//!
//! A call comes in through [`route`], passes [`auth`], and is answered by [`create`], [`batches`],
//! [`upload`], [`files`] or [`download`]. A job is [`life`] (when it does what), [`rows`] (the
//! answers, made once on a thread of their own) and [`output`] (how they are handed out), and
//! [`resource`] writes it down. [`webhook`] reports its end to whom it may concern.

mod auth;
mod batches;
mod create;
mod download;
mod files;
mod job;
mod life;
mod output;
pub(crate) mod paging;
mod resource;
mod route;
mod rows;
mod tokens;
mod upload;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::Value;

pub(crate) use batches::Jobs;
pub(crate) use create::Message;
pub(crate) use files::{Files, StoredFile};
pub(crate) use job::{Job, Kind};
pub(crate) use route::{Call, Route, is_version, split_verb};
pub(crate) use rows::lines;
pub use webhook::WebhookRecord;
pub(crate) use webhook::Webhooks;

use crate::clock::Clock;
use crate::error::{ApiError, ApiResult};
use crate::faults::Faults;
use crate::model::Model;
use crate::server::drain;

/// What a builder may set about the service.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: String,
    pub(crate) api_key: Option<String>,
    pub(crate) job_duration: Duration,
    pub(crate) max_page_size: usize,
    pub(crate) chunk_granularity: u64,
}

/// The service and all it holds.
pub(crate) struct Gemini {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) model: Arc<dyn Model>,
    pub(crate) jobs: Jobs,
    pub(crate) files: Files,
    uploads: upload::Uploads,
    pub(crate) webhooks: Webhooks,
}

impl Gemini {
    pub(crate) fn new(
        settings: Settings,
        clock: Clock,
        faults: Faults,
        model: Arc<dyn Model>,
        webhooks: Webhooks,
    ) -> Self {
        Self {
            settings,
            clock,
            faults,
            model,
            jobs: Jobs::default(),
            files: Files::default(),
            uploads: upload::Uploads::default(),
            webhooks,
        }
    }

    pub(crate) async fn serve(
        self: &Arc<Self>,
        route: Route,
        head: &Parts,
        body: Body,
    ) -> ApiResult<Response> {
        let open = matches!(route.call, Call::Upload { open: true } | Call::WebhookKeys);
        let allowed = auth::check(head, self.settings.api_key.as_deref());
        if let (Err(error), false) = (allowed, open) {
            drain(body).await;
            return Err(error);
        }
        match route.call {
            Call::Create { kind, model } => self.create_batch(kind, model, read(body).await?).await,
            Call::CountTokens => self.count_tokens(&read(body).await?),
            Call::GetBatch(id) => self.get_batch(&id).await,
            Call::ListBatches => self.list_batches(head.uri.query()).await,
            Call::CancelBatch(id) => self.cancel_batch(&id),
            Call::DeleteBatch(id) => self.delete_batch(&id),
            Call::UpdateBatch { kind, id } => {
                let body = read(body).await?;
                self.update_batch(kind, &id, head.uri.query(), &body).await
            }
            Call::Upload { .. } => self.upload(&route.version, head, body).await,
            Call::GetFile(id) => self.get_file(&id),
            Call::ListFiles => self.list_files(head.uri.query()).await,
            Call::DeleteFile(id) => self.delete_file(&id),
            Call::DownloadFile(id) => self.download(&id, head).await,
            Call::WebhookKeys => Ok(self.webhooks.keys()),
        }
    }
}

pub(crate) async fn read(body: Body) -> ApiResult<bytes::Bytes> {
    axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|error| ApiError::invalid_argument(format!("The body broke off: {error}")))
}

pub(crate) fn parse_json(body: &[u8]) -> ApiResult<Value> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::invalid_argument(format!("Invalid JSON payload received. {error}"))
    })
}

/// The decoded value of a query parameter, where it is given and not empty.
pub(crate) fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned()
    };
    query?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| decode(key) == name)
        .map(|(_, value)| decode(value))
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_decoded() {
        let query = Some("pageSize=2&page+Token=x&pageToken=a%2B%20b+c%26%3D&empty=");
        assert_eq!(query_value(query, "pageToken").as_deref(), Some("a+ b c&="));
        assert_eq!(query_value(query, "pageSize").as_deref(), Some("2"));
        assert_eq!(query_value(query, "empty"), None);
        assert_eq!(query_value(None, "pageSize"), None);
    }
}
