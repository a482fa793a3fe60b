//! `batches.create` and `batches.create_embeddings`: the SDK's arguments → [`Create`].

use genai_batch::{Client, Create, Request, Source, WebhookConfig};
use serde_json::{Map, Value};

use super::call::Arguments;
use super::fields::{Fields, Stop, not_expressible};
use super::python;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Generate,
    Embed,
}

/// Where the requests are, as our callers would say it.
enum Input {
    /// A text, for the client to make sense of.
    Text(String),
    Source(Source),
}

pub(crate) fn create(client: &Client, kind: Kind, call: Arguments) -> Result<Create, Stop> {
    let Arguments {
        mut args,
        mut config,
        http,
    } = call;
    let model = args.text("model")?.unwrap_or_default();
    let input = match args.take("src") {
        Some(Value::String(text)) => Input::Text(text),
        Some(Value::Array(entries)) => Input::Source(inlined(kind, &Value::Array(entries))?),
        Some(Value::Object(source)) => Input::Source(source_object(kind, &source)?),
        other => return not_expressible(format!("src is {other:?}")),
    };
    args.end()?;
    let batches = client.batches();
    let mut create = match (kind, input) {
        (Kind::Generate, Input::Text(text)) => batches.create(model, text),
        (Kind::Generate, Input::Source(source)) => batches.create(model, source),
        (Kind::Embed, Input::Text(text)) => batches.create_embeddings(model, text),
        (Kind::Embed, Input::Source(source)) => batches.create_embeddings(model, source),
    };
    if let Some(name) = config.text("display_name")? {
        create = create.display_name(name);
    }
    if let Some(destination) = config.text("dest")? {
        create = create.dest(destination);
    }
    if let Some(Value::Object(webhook)) = config.take("webhook_config") {
        create = create.webhook(webhook_config(Fields::new("webhook_config", &webhook))?);
    }
    if let Some(patch) = http.extra_body {
        create = create.patch(patch);
    }
    config.end()?;
    Ok(create)
}

/// A source given as an object, which can hold several where ours is one.
fn source_object(kind: Kind, source: &Map<String, Value>) -> Result<Source, Stop> {
    let mut fields = Fields::new("a source", source);
    let mut sources = Vec::new();
    if let Some(name) = fields.text("file_name")? {
        sources.push(Source::file(name));
    }
    if let Some(requests) = fields.take("inlined_requests") {
        sources.push(inlined(kind, &requests)?);
    }
    if let Some(uris) = fields.texts("gcs_uri")? {
        // Objects in Cloud Storage have no other format.
        if let Some(format) = fields.text("format")?.filter(|format| format != "jsonl") {
            return not_expressible(format!("no object is of the format {format}"));
        }
        sources.push(Source::cloud_storage(uris));
    }
    fields.end()?;
    if sources.len() > 1 {
        return not_expressible("a source is one thing, never two");
    }
    match sources.pop() {
        Some(source) => Ok(source),
        None => not_expressible("a source is one thing, never none"),
    }
}

fn inlined(kind: Kind, requests: &Value) -> Result<Source, Stop> {
    match (kind, requests) {
        (Kind::Generate, Value::Array(entries)) => {
            let requests: Result<Vec<Request>, _> = entries.iter().map(python::request).collect();
            Ok(Source::from(requests?))
        }
        (Kind::Embed, requests) => Ok(Source::from(python::embed_requests(requests)?)),
        (_, other) => not_expressible(format!("a list of requests is no {other}")),
    }
}

fn webhook_config(mut fields: Fields) -> Result<WebhookConfig, Stop> {
    let mut webhook = WebhookConfig::new(fields.texts("uris")?.unwrap_or_default());
    for (name, value) in fields.inner("user_metadata")?.rest() {
        webhook = webhook.user_metadata(name, value);
    }
    fields.end()?;
    Ok(webhook)
}
