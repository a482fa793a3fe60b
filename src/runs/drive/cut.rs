//! Cutting jobs: how large the next one is, and whether there is to be one.

use rusqlite::Connection;
use tokio::time::Instant;

use super::super::progress::{self, Progress};
use super::super::report::Stopped;
use super::super::store::cut::{self, Cost, Cut, Size, untold};
use super::super::store::jobs::{self, State};
use super::super::store::{Store, events, parts};
use super::{Driver, Live};
use crate::backend::AnyBackend;
use crate::cost::{Money, Pricing};
use crate::error::Result;

/// What a response is taken to have where none was seen yet.
const LIKELY_OUTPUT: f64 = 256.0;
/// A job of fewer tokens than this share of what may wait at once is not worth its create.
const WORTH_IT: i64 = 10;

/// What a token of requests costs, and the response to one, by the responses so far.
fn rates(progress: &Progress, pricing: &Pricing) -> [f64; 2] {
    const MILLION: u64 = 1_000_000;
    let output = match (progress.responses, progress.output_tokens) {
        (0, _) | (_, 0) => LIKELY_OUTPUT,
        (responses, tokens) => tokens as f64 / responses as f64,
    };
    let of_token = pricing.cost_of(MILLION, 0) / MILLION as f64;
    [
        of_token,
        output * pricing.cost_of(0, MILLION) / MILLION as f64,
    ]
}

/// What was spent so far.
struct Spent {
    /// By what the service counted.
    told: f64,
    /// By estimate, where it did not say.
    untold: f64,
    /// What a token of requests costs, and the response to one.
    rates: [f64; 2],
}

async fn spent(store: &Store, pricing: &Pricing) -> Result<Spent> {
    let measure = |it: &mut Connection| Ok((progress::measure(it)?, untold(it)?));
    let (progress, untold) = store.call(measure).await?;
    let rates = rates(&progress, pricing);
    let [of_token, of_request] = rates;
    Ok(Spent {
        told: pricing.cost_of(progress.input_tokens, progress.output_tokens),
        untold: untold.tokens as f64 * of_token + untold.requests as f64 * of_request,
        rates,
    })
}

impl Driver {
    /// Cuts jobs for as long as there is room for them, and submits them. Says whether there is nothing
    /// more to be cut, as far as the jobs that there are do not leave it.
    pub(super) async fn cut(&mut self, now: Instant) -> Result<bool> {
        loop {
            if self.stopped.is_some() {
                return Ok(true);
            }
            let waits = |live: &Live| live.job.state == State::Cut && !live.is_submitting;
            // Which requests an adopted job has shows once it is read.
            let is_open = |live: &Live| {
                live.job.is_adopted && matches!(live.job.state, State::Active | State::Ended)
            };
            let must_wait = |live: &Live| waits(live) || is_open(live);
            if !self.has_room(now) || self.live.values().any(must_wait) {
                return Ok(false);
            }
            let Some(size) = self.size().await? else {
                return Ok(false);
            };
            let job = match self.next(size).await? {
                Cut::Job(job) => job,
                Cut::Nothing => return Ok(true),
                // What is under way may cost less than was estimated.
                Cut::TooDear(_) if !self.live.is_empty() => return Ok(false),
                Cut::TooDear(next) => {
                    let why = self.too_dear(next).await?;
                    let note = move |it: &mut _| events::note(it, "budget", None, Some(&why));
                    self.run.store.call(note).await?;
                    self.stopped = Some(Stopped::Budget);
                    return Ok(true);
                }
            };
            let id = job.id;
            self.live.insert(id, Live::new(job, now));
            self.submit(id);
        }
    }

    /// Why the next request is not asked, which may cost so much.
    async fn too_dear(&mut self, next: f64) -> Result<String> {
        let Some((budget, pricing)) = &self.plan.budget else {
            return Ok(String::new());
        };
        let Spent { told, untold, .. } = spent(&self.run.store, pricing).await?;
        let currency = &pricing.currency;
        let estimated = match untold > 0.0 {
            true => format!(
                ", {} {currency} of it by estimate, since the service did not say what it counted",
                Money(untold)
            ),
            false => String::new(),
        };
        let (spent, next) = (Money(told + untold), Money(next));
        Ok(format!(
            "{spent} {currency} of the budget of {budget} {currency} is spent{estimated}, and the next request \
             may cost {next} {currency}"
        ))
    }

    async fn next(&mut self, size: Size) -> Result<Cut> {
        let mark = AnyBackend::new_mark()?;
        if self.run.is_of_parts {
            return self.run.store.call(move |it| parts::cut(it, &mark)).await;
        }
        if !self.all_cut {
            let left = self.plan.trial.map_or(i64::MAX, |trial| trial - self.asked);
            let size = Size {
                requests: size.requests.min(left),
                ..size
            };
            let mark = mark.clone();
            let cut = match left {
                ..=0 => Cut::Nothing,
                _ => {
                    self.run
                        .store
                        .call(move |it| cut::new(it, size, &mark))
                        .await?
                }
            };
            match cut {
                Cut::Job(job) => {
                    self.cuts = self.cuts.saturating_add(1);
                    self.asked = self.asked.saturating_add(job.requests);
                    return Ok(Cut::Job(job));
                }
                Cut::Nothing => self.all_cut = true,
                dear @ Cut::TooDear(_) => return Ok(dear),
            }
        }
        let cut = match self.is_time_for_waiting(&size).await? {
            true => {
                let cut = move |it: &mut _| cut::waiting(it, size, &mark);
                self.run.store.call(cut).await?
            }
            false => Cut::Nothing,
        };
        if matches!(cut, Cut::Nothing) && self.live.is_empty() && self.plan.trial.is_some() {
            self.stopped = Some(Stopped::First);
        }
        Ok(cut)
    }

    /// Whether what waits for another attempt fills a job, or nothing more will come to it.
    async fn is_time_for_waiting(&mut self, size: &Size) -> Result<bool> {
        // One that is looked for may take an hour.
        let may_leave_more = |live: &Live| {
            let is_near = live.is_in_flight() && live.job.state != State::Looking;
            is_near || matches!(live.job.state, State::Cut | State::Ended)
        };
        if !self.live.values().any(may_leave_more) {
            return Ok(true);
        }
        let full = size.requests;
        let waiting = self
            .run
            .store
            .call(move |it| jobs::waiting(it, full))
            .await?;
        Ok(waiting >= full)
    }

    /// How large the next job may be; `None` if none may be made now.
    async fn size(&mut self) -> Result<Option<Size>> {
        let in_flight = self.live.values().filter(|live| live.is_in_flight());
        let tokens = in_flight.map(|live| live.job.tokens);
        let enqueued = tokens.fold(0, i64::saturating_add);
        let tokens = self.plan.max_tokens.saturating_sub(enqueued);
        if enqueued > 0 && tokens < self.plan.max_tokens / WORTH_IT {
            return Ok(None);
        }
        let doubled = self.plan.first.saturating_mul(1 << self.cuts.min(20));
        Ok(Some(Size {
            requests: doubled.min(self.plan.most),
            bytes: self.plan.job_bytes,
            tokens,
            cost: self.cost().await?,
        }))
    }

    /// What the next job may cost: what the budget leaves beside what was spent and what is under way.
    async fn cost(&mut self) -> Result<Option<Cost>> {
        let Some((budget, pricing)) = &self.plan.budget else {
            return Ok(None);
        };
        let Spent {
            told,
            untold,
            rates: [of_token, of_request],
        } = spent(&self.run.store, pricing).await?;
        let under_way = self.live.values().filter(|live| {
            live.is_in_flight() || matches!(live.job.state, State::Cut | State::Ended)
        });
        let under_way: f64 = under_way
            .map(|live| live.job.tokens as f64 * of_token + live.job.requests as f64 * of_request)
            .sum();
        Ok(Some(Cost {
            most: budget - told - untold - under_way,
            of_token,
            of_request,
        }))
    }
}
