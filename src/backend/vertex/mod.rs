//! Vertex AI: `projects/*/locations/*/batchPredictionJobs`, and the project-less express form.
//!
//! Every call goes through the generated client for its address, and through an
//! [`Exchange`] for its body and answer. Requests that the caller holds are put into Cloud
//! Storage first.

pub(crate) mod convert;
pub(crate) mod name;
mod output;
mod request;
pub(crate) mod results;
#[cfg(feature = "gcs")]
mod staging;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::once::{Creation, Mark, create_once};
use super::{ListOptions, Task};
use crate::error::{Error, Kind, Result};
use crate::http::Session;
use crate::http::exchange::Exchange;
use crate::job::{BatchJob, Submission};
use crate::options::CreateOptions;
use crate::page::Page;
use crate::raw;
use crate::source::entry::{EmbedForm, JobKind};
use crate::source::{Source, SourceKind};
use convert::Operation;
use name::JobName;
pub(crate) use name::{Place, host};
use request::Input;

/// The label by which a job is found whose create had no clear answer.
const MARK_LABEL: &str = "genai-batch-mark";
/// How soon a delete that goes on is asked after; then after twice as long, and so on …
const FIRST_OPERATION_POLL: Duration = Duration::from_millis(250);
/// … this many times.
const OPERATION_POLLS: u32 = 9;

/// Where the services are that a client talks to.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// The scheme, host and path before the API version, with no `/` at its end.
    pub(crate) base_url: String,
    /// Whether the caller chose it, so that it serves other locations too.
    pub(crate) base_url_is_given: bool,
    pub(crate) api_version: String,
    #[cfg_attr(not(feature = "gcs"), expect(dead_code))]
    pub(crate) storage: Option<String>,
    #[cfg_attr(not(feature = "bigquery"), expect(dead_code))]
    pub(crate) bigquery: Option<String>,
}

/// A client of Vertex AI.
#[derive(Debug, Clone)]
pub(crate) struct Vertex {
    session: Session,
    addresses: Addresses,
    /// `None` is the express mode.
    place: Option<Place>,
    raw: raw::vertex::Client,
    #[cfg_attr(not(feature = "gcs"), expect(dead_code))]
    staging: Option<String>,
    #[cfg(feature = "gcs")]
    storage: crate::storage::gcs::CloudStorage,
}

impl Vertex {
    pub(crate) fn new(
        session: Session,
        addresses: Addresses,
        place: Option<Place>,
        staging: Option<String>,
    ) -> Result<Self> {
        #[cfg(feature = "gcs")]
        if let Some(prefix) = &staging {
            crate::storage::gcs::check_prefix(prefix).map_err(|error| {
                error.during("the option `staging` or the variable GENAI_BATCH_STAGING")
            })?;
        }
        let raw = raw::vertex::Client::new_with_client(
            &format!("{}/{}", addresses.base_url, addresses.api_version),
            session.http_client(),
            session.clone(),
        );
        Ok(Self {
            #[cfg(feature = "gcs")]
            storage: crate::storage::gcs::CloudStorage::new(
                session.clone(),
                addresses.storage.clone(),
            ),
            session,
            addresses,
            place,
            raw,
            staging,
        })
    }

    pub(crate) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.addresses.base_url
    }

    pub(crate) fn api_version(&self) -> &str {
        &self.addresses.api_version
    }

    #[cfg(feature = "gcs")]
    pub(crate) fn storage(&self) -> &crate::storage::gcs::CloudStorage {
        &self.storage
    }

    pub(crate) fn raw(&self) -> &raw::vertex::Client {
        &self.raw
    }

    /// A raw client for one call about something at `place`, and the slot for the call's body
    /// and answer.
    fn exchange(
        &self,
        place: Option<&Place>,
        body: Option<Bytes>,
    ) -> (raw::vertex::Client, Exchange) {
        let exchange = Exchange::new(body);
        let mut raw = self.raw.clone();
        raw.inner = self.session.with_exchange(exchange.clone());
        if !self.addresses.base_url_is_given {
            let host = host(place.map(|place| &*place.location));
            raw.baseurl = format!("{host}/{}", self.addresses.api_version);
        }
        (raw, exchange)
    }

    /// Where a job is: where its name says, else where the client is.
    fn place_of(&self, job: &JobName) -> Option<Place> {
        job.place.clone().or_else(|| self.place.clone())
    }

    /// As [`place_of`](Self::place_of), for calls that the express mode does not have.
    fn full_place_of(&self, job: &JobName, doing: &str) -> Result<Place> {
        self.place_of(job).ok_or_else(|| {
            Error::input(format!(
                "Vertex AI cannot {doing} in express mode: build the client with a project and \
                 location"
            ))
        })
    }

    pub(crate) async fn create(
        &self,
        task: Task,
        model: &str,
        source: Source,
        options: CreateOptions,
    ) -> Result<BatchJob> {
        let model = name::model(model, self.place.as_ref())?;
        request::check(task, &options)?;
        let display_name = options.display_name();
        let kind = job_kind(task, &model);
        let (input, submission) = match source.0 {
            SourceKind::CloudStorage(uris) => (Input::CloudStorage(uris).checked()?, None),
            SourceKind::BigQuery(uri) => (Input::BigQuery(uri).checked()?, None),
            SourceKind::Dataset(name) => (Input::Dataset(name).checked()?, None),
            SourceKind::File(name) => {
                return Err(Error::input(format!(
                    "the source {name:?} is in the Gemini Files API, which Vertex AI cannot \
                     read: pass a local file, or put it into Cloud Storage"
                )));
            }
            held @ (SourceKind::Entries(_) | SourceKind::Path(_)) => {
                let staged = self.stage(Source(held), kind, &options).await?;
                (staged.input, Some(staged.submission))
            }
        };
        if submission.is_none() {
            options.refuse_defaults("the source")?;
        }
        let mark = (!options.give_up_unclear).then(Mark::new);
        let body = request::create_body(&display_name, &model, &input, mark.as_ref(), &options)?;
        let created = create_once(&Create {
            vertex: self,
            body,
            mark,
        })
        .await;
        match created {
            Ok(job) => Ok(job.remembering(submission.map(Arc::new))),
            Err(error) => {
                let left = match &submission {
                    Some(submission) => self.left_behind(&error, submission, &input).await,
                    None => String::new(),
                };
                Err(error.during(format!("creating the job {display_name:?}{left}")))
            }
        }
    }

    /// Removes what was staged for a job if that was asked for and there is certainly no job;
    /// otherwise says where it is.
    async fn left_behind(&self, error: &Error, submission: &Submission, input: &Input) -> String {
        if !submission.remove.is_empty() && !error.leaves_open_whether_it_was_done() {
            let mut all_removed = true;
            for uri in &submission.remove {
                if let Err(error) = self.remove_staged(uri).await {
                    tracing::warn!(%error, input = uri, "the staged input could not be removed");
                    all_removed = false;
                }
            }
            if all_removed {
                return String::new();
            }
        }
        match input {
            Input::CloudStorage(uris) => format!(" from {}, which is kept", uris.join(", ")),
            Input::BigQuery(_) | Input::Dataset(_) => String::new(),
        }
    }

    async fn send_create(&self, body: Bytes) -> Result<BatchJob> {
        let (raw, exchange) = self.exchange(self.place.as_ref(), Some(body));
        let empty = Default::default();
        let sent = match &self.place {
            Some(Place { project, location }) => {
                raw.batch_prediction_jobs_create(project, location, &empty)
                    .await
            }
            None => raw.express_batch_prediction_jobs_create(None, &empty).await,
        };
        convert::job(exchange.json(sent).await?)
    }

    pub(crate) async fn get(&self, name: &str) -> Result<BatchJob> {
        let job = JobName::parse(name)?;
        let place = self.place_of(&job);
        let (raw, exchange) = self.exchange(place.as_ref(), None);
        let sent = match &place {
            Some(Place { project, location }) => {
                raw.batch_prediction_jobs_get(project, location, &job.id)
                    .await
            }
            None => raw.express_batch_prediction_jobs_get(&job.id).await,
        };
        convert::job(exchange.json(sent).await?)
    }

    pub(crate) async fn list_page(&self, options: &ListOptions) -> Result<Page<BatchJob>> {
        let (raw, exchange) = self.exchange(self.place.as_ref(), None);
        let filter = options.filter.as_deref();
        let (size, token) = (options.page_size, options.page_token.as_deref());
        let sent = match &self.place {
            Some(Place { project, location }) => {
                raw.batch_prediction_jobs_list(project, location, filter, size, token, None)
                    .await
            }
            None => {
                raw.express_batch_prediction_jobs_list(filter, size, token, None, None)
                    .await
            }
        };
        convert::page(&exchange.json(sent).await?)
    }

    pub(crate) async fn cancel(&self, name: &str) -> Result<()> {
        let job = JobName::parse(name)?;
        let place = self.full_place_of(&job, "cancel a job")?;
        let (raw, exchange) = self.exchange(Some(&place), None);
        let sent = raw
            .batch_prediction_jobs_cancel(&place.project, &place.location, &job.id)
            .await;
        exchange
            .finish(sent)
            .map(drop)
            .or_else(Error::unless_done_already)
    }

    /// Deletes a job and waits for the outcome of the operation.
    pub(crate) async fn delete(&self, name: &str) -> Result<()> {
        let job = JobName::parse(name)?;
        let place = self.full_place_of(&job, "delete a job")?;
        let (raw, exchange) = self.exchange(Some(&place), None);
        let sent = raw
            .batch_prediction_jobs_delete(&place.project, &place.location, &job.id)
            .await;
        let mut operation = match exchange.json(sent).await {
            Ok(answer) => convert::operation(&answer)?,
            Err(error) => return error.unless_done_already(),
        };
        let mut pause = FIRST_OPERATION_POLL;
        for _ in 0..OPERATION_POLLS {
            let id = match operation {
                Operation::Done => return Ok(()),
                Operation::Failed(status) => return Err(Error::refused(status)),
                Operation::Pending(id) => id,
            };
            tokio::time::sleep(pause).await;
            pause *= 2;
            let (raw, exchange) = self.exchange(Some(&place), None);
            let sent = raw
                .operations_get(&place.project, &place.location, &id)
                .await;
            operation = convert::operation(&exchange.json(sent).await?)?;
        }
        Err(Error::new(
            Kind::Timeout,
            "the delete was accepted and is not done yet: look for the job later",
        ))
    }

    #[cfg(not(feature = "gcs"))]
    #[expect(clippy::unused_async)]
    async fn stage(&self, _: Source, _: JobKind, _: &CreateOptions) -> Result<Staged> {
        Err(Error::input(
            "this build cannot put requests into Cloud Storage: enable the feature `gcs`, or put \
             them there and pass the gs:// URI",
        ))
    }

    #[cfg(not(feature = "gcs"))]
    #[expect(clippy::unused_async)]
    pub(crate) async fn remove_staged(&self, _: &str) -> Result<()> {
        Ok(())
    }
}

/// A create, ready to be sent.
struct Create<'a> {
    vertex: &'a Vertex,
    body: Bytes,
    mark: Option<Mark>,
}

impl Creation for Create<'_> {
    fn session(&self) -> &Session {
        &self.vertex.session
    }

    fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    async fn send(&self) -> Result<BatchJob> {
        self.vertex.send_create(self.body.clone()).await
    }

    async fn list(&self, mark: &Mark, page_token: Option<String>) -> Result<Page<BatchJob>> {
        let options = ListOptions {
            filter: Some(format!("labels.{MARK_LABEL}=\"{}\"", mark.as_str())),
            page_token,
            ..ListOptions::default()
        };
        self.vertex.list_page(&options).await
    }

    fn is_marked(job: &BatchJob, mark: &Mark) -> bool {
        let label = job.labels().get(MARK_LABEL);
        label.is_some_and(|label| label == mark.as_str())
    }
}

/// Requests that the client put where the service can read them.
struct Staged {
    input: Input,
    submission: Submission,
}

/// What a job does, and for embeddings how this model wants its requests.
fn job_kind(task: Task, model: &str) -> JobKind {
    match task {
        Task::GenerateContent => JobKind::GenerateContent,
        Task::EmbedContent => JobKind::EmbedContent(embed_form(model)),
    }
}

/// How a model wants requests for embeddings.
pub(super) fn embed_form(model: &str) -> EmbedForm {
    let id = model.rsplit('/').next().unwrap_or_default();
    let older = [
        "text-embedding",
        "text-multilingual-embedding",
        "textembedding",
    ];
    match older.iter().any(|prefix| id.starts_with(prefix)) {
        true => EmbedForm::VertexText,
        false => EmbedForm::VertexGemini,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_an_embedding_follows_from_the_model() {
        let kind = |model| job_kind(Task::EmbedContent, model);
        let text = kind("publishers/google/models/text-embedding-005");
        assert_eq!(text, JobKind::EmbedContent(EmbedForm::VertexText));
        let gemini = kind("publishers/google/models/gemini-embedding-001");
        assert_eq!(gemini, JobKind::EmbedContent(EmbedForm::VertexGemini));
    }
}
