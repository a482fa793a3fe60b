//! Draws the faults of single calls.

use std::time::Duration;

use genai_batch_emulator::Operation;

use crate::draw_fault::Deck;
use crate::fault::{Fault, How, is_create};
use crate::kind::Kind;
use crate::plan::{Backend, Plan};

/// What came of drawing a kind.
pub(crate) enum Drawn {
    /// A fault of a call, if such a fault can happen to the job at hand.
    Fault(Option<Fault>),
    /// The kind is one of jobs, not of calls.
    OfJob,
}

impl Deck<'_> {
    /// Draws a fault of this kind, if it is one of calls.
    pub(crate) fn draw_call(&mut self, kind: Kind, plan: &Plan) -> Drawn {
        let any = |_: Operation| true;
        Drawn::Fault(match kind {
            Kind::Status408 => self.call(How::Status(408), any),
            Kind::Status429 => self.call(How::Status(429), any),
            Kind::Busy => {
                let wait = Duration::from_millis(self.rng.u64(0..6));
                self.call(How::Busy(wait), any)
            }
            Kind::Status500 => self.call(How::Status(500), any),
            Kind::Status502 => self.call(How::Status(502), any),
            Kind::Status503 => self.call(How::Status(503), any),
            Kind::Status504 => self.call(How::Status(504), any),
            Kind::Closed => self.call(How::Closed, any),
            Kind::CallCut => {
                let most = if plan.is_bulky() { 8_000_000 } else { 2000 };
                let after = self.rng.usize(0..most);
                self.call(How::CallCut(after), has_body)
            }
            Kind::CreateUnanswered => self.call(How::Unanswered, is_create),
            Kind::Unanswered => self.call(How::Unanswered, |on| !is_create(on)),
            Kind::CreateConflict => self.call(How::Conflict, is_create),
            Kind::CreateCut => {
                let permille = self.rng.u16(..=1000);
                self.call(How::ResponseCut(permille), is_create)
            }
            Kind::ResponseCut => {
                let permille = self.rng.u16(..=1000);
                self.call(How::ResponseCut(permille), |on| !is_create(on))
            }
            Kind::Drip => {
                // Of a response with all rows, some fifty pieces.
                let least = plan.asks.len() * 8 + plan.padding;
                let piece = self.rng.usize(1..=16) + least;
                self.call(How::Drip(piece), any)
            }
            Kind::Twice => self.call(How::Twice, is_repeatable),
            // A client in a hurry would not wait for a large upload either.
            Kind::Hang if !plan.is_bulky() => self.call(How::Hang, |on| !is_download(on)),
            Kind::Echo if has_tokens(plan) && self.rng.u8(..3) == 0 => {
                let times = self.rng.usize(1..=4);
                Some(Fault::Tokens {
                    how: How::Echo,
                    times,
                })
            }
            Kind::Echo => self.call(How::Echo, any),
            Kind::OtherJobRead => self.call(How::OtherJob, |on| on == plan.backend.get()),
            Kind::OtherJobMade => self.call(How::OtherJob, is_create),
            _ => return Drawn::OfJob,
        })
    }

    fn call(&mut self, how: How, fits: impl Fn(Operation) -> bool) -> Option<Fault> {
        let fitting: Vec<_> = (0..self.calls.len())
            .filter(|at| fits(self.calls[*at]))
            .collect();
        let at = *self.rng.choice(&fitting)?;
        let on = self.calls.swap_remove(at);
        if on == Operation::UploadChunk && self.rng.bool() {
            // Asked only once a chunk has failed.
            self.calls.push(Operation::QueryUpload);
        }
        let times = match how {
            How::Hang => 1,
            _ if self.rng.u8(..5) == 0 => self.rng.usize(5..=7),
            _ => self.rng.usize(1..=4),
        };
        // Of most other calls there is one.
        let comes_again = matches!(
            on,
            Operation::GetBatch | Operation::GetBatchPredictionJob | Operation::UploadPart
        );
        let skip = if comes_again { self.rng.usize(..2) } else { 0 };
        Some(Fault::Call {
            on,
            how,
            skip,
            times,
        })
    }
}

/// Whether the round has a token endpoint to ask.
fn has_tokens(plan: &Plan) -> bool {
    plan.backend == Backend::Vertex && !plan.express
}

fn has_body(on: Operation) -> bool {
    use Operation as Op;
    is_create(on)
        || matches!(
            on,
            Op::PutObject | Op::UploadPart | Op::UploadChunk | Op::StartUpload
        )
}

fn is_download(on: Operation) -> bool {
    use Operation as Op;
    matches!(
        on,
        Op::DownloadFile | Op::GetObject | Op::Query | Op::GetQueryResults
    )
}

/// Calls that do no more the second time, and say so in the same way.
fn is_repeatable(on: Operation) -> bool {
    use Operation as Op;
    is_download(on)
        || matches!(
            on,
            Op::GetBatch
                | Op::GetBatchPredictionJob
                | Op::ListBatches
                | Op::ListBatchPredictionJobs
                | Op::ListObjects
                | Op::PutObject
                | Op::StartUpload
        )
}
