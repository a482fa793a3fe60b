//! The run of a preflight: reads every line, books what is found, and sums up.

use std::sync::Arc;

use super::Preflight;
use super::diagnosis::Diagnosis;
use super::feed::{Feed, Item, Unreadable};
use super::finding::{Finding, FindingCode, Findings, Severity};
use super::limits::LimitUse;
use super::line::{self, Checked, Rules};
use super::sample::{Correction, Sample};
use super::tokens;
use super::uploads::Uploads;
use crate::cost::{Estimate, Pricing};
use crate::error::{Error, Result};
use crate::results::ExpectedBuilder;
use crate::source::entry::JobKind;
use crate::source::prepare::MAX_LINE;
use crate::source::{Source, SourceKind};

/// Which bits of a place are its line; those above are its file.
const LINE_BITS: u32 = 40;

pub(super) async fn run(options: Preflight) -> Result<Diagnosis> {
    let client = &options.client;
    if options.sample > 0 {
        client.service().counts_tokens()?;
        if options.model.is_none() {
            return Err(Error::input(
                "`sample` needs `model`, whose tokens are counted",
            ));
        }
    }
    let backend = client.backend();
    let name = name_of(&options.source);
    let model = options.model.clone();
    let form = client
        .service()
        .embed_form(model.as_deref().unwrap_or_default());
    let kind = match model.as_deref() {
        Some(model) if model.contains("embedding") => JobKind::EmbedContent(form),
        Some(_) => JobKind::GenerateContent,
        None => JobKind::Either(form),
    };
    let mut rules = Rules {
        backend,
        kind,
        model: model.as_deref(),
        keyless: None,
    };
    let mut count = Count::new(&options, name.clone());
    let service = client.service().clone();
    let feed = match options.source.0 {
        SourceKind::Entries(entries) => {
            count.is_list = true;
            Feed::entries(entries, kind)
        }
        SourceKind::Path(path) => {
            rules.keyless = Some(Severity::Note);
            Feed::local(service, &path).await?
        }
        #[cfg(feature = "gcs")]
        SourceKind::CloudStorage(uris) if backend == crate::Backend::Vertex => {
            rules.keyless = Some(Severity::Warning);
            count.held = true;
            count.files.clone_from(&uris);
            Feed::objects(service, uris)
        }
        held => {
            count.held_elsewhere(held).await;
            return Ok(count.diagnosis());
        }
    };
    count.read(feed, rules).await?;
    count.count_sample().await;
    count.sum_up(rules);
    Ok(count.diagnosis())
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
    /// Whether the source is no file, so that places are numbers alone.
    pub(super) is_list: bool,
    pub(super) model: Option<String>,
    pub(super) pricing: Option<Pricing>,
    pub(super) inline_limit: crate::InlineLimit,
    pub(super) likely_answer: u64,
    pub(super) findings: Findings,
    pub(super) limits: Vec<LimitUse>,
    pub(super) requests: u64,
    pub(super) bytes: u64,
    pub(super) embeddings: u64,
    pub(super) image_answers: u64,
    pub(super) first_metadata: Option<String>,
    pub(super) unmeasured: u64,
    pub(super) input: Estimate,
    pub(super) output: Estimate,
    sample: Sample,
    pub(super) correction: Option<Correction>,
}

impl Count {
    fn new(options: &Preflight, name: String) -> Self {
        Self {
            client: options.client.clone(),
            name,
            files: Vec::new(),
            held: false,
            is_list: false,
            model: options.model.clone(),
            pricing: options.pricing.clone(),
            inline_limit: options.inline_limit,
            likely_answer: options.likely_answer,
            findings: Findings::default(),
            limits: Vec::new(),
            requests: 0,
            bytes: 0,
            embeddings: 0,
            image_answers: 0,
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

    async fn read(&mut self, mut feed: Feed, rules: Rules<'_>) -> Result<()> {
        let mut keys = ExpectedBuilder::default();
        let mut uploads = Uploads::new(self.client.clone());
        while let Some(Item { number, content }) = feed.next().await? {
            self.requests += 1;
            let place: Arc<str> = feed.place(number).into();
            let checked = match content {
                Ok(line) => {
                    self.bytes += line.len() as u64 + 1;
                    let checked = line::check(&line, rules);
                    if !checked.has_errors() && !checked.is_embedding {
                        let estimated = checked.parts.input().likely;
                        self.sample.offer(&line, estimated);
                    }
                    checked
                }
                Err(reason) => unreadable(reason),
            };
            let file = self.files.len().saturating_sub(feed.files_left()) as u64;
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
            let message = format!(
                "{} references to uploads were not looked up, after the first 1,000 uploads",
                uploads.unchecked
            );
            self.book(Finding::note(FindingCode::NotChecked, message));
        }
        self.doubles(keys).await
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
        self.image_answers += u64::from(checked.parts.makes_images);
        self.unmeasured += checked.parts.unmeasured;
        self.input += checked.parts.input();
        self.output += checked.parts.output(self.likely_answer);
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

    async fn doubles(&mut self, keys: ExpectedBuilder) -> Result<()> {
        let doubles = keys.doubles(Findings::room()).await.map_err(keys_failed)?;
        let named = doubles.named.len() as u64;
        for twice in doubles.named {
            let (first, second) = (self.place(twice.first), self.place(twice.second));
            let message = format!("the key is used before, at {}", first.1);
            let mut finding = Finding::error(FindingCode::KeyTwice, message)
                .hint("give every request a key of its own");
            (finding.line, finding.place) = (Some(second.0), second.1);
            finding.key = Some(twice.key);
            self.findings.push(finding);
        }
        let more = doubles.count.saturating_sub(named);
        if more > 0 {
            self.findings
                .count(Severity::Error, FindingCode::KeyTwice, more);
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

fn unreadable(reason: Unreadable) -> Checked {
    let finding = match reason {
        Unreadable::TooLong => Finding::error(
            FindingCode::LineTooLong,
            format!("the line is longer than {MAX_LINE} bytes"),
        )
        .hint("upload large media and refer to it by its URI"),
        Unreadable::Refused(reason) => Finding::error(FindingCode::WrongShape, reason),
    };
    Checked {
        findings: vec![finding],
        parts: tokens::Parts::default(),
        ..Checked::default()
    }
}

fn keys_failed(error: std::io::Error) -> Error {
    Error::io("the keys could not be kept in a temporary file", error)
}
