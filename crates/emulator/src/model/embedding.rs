//! Embeddings that depend on the text alone.

use serde_json::Value;

use super::failure::RowFailure;
use super::prompt::{fail_as_marked, text_of};
use super::response::embedding_response;
use crate::ids;
use crate::json::field;

const DIMENSIONS: usize = 768;
const MAX_DIMENSIONS: u64 = 3072;

/// The `EmbedContentResponse` to an `EmbedContentRequest`.
pub(super) fn embed(request: &Value) -> Result<Value, RowFailure> {
    let text = field(request, "content").and_then(text_of).ok_or_else(|| {
        RowFailure::invalid_argument("* EmbedContentRequest.content: contents is not specified")
    })?;
    fail_as_marked(&text)?;
    let dimensions = field(request, "outputDimensionality").or_else(|| {
        field(
            field(request, "embedContentConfig")?,
            "outputDimensionality",
        )
    });
    let dimensions = match dimensions {
        None => DIMENSIONS,
        Some(asked) => asked
            .as_u64()
            .filter(|asked| (1..=MAX_DIMENSIONS).contains(asked))
            .and_then(|asked| usize::try_from(asked).ok())
            .ok_or_else(|| {
                RowFailure::invalid_argument(format!(
                    "* EmbedContentRequest.output_dimensionality: must be from 1 to {MAX_DIMENSIONS}"
                ))
            })?,
    };
    Ok(embedding_response(&text, &unit_vector(&text, dimensions)))
}

fn unit_vector(text: &str, dimensions: usize) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(ids::hash(text));
    let values: Vec<f64> = (0..dimensions).map(|_| random.f64() * 2.0 - 1.0).collect();
    let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    let rounded = |value: f64| (value / length * 1e8).round() / 1e8;
    values.into_iter().map(rounded).collect()
}
