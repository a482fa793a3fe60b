//! What the service says of an upload that has ended, held to what was sent.
//!
//! The size, the SHA-256 and the name that was asked for must be those that were sent, and the file
//! must not have failed. A MIME type in other words is told and no more: the file's record has what
//! the service uses.

use super::super::Gemini;
use crate::error::{Error, Kind, Result};
use crate::file::File;
use crate::storage::checksum::Sha256;

/// What was uploaded.
pub(super) struct Sent {
    /// The name that was asked for, `files/ID`.
    pub(super) name: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) mime_type: String,
    pub(super) len: u64,
    /// After how many bytes the service ended the upload.
    pub(super) taken: u64,
    pub(super) sha256: Sha256,
}

impl Gemini {
    /// Takes the file that came of an upload. One that is not what was sent is removed, where it
    /// is known to be this upload's.
    pub(super) async fn accept(&self, file: File, sent: &Sent) -> Result<File> {
        let differences = sent.differences(&file);
        let error = if sent.taken != sent.len {
            Error::protocol(format!(
                "the service ended the upload after {} of {} bytes",
                sent.taken, sent.len
            ))
        } else if !differences.is_empty() {
            Error::protocol(format!(
                "the service has {} otherwise than it was sent: {}",
                file.name(),
                differences.join(", ")
            ))
        } else if let Some(error) = failure(&file) {
            error
        } else {
            sent.note_mime_type(&file);
            return Ok(file);
        };
        Err(match sent.is_of(&file) {
            true => self.remove_because(error, &file).await,
            false => error.with_outcome(&format!(
                "{} was left, since nothing shows that it came of this upload",
                file.name()
            )),
        })
    }

    /// Removes a file that an error is about.
    pub(super) async fn remove_because(&self, error: Error, file: &File) -> Error {
        let name = file.name();
        match self.delete_file(name).await {
            Ok(()) => error.with_outcome(&format!("{name} was removed")),
            Err(because) => error.with_outcome(&format!("{name} could not be removed: {because}")),
        }
    }
}

/// The error for a file that the service has given up.
pub(crate) fn failure(file: &File) -> Option<Error> {
    if file.state() != Some("FAILED") {
        return None;
    }
    let mime_type = file.mime_type().unwrap_or("what it was said to be");
    let reason = file.error().map_or_else(String::new, |e| format!(": {e}"));
    Some(Error::new(
        Kind::Refused,
        format!("the service cannot use it as {mime_type}{reason}"),
    ))
}

impl Sent {
    /// What the service says otherwise. What it does not say is not compared.
    fn differences(&self, file: &File) -> Vec<String> {
        let mut found = Vec::new();
        let mut differs = |what: &str, is: String, was: String| {
            found.push(format!("{what} is {is} in place of {was}"));
        };
        if let Some(name) = self.name.as_deref().filter(|name| *name != file.name()) {
            differs("its name", file.name().to_owned(), name.to_owned());
        }
        if let Some(size) = file.size_bytes().filter(|size| *size != self.len) {
            differs("`sizeBytes`", size.to_string(), self.len.to_string());
        }
        if let Some(said) = file.sha256_hash() {
            match Sha256::parse(said) {
                Some(hash) if hash == self.sha256 => {}
                Some(hash) => {
                    differs("`sha256Hash`", hash.to_string(), self.sha256.to_string());
                }
                None => tracing::warn!(
                    file = file.name(),
                    "the file's SHA-256 is in no known form, and is not compared"
                ),
            }
        }
        found
    }

    /// Whether the record of a file is known to be this upload's: it bears a mark of it, and none
    /// of another.
    fn is_of(&self, file: &File) -> bool {
        let hash = file.sha256_hash().and_then(Sha256::parse);
        let marks = [
            self.name.as_deref().map(|name| name == file.name()),
            self.display_name
                .as_deref()
                .map(|name| file.display_name() == Some(name)),
        ];
        let is_same = hash == Some(self.sha256) || file.size_bytes() == Some(self.len);
        !marks.contains(&Some(false)) && (marks.contains(&Some(true)) || is_same)
    }

    fn note_mime_type(&self, file: &File) {
        let essence = |mime: &str| {
            mime.split(';')
                .next()
                .map(|m| m.trim().to_ascii_lowercase())
        };
        if let Some(is) = file
            .mime_type()
            .filter(|is| essence(is) != essence(&self.mime_type))
        {
            tracing::warn!(
                file = file.name(),
                sent = self.mime_type,
                is,
                "the service took an upload for another MIME type"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::raw::Kept;
    use crate::raw::gemini::types;
    use crate::storage::checksum::Sha256Digest;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn file(record: Value) -> File {
        let kept: Kept<types::File> = serde_json::from_str(&record.to_string()).unwrap();
        kept.try_into().unwrap()
    }

    fn sent(name: Option<&str>, display_name: Option<&str>) -> Sent {
        Sent {
            name: name.map(str::to_owned),
            display_name: display_name.map(str::to_owned),
            mime_type: "text/plain".to_owned(),
            len: 0,
            taken: 0,
            sha256: Sha256Digest::default().finish(),
        }
    }

    #[test]
    fn what_is_said_otherwise_is_told_and_nothing_else() {
        let other = "0".repeat(64);
        for (record, told) in [
            (json!({"name": "files/a"}), &[][..]),
            (
                json!({"name": "files/a", "sizeBytes": "0", "sha256Hash": EMPTY}),
                &[],
            ),
            (
                json!({"name": "files/a", "sha256Hash": "in no known form"}),
                &[],
            ),
            (
                json!({"name": "files/b"}),
                &["its name is files/b in place of files/a"],
            ),
            (
                json!({"name": "files/a", "sizeBytes": "1", "sha256Hash": other}),
                &[
                    "`sizeBytes` is 1 in place of 0",
                    "`sha256Hash` is SHA-256 0000",
                ],
            ),
        ] {
            let found = sent(Some("files/a"), None).differences(&file(record.clone()));
            assert_eq!(found.len(), told.len(), "{record}: {found:?}");
            for (found, told) in found.iter().zip(told) {
                assert!(found.starts_with(told), "{found}");
            }
        }
    }

    /// Only what bears a mark of the upload, and none of another, may be removed.
    #[test]
    fn a_file_is_an_uploads_own_by_a_mark_that_it_bears() {
        let (a, n) = (Some("files/a"), Some("nightly"));
        for (name, display_name, record, is_own) in [
            (a, None, json!({"name": "files/a", "sizeBytes": "9"}), true),
            (a, None, json!({"name": "files/b", "sizeBytes": "0"}), false),
            (
                None,
                n,
                json!({"name": "files/b", "displayName": "nightly"}),
                true,
            ),
            (
                None,
                n,
                json!({"name": "files/b", "displayName": "x", "sizeBytes": "0"}),
                false,
            ),
            (a, n, json!({"name": "files/a", "displayName": "x"}), false),
            (
                None,
                None,
                json!({"name": "files/b", "sizeBytes": "0"}),
                true,
            ),
            (
                None,
                None,
                json!({"name": "files/b", "sizeBytes": "9", "sha256Hash": EMPTY}),
                true,
            ),
            (
                None,
                None,
                json!({"name": "files/b", "sizeBytes": "9"}),
                false,
            ),
            (None, None, json!({"name": "files/b"}), false),
        ] {
            let is_of = sent(name, display_name).is_of(&file(record.clone()));
            assert_eq!(is_of, is_own, "{name:?} {display_name:?} {record}");
        }
    }

    #[test]
    fn a_file_that_the_service_gave_up_is_an_error() {
        for state in ["ACTIVE", "PROCESSING", "STATE_UNSPECIFIED"] {
            assert!(failure(&file(json!({"name": "files/a", "state": state}))).is_none());
        }
        let failed = json!({
            "name": "files/a", "state": "FAILED", "mimeType": "text/plain",
            "error": {"code": 3, "message": "torn"},
        });
        let told = failure(&file(failed)).unwrap().to_string();
        assert!(
            told.contains("text/plain") && told.contains("torn"),
            "{told}"
        );
    }
}
