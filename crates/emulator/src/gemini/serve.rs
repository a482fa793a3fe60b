//! Answering a call: who may, and what it is for.

use std::sync::Arc;

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::Response;

use super::auth::check;
use super::route::{Call, Route};
use super::service::Gemini;
use crate::body::{drain, read};
use crate::error::ApiResult;

impl Gemini {
    pub(crate) async fn serve(
        self: &Arc<Self>,
        route: Route,
        head: &Parts,
        body: Body,
    ) -> ApiResult<Response> {
        let open = matches!(route.call, Call::Upload { open: true } | Call::WebhookKeys);
        let allowed = check(head, self.settings.api_key.as_deref());
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
