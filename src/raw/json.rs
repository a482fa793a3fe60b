//! JSON that passes as it is: a request on its way out, a result on its way in.

use std::fmt;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use super::kept;

/// The field in which `serde_json` passes a text to a [`RawValue`] as it is. If it took another one
/// some day, the text would be read once more, and no harm done.
const RAW: &str = "$serde_json::private::RawValue";

/// One JSON value, kept as the text that it is.
///
/// The generated types have it where requests and results stand: a request goes out as it was
/// written, and a result is parsed once, by who reads it. Cheap to clone.
///
/// ```
/// use genai_batch::raw::{Json, gemini::types};
///
/// let row = Json::new(r#"{"response": {"newField": 1}, "metadata": {"key": "a"}}"#)?;
/// let parsed: types::InlinedResponse = row.parse()?;
/// assert_eq!(parsed.metadata["key"], "a");
/// assert!(row.as_str().contains("newField"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Json(Bytes);

impl Json {
    /// Takes a text of JSON.
    ///
    /// # Errors
    ///
    /// If it is not one JSON value.
    pub fn new(text: impl Into<Bytes>) -> serde_json::Result<Self> {
        let text = text.into();
        serde_json::from_slice::<&RawValue>(&text)?;
        Ok(Self(text))
    }

    /// A text of JSON that this crate wrote or has read.
    pub(crate) fn written(text: Bytes) -> Self {
        debug_assert!(Self::new(text.clone()).is_ok(), "it is not JSON");
        Self(text)
    }

    /// The text as it came, or as it will go out.
    pub fn as_str(&self) -> &str {
        // Checked when it came in.
        simdutf8::basic::from_utf8(&self.0).unwrap_or_default()
    }

    /// The text as `serde_json` writes it out: without reading it, since it is known to be JSON.
    fn raw(&self) -> serde_json::Result<&RawValue> {
        let text = self.as_str();
        let field = [(RAW, BorrowedStrDeserializer::<de::value::Error>::new(text))];
        let unread = <&RawValue>::deserialize(MapDeserializer::new(field.into_iter()));
        unread.or_else(|_| serde_json::from_str(text))
    }

    /// Reads the value as a type: one of the generated ones, or of the caller's own.
    ///
    /// # Errors
    ///
    /// If the value does not have the type's shape.
    pub fn parse<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(&self.0)
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Default for Json {
    /// `null`.
    fn default() -> Self {
        Self(Bytes::from_static(b"null"))
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = self.raw().map_err(ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    /// From JSON alone.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        kept::text(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_passes_as_it_is() {
        let text = r#"{ "b":1.0, "a": "\u00e9" }"#;
        let json = Json::new(text).unwrap();
        assert_eq!(
            serde_json::to_string(&[&json]).unwrap(),
            format!("[{text}]")
        );
        let read: Vec<Json> = serde_json::from_str(&format!("[{text}, null]")).unwrap();
        assert_eq!(read, [json, Json::default()]);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        assert!(Json::new("{").is_err() && Json::new("1 2").is_err());
        assert!(Json::new(&b"\"\xff\""[..]).is_err());
    }

    #[test]
    fn a_text_is_written_out_without_being_read() {
        // What would be refused passes: nothing looks at it.
        let text = Json(Bytes::from_static(b"not json"));
        assert_eq!(text.raw().unwrap().get(), "not json");
    }
}
