//! Driving the run, with bars that say how far it is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use genai_batch::cost::Pricing;
use genai_batch::runs::{Finish, Progress, Run, RunEvent, RunReport};
use indicatif::{HumanDuration, ProgressBar};

use super::session::Session;
use crate::exit::{Failure, Kind, Result};
use crate::show::bars::Bars;
use crate::show::counted::{counted, grouped, money};
use crate::table::text::clip;

/// How many setbacks are told; the run's file has all of them.
const SETBACKS: u32 = 5;
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
    let mut setbacks = Setbacks {
        bars: session.bars.clone(),
        left: if session.quiet { 0 } else { SETBACKS },
    };
    let seen = Arc::clone(seen);
    let finish = options(session, run)?
        .on_event(move |event| setbacks.hear(event))
        .on_progress(move |progress| {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = *progress;
            shown.show(progress);
        });
    finish.await.map_err(|error| {
        Failure::from(error)
            .hint("what was asked is in the run: to go on, give the same command again")
    })
}

fn options(session: &Session, run: &Run) -> Result<Finish> {
    let args = &session.plan.args;
    let mut finish = run.finish().attempts(args.attempts);
    if session.emulator {
        // It is quick, and keeps no secrets from the client.
        finish = finish
            .poll_interval(Duration::from_millis(50), Duration::from_millis(250))
            .unclear_wait(Duration::from_secs(2))
            .quota_pause(Duration::from_millis(250));
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

/// What holds a run up and does not end it, told while it is followed.
struct Setbacks {
    bars: Bars,
    left: u32,
}

impl Setbacks {
    fn hear(&mut self, event: &RunEvent) {
        let what = match &*event.kind {
            "refused" => "was refused, and will be sent again",
            "gone" => "is gone, and its requests will be sent again",
            _ => return,
        };
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let job = event.job.unwrap_or_default();
        let why = event.detail.as_deref().unwrap_or("nothing says why");
        let more = if self.left == 0 {
            " (no more of these are told)"
        } else {
            ""
        };
        self.bars
            .say(format!("job {job} {what}: {}{more}", clip(why, 300)));
    }
}

/// The bars of a run.
struct Shown {
    sent: ProgressBar,
    answers: ProgressBar,
    pricing: Option<Pricing>,
    began: Instant,
    /// How many had their outcome as this began.
    before: u64,
}

impl Shown {
    fn new(session: &Session, now: &Progress) -> Self {
        let bars = &session.bars;
        Self {
            sent: bars.count("sent", Some(now.requests)),
            answers: bars.count("answers", Some(now.requests)),
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
        self.sent.set_length(requests);
        self.sent
            .set_position(requests.saturating_sub(new + waiting));
        self.sent
            .set_message(format!("{active_jobs} of {} active", counted(jobs, "job")));
        self.answers.set_length(requests);
        self.answers.set_position(progress.done());
        let mut told = Vec::new();
        let seconds = self.began.elapsed().as_secs_f64();
        let fresh = progress.done().saturating_sub(self.before);
        if fresh > 0 && seconds > 0.0 {
            told.push(format!(
                "{}/s",
                grouped((fresh as f64 / seconds).ceil() as u64)
            ));
        }
        if progress.errors + progress.missing > 0 {
            told.push(format!(
                "{} failed",
                grouped(progress.errors + progress.missing)
            ));
        }
        if let Some(pricing) = &self.pricing {
            let cost = pricing.cost_of(progress.input_tokens, progress.output_tokens);
            told.push(format!("{} so far", money(cost, "USD")));
        }
        if let Some(left) = progress.left {
            told.push(format!("about {} left", HumanDuration(left)));
        }
        self.answers.set_message(told.join(", "));
    }
}
