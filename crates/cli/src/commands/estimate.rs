//! `genai-batch estimate`: about how many tokens requests take, what they cost, and how they stand to
//! the limits of the service.

use genai_batch::cost::{CostEstimate, Estimate, Pricing};
use genai_batch::preflight::{Diagnosis, LimitUse, Severity};
use serde::Serialize;

use crate::commands::check::source;
use crate::connect::{connect, connect_to_look};
use crate::exit::{Failure, Result};
use crate::global::Global;
use crate::show::counted::{about, money};
use crate::show::note::{say, warn};
use crate::show::{Cell, Out, Tone};

/// Tell tokens, cost and limits of a file of requests, before anything is sent.
///
/// Tokens are estimated by the length of the texts, unless --sample has the service count some requests,
/// which takes credentials. The prices are those of the table in the program, or the ones that are given.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch estimate reviews.jsonl --model gemini-2.5-flash
  genai-batch estimate reviews.jsonl -m gemini-2.5-flash --likely-output-tokens 40
  genai-batch estimate reviews.jsonl -m my-model --price 0.30:2.50")]
pub(crate) struct Args {
    /// A file of requests in JSONL, or gs://BUCKET/OBJECT.
    source: String,
    /// The model of the job, such as gemini-2.5-flash.
    #[arg(long, short)]
    model: String,
    /// How many tokens a response is likely to have, thinking included.
    #[arg(long, value_name = "N")]
    likely_output_tokens: Option<u64>,
    /// Have the service count the tokens of so many requests, taken at random.
    #[arg(long, value_name = "N", default_value_t = 0)]
    sample: usize,
    #[command(flatten)]
    prices: Prices,
}

/// What tokens cost.
#[derive(Debug, clap::Args)]
pub(crate) struct Prices {
    /// What a million tokens cost, in and out, before the discount of batches; by default a table has it.
    #[arg(long, value_name = "IN:OUT", value_parser = price)]
    price: Option<(f64, f64)>,
}

/// Reads two prices.
fn price(text: &str) -> std::result::Result<(f64, f64), String> {
    let of = |text: &str| text.trim().parse::<f64>().ok();
    text.split_once(':')
        .and_then(|(input, output)| Some((of(input)?, of(output)?)))
        .filter(|(input, output)| {
            [input, output]
                .iter()
                .all(|it| it.is_finite() && **it >= 0.0)
        })
        .ok_or_else(|| "it is two prices, such as 0.30:2.50".to_owned())
}

impl Prices {
    /// The prices that are given, or else those that are known.
    pub(crate) fn of(&self, model: &str) -> genai_batch::Result<Pricing> {
        match self.price {
            Some((input, output)) => Ok(Pricing::new(input, output)),
            None => Pricing::known(model),
        }
    }
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let connection = match args.sample {
        0 => connect_to_look(global).await?,
        // The service counts.
        _ => connect(global, None).await?,
    };
    let source = source(&args.source, &args.model)?;
    let mut preflight = source
        .preflight(&connection.client)
        .model(&args.model)
        .sample(args.sample);
    match args.prices.of(&args.model) {
        Ok(pricing) => preflight = preflight.pricing(pricing),
        Err(error) => warn(error),
    }
    if let Some(tokens) = args.likely_output_tokens {
        preflight = preflight.likely_output_tokens(tokens);
    }
    let diagnosis = preflight.await?;
    let mut findings = diagnosis.findings.iter();
    let wrong = findings.find(|it| it.severity == Severity::Error);
    // Of what cannot be read, nothing is known.
    if let Some(wrong) = wrong.filter(|_| diagnosis.requests == 0) {
        let failure = Failure::usage(&wrong.message);
        return Err(match &wrong.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        });
    }
    Out::of(global).parts(parts(&diagnosis), &Estimated::from(&diagnosis))?;
    if diagnosis.errors > 0 {
        say(
            global,
            "some requests are wrong: `genai-batch check` tells which",
        );
    }
    Ok(())
}

/// What is told, for programs.
#[derive(Serialize)]
struct Estimated<'a> {
    source: &'a str,
    requests: u64,
    bytes: u64,
    /// How many findings `check` has that are errors.
    errors: u64,
    input_tokens: Estimate,
    output_tokens: Estimate,
    token_basis: &'a str,
    unmeasured_parts: u64,
    cost: Option<&'a CostEstimate>,
    limits: &'a [LimitUse],
}

impl<'a> From<&'a Diagnosis> for Estimated<'a> {
    fn from(diagnosis: &'a Diagnosis) -> Self {
        Self {
            source: &diagnosis.source,
            requests: diagnosis.requests,
            bytes: diagnosis.bytes,
            errors: diagnosis.errors,
            input_tokens: diagnosis.input_tokens,
            output_tokens: diagnosis.output_tokens,
            token_basis: &diagnosis.token_basis,
            unmeasured_parts: diagnosis.unmeasured_parts,
            cost: diagnosis.cost.as_ref(),
            limits: &diagnosis.limits,
        }
    }
}

/// What is told, for people.
pub(crate) fn parts(diagnosis: &Diagnosis) -> Vec<(&'static str, Cell)> {
    let mut parts = vec![
        ("source", Cell::new(&diagnosis.source)),
        ("requests", Cell::count(diagnosis.requests)),
        ("bytes", Cell::count(diagnosis.bytes)),
        ("tokens in", Cell::new(diagnosis.input_tokens)),
        ("tokens out", Cell::new(diagnosis.output_tokens)),
        ("by", Cell::new(&diagnosis.token_basis).tone(Tone::Quiet)),
    ];
    if let Some(cost) = &diagnosis.cost {
        let of = |amount| money(amount, &cost.currency);
        let (low, likely, high) = (of(cost.low), of(cost.likely), of(cost.high));
        let told = format!("{} ({low} to {high})", about(&likely));
        parts.push(("cost", Cell::new(told).tone(Tone::Good)));
        parts.push(("prices", Cell::new(&cost.price_source).tone(Tone::Quiet)));
    }
    if diagnosis.unmeasured_parts > 0 {
        let parts_of_media = Cell::count(diagnosis.unmeasured_parts).tone(Tone::Warning);
        parts.push(("not estimated", parts_of_media));
    }
    let limits = diagnosis.limits.iter().map(|limit| {
        let is_exceeded = limit.used > Some(limit.limit);
        let tone = if is_exceeded { Tone::Bad } else { Tone::Plain };
        ("limit", Cell::new(limit).tone(tone))
    });
    parts.extend(limits);
    parts
}
