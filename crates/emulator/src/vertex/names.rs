//! The names of models, as jobs give them and as the model behind the emulator is told them.

use crate::forms::Form;
use serde::{Deserialize, Serialize};

/// A model that a job names.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct ModelName {
    /// As it was given.
    pub(crate) full: String,
    /// As in `models/gemini-2.5-flash` for one of Google's own models, and else as it was given.
    pub(crate) short: String,
    pub(crate) asks: Asks,
    /// In whose words its lines are.
    pub(crate) form: Form,
}

/// What the requests to a model ask for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Asks {
    Text,
    Embeddings,
    /// The name does not say; the request does.
    Either,
}

impl ModelName {
    /// Reads the name of a publisher's model, of a model or of an endpoint.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let segments: Vec<&str> = name.split('/').collect();
        let bare = match segments[..] {
            ["projects", project, "locations", location, ref rest @ ..]
                if !project.is_empty() && !location.is_empty() =>
            {
                rest
            }
            _ => &segments[..],
        };
        let full = name.to_owned();
        match bare {
            ["publishers", publisher, "models", id] if !publisher.is_empty() && !id.is_empty() => {
                let short = match *publisher {
                    "google" => format!("models/{id}"),
                    _ => full.clone(),
                };
                let asks = if id.contains("embedding") || id.contains("-e5-") {
                    Asks::Embeddings
                } else {
                    Asks::Text
                };
                let form = match *publisher {
                    "google" => Form::Google,
                    "anthropic" => Form::Claude,
                    _ => Form::OpenAi,
                };
                Some(Self {
                    full,
                    short,
                    asks,
                    form,
                })
            }
            ["models" | "endpoints", id] if bare.len() < segments.len() && !id.is_empty() => {
                Some(Self {
                    short: full.clone(),
                    full,
                    asks: Asks::Either,
                    form: Form::Google,
                })
            }
            _ => None,
        }
    }

    /// Whether it is a model or an endpoint of the project's own.
    pub(crate) fn is_own(&self) -> bool {
        self.asks == Asks::Either
    }

    /// Whether it is an endpoint, which is not a model.
    pub(crate) fn is_endpoint(&self) -> bool {
        self.full.contains("/endpoints/")
    }

    /// Whether it runs on machines that are kept for the job: an open model that Google does not
    /// serve itself.
    pub(crate) fn needs_machines(&self) -> bool {
        self.form == Form::OpenAi && !self.full.ends_with("-maas")
    }

    /// Whether it is one of the embedding models that read from Cloud Storage alone.
    pub(crate) fn is_gemini_embedding(&self) -> bool {
        self.short.starts_with("models/gemini-embedding")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_resolved() {
        for (name, short, asks) in [
            (
                "publishers/google/models/gemini-2.5-flash",
                "models/gemini-2.5-flash",
                Asks::Text,
            ),
            (
                "projects/p/locations/l/publishers/google/models/text-embedding-005",
                "models/text-embedding-005",
                Asks::Embeddings,
            ),
            (
                "publishers/meta/models/llama",
                "publishers/meta/models/llama",
                Asks::Text,
            ),
            (
                "projects/p/locations/l/models/5551234",
                "projects/p/locations/l/models/5551234",
                Asks::Either,
            ),
            (
                "projects/p/locations/l/endpoints/777",
                "projects/p/locations/l/endpoints/777",
                Asks::Either,
            ),
        ] {
            let model = ModelName::of(name).unwrap();
            assert_eq!((&*model.short, model.asks), (short, asks), "{name}");
            assert_eq!(model.full, name);
        }
        for name in [
            "",
            "gemini-2.5-flash",
            "models/m",
            "publishers/google/models/",
            "a/b/c",
        ] {
            assert_eq!(ModelName::of(name), None, "{name}");
        }
    }
}
