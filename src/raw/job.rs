//! The generated message that a job was read from.

use super::kept::value;
#[cfg(feature = "vertex")]
use super::vertex;
use super::{Kept, gemini};
use serde_json::Value;

use crate::job::BatchJob;
use crate::platform::Backend;

/// What a service said of a job, as the generated type of its backend.
#[derive(Debug, Clone)]
pub struct Job(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Gemini(Kept<gemini::types::Operation>),
    #[cfg(feature = "vertex")]
    Vertex(Kept<vertex::types::BatchPredictionJob>),
    #[cfg(not(feature = "vertex"))]
    Other,
}

impl Job {
    /// The operation of the Gemini Developer API, if this is the backend.
    pub fn gemini(&self) -> Option<&Kept<gemini::types::Operation>> {
        match &self.0 {
            Kind::Gemini(operation) => Some(operation),
            _ => None,
        }
    }

    /// The job of Vertex AI, if this is the backend.
    #[cfg(feature = "vertex")]
    pub fn vertex(&self) -> Option<&Kept<vertex::types::BatchPredictionJob>> {
        match &self.0 {
            Kind::Vertex(job) => Some(job),
            Kind::Gemini(_) => None,
        }
    }
}

impl BatchJob {
    /// The service's complete response, parsed; for fields that this type does not cover. What
    /// `serde_json` cannot hold, such as `1e999` or half a surrogate pair, is left out, and in
    /// [`json`](Self::json).
    ///
    /// ```no_run
    /// # fn example(job: genai_batch::BatchJob) {
    /// let field = &job.to_value()["metadata"]["someNewField"];
    /// # }
    /// ```
    pub fn to_value(&self) -> Value {
        value(self.record.json.bytes())
    }

    /// The generated message that this job was read from, for fields that this type does not
    /// cover. What no document describes is in [`json`](Self::json).
    ///
    /// ```no_run
    /// # fn example(job: genai_batch::BatchJob) {
    /// if let Some(operation) = job.raw().gemini() {
    ///     println!("{:?}", operation.metadata);
    /// }
    /// # }
    /// ```
    pub fn raw(&self) -> Job {
        let json = self.record.json.bytes().clone();
        Job(match self.record.backend {
            Backend::Gemini => Kind::Gemini(Kept::of(json)),
            #[cfg(feature = "vertex")]
            Backend::Vertex => Kind::Vertex(Kept::of(json)),
            #[cfg(not(feature = "vertex"))]
            Backend::Vertex => Kind::Other,
        })
    }
}
