//! Downloads from the Files API, as they arrive.

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Method, Request, Response, Url};

use super::super::Gemini;
use super::super::name::gemini_file_id;
use crate::error::{Error, Result};
use crate::file::{File, FileRef};
use crate::http::Session;
use crate::http::connections::Connections;
use crate::http::retry::Idempotency;
use crate::http::send::BodyMode;
use crate::results::ByteStream;
use crate::storage::ahead::at_pace;
use crate::storage::checksum::Sha256;
use crate::storage::resume::{self, Known, Remote};

impl Gemini {
    /// Starts a download by as many connections as its reader is worth.
    pub(crate) async fn download(&self, file: &FileRef) -> Result<(Option<u64>, ByteStream)> {
        let connections = self.session().connections(None);
        let (size, chunks) = self.download_by(file, connections.clone()).await?;
        Ok((size, at_pace(chunks, connections)))
    }

    /// Starts a download: the size that the service announced, and the contents. The address
    /// works for names of any length, unlike a get.
    pub(crate) async fn download_by(
        &self,
        file: &FileRef,
        connections: Connections,
    ) -> Result<(Option<u64>, ByteStream)> {
        let id = gemini_file_id(file.name())?;
        let remote = RemoteFile {
            backend: self.clone(),
            name: format!("files/{id}"),
        };
        let started = resume::start(remote, connections).await?;
        let known = match &file.record {
            Some(record) => known(record),
            None if started.has_end() => Known::default(),
            // The file's record may say where its end is. Long names have none that can be read.
            None => match self.get_file(id).await {
                Ok(record) => known(&record),
                Err(error) => {
                    tracing::debug!(%error, file = id, "no record tells the size of a download");
                    Known::default()
                }
            },
        };
        Ok((started.size().or(known.size), started.download(known)))
    }
}

/// What a file's record says of its contents.
fn known(record: &File) -> Known {
    let sha256 = record.sha256_hash().map(Sha256::parse);
    if sha256 == Some(None) {
        tracing::warn!(
            file = record.name(),
            "the file's SHA-256 is in no known form, and is not compared"
        );
    }
    Known {
        size: record.size_bytes(),
        sha256: sha256.flatten(),
    }
}

struct RemoteFile {
    backend: Gemini,
    name: String,
}

impl Remote for RemoteFile {
    fn session(&self) -> &Session {
        self.backend.session()
    }

    fn name(&self) -> &str {
        &self.name
    }

    async fn request(&self, headers: HeaderMap) -> Result<Response> {
        let (base, version) = (self.backend.base_url(), self.backend.api_version());
        // The id is plain, so that it stands for itself in an address.
        let address = format!("{base}/{version}/{}:download?alt=media", self.name);
        let url = Url::parse(&address).map_err(|e| {
            Error::configuration(format!("the base URL {base:?} is not a URL")).with_source(e)
        })?;
        let mut request = Request::new(Method::GET, url);
        *request.headers_mut() = headers;
        // As it is stored: what is packed on its way has other bytes.
        let as_it_is = HeaderValue::from_static("identity");
        request.headers_mut().insert(ACCEPT_ENCODING, as_it_is);
        let session = self.backend.session();
        session
            .call(request, Idempotency::Repeatable, BodyMode::Streamed)
            .await
    }
}
