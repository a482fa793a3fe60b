//! Requests as the SDK's callers write them, with Python's names → requests of this crate.

use genai_batch::{EmbedRequest, GenerationConfig, Request};
use serde_json::{Map, Value, json};

use super::fields::{Fields, Stop, not_expressible};

/// Config entries that stand beside `generationConfig` in a request.
const BESIDE_CONFIG: [&str; 6] = [
    "tools",
    "tool_config",
    "safety_settings",
    "cached_content",
    "labels",
    "service_tier",
];

/// One entry of `inlined_requests`.
pub(crate) fn request(entry: &Value) -> Result<Request, Stop> {
    let Some(entry) = entry.as_object() else {
        return not_expressible(format!("a request is no {entry}"));
    };
    let mut fields = Fields::new("a request", entry);
    let mut request = match fields.take("contents") {
        Some(contents) => of_contents(&contents),
        None => Request::from_json(Map::new()),
    };
    if let Some(model) = fields.text("model")? {
        request = request.field("model", full_model(model));
    }
    if let Some(key) = fields.text("key")? {
        request = request.key(key);
    }
    if let Some(Value::Object(metadata)) = fields.take("metadata") {
        for (name, value) in metadata {
            request = match (name.as_str(), &value) {
                ("key", Value::String(key)) => request.key(key),
                _ => request.metadata(name, value),
            };
        }
    }
    if let Some(Value::Object(config)) = fields.take("config") {
        request = with_config(request, Fields::new("config", &config))?;
    }
    fields.end()?;
    Ok(request)
}

fn full_model(name: String) -> String {
    if name.contains('/') {
        name
    } else {
        format!("models/{name}")
    }
}

fn of_contents(contents: &Value) -> Request {
    if let Some(text) = contents.as_str() {
        return Request::text(text);
    }
    if let Some(turns) = plain_turns(contents) {
        return Request::turns(turns);
    }
    let turn = |parts: Value| json!([{ "role": "user", "parts": parts }]);
    let contents = match contents {
        Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_string) => {
            turn(list.iter().map(|text| json!({ "text": text })).collect())
        }
        Value::Object(content) if content.contains_key("parts") => json!([camel(contents)]),
        Value::Object(_) => turn(json!([camel(contents)])),
        _ => camel(contents),
    };
    Request::from_json(Map::from_iter([("contents".to_owned(), contents)]))
}

/// Turns that have a role and one text each, as `(role, text)`.
fn plain_turns(contents: &Value) -> Option<Vec<(&str, &str)>> {
    let turns = contents.as_array().filter(|turns| !turns.is_empty())?;
    let turns = turns.iter().map(|turn| {
        let role = turn.get("role")?.as_str()?;
        let [Value::Object(part)] = turn.get("parts")?.as_array()?.as_slice() else {
            return None;
        };
        let text = part.get("text").filter(|_| part.len() == 1)?;
        Some((role, text.as_str()?))
    });
    turns.collect()
}

fn with_config(mut request: Request, mut fields: Fields) -> Result<Request, Stop> {
    match fields.take("system_instruction") {
        Some(Value::String(text)) => request = request.system_instruction(text),
        Some(Value::Array(texts)) => {
            let parts: Vec<_> = texts.iter().map(|text| json!({ "text": text })).collect();
            let content = json!({ "role": "user", "parts": parts });
            request = request.field("systemInstruction", content);
        }
        Some(other) => request = request.field("systemInstruction", camel(&other)),
        None => {}
    }
    for name in BESIDE_CONFIG {
        if let Some(value) = fields.take(name) {
            request = request.field(camel_name(name), camel_field(name, &value));
        }
    }
    Ok(request.generation_config(generation_config(fields)?))
}

fn generation_config(mut fields: Fields) -> Result<GenerationConfig, Stop> {
    type Config = GenerationConfig;
    fn set<T>(config: &mut Config, value: Option<T>, method: impl FnOnce(Config, T) -> Config) {
        if let Some(value) = value {
            *config = method(std::mem::take(config), value);
        }
    }
    let mut config = Config::new();
    set(
        &mut config,
        fields.number("temperature")?,
        Config::temperature,
    );
    set(&mut config, fields.number("top_p")?, Config::top_p);
    set(&mut config, fields.integer("top_k")?, Config::top_k);
    set(
        &mut config,
        fields.integer("max_output_tokens")?,
        Config::max_output_tokens,
    );
    set(
        &mut config,
        fields.integer("candidate_count")?,
        Config::candidate_count,
    );
    set(&mut config, fields.integer("seed")?, Config::seed);
    set(
        &mut config,
        fields.number("presence_penalty")?,
        Config::presence_penalty,
    );
    set(
        &mut config,
        fields.number("frequency_penalty")?,
        Config::frequency_penalty,
    );
    set(
        &mut config,
        fields.texts("stop_sequences")?,
        Config::stop_sequences,
    );
    set(
        &mut config,
        fields.text("response_mime_type")?,
        Config::response_mime_type,
    );
    let schema = fields.take("response_schema");
    set(
        &mut config,
        schema.map(|schema| camel(&schema)),
        Config::response_schema,
    );
    for (name, value) in fields.rest() {
        config = config.field(camel_name(&name), camel_field(&name, &value));
    }
    Ok(config)
}

/// `inlined_requests` of `create_embeddings`: contents that share a config.
pub(crate) fn embed_requests(requests: &Value) -> Result<Vec<EmbedRequest>, Stop> {
    if let Value::Array(list) = requests {
        let lists = list
            .iter()
            .map(embed_requests)
            .collect::<Result<Vec<_>, _>>()?;
        return Ok(lists.into_iter().flatten().collect());
    }
    let Some(requests) = requests.as_object() else {
        return not_expressible(format!("a request for an embedding is no {requests}"));
    };
    let mut fields = Fields::new("inlined_requests", requests);
    let contents = match fields.take("contents") {
        Some(Value::Array(contents)) => contents,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let config = fields.inner("config")?.rest();
    fields.end()?;
    contents
        .iter()
        .map(|content| embed_request(content, Fields::new("config", &config)))
        .collect()
}

fn embed_request(content: &Value, mut config: Fields) -> Result<EmbedRequest, Stop> {
    let mut request = match content {
        Value::String(text) => EmbedRequest::text(text),
        content => EmbedRequest::default().field("content", camel(content)),
    };
    if let Some(task_type) = config.text("task_type")? {
        request = request.task_type(task_type);
    }
    if let Some(title) = config.text("title")? {
        request = request.title(title);
    }
    if let Some(dimensions) = config.integer("output_dimensionality")? {
        request = request.output_dimensionality(dimensions);
    }
    if let Some(key) = config.inner("metadata")?.text("key")? {
        request = request.key(key);
    }
    for (name, value) in config.rest() {
        request = request.field(camel_name(&name), camel_field(&name, &value));
    }
    Ok(request)
}

/// The SDK's spelling of a message → Google's.
pub(crate) fn camel(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            if let (1, Some(bytes)) = (object.len(), object.get("$bytes")) {
                return bytes.clone();
            }
            let fields = object.iter();
            let fields = fields.map(|(name, value)| (camel_name(name), camel_field(name, value)));
            Value::Object(fields.collect())
        }
        Value::Array(list) => list.iter().map(camel).collect(),
        other => other.clone(),
    }
}

/// The value of a field; one whose names are the caller's own stays as it is.
fn camel_field(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("args" | "response" | "labels", _) => value.clone(),
        ("response_json_schema" | "parameters_json_schema", _) => value.clone(),
        ("properties", Value::Object(properties)) => {
            let properties = properties.iter();
            let properties = properties.map(|(name, schema)| (name.clone(), camel(schema)));
            Value::Object(properties.collect())
        }
        _ => camel(value),
    }
}

fn camel_name(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}
