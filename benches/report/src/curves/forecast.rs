//! Who is left out at a size because it would take too long or does not fit into memory, as far as
//! the sizes that were measured before tell.

use super::rounds::Outcome;
use super::timing::Sample;
use crate::units::{bytes, seconds};

/// How long a run of another client may take.
const MAX_WALL: f64 = 60.0;

/// What is known of a client before a size is measured.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// How it does with nothing to read.
    pub(super) start_up: Option<Sample>,
    pub(super) points: &'a [(u64, Outcome)],
    /// This crate is measured however long it takes.
    pub(super) is_own: bool,
}

/// The largest size that was measured, and what more takes in proportion.
fn forecast(known: &Known<'_>, size: u64) -> Option<Sample> {
    let measured = |(size, outcome): &(u64, Outcome)| Some((*size, outcome.as_ref().ok()?.median));
    let (largest, sample) = known.points.iter().rev().find_map(measured)?;
    let times = size as f64 / largest as f64;
    let in_proportion = |figure: fn(&Sample) -> f64| {
        let fixed = known.start_up.as_ref().map_or(0.0, figure);
        fixed + (figure(&sample) - fixed).max(0.0) * times
    };
    Some(Sample {
        wall: in_proportion(|sample| sample.wall),
        cpu: in_proportion(|sample| sample.cpu),
        peak: in_proportion(|sample| sample.peak),
    })
}

/// Why a client is not to be measured at a size, where it may use so much memory.
pub(super) fn refuse(known: &Known<'_>, size: u64, available: f64) -> Option<String> {
    let Some(expected) = forecast(known, size) else {
        // Nobody who failed at every size yet is tried again.
        let (_, last) = known.points.last()?;
        return last.as_ref().err().cloned();
    };
    if expected.peak > available {
        return Some(format!(
            "left out: it would hold about {}, of which {} were free",
            bytes(expected.peak),
            bytes(available.max(0.0)),
        ));
    }
    let is_long = expected.wall > MAX_WALL && !known.is_own;
    is_long.then(|| format!("left out: it would take about {}", seconds(expected.wall)))
}

/// The memory that programs may still take, from `/proc/meminfo`.
pub(super) fn available(meminfo: &str) -> Option<f64> {
    let line = meminfo
        .lines()
        .find(|line| line.starts_with("MemAvailable:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::super::rounds::Figures;
    use super::*;

    const MIB: f64 = 1024.0 * 1024.0;

    fn sample(wall: f64, peak: f64) -> Sample {
        Sample {
            wall,
            cpu: wall,
            peak: peak * MIB,
        }
    }

    fn refused(last: Sample, is_own: bool) -> Option<String> {
        let median = last;
        let printed = String::new();
        let points = [
            (100, Ok(Figures { median, printed })),
            (1000, Err("failed: x".to_owned())),
        ];
        let known = Known {
            start_up: Some(sample(0.1, 50.0)),
            points: &points,
            is_own,
        };
        refuse(&known, 1000, 1000.0 * MIB)
    }

    #[test]
    fn time_and_memory_are_taken_to_grow_with_the_size() {
        assert_eq!(refused(sample(5.9, 140.0), false), None);
        let slow = "left out: it would take about 60.1 s";
        assert_eq!(refused(sample(6.1, 60.0), false).as_deref(), Some(slow));
        assert_eq!(refused(sample(6.1, 60.0), true), None);
        let large = "left out: it would hold about 1.03 GiB, of which 1,000 MiB were free";
        assert_eq!(refused(sample(1.0, 150.0), true).as_deref(), Some(large));
    }

    #[test]
    fn who_always_failed_is_not_tried_again_and_who_is_new_is() {
        let mut known = Known {
            start_up: None,
            points: &[],
            is_own: false,
        };
        assert_eq!(refuse(&known, 10, 0.0), None);
        let points = [(1, Err("failed: x".to_owned()))];
        known.points = &points;
        assert_eq!(refuse(&known, 10, 0.0).as_deref(), Some("failed: x"));
    }

    #[test]
    fn available_memory_is_a_line_of_many() {
        let meminfo = "MemTotal:       100 kB\nMemAvailable:    50 kB\n";
        assert_eq!(available(meminfo), Some(51200.0));
        assert_eq!(available(""), None);
    }
}
