//~ is not what the requests of a job are made from
//~ Path::new("requests.jsonl")

use std::path::PathBuf;

pub async fn submit(client: genai_batch::Client, path: Option<PathBuf>) {
    let _ = client.batches().run("gemini-2.5-flash", path).await;
}
