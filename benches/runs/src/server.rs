//! Uploads of requests, jobs that are active until the server is told to end them, and results that are made as they are
//! read, so that it needs no memory. It knows no more of HTTP than the client asks for, and no more of
//! requests than the number in the first key and how many there are.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

/// What keys begin with; a number of eight digits follows.
pub(crate) const KEY: &str = "document-";
const DIGITS: usize = 8;
/// How long the text of a response is.
const TEXT: usize = 1000;
/// How many bytes of results are made at once.
const AT_ONCE: usize = 1024 * 1024;

/// The numbers of the requests of an upload or a job.
#[derive(Debug, Clone, Copy, Default)]
struct Requests {
    first: Option<u64>,
    count: u64,
}

#[derive(Debug, Default)]
struct Files {
    uploads: HashMap<String, Requests>,
    jobs: HashMap<String, (Requests, String)>,
    /// Whether jobs have ended; those that are made later are active again.
    ended: bool,
}

/// Serves until the process ends.
pub(crate) fn serve(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let files = Arc::new(Mutex::new(Files::default()));
    for connection in listener.incoming() {
        let (connection, files) = (connection?, Arc::clone(&files));
        // A connection that breaks off concerns its client alone.
        std::thread::spawn(move || serve_calls(connection, port, &files).ok());
    }
    Ok(())
}

/// The head of a call.
#[derive(Debug, Default)]
struct Call {
    target: String,
    length: usize,
    command: String,
    range: Option<(u64, Option<u64>)>,
}

fn serve_calls(connection: TcpStream, port: u16, files: &Mutex<Files>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut writer = connection.try_clone()?;
    let mut reader = BufReader::with_capacity(AT_ONCE, connection);
    while let Some(call) = read_head(&mut reader)? {
        let path = call.target.split('?').next().unwrap_or_default().to_owned();
        if let Some(upload) = path.strip_prefix("/put/") {
            let read = count(&mut reader, call.length)?;
            let name = format!("files/{upload}");
            put(&name, &read, files);
            let is_last = call.command.contains("finalize");
            let status = if is_last { "final" } else { "active" };
            let body = json!({ "file": { "name": name, "state": "ACTIVE" } });
            let header = format!("x-goog-upload-status: {status}\r\n");
            respond(&mut writer, &header, &body)?;
            continue;
        }
        let mut body = vec![0; call.length];
        reader.read_exact(&mut body)?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if path.starts_with("/upload/") {
            let name = body["file"]["name"].as_str().map(str::to_owned);
            let name = name.unwrap_or_else(|| format!("files/u{}", fresh(files)));
            let id = name.trim_start_matches("files/");
            let url = format!("x-goog-upload-url: http://127.0.0.1:{port}/put/{id}\r\n");
            respond(&mut writer, &url, &json!({}))?;
        } else if path == "/end" {
            locked(files).ended = true;
            respond(&mut writer, "", &json!({}))?;
        } else if path.ends_with(":batchGenerateContent") {
            respond(&mut writer, "", &create(&body["batch"], files))?;
        } else if let Some(id) = path.strip_suffix(":download") {
            let id = id.rsplit('/').next().unwrap_or_default();
            let of = job(id.trim_start_matches("batch-"), files).map(|(requests, ..)| requests);
            send_results(&mut writer, of.unwrap_or_default(), call.range)?;
        } else if let Some((_, id)) = path.split_once("/batches/") {
            let job = job(id, files);
            let record = job.map(|(requests, name, ended)| record(id, requests, &name, ended));
            respond(&mut writer, "", &record.unwrap_or_default())?;
        } else {
            // Lists, records of files, and what is removed.
            respond(&mut writer, "", &json!({}))?;
        }
    }
    Ok(())
}

fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Call>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut call = Call {
        target: line.split(' ').nth(1).unwrap_or_default().to_owned(),
        ..Call::default()
    };
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Ok(Some(call));
        };
        let value = value.trim();
        match &*name.to_ascii_lowercase() {
            "content-length" => call.length = value.parse().unwrap_or_default(),
            "x-goog-upload-command" => value.clone_into(&mut call.command),
            "range" => {
                let range = value
                    .strip_prefix("bytes=")
                    .and_then(|it| it.split_once('-'));
                call.range =
                    range.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok())));
            }
            _ => {}
        }
    }
}

/// Reads a chunk of requests, and keeps their count and the first number.
fn count(reader: &mut impl BufRead, mut length: usize) -> io::Result<Requests> {
    let mut requests = Requests::default();
    while length > 0 {
        let some = reader.fill_buf()?;
        if some.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let some = &some[..some.len().min(length)];
        if requests.first.is_none() {
            let number = memchr::memmem::find(some, KEY.as_bytes());
            let number = number.and_then(|at| some.get(at + KEY.len()..at + KEY.len() + DIGITS));
            let number = number.and_then(|digits| std::str::from_utf8(digits).ok());
            requests.first = number.and_then(|digits| digits.parse().ok());
        }
        requests.count += memchr::memchr_iter(b'\n', some).count() as u64;
        let taken = some.len();
        reader.consume(taken);
        length -= taken;
    }
    Ok(requests)
}

fn locked(files: &Mutex<Files>) -> std::sync::MutexGuard<'_, Files> {
    files.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(name: &str, read: &Requests, files: &Mutex<Files>) {
    let mut files = locked(files);
    let upload = files.uploads.entry(name.to_owned()).or_default();
    upload.first = upload.first.or(read.first);
    upload.count += read.count;
}

fn fresh(files: &Mutex<Files>) -> usize {
    locked(files).uploads.len()
}

fn create(batch: &Value, files: &Mutex<Files>) -> Value {
    let mut files = locked(files);
    let name = batch["inputConfig"]["fileName"]
        .as_str()
        .unwrap_or_default();
    let requests = files.uploads.remove(name).unwrap_or_default();
    let id = format!("j{}", files.jobs.len());
    let shown = batch["displayName"].as_str().unwrap_or_default().to_owned();
    files.ended = false;
    let record = record(&id, requests, &shown, false);
    files.jobs.insert(id, (requests, shown));
    record
}

/// The requests of a job, its name for people, and whether it has ended.
fn job(id: &str, files: &Mutex<Files>) -> Option<(Requests, String, bool)> {
    let files = locked(files);
    let (requests, name) = files.jobs.get(id)?;
    Some((*requests, name.clone(), files.ended))
}

fn record(id: &str, requests: Requests, display_name: &str, ended: bool) -> Value {
    if !ended {
        return json!({
            "name": format!("batches/{id}"),
            "metadata": {
                "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
                "name": format!("batches/{id}"),
                "model": "models/gemini-2.5-flash",
                "displayName": display_name,
                "state": "BATCH_STATE_RUNNING",
                "createTime": "2026-01-02T03:04:05.678901Z",
                "updateTime": "2026-01-02T03:04:05.678901Z",
                "batchStats": { "requestCount": requests.count.to_string() },
            },
        });
    }
    let output = json!({ "responsesFile": format!("files/batch-{id}") });
    let count = requests.count.to_string();
    json!({
        "name": format!("batches/{id}"),
        "metadata": {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "name": format!("batches/{id}"),
            "model": "models/gemini-2.5-flash",
            "displayName": display_name,
            "state": "BATCH_STATE_SUCCEEDED",
            "createTime": "2026-01-02T03:04:05.678901Z",
            "endTime": "2026-01-02T04:04:05.678901Z",
            "updateTime": "2026-01-02T04:04:05.678901Z",
            "batchStats": { "requestCount": count, "successfulRequestCount": count },
            "output": output,
        },
        "done": true,
        "response": {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatchOutput",
            "responsesFile": format!("files/batch-{id}"),
        },
    })
}

fn respond(writer: &mut impl Write, headers: &str, body: &Value) -> io::Result<()> {
    let body = body.to_string();
    let length = body.len();
    write!(
        writer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

/// A line of results, up to its number and after it; each is as long as any other.
fn line() -> (String, String) {
    let text = "word ".repeat(TEXT / 5);
    let response = json!({
        "candidates": [{
            "content": { "parts": [{ "text": text }], "role": "model" },
            "finishReason": "STOP",
            "index": 0,
        }],
        "usageMetadata": {
            "promptTokenCount": 70, "candidatesTokenCount": 200, "totalTokenCount": 270,
        },
        "modelVersion": "gemini-2.5-flash",
    });
    (
        format!(r#"{{"key":"{KEY}"#),
        format!("\",\"response\":{response}}}\n"),
    )
}

fn send_results(
    writer: &mut impl Write,
    requests: Requests,
    range: Option<(u64, Option<u64>)>,
) -> io::Result<()> {
    let (before, after) = line();
    let length = (before.len() + DIGITS + after.len()) as u64;
    let size = length * requests.count;
    let (start, end) = match range {
        Some((start, last)) => (
            start.min(size),
            last.map_or(size, |last| (last + 1).min(size)),
        ),
        None => (0, size),
    };
    let status = match range {
        Some(_) => format!(
            "206 Partial Content\r\ncontent-range: bytes {start}-{}/{size}",
            end.saturating_sub(1)
        ),
        None => "200 OK".to_owned(),
    };
    write!(
        writer,
        "HTTP/1.1 {status}\r\ncontent-type: application/octet-stream\r\netag: \"1\"\r\n\
         content-length: {}\r\n\r\n",
        end - start
    )?;
    let first = requests.first.unwrap_or_default();
    let (mut at, mut some) = (start, Vec::with_capacity(AT_ONCE + length as usize));
    while at < end {
        some.clear();
        let (mut row, skipped) = (at / length, (at % length) as usize);
        while some.len() < AT_ONCE && row < requests.count {
            let number = first + row;
            write!(some, "{before}{number:0DIGITS$}{after}")?;
            row += 1;
        }
        let left = usize::try_from(end - at).unwrap_or(usize::MAX);
        let part = &some[skipped..];
        let part = &part[..part.len().min(left)];
        writer.write_all(part)?;
        at += part.len() as u64;
    }
    Ok(())
}
