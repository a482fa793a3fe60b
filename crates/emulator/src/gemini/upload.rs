//! The calls of a resumable upload: a start call opens one, chunks fill it in order, a query tells
//! how far it has come, and the chunk that finalizes makes the file.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::resource;
use super::service::Gemini;
use super::stored::{StoredFile, Work, sha256_hash};
use super::uploads::{Stage, Upload, with_status};
use crate::body::{drain, parse_json, read};
use crate::error::{ApiError, ApiResult};
use crate::faults::UploadLie;
use crate::json::field;
use crate::query::query_value;
use crate::sync::lock;
use crate::{ids, reply};

impl Gemini {
    pub(crate) async fn upload(
        &self,
        version: &str,
        head: &Parts,
        body: Body,
    ) -> ApiResult<Response> {
        let headers = &head.headers;
        let command = header(headers, "x-goog-upload-command").unwrap_or_default();
        let commands: Vec<&str> = command.split(',').map(str::trim).collect();
        if commands == ["start"] {
            return self.start_upload(version, headers, &read(body).await?);
        }
        let finalize = match commands[..] {
            ["upload"] => Some(false),
            ["upload", "finalize"] => Some(true),
            _ => None,
        };
        let upload = self.open_upload(head);
        if let (Ok(upload), Some(finalize)) = (&upload, finalize) {
            return self.chunk(upload, headers, body, finalize).await;
        }
        drain(body).await;
        match commands[..] {
            ["query"] => Ok(lock(&*upload?).progress()),
            ["cancel"] => Ok(lock(&*upload?).cancel()),
            ["finalize"] => self.finalize(&*upload?),
            _ => Err(upload.err().unwrap_or_else(|| {
                ApiError::invalid_argument(format!("Unknown upload command: {command:?}"))
            })),
        }
    }

    fn open_upload(&self, head: &Parts) -> ApiResult<Arc<Mutex<Upload>>> {
        query_value(head.uri.query(), "upload_id")
            .and_then(|id| lock(&self.uploads.0).get(&id).cloned())
            .ok_or_else(|| ApiError::not_found("There is no such upload."))
    }

    fn start_upload(&self, version: &str, headers: &HeaderMap, body: &[u8]) -> ApiResult<Response> {
        if header(headers, "x-goog-upload-protocol") != Some("resumable") {
            return Err(ApiError::invalid_argument(
                "Only resumable uploads are served.",
            ));
        }
        let asked = if body.trim_ascii().is_empty() {
            json!({})
        } else {
            parse_json(body)?
        };
        let none = json!({});
        let asked = field(&asked, "file").unwrap_or(&none);
        let text = |name: &str| {
            let text = field(asked, name).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let declared = match header(headers, "x-goog-upload-header-content-length") {
            None => None,
            Some(length) => Some(length.parse().map_err(|_| {
                ApiError::invalid_argument("X-Goog-Upload-Header-Content-Length is not a number.")
            })?),
        };
        let key = ids::upload();
        let upload = Upload {
            key: key.clone(),
            created: self.clock.now(),
            id: self.new_file_id(text("name"))?,
            display_name: text("displayName"),
            mime_type: text("mimeType")
                .or_else(|| header(headers, "x-goog-upload-header-content-type").map(str::to_owned))
                .unwrap_or_else(|| "application/octet-stream".to_owned()),
            declared,
            version: version.to_owned(),
            content: BytesMut::new(),
            digest: Sha256::new(),
            stage: Stage::Active,
            growing: self.state.grow(),
            state: self.state.clone(),
        };
        upload.note();
        let url = format!(
            "{}/upload/{version}/files?upload_id={key}&upload_protocol=resumable",
            self.settings.base_url
        );
        lock(&self.uploads.0).insert(key.clone(), Arc::new(Mutex::new(upload)));
        let mut response = with_status(reply::empty(), "active");
        let granularity = self.settings.chunk_granularity.to_string();
        for (name, value) in [
            ("x-goog-upload-url", url.as_str()),
            ("x-goog-upload-control-url", url.as_str()),
            ("x-goog-upload-chunk-granularity", granularity.as_str()),
            ("x-guploader-uploadid", key.as_str()),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                response
                    .headers_mut()
                    .insert(HeaderName::from_static(name), value);
            }
        }
        Ok(response)
    }

    /// The id of a new file: the one asked for, or a random one.
    fn new_file_id(&self, asked: Option<String>) -> ApiResult<String> {
        let Some(name) = asked else {
            return Ok(ids::file());
        };
        let id = name.strip_prefix("files/").unwrap_or(&name);
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (1..=40).contains(&id.len()) && id.chars().all(allowed);
        if !fits || id.starts_with('-') || id.ends_with('-') {
            return Err(ApiError::bad_field(
                "file.name",
                "The id must be 1 to 40 lowercase letters, digits and dashes, with no dash at either end.",
            ));
        }
        if self.files.exists(id, self.clock.now()) {
            return Err(ApiError::already_exists(format!(
                "The file {id} already exists."
            )));
        }
        Ok(id.to_owned())
    }

    async fn chunk(
        &self,
        upload: &Mutex<Upload>,
        headers: &HeaderMap,
        mut body: Body,
        finalize: bool,
    ) -> ApiResult<Response> {
        let mut offset = header(headers, "x-goog-upload-offset")
            .and_then(|offset| offset.parse::<u64>().ok())
            .ok_or_else(|| ApiError::invalid_argument("X-Goog-Upload-Offset is missing."))?;
        let length =
            header(headers, "content-length").and_then(|length| length.parse::<u64>().ok());
        let checked = self.check_chunk(&lock(upload), offset, length, finalize);
        if let Err(error) = checked {
            drain(body).await;
            return Err(error);
        }
        let mut room = self.faults.take_chunk_cut();
        let interrupted = room.is_some();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                ApiError::invalid_argument(format!("The chunk broke off: {error}"))
            })?;
            let Ok(mut data) = frame.into_data() else {
                continue;
            };
            if let Some(room) = &mut room {
                data.truncate(usize::try_from(*room).unwrap_or(usize::MAX));
                *room -= data.len() as u64;
            }
            let appended = lock(upload).append(offset, &data);
            match appended {
                Ok(end) => offset = end,
                Err(error) => {
                    drain(body).await;
                    return Err(error);
                }
            }
        }
        if interrupted {
            return Err(ApiError::unavailable("The chunk could not be stored."));
        }
        if finalize {
            self.finalize(upload)
        } else {
            Ok(lock(upload).progress())
        }
    }

    fn check_chunk(
        &self,
        upload: &Upload,
        offset: u64,
        length: Option<u64>,
        finalize: bool,
    ) -> ApiResult<()> {
        upload.check_offset(offset)?;
        let granularity = self.settings.chunk_granularity;
        if !finalize && length.is_some_and(|length| length % granularity != 0) {
            return Err(ApiError::invalid_argument(format!(
                "The size of every chunk but the last must be a multiple of {granularity}."
            )));
        }
        Ok(())
    }

    fn finalize(&self, upload: &Mutex<Upload>) -> ApiResult<Response> {
        let mut upload = lock(upload);
        match &upload.stage {
            Stage::Final { .. } => return Ok(upload.progress()),
            Stage::Cancelled => return Err(ApiError::invalid_argument("The upload is over.")),
            Stage::Active => {}
        }
        let size = upload.content.len() as u64;
        if let Some(declared) = upload.declared.filter(|declared| *declared != size) {
            return Err(ApiError::invalid_argument(format!(
                "The upload has {size} bytes, but {declared} were announced."
            )));
        }
        let now = self.clock.now();
        let content = std::mem::take(&mut upload.content).freeze();
        let file = self.files.add(StoredFile {
            id: upload.id.clone(),
            display_name: upload.display_name.clone(),
            mime_type: upload.mime_type.clone(),
            created: now,
            sha256_hash: sha256_hash(std::mem::take(&mut upload.digest)),
            uri: format!(
                "{}/{}/files/{}",
                self.settings.base_url, upload.version, upload.id
            ),
            kept: std::mem::take(&mut upload.growing).whole(&content),
            content,
            generated: false,
            readable: now,
            work: Work::new(self.faults.of_new_file()),
        });
        let mut told = resource::file(&file);
        if let Some(lie) = self.faults.take_upload_lie() {
            tell(&mut told, lie);
        }
        upload.stage = Stage::Final {
            size,
            file: json!({ "file": told }),
        };
        upload.note();
        Ok(upload.progress())
    }
}

/// Makes the resource of a file say what is not true of it.
fn tell(file: &mut Value, lie: UploadLie) {
    match lie {
        UploadLie::Size(size) => file["sizeBytes"] = json!(size.to_string()),
        UploadLie::Hash => {
            file["sha256Hash"] = json!(sha256_hash(Sha256::new_with_prefix(b"another")));
        }
        UploadLie::Name(name) => file["name"] = json!(name),
        UploadLie::Failed(reason) => {
            file["state"] = json!("FAILED");
            file["error"] = json!({ "code": 3, "message": reason });
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.is_empty())
}
