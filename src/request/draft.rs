//! What both kinds of request are made of: a key, what travels with it, and Google's message.

use serde_json::{Map, Value};

use super::body::Body;
use super::pending::Pending;

/// A request as its builder has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Draft {
    /// Where it came from, as errors say it.
    pub(crate) origin: Option<Box<str>>,
    pub(crate) key: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    /// What else stands in the line of a file.
    pub(crate) extra: Map<String, Value>,
    pub(crate) body: Body,
    /// Whether the body is in the words of the model's own form, and stays as it is.
    pub(crate) is_raw: bool,
    pub(crate) pending: Pending,
}

impl Draft {
    pub(super) fn of_body(body: Map<String, Value>) -> Self {
        Self {
            body: body.into(),
            ..Self::default()
        }
    }

    pub(super) fn prompt(text: String) -> Self {
        Self {
            body: Body::prompt(text),
            ..Self::default()
        }
    }

    pub(super) fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.body.set(name.into(), value.into());
    }

    pub(super) fn add_metadata(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.metadata.insert(name.into(), value.into());
    }

    /// Merges a patch (RFC 7396) over the message.
    pub(super) fn patch(&mut self, patch: &Value) {
        if !patch.is_object() {
            let problem = || format!("its patch is not a JSON object: {patch}");
            self.pending.problem.get_or_insert_with(problem);
            return;
        }
        let mut body = Value::Object(std::mem::take(&mut self.body).into_fields());
        json_patch::merge(&mut body, patch);
        if let Value::Object(body) = body {
            self.body = body.into();
        }
    }
}
