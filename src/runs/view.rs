//! A run that is looked at, and not driven.

use std::path::Path;

use super::asked::read_identity;
use super::events::RunEvents;
use super::jobs::RunJobs;
use super::parts::{self, RunPart};
use super::progress::{self, Progress};
use super::report::{self, RunReport};
use super::results::{RunResults, RunSave};
use super::store::{Lock, Role, Store, place, settings};
use crate::backend::AnyBackend;
use crate::error::{Error, Result};
use crate::platform::Backend;
use crate::results::row::ReadRow;

/// A run that is looked at, while another process may drive it: made by
/// [`Runs::read`](super::Runs::read), or without a client by [`open`](Self::open).
#[derive(Debug)]
pub struct RunView {
    read_row: ReadRow,
    service: Option<AnyBackend>,
    store: Store,
    backend: Backend,
    model: String,
}

impl RunView {
    /// Looks at the run in a file, of whichever backend it is. No client is needed, and nothing but the
    /// file is asked.
    ///
    /// # Errors
    ///
    /// If there is no file, or it is not a run of a backend that this build has.
    ///
    /// ```no_run
    /// # async fn example() -> genai_batch::Result<()> {
    /// let run = genai_batch::runs::RunView::open("reviews.run").await?;
    /// println!("{}: {}", run.model(), run.report().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let store = Store::open(&place::resolve(path).await?, Role::Reader).await?;
        let identity = read_identity(&store).await?;
        let reader = AnyBackend::row_reader_of(&identity.backend);
        let (backend, read_row) = reader.ok_or_else(|| {
            Error::input(format!(
                "{} is a run of {:?}, which this build does not know",
                path.display(),
                identity.backend
            ))
        })?;
        Ok(Self {
            read_row,
            service: None,
            store,
            backend,
            model: identity.model,
        })
    }

    pub(super) async fn of_client(service: AnyBackend, path: &Path) -> Result<Self> {
        let store = Store::open(&place::resolve(path).await?, Role::Reader).await?;
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
            read_row: service.row_reader(),
            backend: service.backend(),
            service: Some(service),
            store,
            model: identity.model,
        })
    }

    /// The backend whose jobs it makes.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The model that is asked.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Which process drives the run now, and since when; `None` if none does.
    ///
    /// It is what the lock beside the file says, unless that process is gone.
    pub fn driver(&self) -> Option<String> {
        Lock::driver(self.store.path())
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
        RunResults::open(self.store.clone(), self.read_row).await
    }

    /// As [`Run::save_to`](super::Run::save_to); without a client, to a local path alone.
    ///
    /// ```no_run
    /// # async fn example(view: genai_batch::runs::RunView) -> genai_batch::Result<()> {
    /// view.save_to("results.jsonl").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn save_to(&self, place: impl AsRef<Path>) -> RunSave {
        let run = self.store.path().to_owned();
        let place = place.as_ref().to_owned();
        RunSave::new(self.read_row, self.service.clone(), run, place)
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

    /// As [`Run::note`](super::Run::note).
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    ///
    /// ```no_run
    /// # async fn example(view: genai_batch::runs::RunView) -> genai_batch::Result<()> {
    /// println!("{:?}", view.note("saved to").await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn note(&self, name: impl Into<String>) -> Result<Option<String>> {
        let name = name.into();
        let read = self.store.call(move |it| settings::note(it, &name));
        read.await
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

    /// As [`Run::jobs`](super::Run::jobs).
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(view: genai_batch::runs::RunView) -> genai_batch::Result<()> {
    /// let jobs: Vec<_> = view.jobs().try_collect().await?;
    /// println!("{} jobs", jobs.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn jobs(&self) -> RunJobs {
        RunJobs::new(self.store.clone())
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
