//! Why a create refuses its requests: what is wrong with each, up to a number of them.

use crate::counted::Counted;
use crate::error::{Error, LIST};
use crate::request::finding::Finding;

/// After so many mistakes no more lines are read.
const MOST: usize = 20;
/// How many characters are shown of what was found.
const SHOWN: usize = 500;

/// What is wrong with the requests of a create.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    lines: Vec<String>,
    is_cut: bool,
}

impl Refusal {
    /// Adds what is wrong with one request.
    pub(super) fn add(&mut self, findings: &[Finding], place: &str) {
        for finding in findings {
            if self.lines.len() == MOST {
                self.is_cut = true;
                return;
            }
            let path = finding.path.as_ref().map(|path| format!(", at {path}"));
            let key = finding.key.as_ref().map(|key| format!(" (key {key:?})"));
            let (key, path) = (key.unwrap_or_default(), path.unwrap_or_default());
            let mut line = format!("{place}{key}{path}: {}", finding.reason());
            if let Some((end, _)) = line.char_indices().nth(SHOWN) {
                line.truncate(end);
                line.push('…');
            }
            self.lines.push(line);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether there is enough of it.
    pub(super) fn is_full(&self) -> bool {
        self.lines.len() >= MOST
    }

    /// The error of the create. `reads_on` says that there are requests that were not read.
    pub(super) fn into_error(self, reads_on: bool) -> Error {
        if let [line] = &self.lines[..] {
            return Error::input(line.clone());
        }
        let mistakes = Counted(self.lines.len() as u64, "mistake");
        let rest = match reads_on || self.is_cut {
            true => " at least, after which no more was read (`preflight` lists all)",
            false => "",
        };
        let lines = self.lines.join(LIST);
        Error::input(format!("{mistakes} in the requests{rest}:{LIST}{lines}"))
    }
}
