//! Ranges: of tokens before a job runs, and of what they cost.

use std::fmt;
use std::ops::{Add, AddAssign};

use serde::Serialize;

use super::{Money, Pricing};
use crate::counted::Grouped;

/// A number that is not known yet: the least and the most that it is expected to be, and what is
/// likely. It guarantees neither bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// Hardly less than this.
    pub low: u64,
    /// The best guess.
    pub likely: u64,
    /// Hardly more than this.
    pub high: u64,
}

impl Estimate {
    /// A range; bounds on the wrong side of `likely` are moved to it.
    ///
    /// ```
    /// use genai_batch::cost::Estimate;
    ///
    /// let tokens = Estimate::new(800, 1000, 1500);
    /// assert_eq!(tokens.to_string(), "about 1,000 (800 to 1,500)");
    /// ```
    pub fn new(low: u64, likely: u64, high: u64) -> Self {
        Self {
            low: low.min(likely),
            likely,
            high: high.max(likely),
        }
    }
}

impl Add for Estimate {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            low: self.low.saturating_add(other.low),
            likely: self.likely.saturating_add(other.likely),
            high: self.high.saturating_add(other.high),
        }
    }
}

impl AddAssign for Estimate {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, likely, high) = (Grouped(self.low), Grouped(self.likely), Grouped(self.high));
        write!(f, "about {likely} ({low} to {high})")
    }
}

/// What a job may cost: an amount of money for the fewest, the likely and the most tokens, after the
/// discount for batches. A [`preflight`](crate::Source::preflight) makes it, where prices are known or
/// given, in [`Diagnosis::cost`](crate::preflight::Diagnosis::cost).
///
/// It is as good as the guess of the tokens: that of the input is by the length of the texts, or by what
/// the service counts in a sample; that of the output by what the requests allow. Neither bound is
/// guaranteed.
///
/// ```no_run
/// use genai_batch::Source;
///
/// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
/// let source = Source::path("requests.jsonl");
/// let checked = source.preflight(&client).model("gemini-2.5-flash").await?;
/// if let Some(cost) = &checked.cost {
///     println!("{cost}"); // about 1.50 USD (0.5000 to 7.00)
///     assert!(cost.high < 100.0, "too much: {}", cost.price_source);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CostEstimate {
    /// The currency, as the [`Pricing`] has it.
    pub currency: String,
    /// The amount with the fewest tokens, in the currency.
    pub low: f64,
    /// The amount with the likely ones, which is the best guess.
    pub likely: f64,
    /// The amount with the most tokens that are expected.
    pub high: f64,
    /// Where the prices are from, with their date.
    pub price_source: String,
}

impl CostEstimate {
    pub(crate) fn new(input: Estimate, output: Estimate, pricing: &Pricing) -> Self {
        Self {
            currency: pricing.currency.clone(),
            low: pricing.cost_of(input.low, output.low),
            likely: pricing.cost_of(input.likely, output.likely),
            high: pricing.cost_of(input.high, output.high),
            price_source: pricing.source.clone(),
        }
    }
}

impl fmt::Display for CostEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, likely, high) = (Money(self.low), Money(self.likely), Money(self.high));
        write!(f, "about {likely} {} ({low} to {high})", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_the_likely_value() {
        let estimate = Estimate::new(9, 5, 1);
        assert_eq!((estimate.low, estimate.high), (5, 5));
        let sum = Estimate::new(1, 2, 3) + Estimate::new(u64::MAX, u64::MAX, u64::MAX);
        assert_eq!(sum.high, u64::MAX);
    }

    #[test]
    fn a_cost_is_a_range() {
        let (input, output) = (Estimate::new(1, 2, 4), Estimate::new(0, 1, 10));
        let pricing = Pricing::new(1e6, 1e6);
        let cost = CostEstimate::new(input, output, &pricing);
        assert_eq!(cost.to_string(), "about 1.50 USD (0.5000 to 7.00)");
    }
}
