//! What a request asks, as text.

use serde_json::Value;

use super::failure::RowFailure;
use crate::json::field;

/// The text of the last user turn of a `GenerateContentRequest`.
///
/// Fails with code 3, as the service does, where there are no contents to answer. Parts that are not
/// text appear as their MIME type in brackets.
pub fn prompt_of(request: &Value) -> Result<String, RowFailure> {
    let missing = || {
        RowFailure::invalid_argument("* GenerateContentRequest.contents: contents is not specified")
    };
    let contents = field(request, "contents").ok_or_else(missing)?;
    let contents = contents.as_array().ok_or_else(|| {
        RowFailure::invalid_argument("* GenerateContentRequest.contents: not a list")
    })?;
    let is_user = |content: &&Value| match content.get("role").and_then(Value::as_str) {
        None | Some("" | "user") => true,
        Some(_) => false,
    };
    let turn = contents
        .iter()
        .rev()
        .find(is_user)
        .or(contents.last())
        .ok_or_else(missing)?;
    text_of(turn).ok_or_else(|| {
        RowFailure::invalid_argument(
            "* GenerateContentRequest.contents: contents.parts must not be empty",
        )
    })
}

/// The text of a `Content`, one part a line; `None` where it has no parts.
pub(crate) fn text_of(content: &Value) -> Option<String> {
    let parts = content
        .get("parts")?
        .as_array()
        .filter(|parts| !parts.is_empty())?;
    let lines: Vec<String> = parts.iter().map(text_of_part).collect();
    Some(lines.join("\n"))
}

fn text_of_part(part: &Value) -> String {
    if let Some(text) = part.get("text").and_then(Value::as_str) {
        return text.to_owned();
    }
    let data = field(part, "inlineData").or_else(|| field(part, "fileData"));
    match data
        .and_then(|data| field(data, "mimeType"))
        .and_then(Value::as_str)
    {
        Some(mime_type) => format!("[{mime_type}]"),
        None => "[data]".to_owned(),
    }
}

/// Fails where the text holds a marker such as `[[error:3]]`.
pub(super) fn fail_as_marked(text: &str) -> Result<(), RowFailure> {
    let code = text
        .split_once("[[error:")
        .and_then(|(_, rest)| rest.split_once("]]"))
        .and_then(|(code, _)| code.trim().parse().ok());
    match code {
        Some(code) => Err(RowFailure::new(code, "The prompt asked for this error.")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn last_user_turn_is_the_prompt() {
        let request = json!({"contents": [
            {"role": "user", "parts": [{"text": "one"}]},
            {"role": "model", "parts": [{"text": "two"}]},
            {"role": "user", "parts": [{"text": "three"}, {"inline_data": {"mime_type": "image/png"}}]},
        ]});
        assert_eq!(prompt_of(&request).as_deref(), Ok("three\n[image/png]"));
    }

    #[test]
    fn contents_must_hold_something() {
        for request in [
            json!({}),
            json!({"contents": []}),
            json!({"contents": [{"parts": []}]}),
        ] {
            assert_eq!(
                prompt_of(&request).map_err(|failure| failure.code),
                Err(3),
                "{request}"
            );
        }
    }
}
