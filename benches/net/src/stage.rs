//! What the services hold: jobs that have ended, whose results are so many bytes, in one object, in
//! eight, in a file of the Files API; and one with many small objects.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use bytes::{Bytes, BytesMut};
use genai_batch::batches::InlineLimit;
use genai_batch::{Client, Request, Source};
use genai_batch_emulator::Emulator;
use reqwest::Certificate;
use serde_json::{Value, json};

const MODEL: &str = "gemini-2.5-flash";
const BUCKET: &str = "bucket";
/// How many objects the results are in where they are in several …
const SEVERAL: usize = 8;
/// … and the small ones, of so many rows.
const SMALL: usize = 64;
const SMALL_ROWS: usize = 80;

/// Makes everything, and tells what is where. What is uploaded goes over the line at `url`, since that
/// is where the emulator says that uploads go; `certificate` vouches for it.
pub(crate) async fn set(
    emulator: &Emulator,
    (url, certificate): (&str, Option<&Path>),
    bytes: usize,
) -> Result<Value> {
    let address = format!("http://{}", emulator.address());
    let vertex = Client::builder()
        .vertex()
        .project("bench")
        .location("us-central1")
        .access_token("t")
        .staging(format!("gs://{BUCKET}/staging"))
        .base_url(&address)
        .storage_base_url(&address)
        .build()?;
    let gemini = Client::builder()
        .gemini()
        .api_key("k")
        .base_url(url)
        .http_client(trusting(certificate)?)
        .build()?;
    let rows = rows(bytes, row);
    let one = objects(emulator, &vertex, "one", vec![rows.clone()]).await?;
    let shares = shares(&rows, SEVERAL);
    let several = objects(emulator, &vertex, "several", shares).await?;
    let small = self::rows(SMALL * SMALL_ROWS * row(0).len(), row);
    let small = self::shares(&small, SMALL);
    let small = objects(emulator, &vertex, "small", small).await?;
    let file = file(emulator, &gemini, self::rows(bytes, gemini_row)).await?;
    Ok(json!({ "bucket": BUCKET, "one": one, "several": several, "small": small, "file": file }))
}

fn trusting(certificate: Option<&Path>) -> Result<reqwest::ClientBuilder> {
    let builder = reqwest::Client::builder();
    Ok(match certificate {
        Some(file) => builder.tls_certs_only([Certificate::from_pem(&fs::read(file)?)?]),
        None => builder,
    })
}

/// A job whose results are these objects, and where they are.
async fn objects(
    emulator: &Emulator,
    client: &Client,
    name: &str,
    contents: Vec<Bytes>,
) -> Result<Value> {
    let rows: usize = contents.iter().map(lines).sum();
    let create = client.batches().create(MODEL, requests(rows));
    let job = create.dest(format!("gs://{BUCKET}/{name}")).await?;
    let job = client.batches().wait(&job).await?;
    let made = emulator.objects(&format!("gs://{BUCKET}/{name}/"));
    let made = made.iter().find(|uri| uri.ends_with("predictions.jsonl"));
    let made = made.context("the emulator put no results where they were asked for")?;
    let count = contents.len();
    let mut names = Vec::new();
    let bytes: usize = contents.iter().map(Bytes::len).sum();
    for (index, content) in contents.into_iter().enumerate() {
        // The first takes the place of what the emulator made.
        let uri = match index {
            0 => made.clone(),
            _ => made.replace(
                "predictions.jsonl",
                &format!("predictions_{index:05}-of-{count:05}.jsonl"),
            ),
        };
        let object = uri.strip_prefix(&format!("gs://{BUCKET}/"));
        names.push(object.unwrap_or_default().to_owned());
        emulator.put_object(&uri, content);
    }
    Ok(json!({ "job": job.name(), "rows": rows, "bytes": bytes, "objects": names }))
}

/// A job whose results are in a file of the Files API.
async fn file(emulator: &Emulator, client: &Client, content: Bytes) -> Result<Value> {
    let (rows, bytes) = (lines(&content), content.len());
    let create = client.batches().create(MODEL, requests(rows));
    let job = create.inline_limit(InlineLimit::NEVER).await?;
    let job = client.batches().wait(&job).await?;
    let files = emulator.files();
    let file = files.iter().find(|file| file.generated);
    let file = file.context("the emulator made no file of results")?;
    emulator.replace_file(&file.name, content);
    Ok(json!({ "job": job.name(), "rows": rows, "bytes": bytes, "file": file.name }))
}

/// As many requests as there are rows, since more rows than requests are an error.
fn requests(rows: usize) -> Source {
    Source::requests((0..rows).map(|number| Request::text("Why?").key(key(number))))
}

fn key(number: usize) -> String {
    format!("key-{number:07}")
}

/// Rows of about so many bytes in all.
fn rows(bytes: usize, row: fn(usize) -> String) -> Bytes {
    let mut rows = BytesMut::with_capacity(bytes + 2000);
    let mut number = 0;
    while rows.len() < bytes {
        rows.extend_from_slice(row(number).as_bytes());
        number += 1;
    }
    rows.freeze()
}

/// 1.3 KB, as a question of a paragraph and its answer take on Vertex AI.
fn row(number: usize) -> String {
    let question = "Why does it rain more in the mountains? ".repeat(8);
    let row = json!({
        "status": "",
        "processed_time": "2026-01-02T03:04:05.678+00:00",
        "request": { "contents": [{ "role": "user", "parts": [{ "text": question }] }] },
        "response": response(12),
        "key": key(number),
    });
    format!("{row}\n")
}

/// As long, of the Gemini Developer API, which does not send the question along.
fn gemini_row(number: usize) -> String {
    let row = json!({ "key": key(number), "response": response(20) });
    format!("{row}\n")
}

/// With an answer of so many sentences.
fn response(sentences: usize) -> Value {
    let answer = "Air that is driven up cools, and holds less water. ".repeat(sentences);
    json!({
        "candidates": [{
            "content": { "role": "model", "parts": [{ "text": answer }] },
            "finishReason": "STOP",
        }],
        "usageMetadata": {
            "promptTokenCount": 80,
            "candidatesTokenCount": 144,
            "totalTokenCount": 224,
        },
    })
}

/// The same rows in so many shares of about the same length.
fn shares(rows: &Bytes, count: usize) -> Vec<Bytes> {
    let share = rows.len().div_ceil(count);
    let mut shares = Vec::new();
    let mut rest = rows.clone();
    while !rest.is_empty() {
        let cut = share.min(rest.len());
        let end = rest[cut - 1..].iter().position(|byte| *byte == b'\n');
        let end = end.map_or(rest.len(), |end| cut + end);
        shares.push(rest.split_to(end));
    }
    shares
}

fn lines(content: &Bytes) -> usize {
    content.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_rows_and_all_of_them() {
        let rows = rows(100_000, row);
        for count in [1, 8, 64] {
            let shares = shares(&rows, count);
            assert!(shares.len() <= count && shares.len() >= count.min(lines(&rows) / 2));
            assert_eq!(shares.concat(), rows);
            assert!(shares.iter().all(|share| share.ends_with(b"\n")));
        }
    }

    #[tokio::test]
    async fn what_is_told_is_there() {
        let emulator = Emulator::start().await.unwrap();
        let stage = set(&emulator, (emulator.base_url(), None), 50_000)
            .await
            .unwrap();
        for name in ["one", "several", "small"] {
            let job = &stage[name];
            for object in job["objects"].as_array().unwrap() {
                let uri = format!("gs://{BUCKET}/{}", object.as_str().unwrap());
                assert!(emulator.object(&uri).is_some(), "{uri}");
            }
        }
        assert_eq!(stage["several"]["objects"].as_array().unwrap().len(), 8);
        let client = Client::builder().vertex().project("bench");
        let client = client.location("us-central1").access_token("t");
        let client = client.base_url(emulator.base_url());
        let client = client
            .storage_base_url(emulator.base_url())
            .build()
            .unwrap();
        let job = stage["several"]["job"].as_str().unwrap();
        let results = client.batches().results(job).await.unwrap();
        let report = results.verify().await.unwrap();
        assert_eq!(
            json!(report.responses),
            stage["several"]["rows"],
            "{report}"
        );
        let file = stage["file"]["file"].as_str().unwrap();
        let content = emulator.file_content(file).unwrap();
        assert_eq!(stage["file"]["rows"], lines(&content));
    }
}
