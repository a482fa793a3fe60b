//! Cloud Storage: objects in buckets, under the XML API and the JSON API.
//!
//! A call comes in through [`route`] and is answered in [`xml`] or [`json`]; [`content`] and
//! [`listing`] are the same for both. Everything is in the [`store`], which the other services of
//! the emulator share. Calls that go wrong end in an [`error`], written as the API has it.

mod checksum;
mod content;
mod error;
mod json;
mod listing;
mod route;
mod store;
mod xml;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::{Bytes, BytesMut};

pub(crate) use route::Route;
pub(crate) use store::{Buckets, Object, Unreachable};

use crate::access::Access;
use crate::faults::Faults;
use error::{StorageError, StorageResult};
use route::{Api, Call, Place};
use store::{NewObject, Precondition};

/// What a builder may set about the service.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: String,
    pub(crate) max_page_size: usize,
    pub(crate) min_part_size: usize,
    pub(crate) chunk_granularity: u64,
}

/// The service and all it holds.
pub(crate) struct Storage {
    settings: Settings,
    buckets: Buckets,
    faults: Faults,
    multiparts: xml::Multiparts,
    sessions: json::Sessions,
}

impl Storage {
    pub(crate) fn new(settings: Settings, buckets: Buckets, faults: Faults) -> Self {
        Self {
            settings,
            buckets,
            faults,
            multiparts: xml::Multiparts::default(),
            sessions: json::Sessions::default(),
        }
    }

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

    /// The object, of the generation asked for where one is.
    fn find(&self, place: &Place, generation: Option<i64>) -> StorageResult<Object> {
        self.buckets
            .get(&place.bucket, &place.object)
            .filter(|object| generation.is_none_or(|wanted| wanted == object.generation))
            .ok_or_else(|| StorageError::no_such_object(place))
    }

    fn write(
        &self,
        place: &Place,
        new: NewObject,
        condition: Precondition,
    ) -> StorageResult<Object> {
        self.buckets
            .put_if(&place.bucket, &place.object, new, condition)
            .ok_or_else(StorageError::condition_not_met)
    }

    fn copy(&self, from: &Place, to: &Place, condition: Precondition) -> StorageResult<Object> {
        let source = self.find(from, None)?;
        self.buckets
            .copy(&source, &to.bucket, &to.object, condition)
            .ok_or_else(StorageError::condition_not_met)
    }

    fn delete(&self, place: &Place, condition: Precondition) -> StorageResult {
        let object = self.find(place, None)?;
        if !condition.holds(Some(&object)) {
            return Err(StorageError::condition_not_met());
        }
        if !self.buckets.delete(&place.bucket, &place.object) {
            return Err(StorageError::no_such_object(place));
        }
        Ok(no_content())
    }

    fn create_bucket(&self, bucket: &str, location: &str, class: &str) -> StorageResult<()> {
        self.faults.find_bucket(bucket);
        let reached = self.buckets.reach(bucket);
        reached.map_err(StorageError::unreachable)?;
        self.buckets
            .create_bucket(bucket, location, class)
            .then_some(())
            .ok_or_else(StorageError::bucket_taken)
    }

    fn delete_bucket(&self, bucket: &str) -> StorageResult {
        if self.buckets.delete_bucket(bucket) {
            Ok(no_content())
        } else {
            Err(StorageError::bucket_not_empty())
        }
    }
}

fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A body as far as it came.
#[derive(Debug)]
struct Received {
    bytes: Bytes,
    broke_off: Option<String>,
}

impl Received {
    async fn of(mut body: Body) -> Self {
        use http_body_util::BodyExt as _;
        let (mut bytes, mut broke_off) = (BytesMut::new(), None);
        while let Some(frame) = body.frame().await {
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(data)) => bytes.extend_from_slice(&data),
                Ok(Err(_)) => {}
                Err(error) => {
                    broke_off = Some(error.to_string());
                    break;
                }
            }
        }
        Self {
            bytes: bytes.freeze(),
            broke_off,
        }
    }

    fn whole(self) -> StorageResult<Bytes> {
        match self.broke_off {
            None => Ok(self.bytes),
            Some(error) => Err(StorageError::invalid(format!(
                "The body broke off: {error}"
            ))),
        }
    }
}

/// Checks content against the checksums that a caller gave, in Base64.
fn check_hashes(content: &[u8], md5: Option<&str>, crc32c: Option<&str>) -> StorageResult<()> {
    if let Some(given) = md5 {
        let computed = checksum::base64(&checksum::md5(content));
        if given != computed {
            return Err(StorageError::bad_digest(format!(
                "Provided MD5 hash \"{given}\" doesn't match calculated MD5 hash \"{computed}\"."
            )));
        }
    }
    if let Some(given) = crc32c {
        let computed = checksum::base64_of_crc32c(checksum::crc32c(content));
        if given != computed {
            return Err(StorageError::bad_digest(format!(
                "Provided CRC32C \"{given}\" doesn't match calculated CRC32C \"{computed}\"."
            )));
        }
    }
    Ok(())
}

/// The checksum of this name in the `x-goog-hash` headers.
fn goog_hash<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all("x-goog-hash")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|hash| hash.trim().strip_prefix(name)?.strip_prefix('='))
}
