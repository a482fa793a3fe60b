//! What people write: one request of a batch.
//!
//! ```text
//! Part → Content ┐
//! config, tools  ┴→ Request → Entry → Source
//! ```
//!
//! Everything ends in JSON in Google's spelling, so what this crate does not know has its
//! place too.

mod body;
mod config;
mod content;
mod draft;
mod embed;
mod entry;
mod jsonl;
mod message;
mod names;
mod part;
pub(crate) mod pending;
mod safety;
mod tools;

use serde_json::{Map, Value, json};

#[cfg(feature = "schema")]
use crate::error::{Error, Result};

pub use config::{GenerationConfig, ImageConfig, SpeechConfig, ThinkingConfig};
pub use content::Content;
pub(crate) use draft::Draft;
pub use embed::EmbedRequest;
pub use entry::Entry;
pub(crate) use entry::EntryKind;
pub use names::{
    FunctionCallingMode, HarmBlockMethod, HarmBlockThreshold, HarmCategory, MediaResolution,
    Modality, ServiceTier, TaskType, ThinkingLevel,
};
pub use part::{Part, VideoMetadata};
pub use safety::SafetySetting;
pub use tools::{FunctionDeclaration, Tool, ToolConfig};

/// One request for generated content: Google's `GenerateContentRequest`, with a key.
///
/// In one word it is a text, `"What is AI?".into()`; from there it goes as far as anyone needs:
///
/// ```
/// use genai_batch::{Content, GenerationConfig, Part, Request, ThinkingConfig, Tool};
///
/// let request = Request::text("What is 17 + 25?")
///     .key("sum-1")
///     .system_instruction("Answer with the number alone.")
///     .generation_config(GenerationConfig::new().temperature(0.0).max_output_tokens(8));
///
/// let request = Request::parts([Part::text("What is this?"), Part::local_file("thing.png")])
///     .tools([Tool::google_search()])
///     .generation_config(
///         GenerationConfig::new().thinking_config(ThinkingConfig::new().thinking_budget(0)),
///     );
/// ```
///
/// Whatever has no method here goes in with [`field`](Self::field) or [`patch`](Self::patch),
/// or the whole request with [`from_json`](Self::from_json) or
/// [`from_jsonl`](Self::from_jsonl).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request(Draft);

impl Request {
    /// A request without contents, which it must be given.
    pub fn new() -> Self {
        Self::default()
    }

    /// A request of one user turn with this text.
    pub fn text(prompt: impl Into<String>) -> Self {
        Self(Draft::prompt(prompt.into()))
    }

    /// A request of one user turn with these parts.
    ///
    /// ```
    /// use genai_batch::{Part, Request};
    ///
    /// let request = Request::parts([
    ///     Part::text("What does it say?"),
    ///     Part::file_uri("gs://bucket/letter.pdf", "application/pdf"),
    /// ]);
    /// ```
    pub fn parts<P: Into<Part>>(parts: impl IntoIterator<Item = P>) -> Self {
        Self::default().turn(Content::user(parts))
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
        let content = |(role, text): (R, T)| Content::new([text.into()]).role(role.as_ref());
        Self::contents(turns.into_iter().map(content))
    }

    /// A request of these turns.
    pub fn contents<C: Into<Content>>(contents: impl IntoIterator<Item = C>) -> Self {
        let empty = Self::default().field("contents", json!([]));
        contents.into_iter().fold(empty, Self::turn)
    }

    /// A request given as Google's `GenerateContentRequest` in JSON.
    ///
    /// Nothing is checked here; [`create`](crate::Batches::create) refuses a request without
    /// `contents`. Fields this crate does not know are sent as they are.
    pub fn from_json(body: Map<String, Value>) -> Self {
        Self(Draft::of_body(body))
    }

    /// The key that comes back with the result. It must be unique in the batch; a request
    /// without one is given `request-N`, N being its place from 1, or in a file its line.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.0.key = Some(key.into());
        self
    }

    /// A value that comes back with the result, beside the key.
    ///
    /// On Gemini only requests that are sent inline carry it; a create that would have to go
    /// through a file is refused, see [`InlineLimit`](crate::InlineLimit).
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.add_metadata(name, value);
        self
    }

    /// Adds a turn after those that are there.
    pub fn turn<C: Into<Content>>(mut self, content: C) -> Self {
        let content = content.into().into_json(&mut self.0.pending);
        match self.0.body.fields_mut().get_mut("contents") {
            Some(Value::Array(contents)) => contents.push(content),
            _ => self.0.set("contents", vec![content]),
        }
        self
    }

    /// What the model is told before the turns: a text, or a [`Content`] of several parts.
    ///
    /// ```
    /// # use genai_batch::{Content, Request};
    /// let request = Request::text("Hello?").system_instruction("Be brief.");
    /// let request = request.system_instruction(Content::user(["Be brief.", "Be kind."]));
    /// ```
    pub fn system_instruction(mut self, instruction: impl Into<Content>) -> Self {
        let instruction = instruction.into().into_json(&mut self.0.pending);
        self.field("systemInstruction", instruction)
    }

    /// How the answer is generated.
    pub fn generation_config(self, config: GenerationConfig) -> Self {
        self.field("generationConfig", config)
    }

    /// What is blocked as harmful, where that is not to be the model's default.
    pub fn safety_settings(self, settings: impl IntoIterator<Item = SafetySetting>) -> Self {
        self.list("safetySettings", settings)
    }

    /// What the model may use.
    pub fn tools(self, tools: impl IntoIterator<Item = Tool>) -> Self {
        self.list("tools", tools)
    }

    fn list<T: Into<Value>>(self, name: &str, items: impl IntoIterator<Item = T>) -> Self {
        let items: Vec<Value> = items.into_iter().map(Into::into).collect();
        self.field(name, items)
    }

    /// How tools are used.
    pub fn tool_config(self, config: ToolConfig) -> Self {
        self.field("toolConfig", config)
    }

    /// Contents that the service holds and that come before those of the request:
    /// `cachedContents/ID` on Gemini, `projects/…/cachedContents/ID` on Vertex AI.
    pub fn cached_content(self, name: impl Into<String>) -> Self {
        self.field("cachedContent", name.into())
    }

    /// Puts a label on the request, by which Vertex AI breaks down what it bills. The Gemini
    /// Developer API documents none; it is sent there too, and the service decides.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let fields = self.0.body.fields_mut();
        let labels = fields.entry("labels").or_insert_with(|| json!({}));
        match labels {
            Value::Object(labels) => {
                labels.insert(name.into(), value.into().into());
                self
            }
            _ => self.field("labels", json!({ name.into(): value.into() })),
        }
    }

    /// The class of service.
    pub fn service_tier(self, tier: impl Into<ServiceTier>) -> Self {
        let tier: ServiceTier = tier.into();
        self.field("serviceTier", tier)
    }

    /// Sets any field of `GenerateContentRequest`, in Google's spelling.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.set(name, value);
        self
    }

    /// Changes the generation config that the request has, or gives it one.
    #[cfg(feature = "schema")]
    pub(crate) fn edit_generation_config(
        mut self,
        edit: impl FnOnce(GenerationConfig) -> Result<GenerationConfig>,
    ) -> Result<Self> {
        let body = self.0.body.fields_mut();
        let snake_case = body.remove("generation_config");
        let config = match body.remove("generationConfig").or(snake_case) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(config)) => config,
            Some(_) => return Err(Error::input("`generationConfig` is no JSON object")),
        };
        let config = edit(GenerationConfig(config))?;
        Ok(self.generation_config(config))
    }

    /// Merges JSON over what the request has by now (a merge patch, RFC 7396): objects are
    /// merged field by field, `null` removes, anything else replaces.
    ///
    /// ```
    /// use genai_batch::serde_json::json;
    /// use genai_batch::{GenerationConfig, Request};
    ///
    /// let request = Request::text("hi")
    ///     .generation_config(GenerationConfig::new().seed(7))
    ///     .patch(json!({ "generationConfig": { "newSetting": true }, "store": false }));
    /// ```
    ///
    /// A patch that is no object is an error of the create.
    pub fn patch(mut self, patch: Value) -> Self {
        self.0.patch(&patch);
        self
    }
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

impl From<Content> for Request {
    fn from(content: Content) -> Self {
        Self::default().turn(content)
    }
}
