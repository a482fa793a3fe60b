//! Which call a method and path stand for.

use super::kind::Kind;
use crate::operation::Operation;
use crate::path::{is_version, split_verb};
use axum::http::{HeaderMap, Method};

/// A call under an API version.
#[derive(Debug, PartialEq)]
pub(crate) struct Route {
    pub(crate) version: String,
    pub(crate) operation: Operation,
    pub(crate) call: Call,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Call {
    Create {
        kind: Kind,
        /// As in `models/gemini-2.5-flash`.
        model: String,
    },
    CountTokens,
    GetBatch(String),
    ListBatches,
    CancelBatch(String),
    DeleteBatch(String),
    UpdateBatch {
        kind: Kind,
        id: String,
    },
    Upload {
        /// The call goes on with an upload, whose URL is all the permission it takes.
        open: bool,
    },
    GetFile(String),
    ListFiles,
    DeleteFile(String),
    DownloadFile(String),
    WebhookKeys,
}

impl Route {
    /// The call, or `None` where the service has none under this path.
    pub(crate) fn of(method: &Method, path: &str, headers: &HeaderMap) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        if *method == Method::GET && segments == [".well-known", "jwks.json"] {
            return Some(Self {
                version: String::new(),
                operation: Operation::GetWebhookKeys,
                call: Call::WebhookKeys,
            });
        }
        let (version, operation, call) = match segments[..] {
            ["upload", version, "files"] if matches!(*method, Method::POST | Method::PUT) => {
                let (operation, open) = upload(headers);
                (version, operation, Call::Upload { open })
            }
            ["download", version, "files", resource] if *method == Method::GET => {
                let (id, verb) = split_verb(resource);
                if verb != Some("download") {
                    return None;
                }
                (version, Operation::DownloadFile, Call::DownloadFile(id))
            }
            [version, collection @ ("models" | "tunedModels"), resource] => {
                let (operation, call) = create(method, collection, resource)?;
                (version, operation, call)
            }
            [version, "batches"] if *method == Method::GET => {
                (version, Operation::ListBatches, Call::ListBatches)
            }
            [version, "batches", resource] => {
                let (operation, call) = batch(method, resource)?;
                (version, operation, call)
            }
            [version, "files"] if *method == Method::GET => {
                (version, Operation::ListFiles, Call::ListFiles)
            }
            [version, "files", resource] => {
                let (operation, call) = file(method, resource)?;
                (version, operation, call)
            }
            _ => return None,
        };
        is_version(version).then(|| Self {
            version: version.to_owned(),
            operation,
            call,
        })
    }
}

fn upload(headers: &HeaderMap) -> (Operation, bool) {
    let command = headers
        .get("x-goog-upload-command")
        .and_then(|value| value.to_str().ok());
    match command.unwrap_or_default().trim() {
        command if command.starts_with("start") => (Operation::StartUpload, false),
        "query" => (Operation::QueryUpload, true),
        "cancel" => (Operation::CancelUpload, true),
        "" => (Operation::StartUpload, false),
        _ => (Operation::UploadChunk, true),
    }
}

fn create(method: &Method, collection: &str, resource: &str) -> Option<(Operation, Call)> {
    let (id, verb) = split_verb(resource);
    let is_count = verb == Some("countTokens") && collection == "models";
    if is_count && *method == Method::POST && !id.is_empty() {
        return Some((Operation::CountTokens, Call::CountTokens));
    }
    let (operation, kind) = match verb? {
        "batchGenerateContent" => (Operation::BatchGenerateContent, Kind::GenerateContent),
        "asyncBatchEmbedContent" => (Operation::AsyncBatchEmbedContent, Kind::EmbedContent),
        _ => return None,
    };
    let model = format!("{collection}/{id}");
    (*method == Method::POST && !id.is_empty()).then_some((operation, Call::Create { kind, model }))
}

fn batch(method: &Method, resource: &str) -> Option<(Operation, Call)> {
    let (id, verb) = split_verb(resource);
    let update = |kind, id| Call::UpdateBatch { kind, id };
    Some(match (method.as_str(), verb) {
        ("GET", None) => (Operation::GetBatch, Call::GetBatch(id)),
        ("DELETE", None) => (Operation::DeleteBatch, Call::DeleteBatch(id)),
        ("POST", Some("cancel")) => (Operation::CancelBatch, Call::CancelBatch(id)),
        ("PATCH", Some("updateGenerateContentBatch")) => (
            Operation::UpdateGenerateContentBatch,
            update(Kind::GenerateContent, id),
        ),
        ("PATCH", Some("updateEmbedContentBatch")) => (
            Operation::UpdateEmbedContentBatch,
            update(Kind::EmbedContent, id),
        ),
        _ => return None,
    })
}

fn file(method: &Method, resource: &str) -> Option<(Operation, Call)> {
    let (id, verb) = split_verb(resource);
    Some(match (method.as_str(), verb) {
        ("GET", None) => (Operation::GetFile, Call::GetFile(id)),
        ("DELETE", None) => (Operation::DeleteFile, Call::DeleteFile(id)),
        ("GET", Some("download")) => (Operation::DownloadFile, Call::DownloadFile(id)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: Method, path: &str) -> Option<(Operation, Call)> {
        let route = Route::of(&method, path, &HeaderMap::new())?;
        Some((route.operation, route.call))
    }

    #[test]
    fn calls_are_told_apart() {
        let model = "models/gemini-2.5-flash".to_owned();
        assert_eq!(
            route(
                Method::POST,
                "/v1/models/gemini-2.5-flash:batchGenerateContent"
            ),
            Some((
                Operation::BatchGenerateContent,
                Call::Create {
                    kind: Kind::GenerateContent,
                    model
                }
            ))
        );
        assert_eq!(
            route(Method::POST, "/v1beta/tunedModels/t:asyncBatchEmbedContent").map(|(_, c)| c),
            Some(Call::Create {
                kind: Kind::EmbedContent,
                model: "tunedModels/t".to_owned()
            })
        );
        assert_eq!(
            route(Method::POST, "/v1alpha/batches/a%20b:cancel").map(|(_, c)| c),
            Some(Call::CancelBatch("a b".to_owned()))
        );
        assert_eq!(
            route(Method::GET, "/download/v1beta/files/x:download").map(|(_, c)| c),
            Some(Call::DownloadFile("x".to_owned()))
        );
    }

    #[test]
    fn other_paths_are_not_there() {
        for (method, path) in [
            (Method::GET, "/v1beta/models/m:batchGenerateContent"),
            (Method::POST, "/v1beta/models/m:generateContent"),
            (Method::GET, "/v1beta/batches/a/b"),
            (Method::GET, "/v1beta/batches/a:cancel"),
            (Method::GET, "/batches"),
            (Method::GET, "/beta/batches"),
            (Method::GET, "/"),
        ] {
            assert_eq!(route(method, path), None, "{path}");
        }
    }
}
