//! How likely the tokens of a response were.

use serde::Deserialize;

use super::read::{each, or_default};
use crate::wire::{count, float};

/// Log probabilities, which come where `responseLogprobs` asks for them: Google's
/// `logprobsResult`.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Logprobs {
    /// The tokens of the response.
    pub chosen: Vec<TokenLogprob>,
    /// For each of them the likeliest that stood for choice, the likeliest first.
    pub top: Vec<Vec<TokenLogprob>>,
}

/// A token and how likely it was.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TokenLogprob {
    /// The token as text.
    #[serde(default, deserialize_with = "or_default")]
    pub token: String,
    /// The token's number in the model's vocabulary.
    #[serde(default, alias = "token_id", deserialize_with = "count")]
    pub token_id: Option<u64>,
    /// The natural logarithm of its probability; absent where the service left it out, which
    /// JSON of Google's does with a plain 0. A token that could not be has negative infinity.
    #[serde(default, alias = "log_probability", deserialize_with = "float")]
    pub log_probability: Option<f64>,
}

impl<'de> Deserialize<'de> for Logprobs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize, Default)]
        #[serde(default, rename_all = "camelCase")]
        struct Fields {
            #[serde(alias = "chosen_candidates", deserialize_with = "each")]
            chosen_candidates: Vec<TokenLogprob>,
            #[serde(alias = "top_candidates", deserialize_with = "or_default")]
            top_candidates: Vec<Top>,
        }
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Top {
            #[serde(deserialize_with = "each")]
            candidates: Vec<TokenLogprob>,
        }
        let fields = Fields::deserialize(deserializer)?;
        Ok(Self {
            chosen: fields.chosen_candidates,
            top: fields
                .top_candidates
                .into_iter()
                .map(|top| top.candidates)
                .collect(),
        })
    }
}
