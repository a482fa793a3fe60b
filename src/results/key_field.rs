//! The key of a row in a field of another name: a column of the caller's own, or what the model's
//! form calls it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::key::Key;
use super::row::{Row, read_key};
use crate::job::SentKeys;
use crate::request::Form;
use crate::scan::whole_characters;
use crate::wire;

/// Which field of a row holds its key.
#[derive(Debug, Clone)]
pub(crate) struct KeyField {
    /// From the first that is looked for to the last.
    names: Vec<String>,
    /// Whether it comes before what the reader of rows finds, and not only where that finds none.
    is_first: bool,
    /// Whether no other field will do.
    is_only: bool,
}

impl KeyField {
    /// The field that the caller names, or that was sent, or that the form of the job has; `None`
    /// where nothing is known of it.
    pub(crate) fn of(
        named: Option<&str>,
        sent: Option<&SentKeys>,
        form: Option<Form>,
    ) -> Option<Self> {
        let is_sent_only = sent.is_some_and(|sent| sent.is_only);
        let sent_field = sent.map(|sent| sent.field.as_str());
        let form_field = form.map(Form::key_field).filter(|_| named.is_none());
        let names = named.into_iter().chain(sent_field.or(form_field));
        let names: Vec<_> = names.map(str::to_owned).collect();
        (!names.is_empty()).then_some(Self {
            names,
            is_first: named.is_some() || is_sent_only,
            is_only: is_sent_only || (named.is_some() && sent.is_none()),
        })
    }

    /// Gives a row the key that stands in the field.
    ///
    /// # Errors
    ///
    /// If the field stands twice in the row.
    pub(super) fn apply(&self, row: &mut Row) -> Result<(), String> {
        if row.key.is_some() && !self.is_first {
            return Ok(());
        }
        let json = std::str::from_utf8(&row.json).unwrap_or_default();
        // The name of a field may have half a character, which no reader of names takes.
        let whole = whole_characters(json.as_bytes()).and_then(|it| String::from_utf8(it).ok());
        let fields = wire::object::<Pairs<'_>>(whole.as_deref().unwrap_or(json));
        let key = self.find(&fields.unwrap_or_default())?;
        if key.is_some() || self.is_only {
            row.key = key;
        }
        Ok(())
    }

    fn find(&self, fields: &Pairs<'_>) -> Result<Option<Key>, String> {
        for name in &self.names {
            if let Some(key) = fields.get(name)?.and_then(read_key) {
                return Ok(Some(key));
            }
            // Where models echo what they were given.
            for outer in ["instance", "metadata"] {
                let inner = fields
                    .get(outer)?
                    .map(|it| wire::object::<Pairs<'_>>(it.get()));
                let inner = inner.and_then(Result::ok).unwrap_or_default();
                if let Some(key) = inner.get(name)?.and_then(read_key) {
                    return Ok(Some(key));
                }
            }
        }
        Ok(None)
    }
}

/// The fields of an object, those that stand twice among them.
#[derive(Default)]
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Pairs<'a> {
    fn get(&self, name: &str) -> Result<Option<&'a RawValue>, String> {
        let mut found = self.0.iter().filter(|(other, _)| other == name);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(format!(
                "the field `{name}`, which has the key, is there twice"
            )),
            (found, _) => Ok(found.map(|(_, value)| *value)),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }

        deserializer.deserialize_map(Reader).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::backend::gemini::results::read_row;

    fn key(field: &KeyField, json: &str) -> Result<Option<String>, String> {
        let mut row = read_row(Bytes::copy_from_slice(json.as_bytes())).unwrap();
        field.apply(&mut row)?;
        Ok(row.key.map(String::from))
    }

    fn some(key: &str) -> Result<Option<String>, String> {
        Ok(Some(key.to_owned()))
    }

    fn sent(field: &str, is_only: bool) -> SentKeys {
        SentKeys {
            field: field.to_owned(),
            is_only,
        }
    }

    #[test]
    fn the_field_that_was_sent_tells_two_keys_apart() {
        let both = r#"{"custom_id":"a","key":"b","response":{"candidates":[]}}"#;
        let row = read_row(Bytes::copy_from_slice(both.as_bytes())).unwrap();
        assert!(row.key.is_none() && row.has_two_keys);
        let of = |sent: &SentKeys| KeyField::of(None, Some(sent), None).unwrap();
        assert_eq!(key(&of(&sent("custom_id", false)), both), some("a"));
        assert_eq!(key(&of(&sent("key", false)), both), some("b"));
        let form = KeyField::of(None, None, Some(Form::OpenAi)).unwrap();
        assert_eq!(key(&form, both), some("a"));
        assert!(KeyField::of(None, None, None).is_none());
        let same = r#"{"custom_id":"a","key":"a","response":{"candidates":[]}}"#;
        let row = read_row(Bytes::copy_from_slice(same.as_bytes())).unwrap();
        assert_eq!(row.key.as_deref(), Some("a"));
        // A column of the caller's beside the only field that counts.
        let own = r#"{"doc_id":"a","key":"b","response":{"candidates":[]}}"#;
        assert_eq!(key(&of(&sent("doc_id", true)), own), some("a"));
        let none = r#"{"key":"b","response":{"candidates":[]}}"#;
        assert_eq!(key(&of(&sent("doc_id", true)), none), Ok(None));
    }

    #[test]
    fn a_field_that_was_renamed_on_the_way_is_found_as_it_was_sent() {
        let sent = sent("key", false);
        let known = KeyField::of(Some("doc_id"), Some(&sent), None).unwrap();
        let unknown = KeyField::of(Some("doc_id"), None, None).unwrap();
        for row in [
            r#"{"key":"a","response":{"candidates":[]}}"#,
            r#"{"metadata":{"key":"a"},"response":{"candidates":[]}}"#,
        ] {
            assert_eq!(key(&known, row), some("a"));
            assert_eq!(key(&unknown, row), Ok(None));
        }
        let row = r#"{"key":"a","doc_id":"d","response":{"candidates":[]}}"#;
        assert_eq!(key(&known, row), some("d"));
    }

    #[test]
    fn a_field_that_stands_twice_makes_a_row_unreadable() {
        let field = KeyField::of(Some("doc_id"), None, None).unwrap();
        for row in [
            r#"{"doc_id":"a","doc_id":"b","response":{}}"#,
            r#"{"doc_id":"a","doc_\u0069d":"a","response":{}}"#,
            r#"{"instance":{"doc_id":"a","doc_id":"b"},"response":{}}"#,
            r#"{"metadata":{"doc_id":"a","doc_id":"b"},"response":{}}"#,
        ] {
            assert!(key(&field, row).unwrap_err().contains("twice"), "{row}");
        }
        let other = r#"{"doc_id":"a","x\ud83d":1,"x\ud83d":2,"response":{}}"#;
        assert_eq!(key(&field, other), some("a"));
    }
}
