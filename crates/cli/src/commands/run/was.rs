//! What a run was before this call: whether it is one that can go on, and what of it would be paid for
//! again.

use std::path::Path;

use genai_batch::Client;
use genai_batch::runs::{Intake, RunView};

use super::output;
use super::place::Place;
use super::plan::{Plan, Work};
use super::settings::{SETTINGS, is_of_embeddings, noted_bool};
use crate::commands::runs::file::about_run;
use crate::commands::runs::made::mixed;
use crate::exit::{Failure, Kind, Result};
use crate::show::counted::{counted, grouped};

/// Refuses a run that was made with the emulator if this is not, and the other way round: before anything
/// is connected to, which may fail for that very reason, or leave a state of an emulator behind.
pub(super) async fn refuse_mixed(run: &Path, emulator: bool) -> Result<()> {
    let view = match tokio::fs::try_exists(run).await? {
        true => RunView::open(run).await.ok(),
        false => None,
    };
    // What is wrong with it otherwise is told as it is read for this call.
    let Some(view) = view else {
        return Ok(());
    };
    let settings = view.note(SETTINGS).await?;
    match mixed(run, settings.as_deref(), emulator) {
        Some(failure) => Err(failure.hint(match emulator {
            true => "leave --emulator out, or choose another --out",
            false => "add --emulator, as it was made, or choose another --out",
        })),
        None => Ok(()),
    }
}

/// What a run was before.
#[derive(Default)]
pub(super) struct Was {
    pub(super) is_there: bool,
    pub(super) settings: Option<String>,
    pub(super) outputs: Option<String>,
    pub(super) done: u64,
    /// How many were in a job.
    pub(super) asked: u64,
}

impl Was {
    /// What the run at a place was before, if it is one that can go on.
    pub(super) async fn read(plan: &Plan, place: &Place, client: &Client) -> Result<Self> {
        let path = &place.run;
        if !tokio::fs::try_exists(path).await? {
            return Ok(Self::default());
        }
        let shown = path.display();
        let view = client.runs().read(path).await;
        let view = view.map_err(|error| match about_run(path, error.into()) {
            failure if failure.is(Kind::Usage) => {
                failure.hint("choose another --out, or move that file away")
            }
            failure => failure,
        })?;
        let another = "choose another --out, or remove the run if it is not needed any more";
        if view.model() != plan.args.model {
            return Err(Failure::usage(format!(
                "{shown} is a run of {}, and --model is {}: a run has one model",
                view.model(),
                plan.args.model
            ))
            .hint(another));
        }
        let settings = view.note(SETTINGS).await?;
        let kept = [
            (
                "--embeddings",
                settings.as_deref().map(is_of_embeddings),
                plan.args.embeddings,
            ),
            (
                "--dedupe",
                settings.as_deref().and_then(|it| noted_bool(it, "dedupe")),
                plan.args.dedupe,
            ),
        ];
        for (option, was, is) in kept {
            if was.is_none_or(|was| was == is) {
                continue;
            }
            let (was, is) = match is {
                true => ("without", "given now"),
                false => ("with", "not given now"),
            };
            return Err(Failure::usage(format!(
                "{shown} was made {was} {option}, which is {is}: a run keeps to it"
            ))
            .hint(another));
        }
        let report = view.report().await?;
        Ok(Self {
            is_there: true,
            settings,
            outputs: view.note(output::OUTPUTS).await?,
            done: report.requests - report.unfinished,
            asked: {
                let progress = view.progress().await?;
                progress.requests.saturating_sub(progress.new)
            },
        })
    }

    /// What is said of an input that is not what the run was made with.
    pub(super) fn changed(&self, plan: &Plan, place: &Place, intake: &Intake) -> Failure {
        let run = place.run.display();
        let mut told = match intake.changed {
            0 => format!(
                "{run} was made with other rows: none of them is in {}",
                plan.input_name()
            ),
            changed => {
                // Which of them were asked is not told where only some have changed.
                let most = changed.min(self.asked);
                let up_to = match intake.unchanged > 0 && self.asked < intake.unchanged + changed {
                    true => "up to ",
                    false => "",
                };
                format!(
                    "{up_to}{} of {run} would be asked anew, since what is asked has changed",
                    counted(most, "row")
                )
            }
        };
        let differences = plan.settings.differences(self.settings.as_deref());
        if differences.is_empty() && intake.changed > 0 && self.settings.is_some() {
            told.push_str(&format!(
                "\n  the command is as it was: what has changed is in the rows of {}",
                plan.input_name()
            ));
        }
        for difference in differences {
            told.push_str(&format!("\n  {difference}"));
        }
        let (requests, done) = (grouped(intake.requests), grouped(self.done));
        told.push_str(&format!(
            "\n  of {requests} rows {} are the same, {} changed, {} new; {} are gone; {done} had an outcome",
            grouped(intake.unchanged),
            grouped(intake.changed),
            grouped(intake.added),
            grouped(intake.vanished),
        ));
        if plan.args.key.is_none() && matches!(plan.work, Work::Table(_)) {
            told.push_str("\n  a row is known by its line: with --key COLUMN, rows may move");
        }
        Failure::usage(told)
            .hint("to pay for them again, add --ask-anew; to keep both, choose another --out")
    }
}
