//! Which failed steps the faults of a round excuse.

use genai_batch_emulator::Operation;

use crate::fault::{Fault, How, Listing, is_create};

/// How many failures in a row a client with the default number of attempts gets over.
const PATIENCE: usize = 4;
/// The same where the tokens are revoked once, which takes an attempt.
const PATIENCE_WITH_REVOKED_TOKENS: usize = 3;
/// The same where each attempt may also be refused for its token.
const PATIENCE_WITH_SKEWED_TOKENS: usize = 1;

impl Fault {
    /// Whether the client may pass an error on although nothing else is wrong.
    ///
    /// A create that made no job and does not say so is not sent again, a listing that leads back to
    /// itself tells nothing, and so on. Other failures of calls are the client's to get over, up to a number that [`excuse`]
    /// knows.
    fn surfaces(&self) -> bool {
        match self {
            Self::Call { on, how, .. } => match how {
                How::Status(status) => *status != 429 && is_create(*on),
                How::Closed | How::CallCut(_) | How::Hang => is_create(*on),
                How::OtherJob => !is_create(*on),
                How::Echo => true,
                _ => false,
            },
            Self::Tokens { how, .. } => {
                matches!(how, How::Echo | How::Garbage | How::Status(400..408))
            }
            Self::PageRepeated
            | Self::SourceChanged(..)
            | Self::Distorted(..)
            | Self::UploadLies(_)
            | Self::Unlisted(Listing::Never) => true,
            _ => false,
        }
    }

    /// How often in a row a call of this path may go wrong by this fault.
    pub(crate) fn failures(&self) -> Option<(Path, usize)> {
        match self {
            Self::Call { on, how, times, .. } => {
                let harmless = matches!(how, How::Drip(_) | How::Twice);
                (!harmless).then(|| (Path::of(*on), *times))
            }
            Self::Tokens { how, times } => {
                let harmless = matches!(how, How::Drip(_));
                (!harmless).then_some((Path::Other(Operation::ExchangeToken), *times))
            }
            Self::DownloadCuts(cuts) => Some((Path::Download, cuts.len())),
            Self::ChunkCut(_) => Some((Path::Upload, 1)),
            Self::Storm(_, calls) => Some((Path::Any, *calls)),
            _ => None,
        }
    }
}

/// Calls that one step depends on together, so that their failures add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    Upload,
    Download,
    Other(Operation),
    /// All of them.
    Any,
}

impl Path {
    fn of(on: Operation) -> Self {
        match on {
            Operation::UploadChunk | Operation::QueryUpload => Self::Upload,
            Operation::DownloadFile | Operation::GetObject => Self::Download,
            other => Self::Other(other),
        }
    }
}

/// Whether some of these faults make it right that a step failed: they last for longer than the
/// client tries, or cannot be got over.
pub(crate) fn excuse(faults: &[Fault]) -> bool {
    let paths: Vec<_> = faults.iter().filter_map(Fault::failures).collect();
    let sum = |path: Path| -> usize {
        let same = paths
            .iter()
            .filter(|(other, _)| *other == path || *other == Path::Any);
        same.map(|(_, times)| times).sum()
    };
    let patience = faults.iter().map(|fault| match fault {
        Fault::TokensSkewed(_) => PATIENCE_WITH_SKEWED_TOKENS,
        Fault::TokensRevoked(_) => PATIENCE_WITH_REVOKED_TOKENS,
        _ => PATIENCE,
    });
    let patience = patience.min().unwrap_or(PATIENCE);
    let lasts = paths.iter().any(|(path, _)| sum(*path) > patience);
    lasts || faults.iter().any(Fault::surfaces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Step;

    fn status(on: Operation, code: u16, times: usize) -> Fault {
        let (how, skip) = (How::Status(code), 0);
        Fault::Call {
            on,
            how,
            skip,
            times,
        }
    }

    #[test]
    fn only_what_lasts_or_cannot_be_got_over_is_an_excuse() {
        let read = |times| status(Operation::GetBatch, 503, times);
        assert!(!excuse(&[read(4)]) && excuse(&[read(5)]));
        assert!(!excuse(&[status(Operation::GetBatch, 429, 1)]));
        let create = |code, times| status(Operation::BatchGenerateContent, code, times);
        assert!(!excuse(&[create(429, 4)]) && excuse(&[create(429, 5)]));
        assert!(excuse(&[create(503, 1)]));
        assert!(excuse(&[Fault::TokensSkewed(1), read(2)]));
        assert!(excuse(&[Fault::PageRepeated]) && !excuse(&[Fault::EmptyPages]));
        let tokens = |how, times| Fault::Tokens { how, times };
        assert!(!excuse(&[tokens(How::Status(503), 4)]));
        assert!(excuse(&[tokens(How::Garbage, 1)]));
    }

    #[test]
    fn failures_on_one_path_add_up() {
        let chunks = status(Operation::UploadChunk, 500, 3);
        let queries = status(Operation::QueryUpload, 500, 2);
        let other = status(Operation::GetBatch, 500, 2);
        assert!(excuse(&[chunks.clone(), queries]));
        assert!(!excuse(&[chunks, other.clone()]));
        let storm = |calls| Fault::Storm(Step::Wait, calls);
        assert!(excuse(&[other.clone(), storm(3)]) && !excuse(&[other, storm(2)]));
    }
}
