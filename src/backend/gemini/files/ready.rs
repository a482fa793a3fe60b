//! Waiting for a file that the service still works on.

use std::time::Duration;

use super::super::Gemini;
use super::check::failure;
use crate::error::{Error, Kind, Result};
use crate::file::File;

/// How soon a file is asked after; then after twice as long, and so on up to …
const FIRST_POLL: Duration = Duration::from_millis(250);
const LONGEST_POLL: Duration = Duration::from_secs(8);
/// … this many times, ten minutes in all: a video of an hour takes a few.
const POLLS: u32 = 80;

impl Gemini {
    /// The file once it can be used.
    pub(in crate::backend::gemini) async fn once_ready(&self, mut file: File) -> Result<File> {
        let mut pause = FIRST_POLL;
        for poll in 1..=POLLS {
            if let Some(error) = failure(&file) {
                return Err(error);
            }
            match file.state() {
                Some("PROCESSING") => {
                    tracing::info!(
                        file = file.name(),
                        poll,
                        ?pause,
                        "the service works on the file"
                    );
                    tokio::time::sleep(pause).await;
                }
                _ => return Ok(file),
            }
            pause = (pause * 2).min(LONGEST_POLL);
            file = self.get_file(file.name()).await?;
        }
        Err(Error::new(
            Kind::Timeout,
            "the service does not come to an end with it: try again later",
        ))
    }

    /// After a create from a file was refused: whether the service has come to an end with the file
    /// since, so that it may be tried again. An error is what is wrong with the file.
    pub(in crate::backend::gemini) async fn became_ready(
        &self,
        name: &str,
        refusal: &str,
    ) -> Result<bool> {
        // The refusal says more than that the file cannot be asked after.
        let Ok(file) = self.get_file(name).await else {
            return Ok(false);
        };
        match file.state() {
            Some("PROCESSING" | "FAILED") => self.once_ready(file).await.map(|_| true),
            // It came to an end in between, if it was what the refusal is about.
            _ => Ok(refusal.contains(name.trim_start_matches("files/"))),
        }
    }
}
