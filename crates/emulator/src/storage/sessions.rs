//! The resumable uploads of the JSON API.

use std::collections::HashMap;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::RANGE;
use axum::response::Response;
use bytes::BytesMut;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::content::set;
use super::error::{StorageError, StorageResult};
use super::route::Place;
use super::store::{Object, Precondition};
use crate::state::{Growing, Kind, State};

/// The resumable uploads, by id. Those that are done are kept, for callers who ask again.
#[derive(Debug, Default)]
pub(super) struct Sessions(pub(super) Mutex<HashMap<String, Session>>);

#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) created: DateTime<Utc>,
    pub(super) plan: Plan,
    pub(super) received: BytesMut,
    pub(super) done: Option<Object>,
    pub(super) state: State,
    /// What was received, where it is kept.
    pub(super) growing: Growing,
}

/// An upload as it is written down. What was received is in the file of its content.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct SessionRecord {
    pub(super) id: String,
    pub(super) created: DateTime<Utc>,
    pub(super) plan: Plan,
    pub(super) content: Option<String>,
    /// The generation of the object that it made.
    pub(super) done: Option<i64>,
}

/// The object that an upload is going to make.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Plan {
    pub(super) place: Place,
    pub(super) content_type: String,
    pub(super) resource: Value,
    pub(super) condition: Precondition,
}

impl Session {
    /// Stores a chunk that starts at this place; what has arrived before is passed over.
    pub(super) fn take(&mut self, start: usize, chunk: &[u8]) -> StorageResult<()> {
        let known = self.received.len().checked_sub(start).ok_or_else(|| {
            StorageError::invalid(format!(
                "The chunk starts at byte {start}, but only {} have arrived.",
                self.received.len()
            ))
        })?;
        let new = chunk.get(known..).unwrap_or_default();
        self.received.extend_from_slice(new);
        self.growing.append(new);
        Ok(())
    }

    /// Writes down how it stands.
    pub(super) fn note(&self) {
        self.state
            .put(Kind::StorageUpload, &self.id, || SessionRecord {
                id: self.id.clone(),
                created: self.created,
                plan: self.plan.clone(),
                content: self.growing.name(),
                done: self.done.as_ref().map(|object| object.generation),
            });
    }

    pub(super) fn incomplete(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        if let Some(last) = self.received.len().checked_sub(1) {
            set(response.headers_mut(), RANGE, &format!("bytes=0-{last}"));
        }
        response
    }
}
