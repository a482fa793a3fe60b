//! The findings of a preflight: all are counted, and the first hundred of each code kept.

use std::collections::BTreeMap;

pub(super) use crate::request::finding::{Finding, FindingCode, Severity};

/// How many findings of one code are kept; all are counted.
const KEPT: usize = 100;
/// How many characters of a text in a finding are kept.
const LONGEST: usize = 500;

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
}
