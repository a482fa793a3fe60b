//! What Google's Python SDK can send, as `openapi/sdk.json` has it and as the SDK of today has it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Names within names.
pub(super) type Names = BTreeMap<String, BTreeSet<String>>;

/// What `sdk.py` finds in the SDK.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sdk {
    pub(super) version: String,
    /// The fields of its types.
    pub(super) types: Names,
    /// The values of its enums.
    pub(super) enums: Names,
    /// The calls of its modules.
    pub(super) methods: Names,
    /// What of the types `openapi/fields.json` lacks, by backend, and which is known: the SDK refuses it
    /// for that backend, or writes it otherwise. Recorded, not found.
    #[serde(default)]
    pub(super) lacking: BTreeMap<String, Names>,
}

/// The messages of `openapi/fields.json`, by backend.
pub(super) type Fields = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

impl Sdk {
    /// What is in `newer` and not here, a line each, and what is gone.
    pub(super) fn news(&self, newer: &Self) -> Vec<String> {
        let kinds = [
            ("field", &self.types, &newer.types),
            ("value", &self.enums, &newer.enums),
            ("method", &self.methods, &newer.methods),
        ];
        let mut news = Vec::new();
        for (what, ours, theirs) in kinds {
            for (name, member) in beyond(theirs, ours) {
                news.push(format!("google-genai: new {what} `{name}.{member}`"));
            }
            for (name, member) in beyond(ours, theirs) {
                news.push(format!("google-genai: {what} `{name}.{member}` is gone"));
            }
        }
        news
    }

    /// The fields that this SDK has in messages of requests and the documents have not, by backend.
    pub(super) fn lacking_in(&self, fields: &Fields) -> BTreeMap<String, Names> {
        let of_backend = |messages: &BTreeMap<String, BTreeMap<String, String>>| {
            let mut lacking = Names::new();
            for (name, ours) in messages {
                let theirs = self.types.get(sdk_name(name)).into_iter().flatten();
                let lacks = theirs.filter(|field| !ours.contains_key(*field));
                for field in lacks {
                    let of_message = lacking.entry(name.clone()).or_default();
                    of_message.insert(field.clone());
                }
            }
            lacking
        };
        let backends = fields.iter();
        backends
            .map(|(backend, messages)| (backend.clone(), of_backend(messages)))
            .collect()
    }

    /// Those of them that are not known, a line each.
    pub(super) fn unknown_in(&self, fields: &Fields, known: &Self) -> Vec<String> {
        let mut news = Vec::new();
        for (backend, lacking) in self.lacking_in(fields) {
            let known = known.lacking.get(&backend).cloned().unwrap_or_default();
            for (name, field) in beyond(&lacking, &known) {
                news.push(format!(
                    "openapi/fields.json: {backend}'s `{name}` lacks `{field}`, which the SDK has"
                ));
            }
        }
        news
    }
}

/// What is in the one and not in the other.
fn beyond<'a>(one: &'a Names, other: &'a Names) -> impl Iterator<Item = (&'a str, &'a str)> {
    one.iter().flatten_names().filter(|(name, member)| {
        let others = other.get(*name);
        !others.is_some_and(|others| others.contains(*member))
    })
}

/// Every name with each of its members.
trait FlattenNames<'a> {
    fn flatten_names(self) -> impl Iterator<Item = (&'a str, &'a str)>;
}

impl<'a, I: Iterator<Item = (&'a String, &'a BTreeSet<String>)>> FlattenNames<'a> for I {
    fn flatten_names(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.flat_map(|(name, members)| {
            members
                .iter()
                .map(move |member| (name.as_str(), member.as_str()))
        })
    }
}

/// The SDK's name of a message, where the documents have another.
fn sdk_name(message: &str) -> &str {
    match message {
        "GenerationConfigThinkingConfig" => "ThinkingConfig",
        "V1mainMediaResolution" => "PartMediaResolution",
        "ToolCodeExecution" | "CodeExecution" => "ToolCodeExecution",
        "ToolComputerUse" => "ComputerUse",
        "ToolGoogleSearch" => "GoogleSearch",
        "ToolExaAiSearch" => "ExaAiSearch",
        "ToolParallelAiSearch" => "ParallelAiSearch",
        message => message,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sdk(value: serde_json::Value) -> Sdk {
        let mut sdk = json!({"version": "1", "types": {}, "enums": {}, "methods": {}});
        json_patch::merge(&mut sdk, &value);
        serde_json::from_value(sdk).unwrap()
    }

    #[test]
    fn what_is_new_and_what_is_gone_is_told() {
        let ours = sdk(json!({"types": {"Part": ["text"]}, "enums": {"Level": ["LOW", "HIGH"]}}));
        let newer = sdk(json!({
            "types": {"Part": ["text", "smell"], "Nose": ["size"]},
            "enums": {"Level": ["LOW"]},
            "methods": {"batches": ["create"]},
        }));
        assert_eq!(
            ours.news(&newer),
            [
                "google-genai: new field `Nose.size`",
                "google-genai: new field `Part.smell`",
                "google-genai: value `Level.HIGH` is gone",
                "google-genai: new method `batches.create`",
            ]
        );
        assert!(ours.news(&ours.clone()).is_empty());
    }

    #[test]
    fn a_field_that_the_documents_lack_is_told_unless_it_is_known() {
        let newer = sdk(json!({"types": {
            "Part": ["text", "smell", "taste"],
            "ThinkingConfig": ["depth"],
            "File": ["name"],
        }}));
        let fields = serde_json::from_value::<Fields>(json!({
            "gemini": {"Part": {"text": "string"}},
            "vertex": {
                "Part": {"text": "string", "smell": "*", "taste": "*"},
                "GenerationConfigThinkingConfig": {},
            },
        }));
        let known = sdk(json!({"lacking": {"gemini": {"Part": ["taste"]}}}));
        assert_eq!(
            newer.unknown_in(&fields.unwrap(), &known),
            [
                "openapi/fields.json: gemini's `Part` lacks `smell`, which the SDK has",
                "openapi/fields.json: vertex's `GenerationConfigThinkingConfig` lacks `depth`, \
                 which the SDK has",
            ]
        );
    }
}
