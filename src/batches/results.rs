//! Opening the results of a job.

use std::fmt;
use std::future::IntoFuture;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::save::Save;
use crate::backend::{AnyBackend, ResultsOptions};
use crate::error::{Error, Kind, Result};
use crate::form::Writer;
use crate::job::{BatchJob, JobRef};
use crate::keys::SubmittedKeysBuilder;
use crate::options::{CreateOptions, Task};
use crate::request::Form;
use crate::results::{Expectation, KeyField, ResultStream};
use crate::source::kind::is_for_embeddings;
use crate::source::{IntoSource, Source};
use crate::trace;

/// How long results wait for an output that is late.
const OUTPUT_TIMEOUT: Duration = Duration::from_secs(120);

/// Results to be opened; `.await` it for the [`ResultStream`].
#[must_use = "results are not opened until this is awaited"]
pub struct Results {
    pub(super) service: AnyBackend,
    pub(super) job: JobRef,
    output_timeout: Duration,
    keys: Option<Keys>,
    submitted: Option<Result<Source>>,
    strict: bool,
    count_usage: bool,
    key_field: Option<String>,
    form: Option<Form>,
    connections: Option<usize>,
}

type Keys = Box<dyn Iterator<Item = String> + Send>;

impl Results {
    pub(super) fn new(service: AnyBackend, job: JobRef) -> Self {
        Self {
            service,
            job,
            output_timeout: OUTPUT_TIMEOUT,
            keys: None,
            submitted: None,
            strict: false,
            count_usage: false,
            key_field: None,
            form: None,
            connections: None,
        }
    }

    /// How long to wait for an output that is late: a job has been seen as succeeded before
    /// its output was there. By default two minutes.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let results = client.batches().results(&job);
    /// let results = results.output_timeout(Duration::from_secs(600)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn output_timeout(mut self, timeout: Duration) -> Self {
        self.output_timeout = timeout;
        self
    }

    /// The keys that were submitted, where the job is only known by name. Refused together
    /// with [`expect_requests`](Self::expect_requests), which knows the keys too.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let keys = (1..=1000).map(|n| format!("doc-{n}"));
    /// let results = client
    ///     .batches()
    ///     .results("batches/123abc")
    ///     .expect_keys(keys)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn expect_keys<I>(mut self, keys: I) -> Self
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Into<String> + 'static,
    {
        self.keys = Some(Box::new(keys.into_iter().map(Into::into)));
        self
    }

    /// The requests that were submitted, where the job is only known by name: their keys are
    /// expected, and a row that came without a key is given that of the request with the same
    /// content, where the service echoes requests, as Vertex AI does. Never by position. Content is
    /// the same if it means the same, in whatever spelling the service gives it back. What
    /// [`Request::metadata`](crate::Request::metadata) put beside the keys comes back with the results.
    ///
    /// Such a row comes after all rows that have a key, since one of those may have the same: until
    /// then it waits, in a temporary file where there are many. A row whose request has its result
    /// already, and one that no request fits, stays without a key and is told in the report.
    ///
    /// It keeps the keys and a hash of each request in memory. Refused together with
    /// [`expect_keys`](Self::expect_keys).
    ///
    /// ```no_run
    /// use std::path::Path;
    ///
    /// # async fn example(client: genai_batch::Client, job: &str) -> genai_batch::Result<()> {
    /// let results = client
    ///     .batches()
    ///     .results(job)
    ///     .expect_requests(Path::new("requests.jsonl"))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn expect_requests<S>(mut self, requests: S) -> Self
    where
        S: IntoSource,
    {
        self.submitted = Some(requests.into_source());
        self
    }

    /// Whether any deviation is an error: a row that is doubled, foreign, without a key or
    /// unreadable ends the stream with an error that names it and its place, before it is
    /// handed out; requests without a row do so at the end. By default all of these are reported by
    /// the [`report`](ResultStream::report) alone. A request that failed is not a deviation.
    ///
    /// It needs the keys that were submitted: a job of this process, or
    /// [`expect_keys`](Self::expect_keys) or [`expect_requests`](Self::expect_requests).
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let results = client.batches().results(&job).strict(true);
    /// match results.save_to("results.jsonl").await {
    ///     Err(error) if error.is_deviation() => eprintln!("nothing was saved: {error}"),
    ///     saved => println!("{}", saved?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Whether the tokens that the responses used are summed up for the
    /// [`report`](ResultStream::report), which then tells what the job cost. By default they are
    /// not, since each response has to be read for it, which is otherwise left to whoever asks:
    /// about a microsecond a row.
    ///
    /// ```no_run
    /// use genai_batch::cost::Pricing;
    ///
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let results = client.batches().results(&job).count_usage(true);
    /// let report = results.save_to("results.jsonl").await?;
    /// let pricing = Pricing::new(0.30, 2.50); // per million tokens, before the discount
    /// if let Some(cost) = report.cost(&pricing) {
    ///     println!("{cost}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn count_usage(mut self, count: bool) -> Self {
        self.count_usage = count;
        self
    }

    /// The field of a row that holds its key, a text or a whole number, in files and in columns of a
    /// table alike; by default `key`, or `custom_id` as Claude and open models have it. A row without
    /// it has no key, unless this process created the job, and so knows under which name the key was
    /// sent: [`Create::key_field`](super::Create::key_field) renames the field for Gemini. A row that
    /// has it twice cannot be read. It is the key of the lines in
    /// [`expect_requests`](Self::expect_requests) too.
    ///
    /// Of a row in which `key` and `custom_id` differ, that which was sent counts. Where the job is
    /// known by name alone, and neither its model nor [`form`](Self::form) tells which that is, the row
    /// has no key, and the [`report`](ResultStream::report) says why.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: &str) -> genai_batch::Result<()> {
    /// let results = client.batches().results(job).key_field("doc_id").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn key_field(mut self, name: impl Into<String>) -> Self {
        self.key_field = Some(name.into());
        self
    }

    /// The form of the lines in [`expect_requests`](Self::expect_requests), where the create set one
    /// by hand; by default that of the job's model. Results are read in any form.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use genai_batch::request::Form;
    ///
    /// # async fn example(client: genai_batch::Client, job: &str) -> genai_batch::Result<()> {
    /// let results = client.batches().results(job).form(Form::OpenAi);
    /// let results = results.expect_requests(Path::new("requests.jsonl")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn form(mut self, form: Form) -> Self {
        self.form = Some(form);
        self
    }

    /// How many connections read at once: several files of an output in Cloud Storage, and several
    /// stretches of a large one or of a file of the Files API. By default one while whoever takes the
    /// results is the slower side, and up to 8 while that waits for bytes. Of those that are about to end
    /// their stretch, one does not count, so that the next is under way by then. A client of yours that
    /// speaks HTTP/2 has one connection for all, on which two responses at once are read
    /// ([`ClientBuilder::http_client`](crate::ClientBuilder::http_client)).
    ///
    /// With one, files are read one after another in the order of their names. With more, the rows of
    /// each file keep their order, and those of different files come in any; failures that a file of
    /// their own repeats are read last in any case. What several connections hold of what comes later
    /// is within [`Limits::max_read_ahead`](crate::Limits::max_read_ahead), whatever the size of what is
    /// read: a program that took 11 MiB of memory for a file of 400 MB by one connection took less
    /// than 40 MiB by eight.
    ///
    /// Of BigQuery, pages are read one after another, and unless it is one, the next page is on its way
    /// while a page is read. A page is a call of its own, with no more than 10 MB by BigQuery's limit: it
    /// takes a round trip, the time in which BigQuery gathers it, and its bytes at the rate of one
    /// connection. For large outputs, `gs://` is the faster destination.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let results = client.batches().results(&job).connections(1).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn connections(mut self, count: usize) -> Self {
        self.connections = Some(count);
        self
    }

    /// Saves the results to a local path, or with a Vertex AI client to `gs://bucket/object`,
    /// as they come.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client, job: genai_batch::BatchJob) -> genai_batch::Result<()> {
    /// let report = client.batches().results(&job).save_to("results.jsonl").await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn save_to(self, place: impl Into<PathBuf>) -> Save {
        Save::new(self, place.into())
    }

    async fn open(self) -> Result<ResultStream> {
        if self.connections == Some(0) {
            return Err(Error::input(
                "`connections` is 0, and without one nothing is read: 1 reads by one at a time",
            ));
        }
        if self.keys.is_some() && self.submitted.is_some() {
            return Err(Error::input(
                "both `expect_keys` and `expect_requests` are given: leave out `expect_keys`, \
                 since the requests have their keys with them",
            ));
        }
        let keys = match self.keys {
            Some(keys) => Some(expect(keys).await?),
            None => None,
        };
        let known = self.job.job.clone();
        let job = match known.filter(BatchJob::is_terminal) {
            Some(job) => job,
            None => self.service.read(&self.job).await?,
        };
        if job.is_active() {
            let message = format!(
                "it is {}: results can be read once it has ended, see `wait`",
                job.state()
            );
            return Err(Error::new(Kind::JobActive, message).with_job(job));
        }
        // A job that ended badly may have finished some rows.
        if !job.has_results() && job.output().is_none() {
            return Err(Error::ended_without_results(job));
        }
        let model = job.model().unwrap_or_default();
        let options = CreateOptions {
            form: self.form,
            ..CreateOptions::default()
        };
        // A model of which nothing is known is Google's.
        let task = match is_for_embeddings(model) {
            true => Task::EmbedContent,
            false => Task::GenerateContent,
        };
        let writer = self.service.writer(task, model, &options).ok().flatten();
        // Google's models on Vertex AI read no other form.
        let is_googles = model.contains("publishers/google/");
        let form = writer.as_ref().map(|writer| writer.form).or(self.form);
        let form = form.or(is_googles.then_some(Form::Gemini));
        let key_field = KeyField::of(self.key_field.as_deref(), job.sent_keys(), form);
        let (named, contents) = match self.submitted {
            Some(source) => {
                let form = self.service.embed_form(model);
                let writer = writer.map(|writer| Writer {
                    is_lenient: true,
                    ..writer
                });
                let written = (writer, self.key_field);
                let (expected, contents) = source?.read_contents(model, form, written).await?;
                (Some(Expectation::Keys(Arc::new(expected))), Some(contents))
            }
            None => (keys, None),
        };
        let expected = job.expected();
        let metadata = match &named {
            Some(Expectation::Keys(keys)) if contents.is_some() => Some(Arc::clone(keys)),
            _ => expected.clone(),
        };
        let expectation = named.or(expected.map(Expectation::Keys));
        if self.strict && expectation.is_none() {
            return Err(Error::input(
                "`strict` needs the keys that were submitted, and the job is known by name \
                 alone: give them by `expect_keys` or `expect_requests`",
            ));
        }
        let options = ResultsOptions {
            expectation,
            has_all: false,
            deadline: Instant::now().checked_add(self.output_timeout),
            connections: self.connections,
        };
        let results = self.service.results(job, options).await?;
        let results = results.matching(contents).keyed_by(key_field);
        let results = results.with_metadata(metadata);
        let results = results.strict(self.strict);
        Ok(results.counting_usage(self.count_usage))
    }
}

impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results")
            .field("job", &self.job)
            .field("output_timeout", &self.output_timeout)
            .finish_non_exhaustive()
    }
}

async fn expect(keys: Keys) -> Result<Expectation> {
    let failed = |e| Error::io("the expected keys could not be kept", e);
    let mut builder = SubmittedKeysBuilder::default();
    for (place, key) in (1..).zip(keys) {
        builder.push(&key, place).await.map_err(failed)?;
    }
    match builder.finish().await.map_err(failed)? {
        Ok(expected) => Ok(Expectation::Keys(Arc::new(expected))),
        Err(twice) => Err(Error::input(format!(
            "the expected key {:?} is given twice, at places {} and {}",
            twice.key, twice.first, twice.second
        ))),
    }
}

impl IntoFuture for Results {
    type Output = Result<ResultStream>;
    type IntoFuture = BoxFuture<'static, Result<ResultStream>>;

    /// # Errors
    ///
    /// If the job has not ended, ended without results, or its output cannot be opened.
    fn into_future(self) -> Self::IntoFuture {
        let name = self.job.name.clone();
        let backend = self.service.backend();
        Box::pin(async move {
            let call = trace::call!("read_batch_results", backend).job(&name);
            let opened = call.clone().run(self.open()).await;
            let opened = opened.map(|results| results.traced(call));
            opened.map_err(|error| error.during(format!("opening the results of {name}")))
        })
    }
}
