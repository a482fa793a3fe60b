//! A run that is looked at, and not driven.

use std::path::Path;

use super::asked::read_identity;
use super::events::RunEvents;
use super::parts::{self, RunPart};
use super::progress::{self, Progress};
use super::report::{self, RunReport};
use super::results::{RunResults, RunSave};
use super::store::{Role, Store};
use crate::backend::AnyBackend;
use crate::error::{Error, Result};

/// A run that is looked at, while another process may drive it: made by
/// [`Runs::read`](super::Runs::read).
#[derive(Debug)]
pub struct RunView {
    service: AnyBackend,
    store: Store,
    model: String,
}

impl RunView {
    pub(super) async fn open(service: AnyBackend, path: &Path) -> Result<Self> {
        let store = Store::open(path, Role::Reader).await?;
        let identity = read_identity(&store).await?;
        if identity.backend != service.backend().to_string() {
            return Err(Error::input(format!(
                "{} is a run of {}, and this client is of {}",
                path.display(),
                identity.backend,
                service.backend()
            )));
        }
        Ok(Self {
            service,
            store,
            model: identity.model,
        })
    }

    /// The model that is asked.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// As [`Run::results`](super::Run::results).
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(view: genai_batch::runs::RunView) -> genai_batch::Result<()> {
    /// let mut results = view.results().await?;
    /// while let Some(result) = results.try_next().await? {
    ///     println!("{:?}", result.key());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn results(&self) -> Result<RunResults> {
        RunResults::open(self.store.clone(), &self.service).await
    }

    /// As [`Run::save_to`](super::Run::save_to).
    ///
    /// ```no_run
    /// # async fn example(view: genai_batch::runs::RunView) -> genai_batch::Result<()> {
    /// view.save_to("results.jsonl").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn save_to(&self, place: impl AsRef<Path>) -> RunSave {
        let run = self.store.path().to_owned();
        RunSave::new(self.service.clone(), run, place.as_ref().to_owned())
    }

    /// As [`Run::report`](super::Run::report).
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// ```no_run
    /// # async fn example(view: genai_batch::runs::RunView) -> genai_batch::Result<()> {
    /// println!("{}", view.report().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn report(&self) -> Result<RunReport> {
        report::read(&self.store).await
    }

    /// As [`Run::parts`](super::Run::parts).
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// ```no_run
    /// # async fn example(view: genai_batch::runs::RunView) -> genai_batch::Result<()> {
    /// for part in view.parts().await? {
    ///     println!("{part}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn parts(&self) -> Result<Vec<RunPart>> {
        parts::read(&self.store).await
    }

    /// As [`Run::events`](super::Run::events).
    pub fn events(&self) -> RunEvents {
        RunEvents::new(self.store.clone())
    }

    /// As [`Run::progress`](super::Run::progress).
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// ```no_run
    /// # async fn example(view: genai_batch::runs::RunView) -> genai_batch::Result<()> {
    /// println!("{}", view.progress().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn progress(&self) -> Result<Progress> {
        progress::read(&self.store).await
    }
}
