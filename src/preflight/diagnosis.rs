//! The outcome of a preflight, as a text for people and as data for programs.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::finding::{Finding, FindingCode, Severity};
use super::limits::LimitUse;
use crate::backend::Backend;
use crate::cost::{CostEstimate, Estimate};

/// How many findings of one code the text shows.
const SHOWN: usize = 5;

/// What a [`preflight`](crate::Source::preflight) found.
///
/// Its text is for people. For programs it can be serialised: the names of the fields and the
/// codes stay as they are, and fields may be added.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The backend that the source was checked for.
    #[serde(serialize_with = "backend_name")]
    pub backend: Backend,
    /// What was read.
    pub source: String,
    /// How many requests there are, bad ones included. 0 where the source could not be read.
    pub requests: u64,
    /// How many bytes they take as lines.
    pub bytes: u64,
    /// How many findings are errors.
    pub errors: u64,
    /// How many are warnings.
    pub warnings: u64,
    /// How many are notes.
    pub notes: u64,
    /// How many findings there are of each code.
    pub counts: BTreeMap<FindingCode, u64>,
    /// The findings, the first 100 of each code: those of the source as a whole, then by line.
    pub findings: Vec<Finding>,
    /// The limits of the service, and what the source uses of them.
    pub limits: Vec<LimitUse>,
    /// Tokens of all requests.
    pub input_tokens: Estimate,
    /// Tokens of all answers, thinking included.
    pub output_tokens: Estimate,
    /// How the tokens were estimated, and with what error.
    pub token_basis: String,
    /// Parts whose tokens are not estimated: audio, video, documents, caches. They are in the
    /// input only so far as the service counted them in a [`sample`](crate::Preflight::sample).
    pub unmeasured_parts: u64,
    /// What the job may cost, where prices are given or known.
    pub cost: Option<CostEstimate>,
}

impl Diagnosis {
    /// Whether nothing was found that would be refused, fail, or lose a result.
    pub fn is_ok(&self) -> bool {
        self.errors == 0
    }

    /// Whether nothing was found at all.
    pub fn is_clean(&self) -> bool {
        self.errors + self.warnings + self.notes == 0
    }

    /// The findings of one code, as far as they are kept.
    pub fn of(&self, code: FindingCode) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |it| it.code == code)
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, for {}: {} requests, {} bytes",
            self.source, self.backend, self.requests, self.bytes
        )?;
        writeln!(
            f,
            "{} errors, {} warnings, {} notes",
            self.errors, self.warnings, self.notes
        )?;
        let mut codes: Vec<_> = self.counts.iter().collect();
        codes.sort_by_key(|(code, _)| {
            let worst = self.of(**code).map(|finding| finding.severity).max();
            (std::cmp::Reverse(worst.unwrap_or(Severity::Note)), **code)
        });
        for (&code, &count) in codes {
            for finding in self.of(code).take(SHOWN) {
                writeln!(f, "  {finding}")?;
            }
            if count > SHOWN as u64 {
                let more = count - SHOWN as u64;
                writeln!(f, "  … and {more} more of [{code}]")?;
            }
        }
        for limit in &self.limits {
            writeln!(f, "limit: {limit}")?;
        }
        writeln!(f, "tokens in: {}", self.input_tokens)?;
        writeln!(f, "tokens out: {}", self.output_tokens)?;
        writeln!(f, "  by {}", self.token_basis)?;
        if self.unmeasured_parts > 0 {
            let parts = self.unmeasured_parts;
            writeln!(
                f,
                "  without {parts} parts of audio, video, documents or caches"
            )?;
        }
        match &self.cost {
            Some(cost) => write!(f, "cost: {cost}\n  prices: {}", cost.price_source),
            None if self.requests == 0 => f.write_str("cost: not known, since nothing was read"),
            None => f.write_str("cost: no prices are known: give them by `pricing`"),
        }
    }
}

fn backend_name<S: serde::Serializer>(backend: &Backend, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match backend {
        Backend::Gemini => "gemini",
        Backend::Vertex => "vertex",
    })
}
