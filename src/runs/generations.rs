//! What is worth another attempt.

use super::store::outcomes::Kind;
use crate::results::{BatchResult, Outcome};
use crate::state::JobState;

/// The codes of `google.rpc` that may be gone another time: cancelled, unknown, deadline exceeded,
/// resource exhausted, aborted, internal, unavailable.
const PASSING: [i64; 7] = [1, 2, 4, 8, 10, 13, 14];

/// Whether a request that failed with this code may do better another time.
pub(super) fn passes(code: i64) -> bool {
    PASSING.contains(&code)
}

/// Whether a result is worth another attempt by itself.
pub(super) fn is_worth_it(result: &BatchResult) -> bool {
    match result.outcome() {
        Outcome::Response(_) => false,
        Outcome::Error(error) => error.is_malformed() || passes(error.code()),
        Outcome::Missing => true,
    }
}

pub(super) fn kind(result: &BatchResult) -> Kind {
    match result.outcome() {
        Outcome::Response(_) => Kind::Response,
        Outcome::Error(_) => Kind::Error,
        Outcome::Missing => Kind::Missing,
    }
}

/// The code of all requests of a job that ended without results.
pub(super) fn code_of(state: &JobState, code: Option<i64>) -> i64 {
    const CANCELLED: i64 = 1;
    const DEADLINE_EXCEEDED: i64 = 4;
    const UNKNOWN: i64 = 2;
    match (state, code) {
        (JobState::Cancelled, _) => CANCELLED,
        (JobState::Expired, _) => DEADLINE_EXCEEDED,
        (_, Some(code)) => code,
        (_, None) => UNKNOWN,
    }
}
