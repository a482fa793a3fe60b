//! [`Client`]: one handle for one backend, from which everything else is reached.

use std::sync::Arc;

use crate::backend::Backend;
use crate::backend::gemini::Gemini;
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
    gemini: Arc<Gemini>,
}

impl Client {
    pub(crate) fn new(gemini: Gemini) -> Self {
        Self {
            gemini: Arc::new(gemini),
        }
    }

    /// A client configured by environment variables, the same as Google's own SDKs read:
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `GOOGLE_API_KEY`, then `GEMINI_API_KEY` | the API key |
    /// | `GOOGLE_GEMINI_BASE_URL` | where the API is, in place of Google's host |
    /// | `GOOGLE_GENAI_API_VERSION` | `v1beta` (the default), `v1`, …; `beta` means `v1beta` |
    ///
    /// A variable that is empty counts as unset.
    ///
    /// # Errors
    ///
    /// If there is no key, a value makes no sense, or `GOOGLE_GENAI_USE_ENTERPRISE` or
    /// `GOOGLE_GENAI_USE_VERTEXAI` ask for Vertex AI, which this version does not support.
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
        ClientBuilder::new().api_key(api_key).build()
    }

    /// Starts the configuration of a client in detail.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// The service that the client talks to.
    pub fn backend(&self) -> Backend {
        Backend::Gemini
    }

    /// Where the client sends its requests: scheme, host and path before the API version.
    pub fn base_url(&self) -> &str {
        self.gemini.base_url()
    }

    /// The API version in the address of every request.
    pub fn api_version(&self) -> &str {
        self.gemini.api_version()
    }

    /// Batch jobs: create, wait, read results.
    pub fn batches(&self) -> Batches {
        Batches::new(Arc::clone(&self.gemini))
    }

    /// The Gemini Files API.
    pub fn files(&self) -> Files {
        Files::new(Gemini::clone(&self.gemini))
    }

    /// The generated low-level client, with the credentials and retries of this one.
    ///
    /// See the [`raw`](crate::raw) module.
    pub fn raw(&self) -> Raw {
        Raw {
            gemini: self.gemini.raw().clone(),
        }
    }
}
