//! Prices that this crate knows: a few, with their date and source, and none of them checked by
//! this project. Prices change; give your own by [`Pricing::new`](super::Pricing::new) where
//! money depends on it.

/// When the page was read, as YYYY-MM-DD.
pub(super) const READ_ON: &str = "2026-10-07";
/// Where the prices are from.
pub(super) const SOURCE: &str = "Google's price page, https://ai.google.dev/gemini-api/docs/pricing, \
     as transcribed by others; not checked by this project";

/// Model, then dollars per million tokens in and out, for text at the standard rate. The page
/// states a reduction of 50 % for batches.
///
/// Left out on purpose: models whose price depends on the length of a prompt (the Pro models) or
/// on a date.
pub(super) const PRICES: [(&str, f64, f64); 4] = [
    ("gemini-3.5-flash", 1.50, 9.00),
    ("gemini-3.5-flash-lite", 0.30, 2.50),
    // The output price is from other pages that quote the same one.
    ("gemini-2.5-flash", 0.30, 2.50),
    ("gemini-embedding-2", 0.20, 0.0),
];

/// The row of a model, which may be written with its path and a version of three digits.
pub(super) fn find(model: &str) -> Option<(f64, f64)> {
    let id = model.rsplit('/').next().unwrap_or(model);
    let stem = match id.rsplit_once('-') {
        Some((stem, version)) if version.len() == 3 && version.parse::<u16>().is_ok() => stem,
        _ => id,
    };
    let row = PRICES.iter().find(|(name, ..)| *name == stem)?;
    Some((row.1, row.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_found_in_every_spelling() {
        for model in [
            "gemini-2.5-flash",
            "models/gemini-2.5-flash",
            "publishers/google/models/gemini-2.5-flash",
            "gemini-2.5-flash-001",
        ] {
            assert_eq!(find(model), Some((0.30, 2.50)), "{model}");
        }
        for other in ["gemini-2.5-flash-image", "gemini-2.5", "", "tunedModels/x"] {
            assert_eq!(find(other), None, "{other}");
        }
    }
}
