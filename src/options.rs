//! What a caller may say about a new job, and about a list of jobs. Each field's meaning is on the
//! method of [`Create`](crate::batches::Create) or [`List`](crate::batches::List) that sets it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use crate::destination::Destination;
use crate::error::{Error, Result};
use crate::request::Form;
use crate::source::intake::Defaults;
use crate::source::prepare::InlineLimit;
use crate::unique;

/// What a job does with its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    GenerateContent,
    EmbedContent,
}

/// The page of a list that is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListOptions {
    pub(crate) page_size: Option<i32>,
    pub(crate) page_token: Option<String>,
    pub(crate) filter: Option<String>,
}

/// How far a create looks at the requests that the client writes.
///
/// ```no_run
/// use genai_batch::batches::Checks;
///
/// # async fn example(client: genai_batch::Client) -> genai_batch::Result<()> {
/// let batches = client.batches();
/// let create = batches.create("gemini-2.5-flash", "newer.jsonl").checks(Checks::Off);
/// # let _ = create;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checks {
    /// Requests that the service would surely refuse, or of which something would be without
    /// effect, are refused with their line before anything is sent; and those in the spelling of
    /// Google's Python SDK are put into the form of the API.
    #[default]
    On,
    /// Requests are sent as they are written. What the client itself needs is still looked at: that
    /// each is JSON, with a key of its own and something in it.
    Off,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct CreateOptions {
    pub(crate) display_name: Option<String>,
    /// Whether the job is looked for if the response to the create is lost; by default it is.
    pub(crate) adopt: Option<bool>,
    /// What the mark of the job is made from.
    pub(crate) id: Option<String>,
    pub(crate) look_for: Option<Duration>,
    pub(crate) resend_unclear: bool,
    pub(crate) destination: Option<Destination>,
    pub(crate) priority: Option<i64>,
    pub(crate) webhook: Option<WebhookConfig>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) kms_key: Option<String>,
    pub(crate) service_account: Option<String>,
    pub(crate) staging: Option<String>,
    pub(crate) remove_staged_input: bool,
    pub(crate) defaults: Defaults,
    pub(crate) checks: Checks,
    /// In whose words the lines are; by default what the model's name says.
    pub(crate) form: Option<Form>,
    pub(crate) key_field: Option<String>,
    pub(crate) dedicated_resources: Option<DedicatedResources>,
    pub(crate) inline_limit: InlineLimit,
    pub(crate) patches: Vec<Value>,
    pub(crate) on_progress: Option<OnCreateProgress>,
    /// The mark that the job bears, where it was drawn and noted before the create.
    pub(crate) mark: Option<String>,
    /// Before what the client places for the job is placed. It chooses the name itself then, also where the
    /// service would.
    pub(crate) before_place: Option<Note>,
    /// As the last thing before the create is sent.
    pub(crate) before_send: Option<Note>,
}

/// How far a create is: what [`Create::on_progress`](crate::batches::Create::on_progress) is told.
///
/// First the requests are read and checked, then the file that is made of them is sent, if they do not
/// go in the body of the create.
///
/// ```
/// use genai_batch::batches::CreateProgress;
///
/// fn show(progress: CreateProgress) {
///     match progress.total_bytes {
///         Some(total) => eprintln!("{} of {total} bytes", progress.sent_bytes),
///         None => eprintln!("{} requests read", progress.requests),
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateProgress {
    /// How many requests were read and checked so far; in the end, all of them.
    pub requests: u64,
    /// How many bytes of the file of requests were sent.
    pub sent_bytes: u64,
    /// The size of that file in bytes; `None` while requests are read, and where none is made, since
    /// they go in the body of the create or the service has them already.
    pub total_bytes: Option<u64>,
}

/// Whom to tell how far a create is.
#[derive(Clone)]
pub(crate) struct OnCreateProgress(Arc<Mutex<Told>>);

struct Told {
    progress: CreateProgress,
    listener: Box<dyn FnMut(CreateProgress) + Send>,
}

impl OnCreateProgress {
    /// After how many requests it is told again.
    const REQUESTS: u64 = 1000;

    pub(crate) fn new(listener: impl FnMut(CreateProgress) + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Told {
            progress: CreateProgress::default(),
            listener: Box::new(listener),
        })))
    }

    fn tell(&self, change: impl FnOnce(&mut CreateProgress)) {
        let told = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut told.progress);
        (told.listener)(told.progress);
    }

    /// Tells now and then how many requests were read.
    pub(crate) fn read(&self, requests: u64) {
        if requests.is_multiple_of(Self::REQUESTS) {
            self.tell(|progress| progress.requests = requests);
        }
    }

    /// Tells that all requests were read.
    pub(crate) fn read_all(&self, requests: u64) {
        self.tell(|progress| progress.requests = requests);
    }

    /// Tells how much of their file was sent.
    pub(crate) fn sent(&self, bytes: u64, total: u64) {
        self.tell(|progress| {
            progress.sent_bytes = bytes;
            progress.total_bytes = Some(total);
        });
    }
}

impl fmt::Debug for OnCreateProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnCreateProgress")
    }
}

type NotePlaced = dyn Fn(Vec<String>) -> BoxFuture<'static, Result<()>> + Send + Sync;

/// Is told what is placed for a job, before the step that its option names. If it fails, that step is
/// not done, and what was placed is taken back.
#[derive(Clone)]
#[cfg_attr(not(feature = "runs"), allow(dead_code))]
pub(crate) struct Note(Arc<NotePlaced>);

impl Note {
    #[cfg(feature = "runs")]
    pub(crate) fn new<F, Fut>(note: F) -> Self
    where
        F: Fn(Vec<String>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        Self(Arc::new(move |placed| Box::pin(note(placed))))
    }

    pub(crate) async fn note(&self, placed: Vec<String>) -> Result<()> {
        (self.0)(placed).await
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Note")
    }
}

impl CreateOptions {
    /// The caller's display name, or one that no other job has.
    pub(crate) fn display_name(&self) -> Result<String> {
        let given = self.display_name.clone();
        given.map_or_else(|| unique::name().map_err(Error::no_randomness), Ok)
    }

    /// Refuses options about the mark that contradict each other.
    pub(crate) fn check_mark(&self) -> Result<()> {
        if self.id.as_deref() == Some("") {
            return Err(Error::input(
                "the option `id` is empty: give what tells this job from all others",
            ));
        }
        let marked = [
            ("id", self.id.is_some()),
            ("look_for", self.look_for.is_some()),
            ("resend_unclear", self.resend_unclear),
        ];
        match marked.into_iter().find(|(_, is_set)| *is_set) {
            Some((option, _)) if self.adopt == Some(false) => Err(Error::input(format!(
                "the option `{option}` needs the mark that `adopt(false)` leaves out: leave out one \
                 of them"
            ))),
            _ => Ok(()),
        }
    }

    /// The option that fills in requests, if one is set.
    fn default_option(&self) -> Option<&'static str> {
        let config = self.defaults.generation_config.as_ref();
        let system = self.defaults.system_instruction.as_ref();
        config
            .map(|_| "generation_config")
            .or(system.map(|_| "system_instruction"))
    }

    /// Refuses options that the task has no place for.
    pub(crate) fn check_task(&self, task: Task) -> Result<()> {
        match self.default_option() {
            Some(option) if task == Task::EmbedContent => Err(Error::input(format!(
                "the option `{option}` is of requests for generated content, and these are for \
                 embeddings: leave it out"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses patches that are not objects or that touch the requests.
    pub(crate) fn check_patches(&self, touches_input: impl Fn(&Value) -> bool) -> Result<()> {
        match self
            .patches
            .iter()
            .find(|patch| !patch.is_object() || touches_input(patch))
        {
            Some(patch) if patch.is_object() => Err(Error::input(
                "the patch changes where the requests are, which is the job of the source",
            )),
            Some(_) => Err(Error::input("the patch is not a JSON object")),
            None => Ok(()),
        }
    }

    /// Defaults can be put into requests that pass through the client, not into `file`.
    pub(crate) fn refuse_defaults(&self, file: &str) -> Result<()> {
        let Some(option) = self.default_option() else {
            return Ok(());
        };
        Err(Error::input(format!(
            "the option `{option}` cannot be put into the requests of {file}, which the service \
             has already: write it into the file, or pass the local file"
        )))
    }
}

/// The machines that Vertex AI keeps for a job, which models need that you deploy yourself from Model
/// Garden. Google's page on batch predictions for them tells how to ask which a model needs.
///
/// ```
/// use genai_batch::batches::DedicatedResources;
///
/// let machines = DedicatedResources::new("g2-standard-12")
///     .accelerators("NVIDIA_L4", 1)
///     .replicas(1)
///     .max_replicas(4);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "vertex"), allow(dead_code))]
pub struct DedicatedResources {
    pub(crate) machine_type: String,
    pub(crate) accelerators: Option<(String, u32)>,
    pub(crate) replicas: u32,
    pub(crate) max_replicas: Option<u32>,
}

impl DedicatedResources {
    /// One machine of this type of Compute Engine.
    ///
    /// ```
    /// use genai_batch::batches::DedicatedResources;
    ///
    /// let machine = DedicatedResources::new("n1-standard-8");
    /// ```
    pub fn new(machine_type: impl Into<String>) -> Self {
        Self {
            machine_type: machine_type.into(),
            accelerators: None,
            replicas: 1,
            max_replicas: None,
        }
    }

    /// So many accelerators of this type in each machine, such as `NVIDIA_L4`.
    ///
    /// ```
    /// use genai_batch::batches::DedicatedResources;
    ///
    /// let machine = DedicatedResources::new("g2-standard-12").accelerators("NVIDIA_L4", 1);
    /// ```
    pub fn accelerators(mut self, accelerator_type: impl Into<String>, count: u32) -> Self {
        self.accelerators = Some((accelerator_type.into(), count));
        self
    }

    /// How many machines the job begins with; 1 by default.
    ///
    /// ```
    /// use genai_batch::batches::DedicatedResources;
    ///
    /// let machines = DedicatedResources::new("n1-standard-8").replicas(2);
    /// ```
    pub fn replicas(mut self, count: u32) -> Self {
        self.replicas = count;
        self
    }

    /// How many there may be; what the service chooses by default.
    ///
    /// ```
    /// use genai_batch::batches::DedicatedResources;
    ///
    /// let machines = DedicatedResources::new("n1-standard-8").max_replicas(8);
    /// ```
    pub fn max_replicas(mut self, count: u32) -> Self {
        self.max_replicas = Some(count);
        self
    }
}

/// Where the service reports the end of a job.
///
/// With the feature `webhook`, the module of that name receives these reports.
///
/// ```
/// use genai_batch::batches::WebhookConfig;
///
/// let webhook = WebhookConfig::new(["https://example.com/hook"]).user_metadata("run", 7);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WebhookConfig {
    pub(crate) uris: Vec<String>,
    pub(crate) user_metadata: Map<String, Value>,
}

impl WebhookConfig {
    /// Reports to these URIs, which the service calls with a POST when the job has ended: absolute ones
    /// of `https` (or `http`), without user and password. Others are an error of the create.
    ///
    /// ```
    /// use genai_batch::batches::WebhookConfig;
    ///
    /// let webhook = WebhookConfig::new(["https://example.com/hook"]);
    /// ```
    pub fn new<T: Into<String>>(uris: impl IntoIterator<Item = T>) -> Self {
        Self {
            uris: uris.into_iter().map(Into::into).collect(),
            user_metadata: Map::new(),
        }
    }

    /// Refuses addresses that nobody can report to. None is shown: they may carry secrets.
    ///
    /// # Errors
    ///
    /// If there is none, or one is not an absolute URL of `http` or `https` with a host, or has a
    /// user, a password or a fragment in it.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |what: String| {
            Err(Error::input(format!(
                "the option `webhook` {what}: write https://host/path"
            )))
        };
        if self.uris.is_empty() {
            return refuse("has no address".to_owned());
        }
        for (n, uri) in (1..).zip(&self.uris) {
            let Ok(url) = reqwest::Url::parse(uri) else {
                return refuse(format!("has an address, its {n}., that is no absolute URL"));
            };
            let what = if !matches!(url.scheme(), "http" | "https") {
                "is neither of http nor of https"
            } else if !url.has_host() {
                "has no host"
            } else if !url.username().is_empty() || url.password().is_some() {
                "has a user or a password in it, which the service does not send"
            } else if url.fragment().is_some() {
                "has a fragment (`#…`), which no server sees"
            } else {
                continue;
            };
            return refuse(format!("has an address, its {n}., that {what}"));
        }
        Ok(())
    }

    /// Adds a value that each report carries, in `Event::user_metadata`.
    ///
    /// ```
    /// use genai_batch::batches::WebhookConfig;
    ///
    /// let webhook = WebhookConfig::new(["https://example.com/hook"]).user_metadata("run", 7);
    /// ```
    pub fn user_metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.user_metadata.insert(name.into(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_webhooks_are_absolute_and_shown_nowhere() {
        for right in [
            "https://example.com/hook",
            "http://127.0.0.1:8080/",
            "https://h/?token=x",
        ] {
            assert!(WebhookConfig::new([right]).check().is_ok(), "{right}");
        }
        for (wrong, told) in [
            ("", "no absolute URL"),
            ("/hook", "no absolute URL"),
            ("example.com/hook", "no absolute URL"),
            ("https://", "no absolute URL"),
            ("ftp://example.com/the-secret", "neither of http"),
            ("mailto:the-secret@example.com", "neither of http"),
            (
                "https://ada:the-secret@example.com/",
                "a user or a password",
            ),
            ("https://example.com/#the-secret", "a fragment"),
        ] {
            let config = WebhookConfig::new(["https://example.com/hook", wrong]);
            let error = config.check().unwrap_err();
            assert!(error.is_invalid_input(), "{error:?}");
            let text = error.to_string();
            assert!(
                text.contains(told) && text.contains("its 2."),
                "{wrong}: {text}"
            );
            assert!(!format!("{error:?}{text}").contains("the-secret"), "{text}");
        }
        let none: [&str; 0] = [];
        let error = WebhookConfig::new(none).check().unwrap_err();
        assert!(error.to_string().contains("no address"), "{error}");
    }
}
