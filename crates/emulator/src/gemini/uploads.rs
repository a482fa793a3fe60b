//! The resumable uploads under way, and how far each has come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::{ApiError, ApiResult};
use crate::reply;

const STATUS: HeaderName = HeaderName::from_static("x-goog-upload-status");
const RECEIVED: HeaderName = HeaderName::from_static("x-goog-upload-size-received");

/// The uploads by their id.
#[derive(Debug, Default)]
pub(super) struct Uploads(pub(super) Mutex<HashMap<String, Arc<Mutex<Upload>>>>);

/// One upload.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) id: String,
    pub(super) display_name: Option<String>,
    pub(super) mime_type: String,
    /// The size that the start call announced.
    pub(super) declared: Option<u64>,
    pub(super) version: String,
    pub(super) content: BytesMut,
    pub(super) digest: Sha256,
    pub(super) stage: Stage,
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

impl Upload {
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
        Ok(end)
    }

    pub(super) fn cancel(&mut self) -> Response {
        if matches!(self.stage, Stage::Active) {
            self.stage = Stage::Cancelled;
            self.content = BytesMut::new();
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
