//! Opening a run: its options, and what is taken in.

use std::fmt;
use std::future::IntoFuture;
use std::path::PathBuf;

use futures_util::future::BoxFuture;

use super::asked::{Asked, Beside};
use super::intake::{Confirm, Intake, Notes};
use super::run::Run;
use super::store::{Lock, place};
use crate::backend::AnyBackend;
use crate::batches::{Checks, Create};
use crate::error::{Error, Result};
use crate::options::{CreateOptions, Task};
use crate::request::{Form, GenerationConfig};
use crate::source::Source;

/// A run to be opened, with its options; `.await` it for the [`Run`].
///
/// ```no_run
/// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
/// let run = client
///     .runs()
///     .open("reviews.run")
///     .model("gemini-2.5-flash")
///     .source("reviews.jsonl")
///     .system_instruction("Answer in one sentence.")
///     .await?;
/// println!("{:?}", run.intake());
/// # Ok(())
/// # }
/// ```
#[must_use = "a run is not opened until this is awaited"]
pub struct Open {
    service: AnyBackend,
    path: PathBuf,
    model: Option<String>,
    task: Task,
    source: Option<Result<Source>>,
    options: Result<CreateOptions>,
    dedupe: bool,
    notes: Notes,
    confirm: Option<Confirm>,
}

impl Open {
    pub(super) fn new(service: AnyBackend, path: PathBuf) -> Self {
        Self {
            service,
            path,
            model: None,
            task: Task::GenerateContent,
            source: None,
            options: Ok(CreateOptions::default()),
            dedupe: false,
            notes: Vec::new(),
            confirm: None,
        }
    }

    /// The model that is asked. It stays the same: a run that is continued with another is an error,
    /// and so is a new run without one.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").model("gemini-2.5-flash");
    /// let run = open.source("reviews.jsonl").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// The requests: whatever [`create`](crate::Batches::create) takes and this machine can read. A
    /// run that is continued may go without, and goes on with what it has; with a source, it takes in
    /// what is new or changed there, and [`Run::intake`] says what it did.
    ///
    /// With a client of Vertex AI, `gs://bucket/folder/`, `gs://bucket/part-*.jsonl` and
    /// `bq://project.dataset.table` are not read by this machine: the run makes a job for each file, or one
    /// for the table, and attempts again as a whole what failed as a whole; see
    /// [`RunPart`](super::RunPart). A folder stands for the files directly in it. Options about single
    /// requests are errors then.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").model("gemini-2.5-flash");
    /// let run = open.source("reviews.jsonl").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn source<S>(mut self, source: S) -> Self
    where
        S: TryInto<Source>,
        S::Error: Into<Error>,
    {
        self.source = Some(source.try_into().map_err(Into::into));
        self
    }

    /// The requests are for embeddings.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").model("gemini-embedding-001");
    /// let run = open.source("reviews.jsonl").embeddings().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn embeddings(mut self) -> Self {
        self.task = Task::EmbedContent;
        self
    }

    /// The generation config of every request; see [`Create::generation_config`]. It becomes part of
    /// the requests as they are taken in: another one changes all of them.
    ///
    /// ```no_run
    /// use genai_batch::GenerationConfig;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let config = GenerationConfig::new().max_output_tokens(256);
    /// let open = client.runs().open("reviews.run").model("gemini-2.5-flash");
    /// let run = open.source("reviews.jsonl").generation_config(config).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn generation_config(mut self, config: GenerationConfig) -> Self {
        if let Ok(options) = &mut self.options {
            options.defaults.generation_config = Some(config);
        }
        self
    }

    /// The system instruction of every request without one; see [`Create::system_instruction`]. It
    /// becomes part of the requests as they are taken in: another one changes all of them.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").model("gemini-2.5-flash");
    /// let run = open.source("reviews.jsonl").system_instruction("Be brief.").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn system_instruction(mut self, text: impl Into<String>) -> Self {
        if let Ok(options) = &mut self.options {
            options.defaults.system_instruction = Some(text.into());
        }
        self
    }

    /// In whose words the requests are sent, and lines of your own are; see [`Create::form`]. By default
    /// the model's name says it. It stays the same: requests in another form count as changed.
    ///
    /// ```no_run
    /// use genai_batch::request::Form;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").model("projects/my-project/locations/us-central1/models/5");
    /// let run = open.source("reviews.jsonl").form(Form::OpenAi).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn form(mut self, form: Form) -> Self {
        if let Ok(options) = &mut self.options {
            options.form = Some(form);
        }
        self
    }

    /// The field of a line of the source that holds its key; see [`Create::key_field`]. In other forms than
    /// Google's it stays in the request, so that [`dedupe`](Self::dedupe) finds none that are equal.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").model("gemini-2.5-flash");
    /// let run = open.source("reviews.jsonl").key_field("doc_id").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn key_field(mut self, name: impl Into<String>) -> Self {
        if let Ok(options) = &mut self.options {
            options.key_field = Some(name.into());
        }
        self
    }

    /// How far the requests are looked at as they are taken in; see [`Create::checks`].
    ///
    /// ```no_run
    /// use genai_batch::batches::Checks;
    ///
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").model("gemini-2.5-flash");
    /// let run = open.source("reviews.jsonl").checks(Checks::Off).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn checks(mut self, checks: Checks) -> Self {
        if let Ok(options) = &mut self.options {
            options.checks = checks;
        }
        self
    }

    /// Whether equal requests are sent once, each key being given the one result; by default each is
    /// sent. A run keeps what it was made with.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").model("gemini-2.5-flash");
    /// let run = open.source("reviews.jsonl").dedupe(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn dedupe(mut self, dedupe: bool) -> Self {
        self.dedupe = dedupe;
        self
    }

    /// Asks before a run that is there is changed: `confirm` is given what the input would do to it, and
    /// where it says no, opening is an error and the run stays as it was. It is not asked of a new run.
    ///
    /// A changed request is asked anew and paid for again, which may be meant, or come of a slip in a
    /// prompt.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").source("reviews.jsonl");
    /// let run = open.confirm(|intake| intake.changed == 0).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn confirm(mut self, confirm: impl FnOnce(&Intake) -> bool + Send + 'static) -> Self {
        self.confirm = Some(Box::new(confirm));
        self
    }

    /// Notes something in the file of the run as its input is taken in, in the same step: such as which
    /// prompt the requests were made from. [`Run::note`] gives it back.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let open = client.runs().open("reviews.run").model("gemini-2.5-flash");
    /// let run = open.source("reviews.jsonl").note("made by", "nightly 1.2").await?;
    /// assert_eq!(run.note("made by").await?.as_deref(), Some("nightly 1.2"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn note(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.notes.push((name.into(), value.into()));
        self
    }

    /// Sets further options of the jobs, such as labels, a priority, or on Vertex AI the staging place.
    ///
    /// Those that say which job is which ([`id`](Create::id), [`adopt`](Create::adopt),
    /// [`look_for`](Create::look_for), [`resend_unclear`](Create::resend_unclear)) are the run's own
    /// matter, and an error here.
    ///
    /// ```no_run
    /// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
    /// let run = client
    ///     .runs()
    ///     .open("reviews.run")
    ///     .model("gemini-2.5-flash")
    ///     .source("reviews.jsonl")
    ///     .jobs(|create| create.display_name("reviews").priority(5))
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn jobs(mut self, configure: impl FnOnce(Create) -> Create) -> Self {
        let create = Create {
            service: self.service.clone(),
            task: self.task,
            model: self.model.clone().unwrap_or_default(),
            source: Ok(Source::requests(Vec::<String>::new())),
            options: self.options,
        };
        self.options = configure(create).options.and_then(|options| {
            let own = [
                ("id", options.id.is_some()),
                ("adopt", options.adopt.is_some()),
                ("look_for", options.look_for.is_some()),
                ("resend_unclear", options.resend_unclear),
            ];
            match own.into_iter().find(|(_, is_set)| *is_set) {
                None => Ok(options),
                Some((option, _)) => Err(Error::input(format!(
                    "the option `{option}` is for single creates, and a run sees to its jobs itself: \
                     leave it out"
                ))),
            }
        });
        self
    }

    async fn run(self) -> Result<Run> {
        let options = self.options?;
        let source = self.source.transpose()?;
        let path = place::to_drive(&self.path).await?;
        let lock = {
            let path = path.clone();
            let taken = tokio::task::spawn_blocking(move || Lock::take(&path)).await;
            taken.map_err(|e| Error::io("cannot lock the run", std::io::Error::other(e)))??
        };
        let is_there = tokio::fs::try_exists(&path).await;
        let is_there =
            is_there.map_err(|e| Error::io(format!("cannot read {}", path.display()), e))?;
        let asked = Asked {
            service: &self.service,
            path: &path,
            model: self.model.as_deref(),
            task: self.task,
            options: &options,
            dedupe: self.dedupe,
        };
        let beside = Beside {
            notes: self.notes,
            confirm: self.confirm,
        };
        let (store, identity, taken) = match is_there {
            false => asked.make(lock, source, beside.notes).await?,
            true => asked.go_on(lock, source, beside).await?,
        };
        Ok(Run::new(self.service, store, identity, options, taken))
    }
}

impl IntoFuture for Open {
    type Output = Result<Run>;
    type IntoFuture = BoxFuture<'static, Result<Run>>;

    /// # Errors
    ///
    /// If another process drives the run, its file cannot be read or written or is not a run, it was
    /// made for another model, backend or task, or a request is invalid
    /// ([`Error::is_invalid_input`]; up to 20 mistakes are named). Then the run is as it was before.
    fn into_future(self) -> Self::IntoFuture {
        let doing = format!("opening the run {}", self.path.display());
        Box::pin(async move { self.run().await.map_err(|error| error.during(doing)) })
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open")
            .field("path", &self.path)
            .field("model", &self.model)
            .field("source", &self.source)
            .field("dedupe", &self.dedupe)
            .finish_non_exhaustive()
    }
}
