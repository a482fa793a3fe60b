//! Responses in the shape of a Rust type, from the request to the value.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use genai_batch::external::schemars::JsonSchema;
use genai_batch::response::ResponseError;
use genai_batch::results::TypedResults;
use genai_batch::{GenerationConfig, Report, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::support::{Backend, on_every_model};

on_every_model! {
    responses_come_as_the_type_that_was_asked_for,
    each_response_that_cannot_be_parsed_says_why_under_its_key,
}

/// What somebody thought of something.
#[derive(Debug, PartialEq, JsonSchema, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Review {
    sentiment: Sentiment,
    /// In the words of the review.
    reason: String,
    star_count: Option<u8>,
    about: Vec<Topic>,
}

#[derive(Debug, PartialEq, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sentiment {
    Positive,
    Neutral,
    /// Complaints.
    Negative,
}

#[derive(Debug, PartialEq, JsonSchema, Deserialize)]
#[serde(tag = "kind")]
enum Topic {
    Price { euros: f32 },
    Other { name: String },
}

type Told<T> = BTreeMap<String, Result<T, ResponseError>>;

async fn collect<T: DeserializeOwned>(mut results: TypedResults<T>) -> (Told<T>, Report) {
    let mut told = BTreeMap::new();
    while let Some((key, value)) = results.try_next().await.unwrap() {
        told.insert(key.map_or_else(String::new, String::from), value);
    }
    (told, results.report())
}

async fn responses_come_as_the_type_that_was_asked_for(backend: Backend) {
    let prompts = [
        ("glad", "Sentiment of this review: I love it."),
        ("cross", "Sentiment of this review: I hate it."),
    ];
    let requests = prompts.map(|(key, prompt)| {
        let config = GenerationConfig::new().temperature(0.0);
        let request = Request::text(prompt).key(key).generation_config(config);
        request.output::<Review>().unwrap()
    });
    let create = backend.create(requests);
    let results = backend.results_of(create).await.typed::<Review>();
    let (told, report) = collect(results).await;
    let sentiments = told
        .values()
        .map(|review| &review.as_ref().unwrap().sentiment);
    let expected = [&Sentiment::Negative, &Sentiment::Positive];
    assert_eq!(sentiments.collect::<Vec<_>>(), expected);
    let glad = told["glad"].as_ref().unwrap();
    assert!(matches!(glad.about[..], [Topic::Price { .. }]), "{glad:?}");
    assert!(report.is_complete(), "{report}");
}

async fn each_response_that_cannot_be_parsed_says_why_under_its_key(backend: Backend) {
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Another {
        sentiment: Sentiment,
        reason: Vec<u8>,
    }
    let prompt = "Sentiment of this review: I love it.";
    let short = GenerationConfig::new().max_output_tokens(4);
    let requests = [
        Request::text(prompt)
            .key("whole")
            .output_json_schema::<Review>()
            .unwrap(),
        Request::text(prompt)
            .key("cut")
            .generation_config(short)
            .output::<Review>()
            .unwrap(),
        Request::text("[[error:3]]")
            .key("failed")
            .output::<Review>()
            .unwrap(),
        Request::text(prompt).key("prose"),
        Request::text(prompt)
            .key("other")
            .output::<Another>()
            .unwrap(),
    ];
    let create = backend.create(requests);
    let results = backend.results_of(create).await;
    let (told, report) = collect(results.typed::<Review>()).await;
    assert!(told["whole"].is_ok(), "{:?}", told["whole"]);
    let error = |key: &str| {
        let error = told[key].as_ref().unwrap_err();
        assert_eq!(error.key(), Some(key));
        error
    };
    assert!(error("cut").is_truncated());
    assert_eq!(error("failed").row_error().unwrap().code(), 3);
    assert!(error("prose").is_not_json());
    assert_eq!(error("other").path(), Some("reason"));
    assert_eq!((report.responses, report.errors), (4, 1));
}
