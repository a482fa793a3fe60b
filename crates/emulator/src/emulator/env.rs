//! The environment variables that lead clients to an emulator.

use super::handle::Emulator;

impl Emulator {
    /// The environment variables that lead Google's own clients here, with their values: to the
    /// Gemini Developer API, to Vertex AI and its stores, and to the metadata server, which has the
    /// tokens for them.
    ///
    /// A project and a location are not among them, since Google's Python client goes astray with a
    /// project from the environment and a base URL: a program names its own, or none and goes with
    /// the API key. Two variables of a program's own would lead it elsewhere: `GOOGLE_API_KEY`
    /// comes before the key given here, and `GOOGLE_APPLICATION_CREDENTIALS` before the metadata
    /// server.
    pub fn env(&self) -> Vec<(String, String)> {
        let url = self.base_url();
        let host = url.trim_start_matches("http://");
        let key = self.services.gemini.settings.api_key.as_deref();
        [
            ("GOOGLE_GEMINI_BASE_URL", url),
            ("GEMINI_API_KEY", key.unwrap_or("emulator")),
            ("GOOGLE_VERTEX_BASE_URL", url),
            // Python's client looks for the server by the one, and reads from it by the other.
            ("GCE_METADATA_IP", host),
            ("GCE_METADATA_HOST", host),
            ("STORAGE_EMULATOR_HOST", url),
            ("BIGQUERY_EMULATOR_HOST", url),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }
}
