//! The Gemini Developer API: `models/*:batchGenerateContent`,
//! `models/*:asyncBatchEmbedContent`, `batches/*` and `files/*`.
//!
//! Every call goes through the generated client for its address, and through an
//! [`Exchange`] for its body and answer.

pub(crate) mod convert;
mod output;
mod plain;
mod request;
pub(crate) mod results;
mod shelf;
mod tokens;

use std::sync::Arc;

use bytes::Bytes;

use super::once::{Creation, Mark, create_once};
use super::{ListOptions, Task};
use crate::error::{Error, Result};
use crate::http::Session;
use crate::http::exchange::Exchange;
use crate::job::{BatchJob, JobRef, Submission};
use crate::name::{GeminiModel, gemini_file_id, gemini_job_id};
use crate::options::CreateOptions;
use crate::page::Page;
use crate::raw;
use crate::source::entry::{EmbedForm, JobKind};
use crate::source::prepare::{Prepared, Target};
use crate::source::{Source, SourceKind};
use crate::storage::files::{File, Upload};
use request::Input;

/// The MIME type under which files of requests are uploaded.
const JSONL: &str = "application/jsonl";
/// The largest file of requests that the service takes (Gemini API documentation, Batch Mode).
const MAX_FILE: u64 = 2 << 30;

/// How many jobs a page has where one is looked for: the most that the service gives.
const LOOK_AT: i32 = 100;

/// A client of the Gemini Developer API.
#[derive(Debug, Clone)]
pub(crate) struct Gemini {
    session: Session,
    base_url: String,
    api_version: String,
    raw: raw::gemini::Client,
}

impl Gemini {
    /// `base_url` is the scheme, host and path before the API version, with no `/` at its end.
    pub(crate) fn new(session: Session, base_url: String, api_version: String) -> Self {
        let raw = raw::gemini::Client::new_with_client(
            &format!("{base_url}/{api_version}"),
            session.http_client(),
            session.clone(),
        );
        Self {
            session,
            base_url,
            api_version,
            raw,
        }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn api_version(&self) -> &str {
        &self.api_version
    }

    pub(crate) fn raw(&self) -> &raw::gemini::Client {
        &self.raw
    }

    /// A raw client for one call, and the slot for the call's body and answer.
    pub(crate) fn exchange(&self, body: Option<Bytes>) -> (raw::gemini::Client, Exchange) {
        let exchange = Exchange::new(body);
        let mut raw = self.raw.clone();
        raw.inner = self.session.with_exchange(exchange.clone());
        (raw, exchange)
    }

    pub(crate) async fn create(
        &self,
        task: Task,
        model: &str,
        source: Source,
        options: CreateOptions,
    ) -> Result<BatchJob> {
        let model = GeminiModel::parse(model)?;
        request::check(task, &options)?;
        let kind = match task {
            Task::GenerateContent => JobKind::GenerateContent,
            Task::EmbedContent => JobKind::EmbedContent(EmbedForm::Gemini),
        };
        let target = Target {
            kind,
            inline_limit: options.inline_limit,
            max_file: MAX_FILE,
            file_carries_metadata: false,
        };
        let display_name = options.display_name();
        let (source, attachments) = source.attaching(self.clone());
        let prepared = match source.prepare(target, &options.defaults).await {
            Ok(prepared) => prepared,
            Err(error) => return Err(attachments.undo(error).await),
        };
        let (input, expected) = match prepared {
            Ok((prepared, expected)) => match self.bring(prepared, &display_name).await {
                Ok(input) => (input, Some(expected)),
                Err(error) => return Err(attachments.undo(error).await),
            },
            Err(SourceKind::File(name)) => {
                let name = format!("files/{}", gemini_file_id(&name)?);
                options.refuse_defaults(&name)?;
                (Input::File(name), None)
            }
            Err(elsewhere) => return Err(foreign_source(&elsewhere)),
        };
        let uploaded = match (&input, &expected) {
            (Input::File(name), Some(_)) => Some(name.clone()),
            _ => None,
        };
        let mark = (!options.give_up_unclear).then(Mark::new);
        let marked = mark.as_ref().map(|mark| mark.put_on(&display_name));
        let name = marked.as_ref().unwrap_or(&display_name);
        let body = request::create_body(name, &options, input)?;
        let created = create_once(&Create {
            gemini: self,
            task,
            model,
            body,
            mark,
        })
        .await;
        let job = created.map_err(|error| {
            // What is needed to find the job, if there is one after all, or to try again.
            let requests = uploaded
                .as_ref()
                .map_or_else(String::new, |file| format!(" of {file}"));
            error.during(format!("creating the job {display_name:?}{requests}"))
        })?;
        let submission = expected.map(|expected| {
            let remove = match options.remove_staged_input {
                true => uploaded.into_iter().chain(attachments.names()).collect(),
                false => Vec::new(),
            };
            Arc::new(Submission {
                expected: Arc::new(expected),
                remove,
            })
        });
        Ok(job.remembering(submission))
    }

    /// Makes prepared requests available to the service.
    async fn bring(&self, prepared: Prepared, display_name: &str) -> Result<Input> {
        match prepared {
            Prepared::Inline(requests) => Ok(Input::Inline(requests)),
            Prepared::Spooled(file, len) => {
                let file = Upload::spooled(self.clone(), file, len)
                    .mime_type(JSONL)
                    .display_name(display_name)
                    .await
                    .map_err(|e| e.during("uploading the requests"))?;
                Ok(Input::File(file.name().to_owned()))
            }
        }
    }

    async fn send_create(&self, task: Task, model: &GeminiModel, body: Bytes) -> Result<BatchJob> {
        let (raw, exchange) = self.exchange(Some(body));
        let generate = Default::default();
        let embed = Default::default();
        let sent = match (task, model) {
            (Task::GenerateContent, GeminiModel::Base(id)) => {
                raw.models_batch_generate_content(id, &generate).await
            }
            (Task::GenerateContent, GeminiModel::Tuned(id)) => {
                raw.tuned_models_batch_generate_content(id, &generate).await
            }
            (Task::EmbedContent, GeminiModel::Base(id)) => {
                raw.models_async_batch_embed_content(id, &embed).await
            }
            (Task::EmbedContent, GeminiModel::Tuned(id)) => {
                raw.tuned_models_async_batch_embed_content(id, &embed).await
            }
        };
        convert::job(exchange.json(sent).await?)
    }

    pub(crate) async fn get(&self, name: &str) -> Result<BatchJob> {
        let id = gemini_job_id(name)?;
        let (raw, exchange) = self.exchange(None);
        let sent = raw.batches_get(id).await;
        convert::job(exchange.json(sent).await?)
    }

    pub(crate) async fn list_page(&self, options: &ListOptions) -> Result<Page<BatchJob>> {
        if options.filter.is_some() {
            return Err(Error::input(
                "the option `filter` is not supported by the Gemini Developer API: use \
                 `active`, or filter the stream",
            ));
        }
        let (raw, exchange) = self.exchange(None);
        let token = options.page_token.as_deref();
        let sent = raw.batches_list(None, options.page_size, token, None).await;
        convert::page(&exchange.json(sent).await?)
    }

    pub(crate) async fn cancel(&self, name: &str) -> Result<()> {
        let id = gemini_job_id(name)?;
        let (raw, exchange) = self.exchange(None);
        let sent = raw.batches_cancel(id).await;
        exchange
            .finish(sent)
            .map(drop)
            .or_else(Error::unless_done_already)
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<()> {
        let id = gemini_job_id(name)?;
        let (raw, exchange) = self.exchange(None);
        let sent = raw.batches_delete(id).await;
        exchange
            .finish(sent)
            .map(drop)
            .or_else(Error::unless_done_already)
    }

    /// Changes a job's display name or priority, and reads the job again.
    pub(crate) async fn update(
        &self,
        job: &JobRef,
        display_name: Option<String>,
        priority: Option<i64>,
    ) -> Result<BatchJob> {
        let id = gemini_job_id(&job.name)?;
        let (body, mask) = request::update_body(display_name, priority)?;
        let known = match &job.job {
            Some(job) => job.clone(),
            None => self.get(&job.name).await?,
        };
        let (raw, exchange) = self.exchange(Some(body));
        if convert::is_embedding_job(&known) {
            let empty = Default::default();
            let sent = raw.batches_update_embed_content_batch(id, Some(&mask), &empty);
            exchange.finish(sent.await)?;
        } else {
            let empty = Default::default();
            let sent = raw.batches_update_generate_content_batch(id, Some(&mask), &empty);
            exchange.finish(sent.await)?;
        }
        Ok(self.get(&job.name).await?.remembering(known.submission))
    }

    pub(crate) async fn get_file(&self, name: &str) -> Result<File> {
        let id = gemini_file_id(name)?;
        let (raw, exchange) = self.exchange(None);
        let sent = raw.files_get(id).await;
        let answer = exchange.json(sent).await;
        File::read(answer.map_err(|error| error.during(format!("reading files/{id}")))?)
    }

    pub(crate) async fn remove_staged(&self, name: &str) -> Result<()> {
        self.delete_file(name).await
    }

    pub(crate) async fn delete_file(&self, name: &str) -> Result<()> {
        let id = gemini_file_id(name)?;
        let (raw, exchange) = self.exchange(None);
        let sent = raw.files_delete(id).await;
        exchange
            .finish(sent)
            .map(drop)
            .or_else(Error::unless_file_deleted_already)
    }
}

/// A create, ready to be sent.
struct Create<'a> {
    gemini: &'a Gemini,
    task: Task,
    model: GeminiModel,
    body: Bytes,
    mark: Option<Mark>,
}

impl Creation for Create<'_> {
    fn session(&self) -> &Session {
        &self.gemini.session
    }

    fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    async fn send(&self) -> Result<BatchJob> {
        let body = self.body.clone();
        self.gemini.send_create(self.task, &self.model, body).await
    }

    async fn list(&self, _: &Mark, page_token: Option<String>) -> Result<Page<BatchJob>> {
        let options = ListOptions {
            page_size: Some(LOOK_AT),
            page_token,
            ..ListOptions::default()
        };
        self.gemini.list_page(&options).await
    }

    fn is_marked(job: &BatchJob, mark: &Mark) -> bool {
        convert::is_marked(job, mark)
    }
}

fn foreign_source(source: &SourceKind) -> Error {
    let source = match source {
        SourceKind::CloudStorage(uris) => uris.first().map_or("gs://", |uri| uri),
        SourceKind::BigQuery(uri) => uri,
        SourceKind::Dataset(name) | SourceKind::File(name) => name,
        SourceKind::Entries(_) | SourceKind::Path(_) => "",
    };
    Error::input(format!(
        "the source {source:?} cannot be read by the Gemini Developer API: pass requests or a \
         local JSONL file, or use a Vertex AI client"
    ))
}
