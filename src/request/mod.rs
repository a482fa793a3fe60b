//! Requests, as they are written.
//!
//! | what | types |
//! |---|---|
//! | a request, as itself or beside those of the other kind | [`Request`], [`EmbedRequest`], [`Entry`] |
//! | what is asked | [`Content`], [`Part`], [`VideoMetadata`] |
//! | how the response is generated | [`GenerationConfig`], [`ThinkingConfig`], [`ThinkingLevel`], [`MediaResolution`], [`Modality`], [`ImageConfig`], [`SpeechConfig`], [`ServiceTier`] |
//! | what the model may call | [`Tool`], [`FunctionDeclaration`], [`ToolConfig`], [`FunctionCallingMode`] |
//! | what is blocked | [`SafetySetting`], [`HarmCategory`], [`HarmBlockThreshold`], [`HarmBlockMethod`] |
//! | what an embedding is for | [`TaskType`] |
//! | in whose words requests are written | [`Form`] |
//!
//! Everything ends in JSON in Google's spelling, so what this crate does not know has its
//! place too.
//!
//! ```
//! use genai_batch::request::{GenerationConfig, Part, Request, ThinkingConfig};
//!
//! let config = GenerationConfig::new().thinking_config(ThinkingConfig::new().thinking_budget(0));
//! let request = Request::parts([Part::text("Name three primes.")])
//!     .key("primes")
//!     .generation_config(config);
//! ```

// Part → Content ┐
// config, tools  ┴→ Request → Entry → Source

pub(crate) mod asks;
mod body;
pub(crate) mod check;
mod config;
mod content;
pub(crate) mod decode;
mod draft;
mod embed;
mod entry;
pub(crate) mod fields;
pub(crate) mod finding;
mod form;
mod jsonl;
pub(crate) mod known;
pub(crate) mod line;
pub(crate) mod merge;
mod message;
mod mime;
pub(crate) mod moved;
mod names;
pub(crate) mod nearest;
mod part;
pub(crate) mod pending;
mod safety;
pub(crate) mod take;
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
pub use form::Form;
pub(crate) use mime::guess_mime_type;
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
/// use genai_batch::request::{Content, ThinkingConfig, Tool};
/// use genai_batch::{GenerationConfig, Part, Request};
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
    ///
    /// ```
    /// use genai_batch::Request;
    ///
    /// let request = Request::new().turn("What is AI?");
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// A request of one user turn with this text.
    ///
    /// ```
    /// use genai_batch::Request;
    ///
    /// let request = Request::text("What is AI?").key("q-1");
    /// ```
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

    /// A request of these turns, in their order: a text is one of the user, and a [`Content`] may have
    /// several parts and the role `model`.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::request::Content;
    ///
    /// let request = Request::contents([
    ///     Content::user(["Name a prime."]),
    ///     Content::model(["Seven."]),
    ///     Content::user(["Another one."]),
    /// ]);
    /// ```
    pub fn contents<C: Into<Content>>(contents: impl IntoIterator<Item = C>) -> Self {
        let empty = Self::default().field("contents", json!([]));
        contents.into_iter().fold(empty, Self::turn)
    }

    /// A request given as Google's `GenerateContentRequest` in JSON.
    ///
    /// Nothing is checked here, but by [`create`](crate::Batches::create). Fields this crate does not
    /// know are sent as they are.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let json = json!({ "contents": [{ "parts": [{ "text": "What is AI?" }] }] });
    /// let request = json.as_object().cloned().map(Request::from_json);
    /// ```
    pub fn from_json(body: Map<String, Value>) -> Self {
        Self(Draft::of_body(body))
    }

    /// A request given in the words of the model's own [`Form`], and sent as it is: for Claude what
    /// Anthropic's Messages API takes, for open models the body of a chat completion. For Gemini it
    /// is the same as [`from_json`](Self::from_json).
    ///
    /// What the other methods set is in Google's words, and of use here only for the key.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use serde_json::json;
    ///
    /// let body = serde_json::Map::from_iter([
    ///     ("anthropic_version".to_owned(), json!("vertex-2023-10-16")),
    ///     ("max_tokens".to_owned(), json!(64)),
    ///     ("messages".to_owned(), json!([{ "role": "user", "content": "Three primes?" }])),
    /// ]);
    /// let request = Request::raw(body).key("primes");
    /// ```
    pub fn raw(body: Map<String, Value>) -> Self {
        Self(Draft {
            is_raw: true,
            ..Draft::of_body(body)
        })
    }

    /// The key that comes back with the result. It must be unique in the batch; a request
    /// without one is given `request-N`, N being its place from 1, or in a file its line.
    ///
    /// ```
    /// use genai_batch::Request;
    ///
    /// let requests: Vec<Request> = ["What is AI?", "What is ML?"]
    ///     .iter()
    ///     .enumerate()
    ///     .map(|(n, question)| Request::text(*question).key(format!("q-{n}")))
    ///     .collect();
    /// ```
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.0.key = Some(key.into());
        self
    }

    /// A value that comes back with the result, beside the key, in
    /// [`BatchResult::metadata`](crate::BatchResult::metadata).
    ///
    /// The services carry it, but for the Gemini Developer API where requests go through a file (see
    /// [`InlineLimit`](crate::batches::InlineLimit)): there the client keeps it, for the results of the
    /// job that this process created. Another process gives the requests again, by
    /// [`expect_requests`](crate::batches::Results::expect_requests) or a create with the same
    /// [`id`](crate::batches::Create::id).
    ///
    /// ```
    /// use genai_batch::Request;
    ///
    /// let request = Request::text("Translate this.").key("doc-7").metadata("page", 7);
    /// ```
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.add_metadata(name, value);
        self
    }

    /// Where the request came from, such as a row of your table: errors name it in place of the number that
    /// the request has in its source. It is not sent.
    ///
    /// ```
    /// use genai_batch::Request;
    ///
    /// let request = Request::text("Translate this.").origin("texts.csv:7");
    /// ```
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.0.origin = Some(origin.into().into());
        self
    }

    /// Adds a turn after those that are there.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::request::Content;
    ///
    /// let request = Request::text("Name a prime.")
    ///     .turn(Content::model(["Seven."]))
    ///     .turn("Another one.");
    /// ```
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
    /// # use genai_batch::request::Content;
    /// # use genai_batch::Request;
    /// let request = Request::text("Hello?").system_instruction("Be brief.");
    /// let request = request.system_instruction(Content::user(["Be brief.", "Be kind."]));
    /// ```
    pub fn system_instruction(mut self, instruction: impl Into<Content>) -> Self {
        let instruction = instruction.into().into_json(&mut self.0.pending);
        self.field("systemInstruction", instruction)
    }

    /// How the response is generated: temperature, length, thinking and so on, for this request.
    /// [`Create::generation_config`](crate::batches::Create::generation_config) sets the same for all
    /// requests of a job, and what is set here wins, field by field.
    ///
    /// The fields of the config are set one by one: others that the request has by now, such as those
    /// of `output`, stay. To replace all of them, use [`field`](Self::field).
    ///
    /// ```
    /// use genai_batch::{GenerationConfig, Request};
    ///
    /// let config = GenerationConfig::new().temperature(0.2).max_output_tokens(256);
    /// let request = Request::text("Write a haiku.").generation_config(config);
    /// ```
    pub fn generation_config(mut self, config: GenerationConfig) -> Self {
        let body = self.0.body.settings_mut();
        let names = ["generationConfig", "generation_config"];
        let name = names.into_iter().find(|name| body.contains_key(*name));
        let name = name.unwrap_or("generationConfig");
        match body.get_mut(name) {
            Some(Value::Object(own)) => {
                for (field, value) in config.0 {
                    let snake_case = known::snake_case(&field);
                    if snake_case != field {
                        own.remove(&snake_case);
                    }
                    own.insert(field, value);
                }
                self
            }
            _ => self.field("generationConfig", config),
        }
    }

    /// What is blocked as harmful, where that is not to be the model's default. They replace those that
    /// were set before.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::request::{HarmBlockThreshold, HarmCategory, SafetySetting};
    ///
    /// let request = Request::text("How do I sharpen a knife?").safety_settings([SafetySetting::new(
    ///     HarmCategory::DANGEROUS_CONTENT,
    ///     HarmBlockThreshold::BLOCK_ONLY_HIGH,
    /// )]);
    /// ```
    pub fn safety_settings(self, settings: impl IntoIterator<Item = SafetySetting>) -> Self {
        self.list("safetySettings", settings)
    }

    /// What the model may use to work out its response: Google Search, code, functions of yours. They
    /// replace those that were set before.
    ///
    /// A batch calls no function of yours: a call comes back as a part of the response
    /// ([`Response::function_calls`](crate::Response::function_calls)). Which tools a model takes in a
    /// batch is the service's matter, and differs between models and backends.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::request::Tool;
    ///
    /// let request = Request::text("Who won yesterday?").tools([Tool::google_search()]);
    /// ```
    pub fn tools(self, tools: impl IntoIterator<Item = Tool>) -> Self {
        self.list("tools", tools)
    }

    fn list<T: Into<Value>>(self, name: &str, items: impl IntoIterator<Item = T>) -> Self {
        let items: Vec<Value> = items.into_iter().map(Into::into).collect();
        self.field(name, items)
    }

    /// Whether and which functions the model calls, and where the user is; see [`ToolConfig`].
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::request::{FunctionCallingMode, FunctionDeclaration, Tool, ToolConfig};
    ///
    /// let weather = FunctionDeclaration::new("get_weather", "The weather in a place, now");
    /// let request = Request::text("What is the weather in Oslo?")
    ///     .tools([Tool::functions([weather])])
    ///     .tool_config(ToolConfig::new().function_calling_mode(FunctionCallingMode::ANY));
    /// ```
    pub fn tool_config(self, config: ToolConfig) -> Self {
        self.field("toolConfig", config)
    }

    /// Contents that the service holds and that come before those of the request:
    /// `cachedContents/ID` on Gemini, `projects/…/cachedContents/ID` on Vertex AI.
    ///
    /// ```
    /// use genai_batch::Request;
    ///
    /// let request = Request::text("Summarise chapter 3.").cached_content("cachedContents/abc");
    /// ```
    pub fn cached_content(self, name: impl Into<String>) -> Self {
        self.field("cachedContent", name.into())
    }

    /// Puts a label on the request, by which Vertex AI breaks down what it bills. The Gemini
    /// Developer API documents none; it is sent there too, and the service decides.
    ///
    /// ```
    /// use genai_batch::Request;
    ///
    /// let request = Request::text("What is AI?").label("team", "search");
    /// ```
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

    /// The class of service for this request, such as `flex` or `priority`, in place of the default. A
    /// batch is a class of its own, and the service may take no notice of another.
    ///
    /// ```
    /// use genai_batch::Request;
    ///
    /// let request = Request::text("What is AI?").service_tier("flex");
    /// ```
    pub fn service_tier(self, tier: impl Into<ServiceTier>) -> Self {
        let tier: ServiceTier = tier.into();
        self.field("serviceTier", tier)
    }

    /// Sets any field of `GenerateContentRequest`, in Google's spelling.
    ///
    /// ```
    /// use genai_batch::Request;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let request = Request::text("What is AI?").field("newField", json!({ "on": true }));
    /// ```
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
        let body = self.0.body.settings_mut();
        let snake_case = body.remove("generation_config");
        let config = match body.remove("generationConfig").or(snake_case) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(config)) => config,
            Some(_) => return Err(Error::input("`generationConfig` is not a JSON object")),
        };
        let config = edit(GenerationConfig(config))?;
        Ok(self.field("generationConfig", config))
    }

    /// Merges JSON over what the request has by now (a merge patch, RFC 7396): objects are
    /// merged field by field, `null` removes, anything else replaces.
    ///
    /// ```
    /// use genai_batch::external::serde_json::json;
    /// use genai_batch::{GenerationConfig, Request};
    ///
    /// let request = Request::text("hi")
    ///     .generation_config(GenerationConfig::new().seed(7))
    ///     .patch(json!({ "generationConfig": { "newSetting": true }, "store": false }));
    /// ```
    ///
    /// A patch that is not an object is an error of the create.
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
