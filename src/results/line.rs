//! Results on their way into a file: one line each, in the same form from every backend.
//!
//! ```text
//! {"key": "a", "response": {…}}
//! {"key": "b", "error": {"code": 3, "message": "…"}}
//! {"key": "c", "missing": true}
//! {"key": "d", "missing": true, "message": "…"}
//! ```

use serde_json::json;

use super::row::{BatchResult, Outcome, is_key_alone};
use crate::scan::write_text;

impl BatchResult {
    /// The result as a line of JSON, in the form in which
    /// [`save_to`](crate::batches::Results::save_to) writes it, without the end of the line.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let mut results = client.batches().results(&job).await?;
    /// while let Some(result) = results.try_next().await? {
    ///     println!("{}", result.to_line()); // {"key":"review-1","response":{…}}
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn to_line(&self) -> String {
        let mut line = Vec::new();
        write_line(self, &mut line);
        line.pop();
        // All that goes into it is text.
        String::from_utf8_lossy(&line).into_owned()
    }
}

/// Appends a result as a line.
pub fn write_line(result: &BatchResult, line: &mut Vec<u8>) {
    let (key, metadata) = (result.key(), result.metadata_json());
    match result.outcome() {
        Outcome::Response(response) => {
            return write_response(key, metadata, response.json(), line);
        }
        Outcome::Error(error) => {
            begin(key, metadata, line);
            let status = error.status();
            let error = json!({
                "code": status.code,
                "message": status.message,
                "details": status.details(),
            });
            line.extend_from_slice(format!("\"error\":{error}").as_bytes());
        }
        Outcome::Missing => {
            begin(key, metadata, line);
            line.extend_from_slice(b"\"missing\":true");
            if let Some(why) = result.why_missing() {
                line.extend_from_slice(format!(",\"message\":{}", json!(why)).as_bytes());
            }
        }
    }
    line.extend_from_slice(b"}\n");
}

/// Appends a response as a line.
pub(crate) fn write_response(
    key: Option<&str>,
    metadata: Option<&str>,
    response: &str,
    line: &mut Vec<u8>,
) {
    begin(key, metadata, line);
    line.extend_from_slice(b"\"response\":");
    push_on_one_line(response, line);
    line.extend_from_slice(b"}\n");
}

fn begin(key: Option<&str>, metadata: Option<&str>, line: &mut Vec<u8>) {
    line.push(b'{');
    if let Some(key) = key {
        line.extend_from_slice(b"\"key\":");
        write_text(key, line);
        line.push(b',');
    }
    if let Some(metadata) = metadata.filter(|it| !is_key_alone(it)) {
        line.extend_from_slice(b"\"metadata\":");
        push_on_one_line(metadata, line);
        line.push(b',');
    }
}

/// JSON has line ends between its tokens only, so they can go.
fn push_on_one_line(json: &str, line: &mut Vec<u8>) {
    let mut rest = json.as_bytes();
    loop {
        // Most has none, which is to be found out fast: this is done to every row that is saved.
        let end = memchr::memchr2(b'\n', b'\r', rest);
        let piece = &rest[..end.unwrap_or(rest.len())];
        let is_indent = |byte: &&u8| matches!(byte, b' ' | b'\t');
        let indent = piece.iter().take_while(is_indent).count();
        line.extend_from_slice(&piece[indent..]);
        match end {
            Some(end) => rest = &rest[end + 1..],
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::job::Status;
    use crate::results::row::{Row, RowBody};
    use crate::results::{KeyMatch, Response, RowError};
    use crate::testing;

    #[test]
    fn a_line_is_one_however_the_service_indents() {
        let row = Row {
            has_two_keys: false,
            key: Some("a".into()),
            body: RowBody::Response(Response::new(
                "{\n  \"text\": \"x  \\n y\",\r\n\t\"n\": 1.50\n}".into(),
            )),
            metadata: Some("{\n \"m\": 1\n}".into()),
            request: None,
            json: Default::default(),
        };
        let mut line = Vec::new();
        write_line(&BatchResult::new(row, KeyMatch::Matched), &mut line);
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"key\":\"a\",\"metadata\":{\"m\": 1},\
             \"response\":{\"text\": \"x  \\n y\",\"n\": 1.50}}\n"
        );
    }

    #[test]
    fn a_key_that_came_back_as_metadata_is_written_once() {
        let line = |metadata: &'static str| {
            let row = Row {
                has_two_keys: false,
                key: Some("a".into()),
                body: RowBody::Response(Response::new("{}".into())),
                metadata: Some(metadata.into()),
                request: None,
                json: Default::default(),
            };
            let mut line = Vec::new();
            write_line(&BatchResult::new(row, KeyMatch::Matched), &mut line);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(line(r#"{"key":"a"}"#), "{\"key\":\"a\",\"response\":{}}\n");
        assert!(line(r#"{"key":"a","m":1}"#).contains("metadata"));
    }

    proptest! {
        #[test]
        fn a_saved_line_reads_as_the_same_result(
            key in any::<String>(),
            fields in prop::collection::btree_map(any::<String>(), testing::json(), 0..4),
            metadata in prop::option::of(testing::json()),
            pretty in any::<bool>(),
            code in any::<i64>(),
            is_error in any::<bool>(),
        ) {
            let text = |value: &Value| match pretty {
                true => serde_json::to_string_pretty(value).unwrap().replace('\n', "\r\n"),
                false => value.to_string(),
            };
            let response = json!(fields);
            let status = Status::of(code, &key, std::slice::from_ref(&response));
            let row = Row {
                has_two_keys: false,
                key: Some(key.as_str().into()),
                body: match is_error {
                    true => RowBody::Error(RowError::new(status.clone())),
                    false => RowBody::Response(Response::new(text(&response).into())),
                },
                metadata: metadata.as_ref().map(|metadata| text(metadata).into()),
                request: None,
                json: Default::default(),
            };
            let mut line = Vec::new();
            write_line(&BatchResult::new(row, KeyMatch::Matched), &mut line);
            prop_assert_eq!(line.pop(), Some(b'\n'));
            prop_assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));

            let again = crate::backend::gemini::results::read_row(line.into()).unwrap();
            prop_assert_eq!(again.key.as_deref(), Some(&*key));
            let kept = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
            let metadata = metadata.filter(|metadata| !metadata.is_null());
            prop_assert_eq!(again.metadata.as_deref().map(kept), metadata);
            match again.body {
                RowBody::Error(error) => prop_assert_eq!(error.status(), &status),
                RowBody::Response(again) => prop_assert_eq!(again.to_value(), response),
            }
        }
    }
}
