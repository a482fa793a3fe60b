//! [`File`]: what the Gemini Files API says of a file. [`FileRef`]: how a download names one.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::job::Status;
use crate::page::{Page, check_whole};
use crate::raw::gemini::types;
use crate::raw::{Int64, Kept};
use crate::wire;

/// A file in the Gemini Files API.
#[derive(Clone)]
pub struct File(Kept<types::File>);

impl TryFrom<Kept<types::File>> for File {
    type Error = Error;

    fn try_from(kept: Kept<types::File>) -> Result<Self> {
        match kept.name.as_deref().unwrap_or_default() {
            "" => Err(Error::protocol("the service's response has no file name")),
            _ => Ok(Self(kept)),
        }
    }
}

impl TryFrom<Kept<types::ListFilesResponse>> for Page<File> {
    type Error = Error;

    fn try_from(kept: Kept<types::ListFilesResponse>) -> Result<Self> {
        let (_, page, set_aside) = kept.into_parts();
        check_whole(&set_aside, "files")?;
        Ok(Page::of(page.files, page.next_page_token, |_| Ok(())))
    }
}

impl File {
    /// The resource name, `files/ID`.
    pub fn name(&self) -> &str {
        self.0.name.as_deref().unwrap_or_default()
    }

    /// The name for people; `None` where none was given.
    pub fn display_name(&self) -> Option<&str> {
        self.0.display_name.as_deref()
    }

    /// The MIME type, such as `application/jsonl`; `None` where the service leaves it out.
    pub fn mime_type(&self) -> Option<&str> {
        self.0.mime_type.as_deref()
    }

    /// How many bytes the file has; `None` where the service leaves it out.
    pub fn size_bytes(&self) -> Option<u64> {
        self.0
            .size_bytes
            .and_then(|Int64(size)| size.try_into().ok())
    }

    /// When the file was created, in UTC; `None` where the service leaves it out.
    pub fn create_time(&self) -> Option<DateTime<Utc>> {
        self.0.create_time.as_deref().copied()
    }

    /// When the file was last changed, in UTC; `None` where the service leaves it out.
    pub fn update_time(&self) -> Option<DateTime<Utc>> {
        self.0.update_time.as_deref().copied()
    }

    /// When the service will delete the file, in UTC; `None` where it leaves it out.
    pub fn expiration_time(&self) -> Option<DateTime<Utc>> {
        self.0.expiration_time.as_deref().copied()
    }

    /// The SHA-256 of the contents, in base64; `None` where the service leaves it out.
    pub fn sha256_hash(&self) -> Option<&str> {
        self.0.sha256_hash.as_deref()
    }

    /// The URI by which requests refer to the file; `None` where the service leaves it out.
    pub fn uri(&self) -> Option<&str> {
        self.0.uri.as_deref()
    }

    /// The URI to download a generated file from; `None` for an uploaded one.
    pub fn download_uri(&self) -> Option<&str> {
        self.0.download_uri.as_deref()
    }

    /// `ACTIVE` once the file can be used, `PROCESSING` before, `FAILED` if never; an open set.
    pub fn state(&self) -> Option<&str> {
        // Proto3 JSON may write the number.
        let numbered = || match wire::number_at(self.json(), &["state"])? {
            1 => Some("PROCESSING"),
            2 => Some("ACTIVE"),
            10 => Some("FAILED"),
            _ => None,
        };
        self.0.state.as_deref().or_else(numbered)
    }

    /// Where the file comes from: `UPLOADED`, `GENERATED`; an open set. `None` where the service leaves
    /// it out.
    pub fn source(&self) -> Option<&str> {
        self.0.source.as_deref()
    }

    /// Why the service could not make the file ready; `None` where it could.
    pub fn error(&self) -> Option<Status> {
        let types::Status {
            code,
            message,
            details,
            ..
        } = self.0.error.clone()?;
        Some(Status::new(code.map(|Int64(code)| code), message, details))
    }

    /// The service's complete response, as it came.
    pub fn json(&self) -> &str {
        self.0.json()
    }

    /// The service's complete response, parsed.
    pub fn to_value(&self) -> Value {
        self.0.to_value()
    }

    /// The generated message, for fields that this type does not cover.
    pub fn raw(&self) -> &Kept<types::File> {
        &self.0
    }
}

/// A file that a download is of: its name, or its record, by which what comes is then checked.
///
/// ```
/// use genai_batch::files::FileRef;
///
/// assert_eq!(FileRef::from("files/abc-123").name(), "files/abc-123");
/// ```
#[derive(Debug, Clone)]
pub struct FileRef {
    name: String,
    pub(crate) record: Option<File>,
}

impl FileRef {
    /// The name of the file, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl From<File> for FileRef {
    fn from(file: File) -> Self {
        Self {
            name: file.name().to_owned(),
            record: Some(file),
        }
    }
}

impl From<&File> for FileRef {
    fn from(file: &File) -> Self {
        file.clone().into()
    }
}

impl From<String> for FileRef {
    fn from(name: String) -> Self {
        Self { name, record: None }
    }
}

impl From<&str> for FileRef {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

impl From<&String> for FileRef {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("name", &self.name())
            .field("mime_type", &self.mime_type())
            .field("size_bytes", &self.size_bytes())
            .field("state", &self.state())
            .field("expiration_time", &self.expiration_time())
            .finish_non_exhaustive()
    }
}
