//! [`Client`]: one handle for one backend, from which everything else is reached.

use crate::backend::AnyBackend;
use crate::batches::Batches;
use crate::files::Files;
use crate::platform::Backend;
use crate::raw::Raw;

/// A client of one backend. Cheap to clone; clones share connections and credentials.
///
/// ```no_run
/// # async fn example() -> genai_batch::Result<()> {
/// use genai_batch::Client;
///
/// let client = Client::from_env()?;
/// let job = client
///     .batches()
///     .create("gemini-2.5-flash", vec!["What is AI?", "What is ML?"])
///     .await?;
/// println!("created {}", job.name());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    service: AnyBackend,
}

impl Client {
    pub(crate) fn new(service: AnyBackend) -> Self {
        Self { service }
    }

    pub(crate) fn service(&self) -> &AnyBackend {
        &self.service
    }

    /// The service that the client talks to.
    pub fn backend(&self) -> Backend {
        self.service.backend()
    }

    /// Where the client sends its requests: scheme, host and path before the API version.
    pub fn base_url(&self) -> &str {
        self.service.base_url()
    }

    /// The API version in the address of every request: `v1beta` on Gemini and `v1beta1` on Vertex AI,
    /// unless [`ClientBuilder::api_version`](crate::ClientBuilder::api_version) or
    /// `GOOGLE_GENAI_API_VERSION` says otherwise.
    pub fn api_version(&self) -> &str {
        self.service.api_version()
    }

    /// The Google Cloud project whose jobs these are; `None` on Gemini and in express mode.
    #[cfg(feature = "vertex")]
    pub fn project(&self) -> Option<&str> {
        Some(&self.service.place()?.project)
    }

    /// Where the jobs run; `None` on Gemini and in express mode.
    #[cfg(feature = "vertex")]
    pub fn location(&self) -> Option<&str> {
        Some(&self.service.place()?.location)
    }

    /// Batch jobs: create, wait, read results.
    pub fn batches(&self) -> Batches {
        Batches::new(self.service.clone())
    }

    /// Runs: any number of requests over many jobs, kept in a file; see [`runs`](crate::runs).
    #[cfg(feature = "runs")]
    pub fn runs(&self) -> crate::runs::Runs {
        crate::runs::Runs::new(self.service.clone())
    }

    /// The Gemini Files API. On Vertex AI, every call of it is an error.
    pub fn files(&self) -> Files {
        Files::new(self.service.clone())
    }

    /// The generated low-level client, with the credentials and retries of this one.
    ///
    /// See the [`raw`](crate::raw) module.
    pub fn raw(&self) -> Raw {
        self.service.raw()
    }
}
