//! Options of a client that only Vertex AI has.

use super::ClientBuilder;
use super::resolve::BackendChoice;
use crate::http::google::Origin;

/// Options of Vertex AI.
impl ClientBuilder {
    /// Chooses Vertex AI, whatever the environment says.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .vertex()
    ///     .project("my-project")
    ///     .location("us-central1")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn vertex(mut self) -> Self {
        self.backend = Some(BackendChoice::Vertex);
        self
    }

    /// The Google Cloud project whose jobs these are; by default `GOOGLE_CLOUD_PROJECT`.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .vertex()
    ///     .project("my-project")
    ///     .build()?;
    /// assert_eq!(client.project(), Some("my-project"));
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Where the jobs run, such as `us-central1`; by default `GOOGLE_CLOUD_LOCATION`, then
    /// `global`. The express mode, an API key without a project, has no location and refuses
    /// this.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .vertex()
    ///     .project("my-project")
    ///     .location("europe-west4")
    ///     .build()?;
    /// assert_eq!(client.location(), Some("europe-west4"));
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Credentials that the caller made with `google-cloud-auth`; by default Application
    /// Default Credentials are found on first use.
    ///
    /// ```no_run
    /// use genai_batch::Client;
    /// use genai_batch::external::google_cloud_auth::credentials::mds;
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let credentials = mds::Builder::default().build()?; // of the metadata server alone
    /// let client = Client::builder()
    ///     .vertex()
    ///     .project("my-project")
    ///     .credentials(credentials)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials(mut self, credentials: google_cloud_auth::credentials::Credentials) -> Self {
        self.google.origin = Some(Origin::Given(credentials));
        self
    }

    /// The contents of a credentials file: a service account key, an authorized user,
    /// impersonation, or workload identity federation.
    ///
    /// ```no_run
    /// use genai_batch::Client;
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder()
    ///     .vertex()
    ///     .project("my-project")
    ///     .credentials_json(std::fs::read_to_string("service-account.json")?)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials_json(mut self, json: impl Into<String>) -> Self {
        let json = json.into().into();
        self.google.origin = Some(Origin::Json(json));
        self
    }

    /// An access token. It is not renewed when it expires.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .vertex()
    ///     .project("my-project")
    ///     .access_token("ya29.my-token")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        let token = token.into().into();
        self.google.origin = Some(Origin::Token(token));
        self
    }

    /// The project that quota and costs count against, on Vertex AI, Cloud Storage and BigQuery; by
    /// default `GOOGLE_CLOUD_QUOTA_PROJECT`, then the `quota_project_id` of the credentials file. With
    /// none of these the services are told none, and count against the credentials' own.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .vertex()
    ///     .project("my-project")
    ///     .quota_project("billing-project")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn quota_project(mut self, project: impl Into<String>) -> Self {
        self.google.quota_project = Some(project.into());
        self
    }

    /// The prefix in Cloud Storage, `gs://bucket/prefix`, under which the client puts requests
    /// that Vertex AI cannot take from it directly; by default `GENAI_BATCH_STAGING`.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .vertex()
    ///     .project("my-project")
    ///     .staging("gs://my-bucket/staging")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn staging(mut self, prefix: impl Into<String>) -> Self {
        self.google.staging = Some(prefix.into());
        self
    }

    /// Where Cloud Storage is; by default `STORAGE_EMULATOR_HOST`, then Google.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .vertex()
    ///     .project("my-project")
    ///     .storage_base_url("http://localhost:4443")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn storage_base_url(mut self, url: impl Into<String>) -> Self {
        self.google.storage_base_url = Some(url.into());
        self
    }

    /// Where BigQuery is; by default `BIGQUERY_EMULATOR_HOST`, then Google.
    ///
    /// ```
    /// use genai_batch::Client;
    ///
    /// let client = Client::builder()
    ///     .vertex()
    ///     .project("my-project")
    ///     .bigquery_base_url("http://localhost:9050")
    ///     .build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn bigquery_base_url(mut self, url: impl Into<String>) -> Self {
        self.google.bigquery_base_url = Some(url.into());
        self
    }
}
