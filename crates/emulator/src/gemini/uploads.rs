//! The resumable uploads under way, and how far each has come.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::{ApiError, ApiResult};
use crate::reply;
use crate::state::{Growing, Kind, Loading, State};
use crate::sync::lock;

const STATUS: HeaderName = HeaderName::from_static("x-goog-upload-status");
const RECEIVED: HeaderName = HeaderName::from_static("x-goog-upload-size-received");

/// The uploads by their id.
#[derive(Debug, Default)]
pub(super) struct Uploads(pub(super) Mutex<HashMap<String, Arc<Mutex<Upload>>>>);

/// One upload.
#[derive(Debug)]
pub(super) struct Upload {
    /// What its URL says.
    pub(super) key: String,
    pub(super) created: DateTime<Utc>,
    /// The id of the file that it makes.
    pub(super) id: String,
    pub(super) display_name: Option<String>,
    pub(super) mime_type: String,
    /// The size that the start call announced.
    pub(super) declared: Option<u64>,
    pub(super) version: String,
    pub(super) content: BytesMut,
    pub(super) digest: Sha256,
    pub(super) stage: Stage,
    pub(super) state: State,
    /// The content, where it is kept.
    pub(super) growing: Growing,
}

/// How far an upload is in its life.
#[derive(Debug)]
pub(super) enum Stage {
    Active,
    /// With the file it made, which is what finalizing again answers.
    Final {
        size: u64,
        file: Value,
    },
    Cancelled,
}

/// How long an upload is remembered from one process to the next.
const LIFETIME: TimeDelta = TimeDelta::hours(48);

/// An upload as it is written down. What has arrived is in the file of its content.
#[derive(Debug, Deserialize, Serialize)]
struct UploadRecord {
    key: String,
    created: DateTime<Utc>,
    id: String,
    display_name: Option<String>,
    mime_type: String,
    declared: Option<u64>,
    version: String,
    stage: StageRecord,
}

#[derive(Debug, Deserialize, Serialize)]
enum StageRecord {
    Active { content: Option<String> },
    Final { size: u64, file: Value },
    Cancelled,
}

impl Uploads {
    /// Takes in the uploads as they were before. `made` finds the file that was made of a content: the
    /// process may have ended just before it was noted that the upload is over.
    pub(super) fn restore(
        &self,
        loading: &mut Loading,
        state: &State,
        now: DateTime<Utc>,
        made: impl Fn(&str) -> Option<(u64, Value)>,
    ) -> io::Result<()> {
        for record in loading.records::<UploadRecord>(Kind::GeminiUpload)? {
            if now - record.created > LIFETIME {
                state.remove(Kind::GeminiUpload, &record.key);
                continue;
            }
            let (mut growing, mut content) = (Growing::default(), Vec::new());
            let stage = match record.stage {
                StageRecord::Cancelled => Stage::Cancelled,
                StageRecord::Final { size, file } => Stage::Final { size, file },
                StageRecord::Active { content: name } => {
                    let name = name.unwrap_or_default();
                    match made(&name) {
                        Some((size, file)) => Stage::Final { size, file },
                        None => {
                            (growing, content) = loading.growing(&name, None)?;
                            Stage::Active
                        }
                    }
                }
            };
            let upload = Upload {
                key: record.key.clone(),
                created: record.created,
                id: record.id,
                display_name: record.display_name,
                mime_type: record.mime_type,
                declared: record.declared,
                version: record.version,
                digest: Sha256::new_with_prefix(&content),
                content: BytesMut::from(&content[..]),
                stage,
                state: state.clone(),
                growing,
            };
            lock(&self.0).insert(record.key, Arc::new(Mutex::new(upload)));
        }
        Ok(())
    }
}

impl Upload {
    /// Writes down how it stands.
    pub(super) fn note(&self) {
        self.state
            .put(Kind::GeminiUpload, &self.key, || UploadRecord {
                key: self.key.clone(),
                created: self.created,
                id: self.id.clone(),
                display_name: self.display_name.clone(),
                mime_type: self.mime_type.clone(),
                declared: self.declared,
                version: self.version.clone(),
                stage: match &self.stage {
                    Stage::Active => StageRecord::Active {
                        content: self.growing.name(),
                    },
                    Stage::Final { size, file } => StageRecord::Final {
                        size: *size,
                        file: file.clone(),
                    },
                    Stage::Cancelled => StageRecord::Cancelled,
                },
            });
    }

    fn received(&self) -> u64 {
        match &self.stage {
            Stage::Final { size, .. } => *size,
            _ => self.content.len() as u64,
        }
    }

    pub(super) fn check_offset(&self, offset: u64) -> ApiResult<()> {
        if !matches!(self.stage, Stage::Active) {
            return Err(ApiError::invalid_argument("The upload is over."));
        }
        let received = self.received();
        if offset != received {
            return Err(ApiError::invalid_argument(format!(
                "The chunk begins at byte {offset}, but {received} bytes have arrived."
            )));
        }
        Ok(())
    }

    pub(super) fn append(&mut self, offset: u64, data: &Bytes) -> ApiResult<u64> {
        self.check_offset(offset)?;
        let end = offset + data.len() as u64;
        if self.declared.is_some_and(|declared| end > declared) {
            return Err(ApiError::invalid_argument(
                "The upload is larger than announced.",
            ));
        }
        self.digest.update(data);
        self.content.extend_from_slice(data);
        self.growing.append(data);
        Ok(end)
    }

    pub(super) fn cancel(&mut self) -> Response {
        if matches!(self.stage, Stage::Active) {
            self.stage = Stage::Cancelled;
            self.content = BytesMut::new();
            self.note();
            self.growing = Growing::default();
        }
        self.progress()
    }

    /// How far the upload has come; with the file, once it is there.
    pub(super) fn progress(&self) -> Response {
        let (status, response) = match &self.stage {
            Stage::Active => ("active", reply::empty()),
            Stage::Cancelled => ("cancelled", reply::empty()),
            Stage::Final { file, .. } => ("final", reply::json(StatusCode::OK, file)),
        };
        let mut response = with_status(response, status);
        response
            .headers_mut()
            .insert(RECEIVED, HeaderValue::from(self.received()));
        response
    }
}

/// The same response, with the status of an upload.
pub(super) fn with_status(mut response: Response, status: &'static str) -> Response {
    response
        .headers_mut()
        .insert(STATUS, HeaderValue::from_static(status));
    response
}
