//! What can be told of a request by itself: whether its fields and values are those that the
//! backend describes, and go together. A create refuses what is an error here; a preflight lists
//! everything.
//!
//! ```text
//! table (Google's documents) ┬→ quick: right without a doubt, told in one pass
//!                            └→ walk → places, values, rules, media, schema: what is wrong
//! ```

mod against;
pub(crate) mod beside;
mod media;
mod path;
mod places;
mod quick;
mod ranges;
mod rules;
mod schema;
mod spelling;
mod table;
mod twice;
mod values;
mod walk;

use serde_json::{Map, Value};

use super::asks::Asks;
use super::fields::RawFields;
use super::finding::{Finding, FindingCode};
use super::known::{EMBED, GENERATE};
use crate::platform::Backend;
pub(crate) use against::Rules;
use against::model_ignored;
pub(crate) use path::Path;
#[cfg(test)]
use table::Table;
pub(crate) use twice::fields_twice;
pub(crate) use values::{clipped, is_base64};
use walk::Walk;

/// How long a text may be that is remembered as right.
const REMEMBERED: usize = 64 * 1024;

/// What is to be said of a request of this kind. The path is that of the request.
pub(crate) fn check(
    request: &Map<String, Value>,
    asks: Asks,
    rules: &Rules,
    is_of_sdk: bool,
    path: &mut Path,
) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(model) = request.get("model").filter(|model| !model.is_null()) {
        let named = model.as_str();
        match named {
            Some(named) if rules.is_own_model(named) => {}
            Some(named) if rules.model.is_some() => {
                let says = format!(
                    "the request names the model {:?}, and the job runs another one",
                    values::clipped(named)
                );
                let finding =
                    Finding::error(FindingCode::ModelIgnored, says).at(path.to_field("model"));
                found
                    .push(finding.hint(
                        "leave it out, and submit requests for another model as another job",
                    ));
            }
            _ => found.push(model_ignored().at(path.to_field("model"))),
        }
    }
    let mut passed_over = vec!["model"];
    let message = match asks.of(request) {
        Asks::Embedding => {
            if request.get("content").is_some_and(Value::is_string) {
                passed_over.push("content");
            }
            embedding(request, path, &mut found);
            EMBED
        }
        _ => GENERATE,
    };
    Walk::new(rules.backend, is_of_sdk, &mut found).message(message, request, path, &passed_over);
    found
}

/// What of a generation config is wrong by itself, whatever it is put beside.
pub(crate) fn generation_config(config: &Map<String, Value>, backend: Backend) -> Vec<Finding> {
    let mut found = Vec::new();
    let path = &mut Path::of(&["generation_config"]);
    Walk::new(backend, false, &mut found).message("GenerationConfig", config, path, &[]);
    let by_itself = [
        FindingCode::WrongValue,
        FindingCode::WrongShape,
        FindingCode::UnknownField,
    ];
    found.retain(|it| it.is_error() && by_itself.contains(&it.code));
    found
}

/// The fields that stand twice in the values of a request.
pub(crate) fn twice(fields: &RawFields, path: &mut Path) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, value) in fields {
        path.push_field(name);
        found.extend(fields_twice(value.get(), path).into_iter().map(set_twice));
        path.pop();
    }
    found
}

/// What is wrong with the settings of an embedding where any field may stand beside them, so that
/// nothing else is looked at.
pub(crate) fn settings(fields: &RawFields, path: &Path) -> Option<Finding> {
    let name = "outputDimensionality";
    let value = fields.get(name)?.get();
    let range = ranges::of(name)?;
    let is_right = value == "null" || value.parse().is_ok_and(|number| range.has(number));
    (!is_right).then(|| range.finding(name).at(path.to_field(name)))
}

/// What is said of a field that stands twice in one object.
pub(crate) fn set_twice(path: String) -> Finding {
    let says = "the field stands there twice, and one would be dropped";
    Finding::error(FindingCode::DuplicateField, says)
        .at(path)
        .hint("leave one out")
}

fn embedding(request: &Map<String, Value>, path: &Path, found: &mut Vec<Finding>) {
    if request.get("content").is_some_and(rules::says_nothing) {
        found.push(rules::nothing_said().at(path.to_field("content")));
    }
    let parts = request
        .get("content")
        .and_then(|content| content.get("parts"));
    let texts = parts.and_then(Value::as_array).map_or(0, |parts| {
        parts
            .iter()
            .filter(|part| part.get("text").is_some_and(Value::is_string))
            .count()
    });
    if texts > 1 {
        let says = format!("{texts} texts in one content, which become one embedding");
        let finding = Finding::note(FindingCode::OneEmbedding, says);
        found.push(
            finding
                .at(path.to_field("content"))
                .hint("make a request of each for one embedding each"),
        );
    }
}

/// Tells quickly whether there is nothing to say of a request, so that most are not walked through.
#[derive(Debug)]
pub(crate) struct Checker {
    pub(crate) rules: Rules,
    /// Fields of a request that were found right, as they were written: most requests of a batch
    /// have the same settings.
    right: Vec<(String, String)>,
}

impl Checker {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            right: Vec::new(),
        }
    }

    /// Whether nothing is to be said of a request with these fields, each as it is written. `false`
    /// means that it is not known.
    pub(crate) fn is_right<'a>(
        &mut self,
        asks: Asks,
        fields: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> bool {
        let message = match asks {
            Asks::Embedding => EMBED,
            _ => GENERATE,
        };
        let mut right = Vec::new();
        let is_known = |name: &str, value: &str| self.is_known(name, value);
        let is_right = quick::is_right(self.rules.backend, message, fields, is_known, &mut right);
        if is_right {
            self.remember(right.into_iter());
        }
        is_right
    }

    fn is_known(&self, name: &str, value: &str) -> bool {
        let is_same = |(known, text): &(String, String)| known == name && text == value;
        match name {
            "model" => self.rules.is_own_model(value.trim_matches('"')),
            _ => self.right.iter().any(is_same),
        }
    }

    /// Takes note of the settings of a request of which there was nothing to say.
    pub(crate) fn remember<'a>(&mut self, fields: impl Iterator<Item = (&'a str, &'a str)>) {
        for (name, value) in fields {
            if matches!(name, "contents" | "content" | "model") || value.len() > REMEMBERED {
                continue;
            }
            match self.right.iter_mut().find(|(known, _)| known == name) {
                Some((_, text)) => value.clone_into(text),
                None => self.right.push((name.to_owned(), value.to_owned())),
            }
        }
    }
}

#[cfg(test)]
mod tests;
