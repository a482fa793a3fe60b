//! The run of a preflight: reads every line, books what is found, and sums up.

use std::sync::Arc;

use super::diagnosis::Diagnosis;
use super::feed::{Lines, Numbered};
use super::finding::{Finding, FindingCode, Findings, Severity};
use super::limits::LimitUse;
use super::line::{self, Checked, Rules};
#[cfg(feature = "gcs")]
use super::objects;
use super::sample::{Correction, Sample};
use super::uploads::Uploads;
use super::{EstimateOptions, Preflight};
use crate::backend::family::wrong_model;
use crate::cost::{Estimate, Pricing};
use crate::counted::Counted;
use crate::error::{Error, Result};
use crate::keys::SubmittedKeysBuilder;
use crate::options::{Checks, Task};
#[cfg(feature = "gcs")]
use crate::platform::Backend;
use crate::request::check;
use crate::source::feed::Feed;
use crate::source::intake::{Defaults, Intake};
use crate::source::kind::{EmbedForm, JobKind, is_for_embeddings};
use crate::source::{Source, SourceKind};
#[cfg(feature = "gcs")]
use crate::uri::GcsUri;

/// Which bits of a place are its line; those above are its file.
const LINE_BITS: u32 = 40;

pub(super) async fn run(options: Preflight) -> Result<Diagnosis> {
    let client = &options.client;
    if options.estimate.sample > 0 {
        client.service().token_counter()?;
        if options.model.is_none() {
            return Err(Error::input(
                "`sample` needs `model`, whose tokens are counted",
            ));
        }
    }
    let source = options.source?;
    let backend = client.backend();
    let model = options.model.as_deref();
    let kind = kind_of(client, model, options.task);
    let mut rules = Rules {
        backend,
        kind,
        is_held: false,
        keyless: None,
    };
    let mut count = Count::new(&options.estimate, client, model, name_of(&source));
    let service = client.service().clone();
    if let (Some(task), Some(model)) = (options.task, model) {
        for finding in service.refusals(task, model, &source.0, &options.create) {
            count.book(finding);
        }
    }
    if options.task.is_none() {
        let found = model.and_then(|model| wrong_model(None, model));
        found.into_iter().for_each(|finding| count.book(finding));
    }
    // What another form says of embeddings is written out of the request as it is given.
    let writer = |model| service.writer(Task::EmbedContent, model, &options.create);
    let written = match kind {
        JobKind::EmbedContent(_) if matches!(model.map(writer), Some(Ok(Some(_)))) => {
            JobKind::EmbedContent(EmbedForm::Gemini)
        }
        kind => kind,
    };
    let lines = match source.0 {
        SourceKind::Entries(entries) => {
            count.is_list = true;
            Lines::new(service, Feed::entries(entries), written)
        }
        SourceKind::Path(path) => {
            rules.keyless = Some(Severity::Note);
            Lines::new(service, Feed::open(&path).await?, kind)
        }
        #[cfg(feature = "gcs")]
        SourceKind::CloudStorage(uris) if backend == Backend::Vertex => {
            let Some(objects) = objects::find(&service, &uris).await? else {
                count.held_elsewhere(SourceKind::CloudStorage(uris)).await;
                return Ok(count.diagnosis());
            };
            rules.keyless = Some(Severity::Warning);
            count.held = true;
            rules.is_held = true;
            count.files = objects.iter().map(GcsUri::to_string).collect();
            Lines::of_objects(service, objects, kind)
        }
        held => {
            count.held_elsewhere(held).await;
            return Ok(count.diagnosis());
        }
    };
    // What the service reads as it is, nobody puts into the form of the API.
    let is_as_it_is = count.held || options.create.checks == Checks::Off;
    let of_request = check::Rules::new(backend, model);
    let none = Defaults::default();
    let defaults = if count.held {
        &none
    } else {
        &options.create.defaults
    };
    let task = match kind {
        JobKind::EmbedContent(_) => Task::EmbedContent,
        _ => Task::GenerateContent,
    };
    // A model that is none was told before.
    let writer = model.and_then(|model| {
        count
            .client
            .service()
            .writer(task, model, &options.create)
            .ok()
    });
    let writer = writer.flatten();
    if writer.is_some() {
        count.inline_limit = crate::batches::InlineLimit::NEVER;
    }
    let intake = Intake::thorough(kind, defaults, of_request, is_as_it_is)
        .in_form(writer)
        .held(count.held)
        .keyed_by(options.create.key_field.clone());
    count.read(lines, rules, intake).await?;
    count.count_sample().await;
    count.sum_up(rules);
    Ok(count.diagnosis())
}

fn kind_of(client: &crate::Client, model: Option<&str>, task: Option<Task>) -> JobKind {
    let form = client.service().embed_form(model.unwrap_or_default());
    match (task, model) {
        (Some(Task::EmbedContent), _) => JobKind::EmbedContent(form),
        (Some(Task::GenerateContent), _) => JobKind::GenerateContent,
        (None, Some(model)) if is_for_embeddings(model) => JobKind::EmbedContent(form),
        (None, Some(_)) => JobKind::GenerateContent,
        (None, None) => JobKind::Either(form),
    }
}

/// The source, in words.
fn name_of(source: &Source) -> String {
    match &source.0 {
        SourceKind::Entries(_) => "requests".to_owned(),
        SourceKind::Path(path) => path.display().to_string(),
        SourceKind::CloudStorage(uris) => uris.join(", "),
        SourceKind::File(name) | SourceKind::BigQuery(name) | SourceKind::Dataset(name) => {
            name.clone()
        }
    }
}

/// What is known so far.
pub(super) struct Count {
    pub(super) client: crate::Client,
    pub(super) name: String,
    /// The files that are read, where there are several.
    pub(super) files: Vec<String>,
    /// Whether the source is with the service already, so that nothing of it goes inline.
    pub(super) held: bool,
    /// Whether the source is not a file, so that places are numbers alone.
    pub(super) is_list: bool,
    pub(super) model: Option<String>,
    pub(super) pricing: Option<Pricing>,
    pub(super) inline_limit: crate::batches::InlineLimit,
    pub(super) likely_output: u64,
    pub(super) findings: Findings,
    pub(super) limits: Vec<LimitUse>,
    pub(super) requests: u64,
    pub(super) bytes: u64,
    pub(super) embeddings: u64,
    pub(super) image_responses: u64,
    pub(super) first_metadata: Option<String>,
    pub(super) unmeasured: u64,
    pub(super) input: Estimate,
    pub(super) output: Estimate,
    sample: Sample,
    pub(super) correction: Option<Correction>,
}

impl Count {
    fn new(
        options: &EstimateOptions,
        client: &crate::Client,
        model: Option<&str>,
        name: String,
    ) -> Self {
        Self {
            client: client.clone(),
            name,
            files: Vec::new(),
            held: false,
            is_list: false,
            model: model.map(str::to_owned),
            pricing: options.pricing.clone(),
            inline_limit: options.inline_limit,
            likely_output: options.likely_output,
            findings: Findings::default(),
            limits: Vec::new(),
            requests: 0,
            bytes: 0,
            embeddings: 0,
            image_responses: 0,
            first_metadata: None,
            unmeasured: 0,
            input: Estimate::default(),
            output: Estimate::default(),
            sample: Sample::of(options.sample),
            correction: None,
        }
    }

    /// Books a finding about the source as a whole.
    pub(super) fn book(&mut self, mut finding: Finding) {
        finding.place.clone_from(&self.name);
        self.findings.push(finding);
    }

    async fn read(&mut self, mut lines: Lines, rules: Rules, mut intake: Intake) -> Result<()> {
        let mut keys = SubmittedKeysBuilder::default();
        let mut uploads = Uploads::new(self.client.clone());
        while let Some(Numbered { number, content }) = lines.next().await? {
            self.requests += 1;
            let place: Arc<str> = lines.place(number).into();
            let checked = match content {
                Ok(line) => {
                    self.bytes += line.len() as u64 + 1;
                    let checked = line::check(&line, rules, &mut intake);
                    if !checked.has_errors() && !checked.is_embedding {
                        let estimated = checked.parts.input().likely;
                        self.sample.offer(&line, estimated);
                    }
                    checked
                }
                Err(refused) => Checked {
                    findings: refused,
                    ..Checked::default()
                },
            };
            let file = self.files.len().saturating_sub(lines.files_left()) as u64;
            let id = file << LINE_BITS | number;
            let is_given_one = rules.keyless != Some(Severity::Warning) && !checked.has_errors();
            let pushed = match &checked.key {
                Some(key) => keys.push(key, id).await,
                None if is_given_one => keys.push(&format!("request-{number}"), id).await,
                None => Ok(()),
            };
            pushed.map_err(keys_failed)?;
            self.line(checked, &place, number, &mut uploads).await;
        }
        if self.requests == 0 {
            let finding = Finding::error(FindingCode::Empty, "there are no requests");
            self.book(finding);
        }
        if uploads.unchecked > 0 {
            let unchecked = Counted(uploads.unchecked, "reference");
            let message =
                format!("{unchecked} to uploads not looked up, after the first 1,000 uploads");
            self.book(Finding::note(FindingCode::NotChecked, message));
        }
        self.duplicates(keys).await
    }

    async fn line(&mut self, checked: Checked, place: &str, number: u64, uploads: &mut Uploads) {
        let mut found = checked.findings;
        for reference in &checked.references {
            found.extend(uploads.check(reference).await);
        }
        for mut finding in found {
            place.clone_into(&mut finding.place);
            finding.line = Some(number);
            finding.key.clone_from(&checked.key);
            self.findings.push(finding);
        }
        if checked.has_metadata && self.first_metadata.is_none() {
            self.first_metadata = Some(place.to_owned());
        }
        self.embeddings += u64::from(checked.is_embedding);
        self.image_responses += u64::from(checked.parts.makes_images);
        self.unmeasured += checked.parts.unmeasured;
        self.input += checked.parts.input();
        self.output += checked.parts.output(self.likely_output);
    }

    async fn count_sample(&mut self) {
        let sample = std::mem::take(&mut self.sample);
        if let Some(model) = &self.model {
            match sample.count(self.client.service(), model).await {
                Ok(correction) => self.correction = correction,
                Err(error) => {
                    let message = format!("the service did not count the tokens: {error}");
                    self.book(Finding::note(FindingCode::NotChecked, message));
                }
            }
        }
    }

    async fn duplicates(&mut self, keys: SubmittedKeysBuilder) -> Result<()> {
        let duplicates = keys
            .duplicates(Findings::room())
            .await
            .map_err(keys_failed)?;
        let named = duplicates.named.len() as u64;
        for twice in duplicates.named {
            let (first, second) = (self.place(twice.first), self.place(twice.second));
            let message = format!("the key is used before, at {}", first.1);
            let mut finding = Finding::error(FindingCode::DuplicateKey, message)
                .hint("give every request a key of its own");
            (finding.line, finding.place) = (Some(second.0), second.1);
            finding.key = Some(twice.key);
            self.findings.push(finding);
        }
        let more = duplicates.count.saturating_sub(named);
        if more > 0 {
            self.findings
                .count(Severity::Error, FindingCode::DuplicateKey, more);
        }
        Ok(())
    }

    /// The line of a place, and the place in words.
    fn place(&self, id: u64) -> (u64, String) {
        let number = id & ((1 << LINE_BITS) - 1);
        let file = (id >> LINE_BITS).checked_sub(1);
        let file = file.and_then(|index| self.files.get(index as usize));
        let words = match file {
            Some(file) => format!("{file}:{number}"),
            None if self.is_list => format!("request {number}"),
            None => format!("{}:{number}", self.name),
        };
        (number, words)
    }
}

fn keys_failed(error: std::io::Error) -> Error {
    Error::io("the keys could not be kept in a temporary file", error)
}
