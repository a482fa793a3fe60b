//! Failed rows that an output holds twice: among the results, and in a file of failures.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::row::{Row, RowBody};
use crate::source::content_index;

/// How the rows of a file relate to those of the other files of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "gcs"),
    expect(dead_code, reason = "only Cloud Storage has such files")
)]
pub(crate) enum Repetition {
    /// No other file holds any of them.
    None,
    /// A later file may repeat those that failed.
    Follows,
    /// They may have come before.
    Possible,
}

/// Marks of the failed rows that may be repeated, 8 bytes each.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    hasher: RandomState,
    failed: HashSet<u64>,
}

impl Repeats {
    /// Whether a row has come before, in another file.
    ///
    /// A row without a key is known by its request: of several with the same content, each
    /// counts as repeated.
    pub(super) fn passes_over(&mut self, row: &Row, repetition: Repetition) -> bool {
        if repetition == Repetition::None || !matches!(row.body, RowBody::Error(_)) {
            return false;
        }
        let mark = match (&row.key, &row.request) {
            (Some(key), _) => Some(self.hasher.hash_one(key.as_str())),
            (None, Some(request)) => content_index::hash(&self.hasher, request),
            (None, None) => None,
        };
        let mark = mark.unwrap_or_else(|| self.hasher.hash_one(&row.json));
        match repetition {
            Repetition::Follows => {
                self.failed.insert(mark);
                false
            }
            _ => self.failed.contains(&mark),
        }
    }
}
