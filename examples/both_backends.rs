//! One program for both backends: the same function, given either client.
//!
//! ```text
//! cargo run --example both_backends     # no account: an emulator of both in this process
//! ```
//!
//! On the real services, make the clients with `Client::gemini(key)` and
//! `Client::vertex(project, location)`; everything after that line stays as it is.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::{Client, Outcome, Request, Result};
use genai_batch_emulator::Emulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;

    let gemini = Client::builder()
        .gemini()
        .api_key("any-key")
        .base_url(emulator.base_url())
        .build()?;

    let vertex = Client::builder()
        .vertex()
        .project("my-project")
        .location("us-central1")
        .staging("gs://my-bucket/staging") // Vertex AI reads requests from Cloud Storage
        .access_token("any-token")
        .base_url(emulator.base_url())
        .storage_base_url(emulator.base_url())
        .build()?;

    let mut responses = Vec::new();
    for client in [gemini, vertex] {
        println!("on {}:", client.backend());
        let told = sums(&client).await?;
        for (key, response) in told.iter().take(3) {
            println!("  {key}: {response}");
        }
        println!("  … {} in all", told.len());
        responses.push(told);
    }
    assert_eq!(responses[0], responses[1]);
    println!("both gave the same responses under the same keys");
    Ok(())
}

/// Asks for sums. Nothing in here knows which backend it talks to.
async fn sums(client: &Client) -> Result<BTreeMap<String, String>> {
    let requests: Vec<_> = (1..=250)
        .map(|n| Request::text(format!("What is {n} + {n}?")).key(format!("sum-{n:03}")))
        .collect();
    let mut results = client
        .batches()
        .run("gemini-2.5-flash", requests)
        .wait(|wait| wait.poll_interval(Duration::from_millis(200)))
        .await?;
    let mut told = BTreeMap::new();
    while let Some(result) = results.try_next().await? {
        let key = result.key().unwrap_or("(key lost)").to_owned();
        let response = match result.outcome() {
            Outcome::Response(response) => response.text().unwrap_or_default().into_owned(),
            Outcome::Error(error) => format!("failed: {error}"),
            Outcome::Missing => "no result came back".to_owned(),
        };
        told.insert(key, response);
    }
    println!("  {}", results.report());
    Ok(told)
}
