//! `cargo xtask regen`: fetch, parse, emit, then compare or write. Everything is
//! made in memory first, so that a bad source leaves `openapi/` exactly as it was.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use xtask::diff;
use xtask::discovery::{self, Api, GEMINI, VERTEX};
use xtask::emit::{emit, to_text};
use xtask::fields;

use crate::cargo::workspace;
use crate::fetch::Origin;

const SOURCES: &str = "sources.json";
const FIELDS: &str = "fields.json";
/// What Google's SDKs send and its documents do not describe yet.
const FIELDS_PATCH: &str = "fields.patch.json";

/// Options of `cargo xtask regen`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Read generativelanguage.v1beta.json and aiplatform.v1beta1.json from this
    /// directory instead of Google.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Where the documents are; openapi/ of this workspace by default.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where the patches are; openapi/ of this workspace by default.
    #[arg(long, value_name = "DIR")]
    patches: Option<PathBuf>,
    /// Write nothing; show how the documents differ and fail if they do.
    #[arg(long)]
    check: bool,
    /// Write nothing; tell in words what Google changed.
    #[arg(long)]
    diff: bool,
}

/// The files to be, by name.
type Files = BTreeMap<String, String>;

/// Regenerates, checks or compares `openapi/`.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let origin = options.from.clone().map_or(Origin::Web, Origin::Directory);
    let ours = workspace().join("openapi");
    let out = options.out.as_ref().unwrap_or(&ours);
    let patches = options.patches.as_ref().unwrap_or(&ours);

    let generated = generate(&origin, patches)?;
    let committed = read(out, generated.keys())?;
    if options.diff || !options.check {
        tell(&committed, &generated)?;
    }
    if options.check {
        return Ok(check(&committed, &generated));
    }
    if !options.diff {
        write(out, &generated)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn generate(origin: &Origin, patches: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut sources = BTreeMap::new();
    let mut requests = BTreeMap::new();
    for api in [&GEMINI, &VERTEX] {
        let bytes = origin.fetch(api)?;
        let document = discovery::parse(api, &bytes)?;
        let emitted = emit(api, &document, &read_patch(patches, api)?)?;
        for addition in &emitted.caught_up {
            eprintln!(
                "note: {}.patch.json adds what Google has by now: {addition}",
                api.stem
            );
        }
        let name = format!("{}.json", api.stem);
        sources.insert(
            name.clone(),
            json!({
                "url": api.url(),
                "version": document.version,
                "revision": document.revision,
                "sha256": format!("{:x}", Sha256::digest(&bytes)),
            }),
        );
        files.insert(name, to_text(&emitted.openapi)?);
        requests.insert(api.stem, fields::of_requests(api, &document)?);
    }
    let mut requests = json!(requests);
    let patch = patches.join(FIELDS_PATCH);
    if patch.exists() {
        json_patch::merge(&mut requests, &read_json(&patch)?);
    }
    files.insert(FIELDS.to_owned(), to_text(&requests)?);
    files.insert(SOURCES.to_owned(), to_text(&json!(sources))?);
    Ok(files)
}

fn read_patch(patches: &Path, api: &Api) -> Result<Value> {
    read_json(&patches.join(format!("{}.patch.json", api.stem)))
}

fn read_json(path: &Path) -> Result<Value> {
    fs::read(path)
        .map_err(anyhow::Error::from)
        .and_then(|bytes| Ok(serde_json::from_slice(&bytes)?))
        .with_context(|| format!("could not read {}", path.display()))
}

/// What is there now; a file that is not there yet is empty.
fn read<'a>(out: &Path, names: impl Iterator<Item = &'a String>) -> Result<Files> {
    let mut files = Files::new();
    for name in names {
        let text = match fs::read_to_string(out.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            text => text.with_context(|| format!("could not read {name}"))?,
        };
        files.insert(name.clone(), text);
    }
    Ok(files)
}

fn tell(committed: &Files, generated: &Files) -> Result<()> {
    for (name, words) in words(committed, generated)? {
        if words.is_empty() {
            println!("{name}: no operation, field or value changed");
        }
        for line in words {
            println!("{name}: {line}");
        }
    }
    Ok(())
}

/// What changed in each document.
fn words(committed: &Files, generated: &Files) -> Result<Vec<(String, Vec<String>)>> {
    let documents = generated
        .iter()
        .filter(|(name, _)| ![SOURCES, FIELDS].contains(&name.as_str()));
    documents
        .map(|(name, after)| {
            let before = serde_json::from_str(&committed[name]).unwrap_or_default();
            let words = diff::in_words(&before, &serde_json::from_str(after)?);
            Ok((name.clone(), words))
        })
        .collect()
}

/// What Google changed in its documents since `openapi/` was made, a line each; where that is only its
/// prose or their revision, the file alone is told.
pub(crate) fn news(origin: &Origin) -> Result<Vec<String>> {
    let openapi = workspace().join("openapi");
    let generated = generate(origin, &openapi)?;
    let committed = read(&openapi, generated.keys())?;
    let mut news = Vec::new();
    for (name, words) in words(&committed, &generated)? {
        news.extend(words.iter().map(|line| format!("{name}: {line}")));
    }
    for name in [SOURCES, FIELDS] {
        if committed[name] != generated[name] {
            news.push(format!(
                "openapi/{name}: differs from what the documents say now"
            ));
        }
    }
    Ok(news)
}

fn check(committed: &Files, generated: &Files) -> ExitCode {
    let mut outcome = ExitCode::SUCCESS;
    for (name, after) in generated {
        let difference = diff::unified(name, &committed[name], after);
        if !difference.is_empty() {
            print!("{difference}");
            eprintln!("error: {name} is out of date; run `cargo xtask regen`");
            outcome = ExitCode::FAILURE;
        }
    }
    outcome
}

/// Replaces the files, each in one step, once all of them could be written.
fn write(out: &Path, files: &Files) -> Result<()> {
    fs::create_dir_all(out)?;
    let temporary = |name: &str| out.join(format!(".{name}.new"));
    for (name, text) in files {
        fs::write(temporary(name), text).with_context(|| format!("could not write {name}"))?;
    }
    for name in files.keys() {
        fs::rename(temporary(name), out.join(name))
            .with_context(|| format!("could not replace {name}"))?;
    }
    Ok(())
}
