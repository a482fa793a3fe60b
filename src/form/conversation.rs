//! Google's message for generated content, read as what it says: turns, settings, functions.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::fields::{Fields, Refused};
use super::{schema, values};

/// What a request says.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    pub(super) system: Vec<String>,
    pub(super) turns: Vec<Turn>,
    pub(super) config: Config,
    pub(super) functions: Vec<Function>,
    pub(super) choice: Option<Choice>,
    /// Where the settings stand.
    pub(super) config_path: String,
}

#[derive(Debug)]
pub(super) struct Turn {
    pub(super) is_model: bool,
    pub(super) parts: Vec<(String, Part)>,
}

#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    Media {
        mime_type: String,
        data: String,
    },
    Call {
        id: String,
        name: String,
        args: Value,
    },
    Returned {
        id: String,
        response: Value,
    },
}

/// The settings that any of the forms has a word for.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) temperature: Option<Value>,
    pub(super) top_p: Option<Value>,
    pub(super) top_k: Option<Value>,
    pub(super) max_tokens: Option<u64>,
    pub(super) stops: Vec<Value>,
    /// Whether the response is to be JSON.
    pub(super) is_json: bool,
    /// Of which shape, as a JSON Schema.
    pub(super) schema: Option<Value>,
    pub(super) candidates: Option<u64>,
    pub(super) seed: Option<Value>,
    pub(super) presence_penalty: Option<Value>,
    pub(super) frequency_penalty: Option<Value>,
    pub(super) logprobs: Option<bool>,
    pub(super) top_logprobs: Option<u64>,
    pub(super) thinking_budget: Option<i64>,
    pub(super) thinking_level: Option<String>,
    pub(super) includes_thoughts: bool,
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// As a JSON Schema.
    pub(super) parameters: Value,
}

/// Which functions the model is to call.
#[derive(Debug, PartialEq)]
pub(super) enum Choice {
    Auto,
    Any,
    One(String),
    None,
}

/// Reads the message at this path.
pub(super) fn read(
    request: &Map<String, Value>,
    path: &str,
    refused: &mut Refused,
) -> Conversation {
    let mut fields = Fields::of_map(request, path, refused);
    // Looked at before.
    fields.take("model");
    fields.pass_over("tools", &json!([]));
    fields.pass_over("safetySettings", &json!([]));
    let contents = fields.list("contents", refused);
    let mut calls = Calls::default();
    let each = contents.iter().map(|(_, content)| *content);
    each.for_each(|content| calls.reserve(content));
    if contents.is_empty() {
        let message = "the request has no `contents`";
        refused.wrong(&fields.path("contents"), message, "give it some");
    }
    let turns = contents.into_iter();
    let turns = turns.map(|(path, content)| turn(content, &path, &mut calls, refused));
    let turns = turns.collect();
    let system_path = fields.path("systemInstruction");
    let system = match fields.take("systemInstruction") {
        Some(content) => system(content, &system_path, refused),
        None => Vec::new(),
    };
    let config_path = fields.path("generationConfig");
    let config = match fields.take("generationConfig") {
        Some(value) => config(value, &config_path, refused),
        None => Config::default(),
    };
    let mut functions = Vec::new();
    for (path, tool) in fields.list("tools", refused) {
        tool_functions(tool, &path, &mut functions, refused);
    }
    let choice_path = fields.path("toolConfig");
    let choice = fields.take("toolConfig");
    let choice = choice.and_then(|value| choice_of(value, &choice_path, refused));
    fields.finish(refused);
    values::look_at(&config, &config_path, refused);
    values::look_at_choice(choice.as_ref(), &functions, &choice_path, refused);
    Conversation {
        system,
        turns,
        config,
        functions,
        choice,
        config_path,
    }
}

/// The calls that are not returned from yet, for those that have no id.
#[derive(Default)]
struct Calls {
    open: Vec<(String, String)>,
    count: usize,
    /// The ids that the caller gives.
    given: HashSet<String>,
}

impl Calls {
    /// Keeps the ids within this content from being given to another call.
    fn reserve(&mut self, content: &Value) {
        let parts = content.get("parts").and_then(Value::as_array);
        let parts = parts.into_iter().flatten();
        let each = parts.filter_map(Value::as_object).flat_map(Map::values);
        let ids = each.filter_map(|value| value.get("id")?.as_str());
        self.given.extend(ids.map(str::to_owned));
    }

    fn begin(&mut self, name: &str, id: Option<&str>) -> String {
        self.count += 1;
        let id = id.map(str::to_owned).unwrap_or_else(|| {
            while self.given.contains(&format!("call_{}", self.count)) {
                self.count += 1;
            }
            format!("call_{}", self.count)
        });
        self.open.push((name.to_owned(), id.clone()));
        id
    }

    fn end(&mut self, name: &str, id: Option<&str>) -> Option<String> {
        let is_it = |(open, open_id): &(String, String)| match id {
            Some(id) => open_id == id,
            None => open == name,
        };
        let place = self.open.iter().position(is_it);
        match (place, id) {
            (Some(place), _) => Some(self.open.remove(place).1),
            (None, id) => id.map(str::to_owned),
        }
    }
}

fn turn(content: &Value, path: &str, calls: &mut Calls, refused: &mut Refused) -> Turn {
    let mut fields = Fields::of(content, path, refused);
    let is_model = match fields.text("role", refused) {
        None | Some("" | "user" | "function") => false,
        Some("model") => true,
        Some(_) => {
            let hint =
                "write `user` or `model`; what the system says goes into `systemInstruction`";
            refused.wrong(&fields.path("role"), "it is not a role", hint);
            false
        }
    };
    let parts = fields.list("parts", refused);
    if parts.is_empty() {
        let message = "there is nothing in this turn";
        refused.wrong(&fields.path("parts"), message, "give it parts");
    }
    fields.finish(refused);
    let parts = parts.into_iter().filter_map(|(path, part)| {
        let part = read_part(part, &path, calls, refused)?;
        Some((path, part))
    });
    Turn {
        is_model,
        parts: parts.collect(),
    }
}

fn read_part(part: &Value, path: &str, calls: &mut Calls, refused: &mut Refused) -> Option<Part> {
    let mut fields = Fields::of(part, path, refused);
    fields.pass_over("thought", &Value::Bool(false));
    let file_path = fields.path("fileData");
    let part = if let Some(text) = fields.text("text", refused) {
        if text.is_empty() {
            refused.wrong(&fields.path("text"), "it is empty", "leave the part out");
        }
        Some(Part::Text(text.to_owned()))
    } else if let Some(data) = fields.take("inlineData") {
        let mut data = Fields::of(data, &fields.path("inlineData"), refused);
        data.take("displayName");
        let mime_type = data.text("mimeType", refused);
        let base64 = data.text("data", refused);
        if mime_type.is_none() || base64.is_none() {
            let message = "it lacks `mimeType` or `data`";
            refused.wrong(&data.path("mimeType"), message, "give both");
        }
        if let Some(base64) = base64 {
            values::look_at_data(base64, &data.path("data"), refused);
        }
        data.finish(refused);
        Some(Part::Media {
            mime_type: mime_type?.to_owned(),
            data: base64?.to_owned(),
        })
    } else if fields.take("fileData").is_some() {
        let hint = "give the bytes, with Part::bytes or Part::inline_file";
        refused.no_place(&file_path, hint);
        None
    } else if let Some(call) = fields.take("functionCall") {
        let mut call = Fields::of(call, &fields.path("functionCall"), refused);
        let name = call.text("name", refused).unwrap_or_default().to_owned();
        let id = calls.begin(&name, call.text("id", refused));
        if name.is_empty() {
            refused.wrong(&call.path("name"), "the call names no function", "name one");
        }
        let args = call.take("args").cloned().unwrap_or_else(|| json!({}));
        if !args.is_object() {
            refused.wrong(
                &call.path("args"),
                "it is not a JSON object",
                "write an object",
            );
        }
        call.finish(refused);
        Some(Part::Call { id, name, args })
    } else if let Some(returned) = fields.take("functionResponse") {
        let mut returned = Fields::of(returned, &fields.path("functionResponse"), refused);
        let name = returned.text("name", refused).unwrap_or_default();
        let id = calls.end(name, returned.text("id", refused));
        if id.is_none() {
            let message = format!("no call of `{name}` stands before it");
            let hint = "put the call into the turn before, or give both an id, with Part::id";
            refused.wrong(&returned.path("name"), &message, hint);
        }
        let response = returned.take("response").cloned().unwrap_or_default();
        returned.finish(refused);
        Some(Part::Returned { id: id?, response })
    } else {
        if fields.is_empty() {
            refused.wrong(path, "the part is empty", "give it a text");
        }
        None
    };
    fields.finish(refused);
    part
}

/// The texts of a system instruction.
fn system(content: &Value, path: &str, refused: &mut Refused) -> Vec<String> {
    if let Value::String(text) = content {
        return vec![text.clone()];
    }
    let mut fields = Fields::of(content, path, refused);
    fields.take("role");
    let mut texts = Vec::new();
    for (path, part) in fields.list("parts", refused) {
        let mut part = Fields::of(part, &path, refused);
        texts.extend(part.text("text", refused).map(str::to_owned));
        part.finish(refused);
    }
    fields.finish(refused);
    texts
}

fn config(value: &Value, path: &str, refused: &mut Refused) -> Config {
    let mut fields = Fields::of(value, path, refused);
    let f = &mut fields;
    f.pass_over("responseModalities", &json!(["TEXT"]));
    let stops = f.list("stopSequences", refused);
    let stops = stops.into_iter().map(|(_, stop)| stop.clone()).collect();
    let mime_type = f.text("responseMimeType", refused);
    let is_json = mime_type == Some("application/json");
    if let Some(other) = mime_type.filter(|it| !matches!(*it, "text/plain" | "application/json")) {
        let message = format!("responses are to be {other}");
        let hint = "ask for `application/json` or plain text";
        refused.no_value(&f.path("responseMimeType"), &message, hint);
    }
    let openapi = f.take("responseSchema").map(schema::of_openapi);
    let (json_schema, older) = (f.take("responseJsonSchema"), f.take("_responseJsonSchema"));
    let has_both = json_schema.is_some() && older.is_some() && json_schema != older;
    let json_schema = json_schema.or(older);
    if has_both || (openapi.is_some() && json_schema.is_some()) {
        let path = f.path("responseSchema");
        refused.wrong(&path, "there are two schemas", "leave one out");
    }
    let mut read = Config {
        temperature: f.number("temperature", refused).cloned(),
        top_p: f.number("topP", refused).cloned(),
        top_k: f.number("topK", refused).cloned(),
        max_tokens: f.count("maxOutputTokens", refused),
        stops,
        is_json,
        schema: openapi.or_else(|| json_schema.cloned()),
        candidates: f.count("candidateCount", refused),
        seed: f.number("seed", refused).cloned(),
        presence_penalty: f.number("presencePenalty", refused).cloned(),
        frequency_penalty: f.number("frequencyPenalty", refused).cloned(),
        logprobs: f.flag("responseLogprobs", refused),
        top_logprobs: f.count("logprobs", refused),
        ..Config::default()
    };
    let thinking_path = f.path("thinkingConfig");
    if let Some(thinking) = f.take("thinkingConfig") {
        let mut thinking = Fields::of(thinking, &thinking_path, refused);
        read.thinking_budget = thinking.whole("thinkingBudget", refused);
        let level = thinking.text("thinkingLevel", refused);
        read.thinking_level = level.map(str::to_owned);
        let includes = thinking.flag("includeThoughts", refused);
        read.includes_thoughts = includes.unwrap_or(false);
        thinking.finish(refused);
    }
    fields.finish(refused);
    read
}

fn tool_functions(tool: &Value, path: &str, to: &mut Vec<Function>, refused: &mut Refused) {
    let mut fields = Fields::of(tool, path, refused);
    for (path, declared) in fields.list("functionDeclarations", refused) {
        let mut declared = Fields::of(declared, &path, refused);
        let name = declared.text("name", refused).unwrap_or_default();
        if name.is_empty() {
            refused.wrong(
                &declared.path("name"),
                "the function has no name",
                "give it one",
            );
        }
        let description = declared.text("description", refused);
        let openapi = declared.take("parameters").map(schema::of_openapi);
        let json_schema = declared.take("parametersJsonSchema").cloned();
        if openapi.is_some() && json_schema.is_some() {
            let path = declared.path("parameters");
            let message = "there is `parametersJsonSchema` too";
            refused.wrong(&path, message, "leave one out");
        }
        let parameters = openapi.or(json_schema);
        declared.finish(refused);
        to.push(Function {
            name: name.to_owned(),
            description: description.map(str::to_owned),
            parameters: parameters.unwrap_or_else(|| json!({ "type": "object", "properties": {} })),
        });
    }
    fields.finish(refused);
}

fn choice_of(value: &Value, path: &str, refused: &mut Refused) -> Option<Choice> {
    let mut fields = Fields::of(value, path, refused);
    let calling_path = fields.path("functionCallingConfig");
    let calling = fields.take("functionCallingConfig");
    fields.finish(refused);
    let mut calling = Fields::of(calling?, &calling_path, refused);
    let mode = calling.text("mode", refused).unwrap_or("AUTO");
    let allowed = calling.list("allowedFunctionNames", refused);
    let allowed: Vec<_> = allowed
        .iter()
        .filter_map(|(_, name)| name.as_str())
        .collect();
    let names_path = calling.path("allowedFunctionNames");
    let mode_path = calling.path("mode");
    calling.finish(refused);
    match (mode, &allowed[..]) {
        ("AUTO" | "MODE_UNSPECIFIED", []) => Some(Choice::Auto),
        ("ANY", []) => Some(Choice::Any),
        ("ANY", [one]) => Some(Choice::One((*one).to_owned())),
        ("NONE", []) => Some(Choice::None),
        ("AUTO" | "ANY" | "NONE" | "MODE_UNSPECIFIED", _) => {
            let hint = "with the mode `ANY`, name one function, or declare no other";
            let message = format!("{} functions are allowed with `{mode}`", allowed.len());
            refused.no_value(&names_path, &message, hint);
            None
        }
        _ => {
            let message = format!("the mode is `{mode}`");
            refused.no_value(&mode_path, &message, "use AUTO, ANY or NONE");
            None
        }
    }
}
