//! Resumable uploads to the Files API.
//!
//! ```text
//! start → upload URL → chunk, chunk, … , last chunk (finalize) → File
//!                        └ failed in passing: ask how much arrived, go on from there
//! File → held to what was sent
//! ```

use std::path::Path;

use reqwest::header::HeaderValue;
use reqwest::{Method, Request, Url};
use serde_json::{Map, Value, json};

use super::super::Gemini;
use super::super::name::gemini_file_id;
use super::check::Sent;
use super::contents::{Kind, Reader, UploadSource};
use super::transfer::{COMMAND, OnProgress, Target, Transfer, Transferred};
use crate::error::{Error, Result};
use crate::file::File;
use crate::http::retry::Idempotency;
use crate::http::send::BodyMode;
use crate::platform::Backend;
use crate::request::guess_mime_type;
use crate::trace;

const PROTOCOL: &str = "x-goog-upload-protocol";

/// A file that is to be made.
pub(crate) struct NewFile {
    pub(crate) source: UploadSource,
    pub(crate) name: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) mime_type: Option<String>,
    pub(crate) on_progress: Option<OnProgress>,
}

impl NewFile {
    pub(crate) fn new(source: UploadSource) -> Self {
        Self {
            source,
            name: None,
            display_name: None,
            mime_type: None,
            on_progress: None,
        }
    }

    pub(crate) fn spooled(file: tokio::fs::File, len: u64) -> Self {
        Self::new(UploadSource(Kind::Spooled(file, len)))
    }

    pub(crate) fn mime_type(mut self, mime_type: &str) -> Self {
        self.mime_type = Some(mime_type.to_owned());
        self
    }

    pub(crate) fn display_name(mut self, name: &str) -> Self {
        self.display_name = Some(name.to_owned());
        self
    }

    /// Uploads the contents. Where there is no backend to upload to, its error is the outcome.
    pub(crate) async fn send(self, backend: Result<Gemini>) -> Result<File> {
        let call = trace::call!("upload_file", Backend::Gemini);
        let upload = async {
            let backend = backend?;
            let session = backend.session().clone();
            let uploaded = self.run(backend).await;
            uploaded.map_err(|error| session.without_secrets(error))
        };
        call.run(upload).await
    }

    async fn run(self, backend: Gemini) -> Result<File> {
        let mut metadata = Map::new();
        let name = match &self.name {
            Some(name) => Some(format!("files/{}", gemini_file_id(name)?)),
            None => None,
        };
        if let Some(name) = &name {
            metadata.insert("name".into(), name.as_str().into());
        }
        if let Some(name) = &self.display_name {
            metadata.insert("displayName".into(), name.as_str().into());
        }
        let (mime_type, file_name) = match (&self.source.0, self.mime_type) {
            (Kind::Path(path), given) => {
                let mime_type = given.map_or_else(|| mime_type_of(path), Ok)?;
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
            target: Target {
                backend: backend.clone(),
                url,
                len,
            },
            contents,
            on_progress: self.on_progress,
        };
        let Transferred {
            file,
            taken,
            sha256,
        } = transfer.run().await?;
        let sent = Sent {
            name,
            display_name: self.display_name,
            mime_type,
            len,
            taken,
            sha256,
        };
        backend.accept(file, &sent).await
    }
}

fn mime_type_of(path: &Path) -> Result<String> {
    guess_mime_type(path).map(str::to_owned).ok_or_else(|| {
        Error::input(format!(
            "the MIME type of {} cannot be guessed from its name: set `mime_type`",
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
        Error::configuration(format!(
            "the base URL {:?} is not a URL",
            backend.base_url()
        ))
        .with_source(e)
    })?;
    let mut request = Request::new(Method::POST, base.clone());
    let headers = request.headers_mut();
    headers.insert(PROTOCOL, HeaderValue::from_static("resumable"));
    headers.insert(COMMAND, HeaderValue::from_static("start"));
    headers.insert("x-goog-upload-header-content-length", len.into());
    let mime_type = HeaderValue::from_str(mime_type)
        .map_err(|_| Error::input(format!("{mime_type:?} is not a MIME type")))?;
    headers.insert("x-goog-upload-header-content-type", mime_type);
    // The name is a courtesy: one that no header can carry is left out.
    if let Some(name) = file_name.and_then(|name| HeaderValue::try_from(name).ok()) {
        headers.insert("x-goog-upload-file-name", name);
    }
    *request.body_mut() = Some(json!({ "file": metadata }).to_string().into());
    // Starting twice leaves an upload that nobody ends, and no file.
    let response = backend
        .session()
        .call(request, Idempotency::Repeatable, BodyMode::Whole)
        .await?;
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
        "the service gave an upload URL at {}, which is not where the API is, {}: nothing was uploaded",
        url.origin().ascii_serialization(),
        base.origin().ascii_serialization()
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
