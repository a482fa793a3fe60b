//! The SDK's client options → a [`ClientBuilder`].
//!
//! Where the SDK would find Google Cloud credentials by itself, a token of our own stands in,
//! since there are none to be found in a test.

use std::time::Duration;

use genai_batch::{Client, ClientBuilder, RetryPolicy};
use serde_json::{Map, Value};

use super::case::Case;
use super::fields::{Fields, Stop};
use super::server::Server;

/// The version that Google's SDK uses on Gemini unless told otherwise.
const RECORDED_VERSION: &str = "v1";
/// The token of the credentials that a client would find.
#[cfg(feature = "vertex")]
const FOUND_TOKEN: &str = "found-access-token";
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
pub(crate) fn builder(case: &Case) -> Result<ClientBuilder, Stop> {
    let mut fields = Fields::new("a client", &case.client);
    fields.take("http_options");
    let options = HttpOptions::of(case)?;
    let mut builder = Client::builder();
    if let Some(key) = fields.text("api_key")? {
        builder = builder.api_key(key);
    }
    builder = google_cloud(builder, &mut fields)?;
    fields.end()?;
    let about_default =
        case.call.method == "client.new" || case.env.contains_key("GOOGLE_GENAI_API_VERSION");
    if let Some(version) = options.api_version {
        builder = builder.api_version(version);
    } else if case.backend == "gemini" && !about_default {
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

/// The options of Vertex AI.
#[cfg(feature = "vertex")]
fn google_cloud(mut builder: ClientBuilder, fields: &mut Fields) -> Result<ClientBuilder, Stop> {
    match fields.take("vertexai") {
        None => {}
        Some(Value::Bool(true)) => builder = builder.vertex(),
        Some(other) => return super::fields::not_expressible(format!("`vertexai` is {other}")),
    }
    if let Some(project) = fields.text("project")? {
        builder = builder.project(project);
    }
    if let Some(location) = fields.text("location")? {
        builder = builder.location(location);
    }
    if let Some(token) = fields.text("access_token")? {
        builder = builder.access_token(token);
    }
    if let Some(project) = fields.text("quota_project")? {
        builder = builder.quota_project(project);
    }
    Ok(builder)
}

#[cfg(not(feature = "vertex"))]
#[expect(clippy::unnecessary_wraps)]
fn google_cloud(builder: ClientBuilder, _: &mut Fields) -> Result<ClientBuilder, Stop> {
    Ok(builder)
}

/// The case's client, at the scripted server.
pub(crate) fn local(case: &Case, server: &Server) -> Result<Client, Stop> {
    let builder = builder(case)?.base_url(server.url());
    #[cfg(feature = "vertex")]
    if case.backend != "gemini"
        && !case.client.contains_key("api_key")
        && !case.client.contains_key("access_token")
    {
        return Ok(builder.access_token(FOUND_TOKEN).build()?);
    }
    Ok(builder.build()?)
}
