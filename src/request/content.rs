//! One turn of a conversation.

use serde_json::{Map, Value};

use super::part::Part;
use super::pending::Pending;

/// A turn, or a system instruction, or what is to be embedded: Google's `Content`.
///
/// ```
/// use genai_batch::request::Content;
/// use genai_batch::{Part, Request};
///
/// let request = Request::contents([
///     Content::user([Part::text("What is this?"), Part::inline_file("thing.png")]),
///     Content::model(["A spoon."]),
///     Content::user(["Are you sure?"]),
/// ]);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    json: Map<String, Value>,
    pending: Pending,
}

impl Content {
    /// Parts without a role, as embeddings take them.
    ///
    /// ```
    /// use genai_batch::EmbedRequest;
    /// use genai_batch::request::Content;
    ///
    /// let request = EmbedRequest::content(Content::new(["A lighthouse."]));
    /// ```
    pub fn new<P: Into<Part>>(parts: impl IntoIterator<Item = P>) -> Self {
        let mut content = Self::default();
        let mut list = Vec::new();
        for part in parts {
            let part = part.into();
            content.pending.add(part.pending);
            list.push(Value::Object(part.json));
        }
        content.field("parts", list)
    }

    /// A turn of the user, made of these parts.
    ///
    /// ```
    /// use genai_batch::request::Content;
    /// use genai_batch::{Part, Request};
    ///
    /// let turn = Content::user([Part::text("What is this?"), Part::inline_file("thing.png")]);
    /// let request = Request::contents([turn]);
    /// ```
    pub fn user<P: Into<Part>>(parts: impl IntoIterator<Item = P>) -> Self {
        Self::new(parts).role("user")
    }

    /// A turn of the model, as it said it before or as an example of how to respond.
    ///
    /// ```
    /// use genai_batch::request::Content;
    /// use genai_batch::Request;
    ///
    /// let request = Request::contents([
    ///     Content::user(["Name a prime."]),
    ///     Content::model(["Seven."]),
    ///     Content::user(["Another one."]),
    /// ]);
    /// ```
    pub fn model<P: Into<Part>>(parts: impl IntoIterator<Item = P>) -> Self {
        Self::new(parts).role("model")
    }

    /// A content given as Google's `Content` in JSON, unchecked.
    ///
    /// ```
    /// use genai_batch::request::Content;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let json = json!({ "role": "user", "parts": [{ "text": "hi" }] });
    /// let turn = json.as_object().cloned().map(Content::from_json);
    /// ```
    pub fn from_json(content: Map<String, Value>) -> Self {
        Self {
            json: content,
            ..Self::default()
        }
    }

    /// Who says it: `user` or `model`.
    ///
    /// ```
    /// use genai_batch::request::Content;
    ///
    /// let turn = Content::new(["Seven."]).role("model");
    /// assert_eq!(turn, Content::model(["Seven."]));
    /// ```
    pub fn role(self, role: impl Into<String>) -> Self {
        self.field("role", role.into())
    }

    /// Sets any field of `Content`, in Google's spelling.
    ///
    /// ```
    /// use genai_batch::request::Content;
    /// use genai_batch::external::serde_json::json;
    ///
    /// let turn = Content::user(["hi"]).field("newField", json!({ "on": true }));
    /// ```
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.json.insert(name.into(), value.into());
        self
    }

    /// The JSON, and what is pending, which goes to the owner of the content.
    pub(super) fn into_json(self, pending: &mut Pending) -> Value {
        pending.add(self.pending);
        Value::Object(self.json)
    }
}

/// A text that the user says.
impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::user([text])
    }
}

/// A text that the user says.
impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::user([text])
    }
}

/// A text that the user says.
impl From<&String> for Content {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

/// One part that the user says.
impl From<Part> for Content {
    fn from(part: Part) -> Self {
        Self::user([part])
    }
}

/// Parts that the user says.
impl From<Vec<Part>> for Content {
    fn from(parts: Vec<Part>) -> Self {
        Self::user(parts)
    }
}

/// Parts that the user says.
impl<const N: usize> From<[Part; N]> for Content {
    fn from(parts: [Part; N]) -> Self {
        Self::user(parts)
    }
}
