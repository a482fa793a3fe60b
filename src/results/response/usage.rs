//! What a request used.

use serde::Deserialize;

use super::read::{count, each};
use crate::request::Modality;

/// The tokens that one request used. A count that the service left out is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// In the request.
    #[serde(rename = "promptTokenCount", deserialize_with = "count")]
    pub prompt_tokens: u64,
    /// In the answer, thoughts not included.
    #[serde(rename = "candidatesTokenCount", deserialize_with = "count")]
    pub candidates_tokens: u64,
    /// Spent on thinking; they bill as output.
    #[serde(rename = "thoughtsTokenCount", deserialize_with = "count")]
    pub thoughts_tokens: u64,
    /// Of the request, those that came from a cache.
    #[serde(rename = "cachedContentTokenCount", deserialize_with = "count")]
    pub cached_content_tokens: u64,
    /// In the results of tools.
    #[serde(rename = "toolUsePromptTokenCount", deserialize_with = "count")]
    pub tool_use_prompt_tokens: u64,
    /// All of them.
    #[serde(rename = "totalTokenCount", deserialize_with = "count")]
    pub total_tokens: u64,
}

/// The tokens that one request used, by what they stand for. What the service left out is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct UsageDetails {
    /// In the request.
    #[serde(rename = "promptTokensDetails", deserialize_with = "each")]
    pub prompt: Vec<ModalityTokens>,
    /// In the answer.
    #[serde(rename = "candidatesTokensDetails", deserialize_with = "each")]
    pub candidates: Vec<ModalityTokens>,
    /// Of the request, those that came from a cache.
    #[serde(rename = "cacheTokensDetails", deserialize_with = "each")]
    pub cached_content: Vec<ModalityTokens>,
    /// In the results of tools.
    #[serde(rename = "toolUsePromptTokensDetails", deserialize_with = "each")]
    pub tool_use_prompt: Vec<ModalityTokens>,
}

/// How many tokens stand for one kind of content.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ModalityTokens {
    /// The kind.
    pub modality: Modality,
    /// How many.
    #[serde(rename = "tokenCount", default, deserialize_with = "count")]
    pub tokens: u64,
}
