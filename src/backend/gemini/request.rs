//! Options of a create → the body that the Gemini backend takes. Never sends.

use crate::backend::mark::Mark;
use crate::backend::patch;
use crate::error::{Error, Result};
use crate::options::{CreateOptions, Task, WebhookConfig};
use crate::raw::gemini::types;
use crate::raw::{Int64, Json};
use crate::request::Form;

/// Where the requests of the body are.
pub(crate) enum Input {
    /// In the body.
    Inline(Vec<Json>),
    /// In an uploaded file, `files/ID`.
    File(String),
}

/// The body of a create, by what the job does.
pub(crate) enum Body {
    Generate(types::BatchGenerateContentRequest),
    Embed(types::AsyncBatchEmbedContentRequest),
}

impl Body {
    /// The file that the requests are in, if they are in one.
    pub(super) fn file_name(&self) -> Option<&str> {
        let (generate, embed) = match self {
            Self::Generate(body) => (body.batch.as_ref(), None),
            Self::Embed(body) => (None, body.batch.as_ref()),
        };
        let generate = generate.and_then(|batch| batch.input_config.as_ref()?.file_name.as_deref());
        generate.or_else(|| embed?.input_config.as_ref()?.file_name.as_deref())
    }
}

/// Refuses options that this backend has no place for.
pub(super) fn check(task: Task, options: &CreateOptions) -> Result<()> {
    let refuse = |option: &str, instead: &str| {
        Err(Error::input(format!(
            "the option `{option}` is not supported by the Gemini Developer API: {instead}"
        )))
    };
    if options.destination.is_some() {
        return refuse(
            "dest",
            "results come back in the job or in a file of the Files API, and \
             `batches().results(&job)` reads either; use a Vertex AI client to write to `gs://` \
             or `bq://`",
        );
    }
    if !options.labels.is_empty() {
        return refuse(
            "label",
            "mark jobs with `display_name`, or use a Vertex AI client",
        );
    }
    if let Some(form @ (Form::Anthropic | Form::Instances)) = options.form {
        return refuse(
            "form",
            &format!("it has no models that take the form {form}; use a Vertex AI client"),
        );
    }
    for (option, is_set) in [
        ("dedicated_resources", options.dedicated_resources.is_some()),
        ("kms_key", options.kms_key.is_some()),
        ("service_account", options.service_account.is_some()),
        ("staging", options.staging.is_some()),
    ] {
        if is_set {
            return refuse(option, "leave it out, or use a Vertex AI client");
        }
    }
    options.check_task(task)?;
    if let Some(webhook) = &options.webhook {
        webhook.check()?;
    }
    options.check_patches(|patch| {
        let batch = patch.get("batch");
        let replaced = batch.is_some_and(|batch| !batch.is_object());
        replaced || batch.is_some_and(patch::touches_input)
    })?;
    // Before anything is placed for a body that cannot be built.
    create_body(task, "", None, options, Input::Inline(Vec::new())).map(drop)
}

/// The body of a create, in the messages of what the job does.
macro_rules! body {
    ($request:ident, $batch:ident, $config:ident, $name:expr, $mark:expr, $options:expr, $input:expr) => {{
        let options: &CreateOptions = $options;
        let batch = types::$batch {
            display_name: Some($name.to_owned()),
            priority: options.priority.map(Int64),
            webhook_config: options.webhook.as_ref().map(webhook_config),
            ..types::$batch::default()
        };
        let body = types::$request {
            batch: Some(batch),
            ..types::$request::default()
        };
        let mut body = patch::apply(body, &options.patches)?;
        let mut config = types::$config::default();
        match $input {
            Input::File(name) => config.file_name = Some(name),
            Input::Inline(requests) => {
                let list = config.requests.get_or_insert_default();
                list.requests = requests;
            }
        }
        // Patches that would take the batch away were refused before.
        let batch = body.batch.get_or_insert_default();
        batch.input_config = Some(config);
        if let Some(mark) = $mark {
            let name = batch.display_name.take().unwrap_or_default();
            batch.display_name = Some(mark.put_on(&name));
        }
        body
    }};
}

/// The body of a create. The mark goes on last, so that no patch takes it away.
pub(super) fn create_body(
    task: Task,
    display_name: &str,
    mark: Option<&Mark>,
    options: &CreateOptions,
    input: Input,
) -> Result<Body> {
    Ok(match task {
        Task::GenerateContent => Body::Generate(body!(
            BatchGenerateContentRequest,
            GenerateContentBatch,
            InputConfig,
            display_name,
            mark,
            options,
            input
        )),
        Task::EmbedContent => Body::Embed(body!(
            AsyncBatchEmbedContentRequest,
            EmbedContentBatch,
            InputEmbedContentConfig,
            display_name,
            mark,
            options,
            input
        )),
    })
}

fn webhook_config(webhook: &WebhookConfig) -> types::WebhookConfig {
    types::WebhookConfig {
        uris: webhook.uris.clone(),
        user_metadata: webhook.user_metadata.clone(),
        ..types::WebhookConfig::default()
    }
}

/// What an update of a job changes.
pub(super) struct Change {
    pub(super) display_name: Option<String>,
    pub(super) priority: Option<i64>,
}

impl Change {
    /// The names of the fields, joined by commas.
    pub(super) fn mask(&self) -> Result<String> {
        let fields = [
            self.display_name.as_ref().map(|_| "displayName"),
            self.priority.map(|_| "priority"),
        ];
        let mask: Vec<_> = fields.into_iter().flatten().collect();
        if mask.is_empty() {
            return Err(Error::input(
                "the update changes nothing: set `display_name` or `priority`",
            ));
        }
        Ok(mask.join(","))
    }

    pub(super) fn of_content(self) -> types::GenerateContentBatch {
        types::GenerateContentBatch {
            display_name: self.display_name,
            priority: self.priority.map(Int64),
            ..types::GenerateContentBatch::default()
        }
    }

    pub(super) fn of_embeddings(self) -> types::EmbedContentBatch {
        types::EmbedContentBatch {
            display_name: self.display_name,
            priority: self.priority.map(Int64),
            ..types::EmbedContentBatch::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn body(options: &CreateOptions, input: impl Fn() -> Input) -> Value {
        let body = |task| match create_body(task, "name", None, options, input()).unwrap() {
            Body::Generate(body) => serde_json::to_value(body).unwrap(),
            Body::Embed(body) => serde_json::to_value(body).unwrap(),
        };
        let generate = body(Task::GenerateContent);
        assert_eq!(generate, body(Task::EmbedContent));
        generate
    }

    #[test]
    fn a_patch_reaches_every_field_but_the_requests() {
        let mut options = CreateOptions {
            priority: Some(3),
            patches: vec![
                json!({"batch": {"priority": "10", "newField": [1], "displayName": "x"}}),
                json!({"batch": {"displayName": null}, "top": true}),
            ],
            ..CreateOptions::default()
        };
        let requests = ["{\"request\":{\"a\":1}}", "{\"request\":{\"a\":2}}"];
        let requests = requests.map(|request| Json::new(request).unwrap());
        let inline = body(&options, || Input::Inline(requests.to_vec()));
        assert_eq!(inline["batch"]["priority"], "10");
        assert_eq!(inline["batch"]["newField"], json!([1]));
        assert_eq!(inline["top"], true);
        assert!(inline["batch"].get("displayName").is_none());
        let list = &inline["batch"]["inputConfig"]["requests"]["requests"];
        assert_eq!(list[1]["request"]["a"], 2);
        let file = body(&options, || Input::File("files/a".into()));
        assert_eq!(file["batch"]["inputConfig"], json!({"fileName": "files/a"}));

        for patch in [
            json!({"batch": {"inputConfig": {"fileName": "files/b"}}}),
            json!({"batch": null}),
            json!([1]),
        ] {
            options.patches = vec![patch];
            assert!(
                check(Task::GenerateContent, &options)
                    .unwrap_err()
                    .is_invalid_input()
            );
        }
    }

    #[test]
    fn a_patch_of_another_shape_is_refused_by_its_path() {
        let options = CreateOptions {
            patches: vec![json!({"batch": {"webhookConfig": {"uris": 7}}})],
            ..CreateOptions::default()
        };
        let input = Input::File("files/a".into());
        let error = create_body(Task::GenerateContent, "n", None, &options, input).err();
        let error = error.unwrap().to_string();
        assert!(error.contains("batch.webhookConfig.uris"), "{error}");
    }

    #[test]
    fn an_update_names_the_fields_it_changes() {
        let change = |display_name: Option<&str>, priority| Change {
            display_name: display_name.map(str::to_owned),
            priority,
        };
        assert_eq!(
            change(Some("n"), Some(5)).mask().unwrap(),
            "displayName,priority"
        );
        let body = serde_json::to_string(&change(Some("n"), Some(5)).of_content()).unwrap();
        assert_eq!(body, r#"{"displayName":"n","priority":"5"}"#);
        assert!(change(None, None).mask().unwrap_err().is_invalid_input());
    }
}
