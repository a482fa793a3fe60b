//! Where each fault is injected, and how it shows afterwards that it really happened.
//!
//! Faults of the user's own doing, dropped futures and revoked tokens, are the user's to inject;
//! [`Deeds`] says which were.

use std::time::Duration;

use genai_batch_emulator::{Distortion, Emulator, Failure, Faults, Operation, Rows};

use crate::fault::{Fault, How, Listing, Moment, OddState, Step};
use crate::plan::{Backend, Plan};
use crate::truth::{FAILURE, Truth};

/// How long a job is held in an odd state.
const HELD: Duration = Duration::from_millis(15);
/// How many characters the client puts in front of a display name.
const MARK: usize = 28;
/// From which byte on a range is asked for at least.
const RANGE_FROM: u64 = 30;
const DRIP: Duration = Duration::from_millis(1);

/// What the user really did of what was drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) dropped: Vec<Step>,
    pub(crate) revoked: bool,
    pub(crate) stormed: bool,
    /// The file of requests was changed while a create was under way.
    pub(crate) changed: bool,
    /// Two callers created at the same time.
    pub(crate) forked: bool,
    /// Several jobs were waited for at once.
    pub(crate) waited_for_all: bool,
    /// All up to the results came of one call.
    pub(crate) ran: bool,
}

/// Turns the switches of the emulator; `stranger` is the path of another job.
pub(crate) fn inject(plan: &Plan, faults: &Faults, stranger: &str) {
    for fault in &plan.faults {
        inject_one(fault, plan, faults, stranger);
    }
}

fn inject_one(fault: &Fault, plan: &Plan, faults: &Faults, stranger: &str) {
    match fault.clone() {
        Fault::Call {
            on,
            how,
            skip,
            times,
        } => {
            faults.pass_next(on, skip);
            faults.fail_next(on, times, failure(&how, stranger));
        }
        Fault::DownloadCuts(cuts) => {
            for after in cuts {
                faults.cut_next_download(after);
                faults.cut_next_object(after);
            }
        }
        Fault::Distorted(how, times) => {
            if how == Distortion::OtherRange {
                // So that a range is asked for, however short the contents are.
                faults.cut_next_object(RANGE_FROM);
            }
            for how in std::iter::repeat_n(how, times) {
                match plan.backend {
                    Backend::Gemini => faults.distort_next_download(how),
                    Backend::Vertex => faults.distort_next_object(how),
                }
            }
        }
        Fault::UploadLies(lie) => match plan.backend {
            Backend::Gemini => faults.lie_about_next_upload(lie),
            Backend::Vertex => faults.lie_about_next_object(),
        },
        Fault::ChunkCut(stored) => faults.interrupt_next_chunk(stored),
        Fault::Shuffled(seed) => faults.shuffle_results(seed),
        Fault::RowsDropped(rows) => faults.drop_rows(Rows::At(rows)),
        Fault::KeysDropped(rows) => faults.drop_keys(Rows::At(rows)),
        Fault::RowsDoubled(rows) => faults.double_rows(Rows::At(rows)),
        Fault::ForeignRows(count) => faults.add_foreign_rows(count),
        Fault::GarbageLine => faults.add_garbage_line(),
        Fault::OutputLate(by) => faults.delay_output(by),
        Fault::FileLate(by) => faults.delay_output_file(by),
        Fault::OnePlace(place) => faults.put_output(place),
        Fault::CountsFrozen => {
            faults.freeze_stats();
            faults.freeze_listed_stats();
        }
        Fault::Expired => faults.expire_jobs(),
        Fault::Failed(code) => faults.fail_jobs(code, FAILURE),
        Fault::Sharded(files) => faults.shard_output(files),
        Fault::Incremental(rows) => faults.write_incremental_file(Rows::At(rows)),
        Fault::ErrorFile => faults.write_error_file(),
        Fault::Partial(rows) => faults.succeed_partially(Rows::At(rows), 13, "a shard was lost"),
        Fault::OddState(OddState::Paused) => faults.pause_jobs(HELD),
        Fault::OddState(OddState::Updating) => faults.update_jobs(HELD),
        Fault::OddState(OddState::Unspecified) => faults.show_running_as("JOB_STATE_UNSPECIFIED"),
        Fault::OddState(OddState::Unknown) => faults.show_running_as("JOB_STATE_DREAMING"),
        Fault::EmptyPages => faults.empty_pages(),
        Fault::PageRepeated => faults.repeat_page_token(),
        Fault::TokensSkewed(calls) => faults.expire_tokens_after(calls),
        // The response is under way for longer than anybody waits.
        Fault::Dropped(_, Moment::JobMade) => {
            let pause = Duration::from_secs(3600);
            faults.fail_next(plan.create(), 1, Failure::Drip { piece: 1, pause });
        }
        Fault::Unlisted(listing) => {
            faults.fail_next(plan.create(), 1, Failure::CloseAfterEffect);
            match listing {
                Listing::Late(by) => faults.list_late(by),
                Listing::Never => faults.list_late(Duration::MAX),
                Listing::NamesCut(chars) => {
                    faults.cut_display_names(MARK + plan.display_name().len() - chars);
                }
                Listing::Junk => faults.add_list_junk(),
            }
        }
        Fault::Tokens { how, times } => {
            faults.fail_next(Operation::ExchangeToken, times, failure(&how, stranger));
        }
        Fault::Storm(..)
        | Fault::TokensRevoked(_)
        | Fault::SourceChanged(..)
        | Fault::Forked(_)
        | Fault::Dropped(..) => {}
    }
}

/// Refuses every call for a while.
pub(crate) fn storm(faults: &Faults, calls: usize) {
    faults.fail_all_next(calls, Failure::too_many_requests(Duration::from_millis(1)));
}

fn failure(how: &How, stranger: &str) -> Failure {
    let status = |code, name| Failure::status(code, name, "chaos");
    match *how {
        How::Status(400) => status(400, "INVALID_ARGUMENT"),
        How::Status(408) => status(408, "DEADLINE_EXCEEDED"),
        How::Status(429) => status(429, "RESOURCE_EXHAUSTED"),
        How::Status(500) => status(500, "INTERNAL"),
        How::Status(502) => Failure::html(502),
        How::Status(503) => Failure::service_unavailable(),
        How::Status(code) => status(code, "DEADLINE_EXCEEDED"),
        How::Busy(Duration::ZERO) => {
            status(429, "RESOURCE_EXHAUSTED").with_header("retry-after", "0")
        }
        How::Busy(wait) => Failure::too_many_requests(wait),
        How::Closed => Failure::CloseBeforeAnswer,
        How::CallCut(after) => Failure::CutRequest { after },
        How::Unanswered => Failure::CloseAfterEffect,
        How::Conflict => Failure::StatusAfterEffect { code: 409 },
        How::ResponseCut(permille) => Failure::CutAnswerAt { permille },
        How::Drip(piece) => Failure::Drip { piece, pause: DRIP },
        How::Twice => Failure::DeliverTwice,
        How::Hang => Failure::Hang,
        How::Echo => Failure::Echo { code: 403 },
        How::OtherJob => Failure::AnswerOf {
            path: stranger.to_owned(),
        },
        How::Garbage => Failure::Status {
            code: 200,
            body: "<html>Sign in to the network</html>".to_owned(),
            headers: Vec::new(),
        },
    }
}

/// Whether a fault really happened.
pub(crate) fn happened(
    fault: &Fault,
    plan: &Plan,
    truth: &Truth,
    emulator: &Emulator,
    deeds: &Deeds,
) -> bool {
    let faults = emulator.faults();
    let names = |rows: &[usize], told: &dyn Fn(&str) -> bool| {
        rows.iter().any(|row| told(&plan.asks[*row].key))
    };
    match fault {
        Fault::Call { on, times, .. } => faults.failures_left(*on) < *times,
        // Each cut is lined up for both kinds of download.
        Fault::DownloadCuts(cuts) => faults.download_cuts_left() < 2 * cuts.len(),
        // There is one of these in a round at most.
        Fault::Distorted(_, times) => faults.distortions_left() < *times,
        Fault::UploadLies(_) => faults.distortions_left() == 0,
        Fault::ChunkCut(_) => faults.chunk_cuts_left() == 0,
        Fault::RowsDoubled(rows) => {
            truth.has_results && names(rows, &|key| truth.doubled.iter().any(|k| k == key))
        }
        Fault::GarbageLine => truth.unreadable > 0,
        Fault::Incremental(rows) => truth.has_results && !rows.is_empty(),
        Fault::ErrorFile => {
            truth.has_results && truth.count(|t| matches!(t, crate::plan::Told::Error(_))) > 0
        }
        Fault::EmptyPages | Fault::PageRepeated => lists(plan, emulator) > 0,
        Fault::Unlisted(_) => faults.failures_left(plan.create()) == 0 && lists(plan, emulator) > 0,
        Fault::Storm(_, calls) => deeds.stormed && faults.failures_of_all_left() < *calls,
        Fault::Tokens { times, .. } => faults.failures_left(Operation::ExchangeToken) < *times,
        Fault::SourceChanged(..) => deeds.changed,
        Fault::Forked(_) => deeds.forked,
        Fault::TokensRevoked(_) => deeds.revoked,
        Fault::TokensSkewed(_) => emulator.tokens().len() > 1,
        Fault::Dropped(step, _) => deeds.dropped.contains(step),
        Fault::CountsFrozen | Fault::Expired | Fault::Failed(_) | Fault::OddState(_) => true,
        Fault::Shuffled(_)
        | Fault::RowsDropped(_)
        | Fault::KeysDropped(_)
        | Fault::ForeignRows(_)
        | Fault::OutputLate(_)
        | Fault::FileLate(_)
        | Fault::OnePlace(_)
        | Fault::Sharded(_)
        | Fault::Partial(_) => truth.has_results,
    }
}

fn lists(plan: &Plan, emulator: &Emulator) -> usize {
    emulator.request_count(plan.backend.list())
}
