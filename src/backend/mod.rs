//! The services behind the client, one folder each, and the choice between them.
//!
//! A backend turns options into requests (`request`), responses into a
//! [`BatchJob`](crate::BatchJob) (`convert`) and result rows into
//! [`Row`](crate::results::row::Row)s (`results`).

mod create;
pub(crate) mod family;
mod form;
pub(crate) mod gemini;
mod look;
mod mark;
mod named;
#[cfg(feature = "gcs")]
pub(crate) mod objects;
mod once;
mod output;
mod patch;
mod steps;
#[cfg(feature = "vertex")]
pub(crate) mod vertex;

use std::sync::Arc;

use crate::error::Result;
use crate::form::Writer;
use crate::http::Session;
use crate::job::{BatchJob, JobRef};
use crate::options::{CreateOptions, ListOptions, Task};
use crate::page::Page;
use crate::platform::Backend;
use crate::raw::Raw;
use crate::request::Form;
use crate::request::finding::Finding;
use crate::results::{ByteStream, ResultStream};
use crate::source::kind::EmbedForm;
use crate::source::{Source, SourceKind};
use crate::storage::NewObject;
#[cfg(feature = "gcs")]
use crate::storage::ahead::at_pace;
#[cfg(feature = "gcs")]
use crate::storage::list::Listed;
use crate::uri::GcsUri;
use gemini::Gemini;
pub(crate) use output::ResultsOptions;
#[cfg(feature = "vertex")]
use vertex::Vertex;

/// The backend of one client.
#[derive(Debug, Clone)]
pub(crate) enum AnyBackend {
    Gemini(Arc<Gemini>),
    #[cfg(feature = "vertex")]
    Vertex(Arc<Vertex>),
}

/// Calls the same method of whichever backend it is.
macro_rules! dispatch {
    ($service:expr, $backend:ident => $call:expr) => {
        match $service {
            AnyBackend::Gemini($backend) => $call,
            #[cfg(feature = "vertex")]
            AnyBackend::Vertex($backend) => $call,
        }
    };
}

impl AnyBackend {
    pub(crate) fn gemini(gemini: Gemini) -> Self {
        Self::Gemini(Arc::new(gemini))
    }

    #[cfg(feature = "vertex")]
    pub(crate) fn vertex(vertex: Vertex) -> Self {
        Self::Vertex(Arc::new(vertex))
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Gemini(_) => Backend::Gemini,
            #[cfg(feature = "vertex")]
            Self::Vertex(_) => Backend::Vertex,
        }
    }

    #[cfg(feature = "vertex")]
    pub(crate) fn place(&self) -> Option<&vertex::ProjectLocation> {
        match self {
            Self::Gemini(_) => None,
            Self::Vertex(vertex) => vertex.place(),
        }
    }

    fn session(&self) -> &Session {
        dispatch!(self, backend => create::CreateJobs::session(&**backend))
    }

    /// Does what a call is for, and keeps the secrets out of its error: that may quote what the service
    /// said, which may be what it was sent.
    pub(crate) async fn censored<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = call.await;
        outcome.map_err(|error| self.session().without_secrets(error))
    }

    /// The same for a job, which says why it failed.
    async fn censored_job(&self, call: impl Future<Output = Result<BatchJob>>) -> Result<BatchJob> {
        let mut job = self.censored(call).await?;
        job.clean(|text| self.session().found_in(text));
        Ok(job)
    }

    /// The same for a page, which says what of it cannot be read.
    pub(crate) async fn censored_page<T>(
        &self,
        call: impl Future<Output = Result<Page<T>>>,
    ) -> Result<Page<T>> {
        let mut page = self.censored(call).await?;
        for reason in &mut page.unreadable {
            *reason = self.session().shown(reason);
        }
        Ok(page)
    }

    pub(crate) fn base_url(&self) -> &str {
        dispatch!(self, backend => backend.base_url())
    }

    pub(crate) fn api_version(&self) -> &str {
        dispatch!(self, backend => backend.api_version())
    }

    pub(crate) fn raw(&self) -> Raw {
        Raw(match self {
            Self::Gemini(gemini) => crate::raw::RawKind::Gemini(gemini.raw().clone()),
            #[cfg(feature = "vertex")]
            Self::Vertex(vertex) => crate::raw::RawKind::Vertex(vertex.raw().clone()),
        })
    }

    /// The Files API, which the Gemini Developer API alone has.
    pub(crate) fn files(&self) -> Result<&Gemini> {
        match self {
            Self::Gemini(gemini) => Ok(gemini),
            #[cfg(feature = "vertex")]
            Self::Vertex(_) => Err(crate::Error::input(
                "the Files API is not supported by Vertex AI: put files into Cloud Storage and \
                 refer to them as gs://bucket/object",
            )),
        }
    }

    pub(crate) async fn create(
        &self,
        task: Task,
        model: &str,
        source: Source,
        options: CreateOptions,
    ) -> Result<BatchJob> {
        let create = async {
            dispatch!(self, backend => create::create(&**backend, task, model, source, options).await)
        };
        // In a box, which the other steps of a call need not have room for.
        self.censored_job(Box::pin(create)).await
    }

    /// The job that bears this mark, if one is listed.
    pub(crate) async fn find(&self, mark: &str) -> Result<Option<BatchJob>> {
        let Some(mark) = mark::Mark::parse(mark) else {
            return Err(crate::Error::input(format!(
                "{mark:?} is not the mark of a create: `Error::mark` gives it"
            )));
        };
        let (identity, care) = (mark.identity(), look::Care::Everywhere);
        let found = self.censored(async {
            dispatch!(self, backend => look::find(&**backend, identity, care).await)
        });
        let mut found = found.await?;
        if let Some(job) = &mut found {
            job.clean(|text| self.session().found_in(text));
        }
        Ok(found)
    }

    /// A mark that no other create has, for [`CreateOptions::mark`].
    #[cfg(feature = "runs")]
    pub(crate) fn new_mark() -> Result<String> {
        Ok(mark::Mark::random()?.text())
    }

    /// Reads one row of this backend.
    #[cfg(feature = "runs")]
    pub(crate) fn row_reader(&self) -> crate::results::row::ReadRow {
        fn of<B: output::Output>(_: &B) -> crate::results::row::ReadRow {
            B::READ_ROW
        }
        dispatch!(self, backend => of(&**backend))
    }

    /// Reads one row of the backend that is called so; `None` where this build lacks it.
    #[cfg(feature = "runs")]
    pub(crate) fn row_reader_of(name: &str) -> Option<(Backend, crate::results::row::ReadRow)> {
        if name == Backend::Gemini.to_string() {
            return Some((Backend::Gemini, <Gemini as output::Output>::READ_ROW));
        }
        #[cfg(feature = "vertex")]
        if name == Backend::Vertex.to_string() {
            return Some((Backend::Vertex, <Vertex as output::Output>::READ_ROW));
        }
        None
    }

    pub(crate) async fn get(&self, name: &str) -> Result<BatchJob> {
        self.censored_job(async { dispatch!(self, backend => backend.get(name).await) })
            .await
    }

    pub(crate) async fn list_page(&self, options: &ListOptions) -> Result<Page<BatchJob>> {
        let page = self
            .censored_page(async { dispatch!(self, backend => backend.list_page(options).await) });
        let mut page = page.await?;
        for job in &mut page.items {
            job.clean(|text| self.session().found_in(text));
        }
        Ok(page)
    }

    pub(crate) async fn cancel(&self, name: &str) -> Result<()> {
        self.censored(async { dispatch!(self, backend => backend.cancel(name).await) })
            .await
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<()> {
        self.censored(async { dispatch!(self, backend => backend.delete(name).await) })
            .await
    }

    pub(crate) async fn update(
        &self,
        job: &JobRef,
        display_name: Option<String>,
        priority: Option<i64>,
    ) -> Result<BatchJob> {
        match self {
            Self::Gemini(gemini) => {
                self.censored_job(gemini.update(job, display_name, priority))
                    .await
            }
            #[cfg(feature = "vertex")]
            Self::Vertex(_) => Err(crate::Error::input(
                "Vertex AI cannot change a job once it is created: cancel it and create another",
            )),
        }
    }

    /// The form in which a model takes requests.
    pub(crate) fn form_of(&self, model: &str, options: &CreateOptions) -> Result<Form> {
        let writer = self.writer(Task::GenerateContent, model, options)?;
        Ok(writer.map_or(Form::Gemini, |writer| writer.form))
    }

    /// What writes the requests of a create; `None` where they are in Google's words.
    pub(crate) fn writer(
        &self,
        task: Task,
        model: &str,
        options: &CreateOptions,
    ) -> Result<Option<Writer>> {
        dispatch!(self, backend => create::writer(&**backend, task, model, options))
    }

    /// How a model wants requests for embeddings.
    #[cfg_attr(not(feature = "vertex"), expect(unused_variables))]
    pub(crate) fn embed_form(&self, model: &str) -> EmbedForm {
        match self {
            Self::Gemini(_) => EmbedForm::Gemini,
            #[cfg(feature = "vertex")]
            Self::Vertex(_) => crate::source::kind::embed_form(model),
        }
    }

    pub(crate) async fn results(
        &self,
        job: BatchJob,
        options: ResultsOptions,
    ) -> Result<ResultStream> {
        let opened = async {
            dispatch!(self, backend => output::open_results(&**backend, job, options).await)
        };
        let results = self.censored(opened).await?;
        Ok(results.censored_by(self.session()))
    }

    /// Starts an object in Cloud Storage, with the credentials of a Vertex AI client.
    #[cfg_attr(not(feature = "gcs"), expect(clippy::unused_async))]
    pub(crate) async fn create_object(&self, uri: &GcsUri, overwrite: bool) -> Result<NewObject> {
        match self {
            #[cfg(feature = "gcs")]
            Self::Vertex(vertex) => self.censored(vertex.storage().create(uri, overwrite)).await,
            _ => {
                let _ = overwrite;
                Err(crate::Error::input(format!(
                    "{:?} is in Cloud Storage, which a client of Vertex AI with the feature \
                     `gcs` can write to: choose a local path",
                    uri.as_str()
                )))
            }
        }
    }

    /// How many tokens the service counts in a request for content.
    pub(crate) async fn count_tokens(
        &self,
        model: &str,
        request: serde_json::Map<String, serde_json::Value>,
    ) -> Result<u64> {
        let counted = self.token_counter()?.count_tokens(model, request);
        self.censored(counted).await
    }

    /// The backend, if it counts tokens through this client.
    pub(crate) fn token_counter(&self) -> Result<&Gemini> {
        match self {
            Self::Gemini(gemini) => Ok(gemini),
            #[cfg(feature = "vertex")]
            Self::Vertex(_) => Err(crate::Error::input(
                "this client counts tokens by the Gemini Developer API alone: leave out `sample` \
                 on Vertex AI",
            )),
        }
    }

    /// The contents of an object in Cloud Storage, with the credentials of a Vertex AI client.
    #[cfg_attr(not(feature = "gcs"), expect(clippy::unused_async))]
    pub(crate) async fn open_object(&self, uri: &GcsUri) -> Result<ByteStream> {
        match self {
            #[cfg(feature = "gcs")]
            Self::Vertex(vertex) => {
                let connections = self.session().connections(None);
                let opened = vertex.storage().open(uri, connections.clone());
                Ok(at_pace(self.censored(opened).await?, connections))
            }
            _ => Err(crate::Error::input(format!(
                "{:?} is in Cloud Storage, which a client of Vertex AI with the feature `gcs` can \
                 read",
                uri.as_str()
            ))),
        }
    }

    /// The objects in the bucket of `place` whose names begin with a prefix.
    #[cfg(feature = "gcs")]
    async fn list_objects(&self, place: &GcsUri, prefix: &str) -> Result<Vec<Listed>> {
        match self {
            Self::Vertex(vertex) => {
                self.censored(vertex.storage().list_prefix(place, prefix))
                    .await
            }
            Self::Gemini(_) => Err(crate::Error::input(format!(
                "{:?} is in Cloud Storage, which a client of Vertex AI can read",
                place.as_str()
            ))),
        }
    }

    /// Refuses a source that the service is to read, if every create of it would be refused.
    #[cfg(feature = "runs")]
    pub(crate) fn check_held(&self, source: SourceKind, options: &CreateOptions) -> Result<()> {
        match self {
            Self::Gemini(gemini) => {
                let _ = options;
                create::CreateJobs::input_of(&**gemini, source).map(drop)
            }
            #[cfg(feature = "vertex")]
            Self::Vertex(vertex) => vertex.check_held(source, options),
        }
    }

    /// Why a create would be refused, whatever is in its requests.
    pub(crate) fn refusals(
        &self,
        task: Task,
        model: &str,
        source: &SourceKind,
        options: &CreateOptions,
    ) -> Vec<Finding> {
        dispatch!(self, backend => create::refusals(&**backend, task, model, source, options))
    }

    /// Removes input that the client put somewhere for a job.
    pub(crate) async fn remove_staged(&self, name: &str) -> Result<()> {
        let remove = async {
            dispatch!(self, backend => create::CreateJobs::remove(&**backend, name).await)
        };
        self.censored(remove).await
    }
}
