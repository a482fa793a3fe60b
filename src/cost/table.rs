//! Prices that this crate knows, each from a day on: those of `prices.json`, which `cargo xtask prices`
//! writes, and none of them checked by this project. Prices change; give your own by
//! [`Pricing::new`](super::Pricing::new) where money depends on it.

use std::sync::OnceLock;

use chrono::NaiveDate;
use serde::Deserialize;

const FILE: &str = include_str!("prices.json");

#[derive(Deserialize)]
struct Table {
    /// Where the prices are from.
    source: String,
    read_on: NaiveDate,
    models: Vec<Model>,
    left_out: Vec<LeftOut>,
}

/// A model whose price is one number for its input and one for its output.
#[derive(Deserialize)]
pub(super) struct Model {
    names: Vec<String>,
    /// From the oldest on.
    prices: Vec<Price>,
}

/// Dollars per million tokens, for text at the standard rate. Batches take half of it.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Price {
    /// The first day; `None` is always.
    from: Option<NaiveDate>,
    pub(super) input: f64,
    pub(super) output: f64,
}

/// A model that has a price of another kind.
#[derive(Deserialize)]
struct LeftOut {
    names: Vec<String>,
    why: String,
}

impl Model {
    /// The price on a day.
    pub(super) fn on(&self, day: NaiveDate) -> Option<Price> {
        let begun = |price: &&Price| price.from.is_none_or(|from| from <= day);
        self.prices.iter().rev().find(begun).copied()
    }
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    #[expect(
        clippy::expect_used,
        reason = "the file is part of the crate, and the tests below read it"
    )]
    TABLE.get_or_init(|| serde_json::from_str(FILE).expect("prices.json is a table of prices"))
}

pub(super) fn source() -> String {
    let table = table();
    format!("{}, read on {}", table.source, table.read_on)
}

/// A model, which may be written with its path and a version of three digits.
pub(super) fn find(model: &str) -> Option<&'static Model> {
    let mut models = table().models.iter();
    models.find(|known| is_one_of(&known.names, model))
}

/// Why there is no price of a model that is known.
pub(super) fn why_not(model: &str) -> Option<String> {
    let mut left_out = table().left_out.iter();
    let found = left_out.find(|known| is_one_of(&known.names, model))?;
    Some(format!(", since {}", found.why))
}

fn is_one_of(names: &[String], model: &str) -> bool {
    let id = model.rsplit('/').next().unwrap_or(model);
    let id = id.split('@').next().unwrap_or(id);
    let stem = match id.rsplit_once('-') {
        Some((stem, version))
            if matches!(version.len(), 3 | 8) && version.parse::<u32>().is_ok() =>
        {
            stem
        }
        _ => id,
    };
    names.iter().any(|name| name == id || name == stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(model: &str, day: &str) -> Option<(f64, f64)> {
        let price = find(model)?.on(day.parse().unwrap())?;
        Some((price.input, price.output))
    }

    #[test]
    fn a_model_is_found_in_every_spelling() {
        for model in [
            "gemini-2.5-flash",
            "models/gemini-2.5-flash",
            "publishers/google/models/gemini-2.5-flash",
            "gemini-2.5-flash-001",
        ] {
            assert_eq!(price(model, "2026-11-30"), Some((0.30, 2.50)), "{model}");
        }
        for model in [
            "claude-opus-4-5",
            "publishers/anthropic/models/claude-opus-4-5@20251101",
            "claude-opus-4-5-20251101",
        ] {
            assert_eq!(price(model, "2026-11-30"), Some((5.0, 25.0)), "{model}");
        }
        for other in ["gemini-2.5-flash-image", "gemini-2.5", "", "tunedModels/x"] {
            assert!(find(other).is_none(), "{other}");
        }
        // Three digits that are part of a name.
        assert!(find("gemini-embedding-001").is_some());
    }

    #[test]
    fn a_price_has_its_day() {
        let model = "gemini-3.8-flash";
        assert_eq!(price(model, "2026-12-31"), Some((0.75, 3.75)));
        assert_eq!(price(model, "2027-01-01"), Some((1.5, 7.5)));
    }

    #[test]
    fn the_file_is_in_order_and_tells_its_source() {
        let table = table();
        assert!(table.source.contains("genai-prices") && table.models.len() > 10);
        for model in &table.models {
            assert!(
                model.prices.is_sorted_by_key(|price| price.from),
                "{:?}",
                model.names
            );
            let are_prices = |price: &Price| price.input > 0.0 && price.output >= 0.0;
            assert!(model.prices.iter().all(are_prices), "{:?}", model.names);
        }
        let why = why_not("models/gemini-2.5-pro").unwrap();
        assert!(why.contains("length of the prompt"), "{why}");
    }
}
