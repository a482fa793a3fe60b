//! The Gemini Developer API: `models/*:batchGenerateContent`,
//! `models/*:asyncBatchEmbedContent`, `batches/*` and `files/*`.
//!
//! Every call goes through the generated client for its address, and through an
//! [`Exchange`] for its body and answer.

mod convert;
mod request;
mod results;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::http::Session;
use crate::http::exchange::Exchange;
use crate::job::{BatchJob, JobDestination, JobRef};
use crate::name::{GeminiModel, gemini_file_id, gemini_job_id};
use crate::options::CreateOptions;
use crate::raw;
use crate::results::{Expectation, ResultStream, Rows};
use crate::source::entry::JobKind;
use crate::source::prepare::Prepared;
use crate::source::{Source, SourceKind};
use crate::storage::files::{self, Upload};
use request::Input;

/// The MIME type under which files of requests are uploaded.
const JSONL: &str = "application/jsonl";
/// The largest file of requests that the service takes (Gemini API documentation, Batch Mode).
const MAX_FILE: u64 = 2 << 30;
/// How soon an output that is late is asked for again; then after twice as long, and so on …
const FIRST_OUTPUT_POLL: Duration = Duration::from_millis(250);
/// … up to this.
const MAX_OUTPUT_POLL: Duration = Duration::from_secs(10);

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
            session.http().clone(),
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
        kind: JobKind,
        model: &str,
        source: Source,
        options: CreateOptions,
    ) -> Result<BatchJob> {
        let model = GeminiModel::parse(model)?;
        request::check(&options)?;
        let display_name = options.display_name();
        let prepared = source
            .prepare(kind, &options.defaults, options.inline_limit)
            .await?;
        let (input, expected) = match prepared {
            Ok((prepared, expected)) => {
                let input = self.bring(prepared, &display_name).await?;
                (input, Some(Arc::new(expected)))
            }
            Err(SourceKind::File(name)) => {
                let name = format!("files/{}", gemini_file_id(&name)?);
                options.refuse_defaults(&name)?;
                (Input::File(name), None)
            }
            Err(SourceKind::CloudStorage(uris)) => {
                return Err(foreign_source(uris.first().map_or("gs://", |uri| uri)));
            }
            Err(SourceKind::BigQuery(uri)) => return Err(foreign_source(&uri)),
            Err(_) => return Err(Error::input("the source cannot be read")),
        };
        let body = request::create_body(&display_name, &options, input)?;
        let job = self.send_create(kind, &model, body).await?;
        Ok(job.expecting(expected))
    }

    /// Makes prepared requests available to the service.
    async fn bring(&self, prepared: Prepared, display_name: &str) -> Result<Input> {
        match prepared {
            Prepared::Inline(requests) => Ok(Input::Inline(requests)),
            Prepared::Spooled(_, len) if len > MAX_FILE => Err(Error::input(format!(
                "the requests are {len} bytes, and a file of the Files API holds {MAX_FILE}: \
                 submit them as several jobs"
            ))),
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

    async fn send_create(
        &self,
        kind: JobKind,
        model: &GeminiModel,
        body: Bytes,
    ) -> Result<BatchJob> {
        let (raw, exchange) = self.exchange(Some(body));
        let generate = Default::default();
        let embed = Default::default();
        let sent = match (kind, model) {
            (JobKind::GenerateContent, GeminiModel::Base(id)) => {
                raw.models_batch_generate_content(id, &generate).await
            }
            (JobKind::GenerateContent, GeminiModel::Tuned(id)) => {
                raw.tuned_models_batch_generate_content(id, &generate).await
            }
            (JobKind::EmbedContent, GeminiModel::Base(id)) => {
                raw.models_async_batch_embed_content(id, &embed).await
            }
            (JobKind::EmbedContent, GeminiModel::Tuned(id)) => {
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

    pub(crate) async fn list_page(
        &self,
        page_size: Option<i32>,
        page_token: Option<&str>,
    ) -> Result<(Vec<BatchJob>, Option<String>)> {
        let (raw, exchange) = self.exchange(None);
        let sent = raw.batches_list(None, page_size, page_token, None).await;
        convert::page(&exchange.json(sent).await?)
    }

    pub(crate) async fn cancel(&self, name: &str) -> Result<()> {
        let id = gemini_job_id(name)?;
        let (raw, exchange) = self.exchange(None);
        let sent = raw.batches_cancel(id).await;
        exchange.finish(sent).map(drop)
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<()> {
        let id = gemini_job_id(name)?;
        let (raw, exchange) = self.exchange(None);
        let sent = raw.batches_delete(id).await;
        exchange.finish(sent).map(drop)
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
        Ok(self.get(&job.name).await?.expecting(known.expected))
    }

    /// Opens the results of a job that has ended, waiting until `deadline` for an output
    /// that is late.
    pub(crate) async fn results(
        &self,
        mut job: BatchJob,
        expectation: Option<Expectation>,
        deadline: Instant,
    ) -> Result<ResultStream> {
        let mut pause = FIRST_OUTPUT_POLL;
        loop {
            let rows = match job.destination() {
                Some(JobDestination::File(name)) => self.open_output(name, deadline, &job).await?,
                Some(JobDestination::Inline) => {
                    let rows = convert::inlined_rows(&job.record.json)?;
                    if rows.is_empty() && expects_rows(&job) {
                        None
                    } else {
                        Some(Rows::inline(rows))
                    }
                }
                None => None,
            };
            if let Some(rows) = rows {
                let count = job.stats().map(|stats| Expectation::Count(stats.total));
                let expectation = expectation.or(count).unwrap_or(Expectation::Unknown);
                return Ok(ResultStream::new(rows, results::read_row, expectation));
            }
            if Instant::now() >= deadline {
                return Err(Error::protocol(format!(
                    "{} is {} but shows no output: try again later",
                    job.name(),
                    job.state()
                ))
                .with_job(job));
            }
            tokio::time::sleep_until(deadline.min(Instant::now() + pause)).await;
            pause = (pause * 2).min(MAX_OUTPUT_POLL);
            job = self.get(job.name()).await?.expecting(job.expected);
        }
    }

    /// Opens an output file; `None` if it is not there yet and there is time to wait for it.
    async fn open_output(
        &self,
        name: &str,
        deadline: Instant,
        job: &BatchJob,
    ) -> Result<Option<Rows>> {
        match files::download(self, name).await {
            Ok(chunks) => Ok(Some(Rows::lines(name.to_owned(), Box::pin(chunks)))),
            Err(error) if error.is_not_found() && Instant::now() < deadline => Ok(None),
            Err(error) => Err(error
                .with_job(job.clone())
                .during(format!("reading the results {name}"))),
        }
    }
}

/// Whether a job whose output is empty should have rows.
fn expects_rows(job: &BatchJob) -> bool {
    let submitted = job.expected.as_ref().map(|expected| expected.total());
    submitted.or(job.stats().map(|stats| stats.total)) > Some(0)
}

fn foreign_source(uri: &str) -> Error {
    Error::input(format!(
        "the source {uri:?} cannot be read by the Gemini Developer API: pass requests or a local \
         JSONL file, or use a Vertex AI client"
    ))
}
