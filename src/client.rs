//! [`Client`]: one handle for one backend, from which everything else is reached.

use crate::backend::{Backend, Service};
use crate::batches::Batches;
use crate::builder::ClientBuilder;
use crate::error::Result;
use crate::raw::Raw;
use crate::storage::files::Files;

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
    service: Service,
}

impl Client {
    pub(crate) fn new(service: Service) -> Self {
        Self { service }
    }

    /// A client configured by environment variables, the same as Google's own SDKs read:
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `GOOGLE_GENAI_USE_ENTERPRISE`, then `GOOGLE_GENAI_USE_VERTEXAI` | `true` or `1`: Vertex AI, else the Gemini Developer API |
    /// | `GOOGLE_API_KEY`, then (Gemini alone) `GEMINI_API_KEY` | the API key |
    /// | `GOOGLE_CLOUD_PROJECT`, `GOOGLE_CLOUD_LOCATION` | of Vertex AI; they beat a key |
    /// | `GOOGLE_APPLICATION_CREDENTIALS`, `GOOGLE_CLOUD_QUOTA_PROJECT` | Google Cloud credentials |
    /// | `GOOGLE_GEMINI_BASE_URL`, `GOOGLE_VERTEX_BASE_URL` | where the API is, in place of Google's host |
    /// | `STORAGE_EMULATOR_HOST`, `BIGQUERY_EMULATOR_HOST` | where Cloud Storage and BigQuery are |
    /// | `GENAI_BATCH_STAGING` | where requests for Vertex AI are put, `gs://bucket/prefix`; this crate's own variable |
    /// | `GOOGLE_GENAI_API_VERSION` | `v1beta`, `v1`, …; `beta` means the default |
    ///
    /// A variable that is empty counts as unset.
    ///
    /// # Errors
    ///
    /// If there are no credentials, or a value makes no sense.
    pub fn from_env() -> Result<Self> {
        ClientBuilder::new().build()
    }

    /// A client of the Gemini Developer API with this API key. Base URL and API version are
    /// still read from the environment.
    ///
    /// # Errors
    ///
    /// If the key is empty or cannot be sent.
    pub fn gemini(api_key: impl Into<String>) -> Result<Self> {
        ClientBuilder::new().gemini().api_key(api_key).build()
    }

    /// A client of Vertex AI for this project and location, such as `us-central1` or `global`,
    /// with Application Default Credentials, which are found on the first call.
    ///
    /// ```no_run
    /// let client = genai_batch::Client::vertex("my-project", "us-central1")?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the project or location makes no sense.
    #[cfg(feature = "vertex")]
    pub fn vertex(project: impl Into<String>, location: impl Into<String>) -> Result<Self> {
        ClientBuilder::new()
            .vertex()
            .project(project)
            .location(location)
            .build()
    }

    /// Starts the configuration of a client in detail.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(crate) fn service(&self) -> &Service {
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

    /// The API version in the address of every request.
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
