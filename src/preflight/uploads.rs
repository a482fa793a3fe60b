//! Media that requests refer to: whether the backend can read it, and whether what was uploaded
//! to the Files API will still be there when the job needs it.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::finding::{Finding, FindingCode, Severity};
use crate::backend::gemini::name::gemini_file_id;
use crate::client::Client;
use crate::platform::Backend;
use crate::request::check::Path;

/// How many uploads are looked up; more are not checked.
const LOOKED_UP: usize = 1_000;
/// Within this time most jobs end (Gemini API documentation, Batch Mode).
const TURNAROUND: TimeDelta = TimeDelta::hours(24);
/// After this time a job that has not ended expires (same place). A file lives as long, so that
/// one of the last hour is as fresh as can be.
const LONGEST: TimeDelta = TimeDelta::hours(47);

/// A place of media in a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) uri: String,
    pub(super) path: String,
}

/// The media that the contents of a request refer to.
pub(super) fn references(request: &Map<String, Value>, path: &mut Path) -> Vec<Reference> {
    let mut found = Vec::new();
    for name in [
        "contents",
        "content",
        "systemInstruction",
        "system_instruction",
    ] {
        if let Some(value) = request.get(name) {
            path.push_field(name);
            search(value, path, &mut found);
            path.pop();
        }
    }
    found
}

fn search(value: &Value, path: &mut Path, found: &mut Vec<Reference>) {
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                path.push_index(index);
                search(element, path, found);
                path.pop();
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                path.push_field(name);
                match (name.as_str(), value) {
                    ("fileUri" | "file_uri", Value::String(uri)) => found.push(Reference {
                        uri: uri.clone(),
                        path: path.to_string(),
                    }),
                    // What a function was called with is not media.
                    ("args" | "response", _) => {}
                    _ => search(value, path, found),
                }
                path.pop();
            }
        }
        _ => {}
    }
}

/// What is known of an upload.
type Verdict = Option<(Severity, FindingCode, String)>;

/// The uploads that were looked up.
#[derive(Debug)]
pub(super) struct Uploads {
    client: Client,
    known: HashMap<String, Verdict>,
    /// References to uploads beyond those that are looked up.
    pub(super) unchecked: u64,
}

impl Uploads {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            known: HashMap::new(),
            unchecked: 0,
        }
    }

    /// What is wrong with the upload that a reference names, where it names one. What is plain of an
    /// address is told with its request.
    pub(super) async fn check(&mut self, reference: &Reference) -> Option<Finding> {
        let uri = reference.uri.as_str();
        if self.client.backend() != Backend::Gemini || !self.is_upload(uri) {
            return None;
        }
        let (severity, code, message) = self.look_up(uri).await?;
        let finding = Finding::new(severity, code, message);
        Some(finding.at(&*reference.path).hint("upload it again"))
    }

    fn is_upload(&self, uri: &str) -> bool {
        let hosts = [
            "https://generativelanguage.googleapis.com/",
            self.client.base_url(),
        ];
        let here = hosts.iter().any(|host| uri.starts_with(host)) && uri.contains("/files/");
        here || uri.starts_with("files/")
    }

    async fn look_up(&mut self, uri: &str) -> Verdict {
        let Ok(id) = gemini_file_id(uri) else {
            let message = format!("{uri:?} is not the name of an uploaded file");
            return Some((Severity::Error, FindingCode::UploadMissing, message));
        };
        if let Some(verdict) = self.known.get(id) {
            return verdict.clone();
        }
        if self.known.len() >= LOOKED_UP {
            self.unchecked += 1;
            return None;
        }
        let verdict = judge(&self.client, id).await;
        self.known.insert(id.to_owned(), verdict.clone());
        verdict
    }
}

/// What is to be said of an uploaded file that a job will read.
pub(super) async fn judge(client: &Client, id: &str) -> Verdict {
    let name = format!("files/{id}");
    let file = match client.files().get(&name).await {
        Ok(file) => file,
        // A file that is gone returns 403.
        Err(error) if matches!(error.status(), Some(403 | 404)) => {
            let message =
                format!("the upload {name} is not there any more, or is another project's");
            return Some((Severity::Error, FindingCode::UploadMissing, message));
        }
        Err(error) => {
            let message = format!("the upload {name} could not be looked up: {error}");
            return Some((Severity::Note, FindingCode::NotChecked, message));
        }
    };
    match file.state() {
        Some("FAILED") => {
            let message = format!("the service could not make the upload {name} ready");
            return Some((Severity::Error, FindingCode::UploadNotReady, message));
        }
        Some("PROCESSING") => {
            let message = format!("the service has not made the upload {name} ready yet");
            return Some((Severity::Warning, FindingCode::UploadNotReady, message));
        }
        _ => {}
    }
    let expires = file.expiration_time()?;
    let left = expires - crate::clock::now();
    let at = expires.format("%Y-%m-%d %H:%M UTC");
    if left <= TimeDelta::zero() {
        let message = format!("the upload {name} expired at {at}");
        Some((Severity::Error, FindingCode::UploadMissing, message))
    } else if left < TURNAROUND {
        let message = format!("the upload {name} expires at {at}, and a job may take 24 hours");
        Some((Severity::Error, FindingCode::UploadExpires, message))
    } else if left < LONGEST {
        let message = format!("the upload {name} expires at {at}, and a job may take 48 hours");
        Some((Severity::Warning, FindingCode::UploadExpires, message))
    } else {
        None
    }
}
