//! Local files that requests name, put into the Files API.

use std::path::Path;
use std::time::Duration;

use super::Gemini;
use crate::error::{Error, Kind, Result};
use crate::source::attach::{Shelf, Shelved};
use crate::storage::files::{File, Upload};

/// How soon a file is asked after that the service still works on; then after twice as long, and
/// so on up to …
const FIRST_POLL: Duration = Duration::from_millis(250);
const LONGEST_POLL: Duration = Duration::from_secs(8);
/// … this many times, ten minutes in all: a video of an hour takes a few.
const POLLS: u32 = 80;

impl Shelf for Gemini {
    async fn put(&self, path: &Path, mime_type: &str) -> Result<Shelved> {
        let upload = Upload::new(Ok(self.clone()), path.into()).mime_type(mime_type);
        let file = upload.await?;
        let name = file.name().to_owned();
        match self.uri_once_ready(file).await {
            Ok(uri) => Ok(Shelved { name, uri }),
            Err(error) => {
                if let Err(error) = self.delete_file(&name).await {
                    tracing::warn!(%error, file = name, "an uploaded file could not be removed");
                }
                Err(error)
            }
        }
    }

    async fn take_back(&self, name: &str) -> Result<()> {
        self.delete_file(name).await
    }
}

impl Gemini {
    /// Waits until requests can refer to a file.
    async fn uri_once_ready(&self, mut file: File) -> Result<String> {
        let mut pause = FIRST_POLL;
        for _ in 0..POLLS {
            match file.state() {
                Some("PROCESSING") => tokio::time::sleep(pause).await,
                Some("FAILED") => {
                    let mime_type = file.mime_type().unwrap_or("what it was said to be");
                    let reason = file.error().map_or_else(String::new, |e| format!(": {e}"));
                    return Err(Error::input(format!(
                        "the service cannot use it as {mime_type}{reason}"
                    )));
                }
                _ => {
                    let no_uri = || Error::protocol("the service gave the file no URI");
                    return file.uri().map(str::to_owned).ok_or_else(no_uri);
                }
            }
            pause = (pause * 2).min(LONGEST_POLL);
            file = self.get_file(file.name()).await?;
        }
        Err(Error::new(
            Kind::Timeout,
            "the service does not come to an end with it: try again later",
        ))
    }
}
