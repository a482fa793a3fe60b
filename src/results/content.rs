//! Rows without a key, told apart by the request that the service echoes.
//!
//! Never by position: a row goes to a request whose content is the same, and where several
//! requests have the same content, each row goes to another one of them.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use serde_json::Value;

/// The keys of submitted requests, by what was asked.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    hasher: RandomState,
    keys: HashMap<u64, Vec<String>>,
}

impl Contents {
    /// Adds a request in JSON.
    pub(crate) fn push(&mut self, request: &str, key: &str) {
        if let Some(hash) = hash(&self.hasher, request.as_bytes()) {
            self.keys.entry(hash).or_default().push(key.to_owned());
        }
    }

    /// The key of a request with this content that no row has had.
    pub(crate) fn take(&mut self, request: &[u8]) -> Option<String> {
        let hash = hash(&self.hasher, request)?;
        let keys = self.keys.get_mut(&hash)?;
        let key = keys.pop();
        if keys.is_empty() {
            self.keys.remove(&hash);
        }
        key
    }
}

/// The hash of a JSON value, whatever the order of its fields and the spelling of its numbers.
pub(super) fn hash(hasher: &RandomState, json: &[u8]) -> Option<u64> {
    let value: Value = serde_json::from_slice(json).ok()?;
    Some(hasher.hash_one(canonical(value).to_string()))
}

fn canonical(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Number(number), Value::from),
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        // `serde_json` keeps fields sorted, unless a crate of the build has that switched off.
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let sorted: BTreeMap<_, _> = fields.map(|(k, v)| (k, canonical(v))).collect();
            Value::Object(sorted.into_iter().collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_compared_by_meaning_and_each_key_is_given_once() {
        let mut contents = Contents::default();
        contents.push(r#"{"a":1,"b":[true]}"#, "first");
        contents.push(r#"{"b":[true],"a":1.0}"#, "second");
        contents.push(r#"{"a":2}"#, "third");
        assert_eq!(contents.take(br#"{ "a": 2.0 }"#).as_deref(), Some("third"));
        let mut same = [
            contents.take(br#"{"a":1,"b":[true]}"#),
            contents.take(br#"{"a":1,"b":[true]}"#),
        ];
        same.sort();
        assert_eq!(same, [Some("first".to_owned()), Some("second".to_owned())]);
        assert_eq!(contents.take(br#"{"a":1,"b":[true]}"#), None);
        assert_eq!(contents.take(b"not json"), None);
    }
}
