//! Results into a file, without a stop in memory.

use std::fmt;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;

use super::results::Results;
use crate::backend::AnyBackend;
use crate::error::{Error, Result};
use crate::local::LocalFile;
use crate::results::line::write_line;
use crate::results::{Report, ResultStream};
use crate::storage::NewObject;
use crate::trace;
use crate::uri::{BigQueryTable, GcsUri};

/// Results to be saved: made by [`Results::save_to`]; `.await` it for the [`Report`].
///
/// Each result becomes a line of JSON, in the order in which they come: `{"key", "response"}`,
/// `{"key", "error"}` or `{"key", "missing": true}`. The file or object appears once it is
/// whole; if the future is dropped or fails, there is none. Until then, a local file `out.jsonl` is
/// beside its place as `.out.jsonl.genai-batch-XXXXXX.partial`: one of these that stays is of a
/// process that was killed, and can be deleted.
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

    /// Whether to replace what is there already; by default that is an error. Of a symbolic link,
    /// the file that it leads to is replaced, and the link stays. What is not a regular file, such
    /// as a device, a pipe or a directory, is never replaced.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let save = client.batches().results(&job).save_to("results.jsonl");
    /// let report = save.overwrite(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    async fn run(self) -> Result<Report> {
        check_place(&self.place)?;
        let service = self.results.service.clone();
        let mut target = SaveTarget::open(&service, &self.place, self.overwrite).await?;
        let mut results = self.results.await?;
        if let Err(error) = write_all(&mut results, &mut target).await {
            target.abandon().await;
            return Err(error);
        }
        target.finish().await?;
        Ok(results.report())
    }
}

/// Refuses places that are neither a path nor an object, before they are taken for a path.
fn check_place(place: &Path) -> Result<()> {
    let Some(text) = place.to_str() else {
        return Ok(());
    };
    let to = "write a path such as results.jsonl, or gs://bucket/results.jsonl";
    let refuse = |message: String| Err(Error::input(message));
    if text.is_empty() {
        return refuse(format!("the place for the results is empty: {to}"));
    }
    if BigQueryTable::is_meant(text) {
        return refuse(format!(
            "results are saved as lines of JSON, not to a table: {to}; the option `dest` of a create \
             on Vertex AI has the service write them to {text}"
        ));
    }
    if GcsUri::is_meant(text) {
        return match text.ends_with('/') {
            true => refuse(format!(
                "{text:?} names no object: write one with a name, such as {:?}",
                format!("{text}results.jsonl")
            )),
            false => Ok(()),
        };
    }
    if let Some(path) = text.strip_prefix("file://") {
        return refuse(format!(
            "{text:?} is a URL, and a path is wanted: write {path:?}"
        ));
    }
    if let Some((scheme, _)) = text.split_once("://") {
        // The rest of an address may carry a secret.
        return refuse(format!(
            "results cannot be saved to an address of {scheme}: {to}"
        ));
    }
    if text.ends_with('/') {
        return refuse(format!(
            "{text} is a folder: name a file in it, such as {text}results.jsonl"
        ));
    }
    Ok(())
}

async fn write_all(results: &mut ResultStream, target: &mut SaveTarget) -> Result<()> {
    let mut lines = Vec::new();
    while let Some(result) = results.try_next().await? {
        write_line(&result, &mut lines);
        target.write_if_many(&mut lines).await?;
    }
    target.write(&lines).await
}

/// How many bytes of lines are written at once.
const MANY: usize = 256 * 1024;

/// Where the lines go.
#[cfg_attr(not(feature = "gcs"), allow(clippy::large_enum_variant))]
pub(crate) enum SaveTarget {
    Local(LocalFile),
    Object(NewObject),
}

impl SaveTarget {
    /// Starts a local file, or with a Vertex AI client an object in Cloud Storage.
    pub(crate) async fn open(service: &AnyBackend, place: &Path, overwrite: bool) -> Result<Self> {
        Ok(match place.to_str() {
            Some(text) if GcsUri::is_meant(text) => {
                let uri = GcsUri::parse(text)?;
                Self::Object(service.create_object(&uri, overwrite).await?)
            }
            _ => Self::Local(LocalFile::create(place, overwrite).await?),
        })
    }

    /// Starts a local file, for which no service is needed.
    #[cfg(feature = "runs")]
    pub(crate) async fn open_local(place: &Path, overwrite: bool) -> Result<Self> {
        match place.to_str() {
            Some(text) if GcsUri::is_meant(text) => Err(Error::input(format!(
                "writing {text} takes a client: read the run by `client.runs().read(…)`"
            ))),
            _ => Ok(Self::Local(LocalFile::create(place, overwrite).await?)),
        }
    }

    pub(crate) async fn write(&mut self, line: &[u8]) -> Result<()> {
        match self {
            Self::Local(file) => file.write(line).await,
            Self::Object(object) => object.write(line).await,
        }
    }

    /// Writes lines once they are many, and takes them away then.
    pub(crate) async fn write_if_many(&mut self, lines: &mut Vec<u8>) -> Result<()> {
        if lines.len() >= MANY {
            self.write(lines).await?;
            lines.clear();
        }
        Ok(())
    }

    pub(crate) async fn abandon(self) {
        match self {
            // Removed as it is dropped.
            Self::Local(_) => {}
            Self::Object(object) => object.abandon().await,
        }
    }

    pub(crate) async fn finish(self) -> Result<()> {
        match self {
            Self::Local(file) => file.finish().await,
            Self::Object(object) => object.finish().await,
        }
    }
}

impl IntoFuture for Save {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'static, Result<Report>>;

    /// # Errors
    ///
    /// If something is there already, the results cannot be read to their end, or the file
    /// or object cannot be written.
    fn into_future(self) -> Self::IntoFuture {
        let doing = match self.place.to_str() {
            // A path, or the name of an object or a table; of another address, the scheme tells.
            Some(text) if text.contains("://") && !GcsUri::is_meant(text) => {
                "saving results".to_owned()
            }
            Some("") => "saving results".to_owned(),
            _ => format!("saving results to {}", self.place.display()),
        };
        let results = &self.results;
        let backend = results.service.backend();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_are_none_are_told_with_what_to_write() {
        for (place, told) in [
            ("", "is empty: write a path"),
            ("bq://p.d.t", "the option `dest`"),
            ("gs://bucket/", "such as \"gs://bucket/results.jsonl\""),
            (
                "gs://bucket/folder/",
                "such as \"gs://bucket/folder/results.jsonl\"",
            ),
            (
                "https://user:the-secret@example.com/x?y",
                "an address of https",
            ),
            ("s3://bucket/out.jsonl", "an address of s3"),
            ("file:///tmp/out.jsonl", "write \"/tmp/out.jsonl\""),
            ("out/", "such as out/results.jsonl"),
        ] {
            let error = check_place(Path::new(place)).unwrap_err();
            let text = error.to_string();
            assert!(
                error.is_invalid_input() && text.contains(told),
                "{place}: {text}"
            );
            assert!(!text.contains("the-secret"), "{text}");
        }
        for place in [
            "out.jsonl",
            "/tmp/out",
            "gs://bucket/out.jsonl",
            "a:b",
            "C:\\out.jsonl",
        ] {
            assert!(check_place(Path::new(place)).is_ok(), "{place}");
        }
    }
}
