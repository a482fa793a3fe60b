//! The page: a template, its style and its script, and a policy that lets nothing else run or load.

use std::error::Error;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use genai_batch::runs::RunJob;
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::gather::Gathered;
use super::jobs::seconds;
use super::plots;
use super::text::{self, Shown, span};
use crate::show::counted::grouped;
use crate::show::json::Deviations;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// As many characters of a name are shown.
const NAME: usize = 200;

/// A share of the bar of outcomes, in thousandths of its width.
#[derive(Debug, Serialize)]
struct Share {
    class: &'static str,
    label: &'static str,
    count: String,
    percent: String,
    from: f64,
    width: f64,
}

/// A job in the table.
#[derive(Debug, Serialize)]
struct JobRow {
    number: u64,
    attempt: u64,
    name: Shown,
    state: Shown,
    error: Option<Shown>,
    requests: String,
    responses: String,
    errors: String,
    missing: String,
    retried: String,
    took: String,
}

impl From<&RunJob> for JobRow {
    fn from(job: &RunJob) -> Self {
        let state = job.service_state.as_deref().unwrap_or(&job.state);
        let took = job.created_time.zip(job.ended_time);
        let took = took.map(|(created, ended)| span(seconds(ended - created)));
        Self {
            number: job.number,
            attempt: job.generation,
            name: text::shown(job.name.as_deref().unwrap_or("–"), NAME),
            state: text::shown(state, NAME),
            error: job
                .error
                .as_deref()
                .map(|error| text::shown(error, 2 * NAME)),
            requests: grouped(job.requests),
            responses: grouped(job.responses),
            errors: grouped(job.errors),
            missing: grouped(job.missing),
            retried: grouped(job.retried),
            took: took.unwrap_or_else(|| "–".to_owned()),
        }
    }
}

/// Puts the page together.
pub(super) fn render(run: &Gathered) -> Result<String, Box<dyn Error>> {
    let mut environment = Environment::new();
    // The name tells that everything is escaped for HTML, but what is marked as safe.
    environment.add_template("page.html", TEMPLATE)?;
    let report = &run.report;
    let jobs = &run.jobs;
    let outcomes = report.responses + report.errors + report.missing;
    let took = jobs.time.map(|(first, last)| span(seconds(last - first)));
    let page = json!({
        "policy": policy(),
        "style": STYLE,
        "script": SCRIPT,
        "name": text::shown(&run.name, NAME),
        "model": text::shown(&run.model, NAME),
        "backend": run.backend,
        "began": jobs.time.map(|(first, _)| first.format("%Y-%m-%d %H:%M:%S UTC").to_string()),
        "took": took,
        "finished": report.is_finished(),
        "requests": grouped(report.requests),
        "vanished": (report.vanished > 0).then(|| grouped(report.vanished)),
        "deviations": Deviations::of(report).map(|it| it.text().to_owned()),
        "incomplete": run.incomplete.in_words(),
        "emulated": run.is_emulated,
        "shares": shares(run),
        "input_tokens": grouped(report.input_tokens),
        "output_tokens": grouped(report.output_tokens),
        "cost": run.cost.as_ref().ok().map(|(amount, _)| amount),
        "prices": run.cost.as_ref().ok().map(|(_, prices)| prices),
        "no_cost": run.cost.as_ref().err(),
        "job_count": grouped(jobs.count),
        "jobs": jobs.shown.iter().map(JobRow::from).collect::<Vec<_>>(),
        "jobs_shown": grouped(jobs.shown.len() as u64),
        "some_jobs": (jobs.shown.len() as u64) < jobs.count,
        "attempts": report.generations.iter().map(|it| json!({
            "number": it.number,
            "jobs": grouped(it.jobs),
            "requests": grouped(it.requests),
            "responses": grouped(it.responses),
            "errors": grouped(it.errors),
            "missing": grouped(it.missing),
            "retried": grouped(it.retried),
        })).collect::<Vec<_>>(),
        "timeline": plots::timeline(jobs)?,
        "progress": plots::progress(jobs, report.requests)?,
        "durations": plots::durations(&jobs.durations)?,
        "shortest": jobs.durations.shortest.map(span),
        "longest": jobs.durations.longest.map(span),
        "errors": run.errors.iter().map(|kind| json!({
            "what": kind.what,
            "message": kind.message,
            "count": grouped(kind.count),
            "keys": kind.keys,
        })).collect::<Vec<_>>(),
        "other_errors": (run.other_errors > 0).then(|| grouped(run.other_errors)),
        "finish_reasons": run.finish_reasons.iter().map(|(reason, count)| json!({
            "reason": reason,
            "count": grouped(*count),
        })).collect::<Vec<_>>(),
        "outcomes": grouped(outcomes),
        "answer_count": grouped(run.answers.len() as u64),
        "all_answers": run.answers.len() as u64 == outcomes,
        "some_answers": !run.answers.is_empty(),
        "answers": text::json(&run.answers)?,
        "version": env!("CARGO_PKG_VERSION"),
    });
    Ok(environment
        .get_template("page.html")?
        .render(Serde(&page))?)
}

/// What the page may do: apply its own style, run its own script, and nothing else.
fn policy() -> String {
    let hash = |content: &str| STANDARD.encode(Sha256::digest(content));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; \
         base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// The outcomes as parts of one bar.
fn shares(run: &Gathered) -> Vec<Share> {
    let report = &run.report;
    let mut from = 0.0;
    let parts = [
        ("responses", "responses", report.responses),
        ("errors", "errors", report.errors),
        ("missing", "missing", report.missing),
        ("unfinished", "unfinished", report.unfinished),
    ];
    let all = report.requests.max(1) as f64;
    let share = |(class, label, count): (&'static str, &'static str, u64)| {
        let share = count as f64 / all;
        let part = Share {
            class,
            label,
            count: grouped(count),
            percent: match share * 100.0 {
                percent if percent > 0.0 && percent < 0.1 => "< 0.1 %".to_owned(),
                percent if percent < 100.0 && percent > 99.9 => "> 99.9 %".to_owned(),
                percent => format!("{percent:.1} %"),
            },
            from,
            width: share * 1000.0,
        };
        from += part.width;
        part
    };
    parts.into_iter().map(share).collect()
}
