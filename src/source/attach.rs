//! Local files that requests name, value to where the service can read them while the
//! requests stream by.
//!
//! A file that is uploaded goes up once, however many requests name it: what is kept of each is
//! its path and where it went. Those of several requests go up at once:
//!
//! ```text
//! requests → their files begin to go up, AT_ONCE of them → each waits for its own, in order → body
//! ```

mod uploads;
mod window;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;

use super::{Source, SourceKind};
use crate::error::{Error, Result};
use crate::local::read;
use crate::request::pending::{Attach, LocalFile};
use crate::request::{Entry, EntryKind, Form};
use crate::scan::write_text;
pub(crate) use uploads::Room;
use uploads::{Upload, Uploads, outcome};

/// The largest file that goes into a request: what Google's documentation of file input methods
/// names for inline data.
const MAX_INLINE: u64 = 100_000_000;

/// What stands before the place of a file in a request.
const FILE_URI: &[u8] = b"\"fileUri\":\"";
/// What to do about a path that leads to something else than a file.
pub(crate) const NOT_A_FILE: &str = "write what it holds to a file first";

/// Where a backend puts files that requests refer to.
pub(crate) trait AttachmentStore: Send + Sync {
    fn upload(
        &self,
        path: &Path,
        mime_type: &str,
    ) -> impl Future<Output = Result<StoredFile>> + Send;

    fn remove(&self, name: &str) -> impl Future<Output = Result<()>> + Send;

    /// How much memory uploads may take.
    fn room(&self) -> Room;
}

/// A file that was put on a store.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    /// What the service knows it by, to take it back.
    pub(crate) name: String,
    /// What requests call it.
    pub(crate) uri: String,
}

/// The local files of one source.
pub(crate) struct Attachments<S> {
    uploads: Uploads<S>,
    /// The stand-in of each file that was stored, by what requests call it.
    stand_ins: Mutex<HashMap<String, String>>,
}

impl Source {
    /// The same requests; those that name a file to be uploaded are refused, since a request in this
    /// form has no place for its address.
    pub(crate) fn refusing_uploads(self, form: Form) -> Self {
        let SourceKind::Entries(entries) = self.0 else {
            return self;
        };
        let entries = entries.map(move |entry| {
            let mut entry = entry?;
            if let EntryKind::Built(draft) = &mut entry.0
                && let Some(file) = draft.pending.files.iter().find(|file| file.is_uploaded())
            {
                let problem = format!(
                    "the form {form} has no place for the address of a file, and {} would be \
                     uploaded: use Part::inline_file or Part::bytes",
                    file.path.display()
                );
                draft.pending.problem.get_or_insert(problem);
                draft.pending.files.clear();
            }
            Ok(entry)
        });
        Self(SourceKind::Entries(Box::pin(entries)))
    }

    /// The same requests, with the contents of local files in them, or where the files went.
    pub(crate) fn attaching<S: AttachmentStore + 'static>(
        self,
        store: S,
    ) -> (Self, Arc<Attachments<S>>) {
        let attachments = Arc::new(Attachments {
            uploads: Uploads::new(store),
            stand_ins: Mutex::default(),
        });
        let SourceKind::Entries(entries) = self.0 else {
            return (self, attachments);
        };
        let shared = Arc::clone(&attachments);
        let stops = Arc::clone(&attachments);
        let begins = Arc::clone(&attachments);
        let is_wanted = move |entry: &Result<Entry>| std::future::ready(stops.is_wanted(entry));
        let entries = entries.take_while(is_wanted);
        let entries = window::beginning(entries.boxed(), move |entry| begins.begin(entry));
        let entries = entries.enumerate().then(move |(place, entry)| {
            let attachments = Arc::clone(&shared);
            async move { attachments.resolve(place + 1, entry?).await }
        });
        (Self(SourceKind::Entries(Box::pin(entries))), attachments)
    }
}

impl<S: AttachmentStore + 'static> Attachments<S> {
    /// What was put on the store, by name.
    pub(crate) fn names(&self) -> Vec<String> {
        self.uploads.names()
    }

    /// Takes back what was put on the store, as far as that can be done, because of an error.
    pub(crate) async fn undo(&self, because: Error) -> Error {
        self.uploads.undo().await;
        because
    }

    /// A line of JSONL with the paths of stored files where requests name these: it is the same
    /// wherever the files went.
    pub(crate) fn with_paths<'a>(&self, line: &'a [u8]) -> Cow<'a, [u8]> {
        let stand_ins = self
            .stand_ins
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if stand_ins.is_empty() {
            return Cow::Borrowed(line);
        }
        let mut out = Vec::with_capacity(line.len());
        let mut rest = line;
        while let Some(at) = memchr::memmem::find(rest, FILE_URI) {
            let (before, value) = rest.split_at(at + FILE_URI.len());
            out.extend_from_slice(before);
            let end = memchr::memchr(b'"', value).unwrap_or(value.len());
            let (uri, after) = value.split_at(end);
            let known = std::str::from_utf8(uri).ok();
            match known.and_then(|uri| stand_ins.get(uri)) {
                Some(stand_in) => write_escaped(stand_in, &mut out),
                None => out.extend_from_slice(uri),
            }
            rest = after;
        }
        out.extend_from_slice(rest);
        Cow::Owned(out)
    }

    /// Ends the source at the next request that names a local file: nothing more is uploaded.
    pub(crate) fn stop(&self) {
        self.uploads.stop();
    }

    fn is_wanted(&self, entry: &Result<Entry>) -> bool {
        let names_files = match entry {
            Ok(Entry(EntryKind::Built(draft))) => !draft.pending.files.is_empty(),
            _ => false,
        };
        !(names_files && self.uploads.is_stopped())
    }

    /// Lets the files of a request go up that are not in it.
    fn begin(&self, entry: &mut Result<Entry>) -> Vec<Upload> {
        let Ok(Entry(EntryKind::Built(draft))) = entry else {
            return Vec::new();
        };
        // One that is refused in any case takes no upload.
        if draft.pending.problem.is_some() || self.uploads.is_stopped() {
            return Vec::new();
        }
        let files = draft.pending.files.iter();
        let files = files.filter(|file| matches!(file.attach, Attach::Uploaded));
        let mut begun = Vec::new();
        for file in files {
            // One whose place is taken, or whose MIME type nobody knows, is told in its turn.
            if let Some(Some(mime_type)) = file.mime_type_in(draft.body.fields_mut()) {
                begun.push(self.uploads.begin(&file.path, &mime_type));
            }
        }
        begun
    }

    async fn resolve(&self, number: usize, mut entry: Entry) -> Result<Entry> {
        if let EntryKind::Built(draft) = &mut entry.0 {
            for file in std::mem::take(&mut draft.pending.files) {
                let Some(mime_type) = file.mime_type_in(draft.body.fields_mut()) else {
                    continue;
                };
                let value = self
                    .read_or_upload(&file, mime_type)
                    .await
                    .map_err(|error| {
                        let path = file.path.display();
                        error.during(match &draft.key {
                            Some(key) => format!("request {number} (key {key:?}), file {path}"),
                            None => format!("request {number}, file {path}"),
                        })
                    })?;
                file.resolve(draft.body.fields_mut(), &value);
            }
        }
        Ok(entry)
    }

    async fn read_or_upload(&self, file: &LocalFile, mime_type: Option<String>) -> Result<String> {
        let mime_type = mime_type.ok_or_else(|| {
            Error::input(
                "its MIME type cannot be guessed from its name: give it, with Part::mime_type",
            )
        })?;
        match file.attach {
            Attach::Inline => read_base64(file.path.clone()).await,
            Attach::Uploaded => self.upload_once(&file.path, &mime_type).await,
        }
    }

    async fn upload_once(&self, path: &Path, mime_type: &str) -> Result<String> {
        let uri = outcome(self.uploads.begin(path, mime_type)).await?.uri;
        let stand_ins = self.stand_ins.lock();
        let mut stand_ins = stand_ins.unwrap_or_else(PoisonError::into_inner);
        stand_ins
            .entry(uri.clone())
            .or_insert_with(|| stand_in(path));
        Ok(uri)
    }
}

/// What stands for a local file that is to be stored.
pub(crate) fn stand_in(path: &Path) -> String {
    // Debug keeps paths apart that are not UTF-8.
    format!("local:{path:?}")
}

/// A text as it stands between the quotes of JSON.
fn write_escaped(text: &str, out: &mut Vec<u8>) {
    let mut quoted = Vec::with_capacity(text.len() + 2);
    write_text(text, &mut quoted);
    out.extend_from_slice(&quoted[1..quoted.len() - 1]);
}

async fn read_base64(path: PathBuf) -> Result<String> {
    let read = tokio::task::spawn_blocking(move || {
        let (file, opened) = read::open_blocking(&path, NOT_A_FILE)?;
        let too_large = || {
            Error::input(format!(
                "it has more than {MAX_INLINE} bytes, the most that a request can hold: use \
                 Part::local_file"
            ))
        };
        if opened.len() > MAX_INLINE {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(opened.len() as usize);
        let read = file.take(MAX_INLINE + 1).read_to_end(&mut bytes);
        read.map_err(|e| Error::io("it cannot be read", e))?;
        opened.check_blocking()?;
        // One that the system makes as it is read announces no size.
        match bytes.len() as u64 > MAX_INLINE {
            true => Err(too_large()),
            false => Ok(STANDARD.encode(bytes)),
        }
    });
    let failed = |e| Error::io("it cannot be read", std::io::Error::other(e));
    read.await.map_err(failed)?
}

#[cfg(test)]
mod tests;
