//! Requests as lines of a file: `{"key": …, "request": {…}}`, which both backends take.
//!
//! Vertex AI knows `request` alone and gives back what else a line has; the Gemini Developer
//! API knows `key` too.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::asks::{Asks, wrong_content};
use super::check::{Path, fields_twice, set_twice};
use super::draft::Draft;
use super::finding::Finding;
use super::line::RequestLine;
use super::moved::Moved;
use super::{EmbedRequest, Request, take};
use crate::error::{Error, Result};

impl Draft {
    /// The request as a line, in Google's words unless it is raw.
    pub(crate) fn write(&self) -> Result<Value, String> {
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

    /// The request of a line that was read. It may lack its content, which it can be given yet.
    fn read(mut line: RequestLine<Map<String, Value>>, asks: Asks) -> Result<Self, String> {
        let mut body = line.request.take().unwrap_or_default();
        if asks == Asks::Embedding && body.contains_key("contents") {
            body = with_content(body);
        }
        let wrong = line.take_error().or_else(|| wrong_content(&body, asks));
        if let Some(finding) = wrong {
            return Err(finding.reason());
        }
        Ok(Self {
            key: line.key,
            metadata: line.metadata,
            extra: line.beside,
            body: body.into(),
            ..Self::default()
        })
    }
}

/// A request for an embedding with its content in its place, where that is clear.
fn with_content(body: Map<String, Value>) -> Map<String, Value> {
    let read = || {
        let mut fields = serde_json::from_value(Value::Object(body.clone())).ok()?;
        take::embedding(&mut fields, &mut Moved::default());
        serde_json::from_str(&serde_json::to_string(&fields).ok()?).ok()
    };
    read().unwrap_or(body)
}

fn to_jsonl(draft: &Draft) -> Result<String> {
    let line = draft.write().map_err(|reason| match &draft.key {
        Some(key) => Error::input(format!("the request {key:?} cannot be written: {reason}")),
        None => Error::input(format!("the request cannot be written: {reason}")),
    })?;
    Ok(line.to_string())
}

fn told(finding: &Finding) -> String {
    let path = finding.path.as_deref().unwrap_or_default();
    format!("at {path}: {}", finding.reason())
}

fn from_jsonl(line: &str, asks: Asks) -> Result<Draft> {
    let refuse = |reason| Error::input(format!("not a line of requests: {reason}"));
    let draft = Draft::read(RequestLine::parse(line.as_bytes(), asks), asks).map_err(refuse)?;
    // Within values, a reader of JSON would keep the last and say nothing.
    match fields_twice(line, &mut Path::default()).pop() {
        Some(path) => Err(refuse(told(&set_twice(path)))),
        None => Ok(draft),
    }
}

macro_rules! lines {
    ($($name:ident asks $asks:ident, $example:literal;)*) => {$(
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
            /// created, or a patch of it was not an object.
            pub fn to_jsonl(&self) -> Result<String> {
                to_jsonl(&self.0)
            }

            /// Reads a line of a JSONL file, or a request on its own. What this crate does not
            /// know is kept, in the request as well as beside it.
            ///
            /// ```
            #[doc = concat!("use genai_batch::", stringify!($name), ";")]
            ///
            #[doc = concat!("let request = ", stringify!($name), "::from_jsonl(r#\"", $example, "\"#)?;")]
            #[doc = concat!("assert_eq!(request, ", stringify!($name), "::text(\"hi\").key(\"a\"));")]
            /// # Ok::<(), genai_batch::Error>(())
            /// ```
            ///
            /// # Errors
            ///
            /// What a create would refuse of the line: one that is not a JSON object, that is
            /// written for another service, has no request, its key under another name or twice,
            /// or content of another shape. Content that is not there yet is not an error here.
            pub fn from_jsonl(line: &str) -> Result<Self> {
                from_jsonl(line, Asks::$asks).map(Self)
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
                let line = RequestLine::read(Map::deserialize(deserializer)?, Asks::$asks);
                Draft::read(line, Asks::$asks).map(Self).map_err(D::Error::custom)
            }
        }
    )*};
}

lines! {
    Request asks Content,
        r#"{"key":"a","request":{"contents":[{"parts":[{"text":"hi"}],"role":"user"}]}}"#;
    EmbedRequest asks Embedding,
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
            key in prop::option::of(".+"),
            metadata in fields(),
            extra in fields(),
            body in fields(),
        ) {
            let reserved = ["key", "metadata", "request"];
            let is_free = |name: &str| !reserved.contains(&name) && !metadata.contains_key(name);
            let extra: Map<_, _> = extra.into_iter().filter(|(name, _)| is_free(name)).collect();
            let request = Request(Draft {
                key,
                metadata,
                extra,
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
        fn any_line_is_refused_or_written_as_it_was_read(line in ".*", value in json()) {
            for line in [line, value.to_string()] {
                let requests = Request::from_jsonl(&line).map(|request| {
                    let again = Request::from_jsonl(&request.to_jsonl().unwrap()).unwrap();
                    (again == request, request.to_jsonl().unwrap())
                });
                let embeddings = EmbedRequest::from_jsonl(&line).map(|request| {
                    let again = EmbedRequest::from_jsonl(&request.to_jsonl().unwrap()).unwrap();
                    (again == request, request.to_jsonl().unwrap())
                });
                for read in [requests, embeddings] {
                    match read {
                        Ok((is_same, written)) => prop_assert!(is_same, "{line} {written}"),
                        Err(error) => {
                            let told = error.to_string();
                            prop_assert!(error.is_invalid_input(), "{told}");
                            prop_assert!(told.starts_with("not a line of requests: "), "{told}");
                        }
                    }
                }
            }
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
    fn what_is_not_a_request_says_so() {
        for (line, reason) in [
            ("[1]", "not a JSON object"),
            ("{", "not JSON"),
            (r#"{"key":7,"request":{}}"#, "must be a string, found 7"),
            (r#"{"request":[]}"#, "`request` is not"),
            (r#"{"request":{},"metadata":1}"#, "`metadata` is not"),
            (
                r#"{"request":{"contents":[{"parts":[{"text":"a","text":"b"}]}]}}"#,
                "at request.contents[0].parts[0].text",
            ),
            (r#"{"prompt":"hi"}"#, "no `request`, only `prompt`"),
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
