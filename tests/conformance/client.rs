//! The SDK's client options → a [`ClientBuilder`], one function a backend.

use std::time::Duration;

use genai_batch::{Backend, Client, ClientBuilder, RetryPolicy};
use serde_json::{Map, Value, json};

use super::case::{Case, ScriptedResponse};
use super::fields::{Fields, Stop, not_expressible};
use super::server::Server;

/// The version that Google's SDK uses unless told otherwise.
const RECORDED_VERSION: &str = "v1";
/// Waits between attempts that no test has to sit through.
const SHORT: Duration = Duration::from_millis(5);

/// What the SDK takes as `http_options`, of the client and of a call alike.
#[derive(Debug, Default)]
pub(crate) struct HttpOptions {
    api_version: Option<String>,
    timeout: Option<Duration>,
    headers: Map<String, Value>,
    retry: Option<RetryPolicy>,
    /// Fields for the body of the call.
    pub(crate) extra_body: Option<Value>,
}

impl HttpOptions {
    /// Those of the client, and those of the call, which win.
    pub(crate) fn of(case: &Case) -> Result<Self, Stop> {
        let mut options = Self::default();
        let call = case.call.args.get("config").and_then(Value::as_object);
        for holder in [Some(&case.client), call].into_iter().flatten() {
            options.add(Fields::new("client", holder).inner("http_options")?)?;
        }
        Ok(options)
    }

    fn add(&mut self, mut fields: Fields) -> Result<(), Stop> {
        if let Some(version) = fields.text("api_version")? {
            self.api_version = Some(version);
        }
        if let Some(milliseconds) = fields.integer("timeout")? {
            self.timeout = Some(Duration::from_millis(milliseconds));
        }
        if let Some(Value::Object(headers)) = fields.take("headers") {
            self.headers.extend(headers);
        }
        if let Some(Value::Object(retry)) = fields.take("retry_options") {
            self.retry = Some(retry_policy(Fields::new("retry_options", &retry))?);
        }
        if let Some(extra) = fields.take("extra_body") {
            self.extra_body = Some(extra);
        }
        fields.end()
    }
}

fn retry_policy(mut fields: Fields) -> Result<RetryPolicy, Stop> {
    let mut policy = RetryPolicy::default();
    if let Some(attempts) = fields.integer("attempts")? {
        policy = policy.max_attempts(attempts);
    }
    if let Some(seconds) = fields.number("initial_delay")? {
        policy = policy.initial_backoff(Duration::from_secs_f64(seconds));
    }
    if let Some(seconds) = fields.number("max_delay")? {
        policy = policy.max_backoff(Duration::from_secs_f64(seconds));
    }
    if let Some(Value::Array(codes)) = fields.take("http_status_codes") {
        let codes = codes
            .iter()
            .filter_map(|code| code.as_u64()?.try_into().ok());
        policy = policy.statuses(codes);
    }
    // Our waits are always random.
    fields.take("jitter");
    fields.end()?;
    Ok(policy)
}

/// The policy of a case that has no `retry_options`: then the SDK sends once, chunks of an
/// upload excepted. Cases about that default run with ours.
fn default_policy(case: &Case) -> RetryPolicy {
    let about_default = case.id.contains("_retry_default_");
    if about_default || case.call.method == "files.upload" {
        RetryPolicy::default()
            .initial_backoff(SHORT)
            .max_backoff(SHORT)
    } else {
        RetryPolicy::none()
    }
}

/// The builder of the case's client, for whatever place its options and environment name.
fn builder(case: &Case) -> Result<ClientBuilder, Stop> {
    match case.backend.as_str() {
        "gemini" => gemini(case),
        other => not_expressible(format!("there is no backend {other}")),
    }
}

fn gemini(case: &Case) -> Result<ClientBuilder, Stop> {
    let mut fields = Fields::new("a Gemini client", &case.client);
    fields.take("http_options");
    let options = HttpOptions::of(case)?;
    let mut builder = Client::builder();
    if let Some(key) = fields.text("api_key")? {
        builder = builder.api_key(key);
    }
    fields.end()?;
    if let Some(version) = options.api_version {
        builder = builder.api_version(version);
    } else if case.call.method != "client.new" && !case.env.contains_key("GOOGLE_GENAI_API_VERSION")
    {
        builder = builder.api_version(RECORDED_VERSION);
    }
    if let Some(timeout) = options.timeout {
        builder = builder.timeout(timeout);
    }
    for (name, value) in options.headers {
        builder = builder.header(name, value.as_str().unwrap_or_default());
    }
    Ok(builder.retry_policy(options.retry.unwrap_or_else(|| default_policy(case))))
}

/// The case's client, at the scripted server.
pub(crate) fn local(case: &Case, server: &Server) -> Result<Client, Stop> {
    Ok(builder(case)?.base_url(server.url()).build()?)
}

/// `client.new`: where the client points, and with which key.
pub(crate) async fn describe(case: &Case) -> Result<Value, Stop> {
    let client = builder(case)?.build()?;
    let backend = match client.backend() {
        Backend::Gemini => "gemini",
        _ => "another",
    };
    Ok(json!({
        "backend": backend,
        // The SDK ends Google's addresses with a slash, and others as they were given.
        "base_url": match client.base_url() {
            google if google.ends_with("googleapis.com") => format!("{google}/"),
            other => other.to_owned(),
        },
        "api_version": client.api_version(),
        "api_key": sent_key(case).await?,
    }))
}

/// The key, which no client shows, as a server sees it.
async fn sent_key(case: &Case) -> Result<Value, Stop> {
    let empty = ScriptedResponse {
        status: 200,
        headers: Default::default(),
        body: Some(json!({})),
        body_text: None,
    };
    let server = Server::start(&[empty]).await;
    local(case, &server)?.batches().list().page().await?;
    let sent = server.sent().await;
    Ok(sent[0].headers["x-goog-api-key"].clone())
}
