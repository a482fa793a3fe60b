//! The folder: its lock, its version, and a record for each thing.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::record::{damaged, read_record, write_record};

/// The version of what is written.
const FORMAT: u32 = 1;
/// What the emulator is about: in the first and the last of these, what is let go of stays.
const LOADING: u8 = 0;
const SERVING: u8 = 1;
const CLOSED: u8 = 2;
const LOCK: &str = "lock";
const HEAD: &str = "emulator.json";
const NEW: &str = "new";
pub(super) const CONTENTS: &str = "contents";

/// What there are records of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Clock,
    GeminiJob,
    GeminiFile,
    GeminiUpload,
    VertexJob,
    VertexDeletion,
    VertexDataset,
    Bucket,
    Object,
    StorageUpload,
    Multipart,
    Part,
    Dataset,
    Table,
}

impl Kind {
    const ALL: [Self; 14] = [
        Self::Clock,
        Self::GeminiJob,
        Self::GeminiFile,
        Self::GeminiUpload,
        Self::VertexJob,
        Self::VertexDeletion,
        Self::VertexDataset,
        Self::Bucket,
        Self::Object,
        Self::StorageUpload,
        Self::Multipart,
        Self::Part,
        Self::Dataset,
        Self::Table,
    ];

    /// The folder of its records.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::GeminiJob => "gemini-jobs",
            Self::GeminiFile => "gemini-files",
            Self::GeminiUpload => "gemini-uploads",
            Self::VertexJob => "vertex-jobs",
            Self::VertexDeletion => "vertex-deletions",
            Self::VertexDataset => "vertex-datasets",
            Self::Bucket => "buckets",
            Self::Object => "objects",
            Self::StorageUpload => "storage-uploads",
            Self::Multipart => "multipart-uploads",
            Self::Part => "multipart-parts",
            Self::Dataset => "bigquery-datasets",
            Self::Table => "bigquery-tables",
        }
    }
}

/// Where the services keep what they hold, or nowhere. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct State(pub(super) Option<Arc<Folder>>);

#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// Held for as long as anything may be written; every write borrows it.
    lock: RwLock<Option<File>>,
    stage: AtomicU8,
    names: AtomicU64,
    /// The first thing that could not be written.
    failure: OnceLock<String>,
}

/// What is the same for the whole folder.
#[derive(Debug, Deserialize, Serialize)]
struct Head {
    format: u32,
    /// The port of the last start.
    port: Option<u16>,
}

impl State {
    /// Opens a folder, or makes it, for this process alone.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let told = |error: io::Error, what: &str| {
            let message = format!("{what} {}: {error}", path.display());
            io::Error::new(error.kind(), message)
        };
        fs::create_dir_all(path).map_err(|error| told(error, "cannot make the folder"))?;
        let is_new = !path.join(HEAD).exists();
        if is_new {
            check_unused(path)?;
        }
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(|error| told(error, "cannot write to"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::ResourceBusy,
                format!("another emulator is using {}", path.display()),
            ),
            TryLockError::Error(error) => told(error, "cannot lock"),
        })?;
        let folder = Folder {
            path: path.to_owned(),
            lock: RwLock::new(Some(lock)),
            stage: AtomicU8::new(LOADING),
            names: AtomicU64::new(0),
            failure: OnceLock::new(),
        };
        if is_new {
            folder.write_head(None)?;
        } else {
            folder.head()?;
        }
        for folder in Kind::ALL.map(Kind::folder).into_iter().chain([CONTENTS]) {
            let folder = path.join(folder);
            fs::create_dir_all(&folder).map_err(|error| told(error, "cannot write to"))?;
        }
        // What was not finished was never counted upon.
        let new = path.join(NEW);
        if new.exists() {
            fs::remove_dir_all(&new).map_err(|error| told(error, "cannot write to"))?;
        }
        fs::create_dir_all(&new).map_err(|error| told(error, "cannot write to"))?;
        Ok(Self(Some(Arc::new(folder))))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The port of the last start, where there was one.
    pub(crate) fn port(&self) -> Option<u16> {
        self.0.as_ref()?.head().ok()?.port
    }

    /// Notes the port of this start.
    pub(crate) fn note_port(&self, port: u16) -> io::Result<()> {
        match &self.0 {
            Some(folder) => folder.write_head(Some(port)),
            None => Ok(()),
        }
    }

    /// From now on, what is let go of is removed.
    pub(crate) fn serve(&self) {
        if let Some(folder) = &self.0 {
            let (from, to) = (LOADING, SERVING);
            // An emulator that is dropped at once has ended before.
            let _ = folder
                .stage
                .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        }
    }

    /// From now on nothing is written or removed, and another process may have the folder.
    pub(crate) fn close(&self) {
        if let Some(folder) = &self.0 {
            folder.stage.store(CLOSED, Ordering::Release);
            drop(
                folder
                    .lock
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take(),
            );
        }
    }

    /// Why nothing that is said any more would be kept.
    pub(crate) fn failure(&self) -> Option<&str> {
        let folder = self.0.as_ref()?;
        let failure = folder.failure.get().map(String::as_str);
        let is_closed = folder.stage.load(Ordering::Acquire) == CLOSED;
        failure.or_else(|| is_closed.then_some("its state is closed"))
    }

    /// Writes a record, in the place of one of this key.
    pub(crate) fn put<T: Serialize>(&self, kind: Kind, key: &str, record: impl FnOnce() -> T) {
        self.write(|folder| {
            let record = serde_json::to_vec(&record())?;
            folder.replace(&folder.record(kind, key), &record)
        });
    }

    /// Removes a record, if it is there.
    pub(crate) fn remove(&self, kind: Kind, key: &str) {
        self.write(|folder| match fs::remove_file(folder.record(kind, key)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        });
    }

    /// Writes, unless that is over; what cannot be written is told once, and ends all answers.
    pub(super) fn write<T>(&self, write: impl FnOnce(&Folder) -> io::Result<T>) -> Option<T> {
        let folder = self.0.as_ref()?;
        let lock = folder.lock.read().unwrap_or_else(PoisonError::into_inner);
        if lock.is_none() || folder.failure.get().is_some() {
            return None;
        }
        match write(folder) {
            Ok(written) => Some(written),
            Err(error) => {
                let place = folder.path.display();
                let failure = format!("the state in {place} cannot be written: {error}");
                if folder.failure.set(failure.clone()).is_ok() {
                    eprintln!("genai-batch-emulator: {failure}");
                }
                None
            }
        }
    }
}

impl Folder {
    /// Whether what is let go of is removed.
    pub(super) fn serves(&self) -> bool {
        self.stage.load(Ordering::Acquire) == SERVING
    }

    fn head(&self) -> io::Result<Head> {
        let path = self.path.join(HEAD);
        let head: Head = read_record(&path)?;
        if head.format != FORMAT {
            let found = head.format;
            return Err(damaged(
                &path,
                &format!("it is of format {found}, and this emulator reads {FORMAT}"),
            ));
        }
        Ok(head)
    }

    fn write_head(&self, port: Option<u16>) -> io::Result<()> {
        let format = FORMAT;
        let head = serde_json::to_vec(&Head { format, port })?;
        fs::create_dir_all(self.path.join(NEW))?;
        self.replace(&self.path.join(HEAD), &head)
    }

    /// Where the record of a key is. Keys may have any characters and length, so its hash is the name.
    fn record(&self, kind: Kind, key: &str) -> PathBuf {
        let hash = Sha256::digest(key);
        let name: String = hash[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.path.join(kind.folder()).join(name + ".json")
    }

    /// Writes a whole file, of which others see all or nothing.
    fn replace(&self, place: &Path, record: &[u8]) -> io::Result<()> {
        let new = self.path.join(NEW).join(self.name());
        write_record(&new, record)?;
        fs::rename(new, place)
    }

    /// A name that nothing has had since the folder was opened.
    fn name(&self) -> String {
        self.names.fetch_add(1, Ordering::Relaxed).to_string()
    }
}

/// Refuses a folder that has files of others.
fn check_unused(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if name != LOCK && name != NEW {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{} is not the state of an emulator: it has {} and no {HEAD}. Name a folder of its own",
                    path.display(),
                    name.display(),
                ),
            ));
        }
    }
    Ok(())
}
