//! `cargo xtask drift`: is there anything upstream that the project was not held to? Three things are
//! compared with what is recorded: Google's discovery documents with `openapi/`, the versions in
//! `tests/interop/versions.toml` with those of the registries, and what Google's Python SDK can send with
//! `openapi/sdk.json`.

mod registries;
mod sdk;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cargo::workspace;
use crate::fetch::Origin;
use crate::interop::versions::Versions;
use crate::regen;
use sdk::{Fields, Sdk};

const SDK: &str = "google-genai";
const SCRIPT: &str = include_str!("sdk.py");

/// Options of `cargo xtask drift`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Read the discovery documents from this directory instead of Google.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Record what the SDK of today can send: what is new was taken in.
    #[arg(long)]
    bless: bool,
    /// The Python to install the SDK with.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
}

/// Compares, tells, and fails if there is news.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let root = workspace();
    let versions = Versions::read(&root.join("tests/interop/versions.toml"))?;
    let mut news = of_documents(options.from.clone());
    let python = of_its_own(&options.python, &root.join("target/drift"))?;
    news.extend(of_registries(&python, &versions)?);
    news.extend(of_sdk(&python, options.bless)?);
    match news.len() {
        0 => println!("\nnothing new"),
        count => println!("\n{count} new; CONTRIBUTING.md says what to do"),
    }
    for line in &news {
        println!("  {line}");
    }
    Ok(match news.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// What Google changed in its documents. Those that are out of reach are not compared.
fn of_documents(from: Option<PathBuf>) -> Vec<String> {
    let origin = from.map_or(Origin::Web, Origin::Directory);
    match regen::news(&origin) {
        Ok(news) => {
            println!("discovery documents: compared with openapi/");
            news
        }
        Err(error) => {
            println!("discovery documents: NOT compared: {error:#}");
            Vec::new()
        }
    }
}

/// A Python with the newest SDK.
fn of_its_own(python: &Path, folder: &Path) -> Result<PathBuf> {
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let own = folder.join(bin).join("python");
    let mut make = Command::new(python);
    make.args(["-m", "venv"]).arg(folder);
    let mut install = Command::new(&own);
    install.args(["-m", "pip", "install", "-q", "--upgrade", SDK]);
    for mut command in [make, install] {
        let status = command
            .status()
            .with_context(|| format!("could not run {command:?}"))?;
        ensure!(status.success(), "{command:?} failed with {status}");
    }
    Ok(own)
}

/// The software that has a newer version than the interop tests run.
fn of_registries(python: &Path, versions: &Versions) -> Result<Vec<String>> {
    let mut news = Vec::new();
    let mut compare = |name: &str, ours: &str, newest: &str| {
        println!("{name}: held to {ours}, newest {newest}");
        if ours != newest {
            news.push(format!(
                "{name} {newest}, where the interop tests run {ours}"
            ));
        }
    };
    for (name, ours) in versions.of_python() {
        compare(name, ours, &registries::newest_on_pypi(python, name)?);
    }
    for (name, ours) in versions.of_node() {
        match registries::newest_on_npm(name) {
            Ok(newest) => compare(name, ours, &newest),
            Err(error) => println!("{name}: NOT compared: {error:#}"),
        }
    }
    Ok(news)
}

/// What the SDK can send that is not recorded.
fn of_sdk(python: &Path, bless: bool) -> Result<Vec<String>> {
    let openapi = workspace().join("openapi");
    let recorded = openapi.join("sdk.json");
    let output = Command::new(python)
        .args(["-W", "ignore", "-c", SCRIPT])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{SDK} could not be read: {said}");
    let mut newer: Sdk = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{SDK} told something else than its types"))?;
    let fields: Fields = serde_json::from_slice(&fs::read(openapi.join("fields.json"))?)?;
    if bless {
        newer.lacking = newer.lacking_in(&fields);
        let mut text = serde_json::to_string_pretty(&newer)?;
        text.push('\n');
        fs::write(&recorded, text)?;
        println!("{SDK} {}: recorded in openapi/sdk.json", newer.version);
        return Ok(Vec::new());
    }
    let ours = fs::read(&recorded).context("openapi/sdk.json cannot be read: --bless makes it")?;
    let ours: Sdk = serde_json::from_slice(&ours)?;
    println!(
        "{SDK}: types of {} recorded, compared with those of {}",
        ours.version, newer.version
    );
    let mut news = ours.news(&newer);
    news.extend(newer.unknown_in(&fields, &ours));
    Ok(news)
}
