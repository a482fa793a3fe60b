//! How a job stands at an instant, as time, the work done and its faults decide.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::job::{Job, State, Work};
use super::life::{End, Phase};
use super::output::Counts;
use super::status::{Ending, Stats, Status};
use crate::clock::later;
use crate::faults::JobEnd;
use crate::model::RowFailure;

impl Job {
    pub(super) fn ending(&self, state: &State, now: DateTime<Utc>) -> Option<Ending> {
        if let Some(failure) = self.failure_to_start(state, now) {
            let at = self.schedule.starts;
            return Some(Ending::failed(at, failure.clone()));
        }
        let Phase::Ended { at, end } = self.schedule.phase(now, state.cancelled) else {
            return None;
        };
        let expired = |share| Ending {
            at,
            state: "JOB_STATE_EXPIRED",
            error: None,
            share,
            until_written: "JOB_STATE_RUNNING",
        };
        Some(match (end, &self.faults.end) {
            (End::Served, JobEnd::Failed { code, message }) => {
                Ending::failed(at, RowFailure::new(*code, message))
            }
            (End::Served, JobEnd::Expired) => expired(0.5),
            (End::Expired(share), _) => expired(share),
            (End::Cancelled(share), _) => Ending {
                at,
                state: "JOB_STATE_CANCELLED",
                error: Some(RowFailure::new(1, "The job was cancelled.")),
                share,
                until_written: "JOB_STATE_CANCELLING",
            },
            (End::Served, JobEnd::Succeeded) => Ending {
                at,
                state: match self.faults.vertex.partial {
                    Some(_) => "JOB_STATE_PARTIALLY_SUCCEEDED",
                    None => "JOB_STATE_SUCCEEDED",
                },
                error: None,
                share: 1.0,
                until_written: "JOB_STATE_RUNNING",
            },
        })
    }

    pub(super) fn status_of(&self, state: &State, now: DateTime<Utc>) -> Status {
        let phase = self.schedule.phase(now, state.cancelled);
        let running = || match &self.faults.vertex.running_as {
            Some(state) => Cow::Owned(state.clone()),
            None => Cow::Borrowed("JOB_STATE_RUNNING"),
        };
        let shown = match phase {
            Phase::Queued => "JOB_STATE_QUEUED".into(),
            Phase::Pending => "JOB_STATE_PENDING".into(),
            Phase::Running(_) | Phase::Ended { .. } => running(),
            Phase::Held(_) => match &self.faults.vertex.hold {
                Some((state, _)) => state.clone(),
                None => running(),
            },
            Phase::Cancelling(_) => "JOB_STATE_CANCELLING".into(),
        };
        let last = match phase {
            Phase::Ended { at, .. } => at,
            _ => now,
        };
        let last = state
            .cancelled
            .map_or(last, |cancelled| last.min(cancelled));
        let has_started = last >= self.schedule.starts;
        let mut status = Status {
            state: shown,
            started: has_started.then_some(self.schedule.starts),
            ended: None,
            updated: self.schedule.changed(now, state.cancelled),
            stats: match phase {
                Phase::Running(share) | Phase::Held(share) | Phase::Cancelling(share)
                    if has_started =>
                {
                    self.running_stats(&state.work, share)
                }
                _ => Stats::None,
            },
            error: None,
            partial_failure: None,
            output_info: None,
        };
        let Some(ending) = self.ending(state, now) else {
            return status;
        };
        match &state.work {
            Work::Finished(output) => {
                status.stats = Stats::Known(output.counts);
                if now >= later(ending.at, self.faults.output_delay) {
                    status.output_info = Some(output.info.clone());
                }
            }
            _ if ending.share > 0.0 => {
                if ending.until_written != "JOB_STATE_RUNNING" {
                    status.state = ending.until_written.into();
                }
                status.stats = Stats::Unknown;
                return status;
            }
            _ => status.stats = Stats::None,
        }
        status.state = ending.state.into();
        status.ended = Some(ending.at);
        status.updated = ending.at;
        status.error = ending.error;
        if let (Some(partial), "JOB_STATE_PARTIALLY_SUCCEEDED") =
            (&self.faults.vertex.partial, ending.state)
        {
            status.partial_failure = Some(RowFailure::new(partial.code, &partial.message));
        }
        status
    }

    fn running_stats(&self, work: &Work, share: f64) -> Stats {
        let Work::Answered(answered) = work else {
            return Stats::Unknown;
        };
        if self.faults.freeze_stats {
            return Stats::Unknown;
        }
        let rows = answered.rows.len();
        let served = ((share * rows as f64) as usize).min(rows);
        let failed = answered.failed_among(served);
        Stats::Known(Counts {
            successful: served - failed,
            failed,
            incomplete: rows - served,
        })
    }
}
