//! Where a field belongs that its message does not have: in a neighbouring message, or under the
//! name that Google gives to what another service calls so.

use std::collections::BTreeSet;

use super::spelling::meant;
use super::table::{Message, Shape, Table};
use crate::request::known::{EMBED, GENERATE, camel_case};

/// How far below a message its neighbours are looked for.
const DEPTH: usize = 3;

/// Names of other services and of SDKs: in which message they stand, and what to write.
const FOREIGN: &[(&str, &[&str], &str)] = &[
    (
        GENERATE,
        &["messages", "prompt", "input", "inputs", "text"],
        "write `contents`",
    ),
    (
        GENERATE,
        &["system", "instructions"],
        "write `systemInstruction`",
    ),
    (
        GENERATE,
        &["config"],
        "this is of Google's SDK: its fields go into `generationConfig`, and `systemInstruction`, \
         `tools`, `toolConfig`, `safetySettings`, `cachedContent` and `labels` beside it",
    ),
    (
        GENERATE,
        &[
            "generateContentConfig",
            "generationConfigs",
            "generateConfig",
            "parameters",
        ],
        "write `generationConfig`",
    ),
    (
        GENERATE,
        &["tool_choice"],
        "write `toolConfig.functionCallingConfig`",
    ),
    (
        GENERATE,
        &["functions"],
        "write `tools[].functionDeclarations`",
    ),
    (
        GENERATE,
        &["max_tokens", "maxTokens", "max_completion_tokens"],
        "write `generationConfig.maxOutputTokens`",
    ),
    (
        GENERATE,
        &["stop"],
        "write `generationConfig.stopSequences`",
    ),
    (
        GENERATE,
        &["response_format"],
        "write `generationConfig.responseSchema`",
    ),
    (
        "GenerationConfig",
        &[
            "max_tokens",
            "maxTokens",
            "max_completion_tokens",
            "maxLength",
        ],
        "write `maxOutputTokens`",
    ),
    ("GenerationConfig", &["stop"], "write `stopSequences`"),
    ("GenerationConfig", &["n"], "write `candidateCount`"),
    ("GenerationConfig", &["top_logprobs"], "write `logprobs`"),
    (
        "GenerationConfig",
        &["response_format", "json_schema", "schema"],
        "write `responseMimeType` and `responseSchema`",
    ),
    (
        "GenerationConfig",
        &["reasoning_effort"],
        "write `thinkingConfig.thinkingLevel`",
    ),
    (
        "Content",
        &["content", "text"],
        "write `parts`: [{\"text\": …}]",
    ),
    (
        "Part",
        &["image_url", "image", "input_image"],
        "write `inlineData` or `fileData`",
    ),
    ("Part", &["content"], "write `text`"),
    (
        "Part",
        &["type"],
        "leave it out: the other fields of a part say what it is",
    ),
    (
        "ResponseFormatConfig",
        &["type", "json_schema"],
        "write `responseMimeType` and `responseSchema` in `generationConfig`",
    ),
    (
        "ResponseFormat",
        &["type", "json_schema"],
        "write `responseMimeType` and `responseSchema` in `generationConfig`",
    ),
    (
        "Tool",
        &["function", "type"],
        "write `functionDeclarations`: [{\"name\": …}]",
    ),
    ("FunctionDeclaration", &["strict", "type"], "leave it out"),
    (
        "FunctionDeclaration",
        &["input_schema"],
        "write `parameters`",
    ),
];

/// What to write in place of a field that is unknown to the message in which it stands; `None`
/// if it is like nothing known. `above` are the messages around this one, the outermost first.
pub(super) fn advice(
    table: &Table,
    above: &[usize],
    message: &Message,
    field: &str,
) -> Option<String> {
    let camel = camel_case(field);
    let of_others = FOREIGN
        .iter()
        .find(|(place, names, _)| *place == message.name && names.contains(&field));
    if let Some((_, _, advice)) = of_others {
        return Some((*advice).to_owned());
    }
    if let Some(near) = meant(field, message.names()) {
        return Some(format!("did you mean `{near}`?"));
    }
    if matches!(message.name.as_str(), "Schema" | EMBED) {
        return None;
    }
    let around = above.iter().rev().filter_map(|place| table.at(*place));
    for outer in around {
        if outer.name != message.name
            && let Some((_, field)) = outer.find(&camel)
            && (is_telling(&field.name) || outer.name == GENERATE)
        {
            return Some(format!(
                "it belongs to {}: write `{}` there",
                the(outer),
                field.name
            ));
        }
    }
    let root = above.first().and_then(|place| table.at(*place));
    below(table, message, &camel)
        .or_else(|| below(table, root?, &camel))
        .map(|path| format!("write `{path}`"))
}

fn the(message: &Message) -> String {
    match message.name.as_str() {
        GENERATE => "the request itself, beside `contents`".to_owned(),
        "Content" => "the content, beside `parts`".to_owned(),
        name => format!("`{name}`"),
    }
}

/// Whether a name says by itself what it is: one of several words does.
fn is_telling(name: &str) -> bool {
    name.contains(char::is_uppercase)
        || matches!(
            name,
            "role" | "parts" | "tools" | "temperature" | "seed" | "logprobs"
        )
}

/// The path from a message to the only field of this name that is nearest below it.
fn below(table: &Table, message: &Message, name: &str) -> Option<String> {
    let mut level: Vec<(String, &Message)> = vec![(String::new(), message)];
    let mut seen = BTreeSet::from([message.name.as_str()]);
    for depth in 0..DEPTH {
        let mut next = Vec::new();
        let mut hits = BTreeSet::new();
        for (path, message) in level {
            for field in &message.fields {
                let sign = if matches!(field.shape, Shape::List(_)) {
                    "[]"
                } else {
                    ""
                };
                let inner = field.shape.message().and_then(|place| table.at(place));
                let Some(inner) = inner.filter(|inner| seen.insert(&inner.name)) else {
                    continue;
                };
                let path = format!("{path}{}{sign}.", field.name);
                if inner.find(name).is_some() {
                    hits.insert(format!("{path}{name}"));
                }
                if matches!(field.shape, Shape::Message(_)) {
                    next.push((path, inner));
                }
            }
        }
        let is_plain = is_telling(name) || depth == 0;
        match hits.len() {
            0 => level = next,
            1 if is_plain => return hits.pop_first(),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Backend;

    fn advised(within: &[&str], field: &str) -> Option<String> {
        let table = Table::of(Backend::Gemini);
        let mut place = table.message(GENERATE).unwrap();
        let mut above = Vec::new();
        for name in within {
            let (_, field) = place.find(name).unwrap();
            let at = |message: &Message| (0..).find(|n| table.at(*n).unwrap().name == message.name);
            above.push(at(place).unwrap());
            place = table.at(field.shape.message().unwrap()).unwrap();
        }
        advice(table, &above, place, field)
    }

    #[test]
    fn neighbours_are_known() {
        for (within, field, part) in [
            (&["generationConfig"][..], "tools", "the request itself"),
            (
                &["generationConfig"],
                "safetySettings",
                "the request itself",
            ),
            (&["generationConfig"], "cached_content", "`cachedContent`"),
            (
                &["generationConfig"],
                "thinkingBudget",
                "`thinkingConfig.thinkingBudget`",
            ),
            (&["tools"], "cachedContent", "the request itself"),
            (
                &["tools"],
                "parameters",
                "functionDeclarations[].parameters",
            ),
            (&["contents"], "inlineData", "`parts[].inlineData`"),
            (
                &["contents", "parts"],
                "role",
                "the content, beside `parts`",
            ),
            (&[], "thinkingConfig", "`generationConfig.thinkingConfig`"),
            (&[], "temperature", "`generationConfig.temperature`"),
            (&[], "imageConfig", "`generationConfig.imageConfig`"),
            (
                &[],
                "thinking_budget",
                "`generationConfig.thinkingConfig.thinkingBudget`",
            ),
            (
                &[],
                "systemInstructions",
                "did you mean `systemInstruction`?",
            ),
            (&[], "generateContentConfig", "write `generationConfig`"),
            (&["generationConfig"], "max_tokens", "`maxOutputTokens`"),
        ] {
            let told = advised(within, field).unwrap_or_default();
            assert!(told.contains(part), "{within:?} {field}: {told:?}");
        }
    }

    #[test]
    fn what_is_new_is_not_misplaced() {
        for (within, field) in [
            (&["contents", "parts"][..], "smellMetadata"),
            (&["generationConfig"], "zzzzzzzzz"),
            (&["generationConfig"], "name"),
            (&[], "zebra"),
            (&["generationConfig", "thinkingConfig"], "thinkingStyle"),
        ] {
            assert_eq!(advised(within, field), None, "{field}");
        }
    }
}
