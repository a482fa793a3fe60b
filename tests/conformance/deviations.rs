//! The differences that are meant, as rules, and the verdict on those that were found.
//!
//! A rule holds for a class of cases, so that a further case of the class needs no new one. It covers
//! what differs in a case only where all that it tells of differs together.

use std::path::Path;

use serde::Deserialize;

use super::case::Case;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deviations {
    #[serde(rename = "rule")]
    rules: Vec<Rule>,
}

/// One way in which we differ on purpose. In every pattern `*` stands for any text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    reason: String,
    /// Patterns of the calls in which it may be so: the backend, a space, the method.
    calls: Vec<String>,
    /// Patterns of the names of the cases, where not every case of such a call is meant.
    #[serde(default)]
    cases: Vec<String>,
    /// Patterns of the differences, `{name}` for the name that the call is about. All of them differ,
    /// or the rule has nothing to say.
    differs: Vec<String>,
}

/// What became of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing differs.
    Matched,
    /// A rule tells of all that differs.
    Deviates,
    /// The rest, told in words.
    Unexplained(Vec<String>),
}

/// A case in which a rule told of something.
#[derive(Debug)]
pub(crate) struct Use {
    rule: usize,
    call: String,
    case: String,
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
        for rule in &deviations.rules {
            let reason = rule.reason.trim();
            if reason.is_empty() {
                return Err("a rule has no reason".to_owned());
            }
            if rule.differs.is_empty() || rule.calls.is_empty() {
                return Err(format!("nothing differs, or in no call: {reason}"));
            }
            let covers_all = |pattern: &String| pattern.chars().all(|c| c == '*');
            if rule.differs.iter().any(covers_all) {
                return Err(format!("a pattern covers whatever differs: {reason}"));
            }
        }
        Ok(deviations)
    }

    /// The verdict on what differs in a case, noting which rules had a part in it.
    pub(crate) fn judge(&self, case: &Case, found: &[String], uses: &mut Vec<Use>) -> Verdict {
        let call = format!("{} {}", case.backend, case.call.method);
        let name = case.call.args.get("name").and_then(|name| name.as_str());
        let mut told = vec![false; found.len()];
        for (number, rule) in self.rules.iter().enumerate() {
            if !rule.is_about(&call, &case.id) {
                continue;
            }
            let covered = |pattern: &String| -> Vec<usize> {
                let pattern = pattern.replace("{name}", name.unwrap_or("{name}"));
                let lines = found.iter().enumerate();
                let lines = lines.filter(|(_, line)| matches(&pattern, line));
                lines.map(|(line, _)| line).collect()
            };
            let covered: Vec<Vec<usize>> = rule.differs.iter().map(covered).collect();
            if covered.iter().all(|lines| !lines.is_empty()) {
                covered
                    .into_iter()
                    .flatten()
                    .for_each(|line| told[line] = true);
                uses.push(Use {
                    rule: number,
                    call: call.clone(),
                    case: case.id.clone(),
                });
            }
        }
        let untold = found.iter().zip(&told).filter(|(_, told)| !**told);
        let untold: Vec<String> = untold
            .map(|(line, _)| format!("no rule tells of it: {line}"))
            .collect();
        match (untold.is_empty(), found.is_empty()) {
            (false, _) => Verdict::Unexplained(untold),
            (true, true) => Verdict::Matched,
            (true, false) => Verdict::Deviates,
        }
    }

    /// The rules that told of nothing in any case, and the classes in which they told of nothing.
    pub(crate) fn unused(&self, uses: &[Use]) -> Vec<String> {
        let mut unused = Vec::new();
        for (number, rule) in self.rules.iter().enumerate() {
            let uses = || uses.iter().filter(|it| it.rule == number);
            let reason = rule.reason.trim();
            if uses().next().is_none() {
                unused.push(format!("no case differs like this: {reason}"));
                continue;
            }
            let calls = rule.calls.iter();
            let idle = calls.filter(|call| !uses().any(|it| matches(call, &it.call)));
            let cases = rule.cases.iter();
            let idle = idle.chain(cases.filter(|case| !uses().any(|it| matches(case, &it.case))));
            unused.extend(
                idle.map(|class| format!("no case of {class:?} differs like this: {reason}")),
            );
        }
        unused
    }
}

impl Rule {
    fn is_about(&self, call: &str, case: &str) -> bool {
        let fits = |patterns: &[String], text: &str| patterns.iter().any(|it| matches(it, text));
        fits(&self.calls, call) && (self.cases.is_empty() || fits(&self.cases, case))
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
