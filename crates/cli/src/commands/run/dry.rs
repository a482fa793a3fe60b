//! `--dry-run`: what would be asked, what is wrong with it, and what it would cost. Nothing is sent,
//! and no file is made.

use std::sync::Arc;

use genai_batch::preflight::{Diagnosis, Finding, FindingCode, Severity};
use genai_batch::{Client, Source};
use serde::Serialize;
use serde_json::Value;

use super::feed::{Feed, Sample};
use super::plan::{Plan, Work};
use super::session::refused;
use crate::commands::{check, estimate};
use crate::connect;
use crate::exit::{Failure, Result};
use crate::global::{BackendName, Global};
use crate::prompt::Embedding;
use crate::show::counted::{counted, grouped};
use crate::show::out::write_text;
use crate::show::{Cell, Out, Record, note, table};
use crate::table::text::clip;

/// How many requests are shown.
const SHOWN: usize = 3;
/// How many findings of one kind are.
const FINDINGS: usize = 5;

/// What is shown.
#[derive(Debug, Serialize)]
struct DryRun<'a> {
    model: &'a str,
    system_instruction: Option<&'a str>,
    generation_config: Value,
    /// How texts are embedded, if they are.
    embedding: Option<&'a Embedding>,
    requests: Vec<Sample>,
    diagnosis: Diagnosis,
    /// What a key is, where it does not say that itself.
    #[serde(skip)]
    name_of_key: &'static str,
}

/// Shows what a run would do.
pub(super) async fn show(plan: &Arc<Plan>, global: &Global) -> Result<()> {
    let connection = connect::connect(global, None).await;
    let client = match (&connection, global.backend) {
        (Ok(connection), _) => connection.client.clone(),
        // Nothing is sent, so that it can be known before there is an account.
        (Err(_), None | Some(BackendName::Gemini)) => Client::gemini("none")?,
        (Err(_), Some(BackendName::Vertex)) => return connection.map(drop),
    };
    let feed = Arc::new(Feed::with_samples(SHOWN));
    let (source, mut requests) = match &plan.work {
        Work::Table(maker) => (feed.source(maker, plan), Vec::new()),
        Work::Requests(path) => (Source::path(path), lines(path).await?),
    };
    let settings = &plan.settings;
    let mut create = match plan.args.embeddings {
        true => client.batches().create_embeddings(&plan.args.model, source),
        false => client.batches().create(&plan.args.model, source),
    };
    if settings.has_config() {
        create = create.generation_config(settings.config.clone());
    }
    if let Some(system) = &settings.system {
        create = create.system_instruction(system);
    }
    let mut preflight = create.preflight();
    if let Some(pricing) = &plan.pricing {
        preflight = preflight.pricing(pricing.clone());
    }
    let mut diagnosis = match preflight.await {
        Ok(diagnosis) => diagnosis,
        Err(error) => return Err(refused(plan, &feed, error, "").await),
    };
    if let Some(failure) = feed.take_failure() {
        return Err(failure);
    }
    if let Work::Table(_) = plan.work {
        requests = feed.take_samples();
    }
    // A run makes as many jobs as it takes.
    let of_one_job = |finding: &Finding| {
        finding.code == FindingCode::LimitExceeded && finding.severity == Severity::Error
    };
    let found = diagnosis.findings.len();
    diagnosis.findings.retain(|finding| !of_one_job(finding));
    let taken_out = (found - diagnosis.findings.len()) as u64;
    diagnosis.errors = diagnosis.errors.saturating_sub(taken_out);
    if let Some(count) = diagnosis.counts.get_mut(&FindingCode::LimitExceeded) {
        *count = count.saturating_sub(taken_out);
    }
    diagnosis.counts.retain(|_, count| *count > 0);
    let errors = diagnosis.errors;
    let shown = DryRun {
        model: &plan.args.model,
        system_instruction: settings.system.as_deref(),
        generation_config: Value::from(settings.config.clone()),
        embedding: match &plan.work {
            Work::Table(maker) => maker.embedding.as_ref(),
            Work::Requests(_) => None,
        },
        requests,
        diagnosis,
        name_of_key: match &plan.work {
            Work::Table(maker) if maker.key.is_none() => maker.input.unit(),
            _ => "",
        },
    };
    for odd in plan.odd() {
        note::say(global, format!("note: {odd}"));
    }
    let requests = shown.diagnosis.requests;
    if let Some(first) = plan.args.first.filter(|first| *first < requests) {
        note::say(
            global,
            format!(
                "note: with --first, {} of the {} would be sent for now; what follows is of all of them",
                grouped(first),
                counted(requests, "request")
            ),
        );
    }
    let out = Out::of(global);
    match out.is_json() {
        true => out.document(&shown)?,
        false => write_text(&shown.to_text())?,
    }
    match errors {
        0 => Ok(()),
        errors => {
            let errors = counted(errors, "error");
            Err(Failure::usage(format!(
                "{errors}, for which this would be refused"
            )))
        }
    }
}

/// The first lines of a file of requests.
async fn lines(path: &std::path::Path) -> Result<Vec<Sample>> {
    use std::io::{BufRead, Read};
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::open(path)?.take(1 << 20);
        let mut lines = Vec::new();
        for line in std::io::BufReader::new(file).lines() {
            let line = line?;
            if !line.trim().is_empty() && lines.len() < SHOWN {
                lines.push(line);
            }
        }
        Ok::<_, std::io::Error>(lines)
    });
    let lines = read.await.map_err(std::io::Error::other)??;
    let samples = lines.into_iter().enumerate().map(|(at, line)| Sample {
        key: format!("line {}", at + 1),
        prompt: line,
        media: Vec::new(),
    });
    Ok(samples.collect())
}

impl DryRun<'_> {
    fn to_text(&self) -> String {
        let mut parts = Vec::new();
        for Sample { key, prompt, media } in &self.requests {
            let prompt = clip(prompt.trim_end(), 2000).replace('\n', "\n  ");
            let media: String = media.iter().map(|it| format!("\n  [{it}]")).collect();
            parts.push(format!("{}{key}:\n  {prompt}{media}", self.name_of_key));
        }
        if let Some(system) = self.system_instruction {
            parts.push(format!(
                "system instruction:\n  {}",
                system.trim_end().replace('\n', "\n  ")
            ));
        }
        if self
            .generation_config
            .as_object()
            .is_some_and(|it| !it.is_empty())
        {
            parts.push(format!("generation config:\n  {}", self.generation_config));
        }
        if let Some(Embedding {
            task_type,
            dimensions,
        }) = self.embedding
        {
            let mut told = format!("embeddings of {}", self.model);
            if let Some(task_type) = task_type {
                told.push_str(&format!(", for {task_type}"));
            }
            if let Some(dimensions) = dimensions {
                let values = counted((*dimensions).into(), "value");
                told.push_str(&format!(", of {values}"));
            }
            parts.push(told);
        }
        parts.push(self.found());
        parts.push("nothing was sent, and no file was made\n".to_owned());
        parts.join("\n\n")
    }

    /// What is wrong, and what it takes, in tables as wide as the terminal.
    fn found(&self) -> String {
        let mut text = check::summary(&self.diagnosis) + "\n";
        let mut rows = Vec::new();
        for (code, count) in &self.diagnosis.counts {
            let findings = self.diagnosis.of(*code).take(FINDINGS);
            rows.extend(findings.map(|finding| check::Row(finding).cells()));
            if let Some(more @ 1..) = count.checked_sub(FINDINGS as u64) {
                let more = format!("… and {} like these", grouped(more));
                let cells = [String::new(), String::new(), code.to_string(), more];
                rows.push(cells.map(Cell::new).to_vec());
            }
        }
        text += &table::grid(check::Row::COLUMNS, &[], rows, true);
        let parts = estimate::parts(&self.diagnosis).into_iter();
        // A table has no name here, and is told in the line above.
        let parts = parts.filter(|(name, _)| !matches!(*name, "source" | "requests"));
        text += &table::parts(parts.collect());
        text.trim_end().to_owned()
    }
}
