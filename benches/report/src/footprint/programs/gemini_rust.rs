//! Submits a batch job with gemini-rust, waits, and prints its results.

// A batch is made of what the deprecated methods make.
#![allow(deprecated)]

use std::time::Duration;

use gemini_rust::{BatchStatus, Gemini};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Gemini::new(std::env::var("GEMINI_API_KEY")?)?;
    let requests = ["Hello", "Good morning"]
        .map(|text| client.generate_content().with_user_message(text).build());
    let batch = client
        .batch_generate_content()
        .with_requests(requests.into())
        .execute()
        .await?;
    loop {
        match batch.status().await? {
            BatchStatus::Pending | BatchStatus::Running { .. } => {
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
            BatchStatus::Succeeded { results } => {
                for result in results {
                    match result.response {
                        Ok(response) => println!("{}: {}", result.meta.key, response.text()),
                        Err(error) => println!("{}: {}", result.meta.key, error.message),
                    }
                }
                return Ok(());
            }
            BatchStatus::Cancelled | BatchStatus::Expired => return Err("no results".into()),
        }
    }
}
