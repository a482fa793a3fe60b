//! Requests, from what a caller has to the line that is sent.

use std::hint::black_box;

use genai_batch::internals::{Defaults, Intake, JobKind, Line};
use genai_batch::request::Entry;
use genai_batch::{Backend, GenerationConfig, Request};

use crate::case::{Case, Work};
use crate::inputs::{self, FEW};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("request/line", FEW, line),
        Case::new("request/entry", FEW, entry),
        Case::new("request/to_jsonl", FEW, to_jsonl),
    ]
}

/// Lines of a file, checked and written as a create does it.
fn line() -> Work {
    let lines: Vec<_> = (0..FEW).map(inputs::request_line).collect();
    Box::new(move || {
        let mut intake = intake();
        let mut written = 0;
        for line in &lines {
            let line = Line::parse(line.as_bytes(), &mut intake);
            write(&line.expect("the line is a request"));
            written += 1;
        }
        written
    })
}

/// Requests, built, checked and written as a create does it.
fn entry() -> Work {
    let prompts: Vec<_> = (0..FEW).map(inputs::prompt).collect();
    Box::new(move || {
        let mut intake = intake();
        let mut written = 0;
        for (n, prompt) in (0..).zip(&prompts) {
            let entry = Entry::from(request(n, prompt));
            let line = Line::from_entry(entry, &mut intake);
            write(&line.expect("the entry is a request"));
            written += 1;
        }
        written
    })
}

/// Requests that are built already, as lines.
fn to_jsonl() -> Work {
    let requests: Vec<_> = (0..FEW).map(|n| request(n, &inputs::prompt(n))).collect();
    Box::new(move || {
        let mut written = 0;
        for request in &requests {
            black_box(request.to_jsonl().expect("it names no local files"));
            written += 1;
        }
        written
    })
}

fn request(n: u64, prompt: &str) -> Request {
    let config = GenerationConfig::new()
        .temperature(0.2)
        .max_output_tokens(256);
    Request::text(prompt)
        .key(inputs::key(n))
        .generation_config(config)
}

fn intake() -> Intake {
    let defaults = Defaults {
        system_instruction: Some("Be brief.".to_owned()),
        ..Defaults::default()
    };
    let model = Some("gemini-2.5-flash");
    Intake::checked(JobKind::GenerateContent, &defaults, Backend::Gemini, model)
}

fn write(line: &Line) {
    let key = line.key.as_deref().expect("every request has a key");
    let mut jsonl = Vec::new();
    line.write_jsonl(key, &mut jsonl);
    black_box(jsonl);
}
