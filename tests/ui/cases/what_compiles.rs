use std::collections::HashMap;

use genai_batch::{BatchJob, Client, JobState, Key, Request};

pub async fn borrowed(client: Client, requests: Vec<Request>) -> genai_batch::Result<BatchJob> {
    let batches = client.batches();
    batches.create("gemini-2.5-flash", &requests).await?;
    batches.create("gemini-2.5-flash", &requests[..1]).await?;
    batches.create("gemini-2.5-flash", &["What is AI?"]).await
}

pub fn states(job: &BatchJob) -> bool {
    let failed = JobState::Failed;
    job.state() == JobState::Succeeded || job.state() != failed || failed == job.state()
}

pub fn keys(key: Key, names: HashMap<String, u32>) -> bool {
    names.keys().any(|name| *name == key && key == *name && key == name.as_str())
}

pub fn main() -> genai_batch::Result<()> {
    Client::from_env().map(drop)
}
