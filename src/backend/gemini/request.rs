//! Options of a create → the body that the Gemini backend takes. Never sends.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::backend::Task;
use crate::error::{Error, Result};
use crate::options::CreateOptions;

/// Where the requests of the body are.
pub(super) enum Input {
    /// These, with commas between them.
    Inline(Vec<u8>),
    /// In an uploaded file, `files/ID`.
    File(String),
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
    for (option, is_set) in [
        ("kms_key", options.kms_key.is_some()),
        ("service_account", options.service_account.is_some()),
        ("staging", options.staging.is_some()),
    ] {
        if is_set {
            return refuse(option, "leave it out, or use a Vertex AI client");
        }
    }
    options.check_task(task)?;
    options.check_patches(|patch| {
        let batch = patch.get("batch");
        let replaced = batch.is_some_and(|batch| !batch.is_object());
        replaced || batch.is_some_and(|batch| batch.get("inputConfig").is_some())
    })
}

/// The body of a create.
pub(super) fn create_body(
    display_name: &str,
    options: &CreateOptions,
    input: Input,
) -> Result<Bytes> {
    let mut batch = Map::new();
    batch.insert("displayName".into(), display_name.into());
    if let Some(priority) = options.priority {
        batch.insert("priority".into(), priority.to_string().into());
    }
    if let Some(webhook) = &options.webhook {
        batch.insert("webhookConfig".into(), webhook.to_json());
    }
    if let Input::File(name) = &input {
        batch.insert("inputConfig".into(), json!({ "fileName": name }));
    }
    let mut body = json!({ "batch": batch });
    for patch in &options.patches {
        json_patch::merge(&mut body, patch);
    }
    match input {
        Input::File(_) => Ok(body.to_string().into()),
        Input::Inline(requests) => splice_requests(body, requests),
    }
}

/// Writes the body with the requests in their place, without parsing them again.
fn splice_requests(mut body: Value, mut requests: Vec<u8>) -> Result<Bytes> {
    // Patches that would take these away were refused before.
    let lost = || Error::input("a patch takes `batch` away");
    let top = body.as_object_mut().ok_or_else(lost)?;
    let Some(Value::Object(batch)) = top.remove("batch") else {
        return Err(lost());
    };
    let mut out = Vec::new();
    let field = |out: &mut Vec<u8>, name: &str, value: &Value| {
        out.extend_from_slice(format!("{}:{value},", Value::from(name)).as_bytes());
    };
    out.push(b'{');
    for (name, value) in top {
        field(&mut out, name, value);
    }
    out.extend_from_slice(b"\"batch\":{");
    for (name, value) in &batch {
        field(&mut out, name, value);
    }
    out.extend_from_slice(b"\"inputConfig\":{\"requests\":{\"requests\":[");
    requests.splice(..0, out);
    requests.extend_from_slice(b"]}}}}");
    Ok(requests.into())
}

/// The body and the mask of an update.
pub(super) fn update_body(
    display_name: Option<String>,
    priority: Option<i64>,
) -> Result<(Bytes, String)> {
    let mut batch = Map::new();
    if let Some(name) = display_name {
        batch.insert("displayName".into(), name.into());
    }
    if let Some(priority) = priority {
        batch.insert("priority".into(), priority.to_string().into());
    }
    if batch.is_empty() {
        return Err(Error::input(
            "the update changes nothing: set `display_name` or `priority`",
        ));
    }
    let mask = batch.keys().cloned().collect::<Vec<_>>().join(",");
    Ok((Value::Object(batch).to_string().into(), mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(options: &CreateOptions, input: Input) -> Value {
        let body = create_body("name", options, input).unwrap();
        serde_json::from_slice(&body).unwrap()
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
        let requests = || Input::Inline(br#"{"request":{"a":1}},{"request":{"a":2}}"#.to_vec());
        let inline = body(&options, requests());
        assert_eq!(inline["batch"]["priority"], "10");
        assert_eq!(inline["batch"]["newField"], json!([1]));
        assert_eq!(inline["top"], true);
        assert!(inline["batch"].get("displayName").is_none());
        let list = &inline["batch"]["inputConfig"]["requests"]["requests"];
        assert_eq!(list[1]["request"]["a"], 2);
        let file = body(&options, Input::File("files/a".into()));
        assert_eq!(file["batch"]["inputConfig"]["fileName"], "files/a");

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
    fn an_update_names_the_fields_it_changes() {
        let (body, mask) = update_body(Some("n".into()), Some(5)).unwrap();
        assert_eq!(mask, "displayName,priority");
        assert_eq!(body, r#"{"displayName":"n","priority":"5"}"#);
        assert!(update_body(None, None).unwrap_err().is_invalid_input());
    }
}
