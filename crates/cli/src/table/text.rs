//! A cell as a text, and a list of names as people read it.

use std::borrow::Cow;

use serde_json::Value;

/// A cell as a text: nothing for null, and JSON for what has parts.
pub(crate) fn of(cell: &Value) -> Cow<'_, str> {
    match cell {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// Names for people, the first of them if there are many.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 30;
    let mut list: Vec<String> = names.iter().take(SHOWN).map(|name| shown(name)).collect();
    if names.len() > SHOWN {
        list.push(format!("… ({} in all)", names.len()));
    }
    list.join(", ")
}

/// A name as it is shown: in quotes where that is clearer, and never very long.
fn shown(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
    match !name.is_empty() && name.chars().all(is_plain) {
        true => clip(name, 60).into_owned(),
        false => format!("{:?}", clip(name, 60)),
    }
}

/// The beginning of a text.
pub(crate) fn clip(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}
