//! How this backend takes part in a create.

use super::client::Gemini;
use super::convert::check_name;
use super::files::upload::NewFile;
use super::name::{GeminiModel, gemini_file_id};
use super::request::{self, Body, Input};
use crate::backend::create::{CreateJobs, Placed, Plan};
use crate::backend::mark::{Identity, Mark};
use crate::error::{Error, Result};
use crate::http::Session;
use crate::job::BatchJob;
use crate::options::{CreateOptions, ListOptions, OnCreateProgress, Task};
use crate::page::Page;
use crate::platform::Backend;
use crate::request::Form;
use crate::source::SourceKind;
use crate::source::kind::{EmbedForm, JobKind};
use crate::source::prepare::{Prepared, Target};
use crate::unique;

/// The MIME type under which files of requests are uploaded.
const JSONL: &str = "application/jsonl";
/// The largest file of requests that the service takes (Gemini API documentation, Batch Mode).
const MAX_FILE: u64 = 2 << 30;
/// How many jobs a page has where one is looked for: the most that the service gives.
const LOOK_AT: i32 = 100;

impl CreateJobs for Gemini {
    const FINDS_LABELS: bool = false;

    type Model = GeminiModel;
    type Input = Input;
    type Body = (GeminiModel, Body);
    type AttachmentStore = Self;

    const BACKEND: Backend = Backend::Gemini;

    fn session(&self) -> &Session {
        self.session()
    }

    fn check(&self, task: Task, model: &str, options: &CreateOptions) -> Result<GeminiModel> {
        let model = GeminiModel::parse(model)?;
        request::check(task, options)?;
        Ok(model)
    }

    fn form(&self, _: &GeminiModel, options: &CreateOptions) -> Form {
        options.form.unwrap_or(Form::Gemini)
    }

    fn input_of(&self, source: SourceKind) -> Result<Input> {
        match source {
            SourceKind::File(name) => Ok(Input::File(format!("files/{}", gemini_file_id(&name)?))),
            elsewhere => Err(foreign_source(&elsewhere)),
        }
    }

    fn plan(&self, task: Task, _: &GeminiModel, options: &CreateOptions) -> Result<Plan<Self>> {
        let kind = match task {
            Task::GenerateContent => JobKind::GenerateContent,
            Task::EmbedContent => JobKind::EmbedContent(EmbedForm::Gemini),
        };
        Ok(Plan {
            target: Target {
                kind,
                inline_limit: options.inline_limit,
                max_file: MAX_FILE,
                file_carries_metadata: false,
            },
            store: self.clone(),
            uri: match options.before_place {
                Some(_) => Some(new_file_name()?),
                // The service chooses one.
                None => None,
            },
        })
    }

    async fn place(
        &self,
        prepared: Prepared,
        display_name: &str,
        name: Option<&str>,
        on_progress: Option<OnCreateProgress>,
    ) -> Result<Placed<Input>> {
        match prepared {
            Prepared::Inline(requests) => Ok(Placed {
                input: Input::Inline(requests),
                name: None,
            }),
            Prepared::Spooled(file, len) => {
                let mut file = NewFile::spooled(file, len)
                    .mime_type(JSONL)
                    .display_name(display_name);
                file.name = name.map(str::to_owned);
                if let Some(on_progress) = on_progress {
                    on_progress.sent(0, len);
                    file.on_progress = Some(Box::new(move |sent, len| on_progress.sent(sent, len)));
                }
                let file = file
                    .send(Ok(self.clone()))
                    .await
                    .map_err(|e| e.during("uploading the requests"))?;
                let name = file.name().to_owned();
                if let Err(error) = self.once_ready(file).await {
                    if let Err(error) = self.delete_file(&name).await {
                        tracing::warn!(%error, file = name, "the requests could not be removed");
                    }
                    return Err(error.during("uploading the requests"));
                }
                Ok(Placed {
                    input: Input::File(name.clone()),
                    name: Some(name),
                })
            }
        }
    }

    fn body(
        &self,
        task: Task,
        model: &GeminiModel,
        (display_name, mark): (&str, Option<&Mark>),
        input: Input,
        options: &CreateOptions,
    ) -> Result<Self::Body> {
        let body = request::create_body(task, display_name, mark, options, input)?;
        Ok((model.clone(), body))
    }

    /// A file that the service still works on is waited for once a create from it is refused, so that
    /// the others cost no call.
    async fn send(&self, (model, body): &Self::Body) -> Result<BatchJob> {
        let created = self.send_now(model, body).await;
        let Some(name) = body.file_name() else {
            return created;
        };
        let created = created.map_err(|error| match error.status() {
            Some(403) => error.about_file(name),
            _ => error,
        });
        let Err(refusal) = &created else {
            return created;
        };
        let is_precondition =
            refusal.status() == Some(400) && refusal.status_name() == Some("FAILED_PRECONDITION");
        let words = refusal.message().to_lowercase();
        let mut of_files = ["file", "active", "processing", "inference"].into_iter();
        if !is_precondition || !of_files.any(|word| words.contains(word)) {
            return created;
        }
        // Nothing came of the create, whatever comes of this.
        let is_ready = self.became_ready(name, refusal.message()).await;
        match is_ready.map_err(|error| error.unsent().during(name))? {
            true => self.send_now(model, body).await,
            false => created,
        }
    }

    async fn list_marked(
        &self,
        _: &Identity,
        _: bool,
        page_token: Option<String>,
    ) -> Result<Page<BatchJob>> {
        let options = ListOptions {
            page_size: Some(LOOK_AT),
            page_token,
            ..ListOptions::default()
        };
        self.list_page(&options).await
    }

    async fn remove(&self, name: &str) -> Result<()> {
        self.delete_file(name).await
    }
}

impl Gemini {
    async fn send_now(&self, model: &GeminiModel, body: &Body) -> Result<BatchJob> {
        let raw = self.raw();
        let created = match (body, model) {
            (Body::Generate(body), GeminiModel::Base(id)) => {
                raw.models_batch_generate_content(id, body).await
            }
            (Body::Generate(body), GeminiModel::Tuned(id)) => {
                raw.tuned_models_batch_generate_content(id, body).await
            }
            (Body::Embed(body), GeminiModel::Base(id)) => {
                raw.models_async_batch_embed_content(id, body).await
            }
            (Body::Embed(body), GeminiModel::Tuned(id)) => {
                raw.tuned_models_async_batch_embed_content(id, body).await
            }
        };
        let job = created?.into_inner().try_into()?;
        check_name(&job).map(|()| job)
    }
}

/// A name for a file that no other has: at most 40 lowercase letters, digits and dashes (Gemini API
/// reference, `File.name`).
fn new_file_name() -> Result<String> {
    let digits = unique::digits(24).map_err(Error::no_randomness)?;
    Ok(format!("files/genai-batch-{digits}"))
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
