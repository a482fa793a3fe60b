//! A walk through a request: what in it is not as the backend's documents describe it.

use serde_json::{Map, Value};

use super::path::Path;
use super::table::{Message, Shape, Table};
use super::values::{self, Name, kind_of};
use super::{places, rules, schema};
use crate::platform::Backend;
use crate::request::finding::{Finding, FindingCode};
use crate::request::known::{EMBED, GENERATE, camel_case, snake_case};

/// Settings of embeddings, which files of Vertex AI have in snake case and the client in both.
const EITHER_CASE: [&str; 3] = [
    EMBED,
    "EmbedContentConfig",
    "EmbedContentRequestEmbedContentConfig",
];

/// How many findings of one request are told: of one that has more, nothing is right.
const MOST: usize = 500;

/// Walks through requests of one backend.
pub(crate) struct Walk<'a> {
    table: &'static Table,
    pub(super) backend: Backend,
    /// Whether the request came in the spelling of Google's SDK.
    pub(super) is_of_sdk: bool,
    /// The messages around the one that is looked at.
    above: Vec<usize>,
    /// The field that takes JSON Schema in place of the schema that is looked at.
    instead: &'static str,
    found: &'a mut Vec<Finding>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(backend: Backend, is_of_sdk: bool, found: &'a mut Vec<Finding>) -> Self {
        Self {
            table: Table::of(backend),
            backend,
            is_of_sdk,
            above: Vec::new(),
            instead: "responseJsonSchema",
            found,
        }
    }

    /// Checks the fields of a message, but for those `passed_over`.
    pub(crate) fn message(
        &mut self,
        name: &str,
        fields: &Map<String, Value>,
        path: &mut Path,
        passed_over: &[&str],
    ) {
        if let Some(message) = self.table.message(name) {
            self.fields(message, fields, path, passed_over);
        }
    }

    fn fields(
        &mut self,
        message: &'static Message,
        fields: &Map<String, Value>,
        path: &mut Path,
        passed_over: &[&str],
    ) {
        let told = self.found.len();
        let mut seen = 0_u64;
        for (name, value) in fields {
            if self.found.len() >= MOST {
                return;
            }
            let known = message.find(name);
            path.push_field(name);
            if let Some((at, field)) = known {
                if seen & 1 << at != 0 {
                    let says = format!("`{}` is set twice, in two spellings", field.name);
                    self.tell(
                        path,
                        Finding::error(FindingCode::DuplicateField, says).hint("leave one out"),
                    );
                }
                if !value.is_null() {
                    seen |= 1 << at;
                }
            }
            match known {
                _ if passed_over.contains(&name.as_str()) => {}
                Some((_, field)) => {
                    if field.name != *name && !EITHER_CASE.contains(&message.name.as_str()) {
                        let says =
                            format!("`{name}` is in snake case, and the API describes camel case");
                        let finding = Finding::note(FindingCode::SnakeCase, says);
                        self.tell(path, finding.hint(format!("write `{}`", field.name)));
                    }
                    match field.name.as_str() {
                        "parameters" => self.instead = "parametersJsonSchema",
                        "response" | "responseSchema" => self.instead = "responseJsonSchema",
                        _ => {}
                    }
                    self.enter(message, |walk| walk.value(&field.shape, value, path));
                }
                None => self.unknown(message, name, path),
            }
            path.pop();
        }
        self.together(message, seen, path, passed_over);
        let is_told = self.found[told..].iter().any(Finding::is_error);
        rules::check(self, message, fields, path, is_told);
    }

    fn enter(&mut self, message: &'static Message, walk: impl FnOnce(&mut Self)) {
        self.above.push(message.place);
        walk(self);
        self.above.pop();
    }

    fn value(&mut self, shape: &'static Shape, value: &Value, path: &mut Path) {
        let wanted = match (shape, value) {
            (Shape::Any, _) | (_, Value::Null) => return,
            (Shape::List(inner), Value::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    path.push_index(index);
                    self.value(inner, element, path);
                    path.pop();
                }
                return;
            }
            (Shape::Map(inner), Value::Object(fields)) => {
                for (name, value) in fields {
                    path.push_field(name);
                    self.value(inner, value, path);
                    path.pop();
                }
                return;
            }
            (Shape::Message(place), Value::Object(fields)) => {
                if let Some(message) = self.table.at(*place) {
                    self.fields(message, fields, path, &[]);
                }
                return;
            }
            (Shape::List(inner), Value::Object(_)) if inner.message().is_some() => {
                // Google's services have been seen to take one for a list of one.
                let says = "one object, where the API describes a list";
                let finding =
                    Finding::warning(FindingCode::WrongShape, says).hint("put it into [ ]");
                self.tell(path, finding);
                return self.value(inner, value, path);
            }
            (Shape::Value(_) | Shape::Name(_), Value::Array(_) | Value::Object(_)) => {
                // Told with what to do about it where the schema is looked at as a whole.
                if self.is_in_schema() && matches!(path.last(), "type") {
                    return;
                }
                "a plain value"
            }
            (Shape::Value(kind), _) => {
                // The same.
                let is_name = self.is_in_schema() && path.to_string().contains(".enum[");
                if let Some((says, hint)) = values::wrong(*kind, value)
                    && !is_name
                {
                    let mut finding = Finding::error(FindingCode::WrongValue, says);
                    finding.hint = hint.map(str::to_owned);
                    self.tell(path, finding);
                }
                return;
            }
            (Shape::Name(known), _) => return self.name(known, value, path),
            (Shape::List(_), _) => "a list",
            (Shape::Map(_) | Shape::Message(_), _) => "an object",
        };
        let says = format!("{}, where the API describes {wanted}", kind_of(value));
        self.tell(path, Finding::error(FindingCode::WrongShape, says));
    }

    fn is_in_schema(&self) -> bool {
        let message = self.above.last().and_then(|place| self.table.at(*place));
        message.is_some_and(|message| message.name == "Schema")
    }

    /// A value that is one of some names.
    fn name(&mut self, known: &'static [String], value: &Value, path: &mut Path) {
        let Some(name) = value.as_str() else {
            // proto3 takes the number of a name too.
            if !value.is_number() {
                let says = format!("{}, where the API describes a name", kind_of(value));
                self.tell(path, Finding::error(FindingCode::WrongValue, says));
            }
            return;
        };
        let says = format!(
            "{} describes no value {:?} here",
            self.backend,
            values::clipped(name)
        );
        let finding = match values::name(name, known) {
            Name::Known => return,
            Name::Slip(near) => Finding::error(FindingCode::WrongValue, says)
                .hint(format!("did you mean {near:?}?")),
            Name::Unknown => {
                let finding = Finding::warning(FindingCode::WrongValue, says);
                finding.hint("it may be newer than this client, or be refused")
            }
        };
        self.tell(path, finding);
    }

    fn unknown(&mut self, message: &'static Message, field: &str, path: &mut Path) {
        if message.name == "Schema" && schema::is_word(field) {
            let finding = schema::foreign_word(field, self.backend, self.instead);
            return self.tell(path, finding);
        }
        // Notes of tools, such as `@type`.
        if field.starts_with(['$', '@']) {
            return;
        }
        let says = format!(
            "{} describes no field `{field}` of {}",
            self.backend, message.name
        );
        let finding = match places::advice(self.table, &self.above, message, field) {
            Some(advice) => Finding::error(FindingCode::UnknownField, says).hint(advice),
            None => Finding::warning(FindingCode::UnknownField, says)
                .hint("it may be newer than this client, or be refused"),
        };
        self.tell(path, finding);
    }

    /// What the documents say of the fields of a message together.
    fn together(
        &mut self,
        message: &'static Message,
        seen: u64,
        path: &Path,
        passed_over: &[&str],
    ) {
        for (at, field) in message.fields.iter().enumerate() {
            let is_set = seen & 1 << at != 0;
            if let Some(other) = &field.excludes
                && is_set
                && message
                    .find(other)
                    .is_some_and(|(at, _)| seen & 1 << at != 0)
            {
                self.exclusive(&field.name, other, path);
            }
            let is_missing =
                field.is_required && !is_set && !passed_over.contains(&field.name.as_str());
            if !is_missing || rules::is_left_out(&message.name, &field.name) {
                continue;
            }
            let says = format!("the required `{}` is missing", field.name);
            // Models do without, as calls without one have shown.
            let is_description = field.name == "description";
            let finding = match is_description {
                true => Finding::warning(FindingCode::MissingField, says),
                false => Finding::error(FindingCode::MissingField, says),
            };
            self.tell(path, finding);
        }
    }

    /// Says that two fields exclude each other.
    pub(super) fn exclusive(&mut self, one: &str, other: &str, path: &Path) {
        let says = format!("`{one}` and `{other}` exclude each other");
        let finding = Finding::error(FindingCode::ExclusiveFields, says);
        self.tell(path, finding.hint("leave one of them out"));
    }

    /// The field that takes JSON Schema in place of the schema that is looked at.
    pub(super) fn instead(&self) -> &'static str {
        self.instead
    }

    /// Whether the message is the system instruction, of which the role does not count.
    pub(super) fn is_instruction(path: &Path) -> bool {
        snake_case(&camel_case(path.last())) == "system_instruction"
    }

    /// Tells a finding; the last one that has room says that there is more.
    pub(super) fn tell(&mut self, path: &Path, finding: Finding) {
        let finding = match MOST.saturating_sub(self.found.len()) {
            0 => return,
            1 => {
                let says = format!(
                    "over {} findings in one request: the rest of it was not looked at",
                    MOST - 1
                );
                Finding::warning(FindingCode::NotChecked, says)
            }
            _ => finding,
        };
        self.found.push(finding.at(path.to_string()));
    }

    pub(super) fn is_root(&self, message: &Message) -> bool {
        message.name == GENERATE
    }
}
