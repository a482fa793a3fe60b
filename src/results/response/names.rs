//! Names that the service may add to at any time: each an open set with the known ones as
//! constants.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

macro_rules! open_set {
    ($(#[$doc:meta])* $set:ident { $($(#[$name_doc:meta])* $name:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
        pub struct $set(Cow<'static, str>);

        impl $set {
            $($(#[$name_doc])*
            pub const $name: Self = Self(Cow::Borrowed(stringify!($name)));)*

            /// The name, as the service wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

open_set! {
    /// Why an answer ended: an open set of names.
    ///
    /// ```
    /// use genai_batch::FinishReason;
    ///
    /// # fn example(response: genai_batch::Response) {
    /// if response.finish_reason() == Some(FinishReason::MAX_TOKENS) {
    ///     println!("the answer was cut off");
    /// }
    /// # }
    /// ```
    FinishReason {
        /// The model came to an end of its own.
        STOP,
        /// The limit on output tokens was reached: the text is cut off, and may hold reasoning.
        MAX_TOKENS,
        /// Stopped for safety.
        SAFETY,
        /// Stopped because it repeated known text.
        RECITATION,
        /// Stopped because the language is not supported.
        LANGUAGE,
        /// Stopped at a forbidden term.
        BLOCKLIST,
        /// Stopped at forbidden content.
        PROHIBITED_CONTENT,
        /// Stopped at sensitive personal data.
        SPII,
        /// Stopped by Model Armor (Vertex AI).
        MODEL_ARMOR,
        /// The model called a function in a way that makes no sense.
        MALFORMED_FUNCTION_CALL,
        /// An image was stopped for safety.
        IMAGE_SAFETY,
        /// An image was stopped for forbidden content.
        IMAGE_PROHIBITED_CONTENT,
        /// An image was stopped because it repeated a known one.
        IMAGE_RECITATION,
        /// No image came of it.
        NO_IMAGE,
        /// For another reason.
        OTHER,
    }
}

impl FinishReason {
    /// Whether a filter of the service stopped the answer. A new reason of this kind is not
    /// known as one; that the answer is not whole, [`complete_text`](crate::Response::complete_text)
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

open_set! {
    /// Why a prompt was blocked: an open set of names.
    BlockReason {
        /// For safety.
        SAFETY,
        /// For a forbidden term.
        BLOCKLIST,
        /// For forbidden content.
        PROHIBITED_CONTENT,
        /// For the safety of an image.
        IMAGE_SAFETY,
        /// By Model Armor (Vertex AI).
        MODEL_ARMOR,
        /// As an attempt to get around safety (Vertex AI).
        JAILBREAK,
        /// For another reason.
        OTHER,
    }
}

open_set! {
    /// A kind of harm: an open set of names.
    HarmCategory {
        /// Harassment.
        HARM_CATEGORY_HARASSMENT,
        /// Hate speech.
        HARM_CATEGORY_HATE_SPEECH,
        /// Sexually explicit content.
        HARM_CATEGORY_SEXUALLY_EXPLICIT,
        /// Dangerous content.
        HARM_CATEGORY_DANGEROUS_CONTENT,
        /// What may harm civic integrity.
        HARM_CATEGORY_CIVIC_INTEGRITY,
        /// An attempt to get around safety.
        HARM_CATEGORY_JAILBREAK,
    }
}

open_set! {
    /// How likely harm is: an open set of names.
    HarmProbability {
        /// Hardly.
        NEGLIGIBLE,
        /// A little.
        LOW,
        /// Somewhat.
        MEDIUM,
        /// Very.
        HIGH,
    }
}

open_set! {
    /// A kind of content that tokens stand for: an open set of names.
    Modality {
        /// Text.
        TEXT,
        /// Images.
        IMAGE,
        /// Video.
        VIDEO,
        /// Audio.
        AUDIO,
        /// Documents, such as PDF.
        DOCUMENT,
    }
}
