//! The services behind the client, one folder each, and the choice between them.
//!
//! A backend turns options into requests (`request`), answers into a
//! [`BatchJob`](crate::BatchJob) (`convert`) and result rows into
//! [`Row`](crate::results::row::Row)s (`results`).

pub(crate) mod gemini;
pub(crate) mod once;
mod output;
#[cfg(feature = "vertex")]
pub(crate) mod vertex;

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use crate::error::Result;
use crate::job::{BatchJob, JobRef};
use crate::options::CreateOptions;
use crate::page::Page;
use crate::raw::Raw;
use crate::results::{ByteStream, Expectation, ResultStream};
use crate::source::Source;
use crate::source::entry::EmbedForm;
use crate::storage::NewObject;
use gemini::Gemini;
#[cfg(feature = "vertex")]
use vertex::Vertex;

/// The service that a client talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// The Gemini Developer API.
    Gemini,
    /// Vertex AI, also called Gemini Enterprise Agent Platform.
    Vertex,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gemini => "the Gemini Developer API",
            Self::Vertex => "Vertex AI",
        })
    }
}

/// What a job does with its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    GenerateContent,
    EmbedContent,
}

/// The page of a list that is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListOptions {
    pub(crate) page_size: Option<i32>,
    pub(crate) page_token: Option<String>,
    pub(crate) filter: Option<String>,
}

/// What a reader of results may know and how long it waits.
pub(crate) struct ResultsOptions {
    pub(crate) expectation: Option<Expectation>,
    /// Until when an output that is late is waited for; `None` is for ever.
    pub(crate) deadline: Option<Instant>,
}

/// The backend of one client.
#[derive(Debug, Clone)]
pub(crate) enum Service {
    Gemini(Arc<Gemini>),
    #[cfg(feature = "vertex")]
    Vertex(Arc<Vertex>),
}

/// Calls the same method of whichever backend it is.
macro_rules! dispatch {
    ($service:expr, $backend:ident => $call:expr) => {
        match $service {
            Service::Gemini($backend) => $call,
            #[cfg(feature = "vertex")]
            Service::Vertex($backend) => $call,
        }
    };
}

impl Service {
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
    pub(crate) fn place(&self) -> Option<&vertex::Place> {
        match self {
            Self::Gemini(_) => None,
            Self::Vertex(vertex) => vertex.place(),
        }
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
        dispatch!(self, backend => backend.create(task, model, source, options).await)
    }

    pub(crate) async fn get(&self, name: &str) -> Result<BatchJob> {
        dispatch!(self, backend => backend.get(name).await)
    }

    pub(crate) async fn list_page(&self, options: &ListOptions) -> Result<Page<BatchJob>> {
        dispatch!(self, backend => backend.list_page(options).await)
    }

    pub(crate) async fn cancel(&self, name: &str) -> Result<()> {
        dispatch!(self, backend => backend.cancel(name).await)
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<()> {
        dispatch!(self, backend => backend.delete(name).await)
    }

    pub(crate) async fn update(
        &self,
        job: &JobRef,
        display_name: Option<String>,
        priority: Option<i64>,
    ) -> Result<BatchJob> {
        match self {
            Self::Gemini(gemini) => gemini.update(job, display_name, priority).await,
            #[cfg(feature = "vertex")]
            Self::Vertex(_) => Err(crate::Error::input(
                "Vertex AI cannot change a job once it is created: cancel it and create another",
            )),
        }
    }

    /// How a model wants requests for embeddings.
    #[cfg_attr(not(feature = "vertex"), expect(unused_variables))]
    pub(crate) fn embed_form(&self, model: &str) -> EmbedForm {
        match self {
            Self::Gemini(_) => EmbedForm::Gemini,
            #[cfg(feature = "vertex")]
            Self::Vertex(_) => vertex::embed_form(model),
        }
    }

    pub(crate) async fn results(
        &self,
        job: BatchJob,
        options: ResultsOptions,
    ) -> Result<ResultStream> {
        dispatch!(self, backend => output::open_results(&**backend, job, options).await)
    }

    /// Starts an object in Cloud Storage, with the credentials of a Vertex AI client.
    #[cfg_attr(not(feature = "gcs"), expect(clippy::unused_async))]
    pub(crate) async fn create_object(&self, uri: &str, overwrite: bool) -> Result<NewObject> {
        match self {
            #[cfg(feature = "gcs")]
            Self::Vertex(vertex) => vertex.storage().create(uri, overwrite).await,
            _ => {
                let _ = overwrite;
                Err(crate::Error::input(format!(
                    "{uri:?} is in Cloud Storage, which a client of Vertex AI with the feature \
                     `gcs` can write to: choose a local path"
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
        self.counts_tokens()?.count_tokens(model, request).await
    }

    /// The backend, if it counts tokens through this client.
    pub(crate) fn counts_tokens(&self) -> Result<&Gemini> {
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
    pub(crate) async fn open_object(&self, uri: &str) -> Result<ByteStream> {
        match self {
            #[cfg(feature = "gcs")]
            Self::Vertex(vertex) => vertex.storage().open(uri).await,
            _ => Err(crate::Error::input(format!(
                "{uri:?} is in Cloud Storage, which a client of Vertex AI with the feature `gcs` \
                 can read"
            ))),
        }
    }

    /// Removes input that the client put somewhere for a job.
    pub(crate) async fn remove_staged(&self, name: &str) -> Result<()> {
        dispatch!(self, backend => backend.remove_staged(name).await)
    }
}
