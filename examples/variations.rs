//! One text in several variations, each with instructions and a generation config of its own,
//! and what came of them organised by the metadata that travels with each request.
//!
//! ```text
//! cargo run --example variations
//! ```

mod support;

use std::error::Error;

use futures_util::TryStreamExt;
use genai_batch::batches::InlineLimit;
use genai_batch::{GenerationConfig, Request};

struct Variation {
    id: &'static str,
    tone: &'static str,
    audience: &'static str,
    temperature: f64,
    max_tokens: u32,
}

const VARIATIONS: [Variation; 3] = [
    Variation {
        id: "formal",
        tone: "formal",
        audience: "executives",
        temperature: 0.3,
        max_tokens: 2000,
    },
    Variation {
        id: "casual",
        tone: "casual",
        audience: "customers",
        temperature: 0.9,
        max_tokens: 1000,
    },
    Variation {
        id: "technical",
        tone: "precise",
        audience: "engineers",
        temperature: 0.2,
        max_tokens: 4000,
    },
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _emulator) = support::connect().await?;
    let text = "Our service now answers batches of requests at half the price.";

    let requests: Vec<_> = VARIATIONS
        .iter()
        .map(|it| {
            let config = GenerationConfig::new()
                .temperature(it.temperature)
                .max_output_tokens(it.max_tokens);
            Request::text(format!(
                "Rewrite for {}, in a {} tone: {text}",
                it.audience, it.tone
            ))
            .key(it.id)
            .metadata("audience", it.audience)
            .generation_config(config)
        })
        .collect();

    // Metadata comes back with requests in the body of the create, not with those in a file.
    let mut results = client
        .batches()
        .run("gemini-2.5-flash", requests)
        .create(|create| create.inline_limit(InlineLimit::MAX))
        .wait(support::soon)
        .await?;
    while let Some(result) = results.try_next().await? {
        let metadata = result.metadata().unwrap_or_default();
        let audience = metadata.get("audience").and_then(|value| value.as_str());
        let text = result
            .response()
            .and_then(|response| Some(response.text()?.into_owned()));
        println!(
            "{} (for {}): {}",
            result.key().unwrap_or("(no key)"),
            audience.unwrap_or("nobody"),
            text.unwrap_or_default()
        );
    }
    println!("{}", results.report());
    Ok(())
}
