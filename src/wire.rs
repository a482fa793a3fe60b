//! Pieces of Google's JSON that several messages share, read leniently: what has an odd
//! shape is absent here and still visible in the raw JSON.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::job::{BatchJob, Status};
use crate::page::Page;
use crate::raw::Int64;
use crate::scan::Scanner;

/// A field that is `None` where its value has another shape than expected.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> std::result::Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// A count that comes as a text or a number.
pub(crate) fn count<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<u64>, D::Error> {
    let number: Option<Int64> = lenient(deserializer)?;
    Ok(number.and_then(|Int64(number)| u64::try_from(number).ok()))
}

/// A point in time; up to nine fractional digits are kept.
pub(crate) fn time<'de, D>(deserializer: D) -> std::result::Result<Option<DateTime<Utc>>, D::Error>
where
    D: Deserializer<'de>,
{
    lenient(deserializer)
}

/// One page of a list of jobs, which stand in `field`. A job that `plain` does not read is left to
/// `read`.
pub(crate) fn page(
    json: &Bytes,
    field: &str,
    plain: impl Fn(&mut Scanner<'_>, &Bytes) -> Option<BatchJob>,
    read: impl Fn(Bytes) -> Result<BatchJob>,
) -> Result<Page<BatchJob>> {
    match plain_page(json, field, plain, &read) {
        Some(page) => Ok(page),
        None => any_page(json, field, read),
    }
}

/// Reads a page in one pass; `None` if it is unusual.
pub(crate) fn plain_page(
    json: &Bytes,
    field: &str,
    plain: impl Fn(&mut Scanner<'_>, &Bytes) -> Option<BatchJob>,
    read: impl Fn(Bytes) -> Result<BatchJob>,
) -> Option<Page<BatchJob>> {
    let mut scanner = Scanner::new(json)?;
    let (mut jobs, mut token) = (None, None);
    let mut fields = scanner.object()?;
    while let Some(name) = scanner.next_field(&mut fields)? {
        if name == "nextPageToken" {
            if token.replace(scanner.text()?.into_owned()).is_some() {
                return None;
            }
        } else if name == field {
            let mut read_jobs = Vec::new();
            let mut elements = scanner.list()?;
            while scanner.next(&mut elements)? {
                let mut ahead = scanner.clone();
                match plain(&mut ahead, json) {
                    Some(job) => {
                        read_jobs.push(job);
                        scanner = ahead;
                    }
                    // Of a page with a job that nobody can read, the rest may be wrong too.
                    None => {
                        let job = json.slice_ref(scanner.skip()?.as_bytes());
                        read_jobs.push(read(job).ok()?);
                    }
                }
            }
            if jobs.replace(read_jobs).is_some() {
                return None;
            }
        } else {
            scanner.skip()?;
        }
    }
    scanner.end()?;
    Some(Page {
        items: jobs.unwrap_or_default(),
        next_page_token: token.filter(|token| !token.is_empty()),
    })
}

pub(crate) fn any_page(
    json: &Bytes,
    field: &str,
    read: impl Fn(Bytes) -> Result<BatchJob>,
) -> Result<Page<BatchJob>> {
    let unreadable = |e| {
        Error::protocol("the service's answer is no list that this client can read").with_source(e)
    };
    let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(json).map_err(unreadable)?;
    let parse = |name: &str| fields.get(name).map(|raw| raw.get());
    let elements: Option<Vec<&RawValue>> = parse(field)
        .map(serde_json::from_str)
        .transpose()
        .map_err(unreadable)?;
    let token: Option<String> = parse("nextPageToken")
        .map(serde_json::from_str)
        .transpose()
        .map_err(unreadable)?;
    Ok(Page {
        items: elements
            .unwrap_or_default()
            .into_iter()
            .map(|element| read(json.slice_ref(element.get().as_bytes())))
            .collect::<Result<_>>()?,
        next_page_token: token.filter(|token| !token.is_empty()),
    })
}

/// Reads an object. Derived readers take a list too, as the fields in order, and would find a
/// key in any list that begins with a text.
pub(crate) fn object<'de, T: Deserialize<'de>>(json: &'de str) -> serde_json::Result<T> {
    let begins_as_list = json.trim_ascii_start().starts_with('[');
    if begins_as_list {
        let found = serde::de::Unexpected::Seq;
        return Err(serde::de::Error::invalid_type(found, &"an object"));
    }
    serde_json::from_str(json)
}

/// A `google.rpc.Status`, of which only the code may be there.
pub(crate) fn status(json: &str) -> Option<Status> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(default, deserialize_with = "lenient")]
        code: Option<Int64>,
        #[serde(default, deserialize_with = "lenient")]
        message: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        details: Option<Vec<Value>>,
    }
    let wire: Wire = object(json).ok()?;
    Some(Status {
        // `google.rpc.Code` 2 is UNKNOWN.
        code: wire.code.map_or(2, |Int64(code)| code),
        message: wire.message.unwrap_or_default(),
        details: wire.details.unwrap_or_default(),
    })
}

/// What a parser says of a text that is one line: without "at line 1", which contradicts the
/// line's own number.
pub(crate) fn on_one_line(error: &serde_json::Error) -> String {
    error
        .to_string()
        .replace(" at line 1 column ", " at column ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_may_be_a_code_alone() {
        let cancelled = status(r#"{"code":1}"#).unwrap();
        assert_eq!((cancelled.code, cancelled.status()), (1, "CANCELLED"));
        assert_eq!(status(r#"{"message":"odd","code":{}}"#).unwrap().code, 2);
        assert_eq!(status(r#"{"code":99}"#).unwrap().status(), "UNKNOWN");
        assert!(status("7").is_none());
        assert!(status(r#"[3,"text"]"#).is_none());
    }
}
