//! The ways to a [`Client`], each of them through a [`ClientBuilder`].

use super::ClientBuilder;
use crate::client::Client;
use crate::error::Result;

impl Client {
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
    /// If there are no credentials, or a value is invalid.
    ///
    /// ```no_run
    /// use genai_batch::Client;
    ///
    /// let client = Client::from_env()?;
    /// println!("{} at {}", client.backend(), client.base_url());
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn from_env() -> Result<Self> {
        ClientBuilder::new().build()
    }

    /// A client of the Gemini Developer API with this API key. Base URL and API version are
    /// still read from the environment.
    ///
    /// # Errors
    ///
    /// If the key is empty or cannot be sent.
    ///
    /// ```
    /// use genai_batch::{Backend, Client};
    ///
    /// let client = Client::gemini("my-api-key")?;
    /// assert_eq!(client.backend(), Backend::Gemini);
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
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
    /// If the project or location is invalid.
    #[cfg(feature = "vertex")]
    pub fn vertex(project: impl Into<String>, location: impl Into<String>) -> Result<Self> {
        ClientBuilder::new()
            .vertex()
            .project(project)
            .location(location)
            .build()
    }

    /// Starts the configuration of a client in detail.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::Client;
    ///
    /// let builder = Client::builder().gemini().api_key("my-api-key");
    /// let client = builder.timeout(Duration::from_secs(60)).build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }
}
