//! What can be wrong with a request, said once: every reader of requests tells it as a
//! [`Finding`], which a create takes for its error and a preflight for its list.

use std::fmt::{self, Write};

use serde::{Serialize, Serializer};

use crate::shown::Showing;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Good to know.
    Note,
    /// It may go wrong, or is without effect.
    Warning,
    /// It will be refused, fail, or lose a result.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// What kind of thing was found. The text of a code stays as it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FindingCode {
            $($(#[$doc])* $variant,)*
        }

        impl FindingCode {
            /// The code as text, such as `unknown-field`.
            ///
            /// ```
            /// use genai_batch::preflight::FindingCode;
            ///
            /// assert_eq!(FindingCode::UnknownField.as_str(), "unknown-field");
            /// ```
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

codes! {
    /// The line is not JSON.
    NotJson => "not-json",
    /// The line is longer than the client reads.
    LineTooLong => "line-too-long",
    /// The line, or a value in it, has another shape than a request.
    WrongShape => "wrong-shape",
    /// The line is written for OpenAI's batch service.
    OpenAiLine => "openai-line",
    /// The line is written for Anthropic's batch service.
    AnthropicLine => "anthropic-line",
    /// The line has `custom_id` or `id` where the key should be.
    CustomId => "custom-id",
    /// The request has no key.
    KeyMissing => "key-missing",
    /// The key is not a text, is empty, or is there twice in one line.
    BadKey => "bad-key",
    /// Another request has the same key.
    DuplicateKey => "duplicate-key",
    /// A field that Google does not describe, or not there.
    UnknownField => "unknown-field",
    /// A field that stands twice in one object, of which one would be dropped.
    DuplicateField => "duplicate-field",
    /// Settings of a request that stand beside it, where they are without effect.
    SettingsBeside => "settings-beside",
    /// A required field is missing, or there is nothing in it.
    MissingField => "missing-field",
    /// A value of another type, a name that is not one, a number out of range.
    WrongValue => "wrong-value",
    /// Fields that exclude each other.
    ExclusiveFields => "exclusive-fields",
    /// A schema that says more than the backend's subset of OpenAPI can.
    UnsupportedSchema => "unsupported-schema",
    /// What this backend, this model or this place does not do in a batch.
    UnsupportedHere => "unsupported-here",
    /// Several texts in one content, which become one embedding.
    OneEmbedding => "one-embedding",
    /// An option of the create that a request goes without.
    OptionLeftOut => "option-left-out",
    /// A field in snake case, where the API describes it in camel case: both are taken.
    SnakeCase => "snake-case",
    /// The request names a model, which a batch takes no notice of.
    ModelIgnored => "model-ignored",
    /// Requests for content and for embeddings in one source.
    MixedKinds => "mixed-kinds",
    /// Metadata beside the key, in a list of requests that is too large to go inline.
    MetadataLost => "metadata-lost",
    /// Media at an address that this backend cannot read.
    ForeignUri => "foreign-uri",
    /// An uploaded file that is referred to and is gone.
    UploadMissing => "upload-missing",
    /// An uploaded file that will be gone before the job may be done.
    UploadExpires => "upload-expires",
    /// An uploaded file that the service has not made ready, or could not.
    UploadNotReady => "upload-not-ready",
    /// More than a limit of the service.
    LimitExceeded => "limit-exceeded",
    /// The results would be inline and may be too large to be read there.
    InlineOutputLarge => "inline-output-large",
    /// There are no requests.
    Empty => "empty",
    /// Something that could not be looked at.
    NotChecked => "not-checked",
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for FindingCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that a preflight found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing it is.
    pub code: FindingCode,
    /// Where it is: `file:line`, `request N`, or the source.
    pub place: String,
    /// The line in the file, or the place of the request, from 1. `None` if it concerns the
    /// source as a whole.
    pub line: Option<u64>,
    /// The key of the request, where it has one.
    pub key: Option<String>,
    /// Where in the JSON of the line, such as `request.contents[0].parts`.
    pub path: Option<String>,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    pub(crate) fn new(severity: Severity, code: FindingCode, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            place: String::new(),
            line: None,
            key: None,
            path: None,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn error(code: FindingCode, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    pub(crate) fn warning(code: FindingCode, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    pub(crate) fn note(code: FindingCode, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// What is wrong and what to do about it, without where.
    pub(crate) fn reason(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}: {hint}", self.message),
            None => self.message.clone(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Showing(f);
        write!(f, "{}: {} [{}]", self.place, self.severity, self.code)?;
        if let Some(key) = &self.key {
            write!(f, " key {key:?}")?;
        }
        if let Some(path) = &self.path {
            write!(f, " at {path}")?;
        }
        write!(f, ": {}", self.reason())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_a_sentence() {
        let mut finding = Finding::note(FindingCode::SnakeCase, "the field is in snake case")
            .at("request.x_y")
            .hint("write `xY`");
        finding.place = "in.jsonl:3".to_owned();
        finding.key = Some("a".to_owned());
        assert_eq!(
            finding.to_string(),
            "in.jsonl:3: note [snake-case] key \"a\" at request.x_y: the field is in snake \
             case: write `xY`"
        );
    }
}
