//! What a job does with its requests, and how its model wants them written.

#[cfg(feature = "vertex")]
use crate::request::Form;
use crate::request::asks::Asks;
use crate::request::fields::Fields;

/// What a job does with its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// It generates content.
    GenerateContent,
    /// It embeds content.
    EmbedContent(EmbedForm),
    /// Each request tells by its fields; a text alone is a prompt.
    Either(EmbedForm),
}

/// How a backend and model want requests for embeddings written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "vertex"), allow(dead_code))]
pub enum EmbedForm {
    /// `{"key", "request": {"content", "taskType", …}}`.
    Gemini,
    /// The same with the settings under `embed_content_config`, in snake case.
    VertexGemini,
    /// `{"key", "content": "…", "task_type", …}`: the older models of Vertex AI.
    VertexText,
}

impl JobKind {
    /// What its requests ask for.
    pub(crate) fn asks(self) -> Asks {
        match self {
            Self::GenerateContent => Asks::Content,
            Self::EmbedContent(_) => Asks::Embedding,
            Self::Either(_) => Asks::Either,
        }
    }

    /// The kind of a request with this body.
    pub(crate) fn of(self, body: &impl Fields) -> Self {
        match self {
            Self::Either(form) if Asks::Either.of(body) == Asks::Embedding => {
                Self::EmbedContent(form)
            }
            Self::Either(_) => Self::GenerateContent,
            known => known,
        }
    }
}

/// The form in which a model of Vertex AI takes requests, by any of its names. A model of the
/// project's own is a tuned Gemini, unless machines are kept for it as only one that was deployed
/// from Model Garden needs.
#[cfg(feature = "vertex")]
pub(crate) fn form_of(model: &str, has_machines: bool) -> Form {
    let mut segments = model
        .split('/')
        .skip_while(|segment| *segment != "publishers");
    match segments.nth(1) {
        Some("google") => Form::Gemini,
        Some("anthropic") => Form::Anthropic,
        Some(_) => Form::OpenAi,
        None if has_machines => Form::OpenAi,
        None => Form::Gemini,
    }
}

/// Whether a model makes embeddings, as its name tells.
pub(crate) fn is_for_embeddings(model: &str) -> bool {
    let id = model.rsplit('/').next().unwrap_or_default();
    id.contains("embedding") || id.contains("-e5-")
}

/// How the body of a request names a model: `meta/llama-…` for a publisher's.
pub(crate) fn body_model(model: &str) -> String {
    let segments: Vec<_> = model.split('/').collect();
    match segments[..] {
        [.., "publishers", publisher, "models", id] if publisher != "google" => {
            format!("{publisher}/{id}")
        }
        [.., id] => id.to_owned(),
        [] => String::new(),
    }
}

/// How a model of Vertex AI wants requests for embeddings.
#[cfg(feature = "vertex")]
pub(crate) fn embed_form(model: &str) -> EmbedForm {
    let id = model.rsplit('/').next().unwrap_or_default();
    let older = [
        "text-embedding",
        "text-multilingual-embedding",
        "textembedding",
    ];
    match older.iter().any(|prefix| id.starts_with(prefix)) {
        true => EmbedForm::VertexText,
        false => EmbedForm::VertexGemini,
    }
}

#[cfg(all(test, feature = "vertex"))]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_the_model() {
        let own = "projects/p/locations/l/models/5@2";
        for (model, form, name) in [
            (
                "publishers/google/models/gemini-2.5-flash",
                Form::Gemini,
                "gemini-2.5-flash",
            ),
            (
                "publishers/anthropic/models/claude-sonnet-4-5@20250929",
                Form::Anthropic,
                "anthropic/claude-sonnet-4-5@20250929",
            ),
            (
                "publishers/meta/models/llama-3.3-70b-instruct-maas",
                Form::OpenAi,
                "meta/llama-3.3-70b-instruct-maas",
            ),
            (
                "projects/p/locations/l/publishers/intfloat/models/multilingual-e5-small-maas",
                Form::OpenAi,
                "intfloat/multilingual-e5-small-maas",
            ),
            (own, Form::Gemini, "5@2"),
            ("projects/p/locations/l/endpoints/7", Form::Gemini, "7"),
        ] {
            assert_eq!(form_of(model, false), form, "{model}");
            assert_eq!(body_model(model), name);
        }
        assert_eq!(form_of(own, true), Form::OpenAi);
    }
}
