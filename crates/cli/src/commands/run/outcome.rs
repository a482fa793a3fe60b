//! What came of a row, as the cells that are added to it.

use std::collections::BTreeMap;

use genai_batch::response::{Response, ResponseError};
use genai_batch::{BatchResult, Outcome};
use serde::Serialize;
use serde_json::Value;

use super::shape::Shape;
use crate::exit::of_command_line;
use crate::show::counted::{counted, grouped};
use crate::table::text::clip;

/// How many kinds of failures are told apart.
const GROUPS: usize = 50;
/// How many keys are named of each kind.
const KEYS: usize = 3;
/// How many sizes of embeddings are told apart.
const SIZES: usize = 64;
/// Why a result is missing, where nothing says it.
pub(crate) const NO_RESULT: &str = "no result came back for it";

/// What came of a row.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) answer: Option<String>,
    pub(super) embedding: Option<Vec<f32>>,
    pub(super) fields: Vec<Value>,
    pub(super) finish_reason: Option<String>,
    pub(super) failure: Option<Failed>,
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
}

/// Why a row has no good answer.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) kind: &'static str,
    /// The code of an error, or the reason of a block.
    pub(super) detail: Option<String>,
    pub(super) message: String,
}

impl Failed {
    fn new(kind: &'static str, detail: Option<String>, message: String) -> Self {
        Self {
            kind,
            detail,
            message: of_command_line(&message),
        }
    }
}

impl Told {
    /// Reads a result; `shape` is what answers have to fit.
    pub(super) fn of(result: &BatchResult, shape: Option<&Shape>) -> Self {
        Self::read(result, |told, response| {
            told.answer = response.text().map(|text| text.into_owned());
            told.finish_reason = response
                .finish_reason()
                .map(|reason| reason.as_str().to_owned());
            match response.complete_text() {
                Ok(text) => told.fit(&text, shape),
                Err(error) => told.failure = Some(incomplete(&error)),
            }
        })
    }

    /// Reads a result that is to be an embedding of so many values, if that is known.
    pub(super) fn of_embedding(result: &BatchResult, asked: &Dimensions) -> Self {
        Self::read(result, |told, response| {
            // What is cut to fewer values is not of length 1 as it comes.
            let values = match asked.is_cut {
                true => response.normalized_embedding(),
                false => response.embedding().map(<[f32]>::to_vec),
            };
            match asked.check(values) {
                Ok(values) => told.embedding = Some(values),
                Err(failed) => told.failure = Some(failed),
            }
        })
    }

    fn read(result: &BatchResult, of_response: impl FnOnce(&mut Self, &Response)) -> Self {
        let mut told = Self::default();
        match result.outcome() {
            Outcome::Response(response) => {
                if let Some(usage) = response.usage() {
                    told.input_tokens = Some(usage.prompt_tokens + usage.tool_use_prompt_tokens);
                    told.output_tokens = Some(usage.candidates_tokens + usage.thoughts_tokens);
                }
                of_response(&mut told, response);
            }
            Outcome::Error(error) => {
                let kind = if error.is_malformed() {
                    "unreadable"
                } else {
                    "failed"
                };
                let detail = Some(error.status().status().to_owned());
                told.failure = Some(Failed::new(kind, detail, error.to_string()));
            }
            Outcome::Missing => {
                let message = result.why_missing().unwrap_or(NO_RESULT).to_owned();
                told.failure = Some(Failed::new("missing", None, message));
            }
        }
        told
    }

    fn fit(&mut self, text: &str, shape: Option<&Shape>) {
        match shape.map(|shape| shape.cells(text)) {
            None => {}
            Some(Ok(fields)) => self.fields = fields,
            Some(Err((kind, message))) => self.failure = Some(Failed::new(kind, None, message)),
        }
    }
}

/// How many values embeddings are to have.
#[derive(Debug, Default)]
pub(super) struct Dimensions {
    /// Whether fewer are asked for than the model makes.
    is_cut: bool,
    /// As many as were asked for, or else as most embeddings have.
    count: Option<usize>,
}

impl Dimensions {
    pub(super) fn new(asked: Option<u32>) -> Self {
        Self {
            is_cut: asked.is_some(),
            count: asked.and_then(|it| usize::try_from(it).ok()),
        }
    }

    /// Whether they are known.
    pub(super) fn is_known(&self) -> bool {
        self.count.is_some()
    }

    /// As many as most have.
    pub(super) fn settle(&mut self, sizes: &Sizes) {
        self.count = self.count.or(sizes.most());
    }

    fn check(&self, values: Option<Vec<f32>>) -> Result<Vec<f32>, Failed> {
        let values = values.filter(|values| !values.is_empty());
        let Some(values) = values else {
            let message = "the response has no embedding".to_owned();
            return Err(Failed::new("no-embedding", None, message));
        };
        let wrong = |message| Err(Failed::new("wrong-shape", None, message));
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let (value, place) = (values[at], at + 1);
            return wrong(format!("value {place} of the embedding is {value}"));
        }
        match self.count {
            Some(count) if count != values.len() => wrong(format!(
                "the embedding has {}, and {} {}",
                counted(values.len() as u64, "value"),
                grouped(count as u64),
                if self.is_cut {
                    "were asked for"
                } else {
                    "are in the others"
                }
            )),
            _ => Ok(values),
        }
    }
}

/// How many embeddings have how many values, in the order in which these were first seen.
#[derive(Debug, Default)]
pub(super) struct Sizes(Vec<(usize, u64)>);

impl Sizes {
    /// Counts an embedding that is fit to be one.
    pub(super) fn see(&mut self, result: &BatchResult) {
        let values = result.response().and_then(Response::embedding);
        let values = values.filter(|values| values.iter().all(|value| value.is_finite()));
        let Some(size) = values.map(<[f32]>::len).filter(|size| *size > 0) else {
            return;
        };
        match self.0.iter().position(|(known, _)| *known == size) {
            Some(at) => self.0[at].1 += 1,
            None if self.0.len() < SIZES => self.0.push((size, 1)),
            None => {}
        }
    }

    /// The size that most have, of several the first.
    fn most(&self) -> Option<usize> {
        let most = self.0.iter().rev().max_by_key(|(_, count)| *count);
        most.map(|(size, _)| *size)
    }
}

fn incomplete(error: &ResponseError) -> Failed {
    let reason = error.finish_reason().map(|it| it.as_str().to_owned());
    let blocked = error.block_reason().map(|it| it.as_str().to_owned());
    Failed::new(kind_of(error), blocked.or(reason), error.to_string())
}

fn kind_of(error: &ResponseError) -> &'static str {
    match error {
        _ if error.is_blocked() => "blocked",
        _ if error.is_truncated() => "cut-off",
        _ if error.is_unfinished() => "unfinished",
        _ => "no-text",
    }
}

/// Responses without a complete answer, which are rows that failed: how many of each kind.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Incomplete(BTreeMap<&'static str, u64>);

impl Incomplete {
    /// Looks at a result.
    pub(crate) fn count(&mut self, result: &BatchResult) {
        let response = result.response().filter(|it| it.embedding().is_none());
        if let Some(Err(error)) = response.map(Response::complete_text) {
            *self.0.entry(kind_of(&error)).or_default() += 1;
        }
    }

    /// `50 cut-off, 8 blocked`; `None` if there is none.
    pub(crate) fn in_words(&self) -> Option<String> {
        let kinds = self
            .0
            .iter()
            .map(|(kind, count)| format!("{} {kind}", grouped(*count)));
        (!self.0.is_empty()).then(|| kinds.collect::<Vec<_>>().join(", "))
    }
}

/// Failures of one kind.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) kind: &'static str,
    pub(super) detail: Option<String>,
    pub(super) count: u64,
    /// What the first of them says.
    pub(super) message: String,
    /// The keys of the first.
    pub(super) keys: Vec<String>,
}

/// What came of all rows.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) written: u64,
    pub(super) answers: u64,
    pub(super) failed: u64,
    groups: BTreeMap<(&'static str, Option<String>), Group>,
}

impl Tally {
    /// Counts a row.
    pub(super) fn count(&mut self, key: Option<&str>, told: &Told) {
        self.written += 1;
        let Some(failure) = &told.failure else {
            self.answers += 1;
            return;
        };
        self.failed += 1;
        let mut name = (failure.kind, failure.detail.clone());
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&name) {
            name = ("other", None);
        }
        let group = self.groups.entry(name.clone()).or_insert_with(|| Group {
            kind: name.0,
            detail: name.1,
            count: 0,
            message: clip(&failure.message, 300).into_owned(),
            keys: Vec::new(),
        });
        group.count += 1;
        if group.keys.len() < KEYS {
            group.keys.extend(key.map(|key| clip(key, 60).into_owned()));
        }
    }

    /// The kinds of failures, the most frequent first.
    pub(super) fn into_groups(self) -> Vec<Group> {
        let mut groups: Vec<_> = self.groups.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}
