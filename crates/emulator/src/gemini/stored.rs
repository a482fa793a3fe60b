//! The files that there are, uploaded and generated.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::later;
use crate::error::{ApiError, ApiResult};
use crate::faults::FileFaults;
use crate::state::{Kept, KeptAt, Kind, Loading, State};
use crate::sync::lock;

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
    /// The content, where it is kept.
    pub(crate) kept: Kept,
    /// Written by a job; only such files may be downloaded.
    pub(crate) generated: bool,
    /// From when on it can be downloaded.
    pub(crate) readable: DateTime<Utc>,
    /// What the service makes of it.
    pub(crate) work: Work,
}

/// The service's work on a file.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// How many looks at it are left before it is done.
    looks: AtomicUsize,
    failure: Option<(i32, String)>,
}

impl Work {
    pub(crate) fn new(faults: FileFaults) -> Self {
        Self {
            looks: AtomicUsize::new(faults.looks),
            failure: faults.failure,
        }
    }

    pub(crate) fn state(&self) -> &'static str {
        match (self.looks.load(Ordering::Relaxed), &self.failure) {
            (0, None) => "ACTIVE",
            (0, Some(_)) => "FAILED",
            _ => "PROCESSING",
        }
    }

    /// The error that it ended with.
    pub(crate) fn error(&self) -> Option<&(i32, String)> {
        self.failure.as_ref().filter(|_| self.state() == "FAILED")
    }

    fn look(&self) {
        let one_less = |left: usize| left.checked_sub(1);
        let relaxed = Ordering::Relaxed;
        // At 0 there is nothing left to count.
        let _ = self.looks.fetch_update(relaxed, relaxed, one_less);
    }
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
            kept: Kept::default(),
            generated: true,
            readable,
            work: Work::default(),
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("files/{}", self.id)
    }

    /// Notes that somebody was told how it stands.
    pub(crate) fn looked_at(&self) {
        self.work.look();
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
#[derive(Debug)]
pub(crate) struct Files {
    files: Mutex<HashMap<String, (u64, Arc<StoredFile>)>>,
    serial: AtomicU64,
    state: State,
}

/// A file as it is written down.
#[derive(Debug, Deserialize, Serialize)]
struct FileRecord {
    serial: u64,
    id: String,
    display_name: Option<String>,
    mime_type: String,
    created: DateTime<Utc>,
    sha256_hash: String,
    /// The path of its URI: the next process may listen elsewhere.
    path: String,
    content: Option<KeptAt>,
    generated: bool,
    readable: DateTime<Utc>,
    looks: usize,
    failure: Option<(i32, String)>,
}

impl Files {
    pub(crate) fn new(state: State) -> Self {
        Self {
            files: Mutex::default(),
            serial: AtomicU64::default(),
            state,
        }
    }

    pub(crate) fn add(&self, mut file: StoredFile) -> Arc<StoredFile> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed) + 1;
        if file.kept.is_none() {
            file.kept = self.state.keep(&file.content);
        }
        let file = Arc::new(file);
        let mut files = lock(&self.files);
        self.state.put(Kind::GeminiFile, &file.id, || FileRecord {
            serial,
            id: file.id.clone(),
            display_name: file.display_name.clone(),
            mime_type: file.mime_type.clone(),
            created: file.created,
            sha256_hash: file.sha256_hash.clone(),
            path: file.uri.split('/').skip(3).collect::<Vec<_>>().join("/"),
            content: file.kept.at(),
            generated: file.generated,
            readable: file.readable,
            looks: file.work.looks.load(Ordering::Relaxed),
            failure: file.work.failure.clone(),
        });
        files.insert(file.id.clone(), (serial, Arc::clone(&file)));
        file
    }

    /// Takes in the files as they were before.
    pub(super) fn restore(&self, loading: &mut Loading, base_url: &str) -> io::Result<()> {
        for record in loading.records::<FileRecord>(Kind::GeminiFile)? {
            let (kept, content) = match &record.content {
                Some(at) => loading.content(at)?,
                None => Default::default(),
            };
            let file = StoredFile {
                uri: format!("{base_url}/{}", record.path),
                id: record.id,
                display_name: record.display_name,
                mime_type: record.mime_type,
                created: record.created,
                sha256_hash: record.sha256_hash,
                content,
                kept,
                generated: record.generated,
                readable: record.readable,
                work: Work {
                    looks: AtomicUsize::new(record.looks),
                    failure: record.failure,
                },
            };
            self.serial.fetch_max(record.serial, Ordering::Relaxed);
            lock(&self.files).insert(file.id.clone(), (record.serial, Arc::new(file)));
        }
        Ok(())
    }

    /// Forgets the files that have expired.
    pub(super) fn forget_expired(&self, now: DateTime<Utc>) {
        lock(&self.files).retain(|id, (_, file)| {
            let lives = now < file.expires();
            if !lives {
                self.state.remove(Kind::GeminiFile, id);
            }
            lives
        });
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

    /// Puts other contents in the place of a file's, as if it had been made anew.
    pub(crate) fn replace(&self, id: &str, content: Bytes, now: DateTime<Utc>) -> ApiResult<()> {
        let file = self.get(id, now)?;
        let prefix = file.uri.strip_suffix(id).unwrap_or_default();
        let mut new = StoredFile::generated(id.to_owned(), content, now, file.readable, prefix);
        new.generated = file.generated;
        self.add(new);
        Ok(())
    }

    pub(super) fn remove(&self, id: &str) {
        let mut files = lock(&self.files);
        self.state.remove(Kind::GeminiFile, id);
        files.remove(id);
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
