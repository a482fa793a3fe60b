//! `batches.create` and `batches.create_embeddings`: the SDK's arguments → [`Create`].
//!
//! The SDK has no way to find a job whose creation got no response, so it marks none; the calls
//! here turn that off, as they turn off retrying.

use genai_batch::batches::{Checks, Create, WebhookConfig};
use genai_batch::{Client, Destination, Request, Source};
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
    // What the SDK sends is sent, be it right or not.
    create = create.adopt(false).checks(Checks::Off);
    if let Some(name) = config.text("display_name")? {
        create = create.display_name(name);
    }
    match config.take("dest") {
        None => {}
        Some(Value::String(uri)) => create = create.dest(uri),
        Some(Value::Object(place)) => create = create.dest(destination(&place)?),
        Some(other) => return not_expressible(format!("dest is {other}")),
    }
    for (name, value) in config.inner("labels")?.rest() {
        match value {
            Value::String(value) => create = create.label(name, value),
            other => return not_expressible(format!("a label is {other}")),
        }
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
        sources.push((Source::file(name), None));
    }
    if let Some(requests) = fields.take("inlined_requests") {
        sources.push((inlined(kind, &requests)?, None));
    }
    if let Some(Value::String(uri)) = fields.take_if("gcs_uri", Value::is_string) {
        sources.push((Source::cloud_storage([uri]), Some("jsonl")));
    }
    if let Some(uris) = fields.texts("gcs_uri")? {
        sources.push((Source::cloud_storage(uris), Some("jsonl")));
    }
    if let Some(uri) = fields.text("bigquery_uri")? {
        sources.push((Source::big_query(uri), Some("bigquery")));
    }
    if let Some(name) = fields.text("vertex_dataset_name")? {
        sources.push((Source::dataset(name), Some("vertex-dataset")));
    }
    only_one("a source", sources, fields)
}

/// A destination given as an object.
fn destination(place: &Map<String, Value>) -> Result<Destination, Stop> {
    let mut fields = Fields::new("a destination", place);
    let mut places = Vec::new();
    if let Some(uri) = fields.text("gcs_uri")? {
        places.push((Destination::CloudStorage(uri), Some("jsonl")));
    }
    if let Some(uri) = fields.text("bigquery_uri")? {
        places.push((Destination::BigQuery(uri), Some("bigquery")));
    }
    let mut dataset = fields.inner("vertex_dataset")?;
    if let Some(table) = dataset.text("bigquery_destination")? {
        let name = dataset.text("display_name")?;
        let dataset = Destination::Dataset { table, name };
        places.push((dataset, Some("vertex-dataset")));
    }
    dataset.end()?;
    only_one("a destination", places, fields)
}

/// The one place that an object names. A format beside it can only be that of its kind, since
/// ours has none to set.
fn only_one<T>(
    what: &str,
    mut places: Vec<(T, Option<&'static str>)>,
    mut fields: Fields,
) -> Result<T, Stop> {
    if places.len() > 1 {
        return not_expressible(format!("{what} is one thing, never two"));
    }
    let Some((place, format)) = places.pop() else {
        fields.end()?;
        return not_expressible(format!("{what} is one thing, never none"));
    };
    if format.is_some() {
        let named = fields.text("format")?;
        if named.is_some() && named.as_deref() != format {
            return not_expressible(format!("{what} of this kind has no format {named:?}"));
        }
    }
    fields.end()?;
    Ok(place)
}

fn inlined(kind: Kind, requests: &Value) -> Result<Source, Stop> {
    match (kind, requests) {
        (Kind::Generate, Value::Array(entries)) => {
            // Texts are prompts, also where their author means URIs.
            let texts = entries
                .iter()
                .map(|entry| entry.as_str().map(str::to_owned));
            if let Some(texts) = texts.collect::<Option<Vec<_>>>() {
                return Ok(Source::from(texts));
            }
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
