//! The names in a line of requests: those that Google describes, and those that are written for
//! them.
//!
//! `openapi/fields.json` has the described ones, written by `cargo xtask regen` from Google's
//! descriptions; [`check`](super::check) reads them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The fields of a line.
pub(crate) const LINE: [&str; 3] = ["key", "request", "metadata"];

/// What a part is: one of these.
pub(crate) const PART_DATA: [&str; 9] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

/// Names of other services, and slips, where `key` is meant.
const MISTAKEN: [&str; 5] = ["custom_id", "customId", "id", "keys", "kye"];

/// Messages by name, and of each the fields with their shapes, as `xtask/src/fields.rs` writes them.
pub(crate) type Messages = BTreeMap<String, BTreeMap<String, String>>;

/// The messages that each backend describes.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Known {
    pub(crate) gemini: Messages,
    pub(crate) vertex: Messages,
}

pub(crate) static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let text = include_str!("../../openapi/fields.json");
    // Part of this crate, and read by a test.
    serde_json::from_str(text).unwrap_or_default()
});

/// The message that a request for content is.
pub(crate) const GENERATE: &str = "GenerateContentRequest";
/// The message that a request for an embedding is.
pub(crate) const EMBED: &str = "EmbedContentRequest";

/// Whether a name is what people write where `key` is meant.
pub(crate) fn is_mistaken_for_key(name: &str) -> bool {
    MISTAKEN.contains(&name) || name.trim().eq_ignore_ascii_case("key")
}

/// `max_output_tokens` as `maxOutputTokens`; a name without `_` within stays as it is.
pub(crate) fn camel_case(name: &str) -> String {
    let start = name.len() - name.trim_start_matches('_').len();
    let (start, name) = name.split_at(start);
    let mut words = name.split('_');
    let mut camel = start.to_owned() + words.next().unwrap_or_default();
    for word in words {
        let mut chars = word.chars();
        camel.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(chars.as_str());
    }
    camel
}

/// `maxOutputTokens` as `max_output_tokens`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_there() {
        for messages in [&KNOWN.gemini, &KNOWN.vertex] {
            assert!(messages[GENERATE].contains_key("contents"));
            assert!(messages[EMBED].contains_key("content"));
            for newer in [
                "documentMetadata",
                "spreadsheetMetadata",
                "audioMetadata",
                "speechMetadata",
                "audioTranscription",
            ] {
                assert!(messages["Part"].contains_key(newer), "{newer}");
            }
            for names in messages.values().flat_map(|fields| fields.keys()) {
                assert_eq!(camel_case(&snake_case(names)), *names);
            }
        }
    }

    #[test]
    fn what_is_meant_for_the_key_is_told() {
        for name in ["custom_id", "id", "Key", " key", "kye"] {
            assert!(is_mistaken_for_key(name));
        }
        assert!(!is_mistaken_for_key("prompt") && !is_mistaken_for_key("monkey"));
    }
}
