//! `cargo xtask prices`: what Gemini and Claude cost on Google's services, out of the data of the
//! package genai-prices on PyPI, into `src/cost/prices.json`.
//!
//! ```text
//! genai-prices → prices.py → table → src/cost/prices.json
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::cargo::workspace;

const SCRIPT: &str = include_str!("../prices.py");
const FILE: &str = "src/cost/prices.json";
/// How the names of the models begin that Google batches and the package has prices of.
const VENDORS: [&str; 2] = ["gemini", "claude"];
/// The share of the standard price that a batch costs, by Google's page and by Anthropic's.
const OF_A_BATCH: f64 = 0.5;

/// Options of `cargo xtask prices`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// The Python to make an environment with, in target/prices-venv.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// What the package says, as its script prints it, in place of the package.
    #[arg(long, value_name = "JSON")]
    from: Option<PathBuf>,
}

/// Writes the table anew.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let said = match &options.from {
        Some(path) => fs::read_to_string(path)
            .with_context(|| format!("could not read {}", path.display()))?,
        None => ask(&options.python, &workspace().join("target/prices-venv"))?,
    };
    let table = table(&said)?;
    let path = workspace().join(FILE);
    fs::write(&path, serde_json::to_string_pretty(&table)? + "\n")
        .with_context(|| format!("could not write {}", path.display()))?;
    println!(
        "{FILE}: {} models of {}, {} left out",
        table.models.len(),
        table.source,
        table.left_out.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// What the newest package says.
fn ask(python: &Path, venv: &Path) -> Result<String> {
    output(Command::new(python).args(["-m", "venv"]).arg(venv))?;
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let own_python = venv.join(bin).join("python");
    let install = ["-m", "pip", "install", "-q", "--upgrade", "genai-prices"];
    output(Command::new(&own_python).args(install))?;
    output(Command::new(&own_python).args(["-c", SCRIPT]))
}

fn output(command: &mut Command) -> Result<String> {
    let run = command.output();
    let run = run.with_context(|| format!("could not run {command:?}"))?;
    let said = String::from_utf8_lossy(&run.stderr);
    ensure!(
        run.status.success(),
        "{command:?} failed with {}: {said}",
        run.status
    );
    Ok(String::from_utf8(run.stdout)?)
}

#[derive(Deserialize)]
struct Said {
    /// The day on which the package was asked.
    read_on: String,
    version: String,
    models: Vec<SaidModel>,
}

#[derive(Deserialize)]
struct SaidModel {
    id: String,
    names: Vec<String>,
    standard: Vec<SaidPrice>,
    batch: Vec<SaidPrice>,
}

#[derive(Deserialize)]
struct SaidPrice {
    from: Option<String>,
    input: Option<f64>,
    output: Option<f64>,
    tiered: bool,
    media_output: bool,
}

#[derive(Serialize)]
struct Table {
    source: String,
    license: &'static str,
    read_on: String,
    models: Vec<Model>,
    left_out: Vec<LeftOut>,
}

#[derive(Serialize)]
struct Model {
    names: Vec<String>,
    prices: Vec<Price>,
}

#[derive(Serialize)]
struct Price {
    from: Option<String>,
    input: f64,
    output: f64,
}

#[derive(Serialize)]
struct LeftOut {
    names: Vec<String>,
    why: &'static str,
}

/// The table of what the package says: models whose price is one number for each of input and
/// output, and why others have none.
fn table(said: &str) -> Result<Table> {
    let said: Said = serde_json::from_str(said).context("the package's data is not as expected")?;
    let mut table = Table {
        source: format!(
            "genai-prices {} on PyPI (MIT, Copyright Pydantic Services Inc.), not checked by this project",
            said.version
        ),
        license: "The notice of genai-prices is in LICENSE-genai-prices, beside this file.",
        read_on: said.read_on,
        models: Vec::new(),
        left_out: Vec::new(),
    };
    for model in said
        .models
        .into_iter()
        .filter(|model| VENDORS.iter().any(|vendor| model.id.starts_with(vendor)))
    {
        let mut names = [vec![model.id.clone()], model.names.clone()].concat();
        names.sort();
        names.dedup();
        match prices(&model) {
            Ok(prices) => table.models.push(Model { names, prices }),
            Err(why) => table.left_out.push(LeftOut { names, why }),
        }
    }
    ensure!(
        !table.models.is_empty(),
        "the package knows no price of these models"
    );
    Ok(table)
}

fn prices(model: &SaidModel) -> Result<Vec<Price>, &'static str> {
    let all = || model.standard.iter().chain(&model.batch);
    if all().any(|price| price.tiered) {
        return Err("its price depends on the length of the prompt");
    }
    if all().any(|price| price.media_output) {
        return Err("what it generates has more than one price");
    }
    let mut prices: BTreeMap<Option<String>, Price> = BTreeMap::new();
    for said in &model.standard {
        let price = Price {
            from: said.from.clone(),
            input: said.input.ok_or("it has no price per token")?,
            output: said.output.unwrap_or_default(),
        };
        prices.insert(price.from.clone(), price);
    }
    for batch in &model.batch {
        let begun = |price: &&Price| price.from <= batch.from;
        let standard = prices.values().rev().find(begun);
        let is_half = standard.is_some_and(|standard| {
            let half = |part: Option<f64>, whole: f64| {
                (part.unwrap_or_default() - whole * OF_A_BATCH).abs() < 1e-9
            };
            half(batch.input, standard.input) && half(batch.output, standard.output)
        });
        if !is_half {
            return Err("a batch does not cost half of its standard price");
        }
    }
    Ok(prices.into_values().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(model: Value) -> Table {
        let plain = json!({"id": "gemini-a", "names": ["gemini-a", "gemini-a-latest"], "batch": [],
            "standard": [{"from": null, "input": 1.0, "output": null, "tiered": false, "media_output": false}]});
        let said = json!({"read_on": "2026-11-30", "version": "1.2.3", "models": [plain, model]});
        table(&said.to_string()).unwrap()
    }

    fn price(from: Option<&str>, input: f64, tiered: bool, media_output: bool) -> Value {
        json!({"from": from, "input": input, "output": 2.0 * input, "tiered": tiered,
            "media_output": media_output})
    }

    #[test]
    fn prices_are_in_the_order_of_their_days() {
        let standard = [
            price(Some("2027-01-01"), 2.0, false, false),
            price(None, 1.0, false, false),
        ];
        let batch = [
            price(Some("2026-10-14"), 0.5, false, false),
            price(Some("2027-01-01"), 1.0, false, false),
        ];
        let table =
            of(json!({"id": "gemini-b", "names": [], "standard": standard, "batch": batch}));
        let prices = &table.models[1].prices;
        assert_eq!((prices[0].input, prices[1].input), (1.0, 2.0));
        assert_eq!(prices[1].from.as_deref(), Some("2027-01-01"));
        assert_eq!(table.models[0].names, ["gemini-a", "gemini-a-latest"]);
        assert!(table.source.contains("1.2.3") && table.read_on == "2026-11-30");
    }

    #[test]
    fn what_is_not_one_number_is_left_out_with_the_reason() {
        for (standard, batch, why) in [
            (
                price(None, 1.0, true, false),
                vec![],
                "length of the prompt",
            ),
            (price(None, 1.0, false, true), vec![], "more than one price"),
            (
                price(None, 1.0, false, false),
                vec![price(None, 0.7, false, false)],
                "half",
            ),
        ] {
            let table =
                of(json!({"id": "gemini-b", "names": [], "standard": [standard], "batch": batch}));
            assert_eq!(table.models.len(), 1);
            assert!(table.left_out[0].why.contains(why), "{why}");
        }
        let other = of(json!({"id": "gemma", "names": [], "standard": [], "batch": []}));
        assert_eq!((other.models.len(), other.left_out.len()), (1, 0));
    }
}
