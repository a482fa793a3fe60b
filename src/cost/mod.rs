//! What a job costs: a range before it runs, and the sum of what its rows used after.
//!
//! | when | what |
//! |---|---|
//! | beforehand | a [`preflight`](crate::Source::preflight) gives an [`Estimate`] of tokens and, with a [`Pricing`], a [`CostEstimate`] |
//! | afterwards | [`Report::cost`](crate::Report::cost) gives the [`Cost`], with a [`ModelCost`] for each model, if [`Results::count_usage`](crate::batches::Results::count_usage) was set |
//!
//! ```
//! use genai_batch::cost::{Cost, Pricing};
//!
//! /// By the list price of batches, where the crate knows it.
//! fn cost(report: &genai_batch::Report) -> Option<Cost> {
//!     report.cost(&Pricing::of_model("gemini-2.5-flash")?)
//! }
//! ```

// preflight → Estimate of tokens ─┐
// result rows → TokenUsage        ├→ Pricing → CostEstimate | Cost
//
// Nothing here reads a source or a result.

mod estimate;
mod table;

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;

use crate::counted::Counted;
use crate::error::{Error, Result};
use crate::results::{ModelUsage, TokenUsage};
use crate::shown::Shown;
pub use estimate::{CostEstimate, Estimate};

const MILLION: f64 = 1_000_000.0;

/// What a model costs: prices per million tokens in and out, and the discount for batches.
///
/// Tokens of thinking are billed as output, and so are counted at the output price. Tokens that
/// came from a cache are taken at the full input price, unless
/// [`cached_input`](Self::cached_input) says otherwise, so that a cost is rather too high than
/// too low. Storage, caches, grounding and other tools are not part of it.
///
/// ```
/// use genai_batch::cost::Pricing;
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
    pub(crate) currency: String,
    source: String,
}

impl Pricing {
    /// Prices per million tokens of input and output, as they are without a batch, in dollars.
    /// A price that is negative or no number counts as 0.
    ///
    /// ```
    /// use genai_batch::cost::Pricing;
    ///
    /// let pricing = Pricing::new(0.30, 2.50); // per million tokens, in dollars
    /// assert_eq!(pricing.cost_of(1_000_000, 0), 0.15); // at half price
    /// ```
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

    /// The price of a model today, for text, by the table that this version has; `None` for a model
    /// that is not in it, of which [`known`](Self::known) says why. The table has a date and a source,
    /// which [`source`](Self::source) tells, and this project has not checked it.
    ///
    /// ```
    /// # use genai_batch::cost::Pricing;
    /// if let Some(pricing) = Pricing::of_model("gemini-2.5-flash") {
    ///     println!("{pricing}");
    /// }
    /// ```
    pub fn of_model(model: &str) -> Option<Self> {
        Self::of_model_on(model, crate::clock::now().date_naive())
    }

    /// The price that a model has, or had, on a day, as [`of_model`](Self::of_model) tells that of
    /// today: prices change, some of them on a day that
    /// is known beforehand. `None` for a model without one.
    ///
    /// ```
    /// use genai_batch::cost::Pricing;
    /// use genai_batch::external::chrono::NaiveDate;
    ///
    /// let new_year = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap_or_default();
    /// let pricing = Pricing::of_model_on("gemini-3.8-flash", new_year);
    /// assert_eq!(pricing.map(|pricing| pricing.cost_of(1_000_000, 0)), Some(0.75));
    /// ```
    pub fn of_model_on(model: &str, day: NaiveDate) -> Option<Self> {
        let price = table::find(model)?.on(day)?;
        Some(Self {
            source: table::source(),
            ..Self::new(price.input, price.output)
        })
    }

    /// The price of a model today, as [`of_model`](Self::of_model) gives it, or why there is none.
    ///
    /// # Errors
    ///
    /// If no price of the model is known, or it is not one number: it depends on the length of a
    /// prompt, or what the model generates is more than text.
    ///
    /// ```
    /// use genai_batch::cost::Pricing;
    ///
    /// assert!(Pricing::known("gemini-2.5-flash").is_ok());
    /// let error = Pricing::known("gemini-2.5-pro").unwrap_err();
    /// assert!(error.to_string().contains("length of the prompt"), "{error}");
    /// let error = Pricing::known("gemini-99").unwrap_err();
    /// assert!(error.to_string().contains("Pricing::new"), "{error}");
    /// ```
    pub fn known(model: &str) -> Result<Self> {
        Self::of_model(model).ok_or_else(|| {
            Error::input(format!(
                "no price of {model:?} is known{}: give one, by Pricing::new (prices here are from {})",
                table::why_not(model).unwrap_or_default(),
                table::source()
            ))
        })
    }

    /// The share by which a batch is cheaper, between 0 and 1; by default 0.5, which is Google's
    /// (price page of the Gemini API) and Anthropic's for Claude (page on batch processing).
    ///
    /// ```
    /// use genai_batch::cost::Pricing;
    ///
    /// let standard = Pricing::new(0.30, 2.50).discount(0.0);
    /// assert_eq!(standard.cost_of(1_000_000, 0), 0.30);
    /// ```
    pub fn discount(mut self, discount: f64) -> Self {
        self.discount = positive(discount).min(1.0);
        self
    }

    /// The price per million tokens of input that came from a cache, where it is lower.
    ///
    /// ```
    /// use genai_batch::cost::Pricing;
    ///
    /// let pricing = Pricing::new(0.30, 2.50).cached_input(0.03);
    /// ```
    pub fn cached_input(mut self, price: f64) -> Self {
        self.cached_input = Some(positive(price));
        self
    }

    /// The currency of the prices, which is shown and not converted; by default `USD`.
    ///
    /// ```
    /// use genai_batch::cost::Pricing;
    ///
    /// let pricing = Pricing::new(0.27, 2.20).currency("EUR");
    /// assert!(pricing.to_string().contains("0.27 EUR"));
    /// ```
    pub fn currency(mut self, currency: impl Into<String>) -> Self {
        self.currency = currency.into();
        self
    }

    /// Where the prices are from, with their date.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What this many tokens of input and output cost in a batch, in the currency, after the discount.
    ///
    /// ```
    /// use genai_batch::cost::Pricing;
    ///
    /// let pricing = Pricing::new(0.30, 2.50);
    /// assert_eq!(pricing.cost_of(2_000_000, 1_000_000), 0.30 + 1.25);
    /// ```
    pub fn cost_of(&self, input_tokens: u64, output_tokens: u64) -> f64 {
        let cost = self.share(self.input, input_tokens) + self.share(self.output, output_tokens);
        without_noise(cost)
    }

    fn share(&self, price: f64, tokens: u64) -> f64 {
        tokens as f64 / MILLION * price * (1.0 - self.discount)
    }

    /// The cost of what the rows of a job used.
    fn of_model_usage(&self, usage: &ModelUsage) -> ModelCost {
        let (used, cached) = (usage.input_tokens(), usage.cached_content_tokens);
        let cached = cached.min(used);
        let cached_price = self.cached_input.unwrap_or(self.input);
        let input = self.share(self.input, used - cached) + self.share(cached_price, cached);
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

/// An amount without the digits that come of adding fractions of two, as in 0.15000000000000002: what
/// is left tells 13 of them.
fn without_noise(amount: f64) -> f64 {
    format!("{amount:.12e}").parse().unwrap_or(amount)
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
    /// All models together, in the currency, less the discount.
    pub total: f64,
    /// How much less that is than the same would cost without a batch, in the currency.
    pub savings: f64,
    /// Each model, by the version that responded.
    pub models: BTreeMap<String, ModelCost>,
    /// Responses without a usage, which this cost leaves out.
    pub without_usage: u64,
}

/// The cost of one model's rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ModelCost {
    /// Of the requests, in the currency of the [`Cost`].
    pub input: f64,
    /// Of the responses and the thinking, in the same.
    pub output: f64,
}

impl ModelCost {
    /// The cost of input and output together, in the currency of the [`Cost`].
    pub fn total(&self) -> f64 {
        self.input + self.output
    }
}

impl Cost {
    pub(crate) fn of(usage: &TokenUsage, price: impl Fn(&str) -> Option<Pricing>) -> Option<Self> {
        let mut cost = Self {
            currency: String::new(),
            total: 0.0,
            savings: 0.0,
            models: BTreeMap::new(),
            without_usage: usage.without_usage,
        };
        for (model, used) in &usage.models {
            let pricing = price(model)?;
            let of_model = pricing.of_model_usage(used);
            cost.total += of_model.total();
            let standard = pricing.clone().discount(0.0).of_model_usage(used).total();
            cost.savings += standard - of_model.total();
            cost.models.insert(model.clone(), of_model);
            cost.currency = pricing.currency;
        }
        Some(cost)
    }
}

impl crate::Report {
    /// What the responses cost at these prices, whichever model responded. `None` where no usage
    /// was counted: see [`Results::count_usage`](crate::batches::Results::count_usage).
    ///
    /// ```no_run
    /// use genai_batch::cost::Pricing;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let results = client.batches().results(&job).count_usage(true).await?;
    /// let report = results.verify().await?;
    /// if let Some(cost) = report.cost(&Pricing::new(0.30, 2.50)) {
    ///     println!("{cost}; {:.2} {} saved", cost.savings, cost.currency);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn cost(&self, pricing: &Pricing) -> Option<Cost> {
        self.cost_by(|_| Some(pricing.clone()))
    }

    /// As [`cost`](Self::cost), with prices for each model by its version, such as
    /// [`Pricing::of_model`]. `None` also where a model has no price.
    ///
    /// ```no_run
    /// use genai_batch::cost::Pricing;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let results = client.batches().results(&job).count_usage(true).await?;
    /// let report = results.verify().await?;
    /// if let Some(cost) = report.cost_by(Pricing::of_model) {
    ///     println!("{cost}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn cost_by(&self, price: impl Fn(&str) -> Option<Pricing>) -> Option<Cost> {
        Cost::of(self.usage.as_ref()?, price)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Money(self.total), self.currency)?;
        for (model, cost) in &self.models {
            let (input, output) = (Money(cost.input), Money(cost.output));
            write!(f, "; {}: {input} in + {output} out", Shown(model))?;
        }
        if self.without_usage > 0 {
            let responses = Counted(self.without_usage, "response");
            write!(f, "; {responses} without usage")?;
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
        let half = Cost::of(&usage, |_| Some(Pricing::new(1.0, 10.0))).unwrap();
        assert_eq!((half.total, half.savings), (11.5, 11.5));
        let full = Pricing::new(1.0, 10.0).discount(0.0);
        let cost = Cost::of(&usage, |_| Some(full.clone())).unwrap();
        assert_eq!((cost.total, cost.savings), (3.0 + 20.0, 0.0));
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
        for (discount, cost) in [(7.0, 0.0), (1.0, 0.0), (-1.0, 2.0), (f64::NAN, 2.0)] {
            let pricing = Pricing::new(2.0, 2.0).discount(discount);
            assert_eq!(pricing.cost_of(1_000_000, 0), cost, "{discount}");
        }
    }
}
