//! The MIME type of a file, by its name.

use std::path::Path;

/// The MIME type that a name tells; `None` if it tells none. Lines of JSON have the one that the
/// Files API takes for the requests of a batch.
pub(crate) fn guess_mime_type(path: &Path) -> Option<&'static str> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("jsonl" | "ndjson") => Some("application/jsonl"),
        _ => mime_guess::from_path(path).first_raw(),
    }
}
