//! A look at a source before anything is sent: [`Source::preflight`], [`Create::preflight`].
//!
//! A [`Preflight`] takes the options, and a [`Diagnosis`] is what it finds: each mistake as a
//! [`Finding`], which has a line, a [`Severity`] and a [`FindingCode`]; the limits of the service, each
//! as a [`LimitUse`]; and what the job would cost, as [`cost`](crate::cost) says it.
//!
//! The source is read once, line by line. What is kept of it does not grow with the number of
//! requests, but for 16 bytes a key.
//!
//! ```no_run
//! use genai_batch::preflight::Severity;
//!
//! # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
//! let source = genai_batch::Source::path("requests.jsonl");
//! let diagnosis = source.preflight(&client).model("gemini-2.5-flash").await?;
//! for finding in &diagnosis.findings {
//!     if finding.severity == Severity::Error {
//!         println!("{finding}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```

// source, create → feed (lines) → line (one checked) ─┬→ findings ─┐
//                                  uploads, keys ─────┘  limits ───┼→ Diagnosis
//                                  tokens → Estimate → CostEstimate┘

#[cfg(test)]
mod agreement;
mod diagnosis;
mod feed;
mod finding;
mod limits;
mod line;
#[cfg(feature = "gcs")]
mod objects;
mod run;
mod sample;
mod sum;
mod tokens;
mod uploads;

use std::fmt;
use std::future::IntoFuture;

use futures_util::future::BoxFuture;

pub use crate::request::finding::{Finding, FindingCode, Severity};
pub use diagnosis::Diagnosis;
pub use limits::LimitUse;

use crate::batches::Create;
use crate::client::Client;
use crate::cost::Pricing;
use crate::error::Result;
use crate::options::{CreateOptions, Task};
use crate::source::Source;
use crate::source::prepare::InlineLimit;

impl Source {
    /// Reads the whole source once and tells what is wrong with it, how it stands to the limits
    /// of the service, and about how many tokens it takes; `.await` it, with options before, for
    /// the [`Diagnosis`].
    ///
    /// Nothing is uploaded and no job is made. On Gemini, each uploaded file that a request
    /// refers to is looked up, up to 1,000 of them. Objects in Cloud Storage, patterns and folders
    /// of them too, are read through a client of Vertex AI; what the client cannot read (an uploaded file, a table, a dataset) is
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
    /// If the source cannot be read. What is wrong with a request is not an error but a finding.
    pub fn preflight(self, client: &Client) -> Preflight {
        Preflight::new(client.clone(), Ok(self))
    }
}

impl Create {
    /// A preflight of what this create would submit: with its model, and its generation config and
    /// system instruction in the requests, so that they are checked and counted too.
    ///
    /// A source is read once: make the create anew to submit it.
    ///
    /// ```no_run
    /// use genai_batch::batches::Create;
    ///
    /// fn nightly(client: &genai_batch::Client) -> Create {
    ///     let create = client.batches().create("gemini-2.5-flash", "requests.jsonl");
    ///     create.system_instruction("Be brief.").display_name("nightly")
    /// }
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let diagnosis = nightly(&client).preflight().await?;
    /// if diagnosis.is_ok() {
    ///     nightly(&client).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn preflight(self) -> Preflight {
        let client = Client::new(self.service);
        let (source, create) = match (self.source, self.options) {
            (source, Ok(options)) => (source, options),
            (Ok(_), Err(error)) | (Err(error), Err(_)) => (Err(error), CreateOptions::default()),
        };
        let preflight = Preflight::new(client, source).model(self.model);
        let preflight = preflight.inline_limit(create.inline_limit);
        Preflight {
            task: Some(self.task),
            create,
            ..preflight
        }
    }
}

/// A preflight with its options; `.await` it for the [`Diagnosis`].
#[must_use = "nothing is checked until this is awaited"]
pub struct Preflight {
    client: Client,
    source: Result<Source>,
    model: Option<String>,
    /// What the job does, and its options, where these are known.
    task: Option<Task>,
    create: CreateOptions,
    estimate: EstimateOptions,
}

/// What an estimate rests on.
struct EstimateOptions {
    pricing: Option<Pricing>,
    inline_limit: InlineLimit,
    likely_output: u64,
    sample: usize,
}

impl Preflight {
    fn new(client: Client, source: Result<Source>) -> Self {
        Self {
            client,
            source,
            model: None,
            task: None,
            create: CreateOptions::default(),
            estimate: EstimateOptions {
                pricing: None,
                inline_limit: InlineLimit::default(),
                likely_output: tokens::LIKELY_OUTPUT,
                sample: 0,
            },
        }
    }

    /// The model of the job. It tells whether requests are for content or for embeddings, which
    /// limits there are, and what the job costs, if the small table of this crate has the model.
    ///
    /// ```no_run
    /// use genai_batch::Source;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let checked = Source::path("requests.jsonl").preflight(&client).model("gemini-2.5-flash").await?;
    /// println!("{checked}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// What tokens cost, in place of the table.
    ///
    /// ```no_run
    /// use genai_batch::Source;
    /// use genai_batch::cost::Pricing;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let preflight = Source::path("requests.jsonl").preflight(&client);
    /// let checked = preflight.pricing(Pricing::new(0.30, 2.50)).await?;
    /// println!("{:?}", checked.cost);
    /// # Ok(())
    /// # }
    /// ```
    pub fn pricing(mut self, pricing: Pricing) -> Self {
        self.estimate.pricing = Some(pricing);
        self
    }

    /// The `inline_limit` that the create will have.
    ///
    /// ```no_run
    /// use genai_batch::Source;
    /// use genai_batch::batches::InlineLimit;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let preflight = Source::path("requests.jsonl").preflight(&client);
    /// let checked = preflight.inline_limit(InlineLimit::NEVER).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn inline_limit(mut self, limit: InlineLimit) -> Self {
        self.estimate.inline_limit = limit;
        self
    }

    /// How many tokens a response is likely to have, thinking included; 256 by default.
    /// Nothing in a request tells, so this is what an estimate of the output rests on. Its upper
    /// end is `maxOutputTokens`, or 8,192 for requests without.
    ///
    /// ```no_run
    /// use genai_batch::Source;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let checked = Source::path("requests.jsonl").preflight(&client);
    /// let checked = checked.likely_output_tokens(40).await?;
    /// println!("{}", checked.output_tokens);
    /// # Ok(())
    /// # }
    /// ```
    pub fn likely_output_tokens(mut self, tokens: u64) -> Self {
        self.estimate.likely_output = tokens;
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
        self.estimate.sample = requests;
        self
    }
}

impl IntoFuture for Preflight {
    type Output = Result<Diagnosis>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

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
