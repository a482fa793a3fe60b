//! Requests as lines of a file: `{"key": …, "request": {…}}`, which both backends take.
//!
//! Vertex AI knows `request` alone and gives back what else a line has; the Gemini Developer
//! API knows `key` too.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::draft::Draft;
use super::{EmbedRequest, Request};
use crate::error::{Error, Result};
use crate::wire::on_one_line;

impl Draft {
    fn write(&self) -> Result<Value, String> {
        if let Some(problem) = &self.pending.problem {
            return Err(problem.clone());
        }
        if let Some(file) = self.pending.files.first() {
            return Err(format!(
                "the request has the contents of {}, which are put into it when a batch is \
                 created: use Part::bytes or Part::file_uri",
                file.path.display()
            ));
        }
        let mut line = self.extra.clone();
        line.extend(self.key.clone().map(|key| ("key".to_owned(), key.into())));
        if !self.metadata.is_empty() {
            line.insert("metadata".to_owned(), self.metadata.clone().into());
        }
        line.insert("request".to_owned(), self.body.fields().into_owned().into());
        Ok(Value::Object(line))
    }

    /// Reads a line, or a request on its own, which has `content_field`.
    fn read(mut line: Map<String, Value>, content_field: &str) -> Result<Self, String> {
        let key = match line.remove("key") {
            None | Some(Value::Null) => None,
            Some(Value::String(key)) => Some(key),
            Some(other) => return Err(format!("the key must be a string, found {other}")),
        };
        let metadata = match line.remove("metadata") {
            None => Map::new(),
            Some(Value::Object(metadata)) => metadata,
            Some(_) => return Err("`metadata` is not a JSON object".to_owned()),
        };
        let (body, extra) = match line.remove("request") {
            Some(Value::Object(body)) => (body, line),
            Some(_) => return Err("`request` is not a JSON object".to_owned()),
            None if line.contains_key(content_field) => (line, Map::new()),
            None => {
                let found: Vec<_> = line.keys().map(String::as_str).collect();
                return Err(format!(
                    "it has no `request`, only [{}]: a line is {{\"key\": \"…\", \"request\": \
                     {{\"{content_field}\": …}}}}",
                    found.join(", ")
                ));
            }
        };
        Ok(Self {
            key,
            metadata,
            extra,
            body: body.into(),
            ..Self::default()
        })
    }
}

fn to_jsonl(draft: &Draft) -> Result<String> {
    let line = draft.write().map_err(|reason| match &draft.key {
        Some(key) => Error::input(format!("the request {key:?} cannot be written: {reason}")),
        None => Error::input(format!("the request cannot be written: {reason}")),
    })?;
    Ok(line.to_string())
}

fn from_jsonl(line: &str, content_field: &str) -> Result<Draft> {
    let refused = |reason: String| Error::input(format!("no line of requests: {reason}"));
    let line = serde_json::from_str(line)
        .map_err(|error| refused(format!("no JSON object: {}", on_one_line(&error))))?;
    Draft::read(line, content_field).map_err(refused)
}

macro_rules! lines {
    ($($name:ident of $content:literal, $example:literal;)*) => {$(
        impl $name {
            /// The request as a line of a JSONL file for either backend, without the newline.
            ///
            /// ```
            #[doc = concat!("use genai_batch::", stringify!($name), ";")]
            ///
            #[doc = concat!("let line = ", stringify!($name), "::text(\"hi\").key(\"a\").to_jsonl()?;")]
            #[doc = concat!("assert_eq!(line, r#\"", $example, "\"#);")]
            /// # Ok::<(), genai_batch::Error>(())
            /// ```
            ///
            /// # Errors
            ///
            /// If the request names local files, whose contents it gets when a batch is
            /// created, or a patch of it was no object.
            pub fn to_jsonl(&self) -> Result<String> {
                to_jsonl(&self.0)
            }

            /// Reads a line of a JSONL file, or a request on its own. What this crate does not
            /// know is kept, in the request as well as beside it.
            ///
            /// # Errors
            ///
            /// If the line is no JSON object, has no request, or a key that is no text.
            pub fn from_jsonl(line: &str) -> Result<Self> {
                from_jsonl(line, $content).map(Self)
            }
        }

        /// As a line of a JSONL file; see
        #[doc = concat!("[`to_jsonl`](", stringify!($name), "::to_jsonl).")]
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.write().map_err(S::Error::custom)?.serialize(serializer)
            }
        }

        /// From a line of a JSONL file; see
        #[doc = concat!("[`from_jsonl`](", stringify!($name), "::from_jsonl).")]
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let line = Map::deserialize(deserializer)?;
                Draft::read(line, $content).map(Self).map_err(D::Error::custom)
            }
        }
    )*};
}

lines! {
    Request of "contents",
        r#"{"key":"a","request":{"contents":[{"parts":[{"text":"hi"}],"role":"user"}]}}"#;
    EmbedRequest of "content",
        r#"{"key":"a","request":{"content":{"parts":[{"text":"hi"}],"role":"user"}}}"#;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::Part;

    /// JSON of any shape. Numbers are those that a text keeps to the last digit.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i16>().prop_map(|n| Value::from(f64::from(n) / 8.0)),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn fields() -> impl Strategy<Value = Map<String, Value>> {
        prop::collection::btree_map(".*", json(), 0..4).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same(
            key in prop::option::of(".*"),
            metadata in fields(),
            extra in fields(),
            body in fields(),
        ) {
            let reserved = ["key", "metadata", "request"];
            let extra = extra.into_iter().filter(|(name, _)| !reserved.contains(&&**name));
            let request = Request(Draft {
                key,
                metadata,
                extra: extra.collect(),
                body: body.into(),
                ..Draft::default()
            });
            let line = request.to_jsonl().unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(&Request::from_jsonl(&line).unwrap(), &request);
            let through_serde: Request = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(serde_json::to_string(&through_serde).unwrap(), line);
        }

        #[test]
        fn no_line_panics(line in ".*", value in json()) {
            let _ = (Request::from_jsonl(&line), EmbedRequest::from_jsonl(&line));
            let _ = Request::from_jsonl(&value.to_string());
        }
    }

    #[test]
    fn every_documented_form_is_read() {
        let contents = json!([{ "parts": [{ "text": "hi" }] }]);
        let read = |line: Value| Request::from_jsonl(&line.to_string()).unwrap();
        let request = Request::from_json(Map::from_iter([("contents".into(), contents.clone())]));
        assert_eq!(read(json!({ "contents": contents })), request);
        assert_eq!(
            read(json!({ "request": { "contents": contents } })),
            request
        );
        let keyed = request.key("a").metadata("shard", 7);
        let line = json!({
            "key": "a", "request": { "contents": contents }, "metadata": { "shard": 7 }
        });
        assert_eq!(read(line), keyed);
        // What Vertex AI echoes comes through.
        let line = json!({ "key": "a", "team": "x", "request": { "contents": contents } });
        let echoed = serde_json::to_value(read(line.clone())).unwrap();
        assert_eq!(echoed, line);
        let older = EmbedRequest::from_jsonl(r#"{"key":"a","content":"hi","task_type":"T"}"#);
        let body = older.unwrap().0.body.into_fields();
        assert_eq!(
            Value::Object(body),
            json!({ "content": "hi", "task_type": "T" })
        );
    }

    #[test]
    fn what_is_no_request_says_so() {
        for (line, reason) in [
            ("[1]", "no JSON object"),
            ("{", "no JSON object"),
            (r#"{"key":7,"request":{}}"#, "must be a string, found 7"),
            (r#"{"request":[]}"#, "`request` is not"),
            (r#"{"request":{},"metadata":1}"#, "`metadata` is not"),
            (r#"{"prompt":"hi"}"#, "no `request`, only [prompt]"),
        ] {
            let error = Request::from_jsonl(line).unwrap_err();
            assert!(error.is_invalid_input());
            assert!(error.to_string().contains(reason), "{line}: {error}");
        }
    }

    #[test]
    fn what_is_not_there_yet_is_not_written() {
        let error = Request::parts([Part::local_file("a.png")])
            .key("k")
            .to_jsonl();
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("\"k\"") && error.contains("a.png"),
            "{error}"
        );
        let error = Request::text("hi")
            .patch(json!([1]))
            .to_jsonl()
            .unwrap_err();
        assert!(error.to_string().contains("[1]"), "{error}");
    }
}
