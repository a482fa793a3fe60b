//! Rows without a key, told apart by the request that the service echoes.
//!
//! Never by position: a row goes to a request whose content is the same, and where several
//! requests have the same content, each row goes to another one of them.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use serde_json::Value;

use crate::source::embedding;
use crate::source::entry::EmbedForm;

/// The keys of submitted requests, by what was asked.
#[derive(Debug)]
pub(crate) struct Contents {
    /// How the job's model takes requests for embeddings.
    form: EmbedForm,
    hasher: RandomState,
    keys: HashMap<u64, Vec<String>>,
}

impl Contents {
    pub(crate) fn new(form: EmbedForm) -> Self {
        Self {
            form,
            hasher: RandomState::new(),
            keys: HashMap::new(),
        }
    }

    /// Adds a request in JSON.
    pub(crate) fn push(&mut self, request: &str, key: &str) {
        if let Some(hash) = self.hash(request.as_bytes()) {
            self.keys.entry(hash).or_default().push(key.to_owned());
        }
    }

    /// The key of a request with this content that no row has had.
    pub(crate) fn take(&mut self, request: &[u8]) -> Option<String> {
        let hash = self.hash(request)?;
        let keys = self.keys.get_mut(&hash)?;
        let key = keys.pop();
        if keys.is_empty() {
            self.keys.remove(&hash);
        }
        key
    }

    /// The hash of a request, however an embedding's is spelled.
    fn hash(&self, json: &[u8]) -> Option<u64> {
        match embedding::comparable(json, self.form) {
            Some(embedding) => Some(hash_of(&self.hasher, embedding)),
            None => hash(&self.hasher, json),
        }
    }
}

/// The hash of a JSON value, whatever the order of its fields and the spelling of its numbers.
pub(super) fn hash(hasher: &RandomState, json: &[u8]) -> Option<u64> {
    let value = serde_json::from_slice(json).ok()?;
    Some(hash_of(hasher, value))
}

fn hash_of(hasher: &RandomState, value: Value) -> u64 {
    hasher.hash_one(canonical(value).to_string())
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
        let mut contents = Contents::new(EmbedForm::Gemini);
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

    #[test]
    fn embeddings_are_compared_in_every_spelling() {
        let submitted = r#"{"content":{"parts":[{"text":"hi"}],"role":"user"},"taskType":"T"}"#;
        let mut contents = Contents::new(EmbedForm::VertexGemini);
        contents.push(submitted, "a");
        let echoed = br#"{"content":"hi","embed_content_config":{"task_type":"T"}}"#;
        assert_eq!(contents.take(echoed).as_deref(), Some("a"));

        let mut contents = Contents::new(EmbedForm::VertexText);
        contents.push(submitted, "a");
        let other = br#"{"content":"hi","task_type":"U"}"#;
        assert_eq!(contents.take(other), None);
        let echoed = br#"{"content":"hi","key":"lost","metadata":{"n":1},"task_type":"T"}"#;
        assert_eq!(contents.take(echoed).as_deref(), Some("a"));
    }
}
