//! Driving the run, with bars that say how far it is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use genai_batch::cost::Pricing;
use genai_batch::runs::{Finish, Progress, Run, RunReport};
use indicatif::HumanDuration;

use super::session::Session;
use super::told::{EVERY, Told};
use crate::exit::{Failure, Kind, Result};
use crate::show::bars::Bar;
use crate::show::counted::{counted, grouped, money};

/// As the library has it.
const FIRST_JOB: u32 = 1000;

/// Has the run asked all that it may; `seen` is how far it is.
pub(super) async fn drive(
    session: &Session,
    run: &Run,
    seen: &Arc<Mutex<Progress>>,
) -> Result<RunReport> {
    let now = run.progress().await?;
    *seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
    let mut shown = Shown::new(session, &now);
    let mut told = Told::new(&session.bars, session.quiet);
    let by_line = told.by_line();
    let (seen, last) = (Arc::clone(seen), Arc::clone(seen));
    let why_budget = Arc::clone(&session.why_budget);
    let finish = options(session, run)?
        .on_event(move |event| {
            if event.kind == "budget" {
                let mut why = why_budget.lock().unwrap_or_else(PoisonError::into_inner);
                why.clone_from(&event.detail);
            }
            told.hear(event);
        })
        .on_progress(move |progress| {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = *progress;
            shown.show(progress);
        });
    let mut finish = std::pin::pin!(finish.into_future());
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + EVERY, EVERY);
    let finished = loop {
        tokio::select! {
            finished = &mut finish => break finished,
            _ = ticks.tick(), if by_line => {
                let now = *last.lock().unwrap_or_else(PoisonError::into_inner);
                session.bars.say(line(&now));
            }
        }
    };
    finished.map_err(|error| {
        Failure::from(error)
            .hint("what was asked is in the run: to go on, give the same command again")
    })
}

/// How far a run is, in a line.
fn line(progress: &Progress) -> String {
    let mut line = format!(
        "{} of {} have their outcome, {} of {} active",
        grouped(progress.done()),
        counted(progress.requests, "request"),
        grouped(progress.active_jobs),
        counted(progress.jobs, "job")
    );
    if progress.unclear_jobs > 0 {
        line.push_str(&format!(", {} looked for", grouped(progress.unclear_jobs)));
    }
    if progress.errors + progress.missing > 0 {
        let failed = grouped(progress.errors + progress.missing);
        line.push_str(&format!(", {failed} failed"));
    }
    if let Some(left) = progress.left {
        line.push_str(&format!(", about {} left", HumanDuration(left)));
    }
    line
}

/// As often as an emulator may be asked: it is quick, and keeps no secrets from the client.
pub(crate) fn of_emulator(finish: Finish) -> Finish {
    finish
        .poll_interval(Duration::from_millis(50), Duration::from_millis(250))
        .unclear_wait(Duration::from_secs(2))
        .quota_pause(Duration::from_millis(250))
}

fn options(session: &Session, run: &Run) -> Result<Finish> {
    let args = &session.plan.args;
    let mut finish = run.finish().attempts(args.attempts);
    if session.emulator {
        finish = of_emulator(finish);
    }
    if let Some(interval) = args.poll_interval {
        finish = finish.poll_interval(
            interval,
            interval
                .max(Duration::from_secs(60))
                .min(interval.saturating_mul(12)),
        );
    }
    if let Some(wait) = args.unclear_wait {
        finish = finish.unclear_wait(wait);
    }
    if let Some(jobs) = args.max_jobs {
        finish = finish.max_jobs(jobs.into());
    }
    if let Some(most) = args.job_requests {
        finish = finish.job_requests(most.min(FIRST_JOB), most);
    }
    if let Some(deadline) = args.deadline {
        finish = finish.deadline(deadline);
    }
    if let Some(first) = args.first {
        finish = finish.first(first);
    }
    if let Some(amount) = args.budget {
        let pricing = session.plan.pricing.clone();
        let pricing = pricing.ok_or_else(|| Failure::new(Kind::Usage, "--budget needs prices"))?;
        finish = finish.budget(amount, pricing);
    }
    Ok(finish)
}

/// The bars of a run.
struct Shown {
    sent: Bar,
    answers: Bar,
    pricing: Option<Pricing>,
    began: Instant,
    /// How many had their outcome as this began.
    before: u64,
}

impl Shown {
    fn new(session: &Session, now: &Progress) -> Self {
        let bars = &session.bars;
        let answers = match session.plan.args.embeddings {
            true => "embeddings",
            false => "answers",
        };
        Self {
            sent: bars.things("sent", Some(now.requests)),
            answers: bars.things(answers, Some(now.requests)),
            pricing: session.plan.pricing.clone(),
            began: Instant::now(),
            before: now.done(),
        }
    }

    fn show(&mut self, progress: &Progress) {
        let Progress {
            requests,
            new,
            waiting,
            active_jobs,
            jobs,
            ..
        } = *progress;
        self.sent
            .at(requests.saturating_sub(new + waiting), Some(requests));
        self.sent.message(format!(
            "{} of {} active",
            grouped(active_jobs),
            counted(jobs, "job")
        ));
        self.answers.at(progress.done(), Some(requests));
        // What matters most is first: where a terminal is narrow, it is left out from the end.
        let mut told = Vec::new();
        if let Some(left) = progress.left {
            told.push(format!("about {} left", HumanDuration(left)));
        }
        if progress.errors + progress.missing > 0 {
            told.push(format!(
                "{} failed",
                grouped(progress.errors + progress.missing)
            ));
        }
        let seconds = self.began.elapsed().as_secs_f64();
        let fresh = progress.done().saturating_sub(self.before);
        if fresh > 0 && seconds > 0.0 {
            told.push(format!(
                "{}/s",
                grouped((fresh as f64 / seconds).ceil() as u64)
            ));
        }
        if let Some(pricing) = &self.pricing {
            let cost = pricing.cost_of(progress.input_tokens, progress.output_tokens);
            told.push(format!("{} so far", money(cost, "USD")));
        }
        self.answers.parts(told);
    }
}
