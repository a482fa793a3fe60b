//! Whole responses, made of what a model says.

use serde_json::{Value, json};

use crate::ids;

/// About as many tokens as a text has: one for each four characters.
pub fn token_count(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

/// A whole `GenerateContentResponse` of one candidate that says `text` and stopped there.
///
/// The response id is the same whenever model, prompt and text are.
pub fn text_response(model: &str, prompt: &str, text: &str) -> Value {
    response(model, prompt, text, "STOP")
}

pub(crate) fn response(model: &str, prompt: &str, text: &str, finish_reason: &str) -> Value {
    let prompt_tokens = token_count(prompt);
    let candidates_tokens = token_count(text);
    json!({
        "candidates": [{
            "content": {"parts": [{"text": text}], "role": "model"},
            "finishReason": finish_reason,
            "index": 0,
        }],
        "usageMetadata": {
            "promptTokenCount": prompt_tokens,
            "candidatesTokenCount": candidates_tokens,
            "totalTokenCount": prompt_tokens + candidates_tokens,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt_tokens}],
            "serviceTier": "standard",
        },
        "modelVersion": model.rsplit('/').next().unwrap_or(model),
        "responseId": response_id(model, prompt, text),
    })
}

fn response_id(model: &str, prompt: &str, text: &str) -> String {
    use base64::Engine as _;
    let hashes = [ids::hash(&format!("{model}\n{prompt}")), ids::hash(text)];
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_be_bytes()).collect();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// A whole `EmbedContentResponse` of these values.
pub fn embedding_response(text: &str, values: &[f64]) -> Value {
    let tokens = token_count(text);
    json!({
        "embedding": {"values": values},
        "usageMetadata": {
            "promptTokenCount": tokens,
            "promptTokenDetails": [{"modality": "TEXT", "tokenCount": tokens}],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_response_has_the_shape_of_the_real_one() {
        let response = text_response("models/gemini-2.5-flash", "What is 2 + 2?", "4");
        assert_eq!(
            response["candidates"][0]["content"]["parts"][0]["text"],
            "4"
        );
        assert_eq!(response["candidates"][0]["finishReason"], "STOP");
        assert_eq!(response["modelVersion"], "gemini-2.5-flash");
        assert_eq!(response["usageMetadata"]["promptTokenCount"], 4);
        assert_eq!(response["usageMetadata"]["totalTokenCount"], 5);
        assert_eq!(response["responseId"].as_str().map(str::len), Some(22));
    }
}
