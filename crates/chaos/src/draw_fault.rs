//! Draws the faults of a round: each kind with what it takes, unless it cannot happen to the job at
//! hand or would hide what another one does.

use std::time::Duration;

use fastrand::Rng;
use genai_batch_emulator::{Operation, OutputPlace};

use crate::fault::{Fault, How, Moment, OddState, Step, is_create};
use crate::kind::Kind;
use crate::plan::{Backend, Plan};

/// No row that the emulator writes is shorter.
const SHORTEST_ROW: u64 = 60;

/// What is left to draw from.
pub(crate) struct Deck<'a> {
    rng: &'a mut Rng,
    /// Operations that no fault has yet: one each, so that it is clear which fault happened.
    calls: Vec<Operation>,
    /// Rows that no fault has yet.
    rows: Vec<usize>,
}

impl<'a> Deck<'a> {
    pub(crate) fn new(rng: &'a mut Rng, plan: &Plan) -> Self {
        let mut rows: Vec<_> = (0..plan.asks.len()).collect();
        rng.shuffle(&mut rows);
        // One is left as it is: an output without any row is one that is late.
        rows.pop();
        Self {
            rng,
            calls: plan.calls(),
            rows,
        }
    }

    pub(crate) fn kind(&mut self) -> Kind {
        // There is always one.
        *self.rng.choice(Kind::ALL).unwrap_or(&Kind::Closed)
    }

    /// Adds a fault of this kind, where it can happen and is not there yet.
    pub(crate) fn add(&mut self, kind: Kind, plan: &mut Plan) {
        if let Some(fault) = self.draw(kind, plan)
            && plan.faults.iter().all(|other| fits(&fault, other))
        {
            plan.faults.push(fault);
        }
    }

    fn draw(&mut self, kind: Kind, plan: &Plan) -> Option<Fault> {
        let any = |_: Operation| true;
        Some(match kind {
            Kind::Status408 => self.call(How::Status(408), any)?,
            Kind::Status429 => self.call(How::Status(429), any)?,
            Kind::Busy => {
                let wait = Duration::from_millis(self.rng.u64(0..6));
                self.call(How::Busy(wait), any)?
            }
            Kind::Status500 => self.call(How::Status(500), any)?,
            Kind::Status502 => self.call(How::Status(502), any)?,
            Kind::Status503 => self.call(How::Status(503), any)?,
            Kind::Status504 => self.call(How::Status(504), any)?,
            Kind::Closed => self.call(How::Closed, any)?,
            Kind::CallCut => {
                let most = if plan.is_bulky() { 8_000_000 } else { 2000 };
                let after = self.rng.usize(0..most);
                self.call(How::CallCut(after), has_body)?
            }
            Kind::CreateUnanswered => self.call(How::Unanswered, is_create)?,
            Kind::Unanswered => self.call(How::Unanswered, |on| !is_create(on))?,
            Kind::CreateCut => {
                let permille = self.rng.u16(..=1000);
                self.call(How::AnswerCut(permille), is_create)?
            }
            Kind::AnswerCut => {
                let permille = self.rng.u16(..=1000);
                self.call(How::AnswerCut(permille), |on| !is_create(on))?
            }
            Kind::Drip => {
                // Of an answer with all rows, some fifty pieces.
                let least = plan.asks.len() * 8 + plan.padding;
                let piece = self.rng.usize(1..=16) + least;
                self.call(How::Drip(piece), any)?
            }
            Kind::Twice => self.call(How::Twice, is_repeatable)?,
            // A client in a hurry would not wait for a large upload either.
            Kind::Hang if !plan.is_bulky() => self.call(How::Hang, |on| !is_download(on))?,
            _ => return self.draw_of_job(kind, plan),
        })
    }

    fn draw_of_job(&mut self, kind: Kind, plan: &Plan) -> Option<Fault> {
        let vertex = plan.backend == Backend::Vertex;
        let out_files = plan.output_is_file();
        let objects = vertex && out_files;
        let rng = &mut *self.rng;
        let pause = Duration::from_millis(rng.u64(1..60));
        Some(match kind {
            Kind::DownloadCut if out_files => {
                let end = plan.asks.len() as u64 * SHORTEST_ROW;
                let cuts = if rng.u8(..8) == 0 {
                    6
                } else {
                    rng.usize(1..=4)
                };
                Fault::DownloadCuts((0..cuts).map(|_| rng.u64(0..end)).collect())
            }
            Kind::ChunkCut if plan.input_is_file() && !vertex => match plan.is_bulky() {
                true => Fault::ChunkCut(rng.u64(0..8 * 1024 * 1024)),
                false => Fault::ChunkCut(rng.u64(0..4000)),
            },
            Kind::Shuffled => Fault::Shuffled(rng.u64(..)),
            Kind::RowsDropped => Fault::RowsDropped(self.take_rows()?),
            Kind::KeysDropped => Fault::KeysDropped(self.take_rows()?),
            Kind::RowsDoubled => Fault::RowsDoubled(self.take_rows()?),
            Kind::ForeignRows => Fault::ForeignRows(rng.usize(1..=5)),
            Kind::GarbageLine if out_files => Fault::GarbageLine,
            Kind::OutputLate => Fault::OutputLate(pause),
            Kind::FileLate if out_files => Fault::FileLate(pause),
            Kind::OnePlace if !vertex => Fault::OnePlace(match rng.bool() {
                true => OutputPlace::Metadata,
                false => OutputPlace::Response,
            }),
            Kind::CountsFrozen => Fault::CountsFrozen,
            Kind::Expired => Fault::Expired,
            Kind::Failed => Fault::Failed(*rng.choice(&[3, 8, 13])?),
            Kind::Sharded if objects => Fault::Sharded(rng.usize(1..=5)),
            Kind::Incremental if objects => {
                let rows = plan.asks.len();
                let some = (0..rows).filter(|_| rng.bool()).collect();
                Fault::Incremental(some)
            }
            Kind::ErrorFile if objects => Fault::ErrorFile,
            Kind::Partial if vertex => Fault::Partial(self.take_rows()?),
            Kind::OddState if vertex => Fault::OddState(*rng.choice(&[
                OddState::Paused,
                OddState::Updating,
                OddState::Unspecified,
                OddState::Unknown,
            ])?),
            _ => return self.draw_of_user(kind, plan),
        })
    }

    fn draw_of_user(&mut self, kind: Kind, plan: &Plan) -> Option<Fault> {
        let vertex = plan.backend == Backend::Vertex;
        let rng = &mut *self.rng;
        // Most futures are done within a few dozen polls.
        let most = rng.usize(1..=24);
        let polls = Moment::Polls(rng.usize(1..=most));
        let made = rng.bool();
        let drop = |step| Some(Fault::Dropped(step, polls));
        match kind {
            Kind::EmptyPages => plan.looks_first.then_some(Fault::EmptyPages),
            Kind::PageRepeated => plan.looks_first.then_some(Fault::PageRepeated),
            Kind::TokensRevoked if vertex => {
                let steps = [Step::Create, Step::Wait, plan.reading(), Step::Delete];
                Some(Fault::TokensRevoked(*rng.choice(&steps)?))
            }
            // Parts that are under way at once use a token up together.
            Kind::TokensSkewed if vertex && !plan.is_bulky() => {
                Some(Fault::TokensSkewed(rng.usize(1..=4)))
            }
            Kind::CreateDropped if made => Some(Fault::Dropped(Step::Create, Moment::JobMade)),
            Kind::CreateDropped => drop(Step::Create),
            Kind::WaitDropped => drop(Step::Wait),
            Kind::ResultsDropped | Kind::SaveDropped => {
                let step = plan.reading();
                let same = (step == Step::Save) == (kind == Kind::SaveDropped);
                same.then_some(Fault::Dropped(step, polls))
            }
            _ => None,
        }
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

    /// Some rows that no other fault has.
    fn take_rows(&mut self) -> Option<Vec<usize>> {
        let most = self.rows.len().min(20);
        if most == 0 {
            return None;
        }
        let taken = self.rng.usize(1..=most);
        let mut rows = self.rows.split_off(self.rows.len() - taken);
        rows.sort_unstable();
        Some(rows)
    }
}

/// Whether two faults may happen in one round, so that each can still be told.
fn fits(new: &Fault, other: &Fault) -> bool {
    use Kind::{CreateDropped, Expired, Failed, FileLate, OutputLate, Partial};
    let (new, other) = (new.kind(), other.kind());
    let both = |one: &[Kind], two: &[Kind]| {
        (one.contains(&new) && two.contains(&other)) || (one.contains(&other) && two.contains(&new))
    };
    let is_call = |kind: Kind| kind <= Kind::Hang;
    let ends = [Expired, Failed, Partial];
    // A failed or expired job that shows no rows is not waited for.
    let late = both(&ends, &[OutputLate, FileLate]);
    // The library that gets tokens keeps its connections for longer than the client lives.
    let tokens = [Kind::TokensRevoked, Kind::TokensSkewed];
    let open = both(&tokens, &[CreateDropped]) || both(&tokens, &tokens);
    // The second delivery would use the token up.
    let used_up = both(&[Kind::TokensSkewed], &[Kind::Twice]);
    let pages = [Kind::EmptyPages, Kind::PageRepeated];
    let again = new == other && !is_call(new);
    !(again || both(&ends, &ends) || late || open || used_up || both(&pages, &pages))
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
