//! The message of a request as its builder has it.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

/// The fields of Google's message. `contents` that are one text of the user, which is what most
/// batches are made of, are kept as that text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    prompt: Option<String>,
    fields: Map<String, Value>,
}

impl Body {
    pub(super) fn prompt(text: String) -> Self {
        Self {
            prompt: Some(text),
            fields: Map::new(),
        }
    }

    /// Sets a field.
    pub(super) fn set(&mut self, name: String, value: Value) {
        if name == "contents" {
            self.prompt = None;
        }
        self.fields.insert(name, value);
    }

    /// All fields, to be changed.
    pub(crate) fn fields_mut(&mut self) -> &mut Map<String, Value> {
        if let Some(text) = self.prompt.take() {
            let contents = json!([{ "parts": [{ "text": text }], "role": "user" }]);
            self.fields.insert("contents".to_owned(), contents);
        }
        &mut self.fields
    }

    /// The fields but for the contents, to be changed.
    pub(super) fn settings_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.fields
    }

    pub(crate) fn into_fields(mut self) -> Map<String, Value> {
        std::mem::take(self.fields_mut())
    }

    pub(crate) fn fields(&self) -> Cow<'_, Map<String, Value>> {
        match self.prompt {
            None => Cow::Borrowed(&self.fields),
            Some(_) => Cow::Owned(self.clone().into_fields()),
        }
    }

    /// The text that the contents are, and the other fields; `None` if they are more than that.
    pub(crate) fn as_prompt(&self) -> Option<(&str, &Map<String, Value>)> {
        Some((self.prompt.as_deref()?, &self.fields))
    }
}

impl From<Map<String, Value>> for Body {
    fn from(fields: Map<String, Value>) -> Self {
        Self {
            prompt: None,
            fields,
        }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.fields() == other.fields()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_the_contents_it_stands_for() {
        let prompt = Body::prompt("hi".to_owned());
        let contents = json!([{ "parts": [{ "text": "hi" }], "role": "user" }]);
        let spelled = Body::from(Map::from_iter([("contents".to_owned(), contents)]));
        assert_eq!(prompt, spelled);
        assert!(prompt.as_prompt().is_some() && spelled.as_prompt().is_none());

        let mut replaced = prompt.clone();
        replaced.set("store".to_owned(), true.into());
        assert_ne!(replaced, prompt);
        replaced.set("contents".to_owned(), json!([]));
        assert_eq!(replaced.into_fields()["contents"], json!([]));
    }
}
