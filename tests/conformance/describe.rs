//! `client.new`: where a client points, and with which key.
//!
//! Our client shows its backend, base URL and API version. Its key, project and location are
//! read from a request that it sends.

use genai_batch::Backend;
use serde_json::{Value, json};

use super::case::{Case, ScriptedResponse};
use super::client;
use super::fields::Stop;
use super::server::{Sent, Server};

/// The client in the SDK's names.
pub(crate) async fn describe(case: &Case) -> Result<Value, Stop> {
    let client = client::builder(case)?.build()?;
    let backend = match client.backend() {
        Backend::Gemini => "gemini",
        Backend::Vertex => "vertex",
        _ => "another",
    };
    let seen = seen(case).await?;
    let after = |collection: &str| {
        let mut segments = seen.path.split('/').skip_while(|part| *part != collection);
        segments.nth(1)
    };
    Ok(json!({
        "backend": backend,
        // The SDK ends Google's addresses with a slash, and others as they were given.
        "base_url": match client.base_url() {
            google if google.ends_with("googleapis.com") => format!("{google}/"),
            other => other.to_owned(),
        },
        "api_version": client.api_version(),
        "project": after("projects"),
        "location": after("locations"),
        "api_key": seen.headers.get("x-goog-api-key"),
    }))
}

/// A request of the client as a server sees it.
async fn seen(case: &Case) -> Result<Sent, Stop> {
    let empty = ScriptedResponse {
        status: 200,
        headers: Default::default(),
        body: Some(json!({})),
        body_text: None,
    };
    let server = Server::start(&[empty]).await;
    let client = client::builder(case)?.base_url(server.url()).build()?;
    match client.batches().list().page().await {
        Ok(_) => {}
        // It has no key and looks for Google Cloud credentials, of which there are none.
        Err(error) if error.is_configuration() => {
            let client = client::local(case, &server)?;
            client.batches().list().page().await?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(server.sent().await.remove(0))
}
