//! What a job costs: a range before it runs, and the sum of what its rows used after.
//!
//! ```text
//! preflight → Estimate of tokens ─┐
//! result rows → TokenUsage        ├→ Pricing → CostEstimate | Cost
//! ```
//!
//! Nothing here reads a source or a result; [`preflight`](crate::Source::preflight) and
//! [`Results::count_usage`](crate::Results::count_usage) do.

mod estimate;
mod table;
mod usage;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

pub use estimate::{CostEstimate, Estimate};
pub use usage::{ModelUsage, TokenUsage};

const MILLION: f64 = 1_000_000.0;

/// What a model costs: prices per million tokens in and out, and the discount for batches.
///
/// Tokens of thinking are billed as output, and so are counted at the output price. Tokens that
/// came from a cache are taken at the full input price, unless
/// [`cached_input`](Self::cached_input) says otherwise, so that a cost is rather too high than
/// too low. Storage, caches, grounding and other tools are not part of it.
///
/// ```
/// use genai_batch::Pricing;
///
/// let pricing = Pricing::new(0.30, 2.50); // per million tokens, in dollars, before the discount
/// assert_eq!(pricing.cost_of(2_000_000, 1_000_000), (0.60 + 2.50) * 0.5);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pricing {
    input: f64,
    output: f64,
    cached_input: Option<f64>,
    discount: f64,
    currency: String,
    source: String,
}

impl Pricing {
    /// Prices per million tokens of input and output, as they are without a batch, in dollars.
    /// A price that is negative or no number counts as 0.
    pub fn new(input: f64, output: f64) -> Self {
        Self {
            input: positive(input),
            output: positive(output),
            cached_input: None,
            discount: 0.5,
            currency: "USD".to_owned(),
            source: "given by the caller".to_owned(),
        }
    }

    /// The price of a model out of the small table in `src/cost/table.rs`; `None` for a model
    /// that is not in it. The table has a date and a source, which
    /// [`source`](Self::source) tells, and this project has not checked it.
    ///
    /// ```
    /// # use genai_batch::Pricing;
    /// if let Some(pricing) = Pricing::of_model("gemini-2.5-flash") {
    ///     println!("{pricing}");
    /// }
    /// ```
    pub fn of_model(model: &str) -> Option<Self> {
        let (input, output) = table::find(model)?;
        Some(Self {
            source: format!("{}, read on {}", table::SOURCE, table::READ_ON),
            ..Self::new(input, output)
        })
    }

    /// The share by which a batch is cheaper, between 0 and 1; by default 0.5, which is Google's
    /// (price page of the Gemini API).
    pub fn discount(mut self, discount: f64) -> Self {
        self.discount = positive(discount).min(1.0);
        self
    }

    /// The price per million tokens of input that came from a cache, where it is lower.
    pub fn cached_input(mut self, price: f64) -> Self {
        self.cached_input = Some(positive(price));
        self
    }

    /// The currency of the prices, which is shown and not converted; by default `USD`.
    pub fn currency(mut self, currency: impl Into<String>) -> Self {
        self.currency = currency.into();
        self
    }

    /// Where the prices are from, with their date.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What so many tokens of input and output cost in a batch.
    pub fn cost_of(&self, input_tokens: u64, output_tokens: u64) -> f64 {
        self.share(self.input, input_tokens) + self.share(self.output, output_tokens)
    }

    fn share(&self, price: f64, tokens: u64) -> f64 {
        tokens as f64 / MILLION * price * (1.0 - self.discount)
    }

    /// The cost of what the rows of a job used.
    fn of_model_usage(&self, usage: &ModelUsage) -> ModelCost {
        let cached = usage.cached_tokens.min(usage.input_tokens);
        let cached_price = self.cached_input.unwrap_or(self.input);
        let input =
            self.share(self.input, usage.input_tokens - cached) + self.share(cached_price, cached);
        ModelCost {
            input,
            output: self.share(self.output, usage.output_tokens()),
        }
    }
}

impl fmt::Display for Pricing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} in, {} out per million tokens, less {} % for a batch ({})",
            self.input,
            self.currency,
            self.output,
            (self.discount * 100.0).round(),
            self.source
        )
    }
}

fn positive(number: f64) -> f64 {
    if number.is_finite() {
        number.max(0.0)
    } else {
        0.0
    }
}

/// The cost of a job, from what its rows say they used: [`Report::cost`](crate::Report::cost).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// The currency, as the [`Pricing`] has it.
    pub currency: String,
    /// All models together.
    pub total: f64,
    /// Each model, by the version that answered.
    pub models: BTreeMap<String, ModelCost>,
    /// Responses that told no usage, which this cost leaves out.
    pub without_usage: u64,
}

/// The cost of one model's rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ModelCost {
    /// Of the requests.
    pub input: f64,
    /// Of the answers and the thinking.
    pub output: f64,
}

impl ModelCost {
    /// Input and output.
    pub fn total(&self) -> f64 {
        self.input + self.output
    }
}

impl Cost {
    pub(crate) fn of(usage: &TokenUsage, price: impl Fn(&str) -> Option<Pricing>) -> Option<Self> {
        let mut cost = Self {
            currency: String::new(),
            total: 0.0,
            models: BTreeMap::new(),
            without_usage: usage.without_usage,
        };
        for (model, used) in &usage.models {
            let pricing = price(model)?;
            let of_model = pricing.of_model_usage(used);
            cost.total += of_model.total();
            cost.models.insert(model.clone(), of_model);
            cost.currency = pricing.currency;
        }
        Some(cost)
    }
}

impl crate::Report {
    /// What the responses cost at these prices, whichever model answered. `None` where no usage
    /// was counted: see [`Results::count_usage`](crate::Results::count_usage).
    pub fn cost(&self, pricing: &Pricing) -> Option<Cost> {
        self.cost_by(|_| Some(pricing.clone()))
    }

    /// As [`cost`](Self::cost), with prices for each model by its version, such as
    /// [`Pricing::of_model`]. `None` also where a model has no price.
    pub fn cost_by(&self, price: impl Fn(&str) -> Option<Pricing>) -> Option<Cost> {
        Cost::of(self.usage.as_ref()?, price)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Money(self.total), self.currency)?;
        for (model, cost) in &self.models {
            let (input, output) = (Money(cost.input), Money(cost.output));
            write!(f, "; {model}: {input} in + {output} out")?;
        }
        if self.without_usage > 0 {
            write!(f, "; {} responses told no usage", self.without_usage)?;
        }
        Ok(())
    }
}

/// An amount, with as many digits as it takes to see it.
pub(crate) struct Money(pub(crate) f64);

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0.0 => f.write_str("0.00"),
            amount if amount < 0.01 => write!(f, "{amount:.6}"),
            amount if amount < 1.0 => write!(f, "{amount:.4}"),
            amount => write!(f, "{amount:.2}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_bill_as_output_and_caches_at_their_price() {
        let mut usage = TokenUsage::default();
        usage.add(
            br#"{"modelVersion":"m","usageMetadata":{"promptTokenCount":3000000,"cachedContentTokenCount":1000000,
                "candidatesTokenCount":1000000,"thoughtsTokenCount":"1000000"}}"#,
        );
        let full = Pricing::new(1.0, 10.0).discount(0.0);
        let cost = Cost::of(&usage, |_| Some(full.clone())).unwrap();
        assert_eq!(cost.total, 3.0 + 20.0);
        let cached = full.cached_input(0.1);
        let cost = Cost::of(&usage, |_| Some(cached.clone())).unwrap();
        assert_eq!(cost.models["m"].input, 2.1);
        assert_eq!(cost.to_string(), "22.10 USD; m: 2.10 in + 20.00 out");
        assert!(Cost::of(&usage, |_| None).is_none());
    }

    #[test]
    fn odd_prices_are_harmless() {
        let pricing = Pricing::new(f64::NAN, -3.0).discount(7.0);
        assert_eq!(pricing.cost_of(u64::MAX, u64::MAX), 0.0);
    }
}
