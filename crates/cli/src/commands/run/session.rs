//! One call of a run: opened, driven, written, and left in order if it is interrupted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use genai_batch::runs::{Intake, Progress, Run, RunReport};
use genai_batch::{Client, Source};
use tokio::sync::watch;

use super::at_service::AtService;
use super::feed::{self, Feed};
use super::outcome::Tally;
use super::place::Place;
use super::plan::{Plan, Work};
use super::settings::SETTINGS;
use super::was::Was;
use super::{drive, output};
use crate::exit::{Failure, Kind, Result};
use crate::show::bars::{Bar, Bars};
use crate::show::counted::{counted, grouped};
use crate::show::note::warn;
use crate::table::columns::Column;

/// One call of a run.
pub(super) struct Session {
    pub(super) plan: Arc<Plan>,
    pub(super) place: Place,
    pub(super) client: Client,
    pub(super) emulator: bool,
    pub(super) bars: Bars,
    /// Whether nothing is to be said beside the results.
    pub(super) quiet: bool,
    pub(super) interrupted: watch::Receiver<bool>,
    /// Why the budget stopped it, in the words of the library.
    pub(super) why_budget: Arc<Mutex<Option<String>>>,
}

/// A run that is open, with what was found on the way in.
pub(super) struct Opened {
    pub(super) run: Run,
    pub(super) intake: Intake,
    columns: Vec<Column>,
}

impl Session {
    /// Does a step, unless Ctrl-C comes first.
    async fn or_interrupted<T>(&self, step: impl Future<Output = Result<T>>) -> Result<T> {
        let mut interrupted = self.interrupted.clone();
        tokio::select! {
            done = step => done,
            // An error says that nobody listens for Ctrl-C, which then ends the process by itself.
            Ok(_) = interrupted.wait_for(|it| *it) => Err(Failure::new(Kind::Interrupted, "interrupted")),
        }
    }

    /// Opens the run and takes the input in.
    pub(super) async fn open(&self) -> Result<Opened> {
        let opened = self.or_interrupted(self.take_in()).await;
        opened.map_err(|failure| match failure.is(Kind::Interrupted) {
            // One that is there may have jobs at the service since an earlier call.
            true if self.place.run.exists() => {
                failure.hint("the run is as it was before; to go on, give the same command again")
            }
            true => failure.hint("nothing was sent; give the same command again"),
            false => failure,
        })
    }

    async fn take_in(&self) -> Result<Opened> {
        let was = Was::read(&self.plan, &self.place, &self.client).await?;
        if !self.plan.args.overwrite {
            output::refuse_others(&self.place.out, was.outputs.clone()).await?;
        }
        let feed = Arc::new(Feed::default());
        let (source, position, size) = match &self.plan.work {
            Work::Table(maker) => {
                let position = Arc::clone(&maker.input.position);
                let source = feed.source(maker, &self.plan);
                (source, position, maker.input.size())
            }
            Work::Requests(path) => (Source::path(path), Arc::default(), None),
        };
        let refusal: Arc<Mutex<Option<Intake>>> = Arc::default();
        let refused_for = Arc::clone(&refusal);
        let (ask_anew, asked) = (self.plan.args.ask_anew, was.asked);
        let settings = &self.plan.settings;
        let mut open = self
            .client
            .runs()
            .open(&self.place.run)
            .model(&self.plan.args.model)
            .source(source)
            .dedupe(self.plan.args.dedupe)
            .note(SETTINGS, settings.to_note())
            .confirm(move |intake| {
                let is_another = intake.unchanged == 0 && intake.vanished > 0;
                // What was not asked yet is paid for once.
                let is_as_paid = intake.changed == 0 || asked == 0;
                let is_fine = intake.requests > 0 && (ask_anew || (is_as_paid && !is_another));
                if !is_fine {
                    *refused_for.lock().unwrap_or_else(PoisonError::into_inner) = Some(*intake);
                }
                is_fine
            });
        if self.plan.args.embeddings {
            open = open.embeddings();
        }
        if settings.has_config() {
            open = open.generation_config(settings.config.clone());
        }
        if let Some(system) = &settings.system {
            open = open.system_instruction(system);
        }
        let bar = self.bars.bytes("taking in", size);
        let opened = followed(open.into_future(), &bar, &position, &feed).await;
        bar.end();
        let run = match opened {
            Ok(run) => run,
            Err(error) => {
                let intake = refusal
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                return Err(match intake {
                    Some(Intake { requests: 0, .. }) => {
                        let name = self.plan.input_name();
                        Failure::usage(format!("{name} has no rows"))
                            .hint(format!("{} stays as it is", self.place.run.display()))
                    }
                    Some(intake) => was.changed(&self.plan, &self.place, &intake),
                    None => {
                        let beginning = format!("opening the run {}: ", self.place.run.display());
                        refused(&self.plan, &feed, error, &beginning).await
                    }
                });
            }
        };
        // There is one, since there was a source.
        let intake = run.intake().unwrap_or_default();
        let columns = match &self.plan.work {
            Work::Table(_) => feed.take_columns(),
            Work::Requests(_) => self.plan.columns(Vec::new())?,
        };
        if was.is_there {
            self.say_continued(&was, &intake);
        }
        Ok(Opened {
            run,
            intake,
            columns,
        })
    }

    fn say_continued(&self, was: &Was, intake: &Intake) {
        if intake.vanished > 0 {
            let (rows, out) = (counted(intake.vanished, "row"), self.place.out.display());
            warn(format_args!(
                "{rows} of the run will not be in {out}: no longer in the input"
            ));
        }
        if self.quiet {
            return;
        }
        let mut told = format!(
            "going on with {}: {} of {} have their outcome",
            self.place.run.display(),
            grouped(was.done),
            counted(intake.unchanged + intake.changed + intake.vanished, "row")
        );
        for (count, what) in [
            (intake.added, "new"),
            (intake.changed, "changed"),
            (intake.vanished, "no longer in the input"),
        ] {
            if count > 0 {
                told.push_str(&format!(", {} {what}", grouped(count)));
            }
        }
        self.bars.say(told);
    }

    /// Says what may be meant otherwise, before anything is sent.
    pub(super) fn say_what_is_odd(&self) {
        if self.quiet {
            return;
        }
        for odd in self.plan.odd() {
            self.bars.say(format!("note: {odd}"));
        }
    }

    /// Has the run asked all that it may.
    pub(super) async fn drive(&self, opened: &Opened) -> Result<RunReport> {
        let seen: Arc<Mutex<Progress>> = Arc::default();
        let driven = self
            .or_interrupted(drive::drive(self, &opened.run, &seen))
            .await;
        self.bars.clear();
        match driven {
            Err(failure) if failure.is(Kind::Interrupted) => {
                let seen = *seen.lock().unwrap_or_else(PoisonError::into_inner);
                let told = format!(
                    "interrupted: {} of {} have their outcome; {}",
                    grouped(seen.done()),
                    counted(seen.requests, "request"),
                    AtService::of(&opened.run).await?.requests()
                );
                Err(Failure::new(Kind::Interrupted, told)
                    .hint("to go on, give the same command again"))
            }
            driven => driven,
        }
    }

    /// Writes the table.
    pub(super) async fn write(&self, opened: &Opened) -> Result<Tally> {
        let bar = self.bars.things("writing", Some(opened.intake.requests));
        let columns = opened.columns.clone();
        let write = output::write(&opened.run, &self.plan, &self.place, columns, &bar);
        let written = self.or_interrupted(write).await;
        bar.end();
        written
    }
}

/// Waits for a run to be opened, and shows how far the input is.
async fn followed<T>(
    open: impl Future<Output = T>,
    bar: &Bar,
    position: &Arc<AtomicU64>,
    feed: &Feed,
) -> T {
    let mut open = std::pin::pin!(open);
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            opened = &mut open => return opened,
            _ = ticks.tick() => {
                bar.to(position.load(Ordering::Relaxed));
                bar.message(counted(feed.rows.load(Ordering::Relaxed), "row"));
            }
        }
    }
}

/// Why the requests were not taken in, as it is said best.
///
/// `beginning` is what the library says before, which explains nothing of a mistake in what was given.
pub(super) async fn refused(
    plan: &Plan,
    feed: &Feed,
    error: genai_batch::Error,
    beginning: &str,
) -> Failure {
    if let Some(failure) = feed.take_failure() {
        return failure;
    }
    let own = |error: genai_batch::Error| {
        let told = error.to_string();
        match told.strip_prefix(beginning) {
            Some(told) if error.is_invalid_input() => Failure::usage(plan.in_options(told)),
            _ => error.into(),
        }
    };
    let Work::Table(maker) = &plan.work else {
        return own(error);
    };
    if feed.is_empty() {
        return Failure::usage(format!("{} has no rows", plan.input_name()));
    }
    if error.is_invalid_input() {
        let maker = Arc::clone(maker);
        let looked = tokio::task::spawn_blocking(move || feed::same_key(&maker)).await;
        if let Ok(Some(failure)) = looked {
            return failure;
        }
    }
    own(error)
}
