//! What must hold for any bytes that come in place of a discovery document: the
//! target `regen` of `fuzz/` calls it with bytes of its own making, and the test
//! here with the seeds that are kept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken promise is to end the run"
)]

use serde_json::Value;

use crate::diff;
use crate::discovery::{Api, GEMINI, VERTEX, parse};
use crate::emit::{Emitted, emit, to_text};

/// A document is refused or becomes a whole OpenAPI document, the same each time.
///
/// What follows a NUL byte is the patch; without one there is none.
pub fn regen(data: &[u8]) {
    let mut pieces = data.splitn(2, |byte| *byte == 0);
    let document = pieces.next().unwrap_or_default();
    let patch = pieces.next().map(serde_json::from_slice);
    let patch = match patch.transpose() {
        Ok(patch) => patch,
        Err(_) => return,
    };
    for api in [&GEMINI, &VERTEX] {
        makes_a_whole(api, document, patch.as_ref());
    }
}

fn makes_a_whole(api: &Api, bytes: &[u8], patch: Option<&Value>) {
    let Ok(document) = parse(api, bytes) else {
        return;
    };
    let no_patch = Value::Object(Default::default());
    let emitted = emit(api, &document, patch.unwrap_or(&no_patch));
    let Ok(Emitted { openapi, .. }) = emitted else {
        return;
    };
    let text = to_text(&openapi).unwrap();
    let again = emit(api, &document, patch.unwrap_or(&no_patch)).unwrap();
    assert_eq!(text, to_text(&again.openapi).unwrap());
    if let Ok(read) = serde_json::from_str(&text) {
        assert_eq!(text, to_text(&read).unwrap());
        assert_eq!(openapi, read);
    }
    assert!(diff::in_words(&openapi, &openapi).is_empty());
    assert!(diff::unified("a.json", &text, &text).is_empty());
    let _ = diff::in_words(&Value::Null, &openapi);
    let _ = diff::in_words(&openapi, &Value::Null);
    if patch.is_none() {
        refers_to_what_is_there(&openapi, &openapi);
    }
}

/// Every reference within `part` leads to something in the document.
fn refers_to_what_is_there(document: &Value, part: &Value) {
    match part {
        Value::Array(items) => {
            for item in items {
                refers_to_what_is_there(document, item);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if let ("$ref", Value::String(reference)) = (&**name, member) {
                    let place = reference.strip_prefix("#/components/").unwrap();
                    let (kind, name) = place.split_once('/').unwrap();
                    assert!(
                        document["components"][kind].get(name).is_some(),
                        "{reference}"
                    );
                }
                refers_to_what_is_there(document, member);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/regen");
        let mut seeds = 0;
        for entry in std::fs::read_dir(folder).expect(folder) {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            regen(&std::fs::read(path).unwrap());
            seeds += 1;
        }
        assert!(seeds > 0, "{folder} is empty");
    }
}
