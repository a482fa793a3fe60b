//! What is said at the end of a run: for people, or as one document of JSON whose fields stay.

use std::fmt::Write as _;

use genai_batch::cost::Pricing;
use genai_batch::runs::{Intake, RunReport, Stopped};
use serde::Serialize;

use super::at_service::AtService;
use super::hint;
use super::outcome::{Group, Tally};
use super::place::Place;
use super::plan::Plan;
use crate::exit::{Failure, Kind, Result};
use crate::global::Global;
use crate::show::Out;
use crate::show::counted::{counted, grouped, money};
use crate::show::json::Deviations;
use crate::show::out::write_text;
use crate::show::wrap;

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
    /// How many jobs go on at the service, where a limit was to end them.
    pub(super) active_jobs: u64,
    /// What was off about the rows of its jobs, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    deviations: Option<Deviations>,
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
            active_jobs: 0,
            deviations: Deviations::of(report),
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
            false => {
                let text = wrap::for_stdout(&self.to_text(global.emulator));
                write_text(&format!("{text}\n"))
            }
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
        if let Some(deviations) = &self.deviations {
            let _ = write!(
                text,
                "\nrows off: {}, which count for nothing",
                deviations.text()
            );
        }
        let _ = write!(text, "\n{}: {}", self.output, counted(self.written, "row"));
        text
    }

    /// How the process ends.
    pub(super) fn end(&self, ending: &Ending) -> Result<()> {
        let rows = counted(self.rows, "row");
        // What ended in time, as jobs that are no more cancelled, was not stopped.
        if let Some(stopped) = self.stopped.filter(|_| self.unfinished > 0) {
            let left = grouped(self.unfinished);
            let mut told = format!("stopped by --{stopped}: {left} of {rows} have no outcome yet");
            if let (true, Some(cost)) = (stopped == "budget", &self.cost) {
                let spent = money(cost.amount, cost.currency);
                told.push_str(&format!("; {spent} is spent"));
            }
            if let (true, Some(why)) = (stopped == "budget", &ending.why_budget) {
                told.push_str(&format!("\n  {why}"));
            }
            if let Some(jobs) = ending.at_service.jobs_in_words() {
                told.push_str(&format!("\n  {jobs}"));
            }
            let failure = Failure::new(Kind::Stopped, told);
            return Err(failure.hint(match stopped {
                "first" => "to go on, give the same command without --first",
                "budget" => "to go on, give the same command with a higher --budget",
                "deadline" => "to go on, give the same command with a later --deadline",
                _ => "to go on, give the same command again",
            }));
        }
        if self.failed == 0 && self.unfinished == 0 {
            return Ok(());
        }
        let mut told = Vec::new();
        if self.failed > 0 {
            told.push(format!("{} of {rows} failed", grouped(self.failed)));
        }
        if self.unfinished > 0 {
            // It ends before that only where a limit is reached, as far as is known.
            let unfinished = grouped(self.unfinished);
            told.push(format!("{unfinished} of {rows} have no outcome"));
        }
        let mut hints = Vec::new();
        if self.failed > 0 {
            let place = (&*self.column, &*self.output);
            hints.push(hint::of(&self.errors, place, &ending.retry, &ending.input));
        }
        if self.unfinished > 0 {
            hints.push(format!(
                "{} leaves out the rows without an outcome: to go on with them, give the same command again",
                self.output
            ));
        }
        Err(Failure::new(Kind::SomeFailed, told.join(", ")).hint(hints.join("\n  ")))
    }
}

/// What is known at the end beside the numbers.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// What errors call the input.
    pub(super) input: String,
    /// Why the budget stopped it, in the words of the library.
    pub(super) why_budget: Option<String>,
    pub(super) at_service: AtService,
    /// The command that asks again for what failed.
    pub(super) retry: String,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(failed: u64, unfinished: u64) -> Summary {
        Summary {
            run: "out.csv.run".to_owned(),
            output: "out.csv".to_owned(),
            model: "gemini-2.5-flash".to_owned(),
            rows: 10,
            written: 10 - unfinished,
            answers: 10 - unfinished - failed,
            failed,
            unfinished,
            stopped: None,
            errors: Vec::new(),
            input_tokens: 0,
            output_tokens: 0,
            cost: None,
            jobs: 1,
            saved: None,
            active_jobs: 0,
            deviations: None,
            taken_in: TakenIn {
                added: 10,
                changed: 0,
                unchanged: 0,
                vanished: 0,
            },
            noun: "answer",
            column: "error".to_owned(),
        }
    }

    #[test]
    fn rows_without_an_outcome_are_no_success() {
        let end = |failed, unfinished| summary(failed, unfinished).end(&Ending::default());
        assert!(end(0, 0).is_ok());
        let failure = end(0, 3).unwrap_err();
        assert_eq!(failure.kind(), Kind::SomeFailed);
        assert_eq!(failure.to_string(), "3 of 10 rows have no outcome");
        let failure = end(2, 3).unwrap_err();
        let told = "2 of 10 rows failed, 3 of 10 rows have no outcome";
        assert_eq!(
            (failure.kind(), &*failure.to_string()),
            (Kind::SomeFailed, told)
        );
    }
}
