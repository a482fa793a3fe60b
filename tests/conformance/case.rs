//! The case files: one recorded call each, with what it sent, what came back, and what
//! the SDK made of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Options that only a client of Vertex AI has.
const VERTEX_OPTIONS: [&str; 5] = [
    "vertexai",
    "project",
    "location",
    "access_token",
    "quota_project",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) backend: String,
    /// What the SDK does here that is a bug, a gap or a hazard.
    pub(crate) quirk: Option<String>,
    pub(crate) client: Map<String, Value>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) call: Call,
    pub(crate) expect_request: Vec<ExpectedRequest>,
    pub(crate) responses: Vec<ScriptedResponse>,
    pub(crate) expect_result: Value,
    pub(crate) expect_error: Option<ExpectedError>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) args: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedRequest {
    pub(crate) method: String,
    /// Still percent-encoded.
    pub(crate) path: String,
    /// Decoded.
    pub(crate) query: Map<String, Value>,
    pub(crate) headers: Map<String, Value>,
    pub(crate) body: Option<Value>,
    /// The same message as `body` where the SDK's spelling is not that of proto JSON.
    pub(crate) body_canonical: Option<Value>,
    pub(crate) body_text: Option<String>,
    pub(crate) body_length: Option<usize>,
    pub(crate) body_sha256: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScriptedResponse {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) body: Option<Value>,
    pub(crate) body_text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedError {
    pub(crate) kind: ErrorKind,
    pub(crate) exception: String,
    pub(crate) code: Option<u16>,
    pub(crate) status: Option<String>,
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) details: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ErrorKind {
    /// The input was refused, and nothing was sent.
    BeforeSend,
    /// The service refused.
    Api,
    /// the service responded with something that the client cannot use.
    AfterResponse,
}

impl Case {
    /// Whether a client without Vertex AI has no place for it.
    pub(crate) fn needs_vertex(&self) -> bool {
        self.backend != "gemini"
            || VERTEX_OPTIONS
                .iter()
                .any(|option| self.client.contains_key(*option))
    }
}

/// A value that may be `null`, as opposed to a field that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A case and the file that it is in.
pub(crate) struct CaseFile {
    pub(crate) path: PathBuf,
    pub(crate) case: Case,
}

/// Where the cases are, and whether that is the folder of this repository.
pub(crate) fn folder() -> (PathBuf, bool) {
    match std::env::var_os("CONFORMANCE_CASES").filter(|folder| !folder.is_empty()) {
        Some(folder) => (folder.into(), false),
        None => (own_folder(), true),
    }
}

pub(crate) fn own_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/cases")
}

/// Reads the cases of a folder, in the order of their names.
pub(crate) fn load(folder: &Path) -> Result<Vec<CaseFile>, String> {
    let failed = |e: std::io::Error| format!("no cases in {}: {e}", folder.display());
    let mut paths = Vec::new();
    for file in std::fs::read_dir(folder).map_err(failed)? {
        let path = file.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(format!("no cases in {}", folder.display()));
    }
    paths.sort();
    paths.into_iter().map(read).collect()
}

pub(crate) fn read(path: PathBuf) -> Result<CaseFile, String> {
    let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let text = std::fs::read(&path).map_err(|e| failed(&e))?;
    let case: Case = serde_json::from_slice(&text).map_err(|e| failed(&e))?;
    if path.file_stem().and_then(|stem| stem.to_str()) != Some(&case.id) {
        return Err(failed(&format!("the case in it is named {:?}", case.id)));
    }
    Ok(CaseFile { path, case })
}
