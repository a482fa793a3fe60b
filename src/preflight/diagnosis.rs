//! The outcome of a preflight, as a text for people and as data for programs.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::finding::{Finding, FindingCode, Severity};
use super::limits::LimitUse;
use crate::cost::{CostEstimate, Estimate};
use crate::counted::{Bytes, Counted};
use crate::platform::Backend;
use crate::shown::Shown;

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
    /// Tokens of all responses, thinking included.
    pub output_tokens: Estimate,
    /// How the tokens were estimated, and with what error.
    pub token_basis: String,
    /// Parts whose tokens are not estimated: audio, video, documents, caches. They are in the
    /// input only so far as the service counted them in a [`sample`](crate::preflight::Preflight::sample).
    pub unmeasured_parts: u64,
    /// What the job may cost, where prices are given or known.
    pub cost: Option<CostEstimate>,
}

impl Diagnosis {
    /// Whether nothing was found that would be refused, fail, or lose a result.
    pub fn is_ok(&self) -> bool {
        self.errors == 0
    }

    /// Whether nothing was found at all, but for fields in snake case, which the services take too.
    pub fn is_clean(&self) -> bool {
        let spelled = self.counts.get(&FindingCode::SnakeCase);
        self.errors + self.warnings == 0 && self.notes == spelled.copied().unwrap_or_default()
    }

    /// Whether the requests were read, so that it is known how many there are.
    fn is_read(&self) -> bool {
        self.requests > 0 || self.counts.contains_key(&FindingCode::Empty)
    }

    /// The findings of one code, as far as they are kept.
    ///
    /// ```no_run
    /// use genai_batch::Source;
    /// use genai_batch::preflight::FindingCode;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let diagnosis = Source::path("requests.jsonl").preflight(&client).await?;
    /// for finding in diagnosis.of(FindingCode::UnknownField) {
    ///     println!("{finding}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(&self, code: FindingCode) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |it| it.code == code)
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, for {}: ", Shown(&self.source), self.backend)?;
        match (self.is_read(), self.bytes) {
            (true, bytes) => {
                let requests = Counted(self.requests, "request");
                writeln!(f, "{requests}, {}", Bytes(bytes))?;
            }
            (false, 0) => writeln!(f, "not read")?,
            (false, bytes) => writeln!(f, "not read, {}", Bytes(bytes))?,
        }
        writeln!(
            f,
            "{}, {}, {}",
            Counted(self.errors, "error"),
            Counted(self.warnings, "warning"),
            Counted(self.notes, "note")
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
        if self.is_read() {
            writeln!(f, "tokens in: {}", self.input_tokens)?;
            writeln!(f, "tokens out: {}", self.output_tokens)?;
            writeln!(f, "  by {}", Shown(&self.token_basis))?;
        } else {
            writeln!(f, "tokens: not known, since nothing was read")?;
        }
        if self.unmeasured_parts > 0 {
            let parts = Counted(self.unmeasured_parts, "part");
            writeln!(f, "  without {parts} of audio, video, documents or caches")?;
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
