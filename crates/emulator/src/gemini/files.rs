//! The files that there are, uploaded and generated, and the calls that read, list and delete them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::paging::PageRequest;
use super::{Gemini, resource};
use crate::clock::later;
use crate::error::{ApiError, ApiResult};
use crate::reply;
use crate::sync::lock;

const DEFAULT_PAGE: usize = 10;
const MAX_PAGE: usize = 100;
const LONGEST_ID: usize = 40;
const LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);

/// A file and its content.
#[derive(Debug)]
pub(crate) struct StoredFile {
    pub(crate) id: String,
    pub(crate) display_name: Option<String>,
    pub(crate) mime_type: String,
    pub(crate) created: DateTime<Utc>,
    /// In Base64, as the service gives it: of the hexadecimal digits, not of the bytes they stand for.
    pub(crate) sha256_hash: String,
    pub(crate) uri: String,
    pub(crate) content: Bytes,
    /// Written by a job; only such files may be downloaded.
    pub(crate) generated: bool,
    /// From when on it can be downloaded.
    pub(crate) readable: DateTime<Utc>,
}

impl StoredFile {
    /// The result file of a job.
    pub(crate) fn generated(
        id: String,
        content: Bytes,
        created: DateTime<Utc>,
        readable: DateTime<Utc>,
        uri_prefix: &str,
    ) -> Self {
        Self {
            uri: format!("{uri_prefix}{id}"),
            id,
            display_name: None,
            mime_type: "application/octet-stream".to_owned(),
            created,
            sha256_hash: sha256_hash(Sha256::new_with_prefix(&content)),
            content,
            generated: true,
            readable,
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("files/{}", self.id)
    }

    pub(crate) fn expires(&self) -> DateTime<Utc> {
        later(self.created, LIFETIME)
    }
}

pub(crate) fn sha256_hash(digest: Sha256) -> String {
    let hex = digest
        .finalize()
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
    base64::engine::general_purpose::STANDARD.encode(hex)
}

/// The files by id.
#[derive(Debug, Default)]
pub(crate) struct Files {
    files: Mutex<HashMap<String, (u64, Arc<StoredFile>)>>,
    serial: AtomicU64,
}

impl Files {
    pub(crate) fn add(&self, file: StoredFile) -> Arc<StoredFile> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        let file = Arc::new(file);
        lock(&self.files).insert(file.id.clone(), (serial, Arc::clone(&file)));
        file
    }

    /// A file that exists and has not expired; the service tells no difference between the others.
    pub(crate) fn get(&self, id: &str, now: DateTime<Utc>) -> ApiResult<Arc<StoredFile>> {
        let file = lock(&self.files).get(id).map(|(_, file)| Arc::clone(file));
        file.filter(|file| now < file.expires()).ok_or_else(|| {
            ApiError::permission_denied(format!(
                "You do not have permission to access the File {id} or it may not exist."
            ))
        })
    }

    pub(crate) fn exists(&self, id: &str, now: DateTime<Utc>) -> bool {
        self.get(id, now).is_ok()
    }

    /// All files that have not expired, the newest first, with their serial numbers.
    pub(crate) fn all(&self, now: DateTime<Utc>) -> Vec<(u64, Arc<StoredFile>)> {
        let alive = |(_, file): &&(u64, Arc<StoredFile>)| now < file.expires();
        let mut files: Vec<_> = lock(&self.files).values().filter(alive).cloned().collect();
        files.sort_unstable_by_key(|(serial, _)| std::cmp::Reverse(*serial));
        files
    }

    fn remove(&self, id: &str) {
        lock(&self.files).remove(id);
    }
}

impl Gemini {
    /// The metadata of a file. Ids longer than the service allows are refused, although it makes
    /// such ids itself for result files.
    pub(crate) fn get_file(&self, id: &str) -> ApiResult<Response> {
        if id.chars().count() > LONGEST_ID {
            return Err(ApiError::bad_field(
                "GetFileRequest.name",
                &format!("The id may have at most {LONGEST_ID} characters."),
            ));
        }
        let file = self.files.get(id, self.clock.now())?;
        Ok(reply::json(StatusCode::OK, &resource::file(&file)))
    }

    pub(crate) async fn list_files(self: &Arc<Self>, query: Option<&str>) -> ApiResult<Response> {
        for job in self.jobs.all() {
            self.settle(&job).await?;
        }
        let most = MAX_PAGE.min(self.settings.max_page_size);
        let page = PageRequest::of(query, DEFAULT_PAGE, most)?;
        let files = self.files.all(self.clock.now());
        let page = page.select(files, |(serial, _)| *serial, self.faults.of_pages());
        let files: Vec<_> = page
            .items
            .iter()
            .map(|(_, file)| resource::file(file))
            .collect();
        Ok(page.reply("files", &files))
    }

    pub(crate) fn delete_file(&self, id: &str) -> ApiResult<Response> {
        self.files.get(id, self.clock.now())?;
        self.files.remove(id);
        Ok(reply::empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_base64_of_hexadecimal_digits() {
        let hash = sha256_hash(Sha256::new_with_prefix(b""));
        let hex = base64::engine::general_purpose::STANDARD
            .decode(hash)
            .unwrap();
        assert!(hex.starts_with(b"e3b0c44298fc1c14"));
        assert_eq!(hex.len(), 64);
    }
}
