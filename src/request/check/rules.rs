//! What Google documents of single messages, where no description of a field says it in a way that
//! can be read off: what a content and a part are made of, which settings go together, and what a
//! batch of Vertex AI does without.

use serde_json::{Map, Value};

use super::path::Path;
use super::table::Message;
use super::values::{clipped, kind_of};
use super::walk::Walk;
use super::{media, ranges, schema};
use crate::platform::Backend;
use crate::request::finding::{Finding, FindingCode};
use crate::request::known::{PART_DATA, camel_case, snake_case};

/// Fields that a cache holds already, so that a request that names one must not have them.
const CACHED: [&str; 3] = ["systemInstruction", "tools", "toolConfig"];

/// Whether a field that the documents require is not required here, or its absence told elsewhere.
pub(super) fn is_left_out(message: &str, field: &str) -> bool {
    matches!(
        (message, field),
        (_, "model" | "contents" | "content") | ("Content", "parts") | ("Schema", "type")
    )
}

/// Looks at a message as a whole. `is_told` says that something in it is known to be wrong, which
/// may be why the rest looks odd.
pub(super) fn check(
    walk: &mut Walk<'_>,
    message: &Message,
    fields: &Map<String, Value>,
    path: &mut Path,
    is_told: bool,
) {
    out_of_range(walk, fields, path);
    let fields = Given(fields);
    match message.name.as_str() {
        "Content" if !is_told => content(walk, fields, path),
        "Part" if !is_told => part(walk, message, fields, path),
        "Blob" | "FileData" | "FunctionResponseBlob" | "FunctionResponseFileData" => {
            let backend = walk.backend;
            media::check(fields.0, backend, &mut |field, finding| {
                at(walk, path, field, finding)
            });
        }
        "GenerationConfig" => generation_config(walk, fields, path),
        "ThinkingConfig" | "GenerationConfigThinkingConfig"
            if fields.has("thinkingBudget") && fields.has("thinkingLevel") =>
        {
            walk.exclusive("thinkingBudget", "thinkingLevel", path);
        }
        "SafetySetting" => safety_setting(walk, fields, path),
        "FunctionDeclaration" => function(walk, fields, path),
        "FunctionCall" => object(walk, fields, "args", path),
        "FunctionResponse" => object(walk, fields, "response", path),
        "ImageConfig" => image_config(walk, fields, path),
        "Schema" => {
            let instead = walk.instead();
            schema::check(fields.0, instead, &mut |field, finding| {
                at(walk, path, field, finding)
            });
        }
        _ if walk.is_root(message) => request(walk, fields, path),
        _ => {}
    }
}

fn at(walk: &mut Walk<'_>, path: &mut Path, field: &str, finding: Finding) {
    path.push_field(field);
    walk.tell(path, finding);
    path.pop();
}

/// Fields of a message, found in either spelling.
#[derive(Clone, Copy)]
struct Given<'a>(&'a Map<String, Value>);

impl<'a> Given<'a> {
    fn get(self, name: &str) -> Option<&'a Value> {
        let value = self.0.get(name).or_else(|| self.0.get(&snake_case(name)));
        value.filter(|value| !value.is_null())
    }

    fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }
}

/// Numbers that are not from where to where Google's documents say.
fn out_of_range(walk: &mut Walk<'_>, fields: &Map<String, Value>, path: &mut Path) {
    for (name, value) in fields {
        let Some(value) = value.as_f64() else {
            continue;
        };
        let Some(range) = ranges::of(&camel_case(name)) else {
            continue;
        };
        if !range.has(value) {
            at(walk, path, name, range.finding(name));
        }
    }
}

/// A value that the documents describe as a `Struct`: any object, and nothing else.
fn object(walk: &mut Walk<'_>, fields: Given<'_>, name: &str, path: &mut Path) {
    if let Some(value) = fields.get(name).filter(|value| !value.is_object()) {
        let says = format!("{}, where the API describes an object", kind_of(value));
        let finding = Finding::error(FindingCode::WrongShape, says);
        let hint = "put it into an object, such as {\"result\": …}";
        at(walk, path, name, finding.hint(hint));
    }
}

/// Whether all that is said is an empty text: by one content, or by a list of them.
pub(super) fn says_nothing(contents: &Value) -> bool {
    let contents = match contents {
        Value::Array(contents) => &contents[..],
        one => std::slice::from_ref(one),
    };
    let is_empty = |part: &Value| {
        let text = part.get("text").and_then(Value::as_str);
        text == Some("") && part.as_object().is_some_and(|fields| fields.len() == 1)
    };
    let is_silent = |content: &Value| {
        let parts = content.get("parts").and_then(Value::as_array);
        parts.is_some_and(|parts| !parts.is_empty() && parts.iter().all(is_empty))
    };
    !contents.is_empty() && contents.iter().all(is_silent)
}

/// What is said of a request that says nothing.
pub(super) fn nothing_said() -> Finding {
    let says = "an empty text is all that the request says";
    Finding::error(FindingCode::MissingField, says).hint("give it a text, or leave it out")
}

fn request(walk: &mut Walk<'_>, fields: Given<'_>, path: &mut Path) {
    if fields.get("contents").is_some_and(says_nothing) {
        at(walk, path, "contents", nothing_said());
    }
    let labels = fields.get("labels").and_then(Value::as_object);
    if walk.backend == Backend::Gemini && labels.is_some_and(|labels| !labels.is_empty()) {
        // Google's SDKs refuse them, though the API's description has the field.
        let says = "labels are of Vertex AI, which bills by them, and no guide to the Gemini \
                    Developer API tells of them";
        let finding = Finding::warning(FindingCode::UnsupportedHere, says);
        let hint = "leave them out; what is to come back with the result goes beside the request";
        at(walk, path, "labels", finding.hint(hint));
    }
    if !fields.has("cachedContent") {
        return;
    }
    for name in CACHED {
        if fields.has(name) {
            let says = format!("`{name}` beside `cachedContent`, which has its own");
            let finding = Finding::error(FindingCode::ExclusiveFields, says);
            at(
                walk,
                path,
                name,
                finding.hint("put it into the cache, or leave out one of them"),
            );
        }
    }
    if walk.backend == Backend::Vertex {
        let says = "batches of Vertex AI take no explicit cache";
        let finding = Finding::error(FindingCode::UnsupportedHere, says);
        let hint = "leave it out, and send what it holds with each request: repeated beginnings are cached by themselves";
        at(walk, path, "cachedContent", finding.hint(hint));
    }
}

fn content(walk: &mut Walk<'_>, fields: Given<'_>, path: &mut Path) {
    let empty = |says: &str| Finding::error(FindingCode::MissingField, says);
    match fields.get("parts") {
        None => walk.tell(path, empty("a content without `parts`")),
        Some(Value::Array(parts)) if parts.is_empty() => {
            at(walk, path, "parts", empty("there are no parts"))
        }
        _ => {}
    }
    let Some(role) = fields.text("role") else {
        return;
    };
    let hint = match role {
        "" | "user" | "model" | "function" => return,
        _ if Walk::is_instruction(path) => return,
        "assistant" => "write `model`",
        "system" | "developer" => "put what it says into `systemInstruction`",
        "tool" => "write `user`, with a part `functionResponse`",
        _ => "write `user` or `model`",
    };
    let says = format!("no turn is of {:?}", clipped(role));
    let finding = Finding::error(FindingCode::WrongValue, says);
    at(walk, path, "role", finding.hint(hint));
}

fn part(walk: &mut Walk<'_>, message: &Message, fields: Given<'_>, path: &mut Path) {
    let given: Vec<_> = PART_DATA
        .into_iter()
        .filter(|name| fields.has(name))
        .collect();
    if let [one, other, ..] = given[..] {
        let says = format!("one part with `{one}` and `{other}`");
        let finding = Finding::error(FindingCode::ExclusiveFields, says);
        walk.tell(path, finding.hint("make a part of each"));
    }
    let is_strange = |name: &String| message.find(name).is_none();
    // What else a part may be is not known, and a sealed thought may stand alone.
    let may_be_more = fields.0.keys().any(is_strange)
        || fields.has("thoughtSignature")
        || fields.has("audioTranscription");
    if given.is_empty() && !may_be_more {
        let says = "the part has nothing in it";
        walk.tell(path, Finding::error(FindingCode::MissingField, says));
    }
    if fields.text("text") == Some("") && !fields.has("thoughtSignature") {
        let says = "the text is empty";
        let finding = Finding::warning(FindingCode::WrongValue, says);
        at(walk, path, "text", finding.hint("leave the part out"));
    }
}

fn generation_config(walk: &mut Walk<'_>, fields: Given<'_>, path: &mut Path) {
    let schemas = [
        "responseSchema",
        "responseJsonSchema",
        "_responseJsonSchema",
    ];
    let schemas: Vec<_> = schemas
        .into_iter()
        .filter(|name| fields.has(name))
        .collect();
    // Vertex AI's document says so, and is read.
    if let [one, other, ..] = schemas[..]
        && walk.backend == Backend::Gemini
    {
        walk.exclusive(one, other, path);
    }
    let mime_type = fields.text("responseMimeType").unwrap_or_default();
    let fits = matches!(mime_type, "application/json" | "text/x.enum");
    if let Some(schema) = schemas.first().filter(|_| !fits) {
        let says = format!("`{schema}` without `responseMimeType`: \"application/json\"");
        at(
            walk,
            path,
            schema,
            Finding::error(FindingCode::MissingField, says),
        );
    }
    if fields.has("logprobs") && fields.get("responseLogprobs") != Some(&Value::Bool(true)) {
        let says = "`logprobs` without `responseLogprobs`: true";
        at(
            walk,
            path,
            "logprobs",
            Finding::error(FindingCode::MissingField, says),
        );
    }
}

fn safety_setting(walk: &mut Walk<'_>, fields: Given<'_>, path: &mut Path) {
    if fields.text("category") != Some("HARM_CATEGORY_UNSPECIFIED") {
        return;
    }
    let says = "a safety setting for no category";
    // Google's SDK sends it as it is.
    let finding = match walk.is_of_sdk {
        true => Finding::warning(FindingCode::WrongValue, says),
        false => Finding::error(FindingCode::WrongValue, says),
    };
    at(
        walk,
        path,
        "category",
        finding.hint("name one, such as HARM_CATEGORY_HARASSMENT"),
    );
}

fn function(walk: &mut Walk<'_>, fields: Given<'_>, path: &mut Path) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.' | '-');
    if let Some(name) = fields.text("name")
        && !(name.chars().all(is_plain) && (1..=128).contains(&name.len()))
    {
        let says = "a function's name has letters, digits, `_`, `:`, `.` and `-`, 128 at most";
        at(
            walk,
            path,
            "name",
            Finding::error(FindingCode::WrongValue, says),
        );
    }
}

fn image_config(walk: &mut Walk<'_>, fields: Given<'_>, path: &mut Path) {
    if let Some(size) = fields.text("imageSize")
        && size != "1K"
        && walk.backend == Backend::Vertex
    {
        let says = format!("batches of Vertex AI make images at 1K alone, not at {size:?}");
        let finding = Finding::error(FindingCode::UnsupportedHere, says);
        at(walk, path, "imageSize", finding.hint("leave it out"));
    }
}
