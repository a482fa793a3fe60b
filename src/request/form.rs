//! The forms in which models take requests.

use std::fmt;

/// How the lines of a job are written: each maker of models has words of its own.
///
/// [`Batches::form_of`](crate::Batches::form_of) tells the form of a model, and
/// [`Create::form`](crate::batches::Create::form) sets another one. A [`Request`](crate::Request) is
/// written in any of them but [`Instances`](Self::Instances); what a form cannot say is refused.
///
/// | form | a line | its models | key |
/// |---|---|---|---|
/// | `Gemini` | `{"key", "request": {"contents", …}}` | Gemini, tuned ones too, and Google's embeddings | `key` |
/// | `Anthropic` | `{"custom_id", "request": {"messages", "max_tokens", …}}` | Claude on Vertex AI | `custom_id` |
/// | `OpenAi` | `{"custom_id", "method", "url", "body": {"messages", …}}` | open models on Vertex AI, e5 embeddings, models that you deploy from Model Garden | `custom_id` |
/// | `Instances` | whatever the model takes | models with a container of their own | as you say |
///
/// ```
/// use genai_batch::request::Form;
///
/// assert_eq!(Form::Anthropic.key_field(), "custom_id");
/// assert_eq!(Form::OpenAi.to_string(), "OpenAI");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// Google's own, `GenerateContentRequest` or `EmbedContentRequest`.
    Gemini,
    /// Anthropic's messages, with `anthropic_version` in the request (Vertex AI documentation, Batch
    /// predictions with Anthropic Claude models).
    Anthropic,
    /// OpenAI's chat completions or embeddings (Vertex AI documentation, Batch predictions for open
    /// models).
    OpenAi,
    /// Instances of a model of your own, sent as they are: any JSON object a line. Nothing is checked
    /// but that.
    Instances,
}

impl Form {
    /// The field of a line that holds the key, unless `key_field` says otherwise.
    ///
    /// ```
    /// use genai_batch::request::Form;
    ///
    /// assert_eq!(Form::Gemini.key_field(), "key");
    /// assert_eq!(Form::Anthropic.key_field(), "custom_id");
    /// ```
    pub fn key_field(self) -> &'static str {
        match self {
            Self::Gemini | Self::Instances => "key",
            Self::Anthropic | Self::OpenAi => "custom_id",
        }
    }

    /// The field of a line that holds the request.
    pub(crate) fn body_field(self) -> &'static str {
        match self {
            Self::OpenAi => "body",
            _ => "request",
        }
    }

    /// What a line looks like.
    pub(crate) fn example(self, is_embedding: bool) -> &'static str {
        match (self, is_embedding) {
            (Self::Gemini, _) => r#"{"key": "…", "request": {"contents": …}}"#,
            (Self::Anthropic, _) => {
                r#"{"custom_id": "…", "request": {"messages": […], "anthropic_version": "vertex-2023-10-16", "max_tokens": …}}"#
            }
            (Self::OpenAi, false) => {
                r#"{"custom_id": "…", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": […]}}"#
            }
            (Self::OpenAi, true) => {
                r#"{"custom_id": "…", "method": "POST", "url": "/v1/embeddings", "body": {"input": "…"}}"#
            }
            (Self::Instances, _) => "a JSON object",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gemini => "Gemini",
            Self::Anthropic => "Anthropic",
            Self::OpenAi => "OpenAI",
            Self::Instances => "instances",
        })
    }
}
