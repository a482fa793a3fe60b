//! What a request used.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::read::{count, each, read};
use crate::request::Modality;
use crate::wire::{self, lenient};

/// The tokens that one request used. A count that the service left out is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// In the request.
    #[serde(
        rename = "promptTokenCount",
        alias = "prompt_token_count",
        deserialize_with = "count"
    )]
    pub prompt_tokens: u64,
    /// In the response, thoughts not included.
    #[serde(
        rename = "candidatesTokenCount",
        alias = "candidates_token_count",
        deserialize_with = "count"
    )]
    pub candidates_tokens: u64,
    /// Spent on thinking; they bill as output.
    #[serde(
        rename = "thoughtsTokenCount",
        alias = "thoughts_token_count",
        deserialize_with = "count"
    )]
    pub thoughts_tokens: u64,
    /// Of the request, those that came from a cache.
    #[serde(
        rename = "cachedContentTokenCount",
        alias = "cached_content_token_count",
        deserialize_with = "count"
    )]
    pub cached_content_tokens: u64,
    /// In the results of tools.
    #[serde(
        rename = "toolUsePromptTokenCount",
        alias = "tool_use_prompt_token_count",
        deserialize_with = "count"
    )]
    pub tool_use_prompt_tokens: u64,
    /// All of them.
    #[serde(
        rename = "totalTokenCount",
        alias = "total_token_count",
        deserialize_with = "count"
    )]
    pub total_tokens: u64,
}

/// Where a response says what it used. Models for embeddings count in places of their own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::results) struct UsageFields<'a> {
    #[serde(borrow, alias = "usage_metadata")]
    usage_metadata: Option<&'a RawValue>,
    #[serde(borrow, alias = "token_count")]
    token_count: Option<&'a RawValue>,
    #[serde(borrow)]
    embedding: Option<&'a RawValue>,
    #[serde(borrow)]
    embeddings: Option<&'a RawValue>,
}

impl UsageFields<'_> {
    /// What was used, wherever it stands.
    pub(in crate::results) fn usage(&self) -> Option<Usage> {
        read(self.usage_metadata).or_else(|| {
            let tokens = read_count(self.token_count).or_else(|| self.counted_in_embedding())?;
            Some(Usage {
                prompt_tokens: tokens,
                total_tokens: tokens,
                ..Usage::default()
            })
        })
    }

    pub(super) fn details(&self) -> Option<UsageDetails> {
        read(self.usage_metadata)
    }

    fn counted_in_embedding(&self) -> Option<u64> {
        #[derive(Deserialize)]
        struct Embedding<'a> {
            #[serde(borrow)]
            statistics: &'a RawValue,
        }
        #[derive(Deserialize)]
        struct Statistics {
            #[serde(alias = "tokenCount", deserialize_with = "wire::count")]
            token_count: Option<u64>,
        }
        let embedding: Embedding<'_> = read(self.embedding.or(self.embeddings))?;
        read::<Statistics>(Some(embedding.statistics))?.token_count
    }
}

fn read_count(raw: Option<&RawValue>) -> Option<u64> {
    wire::count(raw?).ok().flatten()
}

fn unspecified() -> Modality {
    Modality::from("MODALITY_UNSPECIFIED")
}

/// So that tokens are there, whatever they stand for.
fn modality<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Modality, D::Error> {
    lenient(deserializer).map(|modality| modality.unwrap_or_else(unspecified))
}

/// The tokens that one request used, by what they stand for. What the service left out is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct UsageDetails {
    /// In the request.
    // Embeddings say `promptTokenDetails`.
    #[serde(
        rename = "promptTokensDetails",
        alias = "promptTokenDetails",
        deserialize_with = "each"
    )]
    pub prompt: Vec<ModalityTokens>,
    /// In the response.
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
    /// The kind; `MODALITY_UNSPECIFIED` where the service left it out.
    #[serde(default = "unspecified", deserialize_with = "modality")]
    pub modality: Modality,
    /// How many.
    #[serde(rename = "tokenCount", default, deserialize_with = "count")]
    pub tokens: u64,
}
