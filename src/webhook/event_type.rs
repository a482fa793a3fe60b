//! The types of events: an open set.

use std::borrow::Cow;
use std::fmt;

use crate::shown::Shown;

/// What an event reports.
///
/// A type that this version does not know is kept, compares equal to itself and shows its name
/// as the service wrote it. Gemini sends events of other things than batches too, such as
/// `video.generated`.
///
/// ```
/// use genai_batch::webhook::EventType;
///
/// assert_eq!(EventType::from_name("batch.failed"), EventType::BatchFailed);
/// assert_eq!(EventType::from_name("video.generated").as_str(), "video.generated");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventType {
    /// `batch.succeeded`: the job ended and has results, with errors for some requests maybe.
    BatchSucceeded,
    /// `batch.failed`: the job ended without results.
    BatchFailed,
    /// `batch.expired`: the job took too long and ended without results.
    BatchExpired,
    /// `batch.cancelled`: the job was cancelled.
    BatchCancelled,
    /// `batch.completed`: the job ended; of older documentation.
    BatchCompleted,
    /// Any other event.
    Other(OtherEvent),
}

/// The name of an event that this version of the crate does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherEvent(Cow<'static, str>);

const KNOWN: [(&str, EventType); 5] = [
    ("batch.succeeded", EventType::BatchSucceeded),
    ("batch.failed", EventType::BatchFailed),
    ("batch.expired", EventType::BatchExpired),
    ("batch.cancelled", EventType::BatchCancelled),
    ("batch.completed", EventType::BatchCompleted),
];

impl EventType {
    /// Reads a type from its name.
    ///
    /// ```
    /// use genai_batch::webhook::EventType;
    ///
    /// assert_eq!(EventType::from_name("batch.failed"), EventType::BatchFailed);
    /// ```
    pub fn from_name(name: &str) -> Self {
        KNOWN.iter().find(|(known, _)| *known == name).map_or_else(
            || Self::Other(OtherEvent(Cow::Owned(name.to_owned()))),
            |(_, known)| known.clone(),
        )
    }

    /// The name of the type, as the service writes it.
    pub fn as_str(&self) -> &str {
        if let Self::Other(OtherEvent(name)) = self {
            return name;
        }
        let known = KNOWN.iter().find(|(_, known)| known == self);
        known.map_or("", |(name, _)| name)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(self.as_str()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_kept() {
        for (name, known) in KNOWN {
            assert_eq!(EventType::from_name(name), known);
            assert_eq!(known.to_string(), name);
        }
        for name in ["", "batch.hibernated", "BATCH.FAILED"] {
            let other = EventType::from_name(name);
            assert!(matches!(&other, EventType::Other(_)));
            assert_eq!(other.as_str(), name);
        }
    }
}
