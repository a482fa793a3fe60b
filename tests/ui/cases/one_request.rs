//~ `genai_batch::Request` is not what the requests of a job are made from
//~ vec![Request::text("What is AI?").key("q-1")]

use genai_batch::{Client, Request};

pub async fn submit(client: Client) {
    let request = Request::text("What is AI?");
    let _ = client.batches().create("gemini-2.5-flash", request).await;
}
