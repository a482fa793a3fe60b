//! What is blocked as harmful.

use super::message::{message, name_fields};
use super::names::{HarmBlockMethod, HarmBlockThreshold, HarmCategory};

message! {
    /// From which likelihood on one kind of harm is blocked: Google's `SafetySetting`.
    ///
    /// ```
    /// use genai_batch::request::{HarmBlockThreshold, HarmCategory, SafetySetting};
    /// use genai_batch::Request;
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
    /// Blocks responses that are harmful in this way at least this likely, such as
    /// [`HarmCategory::HARASSMENT`] from [`HarmBlockThreshold::BLOCK_ONLY_HIGH`] on. Each category has at
    /// most one setting in a request; those without one are the model's matter.
    ///
    /// ```
    /// use genai_batch::request::{HarmBlockThreshold, HarmCategory, SafetySetting};
    ///
    /// let setting = SafetySetting::new(HarmCategory::HARASSMENT, HarmBlockThreshold::BLOCK_NONE);
    /// ```
    pub fn new(
        category: impl Into<HarmCategory>,
        threshold: impl Into<HarmBlockThreshold>,
    ) -> Self {
        Self::default()
            .field("category", category.into())
            .field("threshold", threshold.into())
    }

    name_fields! {
        of "SafetySetting::new(HarmCategory::HARASSMENT, HarmBlockThreshold::BLOCK_NONE)";
        /// What the threshold is compared with; Vertex AI alone.
        method: HarmBlockMethod = "HarmBlockMethod::SEVERITY" => "method";
    }
}
