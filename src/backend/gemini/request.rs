//! Options of a create → the body that the Gemini backend takes. Never sends.

use bytes::Bytes;
use serde_json::{Map, Value, json};

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
pub(super) fn check(options: &CreateOptions) -> Result<()> {
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
    Ok(())
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
    if let Some(patch) = &options.patch {
        json_patch::merge(&mut body, patch);
    }
    match input {
        Input::File(_) => Ok(body.to_string().into()),
        Input::Inline(requests) => splice_requests(body, &requests),
    }
}

/// Writes the body with the requests in their place, without parsing them again.
fn splice_requests(mut body: Value, requests: &[u8]) -> Result<Bytes> {
    let conflict =
        || Error::input("the patch replaces `batch` or its `inputConfig`, which hold the requests");
    let top = body.as_object_mut().ok_or_else(conflict)?;
    let Some(Value::Object(mut batch)) = top.remove("batch") else {
        return Err(conflict());
    };
    if batch.remove("inputConfig").is_some() {
        return Err(conflict());
    }
    let mut out = Vec::with_capacity(requests.len() + 1024);
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
    out.extend_from_slice(requests);
    out.extend_from_slice(b"]}}}}");
    Ok(out.into())
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
            patch: Some(json!({"batch": {"priority": "10", "newField": [1]}, "top": true})),
            ..CreateOptions::default()
        };
        let requests = || Input::Inline(br#"{"request":{"a":1}},{"request":{"a":2}}"#.to_vec());
        let inline = body(&options, requests());
        assert_eq!(inline["batch"]["priority"], "10");
        assert_eq!(inline["batch"]["newField"], json!([1]));
        assert_eq!(inline["top"], true);
        let list = &inline["batch"]["inputConfig"]["requests"]["requests"];
        assert_eq!(list[1]["request"]["a"], 2);
        let file = body(&options, Input::File("files/a".into()));
        assert_eq!(file["batch"]["inputConfig"]["fileName"], "files/a");

        options.patch = Some(json!({"batch": {"inputConfig": {"fileName": "files/b"}}}));
        let error = create_body("name", &options, requests()).unwrap_err();
        assert!(error.is_invalid_input());
    }

    #[test]
    fn an_update_names_the_fields_it_changes() {
        let (body, mask) = update_body(Some("n".into()), Some(5)).unwrap();
        assert_eq!(mask, "displayName,priority");
        assert_eq!(body, r#"{"displayName":"n","priority":"5"}"#);
        assert!(update_body(None, None).unwrap_err().is_invalid_input());
    }
}
