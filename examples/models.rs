//! One function for Gemini, Claude and an open model on Vertex AI: the same requests, and results read
//! in the same way, side by side.
//!
//! ```text
//! cargo run --example models     # no account: an emulator in this process
//! ```
//!
//! On the real service, make the client with `Client::vertex(project, location)` in a region that has
//! the models; everything after that line stays as it is.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::external::schemars::JsonSchema;
use genai_batch::request::{FunctionDeclaration, Tool, ToolConfig};
use genai_batch::{BatchResult, Client, GenerationConfig, Request, Result};
use genai_batch_emulator::Emulator;
use serde::Deserialize;
use serde_json::{Value, json};

const MODELS: [&str; 3] = [
    "gemini-2.5-flash",
    "claude-sonnet-4-5",
    "llama-3.3-70b-instruct-maas",
];

#[derive(JsonSchema, Deserialize)]
struct Review {
    sentiment: String,
    reason: String,
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let client = Client::builder()
        .vertex()
        .project("my-project")
        .location("us-east5")
        .staging("gs://my-bucket/staging")
        .access_token("any-token")
        .base_url(emulator.base_url())
        .storage_base_url(emulator.base_url())
        .build()?;

    for model in MODELS {
        let form = client.batches().form_of(model)?;
        println!("{model}, in the form {form}:");
        for (key, told) in ask(&client, model).await? {
            println!("  {key:<8} {told}");
        }
    }
    Ok(())
}

/// Asks a model. Nothing in here knows whose it is.
async fn ask(client: &Client, model: &str) -> Result<BTreeMap<String, String>> {
    let weather = FunctionDeclaration::new("weather", "Tells the weather of a city.")
        .parameters(json!({ "type": "OBJECT", "properties": { "city": { "type": "STRING" } } }));
    let requests = vec![
        Request::text("What is 17 + 25?")
            .system_instruction("Answer with the number alone.")
            .key("sum"),
        Request::text("Sentiment of this review: I love it. It never broke.")
            .output::<Review>()?
            .key("review"),
        Request::text("How is the weather in Berlin?")
            .tools([Tool::functions([weather])])
            .tool_config(ToolConfig::new().function_calling_mode("ANY"))
            .key("weather"),
    ];
    // Claude wants a limit in each request.
    let limit = GenerationConfig::new()
        .max_output_tokens(1024)
        .temperature(0.0);
    let mut results = client
        .batches()
        .run(model, requests)
        .create(|create| create.generation_config(limit))
        .wait(|wait| wait.poll_interval(Duration::from_millis(200)))
        .results(|results| results.count_usage(true))
        .await?;
    let mut told = BTreeMap::new();
    while let Some(result) = results.try_next().await? {
        let key = result.key().unwrap_or("(key lost)").to_owned();
        told.insert(key, show(&result));
    }
    told.insert("(all)".to_owned(), results.report().to_string());
    Ok(told)
}

fn show(result: &BatchResult) -> String {
    if let Ok(review) = result.parse::<Review>() {
        return format!("{}, because: {}", review.sentiment, review.reason);
    }
    let response = result.response();
    if let Some(call) = response.and_then(|it| it.function_calls().next()) {
        let args = call.args::<Value>().unwrap_or_default();
        return format!("calls {} with {args}", call.name());
    }
    match result.complete_text() {
        Ok(text) => text.into_owned(),
        Err(error) => error.to_string(),
    }
}
