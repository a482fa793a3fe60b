//! Reading the messages of calls, with the names that a field may go by.

use serde_json::{Map, Value};

use crate::error::{ApiError, ApiResult};
use crate::json::snake_case;

/// A JSON object read as a message: known fields only, each under its camel or snake case name.
pub(crate) struct Message {
    path: String,
    fields: Map<String, Value>,
}

impl Message {
    pub(crate) fn of(value: Value, path: &str, known: &[&str]) -> ApiResult<Self> {
        Self::check(&value, path, known)?;
        let fields = match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Ok(Self {
            path: path.to_owned(),
            fields,
        })
    }

    /// Fails unless `value` is an object of known fields.
    pub(crate) fn check<'a>(
        value: &'a Value,
        path: &str,
        known: &[&str],
    ) -> ApiResult<&'a Map<String, Value>> {
        let Value::Object(fields) = value else {
            return Err(ApiError::bad_field(path, "not an object"));
        };
        let is_known = |name: &str| known.iter().any(|k| *k == name || snake_case(k) == name);
        match fields.keys().find(|name| !is_known(name)) {
            None => Ok(fields),
            Some(name) => {
                let place = if path.is_empty() {
                    String::new()
                } else {
                    format!(" at '{path}'")
                };
                Err(ApiError::invalid_argument(format!(
                    "Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field."
                )))
            }
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        let value = self
            .fields
            .remove(name)
            .or_else(|| self.fields.remove(&snake_case(name)));
        value.filter(|value| !value.is_null())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name) || self.fields.contains_key(&snake_case(name))
    }

    /// A string; the empty one is the same as none.
    pub(crate) fn string(&mut self, name: &str) -> ApiResult<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
            Some(_) => Err(self.wrong_type(name, "string")),
        }
    }

    /// A number, or digits in a string; 0 where there is none.
    pub(crate) fn int64(&mut self, name: &str) -> ApiResult<i64> {
        let number = match self.take(name) {
            None => Some(0),
            Some(Value::String(digits)) => digits.parse().ok(),
            Some(number) => number.as_i64(),
        };
        number.ok_or_else(|| self.wrong_type(name, "int64"))
    }

    fn wrong_type(&self, name: &str, wanted: &str) -> ApiError {
        let field = format!("{}.{}", self.path, snake_case(name));
        ApiError::bad_field(&field, &format!("Invalid value, {wanted} expected."))
    }
}
