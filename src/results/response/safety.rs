//! What the service's filters said.

use serde::Deserialize;

use super::names::{BlockReason, HarmProbability};
use super::read::{each, or_default};
use crate::request::HarmCategory;
use crate::wire::lenient;

/// How a prompt or an answer was rated for one kind of harm.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SafetyRating {
    /// The kind of harm.
    pub category: HarmCategory,
    /// How likely it is.
    #[serde(default, deserialize_with = "lenient")]
    pub probability: Option<HarmProbability>,
    /// How likely it is, from 0 to 1 (Vertex AI).
    #[serde(default, deserialize_with = "lenient")]
    pub probability_score: Option<f64>,
    /// How bad it would be, such as `HARM_SEVERITY_LOW` (Vertex AI).
    #[serde(default, deserialize_with = "lenient")]
    pub severity: Option<String>,
    /// How bad it would be, from 0 to 1 (Vertex AI).
    #[serde(default, deserialize_with = "lenient")]
    pub severity_score: Option<f64>,
    /// Whether content was blocked for it.
    #[serde(default, deserialize_with = "or_default")]
    pub blocked: bool,
}

/// What the filters said of the prompt.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct PromptFeedback {
    /// Why the prompt was blocked, if it was; then there is no answer.
    #[serde(deserialize_with = "lenient")]
    pub block_reason: Option<BlockReason>,
    /// The same in words (Vertex AI).
    #[serde(deserialize_with = "lenient")]
    pub block_reason_message: Option<String>,
    /// How it was rated.
    #[serde(deserialize_with = "each")]
    pub safety_ratings: Vec<SafetyRating>,
}
