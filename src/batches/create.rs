//! Making and changing jobs.

use serde_json::Value;
use std::fmt;
use std::future::IntoFuture;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::backend::AnyBackend;
use crate::destination::Destination;
use crate::error::{Error, Result};
use crate::job::BatchJob;
use crate::options::{
    Checks, CreateOptions, CreateProgress, DedicatedResources, OnCreateProgress, Task,
    WebhookConfig,
};
use crate::request::{Form, GenerationConfig};
use crate::source::Source;
use crate::source::prepare::InlineLimit;
use crate::trace;

/// A create with its options; `.await` it for the [`BatchJob`].
#[must_use = "a job is not created until this is awaited"]
pub struct Create {
    pub(crate) service: AnyBackend,
    pub(crate) task: Task,
    pub(crate) model: String,
    pub(crate) source: Result<Source>,
    pub(crate) options: Result<CreateOptions>,
}

impl Create {
    fn set(mut self, set: impl FnOnce(&mut CreateOptions)) -> Self {
        if let Ok(options) = &mut self.options {
            set(options);
        }
        self
    }

    /// The job's name for people; by default one that no other job has.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let batches = client.batches();
    /// let job = batches.create("gemini-2.5-flash", vec!["What is AI?"]).display_name("nightly").await?;
    /// assert_eq!(job.display_name(), Some("nightly"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn display_name(self, name: impl Into<String>) -> Self {
        self.set(|options| options.display_name = Some(name.into()))
    }

    /// Whether the job bears a mark, by which it is found if the response to the create is lost; by
    /// default it does.
    ///
    /// The mark stands in front of the display name on Gemini and in the label `genai-batch-mark` on
    /// Vertex AI; [`BatchJob::display_name`] and [`BatchJob::labels`] leave it out. After a timeout,
    /// a cut connection, a status of 5xx, or a response that is not about a job with the mark, the
    /// create is not sent again: the client lists the jobs and adopts the one that has the mark. If
    /// there is none for [as long as it looks](Self::look_for), the error
    /// [is unclear](Error::is_unclear) and carries the mark, for
    /// [`Batches::find`](crate::Batches::find).
    ///
    /// Switched off, there is no mark, such a response is an unclear error at once, and nothing finds
    /// the job but its name.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let batches = client.batches();
    /// let create = batches.create("gemini-2.5-flash", "requests.jsonl").adopt(false);
    /// # drop(create);
    /// # Ok(())
    /// # }
    /// ```
    pub fn adopt(self, adopt: bool) -> Self {
        self.set(|options| options.adopt = Some(adopt))
    }

    /// What tells this job from all others, such as `nightly-2026-11-29`: a create with the same id
    /// adopts the job that is there, in place of making a second one.
    ///
    /// So a program that was killed between a create and its response, and is started again, goes on
    /// with its job. The client looks for the id before it uploads or stages anything, and once more
    /// before it sends the create. An adopted job knows its keys as a new one does; what was placed
    /// for it is neither placed again nor removed. It may have ended, badly too, so that a program that
    /// is started again sees what it would have seen without the stop: [`BatchJob::state`] tells, and
    /// a warning in the log. For another attempt, give another id, or
    /// [delete](crate::Batches::delete) the job.
    ///
    /// What was made under the id must be the same: the task, the model, the requests with their keys
    /// and defaults (a file of [`Part::local_file`](crate::Part::local_file) by its path), a source
    /// that the service holds by its name, [`dest`](Self::dest) and [`patch`](Self::patch). If it is
    /// not, the create is an error that names both, and what differs as far as the job shows it: the
    /// model or the number of requests. The order of requests with keys counts for nothing (one without
    /// is given a key by its place), nor do names, labels, priority, webhook, accounts and places for
    /// input.
    ///
    /// The client has to be allowed to list jobs.
    ///
    /// Two programs that create under one id in the same moment may still make two jobs, since the
    /// services know no such ids; so may one that is started again before its job is listed.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .create("gemini-2.5-flash", "requests.jsonl")
    ///     .id("nightly-2026-11-29")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(self, id: impl Into<String>) -> Self {
        self.set(|options| options.id = Some(id.into()))
    }

    /// How long the client looks for the job after a create whose response was lost, with pauses that
    /// grow as those of the [`RetryPolicy`](crate::RetryPolicy) do; by default 14 looks, five minutes
    /// with the default policy. Zero is one look.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let batches = client.batches();
    /// let create = batches.create("gemini-2.5-flash", "requests.jsonl");
    /// let job = create.look_for(Duration::from_secs(30)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn look_for(self, time: Duration) -> Self {
        self.set(|options| options.look_for = Some(time))
    }

    /// Whether a create whose response was lost, and whose job was not found, is sent once more; by
    /// default it is not. For those who would rather pay twice than wait: a service that lists the
    /// first job late has two.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let batches = client.batches();
    /// let create = batches.create("gemini-2.5-flash", "requests.jsonl");
    /// let job = create.resend_unclear(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn resend_unclear(self, resend: bool) -> Self {
        self.set(|options| options.resend_unclear = resend)
    }

    /// Where the results go: `gs://…` or `bq://…`. The Gemini Developer API has no choice
    /// and refuses this.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client // of Vertex AI
    ///     .batches()
    ///     .create("gemini-2.5-flash", "gs://bucket/in.jsonl")
    ///     .dest("gs://bucket/results")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn dest<D>(mut self, destination: D) -> Self
    where
        D: TryInto<Destination>,
        D::Error: Into<Error>,
    {
        match destination.try_into() {
            Ok(destination) => self.set(|options| options.destination = Some(destination)),
            Err(error) => {
                self.options = self.options.and(Err(error.into()));
                self
            }
        }
    }

    /// The job's priority among those of the project: higher runs first, 0 is the default,
    /// and it may be negative.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let batches = client.batches();
    /// let job = batches.create("gemini-2.5-flash", "requests.jsonl").priority(10).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn priority(self, priority: i64) -> Self {
        self.set(|options| options.priority = Some(priority))
    }

    /// Where the service reports the end of the job.
    ///
    /// ```no_run
    /// use genai_batch::batches::WebhookConfig;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .create("gemini-2.5-flash", "requests.jsonl")
    ///     .webhook(WebhookConfig::new(["https://example.com/hook"]))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn webhook(self, webhook: WebhookConfig) -> Self {
        self.set(|options| options.webhook = Some(webhook))
    }

    /// The key of Cloud KMS that encrypts the job's data,
    /// `projects/…/locations/…/keyRings/…/cryptoKeys/…`; Vertex AI alone.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let key = "projects/p/locations/us-central1/keyRings/ring/cryptoKeys/key";
    /// let batches = client.batches();
    /// let job = batches.create("gemini-2.5-flash", "gs://bucket/in.jsonl").kms_key(key).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn kms_key(self, name: impl Into<String>) -> Self {
        self.set(|options| options.kms_key = Some(name.into()))
    }

    /// The service account that the job runs as, by its email; Vertex AI alone.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .create("gemini-2.5-flash", "gs://bucket/in.jsonl")
    ///     .service_account("batches@my-project.iam.gserviceaccount.com")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn service_account(self, email: impl Into<String>) -> Self {
        self.set(|options| options.service_account = Some(email.into()))
    }

    /// The prefix in Cloud Storage, `gs://bucket/prefix`, under which the client puts requests
    /// that Vertex AI cannot take from it directly; in place of the client's own.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .create("gemini-2.5-flash", vec!["What is AI?"])
    ///     .staging("gs://bucket/staging")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn staging(self, prefix: impl Into<String>) -> Self {
        self.set(|options| options.staging = Some(prefix.into()))
    }

    /// Whether the file that the client makes of the requests is removed once
    /// [`wait`](crate::Batches::wait) or its stream has seen the job end, as far as that can
    /// be done; in Cloud Storage also where the create is refused. By default it is kept: in
    /// the Files API for 48 hours, in Cloud Storage until you remove it.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let batches = client.batches();
    /// let create = batches.create("gemini-2.5-flash", "requests.jsonl");
    /// let job = create.remove_staged_input(true).await?;
    /// let job = batches.wait(&job).await?; // the file is gone now
    /// # Ok(())
    /// # }
    /// ```
    pub fn remove_staged_input(self, remove: bool) -> Self {
        self.set(|options| options.remove_staged_input = remove)
    }

    /// Puts a label on the job. The Gemini Developer API has none and refuses this.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .create("gemini-2.5-flash", "gs://bucket/in.jsonl")
    ///     .label("team", "search")
    ///     .await?;
    /// assert_eq!(job.labels()["team"], "search");
    /// # Ok(())
    /// # }
    /// ```
    pub fn label(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(|options| {
            options.labels.insert(name.into(), value.into());
        })
    }

    /// The generation config of every request, field by field: a request keeps what it sets itself,
    /// such as the schema of `Request::output`, and the rest is filled. A field that does not go with
    /// what a request sets, such as a second schema, is left out of it.
    ///
    /// The client cannot fill what the service has already: with `files/…`, `gs://…`, `bq://…` or a
    /// dataset this is an error, and so it is for embeddings.
    ///
    /// ```no_run
    /// use genai_batch::{GenerationConfig, Request};
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let own = GenerationConfig::new().temperature(0.9);
    /// let requests = vec![Request::text("A riddle?").generation_config(own), "A fact?".into()];
    /// let job = client
    ///     .batches()
    ///     .create("gemini-2.5-flash", requests)
    ///     .generation_config(GenerationConfig::new().temperature(0.0).max_output_tokens(64)) // for both
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn generation_config(self, config: GenerationConfig) -> Self {
        self.set(|options| options.defaults.generation_config = Some(config))
    }

    /// The system instruction of every request that has none of its own. Requests with
    /// `cachedContent` go without, since the services refuse both together; the log says so.
    ///
    /// As [`generation_config`](Self::generation_config), it is an error with requests that the
    /// service has already, and for embeddings.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .create("gemini-2.5-flash", vec!["What is AI?", "What is ML?"])
    ///     .system_instruction("Answer in one sentence.")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn system_instruction(self, text: impl Into<String>) -> Self {
        self.set(|options| options.defaults.system_instruction = Some(text.into()))
    }

    /// How far the requests are looked at before they are sent; by default [`Checks::On`].
    ///
    /// ```no_run
    /// use genai_batch::batches::Checks;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let batches = client.batches();
    /// let create = batches.create("gemini-2.5-flash", "newer-fields.jsonl");
    /// let job = create.checks(Checks::Off).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn checks(self, checks: Checks) -> Self {
        self.set(|options| options.checks = checks)
    }

    /// In whose words the requests go to the service; by default the form of the model, which
    /// [`Batches::form_of`](crate::Batches::form_of) tells.
    ///
    /// A model of your own has a name that does not tell: a tuned Gemini is taken for granted, unless
    /// [`dedicated_resources`](Self::dedicated_resources) are set. On the Gemini Developer API,
    /// [`Form::OpenAi`] sends lines of OpenAI's in a file: Google documents such files for the
    /// OpenAI-compatible addresses, and not whether this call takes them.
    ///
    /// ```no_run
    /// use genai_batch::request::Form;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .create("projects/my-project/locations/us-central1/models/5", "instances.jsonl")
    ///     .form(Form::Instances)
    ///     .key_field("doc_id")
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn form(self, form: Form) -> Self {
        self.set(|options| options.form = Some(form))
    }

    /// The field of a line that holds its key, a text or a whole number; by default that of the
    /// [form](Form::key_field). It concerns lines and JSON values, not requests that have their key by
    /// [`Request::key`](crate::Request::key). A line without it is refused.
    ///
    /// In Google's form the key is sent as `key`; in the others as `custom_id`, and the field stays
    /// beside it. Of a source that the service has already, results tell the key by
    /// [`Results::key_field`](super::Results::key_field).
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let create = client.batches().create("gemini-2.5-flash", "requests.jsonl");
    /// let job = create.key_field("doc_id").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn key_field(self, name: impl Into<String>) -> Self {
        self.set(|options| options.key_field = Some(name.into()))
    }

    /// The machines that are kept for the job, for models that you deploy yourself; Vertex AI alone.
    ///
    /// ```no_run
    /// use genai_batch::batches::DedicatedResources;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let machines = DedicatedResources::new("g2-standard-12").accelerators("NVIDIA_L4", 1);
    /// let job = client
    ///     .batches()
    ///     .create("meta/llama3_1@llama-3.1-8b-instruct", "requests.jsonl")
    ///     .dedicated_resources(machines)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn dedicated_resources(self, resources: DedicatedResources) -> Self {
        self.set(|options| options.dedicated_resources = Some(resources))
    }

    /// How large a list of requests may be to go in the body of the create; larger ones go
    /// through a file.
    ///
    /// ```no_run
    /// use genai_batch::batches::InlineLimit;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let batches = client.batches();
    /// let create = batches.create("gemini-2.5-flash", "requests.jsonl");
    /// let job = create.inline_limit(InlineLimit::NEVER).await?; // by a file, however few they are
    /// # Ok(())
    /// # }
    /// ```
    pub fn inline_limit(self, limit: InlineLimit) -> Self {
        self.set(|options| options.inline_limit = limit)
    }

    /// A merge patch (RFC 7396) for the body of the create, for fields that have no option.
    /// A second patch is applied after the first. Where the requests are cannot be patched.
    ///
    /// On Gemini the fields are those of `GenerateContentBatch` within `batch`; on Vertex AI
    /// those of `BatchPredictionJob`, at the top.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     gemini: genai_batch::Client,
    /// #     vertex: genai_batch::Client,
    /// # ) -> genai_batch::Result<()> {
    /// let job = gemini
    ///     .batches()
    ///     .create("gemini-2.5-flash", "files/abc-123")
    ///     .patch(serde_json::json!({ "batch": { "someNewField": true } }))
    ///     .await?;
    /// let job = vertex
    ///     .batches()
    ///     .create("gemini-2.5-flash", "gs://bucket/in.jsonl")
    ///     .patch(serde_json::json!({ "someNewField": true }))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn patch(self, patch: Value) -> Self {
        self.set(|options| options.patches.push(patch))
    }

    /// Is called as the requests are read, after each thousand, and as the file that is made of them is
    /// sent, after each chunk of up to 8 MiB. It runs on the async runtime, so it must not block.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let job = client
    ///     .batches()
    ///     .create("gemini-2.5-flash", "requests.jsonl")
    ///     .on_progress(|progress| match progress.total_bytes {
    ///         Some(total) => eprintln!("{} of {total} bytes sent", progress.sent_bytes),
    ///         None => eprintln!("{} requests read", progress.requests),
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_progress(self, on_progress: impl FnMut(CreateProgress) + Send + 'static) -> Self {
        self.set(|options| options.on_progress = Some(OnCreateProgress::new(on_progress)))
    }
}

impl IntoFuture for Create {
    type Output = Result<BatchJob>;
    type IntoFuture = BoxFuture<'static, Result<BatchJob>>;

    /// # Errors
    ///
    /// Those of [`Batches::create`](crate::Batches::create).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let call = trace::call!("create_batch", self.service.backend()).model(&self.model);
            let created = call.run_create(async {
                let (source, options) = (self.source?, self.options?);
                let (task, model) = (self.task, &self.model);
                self.service.create(task, model, source, options).await
            });
            let created = created.await;
            created.map_err(|error| error.during("creating a batch job"))
        })
    }
}

impl fmt::Debug for Create {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Create")
            .field("model", &self.model)
            .field("source", &self.source)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
