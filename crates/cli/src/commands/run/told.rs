//! What happens to the jobs of a run, told while it is followed.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use genai_batch::runs::RunEvent;

use crate::exit::of_command_line;
use crate::show::bars::Bars;
use crate::table::text::clip;

/// How many setbacks are told one by one; the run's file has all of them.
const SETBACKS: u32 = 5;
/// What a refusal to cancel a job says where the job has ended by itself.
const HAS_ENDED: [&str; 11] = [
    "has ended",
    "already ended",
    "has finished",
    "already finished",
    "has completed",
    "already completed",
    "terminal state",
    "state_succeeded",
    "state_failed",
    "state_cancelled",
    "state_expired",
];
/// How often it is told, where there are no bars, how far the run is; and that it is still held up.
pub(super) const EVERY: Duration = Duration::from_secs(5 * 60);

/// How much what happened is to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// Of use to whoever follows it without bars.
    News,
    /// It goes on, later than it might.
    Setback,
    /// It may cost money that nobody wants to spend, and is told always.
    Warning,
}

/// Tells it on standard error.
#[derive(Debug)]
pub(crate) struct Told {
    bars: Bars,
    is_quiet: bool,
    /// How many setbacks are still told one by one.
    left: u32,
    /// Which kinds were told: each is, at least once.
    kinds: BTreeSet<&'static str>,
    /// When something was told last.
    last: Instant,
}

impl Told {
    pub(crate) fn new(bars: &Bars, is_quiet: bool) -> Self {
        Self {
            bars: bars.clone(),
            is_quiet,
            left: SETBACKS,
            kinds: BTreeSet::new(),
            last: Instant::now(),
        }
    }

    /// Whether each job is told, since there are no bars.
    pub(super) fn by_line(&self) -> bool {
        !self.is_quiet && !self.bars.are_shown()
    }

    /// Tells of an event, if it is one to be told.
    pub(crate) fn hear(&mut self, event: &RunEvent) {
        if let Some(line) = self.line(event) {
            self.bars.say(line);
        }
    }

    fn line(&mut self, event: &RunEvent) -> Option<String> {
        let (what, weight) = in_words(&event.kind, event.detail.as_deref())?;
        let is_told = match weight {
            Weight::Warning => true,
            _ if self.is_quiet => false,
            Weight::Setback => {
                let is_first = self.kinds.insert(what);
                is_first || self.left > 0 || self.last.elapsed() >= EVERY
            }
            Weight::News => self.by_line(),
        };
        if !is_told {
            return None;
        }
        self.last = Instant::now();
        let detail = event.detail.as_deref().map(of_command_line);
        let why = match (detail, weight) {
            (Some(detail), _) => format!(": {}", clip(&detail, 300)),
            (None, Weight::News) => String::new(),
            (None, _) => ": nothing says why".to_owned(),
        };
        let mut more = String::new();
        match weight {
            Weight::Setback => {
                let was = self.left;
                self.left = was.saturating_sub(1);
                if was == 1 {
                    let minutes = EVERY.as_secs() / 60;
                    more =
                        format!(" (it goes on; from now on this is told every {minutes} minutes)");
                }
            }
            // What holds it up later is news again.
            Weight::News => self.left = SETBACKS,
            Weight::Warning => {}
        }
        let warning = match weight {
            Weight::Warning => "warning: ",
            _ => "",
        };
        let job = match event.job {
            Some(job) => format!("job {job}"),
            None => "the run".to_owned(),
        };
        Some(format!("{warning}{job} {what}{why}{more}"))
    }
}

/// What happened, in words, if it is to be told.
fn in_words(kind: &str, detail: Option<&str>) -> Option<(&'static str, Weight)> {
    use Weight::{News, Setback, Warning};

    Some(match kind {
        "refused" => ("was refused, and will be sent again", Setback),
        "unreachable" => (
            "is held up, since the service was not reached, which is tried again",
            Setback,
        ),
        "looking" => (
            "may be there or not, and is looked for before its requests are sent again",
            Setback,
        ),
        "lost" => (
            "was not found, and its requests will be sent again",
            Setback,
        ),
        "state" => ("has a state that is not known here", Setback),
        "unreadable" => (
            "has results that could not be read, which is tried again and at last given up",
            Setback,
        ),
        "left" => (
            "has left what was uploaded for it at the service, where it may be removed by hand",
            Setback,
        ),
        "gone" => ("is gone, and its requests will be sent again", Setback),
        // Once for each, and once more if the service refuses.
        "stopped" if detail.is_some_and(says_ended) => {
            ("had ended by itself before it could be cancelled", News)
        }
        "stopped" if detail.is_some() => (
            "could not be cancelled: it may go on at the service, and cost",
            Warning,
        ),
        "stopped" => ("is being cancelled", News),
        "created" => ("was made", News),
        "adopted" => ("was taken over", News),
        "ended" => ("has ended", News),
        _ => return None,
    })
}

/// Whether a refusal to cancel a job says that there is nothing to be cancelled.
fn says_ended(detail: &str) -> bool {
    let detail = detail.to_lowercase();
    HAS_ENDED.iter().any(|words| detail.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_had_ended_before_it_was_cancelled_is_no_warning() {
        let weight = |detail| in_words("stopped", detail).map(|(_, weight)| weight);
        let ended = "FAILED_PRECONDITION: The batch has ended and cannot be cancelled.";
        assert_eq!(weight(Some(ended)), Some(Weight::News));
        let state = "FAILED_PRECONDITION: it is in JOB_STATE_SUCCEEDED";
        assert_eq!(weight(Some(state)), Some(Weight::News));
        let refused = "PERMISSION_DENIED: not yours";
        assert_eq!(weight(Some(refused)), Some(Weight::Warning));
        assert_eq!(weight(None), Some(Weight::News));
    }
}
