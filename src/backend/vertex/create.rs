//! How this backend takes part in a create.

use super::client::Vertex;
use super::convert::{MARK_LABEL, check_name};
use super::name::{self, ProjectLocation};
use super::request::{self, Input};
use super::staging::Folder;
use crate::backend::create::{CreateJobs, Placed, Plan};
use crate::backend::mark::{Identity, Mark};
use crate::destination::Destination;
use crate::error::{Error, Result};
use crate::http::Session;
use crate::job::BatchJob;
use crate::options::{CreateOptions, ListOptions, OnCreateProgress, Task};
use crate::page::Page;
use crate::platform::Backend;
use crate::raw::vertex::types;
use crate::request::Form;
use crate::request::finding::{Finding, FindingCode};
use crate::source::SourceKind;
use crate::source::kind::{EmbedForm, JobKind, embed_form, form_of};
use crate::source::prepare::Prepared;

impl CreateJobs for Vertex {
    const FINDS_LABELS: bool = true;

    /// Its resource name.
    type Model = String;
    type Input = Input;
    type Body = types::BatchPredictionJob;
    type AttachmentStore = Folder;

    const BACKEND: Backend = Backend::Vertex;

    fn session(&self) -> &Session {
        &self.session
    }

    fn check(&self, task: Task, model: &str, options: &CreateOptions) -> Result<String> {
        let model = name::model(model, self.place.as_ref())?;
        request::check(task, options)?;
        if task == Task::EmbedContent && self.form(&model, options) == Form::Anthropic {
            return Err(Error::input(format!(
                "{model} makes no embeddings: create the job with `create`, or name another model"
            )));
        }
        Ok(model)
    }

    fn form(&self, model: &String, options: &CreateOptions) -> Form {
        let by_name = || form_of(model, options.dedicated_resources.is_some());
        options.form.unwrap_or_else(by_name)
    }

    fn notes(&self, model: &String, options: &CreateOptions) -> Vec<Finding> {
        if self.form(model, options) != Form::Anthropic {
            return Vec::new();
        }
        let message = "a project runs four jobs of Claude at once unless its quota is raised (Vertex \
            AI documentation, Batch predictions with Anthropic Claude models)";
        let finding = Finding::note(FindingCode::LimitExceeded, message);
        vec![finding.hint("let one end before you create the fifth")]
    }

    fn wrong_place(
        &self,
        task: Task,
        model: &String,
        source: &SourceKind,
        options: &CreateOptions,
    ) -> Option<Finding> {
        let location = self.place.as_ref().map(|place| place.location.as_str());
        wrong_place(location, job_kind(task, model), model, source, options)
    }

    fn input_of(&self, source: SourceKind) -> Result<Input> {
        match source {
            SourceKind::CloudStorage(uris) => Input::objects(&uris),
            SourceKind::BigQuery(uri) => Input::table(&uri),
            SourceKind::Dataset(name) => Input::dataset(name),
            SourceKind::File(name) => Err(Error::input(format!(
                "the source {name:?} is in the Gemini Files API, which Vertex AI cannot read: \
                 pass a local file, or put it into Cloud Storage"
            ))),
            SourceKind::Entries(_) | SourceKind::Path(_) => {
                Err(Error::input("the service does not hold this source"))
            }
        }
    }

    fn plan(&self, task: Task, model: &String, options: &CreateOptions) -> Result<Plan<Self>> {
        self.staging_plan(job_kind(task, model), options)
    }

    async fn place(
        &self,
        prepared: Prepared,
        _: &str,
        uri: Option<&str>,
        on_progress: Option<OnCreateProgress>,
    ) -> Result<Placed<Input>> {
        let (Prepared::Spooled(file, len), Some(uri)) = (prepared, uri) else {
            return Err(Error::input("the source cannot be staged"));
        };
        let on_written = |sent| on_progress.iter().for_each(|on| on.sent(sent, len));
        on_written(0);
        self.stage(file, uri, &on_written).await
    }

    fn body(
        &self,
        _: Task,
        model: &String,
        (display_name, mark): (&str, Option<&Mark>),
        input: Input,
        options: &CreateOptions,
    ) -> Result<types::BatchPredictionJob> {
        request::create_body(display_name, model, &input, mark, options)
    }

    async fn send(&self, body: &types::BatchPredictionJob) -> Result<BatchJob> {
        let raw = self.raw_at(self.place.as_ref());
        let created = match &self.place {
            Some(ProjectLocation { project, location }) => {
                raw.batch_prediction_jobs_create(project, location, body)
                    .await
            }
            None => raw.express_batch_prediction_jobs_create(None, body).await,
        };
        let job = created?.into_inner().try_into()?;
        check_name(&job).map(|()| job)
    }

    async fn list_marked(
        &self,
        identity: &Identity,
        by_label: bool,
        page_token: Option<String>,
    ) -> Result<Page<BatchJob>> {
        let filter = format!("labels.{MARK_LABEL}=\"{}\"", identity.as_str());
        let options = ListOptions {
            filter: by_label.then_some(filter),
            page_token,
            ..ListOptions::default()
        };
        self.list_page(&options).await
    }

    async fn remove(&self, name: &str) -> Result<()> {
        self.remove_staged(name).await
    }
}

#[cfg(feature = "runs")]
impl Vertex {
    /// Refuses a source that it does not read, and one that needs a destination and has none.
    pub(crate) fn check_held(&self, source: SourceKind, options: &CreateOptions) -> Result<()> {
        let input = self.input_of(source)?;
        match options.destination {
            Some(_) => Ok(()),
            None => input.default_destination().map(drop),
        }
    }
}

/// What a job does, and for embeddings how this model wants its requests.
fn job_kind(task: Task, model: &str) -> JobKind {
    match task {
        Task::GenerateContent => JobKind::GenerateContent,
        Task::EmbedContent => JobKind::EmbedContent(embed_form(model)),
    }
}

/// The location of a model or an endpoint of the project's own.
fn location_of(model: &str) -> Option<&str> {
    let segments: Vec<_> = model.split('/').collect();
    match segments[..] {
        [
            "projects",
            _,
            "locations",
            location,
            "models" | "endpoints",
            _,
        ] => Some(location),
        _ => None,
    }
}

/// What Google documents that a batch does not do with some models and in some places.
fn wrong_place(
    location: Option<&str>,
    kind: JobKind,
    model: &str,
    source: &SourceKind,
    options: &CreateOptions,
) -> Option<Finding> {
    let error = |message: String| Finding::error(FindingCode::UnsupportedHere, message);
    let is_table = matches!(source, SourceKind::BigQuery(_));
    let id = model.rsplit('/').next().unwrap_or_default();
    let destination = options.destination.as_ref();
    if let (Some(own), Some(location)) = (location_of(model), location)
        && own != location
        && location != "global"
    {
        let message = format!("the model is in {own}, and the client makes jobs in {location}");
        return Some(error(message).hint("make the client for the model's own region"));
    }
    let is_served = ["publishers/google/", "publishers/anthropic/"]
        .iter()
        .any(|publisher| model.starts_with(publisher))
        || id.ends_with("-maas");
    if is_served && options.dedicated_resources.is_some() {
        let message = format!("Google serves {id} itself, without machines of yours");
        return Some(error(message).hint("leave `dedicated_resources` out"));
    }
    let by_name = form_of(model, options.dedicated_resources.is_some());
    let is_deployed = by_name == Form::OpenAi && !id.ends_with("-maas");
    if is_deployed && options.dedicated_resources.is_none() {
        let message = format!(
            "{id} is not a model that Google serves (those end in `-maas`), and one that you deploy \
             yourself needs machines"
        );
        let finding = Finding::warning(FindingCode::UnsupportedHere, message);
        return Some(finding.hint("set `dedicated_resources`"));
    }
    if kind == JobKind::EmbedContent(EmbedForm::VertexGemini) && is_table {
        let message = format!("{id} reads requests from Cloud Storage alone, and this is a table");
        return Some(error(message).hint("export it as JSONL, and name the objects"));
    }
    if location != Some("global") {
        let is_global = id.starts_with("gemini-embedding-2");
        let finding = Finding::warning(
            FindingCode::UnsupportedHere,
            format!("{id} is documented at the location `global` alone"),
        );
        return (is_global && location.is_some())
            .then(|| finding.hint("make the client for `global`"));
    }
    let is_own = !model.starts_with("publishers/");
    let to_table = matches!(
        destination,
        Some(Destination::BigQuery(_) | Destination::Dataset { .. })
    );
    let hint = "make the client for a region, such as us-central1";
    if is_own {
        return Some(error("the location `global` runs no tuned models".to_owned()).hint(hint));
    }
    if by_name != Form::Gemini {
        // Vertex AI documentation, Deployments and endpoints: limitations of the global endpoint.
        let message = "the location `global` runs no batches of Claude and of open models";
        return Some(error(message.to_owned()).hint(hint));
    }
    if is_table || to_table {
        let message = "the location `global` reads and writes no BigQuery tables";
        return Some(error(message.to_owned()).hint(hint));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_do_not_do_it_are_told() {
        let objects = || SourceKind::CloudStorage(vec!["gs://b/in.jsonl".to_owned()]);
        let table = || SourceKind::BigQuery("bq://p.d.t".to_owned());
        let to_table = Destination::BigQuery("bq://p.d".to_owned());
        let flash = "publishers/google/models/gemini-2.5-flash";
        let tuned = "projects/p/locations/us-central1/models/5";
        let content = JobKind::GenerateContent;
        let embedding = JobKind::EmbedContent(EmbedForm::VertexGemini);
        let options = |to: Option<&Destination>| CreateOptions {
            destination: to.cloned(),
            ..CreateOptions::default()
        };
        let claude = "publishers/anthropic/models/claude-sonnet-4-5";
        let llama = "publishers/meta/models/llama-3.3-70b-instruct-maas";
        let elsewhere = "projects/p/locations/europe-west4/endpoints/7";
        for (location, kind, model, source, to, wrong) in [
            ("global", content, claude, objects(), None, true),
            ("global", content, llama, objects(), None, true),
            ("us-east5", content, claude, table(), None, false),
            ("us-central1", content, llama, objects(), None, false),
            ("us-central1", content, elsewhere, objects(), None, true),
            ("global", content, flash, objects(), None, false),
            ("global", content, flash, table(), None, true),
            ("global", content, flash, objects(), Some(&to_table), true),
            ("global", content, tuned, objects(), None, true),
            (
                "us-central1",
                content,
                tuned,
                table(),
                Some(&to_table),
                false,
            ),
            (
                "us-central1",
                embedding,
                "publishers/google/models/gemini-embedding-001",
                table(),
                None,
                true,
            ),
            (
                "us-central1",
                embedding,
                "publishers/google/models/gemini-embedding-001",
                objects(),
                None,
                false,
            ),
        ] {
            let found = wrong_place(Some(location), kind, model, &source, &options(to));
            assert_eq!(found.is_some(), wrong, "{location} {model}");
        }
        let deployed = "publishers/meta/models/llama3_1@llama-3.1-8b-instruct";
        let found = wrong_place(
            Some("us-central1"),
            content,
            deployed,
            &objects(),
            &options(None),
        );
        assert!(found.is_some_and(|it| !it.is_error() && it.reason().contains("machines")));
        let newer = "publishers/google/models/gemini-embedding-2";
        let found = wrong_place(
            Some("us-central1"),
            embedding,
            newer,
            &objects(),
            &options(None),
        );
        assert!(found.is_some_and(|it| !it.is_error()));
    }
    use crate::source::kind::EmbedForm;

    #[test]
    fn the_form_of_an_embedding_follows_from_the_model() {
        let kind = |model| job_kind(Task::EmbedContent, model);
        let text = kind("publishers/google/models/text-embedding-005");
        assert_eq!(text, JobKind::EmbedContent(EmbedForm::VertexText));
        let gemini = kind("publishers/google/models/gemini-embedding-001");
        assert_eq!(gemini, JobKind::EmbedContent(EmbedForm::VertexGemini));
    }
}
