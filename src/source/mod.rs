//! Where a job's requests are: one union for everything a backend takes or the client can
//! bring there.
//!
//! ```text
//! Source → feed (one after the other) → entry (one checked) → prepare (inline body or spooled
//! file) → backend
//! ```

pub(crate) mod attach;
mod canonical;
pub(crate) mod content_index;
pub(crate) mod digest;
pub(crate) mod embedding;
pub(crate) mod entry;
pub(crate) mod feed;
pub(crate) mod intake;
mod into;
pub(crate) mod kind;
mod layout;
pub(crate) mod prepare;
mod refusal;
mod remarks;
mod spelling;
#[cfg(feature = "runs")]
pub(crate) mod taken;

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use futures_core::Stream;
use futures_util::{StreamExt, stream};

use crate::error::{Error, Result};
use crate::file::File;
use crate::request::Entry;
use crate::uri::{BigQueryTable, GcsUri};
pub use into::IntoSource;

pub(crate) type EntryStream = Pin<Box<dyn Stream<Item = Result<Entry>> + Send>>;

/// Where the requests of a job are.
///
/// | made from | what it is |
/// |---|---|
/// | `Vec`, slice or array of [`Request`](crate::Request), [`EmbedRequest`](crate::EmbedRequest), text, or JSON value | requests in memory |
/// | [`Source::requests`], [`Source::try_requests`], [`Source::stream`], [`Source::try_stream`] | requests from an iterator or a stream, read once, never all in memory |
/// | a `Path` or `PathBuf`, or a text that ends in `.jsonl` or `.ndjson` | a local file, one request a line |
/// | `files/ID`, or a [`File`] | a file uploaded to the Gemini Files API |
/// | `gs://…`, `bq://…` | a Cloud Storage object or BigQuery table, for Vertex AI |
/// | `projects/…/locations/…/datasets/ID` | a multimodal dataset, for Vertex AI |
///
/// Requests in memory, from a stream or a local file are checked and given keys before
/// anything is sent; a file that was uploaded before is taken as it is.
///
/// ```
/// use genai_batch::{Request, Source};
///
/// let source = Source::try_from("files/abc-123")?;
/// let source = Source::from(vec!["What is AI?", "What is ML?"]);
/// let source = Source::requests((1..=1_000_000).map(|n| {
///     Request::text(format!("Is {n} a prime?")).key(format!("n-{n}"))
/// }));
/// # Ok::<(), genai_batch::Error>(())
/// ```
pub struct Source(pub(crate) SourceKind);

pub(crate) enum SourceKind {
    Entries(EntryStream),
    Path(PathBuf),
    File(String),
    CloudStorage(Vec<String>),
    BigQuery(String),
    Dataset(String),
}

impl SourceKind {
    /// What errors call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Entries(_) => "the requests".to_owned(),
            Self::Path(path) => path.display().to_string(),
            Self::File(name) | Self::BigQuery(name) | Self::Dataset(name) => name.clone(),
            Self::CloudStorage(uris) => match &uris[..] {
                [uri] => uri.clone(),
                _ => "the source".to_owned(),
            },
        }
    }
}

impl Source {
    /// Requests from an iterator, read once and as far as needed. It runs on the async
    /// runtime, so one that blocks for long belongs behind [`Source::stream`].
    ///
    /// ```
    /// use genai_batch::{Request, Source};
    ///
    /// let source = Source::requests((1..=1_000_000).map(|n| {
    ///     Request::text(format!("Is {n} a prime?")).key(format!("n-{n}"))
    /// }));
    /// ```
    pub fn requests<I>(requests: I) -> Self
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Into<Entry>,
    {
        Self::stream(stream::iter(requests))
    }

    /// Requests from an iterator that may fail, as one over the rows of a file does; its first error
    /// ends the create, with nothing sent, and is the [source](std::error::Error::source) of the
    /// create's own.
    ///
    /// ```no_run
    /// use std::fs::File;
    /// use std::io::{BufRead, BufReader};
    ///
    /// use genai_batch::{Request, Source};
    ///
    /// # async fn example(client: genai_batch::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let lines = BufReader::new(File::open("questions.txt")?).lines();
    /// let requests = lines.map(|line| line.map(Request::text)); // Result<Request, io::Error>
    /// let job = client
    ///     .batches()
    ///     .create("gemini-2.5-flash", Source::try_requests(requests))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_requests<I, T, E>(requests: I) -> Self
    where
        I: IntoIterator<Item = std::result::Result<T, E>>,
        I::IntoIter: Send + 'static,
        T: Into<Entry>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::try_stream(stream::iter(requests))
    }

    /// Requests from a stream, read once and as far as needed.
    ///
    /// ```
    /// use futures_util::stream;
    /// use genai_batch::{Request, Source};
    ///
    /// let source = Source::stream(stream::iter(["What is AI?", "What is ML?"]));
    /// ```
    pub fn stream<S>(requests: S) -> Self
    where
        S: Stream + Send + 'static,
        S::Item: Into<Entry>,
    {
        Self(SourceKind::Entries(Box::pin(
            // Some streams may not be asked again after their end.
            requests.fuse().map(|request| Ok(request.into())),
        )))
    }

    /// Requests from a stream that may fail; its first error ends the create, with nothing
    /// sent.
    ///
    /// ```
    /// use std::io;
    ///
    /// use futures_util::stream;
    /// use genai_batch::{Request, Source};
    ///
    /// let rows = ["What is AI?", "What is ML?"].map(|text| Ok::<_, io::Error>(Request::text(text)));
    /// let source = Source::try_stream(stream::iter(rows));
    /// ```
    pub fn try_stream<S, T, E>(requests: S) -> Self
    where
        S: Stream<Item = std::result::Result<T, E>> + Send + 'static,
        T: Into<Entry>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self(SourceKind::Entries(Box::pin(requests.fuse().map(
            |request| {
                request
                    .map(Into::into)
                    .map_err(|e| Error::input("the requests could not be read on").with_source(e))
            },
        ))))
    }

    /// A local file, one request a line: `{"key": …, "request": {…}}`, or a request on its own.
    ///
    /// One that changes while it is read is an error, and so is what is not a regular file: a pipe
    /// or a device is read with [`Source::stream`]. `/dev/stdin` is the file that it was
    /// redirected from, or a pipe.
    ///
    /// ```
    /// use genai_batch::Source;
    ///
    /// let source = Source::path("requests.txt"); // whatever the ending
    /// ```
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(SourceKind::Path(path.into()))
    }

    /// A file in the Gemini Files API, by its name, id or URI.
    ///
    /// ```
    /// use genai_batch::Source;
    ///
    /// let source = Source::file("files/abc-123");
    /// ```
    pub fn file(name: impl Into<String>) -> Self {
        Self(SourceKind::File(name.into()))
    }

    /// One or many JSONL objects in Cloud Storage, `gs://bucket/object`; for Vertex AI.
    ///
    /// ```
    /// use genai_batch::Source;
    ///
    /// let source = Source::cloud_storage(["gs://bucket/a.jsonl", "gs://bucket/b.jsonl"]);
    /// ```
    pub fn cloud_storage<T: Into<String>>(uris: impl IntoIterator<Item = T>) -> Self {
        Self(SourceKind::CloudStorage(
            uris.into_iter().map(Into::into).collect(),
        ))
    }

    /// A BigQuery table, `bq://project.dataset.table`; for Vertex AI.
    ///
    /// ```
    /// use genai_batch::Source;
    ///
    /// let source = Source::big_query("bq://project.dataset.table");
    /// ```
    pub fn big_query(uri: impl Into<String>) -> Self {
        Self(SourceKind::BigQuery(uri.into()))
    }

    /// A multimodal dataset of Vertex AI, `projects/…/locations/…/datasets/ID`.
    ///
    /// ```
    /// use genai_batch::Source;
    ///
    /// let source = Source::dataset("projects/p/locations/us-central1/datasets/123");
    /// ```
    pub fn dataset(name: impl Into<String>) -> Self {
        Self(SourceKind::Dataset(name.into()))
    }
}

impl<T: Into<Entry> + Send + 'static> From<Vec<T>> for Source {
    fn from(requests: Vec<T>) -> Self {
        Self::requests(requests)
    }
}

impl<T: Into<Entry> + Send + 'static, const N: usize> From<[T; N]> for Source {
    fn from(requests: [T; N]) -> Self {
        Self::requests(requests)
    }
}

impl<T: Into<Entry> + Clone + Send + 'static> From<&[T]> for Source {
    /// Each request is copied, all of them at once.
    fn from(requests: &[T]) -> Self {
        Self::requests(requests.to_vec())
    }
}

impl<T: Into<Entry> + Clone + Send + 'static> From<&Vec<T>> for Source {
    /// Each request is copied, all of them at once.
    fn from(requests: &Vec<T>) -> Self {
        requests.as_slice().into()
    }
}

impl<T: Into<Entry> + Clone + Send + 'static, const N: usize> From<&[T; N]> for Source {
    /// Each request is copied, all of them at once.
    fn from(requests: &[T; N]) -> Self {
        requests.as_slice().into()
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&PathBuf> for Source {
    fn from(path: &PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl From<File> for Source {
    fn from(file: File) -> Self {
        Self::file(file.name())
    }
}

impl From<&File> for Source {
    fn from(file: &File) -> Self {
        Self::file(file.name())
    }
}

impl TryFrom<&str> for Source {
    type Error = Error;

    /// Reads `files/…`, `gs://…`, `bq://…`, the URI of an uploaded file, the name of a
    /// dataset, or the path of a `.jsonl` or `.ndjson` file.
    fn try_from(text: &str) -> Result<Self> {
        if GcsUri::is_meant(text) {
            GcsUri::parse(text)?;
            return Ok(Self::cloud_storage([text]));
        }
        if BigQueryTable::is_meant(text) {
            BigQueryTable::parse(text)?;
            return Ok(Self::big_query(text));
        }
        let is_url = text.starts_with("https://") || text.starts_with("http://");
        if text.starts_with("files/") || (is_url && text.contains("/files/")) {
            return Ok(Self::file(text));
        }
        if text.starts_with("projects/") && text.contains("/datasets/") {
            return Ok(Self::dataset(text));
        }
        // A path of another scheme would only be found missing.
        let is_path = !text.contains("://");
        let extension = Path::new(text).extension().and_then(|e| e.to_str());
        if is_path && matches!(extension, Some("jsonl" | "ndjson")) {
            return Ok(Self::path(text));
        }
        Err(Error::input(format!(
            "unsupported source {text:?}: write `files/ID`, `gs://…`, `bq://…`, the name of a \
             dataset, or a path ending in `.jsonl`; another path is `Source::path(…)`, and a prompt goes \
             into a list, `vec![…]`"
        )))
    }
}

impl TryFrom<String> for Source {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.as_str().try_into()
    }
}

impl TryFrom<&String> for Source {
    type Error = Error;

    fn try_from(text: &String) -> Result<Self> {
        text.as_str().try_into()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            SourceKind::Entries(_) => f.write_str("Source::Requests"),
            SourceKind::Path(path) => f.debug_tuple("Source::Path").field(path).finish(),
            SourceKind::File(name) => f.debug_tuple("Source::File").field(name).finish(),
            SourceKind::CloudStorage(uris) => {
                f.debug_tuple("Source::CloudStorage").field(uris).finish()
            }
            SourceKind::BigQuery(uri) => f.debug_tuple("Source::BigQuery").field(uri).finish(),
            SourceKind::Dataset(name) => f.debug_tuple("Source::Dataset").field(name).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart_and_not_guessed() {
        let kind = |text: &str| Source::try_from(text).map(|source| format!("{source:?}"));
        assert!(kind("files/a").unwrap().contains("File"));
        assert!(kind("gs://b/o.jsonl").unwrap().contains("CloudStorage"));
        assert!(kind("bq://p.d.t").unwrap().contains("BigQuery"));
        assert!(kind("data/in.jsonl").unwrap().contains("Path"));
        assert!(
            kind("projects/p/locations/l/datasets/1")
                .unwrap()
                .contains("Dataset")
        );
        assert!(kind("https://h/v1beta/files/a").unwrap().contains("File"));
        for text in [
            "s3://bucket/in.jsonl",
            "https://host/in.jsonl",
            "abc-123",
            "",
            "What is AI?",
            "https://example.com",
        ] {
            assert!(kind(text).unwrap_err().is_invalid_input(), "{text}");
        }
    }
}
