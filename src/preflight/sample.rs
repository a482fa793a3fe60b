//! Tokens counted by the service: those of a few requests, taken at random while the source is
//! read, from which follows how far the estimate by characters is off for all of them.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value};

use crate::backend::AnyBackend;
use crate::cost::Estimate;
use crate::error::Result;
use crate::request::asks::Asks;
use crate::request::line::RequestLine;

/// How many requests are counted at most.
pub(super) const MOST: usize = 1_000;
/// Longer requests are not counted, so that the sample is at most 64 MB, and far less in general.
const LONGEST: usize = 64 * 1024;
/// How many calls are made at once.
const AT_ONCE: usize = 4;

/// Requests to be counted: each of those that were offered with the same chance.
#[derive(Debug, Default)]
pub(super) struct Sample {
    size: usize,
    offered: u64,
    /// Lines, and what they were estimated to have.
    taken: Vec<(Bytes, u64)>,
}

/// What a sample says of all requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Correction {
    /// How many requests were counted.
    pub(super) counted: u64,
    /// Tokens that were counted to one that was estimated.
    ratio: f64,
    /// By what part of itself the ratio may be off, with a chance of 95 %.
    pub(super) error: f64,
}

impl Sample {
    /// A sample of so many requests.
    pub(super) fn of(size: usize) -> Self {
        Self {
            size: size.min(MOST),
            ..Self::default()
        }
    }

    /// Offers a request, which is copied if it is taken.
    pub(super) fn offer(&mut self, line: &Bytes, estimated: u64) {
        if self.size == 0 || estimated == 0 || line.len() > LONGEST {
            return;
        }
        self.offered += 1;
        let place = fastrand::u64(..self.offered) as usize;
        if self.taken.len() < self.size {
            self.taken.push((Bytes::copy_from_slice(line), estimated));
        } else if let Some(slot) = self.taken.get_mut(place) {
            *slot = (Bytes::copy_from_slice(line), estimated);
        }
    }

    /// Has the service count the sample; `None` where there is nothing to be counted.
    pub(super) async fn count(
        self,
        service: &AnyBackend,
        model: &str,
    ) -> Result<Option<Correction>> {
        let offered = self.offered;
        let counted = stream::iter(self.taken).map(|(line, estimated)| async move {
            let tokens = service.count_tokens(model, request_of(&line)).await?;
            Ok::<_, crate::Error>((tokens as f64, estimated as f64))
        });
        let counted: Vec<_> = counted.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(correction(&counted, offered))
    }
}

/// The ratio of the sums, and its error by the usual estimate for ratios, which is 0 where all
/// requests were counted.
fn correction(counted: &[(f64, f64)], offered: u64) -> Option<Correction> {
    let number = counted.len() as f64;
    let (tokens, estimated) = counted
        .iter()
        .fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    if estimated <= 0.0 || tokens <= 0.0 {
        return None;
    }
    let ratio = tokens / estimated;
    let squares: f64 = counted
        .iter()
        .map(|(tokens, estimated)| (tokens - ratio * estimated).powi(2))
        .sum();
    let left = (1.0 - number / offered as f64).max(0.0);
    // One request alone says nothing of how much they differ.
    let error = match counted {
        [_] if left > 0.0 => 0.5,
        [_] => 0.0,
        _ => 2.0 * (left * squares * number / (number - 1.0)).sqrt() / tokens,
    };
    Some(Correction {
        counted: counted.len() as u64,
        ratio,
        error,
    })
}

impl Correction {
    /// The tokens of all requests, from what they were estimated to have.
    pub(super) fn apply(&self, estimated: Estimate) -> Estimate {
        let likely = estimated.likely as f64 * self.ratio;
        let at = |factor: f64| (likely * factor).round().max(0.0) as u64;
        Estimate::new(at(1.0 - self.error), at(1.0), at(1.0 + self.error))
    }
}

/// The request of a line, which was checked before.
fn request_of(line: &[u8]) -> Map<String, Value> {
    let line = RequestLine::parse(line, Asks::Either);
    line.request.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_its_size_and_takes_from_everywhere() {
        let mut sample = Sample::of(50);
        for n in 0..5_000u64 {
            sample.offer(&Bytes::from(n.to_string()), 1);
        }
        assert_eq!((sample.taken.len(), sample.offered), (50, 5_000));
        let late = sample.taken.iter().filter(|(line, _)| line.len() == 4);
        assert!(late.count() > 20, "nine in ten have four digits");
        sample.offer(&Bytes::from(vec![b'x'; LONGEST + 1]), 1);
        assert_eq!(sample.offered, 5_000);
    }

    #[test]
    fn the_error_follows_from_how_much_requests_differ() {
        let even = correction(&[(20.0, 10.0), (40.0, 20.0)], 1_000).unwrap();
        assert_eq!((even.ratio, even.error), (2.0, 0.0));
        let uneven = correction(&[(10.0, 10.0), (30.0, 10.0)], 1_000).unwrap();
        assert!(uneven.error > 0.5, "{uneven:?}");
        let all = correction(&[(10.0, 10.0), (30.0, 10.0)], 2).unwrap();
        assert_eq!(all.error, 0.0);
        assert_eq!(correction(&[(5.0, 10.0)], 9).unwrap().error, 0.5);
        assert_eq!(correction(&[], 9), None);
        let estimate = even.apply(Estimate::new(1, 100, 900));
        assert_eq!(
            (estimate.low, estimate.likely, estimate.high),
            (200, 200, 200)
        );
    }
}
