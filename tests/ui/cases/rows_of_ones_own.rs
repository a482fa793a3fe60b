//~ `&Vec<Row>` is not what the requests of a job are made from
//~ Source::requests(rows.into_iter().map(|row| Request::text(row.text)))
//~ Source::try_requests
#![allow(dead_code)]

pub struct Row {
    text: String,
}

pub async fn submit(client: genai_batch::Client, rows: Vec<Row>) {
    let _ = client.batches().create("gemini-2.5-flash", &rows).await;
}
