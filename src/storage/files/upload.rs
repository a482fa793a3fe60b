//! Resumable uploads to the Files API.
//!
//! ```text
//! start → upload URL → chunk, chunk, … , last chunk (finalize) → File
//!                        └ failed in passing: ask how much arrived, go on from there
//! ```

use std::fmt;
use std::future::IntoFuture;
use std::path::Path;
use std::pin::Pin;

use reqwest::header::HeaderValue;
use reqwest::{Method, Request, Url};
use serde_json::{Map, Value, json};

use super::File;
use super::contents::{Kind, Reader, UploadSource};
use super::transfer::{COMMAND, OnProgress, Transfer};
use crate::backend::Backend;
use crate::backend::gemini::Gemini;
use crate::error::{Error, Result};
use crate::http::retry::Repeat;
use crate::name::gemini_file_id;
use crate::trace;

const PROTOCOL: &str = "x-goog-upload-protocol";

/// An upload, made by [`Files::upload`](super::Files::upload); `.await` it for the [`File`].
///
/// Two chunks of 8 MiB are in memory at most, besides the pieces of a stream. Dropping the future ends the upload; what was
/// sent never becomes a file.
///
/// ```no_run
/// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
/// let file = client
///     .files()
///     .upload(std::fs::read("requests.jsonl").unwrap_or_default())
///     .mime_type("application/jsonl")
///     .display_name("my requests")
///     .on_progress(|sent, total| eprintln!("{sent} of {total} bytes"))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "an upload does nothing until it is awaited"]
pub struct Upload {
    backend: Result<Gemini>,
    source: UploadSource,
    name: Option<String>,
    display_name: Option<String>,
    mime_type: Option<String>,
    on_progress: Option<OnProgress>,
}

impl Upload {
    pub(crate) fn new(backend: Result<Gemini>, source: UploadSource) -> Self {
        Self {
            backend,
            source,
            name: None,
            display_name: None,
            mime_type: None,
            on_progress: None,
        }
    }

    pub(crate) fn spooled(backend: Gemini, file: tokio::fs::File, len: u64) -> Self {
        Self::new(Ok(backend), UploadSource(Kind::Spooled(file, len)))
    }

    /// The name of the file, `files/ID`; by default the service makes one up.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The name for people.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// The MIME type; by default that of the path's ending, `application/jsonl` for `.jsonl`.
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Is called after each chunk with the bytes sent and the bytes in all.
    pub fn on_progress(mut self, on_progress: impl FnMut(u64, u64) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(on_progress));
        self
    }

    async fn run(self) -> Result<File> {
        let backend = self.backend?;
        let mut metadata = Map::new();
        if let Some(name) = &self.name {
            let id = gemini_file_id(name)?;
            metadata.insert("name".into(), format!("files/{id}").into());
        }
        if let Some(name) = &self.display_name {
            metadata.insert("displayName".into(), name.as_str().into());
        }
        let (mime_type, file_name) = match (&self.source.0, self.mime_type) {
            (Kind::Path(path), given) => {
                let mime_type = given.map_or_else(|| guess_mime_type(path), Ok)?;
                let name = path.file_name().and_then(|name| name.to_str());
                (mime_type, name.map(str::to_owned))
            }
            (_, Some(given)) => (given, None),
            (_, None) => {
                return Err(Error::input(
                    "an upload of bytes or a stream needs a MIME type: set `mime_type`",
                ));
            }
        };
        let (contents, len) = Reader::open(self.source.0).await?;
        metadata.insert("mimeType".into(), mime_type.as_str().into());
        metadata.insert("sizeBytes".into(), len.into());
        let url = start(&backend, metadata, &mime_type, file_name, len).await?;
        let transfer = Transfer {
            backend,
            url,
            len,
            contents,
            on_progress: self.on_progress,
        };
        transfer.run().await
    }
}

impl IntoFuture for Upload {
    type Output = Result<File>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<File>> + Send>>;

    /// # Errors
    ///
    /// Those of [`Files::upload`](super::Files::upload).
    fn into_future(self) -> Self::IntoFuture {
        let call = trace::call!("upload_file", Backend::Gemini);
        Box::pin(call.run(self.run()))
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("source", &self.source)
            .field("name", &self.name)
            .field("mime_type", &self.mime_type)
            .finish_non_exhaustive()
    }
}

fn guess_mime_type(path: &Path) -> Result<String> {
    let extension = path.extension().and_then(|e| e.to_str());
    if matches!(extension, Some("jsonl" | "ndjson")) {
        return Ok("application/jsonl".to_owned());
    }
    let guess = mime_guess::from_path(path).first_raw();
    guess.map(str::to_owned).ok_or_else(|| {
        Error::input(format!(
            "the MIME type of {} cannot be told from its name: set `mime_type`",
            path.display()
        ))
    })
}

/// Announces the file and returns the URL that takes its contents.
async fn start(
    backend: &Gemini,
    metadata: Map<String, Value>,
    mime_type: &str,
    file_name: Option<String>,
    len: u64,
) -> Result<Url> {
    let address = format!(
        "{}/upload/{}/files",
        backend.base_url(),
        backend.api_version()
    );
    let base: Url = address.parse().map_err(|e| {
        Error::configuration(format!("the base URL {:?} is no URL", backend.base_url()))
            .with_source(e)
    })?;
    let mut request = Request::new(Method::POST, base.clone());
    let headers = request.headers_mut();
    headers.insert(PROTOCOL, HeaderValue::from_static("resumable"));
    headers.insert(COMMAND, HeaderValue::from_static("start"));
    headers.insert("x-goog-upload-header-content-length", len.into());
    let mime_type = HeaderValue::from_str(mime_type)
        .map_err(|_| Error::input(format!("{mime_type:?} is no MIME type")))?;
    headers.insert("x-goog-upload-header-content-type", mime_type);
    // The name is a courtesy: one that no header can carry is left out.
    if let Some(name) = file_name.and_then(|name| HeaderValue::try_from(name).ok()) {
        headers.insert("x-goog-upload-file-name", name);
    }
    *request.body_mut() = Some(json!({ "file": metadata }).to_string().into());
    // Starting twice leaves an upload that nobody ends, and no file.
    let response = backend.session().send(request, Repeat::Safe).await?;
    let url = response.headers().get("x-goog-upload-url");
    let url = url
        .and_then(|url| url.to_str().ok())
        .and_then(|url| base.join(url).ok())
        .ok_or_else(|| Error::protocol("the service gave no URL to upload to"))?;
    check_upload_url(&base, &url)?;
    Ok(url)
}

/// Data goes only where the API lives: to its host, or over TLS to another of Google's.
fn check_upload_url(base: &Url, url: &Url) -> Result<()> {
    let same = url.origin() == base.origin();
    let google = |url: &Url| {
        url.scheme() == "https"
            && url
                .host_str()
                .is_some_and(|host| host.ends_with(".googleapis.com"))
    };
    if same || (google(base) && google(url)) {
        return Ok(());
    }
    Err(Error::protocol(format!(
        "the service gave an upload URL on {}, which is not where the API is: nothing was uploaded",
        url.host_str().unwrap_or("no host")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_go_only_where_the_api_is() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let google = url("https://generativelanguage.googleapis.com/upload");
        let local = url("http://127.0.0.1:8080/upload");
        for (base, target, allowed) in [
            (&google, "https://generativelanguage.googleapis.com/x", true),
            (&google, "https://upload.googleapis.com/x", true),
            (&google, "http://generativelanguage.googleapis.com/x", false),
            (&google, "https://googleapis.com.evil.example/x", false),
            (&local, "http://127.0.0.1:8080/y", true),
            (&local, "http://127.0.0.1:8081/y", false),
            (&local, "https://upload.googleapis.com/x", false),
        ] {
            assert_eq!(
                check_upload_url(base, &url(target)).is_ok(),
                allowed,
                "{target}"
            );
        }
    }
}
