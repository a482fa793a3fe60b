//! What is blocked as harmful.

use super::message::{message, name_fields};
use super::{HarmBlockMethod, HarmBlockThreshold, HarmCategory};

message! {
    /// From which likelihood on one kind of harm is blocked: Google's `SafetySetting`.
    ///
    /// ```
    /// use genai_batch::{HarmBlockThreshold, HarmCategory, Request, SafetySetting};
    ///
    /// let request = Request::text("How do I sharpen a knife?").safety_settings([
    ///     SafetySetting::new(
    ///         HarmCategory::DANGEROUS_CONTENT,
    ///         HarmBlockThreshold::BLOCK_ONLY_HIGH,
    ///     ),
    /// ]);
    /// ```
    SafetySetting;
}

impl SafetySetting {
    /// A setting for one category; each has at most one in a request.
    pub fn new(
        category: impl Into<HarmCategory>,
        threshold: impl Into<HarmBlockThreshold>,
    ) -> Self {
        Self::default()
            .field("category", category.into())
            .field("threshold", threshold.into())
    }

    name_fields! {
        /// What the threshold is compared with; Vertex AI alone.
        method: HarmBlockMethod => "method";
    }
}
