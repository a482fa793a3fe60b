//! What a preflight found: each finding with its place and what to do, and the list of them,
//! which counts all and keeps the first hundred of each code.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

/// How many findings of one code are kept; all are counted.
const KEPT: usize = 100;
/// How many characters of a text in a finding are kept.
const LONGEST: usize = 500;

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
    /// The line has `custom_id` or `id` where the key should be.
    CustomId => "custom-id",
    /// The request has no key.
    KeyMissing => "key-missing",
    /// The key is no text, is empty, or is there twice in one line.
    BadKey => "bad-key",
    /// Another request has the same key.
    KeyTwice => "key-twice",
    /// A field that Google does not describe.
    UnknownField => "unknown-field",
    /// A field in snake case, where the API describes it in camel case.
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
    pub(super) fn new(severity: Severity, code: FindingCode, message: impl Into<String>) -> Self {
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

    pub(super) fn error(code: FindingCode, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    pub(super) fn warning(code: FindingCode, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    pub(super) fn note(code: FindingCode, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.place, self.severity, self.code)?;
        if let Some(key) = &self.key {
            write!(f, " key {key:?}")?;
        }
        if let Some(path) = &self.path {
            write!(f, " at {path}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, ": {hint}"),
            None => Ok(()),
        }
    }
}

/// Findings as they come.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) by_code: BTreeMap<FindingCode, u64>,
    pub(super) by_severity: BTreeMap<Severity, u64>,
    kept: BTreeMap<FindingCode, Vec<Finding>>,
}

impl Findings {
    pub(super) fn push(&mut self, mut finding: Finding) {
        self.count(finding.severity, finding.code, 1);
        let kept = self.kept.entry(finding.code).or_default();
        if kept.len() < KEPT {
            clip(&mut finding.message);
            let more = [&mut finding.key, &mut finding.path, &mut finding.hint];
            more.into_iter().flatten().for_each(clip);
            kept.push(finding);
        }
    }

    /// Counts findings that nothing more is known of.
    pub(super) fn count(&mut self, severity: Severity, code: FindingCode, more: u64) {
        *self.by_code.entry(code).or_default() += more;
        *self.by_severity.entry(severity).or_default() += more;
    }

    /// How many more of this code are kept.
    pub(super) fn room() -> usize {
        KEPT
    }

    pub(super) fn of(&self, severity: Severity) -> u64 {
        self.by_severity.get(&severity).copied().unwrap_or_default()
    }

    /// Those that were kept: what concerns the source, then by line.
    pub(super) fn into_kept(self) -> Vec<Finding> {
        let mut kept: Vec<_> = self.kept.into_values().flatten().collect();
        kept.sort_by(|a, b| (a.line, &a.place, a.code).cmp(&(b.line, &b.place, b.code)));
        kept
    }
}

/// Shortens a text that a strange request has made very long.
fn clip(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_names_are_clipped() {
        let mut findings = Findings::default();
        findings.push(Finding::error(
            FindingCode::UnknownField,
            "é".repeat(1_000_000),
        ));
        let kept = findings.into_kept();
        assert_eq!(kept[0].message.chars().count(), LONGEST + 1);
    }

    #[test]
    fn all_are_counted_and_a_hundred_kept() {
        let mut findings = Findings::default();
        for line in 0..10_000 {
            let mut finding = Finding::error(FindingCode::NotJson, "no");
            finding.line = Some(line);
            findings.push(finding);
        }
        assert_eq!(findings.of(Severity::Error), 10_000);
        assert_eq!(findings.into_kept().len(), KEPT);
    }

    #[test]
    fn a_finding_reads_as_a_sentence() {
        let mut finding = Finding::warning(FindingCode::SnakeCase, "the field is in snake case")
            .at("request.x_y")
            .hint("write `xY`");
        finding.place = "in.jsonl:3".to_owned();
        finding.key = Some("a".to_owned());
        assert_eq!(
            finding.to_string(),
            "in.jsonl:3: warning [snake-case] key \"a\" at request.x_y: the field is in snake \
             case: write `xY`"
        );
    }
}
