//! What is said at the end of a run: for people, or as one document of JSON whose fields stay.

use std::fmt::Write as _;

use genai_batch::cost::Pricing;
use genai_batch::runs::{Intake, RunReport, Stopped};
use serde::Serialize;

use super::outcome::{Group, Tally};
use super::place::Place;
use super::plan::Plan;
use crate::exit::{Failure, Kind, Result};
use crate::global::Global;
use crate::show::Out;
use crate::show::counted::{counted, grouped, money};
use crate::show::out::write_text;

/// What came of a run.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// The file of the run.
    run: String,
    /// The table.
    output: String,
    model: String,
    /// How many rows the input has.
    rows: u64,
    /// How many of them are in the output: those that have an outcome.
    written: u64,
    /// Rows with a good answer.
    answers: u64,
    /// Rows with an error.
    failed: u64,
    /// Rows without an outcome yet.
    unfinished: u64,
    /// `first`, `budget` or `deadline`, if one of these stopped it.
    stopped: Option<&'static str>,
    errors: Vec<Group>,
    /// Tokens that were paid for, attempts included.
    input_tokens: u64,
    output_tokens: u64,
    /// What they cost, where prices are known.
    cost: Option<Amount>,
    /// How many jobs it took.
    jobs: u64,
    /// How many requests were not sent since another is equal, with `--dedupe`.
    saved: Option<u64>,
    /// What was taken in by this call.
    taken_in: TakenIn,
    /// What a good answer is called.
    #[serde(skip)]
    noun: &'static str,
    /// The column that says why a row failed.
    #[serde(skip)]
    column: String,
}

#[derive(Debug, Serialize)]
struct Amount {
    amount: f64,
    currency: &'static str,
}

#[derive(Debug, Serialize)]
struct TakenIn {
    added: u64,
    changed: u64,
    unchanged: u64,
    vanished: u64,
}

impl Summary {
    pub(super) fn new(
        plan: &Plan,
        place: &Place,
        intake: &Intake,
        report: &RunReport,
        (tally, asked): (Tally, u64),
    ) -> Self {
        let saved = plan.args.dedupe;
        let saved = saved.then(|| report.requests.saturating_sub(asked));
        // The emulator costs nothing, and says nothing of what a model would.
        let cost = |pricing: &Pricing| Amount {
            amount: report.cost(pricing),
            currency: "USD",
        };
        Self {
            run: place.run.display().to_string(),
            output: place.out.display().to_string(),
            model: plan.args.model.clone(),
            rows: intake.requests,
            written: tally.written,
            answers: tally.answers,
            failed: tally.failed,
            unfinished: intake.requests.saturating_sub(tally.written),
            stopped: report.stopped.map(stopped),
            errors: tally.into_groups(),
            input_tokens: report.input_tokens,
            output_tokens: report.output_tokens,
            cost: plan.pricing.as_ref().map(cost),
            noun: match plan.args.embeddings {
                true => "embedding",
                false => "answer",
            },
            column: format!("{}error", plan.args.prefix),
            saved,
            jobs: report.generations.iter().map(|it| it.jobs).sum(),
            taken_in: TakenIn {
                added: intake.added,
                changed: intake.changed,
                unchanged: intake.unchanged,
                vanished: intake.vanished,
            },
        }
    }

    /// Says it on standard output.
    pub(super) fn show(&self, global: &Global) -> Result<()> {
        let out = Out::of(global);
        match out.is_json() {
            true => out.document(self),
            false => write_text(&format!("{}\n", self.to_text(global.emulator))),
        }
    }

    fn to_text(&self, emulator: bool) -> String {
        let mut text = format!(
            "{}: {}, {} failed",
            counted(self.rows, "row"),
            counted(self.answers, self.noun),
            grouped(self.failed)
        );
        if self.unfinished > 0 {
            let _ = write!(
                text,
                ", {} without an outcome yet",
                grouped(self.unfinished)
            );
        }
        for group in &self.errors {
            let detail = group
                .detail
                .as_ref()
                .map(|it| format!(" ({it})"))
                .unwrap_or_default();
            let keys = group.keys.join(", ");
            let more = if group.count > group.keys.len() as u64 {
                ", …"
            } else {
                ""
            };
            let _ = write!(
                text,
                "\n  {} {}{detail}: {} [{keys}{more}]",
                grouped(group.count),
                group.kind,
                one_line(&group.message)
            );
        }
        let _ = write!(
            text,
            "\n{} in, {}in {}",
            counted(self.input_tokens, "token"),
            match self.noun {
                // Nothing is generated.
                "embedding" => String::new(),
                _ => format!("{} out, ", grouped(self.output_tokens)),
            },
            counted(self.jobs, "job")
        );
        if let Some(saved) = self.saved.filter(|it| *it > 0) {
            let _ = write!(text, "; --dedupe saved {}", counted(saved, "request"));
        }
        match &self.cost {
            Some(cost) if emulator => {
                let _ = write!(
                    text,
                    "; a model would cost about {}",
                    money(cost.amount, cost.currency)
                );
            }
            Some(cost) => {
                let _ = write!(text, "; {}", money(cost.amount, cost.currency));
            }
            None => {}
        }
        let _ = write!(text, "\n{}: {}", self.output, counted(self.written, "row"));
        text
    }

    /// How the process ends.
    pub(super) fn end(&self, why_budget: Option<&str>) -> Result<()> {
        let rows = counted(self.rows, "row");
        if let Some(stopped) = self.stopped {
            let left = grouped(self.unfinished);
            let mut told = format!("stopped by --{stopped}: {left} of {rows} have no outcome yet");
            if let (true, Some(cost)) = (stopped == "budget", &self.cost) {
                let spent = money(cost.amount, cost.currency);
                told.push_str(&format!("; {spent} is spent"));
            }
            if let (true, Some(why)) = (stopped == "budget", why_budget) {
                told.push_str(&format!("\n  {why}"));
            }
            let failure = Failure::new(Kind::Stopped, told);
            return Err(failure.hint(match stopped {
                "first" => "to go on, give the same command without --first",
                "budget" => "to go on, give the same command with a higher --budget",
                _ => "to go on, give the same command again",
            }));
        }
        if self.failed > 0 {
            let failed = grouped(self.failed);
            return Err(
                Failure::new(Kind::SomeFailed, format!("{failed} of {rows} failed")).hint(format!(
                    "the column `{}` of {} says why; to ask these rows again: genai-batch runs retry {}, and \
                     then this command for the table",
                    self.column, self.output, self.run
                )),
            );
        }
        Ok(())
    }
}

fn stopped(stopped: Stopped) -> &'static str {
    match stopped {
        Stopped::First => "first",
        Stopped::Budget => "budget",
        Stopped::Deadline => "deadline",
        _ => "another limit",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
