//! Rows without a key, told apart by the request that the service echoes.
//!
//! Never by position: a row goes to a request whose content is the same. Where several requests
//! have the same content, rows with keys come first in effect, and each other row goes to another
//! one of those that are left.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::canonical::canonical;
use super::embedding;
use super::kind::EmbedForm;

/// The keys of submitted requests, by what was asked.
#[derive(Debug)]
pub struct ContentIndex {
    /// How the job's model takes requests for embeddings.
    form: EmbedForm,
    /// Two of them, since a content that passes for another would give its result a wrong key.
    hashers: [RandomState; 2],
    keys: HashMap<[u64; 2], Vec<String>>,
}

impl ContentIndex {
    /// None, of a job that takes requests for embeddings in this form.
    pub fn new(form: EmbedForm) -> Self {
        Self {
            form,
            hashers: [RandomState::new(), RandomState::new()],
            keys: HashMap::new(),
        }
    }

    /// Adds a request in JSON.
    pub fn push(&mut self, request: &str, key: &str) {
        if let Some(hash) = self.hash(request.as_bytes()) {
            self.keys.entry(hash).or_default().push(key.to_owned());
        }
    }

    /// Whether a request has this content.
    pub(crate) fn has(&self, request: &[u8]) -> bool {
        self.hash(request)
            .is_some_and(|hash| self.keys.contains_key(&hash))
    }

    /// The key of any request with this content that `is_free` of a row.
    pub(crate) fn take(
        &mut self,
        request: &[u8],
        is_free: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let hash = self.hash(request)?;
        let keys = self.keys.get_mut(&hash)?;
        keys.retain(|key| is_free(key));
        keys.pop()
    }

    /// The hash of a request, however an embedding's is spelled.
    fn hash(&self, json: &[u8]) -> Option<[u64; 2]> {
        let text = match embedding::comparable(json, self.form) {
            Some(embedding) => canonical(embedding.to_string().as_bytes())?,
            None => canonical(json)?,
        };
        Some([0, 1].map(|n| self.hashers[n].hash_one(&text)))
    }
}

/// The hash of a JSON value, whatever the order of its fields and the spelling of its numbers.
pub(crate) fn hash(hasher: &RandomState, json: &[u8]) -> Option<u64> {
    canonical(json).map(|text| hasher.hash_one(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds a key that nobody has been given.
    fn take(contents: &mut ContentIndex, request: &[u8]) -> Option<String> {
        contents.take(request, |_| true)
    }

    #[test]
    fn content_is_compared_by_meaning_and_each_key_is_given_once() {
        let mut contents = ContentIndex::new(EmbedForm::Gemini);
        contents.push(r#"{"a":1,"b":[true]}"#, "first");
        contents.push(r#"{"b":[true],"a":1.0}"#, "second");
        contents.push(r#"{"a":2}"#, "third");
        let third = br#"{ "a": 2.0, "c": null }"#;
        assert!(contents.has(third) && !contents.has(br#"{"a":3}"#));
        assert_eq!(contents.take(third, |key| key != "third"), None);
        let same = br#"{"a":1,"b":[true]}"#;
        let first = contents.take(same, |key| key != "second");
        assert_eq!(first.as_deref(), Some("first"));
        assert_eq!(take(&mut contents, same), None);
        assert_eq!(take(&mut contents, b"not json"), None);
    }

    #[test]
    fn a_large_integer_is_not_taken_for_its_neighbour() {
        let mut contents = ContentIndex::new(EmbedForm::Gemini);
        contents.push(r#"{"seed":9007199254740992}"#, "even");
        contents.push(r#"{"seed":9007199254740993}"#, "odd");
        let odd = br#"{"seed":9007199254740993}"#;
        assert_eq!(take(&mut contents, odd).as_deref(), Some("odd"));
        assert_eq!(take(&mut contents, odd), None);
    }

    #[test]
    fn embeddings_are_compared_in_every_spelling() {
        let submitted = r#"{"content":{"parts":[{"text":"hi"}],"role":"user"},"taskType":"T"}"#;
        let mut contents = ContentIndex::new(EmbedForm::VertexGemini);
        contents.push(submitted, "a");
        let echoed = br#"{"content":"hi","embed_content_config":{"task_type":"T"}}"#;
        assert_eq!(take(&mut contents, echoed).as_deref(), Some("a"));

        let mut contents = ContentIndex::new(EmbedForm::VertexText);
        contents.push(submitted, "a");
        let other = br#"{"content":"hi","task_type":"U"}"#;
        assert_eq!(take(&mut contents, other), None);
        let echoed = br#"{"content":"hi","key":"lost","metadata":{"n":1},"task_type":"T"}"#;
        assert_eq!(take(&mut contents, echoed).as_deref(), Some("a"));
    }
}
