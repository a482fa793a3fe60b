//! What a model does in a batch, as far as its id tells: whether it generates content or makes
//! embeddings, and whether Google's guides to batches name its family at all.

use crate::options::Task;
use crate::request::finding::{Finding, FindingCode};

/// Families of which the guides to batches of either backend tell nothing, by words of their
/// ids.
const NOT_NAMED: [(&str, &str); 7] = [
    ("imagen-", "generates images by calls of its own"),
    ("imagegeneration", "generates images by calls of its own"),
    ("veo-", "generates videos by operations of its own"),
    ("lyria-", "generates music by calls of its own"),
    ("chirp", "recognises or makes speech by calls of its own"),
    ("live-", "is for live sessions"),
    ("native-audio", "is for live sessions"),
];

/// What is wrong with a model for a task, or for any where that is not known. Tuned models and those
/// of other publishers have ids that tell nothing.
pub(crate) fn wrong_model(task: Option<Task>, model: &str) -> Option<Finding> {
    let is_of_google = model.starts_with("models/")
        || model.contains("publishers/google/")
        || !model.contains('/');
    if !is_of_google {
        return None;
    }
    let id = model.rsplit('/').next()?.to_ascii_lowercase();
    let embeds = id.contains("embedding");
    let generates = (id.starts_with("gemini-") || id.starts_with("gemma-")) && !embeds;
    let error = |says: String| Finding::error(FindingCode::UnsupportedHere, says);
    match task {
        Some(Task::GenerateContent) if embeds => Some(
            error(format!("{id} makes embeddings, and generates no content"))
                .hint("use create_embeddings, or a model that generates content"),
        ),
        Some(Task::EmbedContent) if generates => Some(
            error(format!("{id} generates content, and makes no embeddings"))
                .hint("use create, or a model such as gemini-embedding-001"),
        ),
        _ => {
            // Words of the id, from its beginning or from a hyphen on.
            let words = format!("-{id}-");
            let is_it = |(part, _): &&(&str, &str)| words.contains(&format!("-{part}"));
            let (_, what) = NOT_NAMED.iter().find(is_it)?;
            let says = format!("{id} {what}, and Google's guides name no batches of it");
            let finding = Finding::warning(FindingCode::UnsupportedHere, says);
            Some(finding.hint("use a model of Gemini, or call this one by itself"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_of_another_kind_are_told() {
        use Task::{EmbedContent, GenerateContent};
        let (right, error, warning) = (None, Some(true), Some(false));
        for (task, model, wanted) in [
            (GenerateContent, "gemini-2.5-flash", right),
            (GenerateContent, "models/gemini-2.5-flash-image", right),
            (GenerateContent, "gemini-2.5-flash-preview-tts", right),
            (
                GenerateContent,
                "publishers/google/models/gemini-2.5-pro",
                right,
            ),
            (GenerateContent, "gemini-embedding-001", error),
            (GenerateContent, "models/text-embedding-004", error),
            (
                GenerateContent,
                "publishers/google/models/text-multilingual-embedding-002",
                error,
            ),
            (GenerateContent, "tunedModels/my-embedding", right),
            (GenerateContent, "projects/p/locations/l/models/5", right),
            (
                GenerateContent,
                "publishers/meta/models/llama-embedding",
                right,
            ),
            (GenerateContent, "imagen-4.0-generate-001", warning),
            (GenerateContent, "models/veo-3.0-generate-001", warning),
            (GenerateContent, "gemini-2.0-flash-live-001", warning),
            (GenerateContent, "gemini-live-2.5-flash", warning),
            (
                GenerateContent,
                "gemini-2.5-flash-native-audio-preview",
                warning,
            ),
            (GenerateContent, "gemini-2.5-flash-lively", right),
            (EmbedContent, "gemini-embedding-001", right),
            (EmbedContent, "text-embedding-005", right),
            (EmbedContent, "multimodalembedding@001", right),
            (EmbedContent, "gemini-2.5-flash", error),
            (EmbedContent, "models/gemma-3-27b-it", error),
            (EmbedContent, "my-own-embedder", right),
        ] {
            let found = wrong_model(Some(task), model);
            assert_eq!(found.map(|it| it.is_error()), wanted, "{model}");
        }
        assert!(wrong_model(None, "imagen-4.0-generate-001").is_some());
        assert!(wrong_model(None, "gemini-embedding-001").is_none());
    }
}
