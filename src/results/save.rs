//! Results on their way into a file: one line each, in the same form from every backend.
//!
//! ```text
//! {"key": "a", "response": {…}}
//! {"key": "b", "error": {"code": 3, "message": "…"}}
//! {"key": "c", "missing": true}
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};

use super::row::{BatchResult, Outcome};
use crate::error::{Error, Result};

const BUFFER: usize = 256 * 1024;

/// Appends a result as a line.
pub(crate) fn write_line(result: &BatchResult, line: &mut Vec<u8>) {
    line.push(b'{');
    if let Some(key) = result.key() {
        let key = json!(key);
        line.extend_from_slice(format!("\"key\":{key},").as_bytes());
    }
    if let Some(metadata) = result.metadata_json()
        && !is_key_alone(metadata)
    {
        line.extend_from_slice(b"\"metadata\":");
        push_on_one_line(metadata, line);
        line.push(b',');
    }
    match result.outcome() {
        Outcome::Response(response) => {
            line.extend_from_slice(b"\"response\":");
            push_on_one_line(response.json(), line);
        }
        Outcome::Error(error) => {
            let status = error.status();
            let error = json!({
                "code": status.code,
                "message": status.message,
                "details": status.details,
            });
            line.extend_from_slice(format!("\"error\":{error}").as_bytes());
        }
        Outcome::Missing => line.extend_from_slice(b"\"missing\":true"),
    }
    line.extend_from_slice(b"}\n");
}

/// Whether metadata holds what the client put there, and nothing of the caller's.
fn is_key_alone(metadata: &str) -> bool {
    let fields: Option<BTreeMap<String, IgnoredAny>> = serde_json::from_str(metadata).ok();
    fields.is_some_and(|fields| fields.len() == 1 && fields.contains_key("key"))
}

/// JSON has line ends between its tokens only, so they can go.
fn push_on_one_line(json: &str, line: &mut Vec<u8>) {
    for piece in json.split(['\n', '\r']) {
        line.extend_from_slice(piece.trim_start_matches([' ', '\t']).as_bytes());
    }
}

/// A local file that appears whole, or not at all.
pub(crate) struct LocalFile {
    path: PathBuf,
    overwrite: bool,
    /// Removed if it is dropped before the end.
    temporary: NamedTempFile,
    writer: BufWriter<File>,
}

impl LocalFile {
    pub(crate) async fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let failed = |e| Error::io(format!("cannot write {}", path.display()), e);
        if !overwrite && tokio::fs::try_exists(path).await.map_err(failed)? {
            return Err(exists(&path.display().to_string()));
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let replaced = path.to_owned();
        let temporary = blocking(move || new_file(&folder, &replaced))
            .await
            .map_err(failed)?;
        // Not opened by its name again, which the permissions may forbid.
        let writer = temporary.as_file().try_clone().map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            overwrite,
            temporary,
            writer: BufWriter::with_capacity(BUFFER, File::from_std(writer)),
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.writer.write_all(bytes).await;
        written.map_err(|e| Error::io(format!("cannot write {}", self.path.display()), e))
    }

    pub(crate) async fn finish(mut self) -> Result<()> {
        let shown = self.path.display().to_string();
        let failed = |e| Error::io(format!("cannot write {shown}"), e);
        self.writer.flush().await.map_err(failed)?;
        self.writer.get_ref().sync_all().await.map_err(failed)?;
        let (temporary, path, overwrite) = (self.temporary, self.path, self.overwrite);
        let persisted = blocking(move || match overwrite {
            true => temporary.persist(path).map_err(|e| e.error),
            false => temporary.persist_noclobber(path).map_err(|e| e.error),
        });
        match persisted.await {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(exists(&shown)),
            other => other.map(drop).map_err(failed),
        }
    }
}

/// A file with the permissions of the one it replaces, or else those of any new file.
fn new_file(folder: &Path, replaced: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder)?;
    if let Ok(metadata) = std::fs::metadata(replaced) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    Ok(file)
}

pub(crate) fn exists(place: &str) -> Error {
    Error::input(format!(
        "{place} exists already: choose another place, or set `overwrite`"
    ))
}

async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(act)
        .await
        .map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::fuzzing;
    use crate::job::Status;
    use crate::results::row::{Row, RowBody, RowError};
    use crate::results::{Response, Standing};

    #[test]
    fn a_line_is_one_however_the_service_indents() {
        let row = Row {
            key: Some("a".into()),
            body: RowBody::Response(Response::new(
                "{\n  \"text\": \"x  \\n y\",\r\n\t\"n\": 1.50\n}".into(),
            )),
            metadata: Some("{\n \"m\": 1\n}".into()),
            request: None,
            json: Default::default(),
        };
        let mut line = Vec::new();
        write_line(&BatchResult::new(row, Standing::Matched), &mut line);
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"key\":\"a\",\"metadata\":{\"m\": 1},\
             \"response\":{\"text\": \"x  \\n y\",\"n\": 1.50}}\n"
        );
    }

    #[test]
    fn a_key_that_came_back_as_metadata_is_written_once() {
        let line = |metadata: &'static str| {
            let row = Row {
                key: Some("a".into()),
                body: RowBody::Response(Response::new("{}".into())),
                metadata: Some(metadata.into()),
                request: None,
                json: Default::default(),
            };
            let mut line = Vec::new();
            write_line(&BatchResult::new(row, Standing::Matched), &mut line);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(line(r#"{"key":"a"}"#), "{\"key\":\"a\",\"response\":{}}\n");
        assert!(line(r#"{"key":"a","m":1}"#).contains("metadata"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_has_the_permissions_of_any_other_or_of_the_one_it_replaces() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        let (plain, path) = (folder.path().join("plain"), folder.path().join("out"));
        std::fs::write(&plain, "").unwrap();
        let file = LocalFile::create(&path, false).await.unwrap();
        file.finish().await.unwrap();
        assert_eq!(mode(&path), mode(&plain));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let file = LocalFile::create(&path, true).await.unwrap();
        file.finish().await.unwrap();
        assert_eq!(mode(&path) & 0o777, 0o640);
    }

    #[tokio::test]
    async fn a_file_appears_whole_and_replaces_nothing_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let entries = || std::fs::read_dir(folder.path()).unwrap().count();

        let mut dropped = LocalFile::create(&path, false).await.unwrap();
        dropped.write(b"half").await.unwrap();
        drop(dropped);
        assert_eq!(entries(), 0);

        let mut file = LocalFile::create(&path, false).await.unwrap();
        file.write(b"whole\n").await.unwrap();
        assert!(!path.exists());
        let late = LocalFile::create(&path, false).await.unwrap();
        file.finish().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole\n");

        assert!(
            LocalFile::create(&path, false)
                .await
                .err()
                .unwrap()
                .is_invalid_input()
        );
        assert!(late.finish().await.unwrap_err().is_invalid_input());
        let mut again = LocalFile::create(&path, true).await.unwrap();
        again.write(b"new\n").await.unwrap();
        again.finish().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new\n");
        assert_eq!(entries(), 1);
    }

    proptest! {
        #[test]
        fn a_saved_line_reads_as_the_same_result(
            key in any::<String>(),
            fields in prop::collection::btree_map(any::<String>(), fuzzing::json(), 0..4),
            metadata in prop::option::of(fuzzing::json()),
            pretty in any::<bool>(),
            code in any::<i64>(),
            is_error in any::<bool>(),
        ) {
            let text = |value: &Value| match pretty {
                true => serde_json::to_string_pretty(value).unwrap().replace('\n', "\r\n"),
                false => value.to_string(),
            };
            let response = json!(fields);
            let status = Status {
                code,
                message: key.clone(),
                details: vec![response.clone()],
            };
            let row = Row {
                key: Some(key.as_str().into()),
                body: match is_error {
                    true => RowBody::Error(RowError::new(status.clone())),
                    false => RowBody::Response(Response::new(text(&response).into())),
                },
                metadata: metadata.as_ref().map(|metadata| text(metadata).into()),
                request: None,
                json: Default::default(),
            };
            let mut line = Vec::new();
            write_line(&BatchResult::new(row, Standing::Matched), &mut line);
            prop_assert_eq!(line.pop(), Some(b'\n'));
            prop_assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));

            let again = crate::backend::gemini::results::read_row(line.into()).unwrap();
            prop_assert_eq!(again.key.as_deref(), Some(&*key));
            let kept = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
            let metadata = metadata.filter(|metadata| !metadata.is_null());
            prop_assert_eq!(again.metadata.as_deref().map(kept), metadata);
            match again.body {
                RowBody::Error(error) => prop_assert_eq!(error.status(), &status),
                RowBody::Response(again) => prop_assert_eq!(again.to_value(), response),
            }
        }
    }
}
