//! Results into a file, without a stop in memory.

use std::fmt;
use std::future::IntoFuture;
use std::path::PathBuf;

use futures_util::TryStreamExt;

use super::{BoxFuture, Results};
use crate::error::Result;
use crate::results::save::{LocalFile, write_line};
use crate::results::{Report, ResultStream};
use crate::storage::NewObject;
use crate::trace;

/// Results to be saved: made by [`Results::save_to`]; `.await` it for the [`Report`].
///
/// Each result becomes a line of JSON, in the order in which they come: `{"key", "response"}`,
/// `{"key", "error"}` or `{"key", "missing": true}`. The file or object appears once it is
/// whole; if the future is dropped or fails, there is none.
///
/// ```no_run
/// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
/// let report = client
///     .batches()
///     .results(&job)
///     .save_to("results.jsonl")
///     .await?;
/// println!("{report}");
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is saved until this is awaited"]
pub struct Save {
    results: Results,
    place: PathBuf,
    overwrite: bool,
}

impl Save {
    pub(super) fn new(results: Results, place: PathBuf) -> Self {
        Self {
            results,
            place,
            overwrite: false,
        }
    }

    /// Whether to replace what stands there already; by default that is an error.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    async fn run(self) -> Result<Report> {
        let service = self.results.batches.service.clone();
        let mut place = match self.place.to_str() {
            Some(uri) if uri.starts_with("gs://") => {
                Place::Object(service.create_object(uri, self.overwrite).await?)
            }
            _ => Place::Local(LocalFile::create(&self.place, self.overwrite).await?),
        };
        let mut results = self.results.await?;
        if let Err(error) = write_all(&mut results, &mut place).await {
            place.abandon().await;
            return Err(error);
        }
        place.finish().await?;
        Ok(results.report())
    }
}

async fn write_all(results: &mut ResultStream, place: &mut Place) -> Result<()> {
    let mut line = Vec::new();
    while let Some(result) = results.try_next().await? {
        line.clear();
        write_line(&result, &mut line);
        place.write(&line).await?;
    }
    Ok(())
}

/// Where the lines go.
#[cfg_attr(not(feature = "gcs"), allow(clippy::large_enum_variant))]
enum Place {
    Local(LocalFile),
    Object(NewObject),
}

impl Place {
    async fn write(&mut self, line: &[u8]) -> Result<()> {
        match self {
            Self::Local(file) => file.write(line).await,
            Self::Object(object) => object.write(line).await,
        }
    }

    async fn abandon(self) {
        match self {
            // Removed as it is dropped.
            Self::Local(_) => {}
            Self::Object(object) => object.abandon().await,
        }
    }

    async fn finish(self) -> Result<()> {
        match self {
            Self::Local(file) => file.finish().await,
            Self::Object(object) => object.finish().await,
        }
    }
}

impl IntoFuture for Save {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<Result<Report>>;

    /// # Errors
    ///
    /// If something stands there already, the results cannot be read to their end, or the file
    /// or object cannot be written.
    fn into_future(self) -> Self::IntoFuture {
        let doing = format!("saving results to {}", self.place.display());
        let results = &self.results;
        let backend = results.batches.service.backend();
        let call = trace::call!("save_batch_results", backend).job(&results.job.name);
        Box::pin(async move {
            let saved = call.run(self.run()).await;
            saved.map_err(|error| error.during(doing))
        })
    }
}

impl fmt::Debug for Save {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Save")
            .field("results", &self.results)
            .field("place", &self.place)
            .field("overwrite", &self.overwrite)
            .finish()
    }
}
