//! Calls of the Files API: uploads of real files and streams, downloads, lists.

use std::convert::Infallible;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{TryStreamExt, stream};
use genai_batch::Client;
use genai_batch::files::UploadSource;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::call::{Arguments, page};
use super::fields::{Fields, Stop, not_expressible};
use super::sdk;

pub(crate) async fn upload(client: &Client, call: Arguments) -> Result<Value, Stop> {
    let Arguments {
        mut args,
        mut config,
        ..
    } = call;
    let folder = TempDir::new().unwrap();
    let contents: UploadSource = match args.take("file") {
        Some(Value::String(path)) => Path::new(&path).into(),
        Some(Value::Object(file)) => source(&mut Fields::new("file", &file), &folder)?,
        other => return not_expressible(format!("file is {other:?}")),
    };
    args.end()?;
    let mut upload = client.files().upload(contents);
    if let Some(name) = config.text("name")? {
        upload = upload.name(name);
    }
    if let Some(name) = config.text("display_name")? {
        upload = upload.display_name(name);
    }
    if let Some(mime_type) = config.text("mime_type")? {
        upload = upload.mime_type(mime_type);
    }
    config.end()?;
    Ok(sdk::file(&upload.await?))
}

/// `$file` is a file on disk, `$stream` the same in memory.
fn source(fields: &mut Fields, folder: &TempDir) -> Result<UploadSource, Stop> {
    if let Some(Value::Object(stream)) = fields.take("$stream") {
        let mut stream = Fields::new("$stream", &stream);
        let text = stream.text("text")?.unwrap_or_default();
        stream.end()?;
        let chunks = stream::iter([Ok::<_, Infallible>(text)]);
        return Ok(UploadSource::stream(chunks));
    }
    let mut file = fields.inner("$file")?;
    let path = folder.path().join(file.text("name")?.unwrap_or_default());
    let text = file.text("text")?.unwrap_or_default();
    let text = text.repeat(file.integer("repeat")?.unwrap_or(1));
    file.end()?;
    std::fs::write(&path, text).unwrap();
    Ok(path.into())
}

pub(crate) async fn download(client: &Client, call: Arguments) -> Result<Value, Stop> {
    let chunks = client.files().download(&call.only("file")?).await?;
    let chunks: Vec<_> = chunks.try_collect().await?;
    Ok(json!({ "$bytes": STANDARD.encode(chunks.concat()) }))
}

pub(crate) async fn list(client: &Client, call: Arguments) -> Result<Value, Stop> {
    let Arguments {
        args, mut config, ..
    } = call;
    let size = config.integer("page_size")?;
    let token = config.text("page_token")?;
    args.end()?;
    config.end()?;
    let mut list = client.files().list();
    if let Some(size) = size {
        list = list.page_size(size);
    }
    if let Some(token) = token {
        list = list.page_token(token);
    }
    let listed = list.page().await?;
    let files = listed.items.iter().map(sdk::file).collect();
    Ok(page("files", files, &listed))
}
