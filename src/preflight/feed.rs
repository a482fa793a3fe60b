//! Lines for a preflight: those of a source, or of several objects in Cloud Storage. In contrast
//! to a create, a bad line does not end it.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::backend::AnyBackend;
use crate::error::Result;
use crate::platform::Backend;
use crate::request::finding::{Finding, FindingCode};
use crate::request::pending::Attach;
use crate::request::{Draft, Entry, EntryKind};
use crate::source::entry::Line;
use crate::source::feed::{Feed, Item};
use crate::source::intake::{Defaults, Intake};
use crate::source::kind::JobKind;
use crate::uri::GcsUri;

/// The line that a request is, or will be; or why it is not one.
type Given = std::result::Result<Bytes, Vec<Finding>>;

/// A request and its number.
pub(super) struct Numbered {
    /// The line in its file, or the place of the request, from 1.
    pub(super) number: u64,
    pub(super) content: Given,
}

/// Where lines come from.
pub(super) struct Lines {
    current: Option<Feed>,
    kind: JobKind,
    /// Where the objects are that follow.
    service: AnyBackend,
    rest: VecDeque<GcsUri>,
}

impl Lines {
    /// The lines of one source.
    pub(super) fn new(service: AnyBackend, feed: Feed, kind: JobKind) -> Self {
        Self {
            current: Some(feed),
            kind,
            service,
            rest: VecDeque::new(),
        }
    }

    /// The lines of objects in Cloud Storage.
    #[cfg(feature = "gcs")]
    pub(super) fn of_objects(service: AnyBackend, uris: Vec<GcsUri>, kind: JobKind) -> Self {
        Self {
            current: None,
            kind,
            service,
            rest: uris.into(),
        }
    }

    /// The next request.
    pub(super) async fn next(&mut self) -> Result<Option<Numbered>> {
        let backend = self.service.backend();
        loop {
            if let Some(feed) = &mut self.current {
                if let Some(item) = feed.next().await? {
                    let content = match item {
                        Item::Line(line) => Ok(line),
                        Item::Entry(entry) => as_line(entry, self.kind, backend).await,
                        Item::Refused(finding) => Err(vec![*finding]),
                    };
                    let number = feed.number();
                    return Ok(Some(Numbered { number, content }));
                }
                self.current = None;
            }
            let Some(uri) = self.rest.pop_front() else {
                return Ok(None);
            };
            let chunks = self.service.open_object(&uri).await?;
            self.current = Some(Feed::lines(uri.to_string(), chunks));
        }
    }

    /// Where the request of this number is, in the file that is read now.
    pub(super) fn place(&self, number: u64) -> String {
        match &self.current {
            Some(feed) => feed.place(number),
            None => format!("source:{number}"),
        }
    }

    /// Which of several files is read, so that places can be told apart by number alone.
    pub(super) fn files_left(&self) -> usize {
        self.rest.len()
    }
}

async fn as_line(entry: Entry, kind: JobKind, backend: Backend) -> Given {
    match entry.0 {
        EntryKind::Json(value) => Ok(Bytes::from(value.to_string())),
        EntryKind::Built(mut draft) => {
            local_files(&mut draft, backend).await?;
            if draft.is_raw {
                let line = draft
                    .write()
                    .map_err(|message| vec![Finding::error(FindingCode::WrongShape, message)])?;
                return Ok(Bytes::from(line.to_string()));
            }
            written(Entry(EntryKind::Built(draft)), kind)
        }
        other => written(Entry(other), kind),
    }
}

/// Looks whether local files are there, and puts an address in their place that is as good as that
/// which they will have.
async fn local_files(draft: &mut Draft, backend: Backend) -> std::result::Result<(), Vec<Finding>> {
    for file in std::mem::take(&mut draft.pending.files) {
        let path = file.path.display();
        let Some(mime_type) = file.mime_type_in(draft.body.fields_mut()) else {
            continue;
        };
        let error = |code, message| vec![Finding::error(code, message)];
        if mime_type.is_none() {
            let message = format!(
                "the MIME type of {path} cannot be guessed from its name: give it, with Part::mime_type"
            );
            return Err(error(FindingCode::MissingField, message));
        }
        if let Err(reason) = tokio::fs::metadata(&file.path).await {
            let message = format!("the local file {path} cannot be read: {reason}");
            return Err(error(FindingCode::UploadMissing, message));
        }
        let value = match (file.attach, backend) {
            (Attach::Inline, _) => "AAAA",
            (Attach::Uploaded, Backend::Gemini) => "https://upload.invalid/",
            (Attach::Uploaded, Backend::Vertex) => "gs://upload/file",
        };
        file.resolve(draft.body.fields_mut(), value);
    }
    Ok(())
}

/// A request of the caller's as the line that it becomes.
fn written(entry: Entry, kind: JobKind) -> Given {
    let mut intake = Intake::unchecked(kind, &Defaults::default());
    let line = Line::from_entry(entry, &mut intake)?;
    let mut out = Vec::new();
    line.write_jsonl(line.key.as_deref().unwrap_or_default(), &mut out);
    if line.key.is_some() {
        return Ok(out.into());
    }
    // Without the empty key that it was written with.
    let rest = out.strip_prefix(br#"{"key":"","#).unwrap_or(&out);
    Ok([b"{", rest].concat().into())
}
