//! What a caller may say about a new job. Each field's meaning is on the method of
//! [`Create`](crate::Create) that sets it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::destination::Destination;
use crate::error::{Error, Result};
use crate::source::entry::Defaults;
use crate::source::prepare::InlineLimit;

#[derive(Debug, Clone, Default)]
pub(crate) struct CreateOptions {
    pub(crate) display_name: Option<String>,
    pub(crate) destination: Option<Destination>,
    pub(crate) priority: Option<i64>,
    pub(crate) webhook: Option<WebhookConfig>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) defaults: Defaults,
    pub(crate) inline_limit: InlineLimit,
    pub(crate) patch: Option<Value>,
}

impl CreateOptions {
    /// The caller's display name, or one that no other job has.
    pub(crate) fn display_name(&self) -> String {
        self.display_name.clone().unwrap_or_else(|| {
            let now = chrono::Utc::now().format("%Y%m%dT%H%M%SZ");
            format!("genai-batch-{now}-{:012x}", fastrand::u64(..1 << 48))
        })
    }

    /// Defaults can be put into requests that pass through the client, not into `file`.
    pub(crate) fn refuse_defaults(&self, file: &str) -> Result<()> {
        let option = if self.defaults.generation_config.is_some() {
            "generation_config"
        } else if self.defaults.system_instruction.is_some() {
            "system_instruction"
        } else {
            return Ok(());
        };
        Err(Error::input(format!(
            "the option `{option}` cannot be put into the requests of {file}, which the service \
             has already: write it into the file, or pass the local file"
        )))
    }
}

/// Where the service reports the end of a job.
///
/// ```
/// use genai_batch::WebhookConfig;
///
/// let webhook = WebhookConfig::new(["https://example.com/hook"]).user_metadata("run", 7);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WebhookConfig {
    uris: Vec<String>,
    user_metadata: Map<String, Value>,
}

impl WebhookConfig {
    /// Reports to these URIs.
    pub fn new<T: Into<String>>(uris: impl IntoIterator<Item = T>) -> Self {
        Self {
            uris: uris.into_iter().map(Into::into).collect(),
            user_metadata: Map::new(),
        }
    }

    /// Adds a value that each report carries.
    pub fn user_metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.user_metadata.insert(name.into(), value.into());
        self
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut config = json!({ "uris": self.uris });
        if !self.user_metadata.is_empty() {
            config["userMetadata"] = Value::Object(self.user_metadata.clone());
        }
        config
    }
}
