//! What is transferred.

use std::fmt;

use super::service::{Line, Service};

/// How many MB are sent.
pub(super) const SENT: f64 = 1000.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// The results of a job in one object.
    One,
    /// In eight.
    Several,
    /// In a file of the Files API.
    File,
    /// In eight objects, saved to a local file.
    Save,
    /// 64 small objects.
    Small,
    /// A local file to Cloud Storage.
    Send,
}

impl Work {
    pub(super) const ALL: [Self; 6] = [
        Self::One,
        Self::Several,
        Self::File,
        Self::Save,
        Self::Small,
        Self::Send,
    ];
    pub(super) const LARGE: [Self; 2] = [Self::One, Self::Several];

    /// What the service calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Several | Self::Save => "several",
            Self::File => "file",
            Self::Small => "small",
            Self::Send => "send",
        }
    }

    /// How many MB it is.
    pub(super) fn megabytes(self, line: &Line, service: &Service) -> f64 {
        match self {
            Self::Send => sent(line),
            Self::Small => service.bytes_of("small") / 1e6,
            _ => line.megabytes,
        }
    }
}

/// How many MB are sent over a line: 1,000, and less where less is read, too.
pub(super) fn sent(line: &Line) -> f64 {
    match line.megabytes < 100.0 {
        true => line.megabytes,
        false => SENT,
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "results in one object",
            Self::Several => "results in 8 objects",
            Self::File => "results in a file of the Files API",
            Self::Save => "results in 8 objects, saved to a file",
            Self::Small => "results in 64 small objects",
            Self::Send => "a local file to Cloud Storage",
        })
    }
}
