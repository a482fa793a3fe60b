//! The differences that are meant, and the verdict on those that were found.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deviations {
    #[serde(rename = "deviation")]
    pub(crate) list: Vec<Deviation>,
}

/// One way in which we differ on purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deviation {
    pub(crate) reason: String,
    /// Patterns of differences, `*` for any text. Each applies to each of the cases.
    pub(crate) differs: Vec<String>,
    pub(crate) cases: Vec<String>,
}

/// What became of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing differs.
    Matched,
    /// All that differs is listed, and all that is listed differs.
    Deviates,
    /// The rest, told in words.
    Unexplained(Vec<String>),
}

impl Deviations {
    pub(crate) fn load() -> Result<Self, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/deviations.toml");
        let text = std::fs::read_to_string(&path).map_err(|e| e.to_string());
        text.and_then(|text| Self::parse(&text))
            .map_err(|e| format!("{}: {e}", path.display()))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let deviations: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        for deviation in &deviations.list {
            let cases: BTreeSet<_> = deviation.cases.iter().collect();
            let reason = deviation.reason.trim();
            if reason.is_empty() {
                return Err("a deviation has no reason".to_owned());
            }
            if deviation.differs.is_empty() || cases.is_empty() {
                return Err(format!("nothing differs, or in no case: {reason}"));
            }
            if cases.len() != deviation.cases.len() {
                return Err(format!("a case is listed twice: {reason}"));
            }
        }
        Ok(deviations)
    }

    /// The cases that are listed.
    pub(crate) fn cases(&self) -> BTreeSet<&str> {
        let cases = self.list.iter().flat_map(|deviation| &deviation.cases);
        cases.map(String::as_str).collect()
    }

    pub(crate) fn judge(&self, case: &str, found: &[String]) -> Verdict {
        let listed = self.list.iter();
        let listed: Vec<&Deviation> = listed
            .filter(|deviation| deviation.cases.iter().any(|listed| listed == case))
            .collect();
        let patterns = || {
            listed.iter().flat_map(|deviation| {
                let patterns = deviation.differs.iter();
                patterns.map(|pattern| (pattern.as_str(), deviation.reason.as_str()))
            })
        };
        let unlisted = found
            .iter()
            .filter(|line| !patterns().any(|(pattern, _)| matches(pattern, line)))
            .map(|line| format!("not listed: {line}"));
        let stale = patterns()
            .filter(|(pattern, _)| !found.iter().any(|line| matches(pattern, line)))
            .map(|(pattern, reason)| {
                format!("listed, but no longer differs: {pattern} (because {reason:?})")
            });
        let problems: Vec<String> = unlisted.chain(stale).collect();
        match (problems.is_empty(), found.is_empty()) {
            (false, _) => Verdict::Unexplained(problems),
            (true, true) => Verdict::Matched,
            (true, false) => Verdict::Deviates,
        }
    }
}

/// Whether a pattern with `*` for any text covers the whole of a text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
