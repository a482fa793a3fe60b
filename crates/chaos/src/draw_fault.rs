//! Draws the faults of a round: each kind with what it takes, unless it cannot happen to the job at
//! hand or would hide what another one does.

use std::time::Duration;

use fastrand::Rng;
use genai_batch_emulator::{Distortion, Operation, OutputPlace, UploadLie};

use crate::draw_call::Drawn;
use crate::fault::{Change, Fault, How, Listing, Moment, OddState, Step, is_create};
use crate::kind::Kind;
use crate::plan::{Backend, Delivery, Plan, Source};

/// No row that the emulator writes is shorter.
const SHORTEST_ROW: u64 = 60;

/// What is left to draw from.
pub(crate) struct Deck<'a> {
    pub(super) rng: &'a mut Rng,
    /// Operations that no fault has yet: one each, so that it is clear which fault happened.
    pub(super) calls: Vec<Operation>,
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
        match self.draw_call(kind, plan) {
            Drawn::Fault(fault) => fault,
            Drawn::OfJob => self.draw_of_job(kind, plan),
        }
    }

    fn draw_of_job(&mut self, kind: Kind, plan: &Plan) -> Option<Fault> {
        let vertex = plan.backend == Backend::Vertex;
        let out_files = plan.output_is_file();
        let objects = vertex && out_files;
        let uploads = match plan.backend {
            Backend::Gemini => plan.input_is_file(),
            Backend::Vertex => {
                !plan.is_bulky() && (plan.client_stages() || plan.delivery == Delivery::Object)
            }
        };
        let rng = &mut *self.rng;
        let pause = Duration::from_millis(rng.u64(1..60));
        Some(match kind {
            Kind::DownloadCut if out_files => {
                // Vertex AI sends the requests along, however long they are.
                let padding = if vertex { plan.padding as u64 } else { 0 };
                let end = plan.asks.len() as u64 * (SHORTEST_ROW + padding);
                let cuts = if rng.u8(..8) == 0 {
                    6
                } else {
                    rng.usize(1..=4)
                };
                Fault::DownloadCuts((0..cuts).map(|_| rng.u64(0..end)).collect())
            }
            Kind::UnaskedPart if out_files => {
                Fault::Distorted(Distortion::UnaskedPart, rng.usize(1..=2))
            }
            Kind::OtherStatus if out_files => {
                let status = *rng.choice(&[202, 203, 204])?;
                Fault::Distorted(Distortion::Status(status), rng.usize(1..=2))
            }
            Kind::EndMissing if out_files => {
                let after = rng.u64(0..plan.asks.len() as u64 * SHORTEST_ROW);
                // A file of Gemini has no other length than this one.
                let how = match objects && rng.bool() {
                    true => Distortion::ShortEnd { after },
                    false => Distortion::WithoutEnd { after },
                };
                Fault::Distorted(how, rng.usize(1..=2))
            }
            // Nor a checksum.
            Kind::Spoiled if objects => {
                let how = match rng.bool() {
                    true => Distortion::Spoiled,
                    false => Distortion::OtherRange,
                };
                Fault::Distorted(how, rng.usize(1..=2))
            }
            Kind::Replaced if out_files => {
                let after = rng.u64(0..plan.asks.len() as u64 * SHORTEST_ROW);
                Fault::Distorted(Distortion::Earlier { after }, 1)
            }
            Kind::UploadLie if uploads => {
                let reason = "it cannot be read".to_owned();
                // The service alone knows the name, so that another would be taken for it.
                let lies = [
                    UploadLie::Size(7),
                    UploadLie::Hash,
                    UploadLie::Failed(reason),
                ];
                Fault::UploadLies(rng.choice(&lies)?.clone())
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
        let vertex = plan.backend == Backend::Vertex && !plan.express;
        let rng = &mut *self.rng;
        let late = Duration::from_millis(rng.u64(1..20));
        let chars = rng.usize(1..=4);
        let (times, made) = (rng.usize(1..=4), rng.bool());
        let polls_of_create = rng.usize(1..=6);
        let tokens = |how, times| Some(Fault::Tokens { how, times });
        match kind {
            Kind::EmptyPages => plan.looks_first.then_some(Fault::EmptyPages),
            Kind::PageRepeated => plan.looks_first.then_some(Fault::PageRepeated),
            Kind::ListedLate => self.unlisted(Listing::Late(late)),
            Kind::NeverListed => self.unlisted(Listing::Never),
            Kind::NamesCut => self.unlisted(Listing::NamesCut(chars)),
            Kind::ListJunk => self.unlisted(Listing::Junk),
            Kind::Storm => {
                let steps = [plan.making(), Step::Wait, plan.reading(), Step::Delete];
                Some(Fault::Storm(*rng.choice(&steps)?, rng.usize(1..=12)))
            }
            Kind::TokensRevoked if vertex => {
                let steps = [plan.making(), Step::Wait, plan.reading(), Step::Delete];
                Some(Fault::TokensRevoked(*rng.choice(&steps)?))
            }
            // Calls that are under way at once use a token up together.
            Kind::TokensSkewed if vertex && !plan.is_bulky() && plan.companions == 0 => {
                Some(Fault::TokensSkewed(rng.usize(1..=4)))
            }
            Kind::TokenStatus if vertex => {
                let how = How::Status(*rng.choice(&[400, 429, 500, 503])?);
                tokens(how, times)
            }
            Kind::TokenGarbage if vertex => tokens(How::Garbage, times),
            Kind::TokenSilent if vertex && made => tokens(How::Closed, times),
            Kind::TokenSilent if vertex && !plan.is_bulky() => tokens(How::Hang, 1),
            Kind::TokenSlow if vertex => tokens(How::Drip(16), times),
            Kind::SourceTruncated | Kind::SourceRewritten => {
                let how = match kind {
                    Kind::SourceTruncated => Change::Truncated,
                    _ => Change::Rewritten,
                };
                let is_read = plan.source == Source::LocalFile && plan.input_is_file();
                (is_read && !plan.runs).then_some(Fault::SourceChanged(how, polls_of_create))
            }
            Kind::Forked if !plan.runs => Some(Fault::Forked(rng.u64(..))),
            _ => self.draw_drop(kind, plan),
        }
    }

    fn draw_drop(&mut self, kind: Kind, plan: &Plan) -> Option<Fault> {
        let rng = &mut *self.rng;
        // Most futures are done within a few dozen polls.
        let most = rng.usize(1..=24);
        let polls = Moment::Polls(rng.usize(1..=most));
        let made = rng.bool();
        let drop = |step| Some(Fault::Dropped(step, polls));
        match kind {
            Kind::RunDropped if plan.runs => drop(Step::Run),
            Kind::CreateDropped | Kind::WaitDropped if plan.runs => None,
            Kind::ResultsDropped if plan.runs => None,
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

    /// A create that is not answered, whose job is listed in this way.
    fn unlisted(&mut self, listing: Listing) -> Option<Fault> {
        let at = self.calls.iter().position(|on| is_create(*on))?;
        self.calls.swap_remove(at);
        Some(Fault::Unlisted(listing))
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
    use Kind::{CreateDropped, Expired, Failed, FileLate, OutputLate, Partial, RunDropped};
    let (new, other) = (new.kind(), other.kind());
    let both = |one: &[Kind], two: &[Kind]| {
        (one.contains(&new) && two.contains(&other)) || (one.contains(&other) && two.contains(&new))
    };
    let is_call = |kind: Kind| kind <= Kind::OtherJobMade;
    let ends = [Expired, Failed, Partial];
    // A failed or expired job that shows no rows is not waited for.
    let late = both(&ends, &[OutputLate, FileLate]);
    // The library that gets tokens keeps its connections for longer than the client lives.
    let tokens = [
        Kind::TokensRevoked,
        Kind::TokensSkewed,
        Kind::TokenStatus,
        Kind::TokenGarbage,
        Kind::TokenSilent,
        Kind::TokenSlow,
    ];
    let open = both(&tokens, &[CreateDropped, RunDropped]) || both(&tokens, &tokens);
    // What happens to a create once cannot be told from what happens to another one meanwhile.
    let changed = [Kind::SourceTruncated, Kind::SourceRewritten];
    let creates = [Kind::Forked, CreateDropped, changed[0], changed[1]];
    let lists = [
        Kind::ListedLate,
        Kind::NeverListed,
        Kind::NamesCut,
        Kind::ListJunk,
    ];
    let contents = [
        Kind::UnaskedPart,
        Kind::OtherStatus,
        Kind::EndMissing,
        Kind::Spoiled,
        Kind::Replaced,
        Kind::UploadLie,
    ];
    let mixed = both(&contents, &contents);
    let made = mixed || both(&creates, &creates) || both(&lists, &lists);
    // What is served besides would use the token up.
    let second = [
        Kind::Twice,
        Kind::OtherJobRead,
        Kind::OtherJobMade,
        Kind::Forked,
    ];
    let used_up = both(&[Kind::TokensSkewed], &second);
    // Among junk, the user cannot tell that a page leads back.
    let pages = [Kind::EmptyPages, Kind::PageRepeated, Kind::ListJunk];
    let again = new == other && !is_call(new);
    !(again || both(&ends, &ends) || late || open || used_up || both(&pages, &pages) || made)
}
