//! What a request is held against that is not in it: the backend, and the job's model.

use crate::platform::Backend;
use crate::request::finding::{Finding, FindingCode};

/// What requests are checked against.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) backend: Backend,
    /// The id of the job's model, where it is known.
    pub(crate) model: Option<String>,
}

impl Rules {
    /// Rules for a model by any of its names.
    pub(crate) fn new(backend: Backend, model: Option<&str>) -> Self {
        let model = model.map(|model| id_of(model).to_owned());
        Self { backend, model }
    }

    /// Whether a model that a request names is that of the job.
    pub(crate) fn is_own_model(&self, named: &str) -> bool {
        self.model.as_deref() == Some(id_of(named))
    }
}

fn id_of(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or_default()
}

/// What is said of a model that a request names.
pub(crate) fn model_ignored() -> Finding {
    let message = "the request names a model, but a batch runs all of them on its own";
    Finding::warning(FindingCode::ModelIgnored, message)
        .hint("leave it out, and submit requests for another model as another job")
}
