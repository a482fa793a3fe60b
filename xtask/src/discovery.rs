//! Google's discovery documents, as far as regen reads them: which two APIs
//! there are, and the validated view of one document. Everything a document can
//! be instead of itself (cut off, an HTML page, another API) is refused here, by
//! name, so that the later steps may rely on its shape.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::rules::schema::Object;

/// One of the two APIs, and what of it belongs to us.
#[derive(Debug)]
pub struct Api {
    /// Stem of the document in `openapi/`.
    pub stem: &'static str,
    /// Google's name of the API.
    pub(crate) name: &'static str,
    /// The API version the document describes.
    pub(crate) version: &'static str,
    /// Resources that hold batch and file operations, sub-resources included.
    pub(crate) resources: &'static [(&'static str, Only)],
    /// The resource path that operation ids leave out. An API that has one
    /// offers some operations outside of it too: those are its express mode.
    pub(crate) scope: Option<&'static str>,
    /// The fields that hold requests and results, which pass as they are.
    pub(crate) payloads: &'static [(&'static str, &'static str)],
}

/// Which methods of a resource are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Only {
    /// Every one.
    All,
    /// Those with this word in their name, in any case.
    Named(&'static str),
    /// Those whose path lies under this top-level collection.
    Under(&'static str),
}

impl Only {
    pub(crate) fn takes(self, name: &str, method: &Method) -> Result<bool> {
        Ok(match self {
            Only::All => true,
            Only::Named(word) => name.to_lowercase().contains(word),
            Only::Under(collection) => {
                let segment = method.flat_path()?.split('/').nth(1).unwrap_or_default();
                segment.split(':').next() == Some(collection)
            }
        })
    }
}

/// The Gemini Developer API.
pub const GEMINI: Api = Api {
    stem: "gemini",
    name: "generativelanguage",
    version: "v1beta",
    resources: &[
        ("batches", Only::All),
        ("models", Only::Named("batch")),
        ("models", Only::Named("counttokens")),
        ("tunedModels", Only::Named("batch")),
        ("files", Only::All),
        ("media", Only::Under("files")),
    ],
    scope: None,
    payloads: &[
        ("CountTokensRequest", "generateContentRequest"),
        ("InlinedEmbedContentRequests", "requests"),
        ("InlinedEmbedContentResponses", "inlinedResponses"),
        ("InlinedRequests", "requests"),
        ("InlinedResponses", "inlinedResponses"),
    ],
};

/// Vertex AI. Deleting a job returns a long-running operation, hence
/// `operations`.
pub const VERTEX: Api = Api {
    stem: "vertex",
    name: "aiplatform",
    version: "v1beta1",
    resources: &[
        ("batchPredictionJobs", Only::All),
        ("projects.locations.batchPredictionJobs", Only::All),
        ("projects.locations.operations", Only::All),
    ],
    scope: Some("projects.locations."),
    payloads: &[],
};

impl Api {
    /// Where Google publishes the document.
    pub fn url(&self) -> String {
        let Self { name, version, .. } = self;
        format!("https://{name}.googleapis.com/$discovery/rest?version={version}")
    }

    /// The document's file name in a directory of saved documents.
    pub fn file_name(&self) -> String {
        format!("{}.{}.json", self.name, self.version)
    }
}

/// A discovery document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The API version that it describes.
    pub version: String,
    /// When Google last changed it, as a date without dashes.
    pub revision: Option<String>,
    pub(crate) title: String,
    pub(crate) root_url: String,
    pub(crate) schemas: BTreeMap<String, Object>,
    pub(crate) resources: BTreeMap<String, Resource>,
}

/// A collection with its methods and sub-collections.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Resource {
    pub(crate) methods: BTreeMap<String, Method>,
    pub(crate) resources: BTreeMap<String, Resource>,
}

/// One call of the API.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Method {
    pub(crate) id: String,
    pub(crate) http_method: String,
    flat_path: Option<String>,
    path: String,
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) request: Option<Object>,
    pub(crate) response: Option<Object>,
    #[serde(default)]
    pub(crate) deprecated: bool,
}

impl Method {
    /// The path with one placeholder per segment, as opposed to `{+name}`.
    pub(crate) fn flat_path(&self) -> Result<&str> {
        let path = self.flat_path.as_ref().unwrap_or(&self.path);
        ensure!(!path.contains("{+"), "`{}` has no flat path", self.id);
        Ok(path)
    }
}

/// Reads the document of `api` out of what was fetched for it.
pub fn parse(api: &Api, bytes: &[u8]) -> Result<Document> {
    read(api, bytes)
        .with_context(|| format!("the discovery document of {} {}", api.name, api.version))
}

fn read(api: &Api, bytes: &[u8]) -> Result<Document> {
    let text = bytes.trim_ascii();
    if text.is_empty() {
        bail!("is empty");
    }
    if text.starts_with(b"<") {
        bail!("is a web page, not JSON");
    }
    let json: Value = serde_json::from_slice(text).context("is not whole JSON")?;
    let stated = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or("nothing");
    for (key, expected) in [("name", api.name), ("version", api.version)] {
        let found = stated(key);
        ensure!(
            found == expected,
            "states {key} `{found}`, not `{expected}`"
        );
    }
    serde_json::from_value(json).context("has not the shape of a discovery document")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        format!("{:#}", parse(&GEMINI, bytes).unwrap_err())
    }

    #[test]
    fn refuses_what_is_not_the_document() {
        let truncated = br#"{"name": "generativelanguage", "version": "v1b"#;
        let other = br#"{"name": "aiplatform", "version": "v1beta1"}"#;
        let bare = br#"{"name": "generativelanguage", "version": "v1beta"}"#;
        for (bytes, reason) in [
            (b"  \n".as_slice(), "is empty"),
            (b"<!doctype html><title>502</title>", "is a web page"),
            (truncated, "is not whole JSON"),
            (other, "states name `aiplatform`, not `generativelanguage`"),
            (bare, "has not the shape"),
        ] {
            let message = refusal(bytes);
            assert!(message.contains("generativelanguage v1beta"), "{message}");
            assert!(message.contains(reason), "{message}");
        }
    }

    #[test]
    fn a_path_that_spans_segments_is_not_a_flat_path() {
        let method: Method = serde_json::from_value(serde_json::json!({
            "id": "a.get", "httpMethod": "GET", "path": "v1/{+name}"
        }))
        .unwrap();
        assert!(method.flat_path().is_err());
    }
}
