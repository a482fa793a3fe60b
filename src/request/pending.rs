//! What is still to be done, or to be said, before a request can be sent: local files that it
//! names, and mistakes that its builder could not report.

use std::path::PathBuf;

use serde_json::{Map, Value};

/// Travels with the JSON of a part, a content and a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Pending {
    pub(crate) files: Vec<LocalFile>,
    pub(crate) problem: Option<String>,
}

impl Pending {
    pub(super) fn add(&mut self, other: Self) {
        for file in other.files {
            if !self.files.contains(&file) {
                self.files.push(file);
            }
        }
        self.problem = self.problem.take().or(other.problem);
    }
}

/// A file that stands for itself in the JSON, by its token, until the request is sent.
///
/// Only files that code has put here are read: a path in JSON from elsewhere is a text like any
/// other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocalFile {
    pub(crate) path: PathBuf,
    pub(crate) attach: Attach,
}

/// Where the contents of a file go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attach {
    /// Into the request.
    Inline,
    /// To where the backend reads files from.
    Uploaded,
}

impl LocalFile {
    /// Whether requests have its address, in place of what is in it.
    pub(crate) fn is_uploaded(&self) -> bool {
        matches!(self.attach, Attach::Uploaded)
    }

    pub(super) fn token(&self) -> Value {
        // Debug keeps paths apart that are not UTF-8.
        format!("local:{:?}", self.path).into()
    }

    fn field(&self) -> &'static str {
        match self.attach {
            Attach::Inline => "data",
            Attach::Uploaded => "fileUri",
        }
    }

    /// The MIME type that the JSON gives the file; `None` if the JSON names no such file.
    pub(crate) fn mime_type_in(&self, body: &mut Map<String, Value>) -> Option<Option<String>> {
        let mut found = None;
        self.visit(body, &mut |blob| {
            let mime_type = blob.get("mimeType").and_then(Value::as_str);
            found.get_or_insert_with(|| mime_type.map(str::to_owned));
        });
        found
    }

    /// Puts the contents, or where they are, in place of the file.
    pub(crate) fn resolve(&self, body: &mut Map<String, Value>, value: &str) {
        self.visit(body, &mut |blob| {
            blob.insert(self.field().to_owned(), value.into());
        });
    }

    fn visit(&self, fields: &mut Map<String, Value>, act: &mut dyn FnMut(&mut Map<String, Value>)) {
        if fields.get(self.field()) == Some(&self.token()) {
            act(fields);
        }
        for value in fields.values_mut() {
            self.visit_value(value, act);
        }
    }

    fn visit_value(&self, value: &mut Value, act: &mut dyn FnMut(&mut Map<String, Value>)) {
        match value {
            Value::Object(fields) => self.visit(fields, act),
            Value::Array(values) => {
                for value in values {
                    self.visit_value(value, act);
                }
            }
            _ => {}
        }
    }
}
