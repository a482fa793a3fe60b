//! About how many tokens a request has, without asking the service.
//!
//! Text is counted by its characters: Google's documentation ("Understand and count tokens")
//! says about four to a token. A small image counts 258 tokens, a larger one 258 for each tile of
//! 768 × 768 pixels (the same page); newer models take 1,120 where the request does not ask for
//! another resolution, and 2,240 at most (reports of "Media resolution"). Its size in pixels is
//! not looked at. Audio, video and documents bill by seconds and pages, which the client does not
//! know: they are told apart and left out.

use serde_json::{Map, Value};

use crate::cost::Estimate;

/// What is said of the error of the estimate.
pub(super) const BASIS: &str = "4 characters a token (Google's rule of thumb; taken from 2.5 to 6), \
     1.5 where the script is not Latin (0.7 to 4), 1,120 tokens an image (258 to 2,240)";

/// Characters to a token: in the most wasteful text, the likely, and the most regular.
const LATIN: [f64; 3] = [2.5, 4.0, 6.0];
/// The same for scripts of other alphabets. This crate's own assumption.
const OTHER: [f64; 3] = [0.7, 1.5, 4.0];
const IMAGE: [u64; 3] = [258, 1_120, 2_240];

/// The most that a response has where the request sets no `maxOutputTokens`: the limit of many
/// models. Some go further.
const MAX_OUTPUT: u64 = 8_192;
/// What a response is taken to have where nobody says.
pub(super) const LIKELY_OUTPUT: u64 = 256;

/// What a request is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Parts {
    latin: u64,
    other: u64,
    images: u64,
    /// Parts whose tokens are not known: audio, video, documents, caches.
    pub(super) unmeasured: u64,
    /// `maxOutputTokens`, where it is set.
    max_output: Option<u64>,
    candidates: u64,
    /// Whether the response may be an image.
    pub(super) makes_images: bool,
    is_embedding: bool,
}

impl Parts {
    /// Takes a request apart: the fields of a request for content or an embedding.
    pub(super) fn of(request: &Map<String, Value>) -> Self {
        let mut parts = Self {
            candidates: 1,
            is_embedding: !request.contains_key("contents"),
            ..Self::default()
        };
        for (name, value) in request {
            match name.as_str() {
                "contents" | "content" | "systemInstruction" | "system_instruction" => {
                    parts.content(value);
                }
                "tools" | "toolConfig" | "tool_config" => parts.json(value),
                "cachedContent" | "cached_content" => parts.unmeasured += 1,
                "generationConfig" | "generation_config" => parts.config(value),
                _ => {}
            }
        }
        parts
    }

    /// The tokens of the request.
    pub(super) fn input(&self) -> Estimate {
        let text = |[most, likely, least]: [f64; 3], chars: u64| {
            let tokens = |each: f64| (chars as f64 / each).ceil() as u64;
            Estimate::new(tokens(least), tokens(likely), tokens(most))
        };
        let [small, likely, large] = IMAGE.map(|tokens| tokens * self.images);
        text(LATIN, self.latin) + text(OTHER, self.other) + Estimate::new(small, likely, large)
    }

    /// The tokens of the response, thinking included, if it is likely to have so many.
    pub(super) fn output(&self, likely: u64) -> Estimate {
        if self.is_embedding {
            return Estimate::default();
        }
        let most = self.max_output.unwrap_or(MAX_OUTPUT.max(likely));
        let each = Estimate::new(1.min(most), likely.min(most), most);
        let times = |tokens: u64| tokens.saturating_mul(self.candidates);
        Estimate::new(times(each.low), times(each.likely), times(each.high))
    }

    fn text(&mut self, text: &str) {
        // Up to the end of the Latin letters with accents.
        let latin = text.chars().filter(|&c| c < '\u{250}').count() as u64;
        self.latin += latin;
        self.other += text.chars().count() as u64 - latin;
    }

    fn json(&mut self, value: &Value) {
        self.text(&value.to_string());
    }

    /// A content, a list of them, or the text that stands for one.
    fn content(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(contents) => contents.iter().for_each(|content| self.content(content)),
            Value::Object(content) => match content.get("parts") {
                Some(Value::Array(parts)) => parts.iter().for_each(|part| self.part(part)),
                Some(part) => self.part(part),
                None => {}
            },
            _ => {}
        }
    }

    fn part(&mut self, part: &Value) {
        let Value::Object(fields) = part else { return };
        for (name, value) in fields {
            match name.as_str() {
                "text" => self.text(value.as_str().unwrap_or_default()),
                "inlineData" | "inline_data" | "fileData" | "file_data" => self.media(value),
                "functionCall"
                | "functionResponse"
                | "function_call"
                | "function_response"
                | "executableCode"
                | "codeExecutionResult" => self.json(value),
                _ => {}
            }
        }
    }

    fn media(&mut self, value: &Value) {
        let mime = value.get("mimeType").or_else(|| value.get("mime_type"));
        let mime = mime.and_then(Value::as_str).unwrap_or_default();
        if mime.starts_with("image/") {
            self.images += 1;
        } else {
            self.unmeasured += 1;
        }
    }

    fn config(&mut self, config: &Value) {
        let get = |camel: &str, snake: &str| config.get(camel).or_else(|| config.get(snake));
        self.max_output = get("maxOutputTokens", "max_output_tokens").and_then(Value::as_u64);
        let candidates = get("candidateCount", "candidate_count").and_then(Value::as_u64);
        self.candidates = candidates.unwrap_or(1).max(1);
        let schemas = [
            get("responseSchema", "response_schema"),
            get("responseJsonSchema", "response_json_schema"),
        ];
        schemas
            .into_iter()
            .flatten()
            .for_each(|schema| self.json(schema));
        let modalities = get("responseModalities", "response_modalities");
        let modalities = modalities.and_then(Value::as_array);
        self.makes_images = modalities.is_some_and(|modalities| {
            let is_image = |it: &Value| {
                it.as_str()
                    .is_some_and(|it| it.eq_ignore_ascii_case("image"))
            };
            modalities.iter().any(is_image)
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parts(request: Value) -> Parts {
        Parts::of(request.as_object().unwrap())
    }

    #[test]
    fn text_counts_by_characters_and_script() {
        let request =
            json!({"contents": [{"parts": [{"text": "é".repeat(40)}, {"text": "字".repeat(15)}]}]});
        let input = parts(request).input();
        assert_eq!(
            (input.low, input.likely, input.high),
            (7 + 4, 10 + 10, 16 + 22)
        );
    }

    #[test]
    fn media_is_counted_or_told_apart() {
        let request = json!({"contents": [{"parts": [
            {"inlineData": {"mimeType": "image/png", "data": "aaaa"}},
            {"file_data": {"mime_type": "video/mp4", "file_uri": "x"}},
        ]}], "cachedContent": "cachedContents/x"});
        let parts = parts(request);
        assert_eq!((parts.input().likely, parts.unmeasured), (1_120, 2));
    }

    #[test]
    fn a_response_is_bounded_by_what_the_request_allows() {
        let open = parts(json!({"contents": []})).output(LIKELY_OUTPUT);
        assert_eq!((open.low, open.likely, open.high), (1, 256, 8192));
        let config =
            json!({"maxOutputTokens": 100, "candidateCount": 2, "responseModalities": ["IMAGE"]});
        let bounded = parts(json!({"contents": [], "generationConfig": config}));
        let output = bounded.output(LIKELY_OUTPUT);
        assert_eq!((output.low, output.likely, output.high), (2, 200, 200));
        assert!(bounded.makes_images);
        let embedding = parts(json!({"content": {"parts": [{"text": "abcd"}]}}));
        assert_eq!(embedding.output(LIKELY_OUTPUT), Estimate::default());
        assert_eq!(embedding.input().likely, 1);
    }

    #[test]
    fn odd_shapes_are_nothing() {
        for odd in [
            json!(7),
            json!([7]),
            json!({"parts": 7}),
            json!([{"parts": [7]}]),
        ] {
            assert_eq!(parts(json!({"contents": odd})).input(), Estimate::default());
        }
    }
}
