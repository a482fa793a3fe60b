//! Many documents and one template, submitted in chunks: a job each, waited for together.
//!
//! ```text
//! cargo run --example summaries
//! ```

mod support;

use std::collections::BTreeMap;
use std::error::Error;

use futures_util::TryStreamExt;
use genai_batch::{Client, Outcome, Request};

/// A job takes far more than this; chunks let the first results come before the last are in.
const CHUNK: usize = 25;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, _emulator) = support::connect().await?;
    let documents: BTreeMap<String, String> = (1..=60)
        .map(|n| {
            (
                format!("doc-{n:03}"),
                format!("Report number {n}. It rained. Sales rose."),
            )
        })
        .collect();

    let summaries = summarize(&client, &documents).await?;
    for (key, summary) in summaries.iter().take(3) {
        println!("{key}: {summary}");
    }
    println!(
        "… {} summaries of {} documents",
        summaries.len(),
        documents.len()
    );
    Ok(())
}

async fn summarize(
    client: &Client,
    documents: &BTreeMap<String, String>,
) -> genai_batch::Result<BTreeMap<String, String>> {
    let requests: Vec<_> = documents
        .iter()
        .map(|(key, document)| {
            let prompt = format!("Summarize this document in two sentences:\n\n{document}");
            Request::text(prompt).key(key)
        })
        .collect();
    let parts: Vec<Vec<Request>> = requests.chunks(CHUNK).map(<[_]>::to_vec).collect();
    let created = client
        .batches()
        .create_all("gemini-2.5-flash", parts)
        .each(|part, create| create.display_name(format!("summaries {}", part + 1)))
        .await;
    let mut jobs = Vec::new();
    for outcome in created {
        match outcome {
            Ok(job) => jobs.push(job),
            // The others go on.
            Err(error) => eprintln!("a part could not be submitted: {error}"),
        }
    }

    let mut summaries = BTreeMap::new();
    for job in client.batches().wait_all(&jobs).await {
        let mut results = client.batches().results(job?).await?;
        while let Some(result) = results.try_next().await? {
            let (key, outcome) = result.into_parts();
            if let (Some(key), Outcome::Response(response)) = (key, outcome) {
                let summary = response.text().unwrap_or_default().into_owned();
                summaries.insert(key.to_string(), summary);
            }
        }
        println!("{}", results.report());
    }
    Ok(summaries)
}
