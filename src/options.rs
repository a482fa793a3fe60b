//! What a caller may say about a new job. Each field's meaning is on the method of
//! [`Create`](crate::Create) that sets it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::backend::Task;
use crate::destination::Destination;
use crate::error::{Error, Result};
use crate::source::entry::Defaults;
use crate::source::prepare::InlineLimit;

#[derive(Debug, Clone, Default)]
pub(crate) struct CreateOptions {
    pub(crate) display_name: Option<String>,
    /// Whether a create without a clear answer is given up, its job not looked for.
    pub(crate) give_up_unclear: bool,
    pub(crate) destination: Option<Destination>,
    pub(crate) priority: Option<i64>,
    pub(crate) webhook: Option<WebhookConfig>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) kms_key: Option<String>,
    pub(crate) service_account: Option<String>,
    pub(crate) staging: Option<String>,
    pub(crate) remove_staged_input: bool,
    pub(crate) defaults: Defaults,
    pub(crate) inline_limit: InlineLimit,
    pub(crate) patches: Vec<Value>,
}

impl CreateOptions {
    /// The caller's display name, or one that no other job has.
    pub(crate) fn display_name(&self) -> String {
        self.display_name.clone().unwrap_or_else(|| {
            let now = chrono::Utc::now().format("%Y%m%dT%H%M%SZ");
            format!("genai-batch-{now}-{:012x}", fastrand::u64(..1 << 48))
        })
    }

    /// The option that fills in requests, if one is set.
    fn default_option(&self) -> Option<&'static str> {
        let config = self.defaults.generation_config.as_ref();
        let system = self.defaults.system_instruction.as_ref();
        config
            .map(|_| "generation_config")
            .or(system.map(|_| "system_instruction"))
    }

    /// Refuses options that the task has no place for.
    pub(crate) fn check_task(&self, task: Task) -> Result<()> {
        match self.default_option() {
            Some(option) if task == Task::EmbedContent => Err(Error::input(format!(
                "the option `{option}` is of requests for generated content, and these are for \
                 embeddings: leave it out"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses patches that are no objects or that touch the requests.
    pub(crate) fn check_patches(&self, touches_input: impl Fn(&Value) -> bool) -> Result<()> {
        match self
            .patches
            .iter()
            .find(|patch| !patch.is_object() || touches_input(patch))
        {
            Some(patch) if patch.is_object() => Err(Error::input(
                "the patch changes where the requests are, which is the job of the source",
            )),
            Some(_) => Err(Error::input("the patch is not a JSON object")),
            None => Ok(()),
        }
    }

    /// Defaults can be put into requests that pass through the client, not into `file`.
    pub(crate) fn refuse_defaults(&self, file: &str) -> Result<()> {
        let Some(option) = self.default_option() else {
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
/// With the feature `webhook`, the module of that name receives these reports.
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
