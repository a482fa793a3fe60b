//! What the service's filters said.

use serde::{Deserialize, Deserializer};

use super::names::{BlockReason, HarmProbability};
use super::read::{each, flag};
use crate::request::HarmCategory;
use crate::wire::{float, lenient};

/// How a prompt or a response was rated for one kind of harm.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SafetyRating {
    /// The kind of harm; `HARM_CATEGORY_UNSPECIFIED` where the service left it out.
    #[serde(default = "unspecified", deserialize_with = "category")]
    pub category: HarmCategory,
    /// How likely it is.
    #[serde(default, deserialize_with = "lenient")]
    pub probability: Option<HarmProbability>,
    /// How likely it is, from 0 to 1 (Vertex AI).
    #[serde(default, alias = "probability_score", deserialize_with = "float")]
    pub probability_score: Option<f64>,
    /// How bad it would be, such as `HARM_SEVERITY_LOW` (Vertex AI).
    #[serde(default, deserialize_with = "lenient")]
    pub severity: Option<String>,
    /// How bad it would be, from 0 to 1 (Vertex AI).
    #[serde(default, alias = "severity_score", deserialize_with = "float")]
    pub severity_score: Option<f64>,
    /// Whether content was blocked for it.
    #[serde(default, deserialize_with = "flag")]
    pub blocked: bool,
}

/// What the filters said of the prompt.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct PromptFeedback {
    /// Why the prompt was blocked, if it was; then there is no response.
    #[serde(alias = "block_reason", deserialize_with = "lenient")]
    pub block_reason: Option<BlockReason>,
    /// The same in words (Vertex AI).
    #[serde(alias = "block_reason_message", deserialize_with = "lenient")]
    pub block_reason_message: Option<String>,
    /// How it was rated.
    #[serde(alias = "safety_ratings", deserialize_with = "each")]
    pub safety_ratings: Vec<SafetyRating>,
}

fn unspecified() -> HarmCategory {
    HarmCategory::from("HARM_CATEGORY_UNSPECIFIED")
}

/// So that a rating is there, and whether it blocked, whatever it is for.
fn category<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HarmCategory, D::Error> {
    lenient(deserializer).map(|category| category.unwrap_or_else(unspecified))
}
