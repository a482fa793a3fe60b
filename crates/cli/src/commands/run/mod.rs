//! `genai-batch run`: a table and a prompt, or a file of requests, to a table with the answers.
//!
//! ```text
//! args → settings, plan → session: feed → run (taken in) → drive → output → summary
//!                       → dry
//! ```

mod args;
mod at_service;
mod drive;
mod dry;
mod feed;
mod fits;
mod hint;
mod keywords;
mod outcome;
mod output;
mod place;
mod plan;
mod refs;
mod session;
mod settings;
mod shape;
mod summary;
mod told;
mod was;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use tokio::sync::watch;

use crate::commands::runs::again;
use crate::connect::{connect, state_of};
use crate::exit::{Failure, Result};
use crate::global::{Global, Output};
use crate::show::bars::Bars;
use crate::show::remarks;
pub(crate) use args::Args;
pub(crate) use at_service::AtService;
pub(crate) use drive::of_emulator;
pub(crate) use outcome::{Incomplete, NO_RESULT};
use place::Place;
use plan::Plan;
use session::Session;
pub(crate) use settings::{SETTINGS, noted_bool};
use summary::{Ending, Summary};
pub(crate) use told::Told;

/// Does what the command line says.
pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let place = args
        .out
        .as_deref()
        .map(|out| Place::new(&args, out))
        .transpose()?;
    let plan = Arc::new(Plan::new(args, global.emulator)?);
    if plan.args.dry_run {
        return dry::show(&plan, global).await;
    }
    let Some(place) = place else {
        return Err(Failure::usage(
            "--out is needed, for the table with the answers",
        ));
    };
    was::refuse_mixed(&place.run, global.emulator).await?;
    let interrupted = on_interrupt();
    let made = Made::new(&place, global);
    let connection = connect(global, Some(&place.run)).await?;
    let quiet = global.quiet || global.output != Output::Text;
    let session = Session {
        plan,
        place,
        client: connection.client.clone(),
        emulator: connection.emulator.is_some(),
        bars: Bars::new(quiet),
        quiet,
        interrupted,
        why_budget: Arc::default(),
    };
    let opened = match session.open().await {
        Ok(opened) => opened,
        Err(failure) => {
            drop((session, connection));
            made.take_away();
            return Err(failure);
        }
    };
    remarks::tell("--dry-run");
    session.say_what_is_odd();
    let ended = async {
        let report = session.drive(&opened).await?;
        let tally = session.write(&opened).await?;
        let asked = opened.run.progress().await?.requests;
        let at_service = AtService::of(&opened.run).await?;
        Ok::<_, Failure>((report, (tally, asked), at_service))
    };
    let ended = ended.await;
    let intake = opened.intake;
    opened.run.close().await;
    let (report, tally, at_service) = ended?;
    let mut summary = Summary::new(&session.plan, &session.place, &intake, &report, tally);
    summary.active_jobs = at_service.jobs;
    summary.show(global)?;
    let why_budget = session.why_budget.lock();
    let why_budget = why_budget.unwrap_or_else(PoisonError::into_inner).take();
    let ending = Ending {
        input: session.plan.input_name(),
        why_budget,
        at_service,
        retry: again::command("retry", &session.place.run, global),
    };
    summary.end(&ending)
}

/// What is beside a run since this call began, to be taken away if nothing comes of it.
struct Made {
    run: PathBuf,
    /// Whether there was a run before.
    was_there: bool,
    /// The state of the emulator, where it is of this call alone.
    state: Option<PathBuf>,
}

impl Made {
    fn new(place: &Place, global: &Global) -> Self {
        let state = state_of(&place.run);
        let is_own = global.emulator && global.emulator_state.is_none() && !state.exists();
        Self {
            run: place.run.clone(),
            was_there: place.run.exists(),
            state: is_own.then_some(state),
        }
    }

    /// Takes it away, unless this call has made a run.
    fn take_away(self) {
        let is_of_no_use = self.was_there || !self.run.exists();
        if let Some(state) = self.state.filter(|_| is_of_no_use) {
            // What cannot be removed does no harm, and goes on with the next call.
            let _ = std::fs::remove_dir_all(state);
        }
    }
}

/// Becomes true at Ctrl-C; at the second the process ends at once.
fn on_interrupt() -> watch::Receiver<bool> {
    let (send, receive) = watch::channel(false);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        // Nobody may wait for it any more.
        let _ = send.send(true);
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
    receive
}
