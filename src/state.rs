//! The states of a batch job, one set for both backends.

use std::borrow::Cow;
use std::fmt;

use crate::shown::Shown;

/// The state of a batch job.
///
/// The Gemini backend says `BATCH_STATE_…` and Vertex AI `JOB_STATE_…`; both become the
/// same value here. A state that this version does not know is kept, compares equal to
/// itself and shows its name as the service wrote it.
///
/// ```
/// use genai_batch::JobState;
///
/// let state = JobState::from_name("BATCH_STATE_SUCCEEDED");
/// assert_eq!(state, JobState::Succeeded);
/// assert_eq!(state.as_str(), "JOB_STATE_SUCCEEDED");
/// assert!(state.is_terminal() && state.has_results());
///
/// // A job gives its state as a reference, which compares as well.
/// # let of_job = &state;
/// assert!(of_job == JobState::Succeeded && of_job != JobState::Failed);
///
/// let new = JobState::from_name("BATCH_STATE_HIBERNATING");
/// assert_eq!(new.as_str(), "BATCH_STATE_HIBERNATING");
/// assert!(new.is_active());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobState {
    /// The service gave no state.
    #[default]
    Unspecified,
    /// Accepted, not yet scheduled.
    Queued,
    /// Waiting for capacity.
    Pending,
    /// Requests are being served.
    Running,
    /// Ended; every request has a response or an error.
    Succeeded,
    /// Ended without results.
    Failed,
    /// A cancel was asked for and is under way.
    Cancelling,
    /// Ended by a cancel.
    Cancelled,
    /// Stopped; can be resumed by the service.
    Paused,
    /// Ended because it took too long; on Gemini without results.
    Expired,
    /// The job's own settings are being changed.
    Updating,
    /// Ended; some requests have results and others failed.
    PartiallySucceeded,
    /// A state that this version of the crate does not know.
    Other(OtherState),
}

/// The name of a state that this version of the crate does not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherState(Cow<'static, str>);

/// In the order of Vertex AI's numbers.
const KNOWN: [(&str, JobState); 12] = [
    ("JOB_STATE_UNSPECIFIED", JobState::Unspecified),
    ("JOB_STATE_QUEUED", JobState::Queued),
    ("JOB_STATE_PENDING", JobState::Pending),
    ("JOB_STATE_RUNNING", JobState::Running),
    ("JOB_STATE_SUCCEEDED", JobState::Succeeded),
    ("JOB_STATE_FAILED", JobState::Failed),
    ("JOB_STATE_CANCELLING", JobState::Cancelling),
    ("JOB_STATE_CANCELLED", JobState::Cancelled),
    ("JOB_STATE_PAUSED", JobState::Paused),
    ("JOB_STATE_EXPIRED", JobState::Expired),
    ("JOB_STATE_UPDATING", JobState::Updating),
    (
        "JOB_STATE_PARTIALLY_SUCCEEDED",
        JobState::PartiallySucceeded,
    ),
];

impl JobState {
    /// Reads a state from the name that either backend gives it. A name that this version does not know
    /// is kept as it is.
    ///
    /// ```
    /// use genai_batch::JobState;
    ///
    /// assert_eq!(JobState::from_name("BATCH_STATE_RUNNING"), JobState::Running);
    /// assert_eq!(JobState::from_name("JOB_STATE_RUNNING"), JobState::Running);
    /// ```
    pub fn from_name(name: &str) -> Self {
        let short = name
            .strip_prefix("BATCH_STATE_")
            .or_else(|| name.strip_prefix("JOB_STATE_"));
        KNOWN
            .iter()
            .find(|(known, _)| short.is_some() && known.strip_prefix("JOB_STATE_") == short)
            .map_or_else(
                || Self::Other(OtherState(Cow::Owned(name.to_owned()))),
                |(_, state)| state.clone(),
            )
    }

    /// The state that Vertex AI has under this number, as proto3 JSON may write it.
    #[cfg(feature = "vertex")]
    pub(crate) fn from_vertex_number(number: i64) -> Self {
        let known = usize::try_from(number).ok().and_then(|at| KNOWN.get(at));
        known.map_or_else(|| Self::numbered(number), |(_, state)| state.clone())
    }

    /// The state that the Gemini backend has under this number.
    pub(crate) fn from_gemini_number(number: i64) -> Self {
        match number {
            0 => Self::Unspecified,
            1 => Self::Pending,
            2 => Self::Running,
            3 => Self::Succeeded,
            4 => Self::Failed,
            5 => Self::Cancelled,
            6 => Self::Expired,
            new => Self::numbered(new),
        }
    }

    fn numbered(number: i64) -> Self {
        Self::Other(OtherState(Cow::Owned(number.to_string())))
    }

    /// The name of the state: `JOB_STATE_…` for the known ones, otherwise as it came.
    pub fn as_str(&self) -> &str {
        if let Self::Other(OtherState(name)) = self {
            return name;
        }
        KNOWN
            .iter()
            .find(|(_, state)| state == self)
            .map_or("JOB_STATE_UNSPECIFIED", |(name, _)| name)
    }

    /// Whether the job has ended and will not change any more.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::Succeeded
                | Self::Failed
                | Self::Cancelled
                | Self::Expired
                | Self::PartiallySucceeded
        )
    }

    /// Whether the job may still change. An unknown state counts as active.
    pub fn is_active(&self) -> bool {
        !self.is_terminal()
    }

    /// Whether results can be read: the job succeeded, wholly or in part.
    pub fn has_results(&self) -> bool {
        matches!(self, Self::Succeeded | Self::PartiallySucceeded)
    }
}

impl PartialEq<&Self> for JobState {
    fn eq(&self, other: &&Self) -> bool {
        self == *other
    }
}

impl PartialEq<JobState> for &JobState {
    fn eq(&self, other: &JobState) -> bool {
        **self == *other
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(self.as_str()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_state_keeps_its_name_under_both_prefixes() {
        for (name, state) in KNOWN {
            assert_eq!(JobState::from_name(name), state);
            assert_eq!(state.as_str(), name);
            let gemini = name.replace("JOB_STATE_", "BATCH_STATE_");
            assert_eq!(JobState::from_name(&gemini), state);
        }
    }

    #[test]
    fn numbers_are_those_of_each_service() {
        assert_eq!(JobState::from_gemini_number(3), JobState::Succeeded);
        assert_eq!(JobState::from_gemini_number(9).as_str(), "9");
        #[cfg(feature = "vertex")]
        {
            assert_eq!(JobState::from_vertex_number(4), JobState::Succeeded);
            assert_eq!(
                JobState::from_vertex_number(11),
                JobState::PartiallySucceeded
            );
            assert_eq!(JobState::from_vertex_number(-1).as_str(), "-1");
        }
    }

    #[test]
    fn names_without_a_prefix_are_not_guessed() {
        assert_eq!(JobState::from_name("RUNNING").as_str(), "RUNNING");
        assert!(matches!(JobState::from_name(""), JobState::Other(_)));
    }
}
