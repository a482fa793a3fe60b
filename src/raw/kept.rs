//! A message of the service together with the text that it came as.
//!
//! The generated types know what the API description knows. The service says more at times, or
//! says it in another shape; [`Kept`] loses neither: the text stays whole, and a field that does
//! not have the shape of the description is set aside while the rest is read.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Json, lenient};
use crate::shown::Shown;
use crate::text::{Parts, Text};

/// A message of the service: its text as it came, and the generated type, read on first use.
///
/// Dereferences to the generated type. A field of a shape that the type cannot hold is absent in
/// it and named by [`set_aside`](Self::set_aside); [`json`](Self::json) has it all the same.
///
/// ```
/// use genai_batch::raw::{Kept, gemini::types::Operation};
///
/// let text = r#"{"name": "batches/1", "done": "soon", "newField": 7}"#;
/// let job: Kept<Operation> = serde_json::from_str(text)?;
/// assert_eq!(job.name.as_deref(), Some("batches/1"));
/// assert_eq!((job.done, job.set_aside()), (None, &["done".to_owned()][..]));
/// assert_eq!(job.json(), text);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct Kept<T> {
    text: Text,
    read: OnceLock<Box<Read<T>>>,
}

#[derive(Clone)]
struct Read<T> {
    message: T,
    set_aside: Vec<String>,
}

impl<T: DeserializeOwned + Default> Kept<T> {
    /// A message that stands in `json`, which is known to be one JSON value.
    pub(crate) fn of(json: Bytes) -> Self {
        Self::unread(json)
    }

    /// A message that is the whole of `json`.
    ///
    /// # Errors
    ///
    /// If that is not one JSON value.
    pub(super) fn whole(json: &Bytes) -> serde_json::Result<Self> {
        let json = json.slice_ref(json.trim_ascii());
        let read = read(&json)?;
        Ok(Self {
            text: Text::Whole(json),
            read: Box::new(read).into(),
        })
    }

    fn read(&self) -> &Read<T> {
        self.read
            .get_or_init(|| Box::new(read_any(self.text.bytes())))
    }

    /// The message alone.
    pub fn into_message(self) -> T {
        self.into_parts().1
    }

    /// The text, the message, and what was set aside.
    pub(crate) fn into_parts(self) -> (Text, T, Vec<String>) {
        let read = match self.read.into_inner() {
            Some(read) => *read,
            None => read_any(self.text.bytes()),
        };
        (self.text, read.message, read.set_aside)
    }

    /// The paths of the fields whose shape the type cannot hold, such as `metadata.createTime`;
    /// `.` is the whole message. Empty where all was read.
    pub fn set_aside(&self) -> &[String] {
        &self.read().set_aside
    }
}

impl<T> Kept<T> {
    fn unread(json: Bytes) -> Self {
        Self {
            text: Text::Whole(json),
            read: OnceLock::new(),
        }
    }

    /// The text of the message, as it came.
    pub fn json(&self) -> &str {
        // Checked when it came in.
        self.text.as_str()
    }

    pub(crate) fn to_value(&self) -> Value {
        value(self.text.bytes())
    }
}

/// Reads a message of what is known to be JSON.
fn read_any<T: DeserializeOwned + Default>(json: &Bytes) -> Read<T> {
    read(json).unwrap_or_else(|_| Read {
        message: T::default(),
        set_aside: vec![".".to_owned()],
    })
}

/// The value that a text of JSON is, as far as `serde_json` can hold it.
pub(crate) fn value(json: &Bytes) -> Value {
    read_any(json).message
}

/// Reads a message, and names what of it was set aside. An error says that it is not JSON.
fn read<T: DeserializeOwned + Default>(json: &Bytes) -> serde_json::Result<Read<T>> {
    let parts = || Arc::new(Parts::new(json.clone(), texts_within::<T>));
    let read = parse(json, Within::Read(parts(), 0)).0;
    let (message, set_aside) = match read {
        Ok(message) => (message, Vec::new()),
        // What does not fit may stand in a message within, whose matter it is then.
        Err(_) => lenient::read(json)?,
    };
    if !set_aside.is_empty() {
        tracing::warn!(
            fields = %Shown(&set_aside.join(", ")),
            "the service's response has fields of an unexpected shape, which are left to `json()`"
        );
    }
    Ok(Read { message, set_aside })
}

/// The texts of the messages within one of type `T`, in their order.
fn texts_within<T: DeserializeOwned>(json: &Bytes) -> Vec<Bytes> {
    match parse::<T>(json, Within::Kept(Vec::new())).1 {
        Within::Kept(texts) => texts,
        Within::Read(..) => Vec::new(),
    }
}

fn parse<T: DeserializeOwned>(json: &Bytes, within: Within) -> (serde_json::Result<T>, Within) {
    scoped(json, within, || match simdutf8::basic::from_utf8(json) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => Err(de::Error::custom("it is not UTF-8")),
    })
}

impl<T: DeserializeOwned + Default> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.read().message
    }
}

impl<T> Default for Kept<T> {
    /// The message `{}`.
    fn default() -> Self {
        Self::unread(Bytes::from_static(b"{}"))
    }
}

impl<T: DeserializeOwned + Default + fmt::Debug> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

impl<T> Serialize for Kept<T> {
    /// The text as it came.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Json::written(self.text.bytes().clone()).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Kept<T> {
    /// From JSON alone.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let part = SCOPE.with_borrow_mut(|scope| match scope {
            Some((_, Within::Read(parts, next))) => {
                let part = Text::Part(Arc::clone(parts), *next);
                *next += 1;
                Some(part)
            }
            _ => None,
        });
        if let Some(text) = part {
            let message = T::deserialize(deserializer)?;
            let read = Read {
                message,
                set_aside: Vec::new(),
            };
            return Ok(Self {
                text,
                read: Box::new(read).into(),
            });
        }
        let text = text(deserializer)?;
        SCOPE.with_borrow_mut(|scope| {
            if let Some((_, Within::Kept(texts))) = scope {
                texts.push(text.clone());
            }
        });
        Ok(Self::unread(text))
    }
}

/// What becomes of the messages within one that is read.
pub(super) enum Within {
    /// They are read with it. Their texts, of which so many were passed, are looked for later.
    Read(Arc<Parts>, usize),
    /// They are left unread; these are the texts of those that were passed.
    Kept(Vec<Bytes>),
}

thread_local! {
    /// The text that is being read, so that what is kept of it shares its memory.
    static SCOPE: RefCell<Option<(Bytes, Within)>> = const { RefCell::new(None) };
}

/// Runs `read`, which reads from `whole`.
pub(super) fn scoped<R>(whole: &Bytes, within: Within, read: impl FnOnce() -> R) -> (R, Within) {
    /// Puts back what was there before, even if the reader panics.
    struct Restore(Option<(Bytes, Within)>);
    impl Drop for Restore {
        fn drop(&mut self) {
            SCOPE.set(self.0.take());
        }
    }
    let restore = Restore(SCOPE.replace(Some((whole.clone(), within))));
    let result = read();
    let scope = SCOPE.take();
    drop(restore);
    let within = scope.map_or(Within::Kept(Vec::new()), |(_, within)| within);
    (result, within)
}

/// The text of the next value: a part of the text that is being read, or else a copy.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let whole = SCOPE.with_borrow(|scope| scope.as_ref().map(|(whole, _)| whole.clone()));
    let Some(whole) = whole else {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        return Ok(String::from(Box::<str>::from(text)).into());
    };
    let text = <&RawValue>::deserialize(deserializer)?.get();
    let start = text.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    let is_within = start
        .checked_add(text.len())
        .is_some_and(|end| end <= whole.len());
    Ok(match is_within {
        true => whole.slice(start..start + text.len()),
        false => Bytes::copy_from_slice(text.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::gemini::types::{ListOperationsResponse, Operation};
    use super::*;

    fn kept(text: &str) -> Kept<Operation> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_message_is_read_and_its_text_stays() {
        let text = r#" { "name" : "batches/a", "metadata": {"@type": "x", "new": [1]} } "#;
        let job = kept(text);
        assert_eq!(job.json(), text.trim());
        assert_eq!(job.name.as_deref(), Some("batches/a"));
        let metadata = job.metadata.as_ref().unwrap();
        assert_eq!(metadata.extra["new"], json!([1]));
        assert!(job.set_aside().is_empty());
        assert_eq!(serde_json::to_string(&job).unwrap(), text.trim());
    }

    #[test]
    fn a_field_of_an_odd_shape_costs_that_field() {
        let job = kept(
            r#"{"name":"batches/a","done":[],"metadata":{"model":7,"displayName":"d",
                "batchStats":{"requestCount":{},"failedRequestCount":"4"},"createTime":"never",
                "output":{"inlinedResponses":{"inlinedResponses":null}}}}"#,
        );
        // What is `null` is absent, and not odd.
        let metadata = job.metadata.as_ref().unwrap();
        assert_eq!(metadata.display_name.as_deref(), Some("d"));
        assert_eq!(
            metadata
                .batch_stats
                .as_ref()
                .unwrap()
                .failed_request_count
                .unwrap()
                .0,
            4
        );
        assert_eq!(
            job.set_aside(),
            [
                "done",
                "metadata.model",
                "metadata.batchStats.requestCount",
                "metadata.createTime",
            ]
        );
    }

    #[test]
    fn what_serde_json_does_not_read_costs_its_field_too() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for odd in ["1e999", r#"{"half \ud83d":1}"#, &deep] {
            for field in ["error", "done", "new"] {
                let job = kept(&format!(r#"{{"{field}":{odd},"name":"batches/a"}}"#));
                assert_eq!(job.name.as_deref(), Some("batches/a"), "{field}: {odd}");
            }
            let job = kept(&format!(
                r#"{{"metadata":{{"new":{odd},"model":"m"}},"name":"a"}}"#
            ));
            assert_eq!(
                job.metadata.as_ref().unwrap().model.as_deref(),
                Some("m"),
                "{odd}"
            );
        }
        let text = Bytes::from(r#"{"a":1e999,"b":["\ud83d",2],"c":3}"#);
        assert_eq!(value(&text), json!({"b": ["\u{fffd}", 2], "c": 3}));
        let half = kept(r#"{"name":"batches/a","metadata":{"displayName":"half \ud83d"}}"#);
        let metadata = half.metadata.as_ref().unwrap();
        assert_eq!(metadata.display_name.as_deref(), Some("half \u{fffd}"));
        assert!(half.set_aside().is_empty() && half.json().ends_with(r#"\ud83d"}}"#));
        let odd = Bytes::from_static(b"{\"name\":\"a\",\"x\":\"\xff\"}");
        assert!(Kept::<Operation>::whole(&odd).is_err());
    }

    #[test]
    fn what_is_not_a_message_has_no_field() {
        for text in ["7", "[]", "null", r#""text""#, r#"{"name":"a","name":"b"}"#] {
            let job = kept(text);
            assert!(job.name.is_none(), "{text}");
            assert_eq!(job.set_aside(), ["."], "{text}");
            assert_eq!(job.json(), text);
        }
    }

    #[test]
    fn messages_within_are_read_with_the_whole_and_keep_their_texts() {
        let jobs = [
            r#"{ "name":"batches/a", "metadata":{"output":{"inlinedResponses":{"inlinedResponses":[{"x":1},2]}}} }"#,
            r#"{"done":true,"name":"batches/b","new":{"name":"]}"}}"#,
            "{}",
        ];
        let text = format!(
            r#"{{"unreachable":["x"],"operations":[{}],"nextPageToken":"t"}}"#,
            jobs.join(" , ")
        );
        let page = Kept::<ListOperationsResponse>::whole(&Bytes::from(text)).unwrap();
        for (job, text) in page.operations.iter().zip(jobs) {
            assert!(job.read.get().is_some() && matches!(job.text, Text::Part(..)));
            assert_eq!(job.json(), text);
            assert!(
                page.json()
                    .as_bytes()
                    .as_ptr_range()
                    .contains(&job.json().as_ptr())
            );
        }
        let output = page.operations[0]
            .metadata
            .as_ref()
            .unwrap()
            .output
            .as_ref();
        let rows = &output
            .unwrap()
            .inlined_responses
            .as_ref()
            .unwrap()
            .inlined_responses;
        assert_eq!((rows[0].as_str(), rows[1].as_str()), (r#"{"x":1}"#, "2"));
        assert_eq!(page.operations[1].name.as_deref(), Some("batches/b"));
    }

    #[test]
    fn what_stands_within_shares_the_memory_of_the_whole() {
        let text = r#"{"operations":[{"name":"batches/a"},7],"nextPageToken":"t"}"#;
        let page: Kept<ListOperationsResponse> = serde_json::from_str(text).unwrap();
        let range = page.json().as_bytes().as_ptr_range();
        for job in &page.operations {
            assert!(range.contains(&job.json().as_ptr()));
        }
        assert_eq!(page.operations[0].name.as_deref(), Some("batches/a"));
        assert_eq!(page.operations[1].json(), "7");
        let row: Json = serde_json::from_value(json!({"a": 1})).unwrap();
        assert_eq!(row.as_str(), r#"{"a":1}"#);
    }
}
