//! Numbers that Google's documents give a range, by the names of their fields.
//!
//! The references of the API (`GenerationConfig`, `ThinkingConfig`, `VideoMetadata`,
//! `EmbedContentRequest`) have them in words.

use crate::request::finding::{Finding, FindingCode};

/// From where to where a number goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    least: f64,
    most: f64,
    says: &'static str,
    /// Whether others are refused for sure, and not by some models alone.
    is_sure: bool,
}

/// The range of a field, by its name in camel case.
pub(super) fn of(field: &str) -> Option<Range> {
    let (least, most, says, is_sure) = match field {
        "temperature" => (0.0, 2.0, "from 0 to 2", true),
        "topP" => (0.0, 1.0, "from 0 to 1", true),
        "maxOutputTokens" | "candidateCount" | "outputDimensionality" => {
            (1.0, f64::MAX, "1 at least", true)
        }
        "fps" => (f64::MIN_POSITIVE, 24.0, "more than 0, and 24 at most", true),
        "topK" => (1.0, f64::MAX, "1 at least", false),
        "presencePenalty" | "frequencyPenalty" => (-2.0, 2.0, "from -2 to 2", false),
        "logprobs" => (0.0, 20.0, "from 0 to 20", false),
        "thinkingBudget" => (
            -1.0,
            f64::MAX,
            "-1, for as the model sees fit, or more",
            false,
        ),
        _ => return None,
    };
    Some(Range {
        least,
        most,
        says,
        is_sure,
    })
}

impl Range {
    pub(super) fn has(self, number: f64) -> bool {
        (self.least..=self.most).contains(&number)
    }

    /// What is said of a number that is out of it.
    pub(super) fn finding(self, field: &str) -> Finding {
        let says = format!("`{field}` is {}", self.says);
        match self.is_sure {
            true => Finding::error(FindingCode::WrongValue, says),
            false => Finding::warning(FindingCode::WrongValue, says),
        }
    }
}
