//! A look at a source before anything is sent: [`Source::preflight`].
//!
//! ```text
//! source → feed (lines) → line (one checked) ─┬→ findings ─┐
//!                          uploads, keys ─────┘  limits ───┼→ Diagnosis
//!                          tokens → Estimate → CostEstimate┘
//! ```
//!
//! The source is read once, line by line. What is kept of it does not grow with the number of
//! requests, but for 16 bytes a key.

mod diagnosis;
mod feed;
pub(crate) mod fields;
mod finding;
mod limits;
mod line;
mod nearest;
mod run;
mod sample;
mod sum;
mod tokens;
mod uploads;

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

pub use diagnosis::Diagnosis;
pub use finding::{Finding, FindingCode, Severity};
pub use limits::LimitUse;

use crate::client::Client;
use crate::cost::Pricing;
use crate::error::Result;
use crate::source::Source;
use crate::source::prepare::InlineLimit;

impl Source {
    /// Reads the whole source once and tells what is wrong with it, how it stands to the limits
    /// of the service, and about how many tokens it takes; `.await` it, with options before, for
    /// the [`Diagnosis`].
    ///
    /// Nothing is uploaded and no job is made. On Gemini, each uploaded file that a request
    /// refers to is looked up, up to 1,000 of them. Objects in Cloud Storage are read through a
    /// client of Vertex AI; what the client cannot read (an uploaded file, a table, a dataset) is
    /// told as `not-checked`.
    ///
    /// A source is read once, so one of an iterator or a stream is spent. One of a path is made
    /// again by the same path.
    ///
    /// ```no_run
    /// use genai_batch::Source;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let source = Source::try_from("requests.jsonl")?;
    /// let diagnosis = source.preflight(&client).model("gemini-2.5-flash").await?;
    /// println!("{diagnosis}");
    /// if diagnosis.is_ok() {
    ///     client.batches().create("gemini-2.5-flash", "requests.jsonl").await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the source cannot be read. What is wrong with a request is no error but a finding.
    pub fn preflight(self, client: &Client) -> Preflight {
        Preflight {
            client: client.clone(),
            source: self,
            model: None,
            pricing: None,
            inline_limit: InlineLimit::default(),
            likely_answer: tokens::LIKELY_ANSWER,
            sample: 0,
        }
    }
}

/// A preflight with its options; `.await` it for the [`Diagnosis`].
#[must_use = "nothing is checked until this is awaited"]
pub struct Preflight {
    client: Client,
    source: Source,
    model: Option<String>,
    pricing: Option<Pricing>,
    inline_limit: InlineLimit,
    likely_answer: u64,
    sample: usize,
}

impl Preflight {
    /// The model of the job. It tells whether requests are for content or for embeddings, which
    /// limits there are, and what the job costs, if the small table of this crate has the model.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// What tokens cost, in place of the table.
    pub fn pricing(mut self, pricing: Pricing) -> Self {
        self.pricing = Some(pricing);
        self
    }

    /// The `inline_limit` that the create will have.
    pub fn inline_limit(mut self, limit: InlineLimit) -> Self {
        self.inline_limit = limit;
        self
    }

    /// How many tokens an answer is likely to have, thinking included; 256 where nobody says.
    /// Nothing in a request tells, so this is what an estimate of the output rests on. Its upper
    /// end is `maxOutputTokens`, or 8,192 for requests without.
    pub fn likely_answer_tokens(mut self, tokens: u64) -> Self {
        self.likely_answer = tokens;
        self
    }

    /// Has the service count the tokens of so many requests, at most 1,000, taken at random, and
    /// corrects the estimate of the input by them; its error is then that of the sample. It needs
    /// [`model`](Self::model), the Gemini Developer API and one call a request. Requests of more
    /// than 64 KB and those for embeddings are not part of it. By default none is counted.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let diagnosis = genai_batch::Source::path("requests.jsonl")
    ///     .preflight(&client)
    ///     .model("gemini-2.5-flash")
    ///     .sample(100)
    ///     .await?;
    /// println!("{} by {}", diagnosis.input_tokens, diagnosis.token_basis);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sample(mut self, requests: usize) -> Self {
        self.sample = requests;
        self
    }
}

impl IntoFuture for Preflight {
    type Output = Result<Diagnosis>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let checked = run::run(self).await;
            checked.map_err(|error| error.during("checking a source"))
        })
    }
}

impl fmt::Debug for Preflight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preflight")
            .field("source", &self.source)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}
