//! The limits of the services, each with where it is told, and what a source uses of them.

use std::fmt;

use serde::Serialize;

use super::finding::{Finding, FindingCode};
use crate::counted::{Bytes, Grouped};
use crate::platform::Backend;

const GEMINI_DOCS: &str = "Gemini API documentation, Batch Mode";
const EMBEDDING_DOCS: &str = "Vertex AI documentation, Get batch embeddings inferences";
const SECOND_HAND: &str = "second-hand reports";

/// A limit of the service, and how much of it the source uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LimitUse {
    /// What is limited.
    pub name: &'static str,
    /// How much the source uses; `None` where the client does not know.
    pub used: Option<u64>,
    /// How much there may be.
    pub limit: u64,
    /// What is counted, such as `bytes`.
    pub unit: &'static str,
    /// Who says so.
    pub source: &'static str,
}

impl fmt::Display for LimitUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = match self.unit {
            "bytes" => Bytes(self.limit).to_string(),
            unit => format!("{} {unit}", Grouped(self.limit)),
        };
        match (self.used, self.unit) {
            (Some(used), "bytes") => write!(f, "{}: {} of {limit}", self.name, Bytes(used))?,
            (Some(used), _) => write!(f, "{}: {} of {limit}", self.name, Grouped(used))?,
            (None, _) => write!(f, "{}: not checked, {limit} at most", self.name)?,
        }
        write!(f, " ({})", self.source)
    }
}

/// What a source is, as far as limits go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size<'a> {
    pub(super) backend: Backend,
    pub(super) model: Option<&'a str>,
    /// `None` where they were not read.
    pub(super) requests: Option<u64>,
    pub(super) bytes: u64,
    /// Whether it would be sent in the body of the create.
    pub(super) inline: bool,
}

/// The limits that concern this source, and what is found about them.
pub(super) fn check(size: Size<'_>) -> (Vec<LimitUse>, Vec<Finding>) {
    let limits = match size.backend {
        Backend::Gemini => gemini(size),
        Backend::Vertex => vertex(size),
    };
    let exceeded = limits.iter().filter(|limit| limit.used > Some(limit.limit));
    let findings = exceeded.map(|limit| {
        let message = format!("more than a job may have: {limit}");
        let finding = if limit.source == SECOND_HAND {
            Finding::warning(FindingCode::LimitExceeded, message)
        } else {
            Finding::error(FindingCode::LimitExceeded, message)
        };
        finding.hint("submit it as several jobs")
    });
    let findings = findings.collect();
    (limits, findings)
}

fn gemini(size: Size<'_>) -> Vec<LimitUse> {
    let limit = |name, used, limit, unit| LimitUse {
        name,
        used,
        limit,
        unit,
        source: GEMINI_DOCS,
    };
    let transport = match size.inline {
        true => limit(
            "requests sent inline",
            Some(size.bytes),
            20_000_000,
            "bytes",
        ),
        false => limit("file of requests", Some(size.bytes), 2 << 30, "bytes"),
    };
    vec![
        transport,
        limit("files of the project", None, 20 << 30, "bytes"),
        limit("jobs at once", None, 100, "jobs"),
    ]
}

fn vertex(size: Size<'_>) -> Vec<LimitUse> {
    let rows = |limit, source| LimitUse {
        name: "requests of the job",
        used: size.requests,
        limit,
        unit: "requests",
        source,
    };
    let id = size.model.and_then(|model| model.rsplit('/').next());
    let (rows, size_source) = match id {
        Some(id) if id.starts_with("gemini-embedding") => {
            (rows(1_000_000, EMBEDDING_DOCS), EMBEDDING_DOCS)
        }
        Some(id) if id.contains("embedding") => (rows(30_000, EMBEDDING_DOCS), SECOND_HAND),
        _ => (rows(200_000, SECOND_HAND), SECOND_HAND),
    };
    let input = LimitUse {
        name: "input of the job in Cloud Storage",
        used: Some(size.bytes),
        limit: 1 << 30,
        unit: "bytes",
        source: size_source,
    };
    vec![rows, input]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::finding::Severity;

    #[test]
    fn each_limit_is_found_when_it_is_passed() {
        let size = |backend, model, requests, bytes, inline| Size {
            backend,
            model,
            requests: Some(requests),
            bytes,
            inline,
        };
        use Backend::{Gemini, Vertex};
        let older = Some("publishers/google/models/text-embedding-005");
        for (over, severity) in [
            (size(Gemini, None, 1, 20_000_001, true), Severity::Error),
            (size(Gemini, None, 1, (2 << 30) + 1, false), Severity::Error),
            (size(Vertex, None, 200_001, 1, false), Severity::Warning),
            (
                size(Vertex, None, 1, (1 << 30) + 1, false),
                Severity::Warning,
            ),
            (size(Vertex, older, 30_001, 1, false), Severity::Error),
            (
                size(Vertex, Some("gemini-embedding-001"), 1_000_001, 1, false),
                Severity::Error,
            ),
        ] {
            let (_, findings) = check(over);
            assert_eq!(findings.len(), 1, "{over:?}");
            assert_eq!(findings[0].severity, severity, "{over:?}");
        }
        for under in [
            size(Gemini, None, 200_001, 2 << 30, false),
            size(Vertex, Some("gemini-embedding-001"), 200_001, 1, false),
        ] {
            assert!(check(under).1.is_empty(), "{under:?}");
        }
    }
}
