//! Objects read field by field; what nobody takes is refused, as strict services do.

use serde_json::{Map, Value, json};

use crate::model::RowFailure;

pub(super) type Read<T> = Result<T, RowFailure>;

/// An object on its way through a reader.
pub(super) struct Object {
    path: String,
    fields: Map<String, Value>,
}

pub(super) fn refuse(message: impl Into<String>) -> RowFailure {
    RowFailure::invalid_argument(message)
}

impl Object {
    pub(super) fn of(value: &Value, path: &str) -> Read<Self> {
        match value {
            Value::Object(fields) => Ok(Self {
                path: path.to_owned(),
                fields: fields.clone(),
            }),
            _ => Err(refuse(format!("{path}: Input should be an object"))),
        }
    }

    pub(super) fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &str) -> Read<String> {
        match self.fields.remove(name) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(refuse(format!(
                "{}: Input should be a valid string",
                self.path(name)
            ))),
            None => Err(refuse(format!("{}: Field required", self.path(name)))),
        }
    }

    pub(super) fn list(&mut self, name: &str) -> Read<Vec<Value>> {
        match self.fields.remove(name) {
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(refuse(format!(
                "{}: Input should be a valid list",
                self.path(name)
            ))),
            None => Err(refuse(format!("{}: Field required", self.path(name)))),
        }
    }

    /// Puts fields into a config of Google's, under the names given there.
    pub(super) fn move_to(&mut self, config: &mut Map<String, Value>, names: &[(&str, &str)]) {
        for (own, googles) in names {
            if let Some(value) = self.take(own) {
                config.insert((*googles).to_owned(), value);
            }
        }
    }

    pub(super) fn finish(self) -> Read<()> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(name) => Err(refuse(format!(
                "{}: Extra inputs are not permitted",
                self.path(name)
            ))),
        }
    }
}

/// What a function returned: JSON within a text, or the text.
pub(super) fn returned(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => value,
        _ => json!({"result": text}),
    }
}

/// The declaration of a function.
pub(super) fn declaration(name: String, description: Option<Value>, schema: Value) -> Value {
    let mut declared = json!({"name": name, "parametersJsonSchema": schema});
    if let Some(description) = description {
        declared["description"] = description;
    }
    declared
}

/// The config of which functions are called.
pub(super) fn calling(mode: &str, names: Vec<Value>) -> Value {
    let mut config = json!({"mode": mode});
    if !names.is_empty() {
        config["allowedFunctionNames"] = names.into();
    }
    json!({"functionCallingConfig": config})
}

/// A request of Google's.
pub(super) fn request(
    contents: Vec<Value>,
    system: Vec<Value>,
    config: Map<String, Value>,
    declared: Vec<Value>,
    tool_config: Option<Value>,
) -> Value {
    let mut request = json!({"contents": contents});
    if !system.is_empty() {
        request["systemInstruction"] = json!({"parts": system});
    }
    if !config.is_empty() {
        request["generationConfig"] = config.into();
    }
    if !declared.is_empty() {
        request["tools"] = json!([{"functionDeclarations": declared}]);
    }
    if let Some(config) = tool_config {
        request["toolConfig"] = config;
    }
    request
}
