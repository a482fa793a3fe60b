//! One request for an embedding.

use serde_json::{Map, Value};

use super::content::Content;
use super::draft::Draft;
use super::names::TaskType;

/// One request for an embedding: Google's `EmbedContentRequest`.
///
/// ```
/// use genai_batch::request::TaskType;
/// use genai_batch::EmbedRequest;
///
/// let request = EmbedRequest::text("Batteries included.")
///     .key("doc-1")
///     .task_type(TaskType::RETRIEVAL_DOCUMENT)
///     .title("Manual")
///     .output_dimensionality(256);
/// ```
///
/// It is written as the backend and the model want it, whichever they are: the older models of
/// Vertex AI take text alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbedRequest(pub(super) Draft);

impl EmbedRequest {
    /// A request for the embedding of this text.
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    ///
    /// let request = EmbedRequest::text("Batteries included.").key("doc-1");
    /// ```
    pub fn text(text: impl Into<String>) -> Self {
        Self::content(text.into())
    }

    /// A request for one embedding of this content, whose parts may be more than text where
    /// the model takes that.
    ///
    /// ```
    /// use genai_batch::request::Content;
    /// use genai_batch::{EmbedRequest, Part};
    ///
    /// let request = EmbedRequest::content([
    ///     Part::text("A lighthouse."),
    ///     Part::inline_file("lighthouse.jpg"),
    /// ]);
    /// ```
    pub fn content(content: impl Into<Content>) -> Self {
        let mut draft = Draft::default();
        let content = content.into().into_json(&mut draft.pending);
        draft.set("content", content);
        Self(draft)
    }

    /// A request given as Google's `EmbedContentRequest` in JSON.
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let json = json!({ "content": { "parts": [{ "text": "hi" }] } });
    /// let request = json.as_object().cloned().map(EmbedRequest::from_json);
    /// ```
    pub fn from_json(body: Map<String, Value>) -> Self {
        Self(Draft::of_body(body))
    }

    /// The key that comes back with the result; see [`Request::key`](crate::Request::key).
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    ///
    /// let request = EmbedRequest::text("Batteries included.").key("doc-1");
    /// ```
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.0.key = Some(key.into());
        self
    }

    /// A value that comes back beside the key; see
    /// [`Request::metadata`](crate::Request::metadata).
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    ///
    /// let request = EmbedRequest::text("Batteries included.").metadata("page", 7);
    /// ```
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.add_metadata(name, value);
        self
    }

    /// Where the request came from, as errors say it; see [`Request::origin`](crate::Request::origin).
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    ///
    /// let request = EmbedRequest::text("Batteries included.").origin("texts.csv:7");
    /// ```
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.0.origin = Some(origin.into().into());
        self
    }

    /// What the embedding is for, such as [`TaskType::RETRIEVAL_DOCUMENT`], by which the model chooses
    /// it; by default left open.
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    /// use genai_batch::request::TaskType;
    ///
    /// let request = EmbedRequest::text("batteries?").task_type(TaskType::RETRIEVAL_QUERY);
    /// ```
    pub fn task_type(self, task_type: impl Into<TaskType>) -> Self {
        let task_type: TaskType = task_type.into();
        self.field("taskType", task_type)
    }

    /// The document's title; only for [`TaskType::RETRIEVAL_DOCUMENT`].
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    /// use genai_batch::request::TaskType;
    ///
    /// let request = EmbedRequest::text("Batteries included.")
    ///     .task_type(TaskType::RETRIEVAL_DOCUMENT)
    ///     .title("Manual");
    /// ```
    pub fn title(self, title: impl Into<String>) -> Self {
        self.field("title", title.into())
    }

    /// How many values the embedding has, in place of all that the model makes: shorter ones cost less
    /// to store, and are not of length 1 at the service. `Response::embedding` makes them so.
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    ///
    /// let request = EmbedRequest::text("Batteries included.").output_dimensionality(256);
    /// ```
    pub fn output_dimensionality(self, dimensions: u32) -> Self {
        self.field("outputDimensionality", dimensions)
    }

    /// Whether a text that is too long for the model is cut off, which it is by default, or
    /// an error; Vertex AI alone.
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    ///
    /// let whole_or_not_at_all = EmbedRequest::text("A long text.").auto_truncate(false);
    /// ```
    pub fn auto_truncate(self, truncate: bool) -> Self {
        self.field("autoTruncate", truncate)
    }

    /// Sets any field of `EmbedContentRequest`, in Google's spelling.
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    ///
    /// let request = EmbedRequest::text("Batteries included.").field("newField", 1);
    /// ```
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.set(name, value);
        self
    }

    /// Merges JSON over the request; see [`Request::patch`](crate::Request::patch).
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let request = EmbedRequest::text("Batteries included.").patch(json!({ "newField": 1 }));
    /// ```
    pub fn patch(mut self, patch: Value) -> Self {
        self.0.patch(&patch);
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

impl From<Content> for EmbedRequest {
    fn from(content: Content) -> Self {
        Self::content(content)
    }
}
