//! `genai-batch check`: what is wrong with a file of requests, before anything is sent.

use std::path::Path;

use genai_batch::Source;
use genai_batch::preflight::{Diagnosis, Finding, Severity};
use serde::Serialize;

use crate::connect::connect_to_look;
use crate::exit::{Failure, Kind, Result, of_command_line};
use crate::global::Global;
use crate::show::counted::{counted, grouped};
use crate::show::note::say;
use crate::show::{Cell, Out, Record, Tone};

/// Tell what is wrong with a file of requests, before anything is sent.
///
/// Nothing is uploaded and no job is made; it needs no credentials. With some, uploads that the requests
/// name are looked up. Each finding has its line, its key and a code that stays as
/// it is. Errors are what will be refused, fail, or lose a result: with any, it ends with 5.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch check reviews.jsonl --model gemini-2.5-flash
  genai-batch check reviews.jsonl --model gemini-2.5-flash --output json")]
pub(crate) struct Args {
    /// A file of requests in JSONL, gs://BUCKET/OBJECT or bq://PROJECT.DATASET.TABLE.
    source: String,
    /// The model of the job, such as gemini-2.5-flash.
    #[arg(long, short)]
    model: String,
    /// Let warnings count as errors.
    #[arg(long)]
    strict: bool,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<()> {
    let connection = connect_to_look(global).await?;
    let source = source(&args.source, &args.model)?;
    let preflight = source.preflight(&connection.client).model(&args.model);
    let diagnosis = preflight.await?;
    let out = Out::of(global);
    match out.is_document() {
        true => out.document(&diagnosis)?,
        false => out.records(&diagnosis.findings.iter().map(Row).collect::<Vec<_>>())?,
    }
    say(global, summary(&diagnosis));
    let wrong = match args.strict {
        true => diagnosis.errors + diagnosis.warnings,
        false => diagnosis.errors,
    };
    if wrong == 0 {
        return Ok(());
    }
    let found = counted(wrong, if args.strict { "finding" } else { "error" });
    let failure = Failure::new(Kind::SomeFailed, format!("{found} in {}", args.source));
    Err(failure.hint("mend the lines that are named; nothing was sent"))
}

/// A source of requests; a table is none, but `genai-batch run` makes requests of it.
pub(crate) fn source(text: &str, model: &str) -> Result<Source> {
    let is_table = Path::new(text)
        .extension()
        .and_then(|it| it.to_str())
        .is_some_and(|it| ["csv", "tsv", "parquet"].contains(&it.to_lowercase().as_str()));
    match is_table && !text.contains("://") {
        true => Err(Failure::usage(format_args!(
            "{text} is a table, and no file of requests"
        ))
        .hint(format_args!(
            "`genai-batch run {text} --model {model} --prompt TEMPLATE --dry-run` shows and checks the \
             requests that are made of it"
        ))),
        false => Ok(Source::try_from(text)?),
    }
}

pub(crate) fn summary(diagnosis: &Diagnosis) -> String {
    let counts = [
        (diagnosis.errors, "error"),
        (diagnosis.warnings, "warning"),
        (diagnosis.notes, "note"),
    ];
    let counts = counts.map(|(count, what)| counted(count, what)).join(", ");
    let kept = diagnosis.findings.len() as u64;
    let all = diagnosis.errors + diagnosis.warnings + diagnosis.notes;
    let more = match all > kept {
        true => format!("; {} more are not shown", grouped(all - kept)),
        false => String::new(),
    };
    format!("{}: {counts}{more}", counted(diagnosis.requests, "request"))
}

/// A finding, as a row.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Row<'a>(pub(crate) &'a Finding);

impl Record for Row<'_> {
    const COLUMNS: &'static [&'static str] = &["place", "severity", "code", "message"];
    const IS_PROSE: bool = true;

    fn cells(&self) -> Vec<Cell> {
        let finding = self.0;
        let tone = match finding.severity {
            Severity::Error => Tone::Bad,
            Severity::Warning => Tone::Warning,
            _ => Tone::Quiet,
        };
        let mut message = finding.message.clone();
        if let Some(path) = &finding.path {
            message.insert_str(0, &format!("at {path}: "));
        }
        if let Some(hint) = &finding.hint {
            message += &format!(": {hint}");
        }
        vec![
            Cell::new(&finding.place),
            Cell::new(finding.severity).tone(tone),
            Cell::new(finding.code),
            Cell::new(of_command_line(&message)),
        ]
    }
}
