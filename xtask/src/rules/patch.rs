//! Applies our own words: `openapi/*.patch.json`, an RFC 7396 merge patch each.
//!
//! A patch describes what the document has; an entry for something that is no
//! longer there is an error, or patches would rot. The exceptions say so
//! themselves: an object with `"x-ours": "added"` may be new, and one with
//! `"x-ours": "changed"` replaces what must be there. The mark stays in the
//! document, so that its reader can tell Google's facts from ours.

use anyhow::{Result, ensure};
use serde_json::Value;

const MARK: &str = "x-ours";

/// Merges `patch` into `document`. Returns the additions that turn out to
/// be there without us: Google has caught up, and they can go.
pub(crate) fn apply(document: &mut Value, patch: &Value) -> Result<Vec<String>> {
    let mut findings = Findings::default();
    findings.compare(document, patch, "");
    let Findings {
        stray,
        prose,
        caught_up,
    } = findings;
    ensure!(
        stray.is_empty(),
        "the patch has entries for what the document has not (remove them, or mark them \
         with \"{MARK}\": \"added\"): {}",
        stray.join(", "),
    );
    ensure!(
        prose.is_empty(),
        "indented or fenced text in a description would become a doctest: {}",
        prose.join(", "),
    );
    json_patch::merge(document, patch);
    Ok(caught_up)
}

#[derive(Default)]
struct Findings {
    stray: Vec<String>,
    prose: Vec<String>,
    caught_up: Vec<String>,
}

impl Findings {
    /// Compares one object of the patch, found at `at`, with its target.
    fn compare(&mut self, target: &Value, patch: &Value, at: &str) {
        let Value::Object(entries) = patch else {
            return;
        };
        for (name, entry) in entries {
            let at = match at {
                "" => name.clone(),
                at => format!("{at} > {name}"),
            };
            let own_words = entry.is_string() && matches!(name.as_str(), "description" | "summary");
            if own_words && entry.as_str().is_some_and(holds_code) {
                self.prose.push(at.clone());
            }
            let mark = entry.get(MARK).and_then(Value::as_str);
            match (target.get(name), mark) {
                (Some(_), Some("added")) => self.caught_up.push(at),
                (Some(_), Some("changed")) | (None, Some("added")) => {}
                (Some(target), _) => self.compare(target, entry, &at),
                (None, _) if own_words => {}
                (None, _) => self.stray.push(at),
            }
        }
    }
}

fn holds_code(text: &str) -> bool {
    text.contains("```")
        || text.contains("~~~")
        || text
            .lines()
            .any(|line| line.starts_with("    ") || line.starts_with('\t'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({"schemas": {"Job": {"properties": {
            "name": {"type": "string"},
            "metadata": {"type": "object", "additionalProperties": {}},
        }}}})
    }

    #[test]
    fn describes_adds_and_changes() {
        let mut document = document();
        let patch = json!({"schemas": {
            "Job": {"properties": {
                "name": {"description": "What it is called."},
                "hook": {"x-ours": "added", "type": "string"},
                "metadata": {"x-ours": "changed", "type": null, "additionalProperties": null, "$ref": "#/x"},
            }},
        }});
        assert_eq!(apply(&mut document, &patch).unwrap(), Vec::<String>::new());
        assert_eq!(
            document["schemas"]["Job"]["properties"],
            json!({
                "name": {"type": "string", "description": "What it is called."},
                "hook": {"x-ours": "added", "type": "string"},
                "metadata": {"x-ours": "changed", "$ref": "#/x"},
            }),
        );
    }

    #[test]
    fn refuses_and_names_what_is_gone() {
        let before = document();
        for (patch, named) in [
            (
                json!({"schemas": {"Old": {"description": "Gone."}}}),
                "schemas > Old",
            ),
            (
                json!({"schemas": {"Job": {"properties": {"old": {"x-ours": "changed"}}}}}),
                "schemas > Job > properties > old",
            ),
        ] {
            let mut document = document();
            let error = apply(&mut document, &patch).unwrap_err().to_string();
            assert!(error.ends_with(named), "{error}");
            assert_eq!(document, before);
        }
    }

    #[test]
    fn tells_when_google_has_caught_up() {
        let patch = json!({"schemas": {"Job": {"properties": {"name": {"x-ours": "added"}}}}});
        assert_eq!(
            apply(&mut document(), &patch).unwrap(),
            ["schemas > Job > properties > name"],
        );
    }

    #[test]
    fn refuses_what_would_become_a_doctest() {
        for text in ["```\ncode\n```", "As in\n\n    code"] {
            let patch = json!({"schemas": {"Job": {"description": text}}});
            assert!(apply(&mut document(), &patch).is_err());
        }
    }
}
