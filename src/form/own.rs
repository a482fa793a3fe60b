//! Bodies that callers wrote in a form themselves: sent as they are, unless they would surely fail.

use serde_json::{Map, Value};

use super::writer::{ANTHROPIC_VERSION, Writer};
use crate::request::Form;
use crate::request::finding::{Finding, FindingCode};
use crate::request::known::camel_case;

fn error(code: FindingCode, path: &str, name: &str, message: &str, hint: &str) -> Finding {
    Finding::error(code, message)
        .at(format!("{path}.{name}"))
        .hint(hint)
}

/// What is wrong with a body.
pub(super) fn look_at(writer: &Writer, body: &Map<String, Value>, path: &str) -> Vec<Finding> {
    let mut found = match (writer.form, writer.is_embedding) {
        (Form::Anthropic, _) => anthropic(body, path),
        (Form::OpenAi, true) => input(body, path),
        (Form::OpenAi, false) => messages(body, path, &ROLES_OF_OPENAI),
        _ => Vec::new(),
    };
    found.extend(googles_words(writer, body, path));
    found.extend(other_model(writer, body, path));
    if body.get("stream") == Some(&Value::Bool(true)) {
        let message = "a batch does not stream";
        found.push(error(
            FindingCode::WrongValue,
            path,
            "stream",
            message,
            "leave it out",
        ));
    }
    found
}

/// What Google's message has and no other form does.
const OF_GOOGLE: [&str; 8] = [
    "contents",
    "systemInstruction",
    "generationConfig",
    "safetySettings",
    "toolConfig",
    "cachedContent",
    "labels",
    "content",
];

/// Google's words, which `Request`'s own methods put into a body of `Request::raw`.
fn googles_words(writer: &Writer, body: &Map<String, Value>, path: &str) -> Vec<Finding> {
    if writer.form == Form::Instances {
        return Vec::new();
    }
    let is_googles = |tool: &Value| tool.get("name").is_none() && tool.get("type").is_none();
    let tools = body.get("tools").and_then(Value::as_array);
    let has_googles_tool = tools.is_some_and(|tools| tools.iter().any(is_googles));
    let names = body.keys().filter(|name| match name.as_str() {
        "tools" => has_googles_tool,
        name => OF_GOOGLE.contains(&camel_case(name).as_str()),
    });
    let each = names.map(|name| {
        let message = format!(
            "`{name}` is in Google's words, and the request in the form {}",
            writer.form
        );
        let hint =
            "write what it says in the words of that form, or all of the request in Google's";
        error(FindingCode::UnsupportedHere, path, name, &message, hint)
    });
    each.collect()
}

/// A body for another open model than the job's, which runs them all.
fn other_model(writer: &Writer, body: &Map<String, Value>, path: &str) -> Option<Finding> {
    let last = |name: &str| name.rsplit('/').next().map(str::to_ascii_lowercase);
    let named = body.get("model").and_then(Value::as_str)?;
    // The name of a model of one's own is a number, whatever it is called within.
    let is_served = writer.form == Form::OpenAi && writer.model.ends_with("-maas");
    if !is_served || last(named) == last(&writer.model) {
        return None;
    }
    let message = format!(
        "the request is for {named:?}, and the job runs all of them on {}",
        writer.model
    );
    let finding = Finding::error(FindingCode::ModelIgnored, message).at(format!("{path}.model"));
    Some(finding.hint("leave it out, or make a job of that model"))
}

/// The roles of chat completions.
const ROLES_OF_OPENAI: [&str; 6] = [
    "system",
    "developer",
    "user",
    "assistant",
    "tool",
    "function",
];
/// Those of Anthropic's messages.
const ROLES_OF_ANTHROPIC: [&str; 2] = ["user", "assistant"];

fn anthropic(body: &Map<String, Value>, path: &str) -> Vec<Finding> {
    let mut found = messages(body, path, &ROLES_OF_ANTHROPIC);
    match body.get("max_tokens").map(Value::as_u64) {
        Some(Some(1..)) => {}
        None => {
            let message = "there is no `max_tokens`, which Claude needs";
            let hint = "set the most tokens that the response may have";
            found.push(error(
                FindingCode::MissingField,
                path,
                "max_tokens",
                message,
                hint,
            ));
        }
        Some(_) => {
            let message = "`max_tokens` is not a whole number from 1";
            let hint = "write the most tokens that the response may have";
            found.push(error(
                FindingCode::WrongValue,
                path,
                "max_tokens",
                message,
                hint,
            ));
        }
    }
    match body.get("anthropic_version") {
        Some(Value::String(version)) if version.starts_with("vertex-") => {}
        other => {
            let code = match other {
                None => FindingCode::MissingField,
                Some(_) => FindingCode::WrongValue,
            };
            let message = "there is no version of Claude's API on Vertex AI";
            let hint = format!("write \"anthropic_version\": {ANTHROPIC_VERSION:?}");
            found.push(error(code, path, "anthropic_version", message, &hint));
        }
    }
    if body.contains_key("model") {
        let message = "the request names a model, but a batch runs all of them on its own";
        let finding = Finding::warning(FindingCode::ModelIgnored, message);
        found.push(finding.at(format!("{path}.model")).hint("leave it out"));
    }
    found
}

fn messages(body: &Map<String, Value>, path: &str, roles: &[&str]) -> Vec<Finding> {
    let Some(messages) = body.get("messages") else {
        let message = "there are no `messages`";
        return vec![error(
            FindingCode::MissingField,
            path,
            "messages",
            message,
            "give some",
        )];
    };
    let Some(messages) = messages.as_array().filter(|list| !list.is_empty()) else {
        let message = "`messages` is not a list with something in it";
        return vec![error(
            FindingCode::WrongShape,
            path,
            "messages",
            message,
            "give a list",
        )];
    };
    let mut found = Vec::new();
    for (n, message) in messages.iter().enumerate() {
        let at = format!("messages[{n}]");
        let role = message.get("role").and_then(Value::as_str);
        let Some(role) = role else {
            let says = "the message has no `role`";
            found.push(error(
                FindingCode::WrongShape,
                path,
                &at,
                says,
                "give it one",
            ));
            continue;
        };
        if !roles.contains(&role) {
            let says = format!("`{role}` is not a role here");
            let hint = match role {
                "system" => "put what the system says into `system`, beside `messages`".to_owned(),
                _ => format!("it is one of {}", roles.join(", ")),
            };
            let at = format!("{at}.role");
            found.push(error(FindingCode::WrongValue, path, &at, &says, &hint));
        }
        let has_content = message.get("content").is_some_and(|it| !it.is_null());
        if !has_content && message.get("tool_calls").is_none() {
            let says = "the message has no `content`";
            found.push(error(
                FindingCode::MissingField,
                path,
                &at,
                says,
                "give it some",
            ));
        }
    }
    found
}

fn input(body: &Map<String, Value>, path: &str) -> Vec<Finding> {
    let is_there = match body.get("input") {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        _ => false,
    };
    if is_there {
        return Vec::new();
    }
    let message = "there is no `input` to embed";
    vec![error(
        FindingCode::MissingField,
        path,
        "input",
        message,
        "give a text",
    )]
}

/// What is wrong with what stands beside a body.
pub(super) fn look_beside(
    writer: &Writer,
    method: Option<&Value>,
    url: Option<&Value>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let wrong = |name: &str, message: String, hint: &str| {
        Finding::error(FindingCode::WrongValue, message)
            .at(name)
            .hint(hint)
    };
    if let Some(method) = method.filter(|method| *method != "POST") {
        let message = format!("the method is {method}");
        found.push(wrong("method", message, "write \"POST\", or leave it out"));
    }
    let wanted = match writer.is_embedding {
        true => "/embeddings",
        false => "/chat/completions",
    };
    if let Some(url) = url
        && !url.as_str().is_some_and(|url| url.ends_with(wanted))
    {
        let message = format!("the job asks for `/v1{wanted}`, and the line for {url}");
        let hint = match writer.is_embedding {
            true => "submit chat completions with `create`",
            false => "submit embeddings with `create_embeddings`, and others not at all",
        };
        found.push(wrong("url", message, hint));
    }
    found
}
