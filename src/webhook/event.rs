//! What a webhook says.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::EventType;
use crate::error::{Error, Result};

/// What a webhook says: that something happened to a job.
///
/// Google documents the body as `type`, `version`, `timestamp` and `data`, where `data` has the
/// job's `id`, and `output_file_uri` or `file_name` after a success, `error_code` and
/// `error_message` after a failure. Whatever else is there is in [`to_value`](Self::to_value).
///
/// An event is a hint and no state: it may be late, doubled, or missing. Ask for the job.
/// Cheap to clone.
///
/// ```
/// use genai_batch::webhook::{Event, EventType};
///
/// let event = Event::from_json(r#"{
///     "type": "batch.failed", "version": "v1", "timestamp": "2026-01-22T12:00:00Z",
///     "data": { "id": "batches/123abc", "error_code": 8, "error_message": "no quota" }
/// }"#)?;
/// assert_eq!(event.event_type(), &EventType::BatchFailed);
/// assert!(event.is_about("batches/123abc"));
/// assert_eq!(event.error_code().as_deref(), Some("8"));
/// # Ok::<(), genai_batch::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Event(Arc<Inner>);

#[derive(PartialEq)]
struct Inner {
    event_type: EventType,
    fields: Map<String, Value>,
    json: String,
    id: Option<String>,
    is_signed: bool,
    is_repeated: bool,
}

impl Event {
    /// Reads an event that came another way, such as one that your receiver verified and put
    /// into a queue as [`as_json`](Self::as_json). Nothing is verified here.
    ///
    /// # Errors
    ///
    /// If the text is not a JSON object with a text as `type`.
    ///
    /// ```
    /// use genai_batch::webhook::Event;
    ///
    /// let json = r#"{"type":"batch.succeeded","data":{"id":"batch_123"}}"#;
    /// let event = Event::from_json(json)?;
    /// assert_eq!(event.event_type().as_str(), "batch.succeeded");
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self> {
        Self::read(json.as_ref(), None, false)
    }

    /// Reads an event; `is_signed` where a signature covers these bytes.
    pub(super) fn read(json: &[u8], id: Option<&str>, is_signed: bool) -> Result<Self> {
        let unreadable = |what: &str| Error::protocol(format!("the webhook's body is {what}"));
        let text = std::str::from_utf8(json).map_err(|e| unreadable("not UTF-8").with_source(e))?;
        let value = serde_json::from_str(text)
            .map_err(|e| unreadable(&format!("not JSON ({e})")).with_source(e))?;
        let Value::Object(fields) = value else {
            return Err(unreadable("not a JSON object"));
        };
        let Some(name) = fields.get("type").and_then(Value::as_str) else {
            return Err(unreadable("no event: it has no text as `type`"));
        };
        Ok(Self(Arc::new(Inner {
            event_type: EventType::from_name(name),
            json: text.to_owned(),
            id: id.map(str::to_owned),
            is_signed,
            is_repeated: false,
            fields,
        })))
    }

    /// The event, as one that came before.
    pub(super) fn repeated(self, is_repeated: bool) -> Self {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => Self(Arc::new(Inner {
                is_repeated,
                ..inner
            })),
            // It was read a moment ago, and nobody else has it.
            Err(shared) => Self(shared),
        }
    }

    /// The id of the delivery, the header `webhook-id`: the same whenever this event is sent
    /// again. A dynamic signature does not cover it. `None` where the event did not come by a
    /// [`Verifier`](super::Verifier), or without an id.
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// Whether the signature covers what the event says.
    ///
    /// It does with [`Verifier::with_secrets`](super::Verifier::with_secrets). A dynamic
    /// signature is a token beside the body: it does if the token itself states the event, as
    /// Google's examples have it; otherwise the token only says that the service sent
    /// something.
    pub fn is_signed(&self) -> bool {
        self.0.is_signed
    }

    /// Whether the [`Verifier`](super::Verifier) that passed it has passed it before: the service
    /// delivered it twice, or somebody sent it again. `false` where it came another way.
    ///
    /// A service sends an event again until it gets a success, so respond with one.
    pub fn is_repeated(&self) -> bool {
        self.0.is_repeated
    }

    /// What happened to the job: `batch.succeeded`, `batch.failed` and so on. One that this version does
    /// not know is [`EventType::Other`](super::EventType::Other). Read the job before you believe it.
    pub fn event_type(&self) -> &EventType {
        &self.0.event_type
    }

    /// When it happened, in UTC; `None` where the event does not say, or not in a form that is a time.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.0.fields.get("timestamp")?.as_str()?.parse().ok()
    }

    /// The job, `data.id` as the service wrote it; to compare it, ask
    /// [`is_about`](Self::is_about).
    pub fn job_name(&self) -> Option<&str> {
        self.text("id")
    }

    /// Whether the event names this job, such as `batches/123abc`.
    ///
    /// Google's documentation shows the id as `batch_123456`, and names of jobs are
    /// `batches/…`: the words in front do not count.
    ///
    /// ```
    /// use genai_batch::webhook::Event;
    ///
    /// let json = r#"{"type":"batch.succeeded","data":{"id":"batch_123"}}"#;
    /// let event = Event::from_json(json)?;
    /// assert!(event.is_about("batches/123") && !event.is_about("batches/1234"));
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn is_about(&self, job: &str) -> bool {
        self.job_name().is_some_and(|name| bare(name) == bare(job))
    }

    /// Where the results are, for a job whose requests came from a file; `None` for others.
    pub fn output_file_uri(&self) -> Option<&str> {
        self.text("output_file_uri")
    }

    /// The file of the results, `files/ID`; `None` where the event names none.
    pub fn file_name(&self) -> Option<&str> {
        self.text("file_name")
    }

    /// Why the job failed: a text or a number at the service, a text here. `None` where the event does
    /// not say.
    pub fn error_code(&self) -> Option<String> {
        match self.data()?.get("error_code")? {
            Value::String(code) => Some(code.clone()),
            Value::Number(code) => Some(code.to_string()),
            _ => None,
        }
    }

    /// Why the job failed, in words; `None` where the event does not say.
    pub fn error_message(&self) -> Option<&str> {
        self.text("error_message")
    }

    /// What [`WebhookConfig::user_metadata`](crate::batches::WebhookConfig::user_metadata) put on the
    /// job. Where it stands is not documented; it is looked for beside `data` and in it.
    pub fn user_metadata(&self) -> Option<&Map<String, Value>> {
        let places = [Some(&self.0.fields), self.data()];
        places.into_iter().flatten().find_map(|place| {
            let found = place.get("user_metadata");
            found.or_else(|| place.get("userMetadata"))?.as_object()
        })
    }

    /// The details of the event, with fields that have no method here; `None` where it has none.
    pub fn data(&self) -> Option<&Map<String, Value>> {
        self.0.fields.get("data")?.as_object()
    }

    /// The event as it came.
    pub fn as_json(&self) -> &str {
        &self.0.json
    }

    /// The whole event, parsed; for fields that this type does not cover.
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.fields.clone())
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.data()?.get(field)?.as_str()
    }
}

/// The id alone.
fn bare(name: &str) -> &str {
    let id = name.rsplit('/').next().unwrap_or(name);
    id.strip_prefix("batch_").unwrap_or(id)
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("type", &self.0.event_type)
            .field("id", &self.0.id)
            .field("job", &self.job_name())
            .field("is_signed", &self.0.is_signed)
            .field("is_repeated", &self.0.is_repeated)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(data: &str) -> Event {
        Event::from_json(format!(r#"{{"type":"batch.succeeded","data":{data}}}"#)).unwrap()
    }

    #[test]
    fn what_is_documented_has_a_method_and_the_rest_stays_visible() {
        let json = r#"{"type":"batch.succeeded","version":"v1",
            "timestamp":"2026-01-22T12:00:00.123456789Z","new":[1],"user_metadata":{"run":7},
            "data":{"id":"batch_123456","output_file_uri":"gs://b/r.jsonl","file_name":"files/a"}}"#;
        let event = Event::from_json(json).unwrap();
        assert_eq!(event.event_type(), &EventType::BatchSucceeded);
        assert_eq!(event.time().unwrap().timestamp_subsec_nanos(), 123_456_789);
        assert_eq!(event.output_file_uri(), Some("gs://b/r.jsonl"));
        assert_eq!(event.file_name(), Some("files/a"));
        assert_eq!(event.user_metadata().unwrap()["run"], 7);
        assert_eq!(event.to_value()["new"][0], 1);
        assert_eq!(event.as_json(), json);
        assert!(!event.is_signed() && event.id().is_none());
    }

    #[test]
    fn a_job_is_known_by_its_id_in_every_form() {
        for id in [
            "batches/12-a",
            "12-a",
            "batch_12-a",
            "projects/p/batches/12-a",
        ] {
            assert!(event(&format!(r#"{{"id":"{id}"}}"#)).is_about("batches/12-a"));
        }
        for data in [
            r#"{"id":"batches/12"}"#,
            r#"{"id":7}"#,
            r#"{"id":""}"#,
            "{}",
            "[]",
            "null",
        ] {
            assert!(!event(data).is_about("batches/12-a"), "{data}");
        }
    }

    #[test]
    fn fields_of_an_odd_shape_are_absent() {
        let odd = event(r#"{"id":[],"output_file_uri":1,"error_code":{},"error_message":null}"#);
        assert!(odd.job_name().is_none() && odd.output_file_uri().is_none());
        assert!(odd.error_code().is_none() && odd.error_message().is_none());
        assert!(odd.time().is_none() && odd.user_metadata().is_none());
        assert_eq!(
            event(r#"{"error_code":"QUOTA"}"#).error_code().unwrap(),
            "QUOTA"
        );
    }

    #[test]
    fn a_body_that_is_not_an_event_is_refused_with_the_reason() {
        for (body, reason) in [
            (&b"\xff"[..], "UTF-8"),
            (b"", "JSON"),
            (b"{", "JSON"),
            (br#"{"type":"a"} {}"#, "JSON"),
            (br#"[{"type":"a"}]"#, "object"),
            (br#"{"type":7}"#, "`type`"),
            (b"{}", "`type`"),
        ] {
            let error = Event::from_json(body).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
            assert!(!error.is_unverified() && !error.is_retryable());
        }
        let deep = "[".repeat(100_000);
        assert!(Event::from_json(deep).is_err());
    }
}
