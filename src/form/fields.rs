//! The fields of Google's messages as they are read one by one: what nobody takes is refused.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::writer::Written;
use crate::request::Form;
use crate::request::finding::{Finding, FindingCode};
use crate::request::known::camel_case;

/// Why a request is refused, gathered, and what is to be remarked of it.
pub(super) struct Refused {
    form: Form,
    found: Vec<Finding>,
}

impl Refused {
    pub(super) fn new(form: Form) -> Self {
        Self {
            form,
            found: Vec::new(),
        }
    }

    /// The form has no word for what stands at this path.
    pub(super) fn no_place(&mut self, path: &str, hint: &str) {
        let name = path.rsplit('.').next().unwrap_or(path);
        let message = format!("the form {} has no place for `{name}`", self.form);
        let finding = Finding::error(FindingCode::UnsupportedHere, message).at(path);
        self.found.push(finding.hint(hint));
    }

    /// The form takes other values than the one at this path.
    pub(super) fn no_value(&mut self, path: &str, message: &str, hint: &str) {
        let message = format!("{message}, which the form {} cannot say", self.form);
        let finding = Finding::error(FindingCode::UnsupportedHere, message).at(path);
        self.found.push(finding.hint(hint));
    }

    /// What stands at this path makes no sense in any form.
    pub(super) fn wrong(&mut self, path: &str, message: &str, hint: &str) {
        let finding = Finding::error(FindingCode::WrongValue, message).at(path);
        self.found.push(finding.hint(hint));
    }

    /// The form needs what is not there.
    pub(super) fn missing(&mut self, path: &str, message: &str, hint: &str) {
        let message = format!("the form {} needs {message}", self.form);
        let finding = Finding::error(FindingCode::MissingField, message).at(path);
        self.found.push(finding.hint(hint));
    }

    pub(super) fn remark(&mut self, path: &str, message: &str) {
        let finding = Finding::warning(FindingCode::UnsupportedHere, message);
        self.found.push(finding.at(path));
    }

    pub(super) fn into_result(self, body: Map<String, Value>) -> Result<Written, Vec<Finding>> {
        let (errors, remarks): (Vec<_>, Vec<_>) =
            self.found.into_iter().partition(Finding::is_error);
        match errors.is_empty() {
            true => Ok(Written { body, remarks }),
            false => Err(errors),
        }
    }
}

/// The fields of one message, in camel case.
pub(super) struct Fields<'a> {
    path: String,
    left: BTreeMap<String, &'a Value>,
}

impl<'a> Fields<'a> {
    /// Reads an object; anything else is refused, and has no fields.
    pub(super) fn of(value: &'a Value, path: &str, refused: &mut Refused) -> Self {
        match value {
            Value::Object(fields) => Self::of_map(fields, path, refused),
            _ => {
                refused.wrong(path, "it is not a JSON object", "write an object");
                Self {
                    path: path.to_owned(),
                    left: BTreeMap::new(),
                }
            }
        }
    }

    pub(super) fn of_map(
        fields: &'a Map<String, Value>,
        path: &str,
        refused: &mut Refused,
    ) -> Self {
        let mut left = BTreeMap::new();
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            if let Some(other) = left.insert(camel_case(name), value)
                && other != value
            {
                let path = format!("{path}.{name}");
                refused.wrong(&path, "it is set in both spellings", "leave one out");
            }
        }
        Self {
            path: path.to_owned(),
            left,
        }
    }

    /// The path of a field.
    pub(super) fn path(&self, name: &str) -> String {
        match self.path.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.path),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Takes a field that is set.
    pub(super) fn take(&mut self, name: &str) -> Option<&'a Value> {
        self.left.remove(name)
    }

    /// Takes a field by which nothing is meant when it has this value.
    pub(super) fn pass_over(&mut self, name: &str, value: &Value) {
        if self.left.get(name) == Some(&value) {
            self.left.remove(name);
        }
    }

    pub(super) fn text(&mut self, name: &str, refused: &mut Refused) -> Option<&'a str> {
        let value = self.take(name)?;
        if value.as_str().is_none() {
            refused.wrong(&self.path(name), "it is not a text", "write a text");
        }
        value.as_str()
    }

    pub(super) fn number(&mut self, name: &str, refused: &mut Refused) -> Option<&'a Value> {
        let value = self.take(name)?;
        if !value.is_number() {
            refused.wrong(&self.path(name), "it is not a number", "write a number");
            return None;
        }
        Some(value)
    }

    pub(super) fn count(&mut self, name: &str, refused: &mut Refused) -> Option<u64> {
        let value = self.number(name, refused)?;
        if value.as_u64().is_none() {
            let message = "it is not a whole number from 0";
            refused.wrong(&self.path(name), message, "write a whole number");
        }
        value.as_u64()
    }

    /// A whole number, which may be written as a float.
    pub(super) fn whole(&mut self, name: &str, refused: &mut Refused) -> Option<i64> {
        let value = self.number(name, refused)?;
        let float = value.as_f64().filter(|float| float.fract() == 0.0);
        // Beyond that, floats leave out numbers.
        let float = float.filter(|float| float.abs() < 9e15);
        let whole = value.as_i64().or(float.map(|float| float as i64));
        if whole.is_none() {
            let message = format!("{value} is not a whole number");
            refused.wrong(&self.path(name), &message, "write a whole number");
        }
        whole
    }

    pub(super) fn flag(&mut self, name: &str, refused: &mut Refused) -> Option<bool> {
        let value = self.take(name)?;
        if value.as_bool().is_none() {
            refused.wrong(
                &self.path(name),
                "it is neither true nor false",
                "write one of these",
            );
        }
        value.as_bool()
    }

    /// The elements of a list.
    pub(super) fn list(&mut self, name: &str, refused: &mut Refused) -> Vec<(String, &'a Value)> {
        let Some(value) = self.take(name) else {
            return Vec::new();
        };
        let path = self.path(name);
        let Some(list) = value.as_array() else {
            refused.wrong(&path, "it is not a list", "write a list");
            return Vec::new();
        };
        let each = list.iter().enumerate();
        each.map(|(n, value)| (format!("{path}[{n}]"), value))
            .collect()
    }

    /// Refuses what nobody took.
    pub(super) fn finish(self, refused: &mut Refused) {
        for name in self.left.keys() {
            let hint =
                "leave it out, or write the request in the model's own form, with Request::raw";
            refused.no_place(&self.path(name), hint);
        }
    }
}
