//! The values of an embedding.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::read::read;
use crate::wire::Float;

/// The values of the one embedding in a response.
pub(super) fn values(response: &[u8]) -> Option<Box<[f32]>> {
    #[derive(Deserialize)]
    struct Body {
        // The older models of Vertex AI say `embeddings`, and mean one.
        #[serde(alias = "embeddings")]
        embedding: Embedding,
    }
    #[derive(Deserialize)]
    struct Embedding {
        values: Box<[f32]>,
    }
    match serde_json::from_slice::<Body>(response) {
        Ok(body) => Some(body.embedding.values),
        Err(_) => any_values(response),
    }
}

/// The same where they are spelled in another way: as texts, or as a list of one embedding.
fn any_values(response: &[u8]) -> Option<Box<[f32]>> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, alias = "embeddings")]
        embedding: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Embedding {
        values: Vec<Float>,
    }
    let body: Body<'_> = serde_json::from_slice(response).ok()?;
    let list: Option<Vec<&RawValue>> = read(body.embedding);
    let embedding = match list.as_deref() {
        None => body.embedding?,
        Some([one]) => one,
        // Which of them is meant nobody can know.
        Some(_) => return None,
    };
    let embedding: Embedding = read(Some(embedding))?;
    let values = embedding.values.into_iter();
    Some(values.map(|Float(value)| value as f32).collect())
}
