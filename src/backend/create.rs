//! Creating a job, in the same steps on every backend.
//!
//! ```text
//! check → prepare → place (inline, Files API, Cloud Storage) → send once → remember
//!            └──────────┴────────────┴─ refused: take back what was placed
//! ```
//!
//! Under an id of the caller's, a job that is there already is adopted before anything is placed.

use std::fmt;
use std::sync::Arc;

use super::family::wrong_model;
use super::form::writer_of;
use super::mark::{Identity, Mark};
use super::named;
use super::once::{WhenLost, refuse_other_content, send_once};
use crate::error::{Error, Result};
use crate::form::Writer;
use crate::http::Session;
use crate::job::{BatchJob, SentKeys, Submission};
use crate::keys::SubmittedKeys;
use crate::options::{Checks, CreateOptions, OnCreateProgress, Task};
use crate::page::Page;
use crate::platform::Backend;
use crate::request::Form;
use crate::request::finding::{Finding, FindingCode};
use crate::source::attach::{AttachmentStore, Attachments};
use crate::source::digest::ContentDigest;
use crate::source::intake::Intake;
use crate::source::kind::JobKind;
use crate::source::prepare::{InlineLimit, Listening, Prepared, Target, Written};
use crate::source::{Source, SourceKind};

/// How many of the files that are kept an error names.
const NAMED: usize = 20;

/// What a backend adds to the steps of a create.
pub(super) trait CreateJobs: Sync + Sized {
    /// Whether lists can be narrowed down to the jobs that have a label.
    const FINDS_LABELS: bool;

    /// A model, by its checked name.
    type Model: fmt::Display + Sync + Send;
    /// Where the service reads the requests.
    type Input: Sync + Send;
    /// The body of the create.
    type Body: Sync + Send;
    /// Where local files go that requests name.
    type AttachmentStore: AttachmentStore + 'static;

    const BACKEND: Backend;

    fn session(&self) -> &Session;

    /// Reads the model's name, and refuses options that have no place here.
    fn check(&self, task: Task, model: &str, options: &CreateOptions) -> Result<Self::Model>;

    /// In whose words the requests of a job are.
    fn form(&self, model: &Self::Model, options: &CreateOptions) -> Form;

    /// What is good to know of jobs of this model.
    fn notes(&self, _model: &Self::Model, _options: &CreateOptions) -> Vec<Finding> {
        Vec::new()
    }

    /// What the service documents that it does not do with this model, in this place: mistakes that
    /// no request tells.
    fn wrong_place(
        &self,
        _task: Task,
        _model: &Self::Model,
        _source: &SourceKind,
        _options: &CreateOptions,
    ) -> Option<Finding> {
        None
    }

    /// A source that the service reads as it is.
    fn input_of(&self, source: SourceKind) -> Result<Self::Input>;

    /// How requests that the client holds are to be written, and where they go.
    fn plan(&self, task: Task, model: &Self::Model, options: &CreateOptions) -> Result<Plan<Self>>;

    /// Puts prepared requests where the service reads them; at `uri` if the plan says so.
    fn place(
        &self,
        prepared: Prepared,
        display_name: &str,
        uri: Option<&str>,
        on_progress: Option<OnCreateProgress>,
    ) -> impl Future<Output = Result<Placed<Self::Input>>> + Send;

    /// The body of the create.
    fn body(
        &self,
        task: Task,
        model: &Self::Model,
        name: (&str, Option<&Mark>),
        input: Self::Input,
        options: &CreateOptions,
    ) -> Result<Self::Body>;

    fn send(&self, body: &Self::Body) -> impl Future<Output = Result<BatchJob>> + Send;

    /// A page of the jobs among which one that has the mark would be: of those that have it as a
    /// label, or of all.
    fn list_marked(
        &self,
        identity: &Identity,
        by_label: bool,
        page_token: Option<String>,
    ) -> impl Future<Output = Result<Page<BatchJob>>> + Send;

    /// Removes input that the client placed.
    fn remove(&self, name: &str) -> impl Future<Output = Result<()>> + Send;
}

/// How requests that the client holds are written for the service.
pub(super) struct Plan<B: CreateJobs> {
    pub(super) target: Target,
    pub(super) store: B::AttachmentStore,
    /// The address or name to place them at, where the client chooses it.
    pub(super) uri: Option<String>,
}

/// Requests where the service reads them.
pub(super) struct Placed<I> {
    pub(super) input: I,
    /// What the client put somewhere for them; `None` if they go in the body.
    pub(super) name: Option<String>,
}

/// Why a create would be refused, whatever is in its requests.
pub(super) fn refusals<B: CreateJobs>(
    backend: &B,
    task: Task,
    model: &str,
    source: &SourceKind,
    options: &CreateOptions,
) -> Vec<Finding> {
    let error = |error: Error| Finding::error(FindingCode::UnsupportedHere, error.to_string());
    let (name, model) = match backend.check(task, model, options) {
        Ok(checked) => (model, checked),
        Err(refused) => return vec![error(refused)],
    };
    let is_held = !matches!(source, SourceKind::Entries(_) | SourceKind::Path(_));
    let defaults = match is_held {
        true => options.refuse_defaults(&source.name()).err().map(error),
        false => None,
    };
    let before = wrong_before(backend, task, (name, &model), source, options);
    let notes = backend.notes(&model, options);
    defaults.into_iter().chain(before).chain(notes).collect()
}

/// What is wrong before any request is read: a model of another kind, what the service documents that
/// it does not do, and values of the defaults, which no request makes right.
fn wrong_before<B: CreateJobs>(
    backend: &B,
    task: Task,
    (name, model): (&str, &B::Model),
    source: &SourceKind,
    options: &CreateOptions,
) -> Vec<Finding> {
    if options.checks == Checks::Off {
        return Vec::new();
    }
    let of_model = wrong_model(Some(task), name);
    let of_place = backend.wrong_place(task, model, source, options);
    let of_defaults = options.defaults.wrong(B::BACKEND);
    let found = of_model.into_iter().chain(of_place).chain(of_defaults);
    found.collect()
}

/// A mistake in an option, with its path where it has one.
fn about_option(finding: &Finding) -> String {
    match &finding.path {
        Some(path) => format!("the option {path}: {}", finding.reason()),
        None => finding.reason(),
    }
}

/// What writes the requests of a create; `None` where they are in Google's words.
///
/// # Errors
///
/// If the model's name or an option is invalid.
pub(super) fn writer<B: CreateJobs>(
    backend: &B,
    task: Task,
    model: &str,
    options: &CreateOptions,
) -> Result<Option<Writer>> {
    let model = backend.check(task, model, options)?;
    let form = backend.form(&model, options);
    Ok(writer_of(form, task, &model.to_string()))
}

/// Creates a job.
pub(super) async fn create<B: CreateJobs>(
    backend: &B,
    task: Task,
    model: &str,
    source: Source,
    options: CreateOptions,
) -> Result<BatchJob> {
    let (model_name, model) = (model, backend.check(task, model, &options)?);
    options.check_mark()?;
    for finding in wrong_before(backend, task, (model_name, &model), &source.0, &options) {
        if finding.is_error() {
            return Err(Error::input(about_option(&finding)));
        }
        tracing::warn!("{}", finding.reason());
    }
    let display_name = options.display_name()?;
    let identity = options.id.as_deref().map(Identity::of);
    let mut content = identity
        .is_some()
        .then(|| named::content::<B>(task, &model, &options));
    let origin = match source.0 {
        held @ (SourceKind::Entries(_) | SourceKind::Path(_)) => {
            let mut plan = backend.plan(task, &model, &options)?;
            let writer = writer_of(backend.form(&model, &options), task, &model.to_string());
            let mut source = Source(held);
            if let Some(writer) = &writer {
                // The body of a create has Google's messages alone.
                plan.target.inline_limit = InlineLimit::NEVER;
                source = source.refusing_uploads(writer.form);
            }
            let intake = intake::<B>(plan.target.kind, model_name, &options).in_form(writer);
            Origin::Held(source, plan, Box::new(intake))
        }
        elsewhere => {
            let name = elsewhere.name();
            if let Some(content) = &mut content {
                named::add_held_by_service(content, &elsewhere);
            }
            let input = backend.input_of(elsewhere)?;
            options.refuse_defaults(&name)?;
            Origin::Service(input)
        }
    };
    if let (Some(identity), Some(content)) = (&identity, &content)
        && let Some(job) = named::find_named(backend, identity).await?
    {
        let requests = match origin {
            Origin::Held(source, plan, intake) => Some((source, plan.target, *intake)),
            Origin::Service(_) => None,
        };
        let asked = (identity.clone(), content.clone(), model.to_string());
        return named::adopt(job, asked, requests).await;
    }
    let submitted = match origin {
        Origin::Held(source, plan, intake) => {
            let content = content.as_mut();
            let named = (&*display_name, &options);
            submit_held(backend, source, plan, named, *intake, content).await?
        }
        Origin::Service(input) => Submitted {
            input,
            submitted: None,
            names: Vec::new(),
        },
    };
    let Submitted {
        input,
        submitted,
        names,
    } = submitted;
    let made = async {
        if let Some(before_send) = &options.before_send {
            before_send.note(names.clone()).await?;
        }
        let mark = match (identity, content) {
            (Some(identity), Some(content)) => {
                Some(Mark::named(identity, content, model.to_string()))
            }
            _ if options.mark.is_some() => options.mark.as_deref().and_then(Mark::parse),
            _ if options.adopt.unwrap_or(true) => Some(Mark::random()?),
            _ => None,
        };
        make(
            backend,
            task,
            &model,
            (&display_name, mark.as_ref()),
            input,
            &options,
        )
        .await
    };
    let (job, placed) = match made.await {
        Ok(Made::Now(job)) => (job, names),
        Ok(Made::Before(job)) => {
            take_back(backend, names).await;
            (job, Vec::new())
        }
        Err(error) => {
            let left = left_behind(backend, &error, names).await;
            return Err(error.during(format!("creating the job {display_name:?}{left}")));
        }
    };
    Ok(job.remembering(submitted.map(|(expected, sent_keys)| {
        Arc::new(Submission {
            expected: Arc::new(expected),
            sent_keys,
            remove: match options.remove_staged_input {
                true => placed,
                false => Vec::new(),
            },
        })
    })))
}

/// Makes the job of requests that the service can read, unless the caller's id has one by now.
async fn make<B: CreateJobs>(
    backend: &B,
    task: Task,
    model: &B::Model,
    name: (&str, Option<&Mark>),
    input: B::Input,
    options: &CreateOptions,
) -> Result<Made> {
    let named = name.1.filter(|mark| mark.content().is_some());
    if let Some(mark) = named
        && let Some(job) = named::find_named(backend, mark.identity()).await?
    {
        refuse_other_content(mark, &job)?;
        named::tell_bad_end(&job);
        return Ok(Made::Before(job));
    }
    let body = backend.body(task, model, name, input, options)?;
    let when_lost = WhenLost {
        look_for: options.look_for,
        resend: options.resend_unclear,
    };
    let sent = send_once(backend, &body, name.1, when_lost).await;
    sent.map(Made::Now)
}

/// How the requests of a create are taken in.
fn intake<B: CreateJobs>(kind: JobKind, model: &str, options: &CreateOptions) -> Intake {
    match options.checks {
        Checks::On => Intake::checked(kind, &options.defaults, B::BACKEND, Some(model)),
        Checks::Off => Intake::unchecked(kind, &options.defaults),
    }
    .keyed_by(options.key_field.clone())
}

/// Where the requests are before they are placed.
enum Origin<B: CreateJobs> {
    /// With the client.
    Held(Source, Plan<B>, Box<Intake>),
    /// Where the service reads them already.
    Service(B::Input),
}

/// The job of a create.
enum Made {
    Now(BatchJob),
    /// Another program was quicker.
    Before(BatchJob),
}

/// Requests on their way into a job.
struct Submitted<I> {
    input: I,
    /// The keys and where they stand, where the client has seen the requests.
    submitted: Option<(SubmittedKeys, SentKeys)>,
    /// What the client put somewhere for the job.
    names: Vec<String>,
}

/// Writes requests that the client holds and places them. What was placed is taken back if a
/// later step fails. The requests are added to `content`.
async fn submit_held<B: CreateJobs>(
    backend: &B,
    source: Source,
    plan: Plan<B>,
    (display_name, options): (&str, &CreateOptions),
    intake: Intake,
    content: Option<&mut ContentDigest>,
) -> Result<Submitted<B::Input>> {
    let on_progress = options.on_progress.clone();
    let (source, attachments): (_, Arc<Attachments<B::AttachmentStore>>) =
        source.attaching(plan.store);
    let sent_keys = intake.sent_keys();
    let mut add =
        content.map(|content| |line: &[u8]| content.add_request(&attachments.with_paths(line)));
    let placed = async {
        let stop = || attachments.stop();
        let written = add.as_mut().map(|add| add as Written<'_>);
        let on_read = |requests| on_progress.iter().for_each(|on| on.read(requests));
        let listening = Listening {
            on_refusal: stop,
            written,
            on_read: &on_read,
        };
        let prepared = source.prepare(plan.target, intake, listening);
        let (prepared, expected) = match prepared.await? {
            Ok(prepared) => prepared,
            Err(_) => return Err(Error::input("the source cannot be placed")),
        };
        if let Some(on_progress) = &on_progress {
            on_progress.read_all(expected.total());
        }
        let uri = plan.uri.as_deref();
        if let (Prepared::Spooled(..), Some(before_place), Some(uri)) =
            (&prepared, &options.before_place, uri)
        {
            before_place.note(vec![uri.to_owned()]).await?;
        }
        let placed = backend.place(prepared, display_name, uri, on_progress.clone());
        Ok((placed.await?, expected))
    };
    match placed.await {
        Ok((placed, expected)) => Ok(Submitted {
            input: placed.input,
            submitted: Some((expected, sent_keys)),
            names: placed.name.into_iter().chain(attachments.names()).collect(),
        }),
        Err(error) => Err(attachments.undo(error).await),
    }
}

/// Removes what was placed for a job, as far as that can be done, and gives back what is left.
async fn take_back<B: CreateJobs>(backend: &B, names: Vec<String>) -> Vec<String> {
    let mut left = Vec::new();
    for name in names {
        if let Err(error) = backend.remove(&name).await {
            tracing::warn!(%error, input = name, "the placed input could not be removed");
            left.push(name);
        }
    }
    left
}

/// Removes what was placed for a job if there is certainly no job; otherwise says what is kept.
async fn left_behind<B: CreateJobs>(backend: &B, error: &Error, names: Vec<String>) -> String {
    let kept = match error.is_unclear() {
        true => names,
        false => take_back(backend, names).await,
    };
    if kept.is_empty() {
        return String::new();
    }
    let are = if kept.len() == 1 {
        "which is"
    } else {
        "which are"
    };
    let more = match kept.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = &kept[..kept.len().min(NAMED)];
    format!(" from {}{more}, {are} kept", named.join(", "))
}
