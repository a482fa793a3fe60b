//! Submits a batch job with genai-batch, waits, and prints its results.

use futures_util::TryStreamExt;
use genai_batch::{Client, Outcome};

#[tokio::main]
async fn main() -> genai_batch::Result<()> {
    let client = Client::from_env()?;
    let batches = client.batches();
    let job = batches.create("gemini-2.5-flash", "requests.jsonl").await?;
    let job = batches.wait(&job).await?;
    let mut results = batches.results(&job).await?;
    while let Some(result) = results.try_next().await? {
        let key = result.key().unwrap_or("(no key)");
        match result.outcome() {
            Outcome::Response(response) => {
                println!("{key}: {}", response.text().unwrap_or_default())
            }
            Outcome::Error(error) => println!("{key}: {error}"),
            Outcome::Missing => println!("{key}: nothing came back"),
        }
    }
    Ok(())
}
