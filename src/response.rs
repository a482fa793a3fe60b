//! What is in the response to one request.
//!
//! A [`Response`] is read as it is asked: its text whole, or taken apart into [`Candidate`]s and
//! their [`Part`]s, with what the service says of safety, sources and usage.
//!
//! | what | types |
//! |---|---|
//! | the response, and the candidates in it | [`Response`], [`Candidate`], [`FinishReason`] |
//! | what a candidate is made of | [`Part`], [`FunctionCall`], [`InlineData`] |
//! | why there is no whole text, or no value of a type | [`ResponseError`] |
//! | what was blocked, or might be harmful | [`PromptFeedback`], [`BlockReason`], [`SafetyRating`], [`HarmProbability`] |
//! | where it comes from | [`Citation`], [`Grounding`], [`GroundingSource`], [`GroundingSegment`], [`GroundingSupport`] |
//! | how likely each token was | [`Logprobs`], [`TokenLogprob`] |
//! | how many tokens it took | [`Usage`], [`UsageDetails`], [`ModalityTokens`] |
//!
//! ```
//! use genai_batch::response::{FinishReason, Response};
//!
//! /// All that was written, if the response was cut off for its length.
//! fn cut_off(response: &Response) -> Option<String> {
//!     let candidate = response.candidates().next()?;
//!     let is_cut = candidate.finish_reason() == Some(FinishReason::MAX_TOKENS);
//!     is_cut.then(|| candidate.text().unwrap_or_default().into_owned())
//! }
//! ```

pub use crate::results::complete::ResponseError;
pub use crate::results::response::{
    BlockReason, Candidate, Citation, FinishReason, FunctionCall, Grounding, GroundingSegment,
    GroundingSource, GroundingSupport, HarmProbability, InlineData, Logprobs, ModalityTokens, Part,
    PromptFeedback, Response, SafetyRating, TokenLogprob, Usage, UsageDetails,
};
