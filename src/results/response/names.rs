//! Names that the service may add to at any time: each an open set with the known ones as
//! constants. Those whose numbers are the same on both backends are read from these too.

use crate::open_enum::names;

names! {
    /// Why a response ended: an open set of names.
    ///
    /// ```
    /// use genai_batch::response::FinishReason;
    ///
    /// # fn example(response: genai_batch::Response) {
    /// if response.finish_reason() == Some(FinishReason::MAX_TOKENS) {
    ///     println!("the response was cut off");
    /// }
    /// # }
    /// ```
    FinishReason {
        /// The model came to an end of its own.
        STOP = "STOP" | 1;
        /// The limit on output tokens was reached: the text is cut off, and may hold reasoning.
        MAX_TOKENS = "MAX_TOKENS" | 2;
        /// Stopped for safety.
        SAFETY = "SAFETY" | 3;
        /// Stopped because it repeated known text.
        RECITATION = "RECITATION" | 4;
        /// Stopped because the language is not supported.
        LANGUAGE = "LANGUAGE";
        /// Stopped at a forbidden term.
        BLOCKLIST = "BLOCKLIST";
        /// Stopped at forbidden content.
        PROHIBITED_CONTENT = "PROHIBITED_CONTENT";
        /// Stopped at sensitive personal data.
        SPII = "SPII";
        /// Stopped by Model Armor (Vertex AI).
        MODEL_ARMOR = "MODEL_ARMOR";
        /// The model called a function in a way that makes no sense.
        MALFORMED_FUNCTION_CALL = "MALFORMED_FUNCTION_CALL";
        /// An image was stopped for safety.
        IMAGE_SAFETY = "IMAGE_SAFETY";
        /// An image was stopped for forbidden content.
        IMAGE_PROHIBITED_CONTENT = "IMAGE_PROHIBITED_CONTENT";
        /// An image was stopped because it repeated a known one.
        IMAGE_RECITATION = "IMAGE_RECITATION";
        /// No image came of it.
        NO_IMAGE = "NO_IMAGE";
        /// For another reason.
        OTHER = "OTHER";
    }

    /// Why a prompt was blocked: an open set of names.
    BlockReason {
        /// For safety.
        SAFETY = "SAFETY" | 1;
        /// For a forbidden term.
        BLOCKLIST = "BLOCKLIST" | 3;
        /// For forbidden content.
        PROHIBITED_CONTENT = "PROHIBITED_CONTENT" | 4;
        /// For the safety of an image.
        IMAGE_SAFETY = "IMAGE_SAFETY";
        /// By Model Armor (Vertex AI).
        MODEL_ARMOR = "MODEL_ARMOR";
        /// As an attempt to get around safety (Vertex AI).
        JAILBREAK = "JAILBREAK";
        /// For another reason.
        OTHER = "OTHER" | 2;
    }

    /// How likely harm is: an open set of names.
    HarmProbability {
        /// Hardly.
        NEGLIGIBLE = "NEGLIGIBLE" | 1;
        /// A little.
        LOW = "LOW" | 2;
        /// Somewhat.
        MEDIUM = "MEDIUM" | 3;
        /// Very.
        HIGH = "HIGH" | 4;
    }
}

impl FinishReason {
    /// Whether a filter of the service stopped the response. A new reason of this kind is not
    /// known as one; that the response is not complete, [`complete_text`](crate::Response::complete_text)
    /// knows all the same.
    pub fn is_block(&self) -> bool {
        let blocks = [
            Self::SAFETY,
            Self::RECITATION,
            Self::BLOCKLIST,
            Self::PROHIBITED_CONTENT,
            Self::SPII,
            Self::MODEL_ARMOR,
            Self::IMAGE_SAFETY,
            Self::IMAGE_PROHIBITED_CONTENT,
            Self::IMAGE_RECITATION,
        ];
        blocks.contains(self)
    }
}
