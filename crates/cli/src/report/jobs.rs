//! The jobs of a run as plots and a table show them: some of them one by one, all of them in bins.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
use genai_batch::external::chrono;
use genai_batch::runs::{RunJob, RunReport, RunView};

use crate::exit::Result;

/// As many jobs are shown one by one.
const SHOWN: u64 = 60;
/// As many bins a plot over time has.
const BINS: usize = 120;
/// As many bins the durations have for each doubling.
const PER_OCTAVE: f64 = 2.0;

/// The jobs of a run.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    /// How many there are.
    pub(super) count: u64,
    /// Some of them, evenly chosen.
    pub(super) shown: Vec<RunJob>,
    /// From the first cut to what happened last.
    pub(super) time: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// How many requests had come to something by the end of each bin of that time.
    pub(super) done: Vec<u64>,
    pub(super) durations: Durations,
}

/// How long jobs took, from their creation to their end: how many in each bin, by its number.
#[derive(Debug, Default)]
pub(super) struct Durations {
    pub(super) bins: std::collections::BTreeMap<i32, u64>,
    pub(super) shortest: Option<f64>,
    pub(super) longest: Option<f64>,
}

impl Jobs {
    /// Reads them twice: when they were, and then what they did.
    pub(super) async fn read(run: &RunView, report: &RunReport) -> Result<Self> {
        let mut jobs = Self {
            count: report.generations.iter().map(|it| it.jobs).sum(),
            ..Self::default()
        };
        let mut all = run.jobs();
        while let Some(job) = all.try_next().await? {
            let (first, last) = jobs.time.unwrap_or((job.cut_time, job.cut_time));
            jobs.time = Some((first.min(job.cut_time), last.max(last_time(&job))));
        }
        jobs.done = vec![0; BINS];
        let step = jobs.count.div_ceil(SHOWN).max(1);
        let (mut seen, mut all) = (0_u64, run.jobs());
        while let Some(job) = all.try_next().await? {
            jobs.count(&job);
            if seen.is_multiple_of(step) {
                jobs.shown.push(job);
            }
            seen += 1;
        }
        // Jobs may have been made meanwhile.
        jobs.count = seen;
        let mut sum = 0;
        for bin in &mut jobs.done {
            sum += *bin;
            *bin = sum;
        }
        Ok(jobs)
    }

    fn count(&mut self, job: &RunJob) {
        if let (Some(read), Some((first, last))) = (job.read_time, self.time) {
            let share = seconds(read - first) / seconds(last - first).max(0.001);
            let bin = (share * BINS as f64).ceil() as usize;
            let done = job.responses + job.errors + job.missing;
            self.done[bin.clamp(1, BINS) - 1] += done;
        }
        if let (Some(created), Some(ended)) = (job.created_time, job.ended_time) {
            self.durations.add(seconds(ended - created));
        }
    }
}

impl Durations {
    fn add(&mut self, seconds: f64) {
        // What takes no time at all is in the bin of a millisecond.
        let bin = (seconds.max(0.001).log2() * PER_OCTAVE).floor() as i32;
        *self.bins.entry(bin).or_default() += 1;
        self.shortest = Some(self.shortest.map_or(seconds, |it| it.min(seconds)));
        self.longest = Some(self.longest.map_or(seconds, |it| it.max(seconds)));
    }

    /// Where a bin begins, in seconds.
    pub(super) fn start(bin: i32) -> f64 {
        2_f64.powf(f64::from(bin) / PER_OCTAVE)
    }
}

fn last_time(job: &RunJob) -> DateTime<Utc> {
    let times = [
        Some(job.cut_time),
        job.sent_time,
        job.created_time,
        job.ended_time,
        job.read_time,
    ];
    times.into_iter().flatten().max().unwrap_or(job.cut_time)
}

pub(super) fn seconds(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_into_bins_of_their_size() {
        let mut durations = Durations::default();
        for seconds in [0.0, 1.0, 1.3, 1.5, 2.0, 3600.0] {
            durations.add(seconds);
        }
        assert_eq!(
            (durations.shortest, durations.longest),
            (Some(0.0), Some(3600.0))
        );
        let of = |bin| durations.bins.get(&bin).copied();
        assert_eq!(
            [of(0), of(1), of(2), of(3)],
            [Some(2), Some(1), Some(1), None]
        );
        assert_eq!(durations.bins.values().sum::<u64>(), 6);
        assert!((Durations::start(2) - 2.0).abs() < 1e-9);
    }
}
