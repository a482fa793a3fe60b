//! Answering a call: who may, and which API it is for.

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::Response;

use super::error::{StorageError, StorageResult};
use super::received::Received;
use super::route::{Api, Call, Route};
use super::service::Storage;
use super::{json, xml};
use crate::access::Access;

impl Storage {
    pub(crate) async fn serve(
        &self,
        access: &Access,
        route: Route,
        head: &Parts,
        body: Body,
    ) -> Response {
        let api = route.api;
        // All of it is taken in before anything is said, so that a refused client hears why.
        let body = Received::of(body).await;
        let answer = self.answer(access, route, head, body);
        answer.unwrap_or_else(|error| error.into_response(api))
    }

    fn answer(&self, access: &Access, route: Route, head: &Parts, body: Received) -> StorageResult {
        let Route {
            api, call, query, ..
        } = route;
        // Whoever knows the URL of an upload may go on with it.
        if !matches!(call, Call::UploadChunk(_) | Call::CancelUpload) {
            let allowed = access.authorize(&head.headers);
            allowed.map_err(StorageError::refused)?;
        }
        for bucket in call.buckets() {
            let reached = self.buckets.reach(bucket);
            reached.map_err(StorageError::unreachable)?;
        }
        let headers = &head.headers;
        match (api, call) {
            (Api::Xml, Call::GetObject(place) | Call::GetMetadata(place)) => {
                self.read_xml(&place, head, &query)
            }
            (_, Call::GetObject(place)) => self.read_media(&place, head, &query),
            (_, Call::GetMetadata(place)) => self.metadata(&place, &query),
            (_, Call::PutObject(place)) => self.put_xml(&place, headers, body.whole()?),
            (Api::Xml, Call::Copy { from, to, .. }) => self.copy_xml(&from, &to, headers),
            (_, Call::Copy { from, to, rewrite }) => self.copy_json(&from, &to, rewrite, &query),
            (Api::Xml, Call::DeleteObject(place)) => self.delete(&place, xml::condition(headers)?),
            (_, Call::DeleteObject(place)) => self.delete(&place, json::condition(&query)?),
            (Api::Xml, Call::ListObjects(bucket)) => self.list_xml(&bucket, &query),
            (_, Call::ListObjects(bucket)) => self.list_json(&bucket, &query),
            (_, Call::CreateMultipart(place)) => self.create_multipart(&place, headers),
            (_, Call::UploadPart(place)) => {
                self.upload_part(&place, &query, headers, body.whole()?)
            }
            (_, Call::CompleteMultipart(place)) => {
                self.complete_multipart(&place, &query, headers, &body.whole()?)
            }
            (_, Call::AbortMultipart(place)) => self.abort_multipart(&place, &query),
            (_, Call::Insert(bucket)) => self.insert(&bucket, &query, headers, body.whole()?),
            (_, Call::StartUpload(bucket)) => {
                self.start_upload(&bucket, &query, headers, &body.whole()?)
            }
            (_, Call::UploadChunk(_)) => self.continue_upload(&query, headers, body),
            (_, Call::CancelUpload) => self.cancel_upload(&query),
            (Api::Xml, Call::GetBucket(_)) => Ok(Response::new(Body::empty())),
            (_, Call::GetBucket(bucket)) => self.get_bucket(&bucket),
            (_, Call::CreateBucket(Some(bucket))) => {
                self.create_bucket(&bucket, "US", "STANDARD")?;
                Ok(Response::new(Body::empty()))
            }
            (_, Call::CreateBucket(None)) => self.insert_bucket(&body.whole()?),
            (_, Call::DeleteBucket(bucket)) => self.delete_bucket(&bucket),
            (_, Call::ListBuckets) => self.list_buckets(&query),
        }
    }
}
