//! Making and changing jobs.

use serde_json::Value;
use std::fmt;
use std::future::IntoFuture;

use super::BoxFuture;
use crate::backend::{Service, Task};
use crate::destination::Destination;
use crate::error::{Error, Result};
use crate::job::{BatchJob, JobRef};
use crate::options::{CreateOptions, WebhookConfig};
use crate::request::GenerationConfig;
use crate::source::Source;
use crate::source::prepare::InlineLimit;
use crate::trace;

/// A create with its options; `.await` it for the [`BatchJob`].
#[must_use = "a job is not created until this is awaited"]
pub struct Create {
    pub(super) service: Service,
    pub(super) task: Task,
    pub(super) model: String,
    pub(super) source: Result<Source>,
    pub(super) options: Result<CreateOptions>,
}

impl Create {
    fn set(mut self, set: impl FnOnce(&mut CreateOptions)) -> Self {
        if let Ok(options) = &mut self.options {
            set(options);
        }
        self
    }

    /// The job's name for people; by default one that no other job has.
    pub fn display_name(self, name: impl Into<String>) -> Self {
        self.set(|options| options.display_name = Some(name.into()))
    }

    /// Whether the client looks for the job if the answer to the create is lost; by default it
    /// does.
    ///
    /// Every create carries a mark: on Gemini at the end of the display name, which
    /// [`BatchJob::display_name`] leaves out, on Vertex AI as the label `genai-batch-mark`. After
    /// a timeout, a cut connection or a status of 5xx the client lists the jobs, adopts the
    /// one that bears the mark, and sends the create again only if several looks find none.
    /// Switched off, there is no mark, and such an answer is an error.
    pub fn adopt(self, adopt: bool) -> Self {
        self.set(|options| options.give_up_unclear = !adopt)
    }

    /// Where the results go: `gs://…` or `bq://…`. The Gemini Developer API has no choice
    /// and refuses this.
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
    pub fn priority(self, priority: i64) -> Self {
        self.set(|options| options.priority = Some(priority))
    }

    /// Where the service reports the end of the job.
    pub fn webhook(self, webhook: WebhookConfig) -> Self {
        self.set(|options| options.webhook = Some(webhook))
    }

    /// The key of Cloud KMS that encrypts the job's data,
    /// `projects/…/locations/…/keyRings/…/cryptoKeys/…`; Vertex AI alone.
    pub fn kms_key(self, name: impl Into<String>) -> Self {
        self.set(|options| options.kms_key = Some(name.into()))
    }

    /// The service account that the job runs as, by its email; Vertex AI alone.
    pub fn service_account(self, email: impl Into<String>) -> Self {
        self.set(|options| options.service_account = Some(email.into()))
    }

    /// The prefix in Cloud Storage, `gs://bucket/prefix`, under which the client puts requests
    /// that Vertex AI cannot take from it directly; in place of the client's own.
    pub fn staging(self, prefix: impl Into<String>) -> Self {
        self.set(|options| options.staging = Some(prefix.into()))
    }

    /// Whether the file that the client makes of the requests is removed once
    /// [`wait`](crate::Batches::wait) or its stream has seen the job end, as far as that can
    /// be done; in Cloud Storage also where the create is refused. By default it is kept: in
    /// the Files API for 48 hours, in Cloud Storage until you remove it.
    pub fn remove_staged_input(self, remove: bool) -> Self {
        self.set(|options| options.remove_staged_input = remove)
    }

    /// Puts a label on the job. The Gemini Developer API has none and refuses this.
    pub fn label(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(|options| {
            options.labels.insert(name.into(), value.into());
        })
    }

    /// The generation config of every request that has none of its own.
    pub fn generation_config(self, config: GenerationConfig) -> Self {
        self.set(|options| options.defaults.generation_config = Some(config))
    }

    /// The system instruction of every request that has none of its own.
    pub fn system_instruction(self, text: impl Into<String>) -> Self {
        self.set(|options| options.defaults.system_instruction = Some(text.into()))
    }

    /// How large a list of requests may be to go in the body of the create; larger ones go
    /// through a file.
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
}

impl IntoFuture for Create {
    type Output = Result<BatchJob>;
    type IntoFuture = BoxFuture<Result<BatchJob>>;

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

/// A change to a job; `.await` it for the job as it is then.
#[must_use = "a job is not changed until this is awaited"]
#[derive(Debug)]
pub struct Update {
    pub(super) service: Service,
    pub(super) job: JobRef,
    pub(super) display_name: Option<String>,
    pub(super) priority: Option<i64>,
}

impl Update {
    /// The new display name.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// The new priority.
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = Some(priority);
        self
    }
}

impl IntoFuture for Update {
    type Output = Result<BatchJob>;
    type IntoFuture = BoxFuture<Result<BatchJob>>;

    /// # Errors
    ///
    /// Those of [`Batches::update`](crate::Batches::update).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let call = trace::call!("update_batch", self.service.backend()).job(&self.job.name);
            let (job, service) = (&self.job, &self.service);
            call.run_job(service.update(job, self.display_name, self.priority))
                .await
                .map_err(|error| error.during(format!("updating {}", self.job.name)))
        })
    }
}
