//! What people write: one request of a batch.
//!
//! A request becomes an [`Entry`], which is what a [`Source`](crate::Source) is made of.

use serde_json::{Map, Value, json};

#[cfg(feature = "schema")]
use crate::error::{Error, Result};

/// One request for generated content.
///
/// ```
/// use genai_batch::{GenerationConfig, Request};
///
/// let request = Request::text("What is 17 + 25?")
///     .key("sum-1")
///     .system_instruction("Answer with the number alone.")
///     .generation_config(GenerationConfig::new().temperature(0.0).max_output_tokens(8));
/// ```
///
/// Whatever has no method here goes in with [`field`](Self::field), or the whole request with
/// [`from_json`](Self::from_json): fields are those of Google's `GenerateContentRequest`.
#[derive(Debug, Clone, Default)]
pub struct Request {
    key: Option<String>,
    metadata: Map<String, Value>,
    body: Map<String, Value>,
}

impl Request {
    /// A request of one user turn with this text.
    pub fn text(prompt: impl Into<String>) -> Self {
        Self::default().field("contents", json!([turn("user", prompt.into())]))
    }

    /// A request of these user and model turns, given as `(role, text)`.
    ///
    /// ```
    /// # use genai_batch::Request;
    /// let request = Request::turns([
    ///     ("user", "My name is Ada."),
    ///     ("model", "Hello Ada."),
    ///     ("user", "What is my name?"),
    /// ]);
    /// ```
    pub fn turns<R, T>(turns: impl IntoIterator<Item = (R, T)>) -> Self
    where
        R: AsRef<str>,
        T: Into<String>,
    {
        let contents = turns
            .into_iter()
            .map(|(role, text)| turn(role.as_ref(), text.into()))
            .collect();
        Self::default().field("contents", Value::Array(contents))
    }

    /// A request given as Google's `GenerateContentRequest` in JSON.
    ///
    /// Nothing is checked here; [`create`](crate::Batches::create) refuses a request without
    /// `contents`. Fields this crate does not know are sent as they are.
    pub fn from_json(body: Map<String, Value>) -> Self {
        Self {
            body,
            ..Self::default()
        }
    }

    /// The key that comes back with the result. It must be unique in the batch; a request
    /// without one is given `request-N`, N being its place from 1, or in a file its line.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// A value that comes back with the result, beside the key.
    ///
    /// On Gemini only requests that are sent inline carry it; a create that would have to go
    /// through a file is refused, see [`InlineLimit`](crate::InlineLimit).
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    /// What the model is told before the turns.
    pub fn system_instruction(self, text: impl Into<String>) -> Self {
        self.field("systemInstruction", system_instruction(text.into()))
    }

    /// How the answer is generated.
    pub fn generation_config(self, config: GenerationConfig) -> Self {
        self.field("generationConfig", Value::Object(config.0))
    }

    /// Sets any field of `GenerateContentRequest`, in Google's spelling (`safetySettings`,
    /// `tools`, `cachedContent`, …).
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }

    /// Changes the generation config that the request has, or gives it one.
    #[cfg(feature = "schema")]
    pub(crate) fn edit_generation_config(
        mut self,
        edit: impl FnOnce(GenerationConfig) -> Result<GenerationConfig>,
    ) -> Result<Self> {
        let snake_case = self.body.remove("generation_config");
        let config = match self.body.remove("generationConfig").or(snake_case) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(config)) => config,
            Some(_) => return Err(Error::input("`generationConfig` is no JSON object")),
        };
        let config = edit(GenerationConfig(config))?;
        Ok(self.generation_config(config))
    }
}

pub(crate) fn system_instruction(text: String) -> Value {
    json!({ "role": "user", "parts": [{ "text": text }] })
}

fn turn(role: &str, text: String) -> Value {
    json!({ "role": role, "parts": [{ "text": text }] })
}

impl From<&str> for Request {
    fn from(prompt: &str) -> Self {
        Self::text(prompt)
    }
}

impl From<String> for Request {
    fn from(prompt: String) -> Self {
        Self::text(prompt)
    }
}

/// One request for an embedding.
///
/// ```
/// use genai_batch::EmbedRequest;
///
/// let request = EmbedRequest::text("Batteries included.")
///     .key("doc-1")
///     .task_type("RETRIEVAL_DOCUMENT")
///     .title("Manual")
///     .output_dimensionality(256);
/// ```
#[derive(Debug, Clone, Default)]
pub struct EmbedRequest {
    key: Option<String>,
    metadata: Map<String, Value>,
    body: Map<String, Value>,
}

impl EmbedRequest {
    /// A request for the embedding of this text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().field("content", turn("user", text.into()))
    }

    /// A request given as Google's `EmbedContentRequest` in JSON.
    pub fn from_json(body: Map<String, Value>) -> Self {
        Self {
            body,
            ..Self::default()
        }
    }

    /// The key that comes back with the result; see [`Request::key`].
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// A value that comes back beside the key; see [`Request::metadata`].
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    /// What the embedding is for, such as `RETRIEVAL_DOCUMENT` or `SEMANTIC_SIMILARITY`.
    pub fn task_type(self, task_type: impl Into<String>) -> Self {
        self.field("taskType", task_type.into())
    }

    /// The document's title; only for the task type `RETRIEVAL_DOCUMENT`.
    pub fn title(self, title: impl Into<String>) -> Self {
        self.field("title", title.into())
    }

    /// How many values the embedding is cut to.
    pub fn output_dimensionality(self, dimensions: u32) -> Self {
        self.field("outputDimensionality", dimensions)
    }

    /// Sets any field of `EmbedContentRequest`, in Google's spelling.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }
}

impl From<&str> for EmbedRequest {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for EmbedRequest {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// How answers are generated: Google's `GenerationConfig`.
///
/// ```
/// use genai_batch::GenerationConfig;
///
/// let config = GenerationConfig::new()
///     .temperature(0.2)
///     .max_output_tokens(256)
///     .field("thinkingConfig", serde_json::json!({ "thinkingBudget": 0 }));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GenerationConfig(pub(crate) Map<String, Value>);

macro_rules! config_fields {
    ($($(#[$doc:meta])* $method:ident: $kind:ty => $field:literal;)*) => {
        $($(#[$doc])*
        pub fn $method(self, value: $kind) -> Self {
            self.field($field, value)
        })*
    };
}

impl GenerationConfig {
    /// A config that leaves everything to the model's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    config_fields! {
        /// Randomness, from 0 for the likeliest answer up to 2.
        temperature: f64 => "temperature";
        /// Samples from the likeliest tokens whose probabilities add up to this, 0 to 1.
        top_p: f64 => "topP";
        /// Samples from this many of the likeliest tokens.
        top_k: u32 => "topK";
        /// The longest answer, in tokens.
        max_output_tokens: u32 => "maxOutputTokens";
        /// How many answers to generate.
        candidate_count: u32 => "candidateCount";
        /// Makes sampling repeatable, as far as the model can.
        seed: i32 => "seed";
        /// Lowers the chance of tokens that have been used at all.
        presence_penalty: f64 => "presencePenalty";
        /// Lowers the chance of tokens by how often they have been used.
        frequency_penalty: f64 => "frequencyPenalty";
    }

    /// The MIME type of the answer, such as `application/json`.
    pub fn response_mime_type(self, mime_type: impl Into<String>) -> Self {
        self.field("responseMimeType", mime_type.into())
    }

    /// The shape of a JSON answer, in Google's schema dialect.
    pub fn response_schema(self, schema: impl Into<Value>) -> Self {
        self.field("responseSchema", schema)
    }

    /// Texts that end the answer where they would appear.
    pub fn stop_sequences<T: Into<String>>(self, stops: impl IntoIterator<Item = T>) -> Self {
        let stops: Vec<String> = stops.into_iter().map(Into::into).collect();
        self.field("stopSequences", stops)
    }

    /// Sets any field of `GenerationConfig`, in Google's spelling.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }
}

/// One line of a batch: a request and what travels with it.
///
/// Made from a [`Request`], an [`EmbedRequest`], a text, a key and one of these, or a JSON
/// value. A value is read
/// like a line of JSONL: `{"key": …, "request": {…}}`, or a request on its own.
#[derive(Debug, Clone)]
pub struct Entry(pub(crate) EntryKind);

#[derive(Debug, Clone)]
pub(crate) enum EntryKind {
    Built {
        key: Option<String>,
        metadata: Map<String, Value>,
        body: Map<String, Value>,
    },
    Text(String),
    Json(Value),
}

impl From<Request> for Entry {
    fn from(request: Request) -> Self {
        Self(EntryKind::Built {
            key: request.key,
            metadata: request.metadata,
            body: request.body,
        })
    }
}

impl From<EmbedRequest> for Entry {
    fn from(request: EmbedRequest) -> Self {
        Self(EntryKind::Built {
            key: request.key,
            metadata: request.metadata,
            body: request.body,
        })
    }
}

impl<K: Into<String>> From<(K, Request)> for Entry {
    fn from((key, request): (K, Request)) -> Self {
        request.key(key).into()
    }
}

impl<K: Into<String>> From<(K, EmbedRequest)> for Entry {
    fn from((key, request): (K, EmbedRequest)) -> Self {
        request.key(key).into()
    }
}

impl From<Value> for Entry {
    fn from(line: Value) -> Self {
        Self(EntryKind::Json(line))
    }
}

impl From<&str> for Entry {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        Self(EntryKind::Text(text))
    }
}
