//! What writes the requests of one job, and what comes of it.

use serde_json::{Map, Value};

use crate::request::Form;
use crate::request::finding::Finding;

/// The version that Claude on Vertex AI wants named in each request (Anthropic's documentation, Claude
/// on Vertex AI).
pub(super) const ANTHROPIC_VERSION: &str = "vertex-2023-10-16";

/// Writes the requests of one job.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    /// Never [`Form::Gemini`].
    pub(crate) form: Form,
    pub(crate) is_embedding: bool,
    /// As the bodies name it, such as `meta/llama-3.3-70b-instruct-maas`.
    pub(crate) model: String,
    /// Whether requests are only read again, so that what a create was given for all of them is not
    /// missed.
    pub(crate) is_lenient: bool,
}

/// A request in the words of a form.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) body: Map<String, Value>,
    /// What is to be said of it, and no reason to refuse it.
    pub(crate) remarks: Vec<Finding>,
}
