//! What is read of responses, as services wrote them and as none should.

use serde_json::json;

use super::*;
use crate::request::HarmCategory;

fn response(json: &str) -> Response {
    Response::new(Bytes::copy_from_slice(json.as_bytes()))
}

#[test]
fn text_is_joined_without_thoughts() {
    let response = response(
        r#"{"candidates":[{"content":{"parts":[
            {"text":"Let me think.","thought":true},{"text":"Par"},
            {"functionCall":{"name":"f"}},{"text":"is\n"}]},"finishReason":"STOP"}],
            "usageMetadata":{"promptTokenCount":9,"thoughtsTokenCount":40,"totalTokenCount":49},
            "modelVersion":"m-1","responseId":"r"}"#,
    );
    assert_eq!(response.text().unwrap(), "Paris\n");
    assert_eq!(response.parts().count(), 4);
    let parts: Vec<_> = response.parts().collect();
    assert!(parts[0].is_thought());
    assert_eq!(parts[2].to_value()["functionCall"]["name"], "f");
    assert_eq!(response.finish_reason(), Some(FinishReason::STOP));
    let usage = response.usage().unwrap();
    assert_eq!((usage.thoughts_tokens, usage.candidates_tokens), (40, 0));
    assert_eq!(response.model_version().unwrap(), "m-1");
}

#[test]
fn a_text_without_escapes_is_borrowed() {
    let response = response(r#"{"candidates":[{"content":{"parts":[{"text":"plain"}]}}]}"#);
    assert!(matches!(response.text(), Some(Cow::Borrowed("plain"))));
}

#[test]
fn unknown_shapes_are_none_and_stay_readable() {
    for json in ["{}", r#"{"candidates":[]}"#, r#"{"candidates":7}"#, "[1]"] {
        let response = response(json);
        assert!(response.text().is_none() && response.usage().is_none());
        assert!(response.embedding().is_none());
        assert_eq!(response.json(), json);
    }
    let blocked = response(r#"{"candidates":[{"finishReason":"NEW_REASON"}]}"#);
    assert_eq!(blocked.finish_reason().unwrap().as_str(), "NEW_REASON");
}

#[test]
fn an_odd_part_hides_no_other() {
    let response = response(
        r#"{"candidates":[{"content":{"role":7,"parts":[{"text":"whole","thought":null}]},
            "finishReason":[3]}],"usageMetadata":{"promptTokenCount":null,"totalTokenCount":"7"},
            "modelVersion":{},"responseId":"r"}"#,
    );
    assert_eq!(response.text().unwrap(), "whole");
    assert_eq!(response.finish_reason(), None);
    assert_eq!(response.usage().unwrap().total_tokens, 7);
    assert_eq!(response.model_version(), None);
    assert_eq!(response.response_id().unwrap(), "r");
}

#[test]
fn embeddings_are_read_once() {
    let response = response(r#"{"embedding":{"values":[0.5,-1,2e-3]}}"#);
    let values = response.embedding().unwrap();
    assert_eq!(values, [0.5, -1.0, 0.002]);
    assert_eq!(values.as_ptr(), response.embedding().unwrap().as_ptr());
}

/// A response with everything in it, in the shapes of both backends.
fn rich() -> Response {
    let json = json!({
        "candidates": [
            {
                "content": {"role": "model", "parts": [
                    {"text": "Let me ", "thought": true},
                    {"text": "think.", "thought": true},
                    {"text": "Paris.", "thoughtSignature": "+/8="},
                    {"functionCall": {"id": "c1", "name": "lookup", "args": {"city": "Paris", "n": 2}}},
                    {"functionCall": {"name": "ping"}},
                    {"functionCall": 7},
                    {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
                    {"inlineData": {"data": "-_8"}},
                    {"inlineData": {"mimeType": "image/png", "data": "?"}},
                ]},
                "finishReason": "STOP",
                "finishMessage": "All said.",
                "avgLogprobs": -0.12,
                "safetyRatings": [
                    {"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"},
                    {"category": "HARM_OF_TOMORROW", "probability": [7], "severityScore": 0.5},
                    "odd",
                ],
                "citationMetadata": {"citationSources": [
                    {"endIndex": 5, "uri": "https://example.com/paris", "license": "CC"},
                ]},
                "groundingMetadata": {
                    "webSearchQueries": ["capital of france"],
                    "searchEntryPoint": {"renderedContent": "<div/>"},
                    "groundingChunks": [
                        {"web": {"uri": "https://example.com", "title": "Example"}},
                        null,
                        {"retrievedContext": {"title": "A document"}},
                    ],
                    "groundingSupports": [{
                        "segment": {"endIndex": 6, "text": "Paris."},
                        "groundingChunkIndices": [0, 2],
                        "confidenceScores": [0.9],
                    }],
                },
                "logprobsResult": {
                    "chosenCandidates": [{"token": "Paris", "tokenId": 7, "logProbability": -0.1}],
                    "topCandidates": [{"candidates": [{"token": "Paris"}, {"token": "Lyon"}]}],
                },
            },
            {
                "content": {"parts": [{"text": "Lyon."}]},
                "citationMetadata": {"citations": [{"startIndex": "3", "title": "A book"}]},
            },
        ],
        "promptFeedback": {"safetyRatings": [{"category": "HARM_CATEGORY_HATE_SPEECH"}]},
        "usageMetadata": {
            "promptTokenCount": 9,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 5},
                {"modality": "IMAGE", "tokenCount": "4"},
            ],
        },
    });
    response(&json.to_string())
}

#[test]
fn everything_in_a_response_is_in_reach() {
    let response = rich();
    assert_eq!(response.text().unwrap(), "Paris.");
    assert_eq!(response.thoughts().unwrap(), "Let me think.");
    let texts: Vec<_> = response.candidates().filter_map(|it| it.text()).collect();
    assert_eq!(texts, ["Paris.", "Lyon."]);
    let candidate = response.candidates().next().unwrap();
    assert_eq!(candidate.finish_message().unwrap(), "All said.");
    assert_eq!(candidate.to_value()["avgLogprobs"], -0.12);

    let ratings = response.safety_ratings();
    assert_eq!(ratings.len(), 2);
    assert_eq!(ratings[0].probability, Some(HarmProbability::NEGLIGIBLE));
    assert_eq!(ratings[1].category.as_str(), "HARM_OF_TOMORROW");
    assert_eq!(
        (ratings[1].probability.clone(), ratings[1].severity_score),
        (None, Some(0.5))
    );
    let feedback = response.prompt_feedback().unwrap();
    assert_eq!(feedback.block_reason, None);
    assert_eq!(
        feedback.safety_ratings[0].category,
        HarmCategory::HATE_SPEECH
    );

    let citation = &response.citations()[0];
    assert_eq!(
        (citation.end_index, citation.license.as_deref()),
        (Some(5), Some("CC"))
    );
    let citation = &response.candidates().nth(1).unwrap().citations()[0];
    assert_eq!(
        (citation.start_index, citation.title.as_deref()),
        (Some(3), Some("A book"))
    );

    assert_eq!(response.avg_logprobs(), Some(-0.12));
    let logprobs = response.logprobs().unwrap();
    assert_eq!(logprobs.chosen[0].log_probability, Some(-0.1));
    assert_eq!(logprobs.top[0][1].token, "Lyon");

    assert_eq!(response.usage().unwrap().prompt_tokens, 9);
    let details = response.usage_details().unwrap();
    let prompt: Vec<_> = details
        .prompt
        .iter()
        .map(|it| (it.modality.as_str(), it.tokens))
        .collect();
    assert_eq!(prompt, [("TEXT", 5), ("IMAGE", 4)]);
    assert!(details.candidates.is_empty());
}

#[test]
fn grounding_keeps_the_places_of_its_sources() {
    let response = rich();
    let grounding = response.grounding().unwrap();
    assert_eq!(grounding.web_search_queries(), ["capital of france"]);
    assert_eq!(grounding.rendered_content().unwrap(), "<div/>");
    let sources = grounding.sources();
    assert_eq!(
        (sources[0].kind.as_str(), sources[0].title.as_deref()),
        ("web", Some("Example"))
    );
    assert_eq!(sources[1], GroundingSource::default());
    let support = &grounding.supports()[0];
    assert_eq!(
        (support.segment.text.as_str(), support.segment.end_index),
        ("Paris.", Some(6))
    );
    assert_eq!(sources[support.sources[1]].kind, "retrievedContext");
}

#[test]
fn function_calls_are_read_into_types() {
    #[derive(Debug, Deserialize)]
    struct Lookup {
        city: String,
        n: u8,
    }
    #[derive(Debug, Deserialize)]
    struct Other {
        #[serde(rename = "city")]
        _city: Vec<u8>,
    }
    #[derive(Debug, Deserialize)]
    struct Nothing {}

    let response = rich();
    let calls: Vec<_> = response.function_calls().collect();
    assert_eq!(calls.len(), 2);
    assert_eq!((calls[0].name(), calls[0].id()), ("lookup", Some("c1")));
    let Lookup { city, n } = calls[0].args().unwrap();
    assert_eq!((city.as_str(), n), ("Paris", 2));
    let error = calls[0].args::<Other>().unwrap_err();
    assert!(
        error.is_wrong_shape() && error.path() == Some("city"),
        "{error}"
    );
    calls[1].args::<Nothing>().unwrap();
    assert_eq!(calls[1].to_value(), json!({"name": "ping"}));
}

#[tokio::test]
async fn inline_data_becomes_bytes_or_a_file() {
    let response = rich();
    let media: Vec<_> = response.inline_data().collect();
    assert_eq!(media[0].mime_type(), "image/png");
    assert_eq!(media[0].bytes().unwrap(), b"\x89PNG\r\n\x1a\n");
    assert_eq!(media[1].bytes().unwrap(), [0xfb, 0xff]);
    let error = media[2].bytes().unwrap_err();
    assert!(error.to_string().contains("not base64"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.png");
    media[0].save_to(&path).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), media[0].bytes().unwrap());
    assert!(
        media[1]
            .save_to(&path)
            .await
            .unwrap_err()
            .is_invalid_input()
    );
    assert!(
        media[2]
            .save_to(folder.path().join("no.png"))
            .await
            .is_err()
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn odd_shapes_are_empty() {
    let odd = json!({"candidates": [{
        "content": {"parts": [7, {"inlineData": {}}, {"functionCall": {"name": 3}}]},
        "safetyRatings": {}, "groundingMetadata": 7, "citationMetadata": [], "avgLogprobs": "x",
        "logprobsResult": "y",
    }], "promptFeedback": 1, "usageMetadata": []});
    for response in [response(&odd.to_string()), response("{}"), response("7")] {
        assert_eq!(
            response.function_calls().count() + response.inline_data().count(),
            0
        );
        assert!(response.safety_ratings().is_empty() && response.citations().is_empty());
        assert!(response.grounding().is_none() && response.logprobs().is_none());
        assert!(response.thoughts().is_none() && response.avg_logprobs().is_none());
        assert!(response.prompt_feedback().is_none());
        assert!(response.complete_text().is_err());
    }
}

#[test]
fn a_cut_embedding_is_scaled_to_length_1() {
    let cut = response(r#"{"embedding":{"values":[3,0,-4]}}"#);
    assert_eq!(cut.normalized_embedding().unwrap(), [0.6, 0.0, -0.8]);
    let zeros = response(r#"{"embedding":{"values":[0,0]}}"#);
    assert_eq!(zeros.normalized_embedding().unwrap(), [0.0, 0.0]);
    assert_eq!(response("{}").normalized_embedding(), None);
}

#[test]
fn every_spelling_of_proto_json_is_read() {
    let response = response(
        r#"{"candidates":[{"content":{"parts":[{"text":"a","thought":"false"}]},"finish_reason":1,
            "avgLogprobs":"-Infinity","logprobsResult":{
                "chosenCandidates":[{"token":"a","tokenId":5.0,"logProbability":"-Infinity"}],
                "topCandidates":[{"candidates":[{"token":"b","tokenId":-1,"logProbability":"-2.5"}]}]},
            "safetyRatings":[{"blocked":true,"probability":4,"probabilityScore":"NaN"}],
            "groundingMetadata":{"groundingSupports":[
                {"groundingChunkIndices":["0",1.0],"confidenceScores":["NaN",0.5]}]}}],
            "usage_metadata":{"prompt_token_count":"1e1","totalTokenCount":12.0,
                "promptTokenDetails":[{"tokenCount":7},{"modality":5,"tokenCount":3}]},
            "prompt_feedback":null}"#,
    );
    assert_eq!(response.text().unwrap(), "a");
    assert_eq!(response.finish_reason(), Some(FinishReason::STOP));
    assert_eq!(response.avg_logprobs(), Some(f64::NEG_INFINITY));
    let logprobs = response.logprobs().unwrap();
    assert_eq!(logprobs.chosen[0].log_probability, Some(f64::NEG_INFINITY));
    assert_eq!(logprobs.chosen[0].token_id, Some(5));
    assert_eq!(
        (
            logprobs.top[0][0].log_probability,
            logprobs.top[0][0].token_id
        ),
        (Some(-2.5), None)
    );
    let rating = &response.safety_ratings()[0];
    assert!(rating.blocked && rating.probability_score.unwrap().is_nan());
    assert_eq!(rating.probability, Some(HarmProbability::HIGH));
    assert_eq!(rating.category.as_str(), "HARM_CATEGORY_UNSPECIFIED");
    let support = &response.grounding().unwrap().supports()[0];
    assert_eq!(support.sources, [0, 1]);
    assert!(support.confidence_scores[0].is_nan() && support.confidence_scores[1] == 0.5);
    let usage = response.usage().unwrap();
    assert_eq!((usage.prompt_tokens, usage.total_tokens), (10, 12));
    let details = response.usage_details().unwrap().prompt;
    assert_eq!(details[0].modality.as_str(), "MODALITY_UNSPECIFIED");
    assert_eq!(
        (details[1].modality.as_str(), details[1].tokens),
        ("DOCUMENT", 3)
    );
    assert!(response.complete_text().unwrap_err().is_blocked());
}

#[test]
fn numbers_of_enums_that_say_nothing_are_kept() {
    let ended = |reason: &str| {
        response(&format!(
            r#"{{"candidates":[{{"finishReason":{reason}}}]}}"#
        ))
    };
    assert_eq!(ended("9").finish_reason().unwrap().as_str(), "9");
    let error = ended("9").complete_text().unwrap_err();
    assert!(
        error.is_unfinished() && error.to_string().contains('9'),
        "{error}"
    );
    let unspecified = ended("0").complete_text().unwrap_err();
    assert!(unspecified.finish_reason().is_none(), "{unspecified}");
}

#[test]
fn media_of_thoughts_are_given_where_there_are_no_others() {
    let media = |parts: &str| {
        let response = response(&format!(
            r#"{{"candidates":[{{"content":{{"parts":[{parts}]}}}}]}}"#
        ));
        let data = response.inline_data().map(|data| data.base64().to_owned());
        data.collect::<Vec<_>>()
    };
    let draft = r#"{"inlineData":{"data":"AA"},"thought":true}"#;
    let later = r#"{"inline_data":{"mime_type":"image/png","data":"BB"},"thought":true}"#;
    let last = r#"{"inlineData":{"data":"CC"}}"#;
    assert_eq!(media(&[draft, later].join(",")), ["BB"]);
    assert_eq!(media(&[draft, last, later].join(",")), ["CC"]);
    assert!(media(r#"{"text":"none","thought":true}"#).is_empty());
}

#[test]
fn embeddings_are_read_in_every_spelling() {
    let values = |json: &str| response(json).embedding().map(<[f32]>::to_vec);
    let text = values(r#"{"embedding":{"values":["NaN","0.5",1]}}"#).unwrap();
    assert!(text[0].is_nan() && text[1..] == [0.5, 1.0]);
    assert_eq!(
        values(r#"{"embeddings":[{"values":[0.5]}]}"#),
        Some(vec![0.5])
    );
    assert_eq!(
        values(r#"{"embeddings":[{"values":[0.5]},{"values":[0.6]}]}"#),
        None
    );
    let counted = response(r#"{"embedding":{"values":[0.5]},"tokenCount":"7"}"#);
    assert_eq!(counted.usage().unwrap().prompt_tokens, 7);
    let older = response(r#"{"embeddings":{"values":[0.5],"statistics":{"token_count":8}}}"#);
    assert_eq!(older.usage().unwrap().total_tokens, 8);
}

#[test]
fn lists_of_nothing_take_a_few_times_their_length() {
    let many = |element: &str| vec![element; 200_000].join(",");
    let candidate = |fields: &str| {
        let text = r#""content":{"parts":[{},{"text":"yes"}]},"finishReason":"STOP""#;
        response(&format!(r#"{{"candidates":[{{{text},{fields}}}]}}"#))
    };
    let rated = candidate(&format!(r#""safetyRatings":[{}]"#, many("{}")));
    let taken = rated.safety_ratings().len() * size_of::<SafetyRating>();
    assert!(taken < 2 * rated.json().len() + 1000 * size_of::<SafetyRating>());
    assert_eq!(rated.complete_text().unwrap(), "yes");
    let blocked = format!(r#""safetyRatings":[{},{{"blocked":true}}]"#, many("{}"));
    assert!(candidate(&blocked).complete_text().is_err());
    let cited = candidate(&format!(
        r#""citationMetadata":{{"citations":[{}]}}"#,
        many("{}")
    ));
    assert!(cited.citations().len() * size_of::<Citation>() < 4 * cited.json().len());
    // Nothing that says something is left out.
    let rating = r#"{"category":"HARM_CATEGORY_HARASSMENT","probability":"NEGLIGIBLE"}"#;
    let rated = candidate(&format!(
        r#""safetyRatings":[{}]"#,
        vec![rating; 900].join(",")
    ));
    assert_eq!(rated.safety_ratings().len(), 900);
    let parts = format!(
        r#"{{"candidates":[{{"content":{{"parts":[{},{{"text":"last"}}]}}}}]}}"#,
        many("{}")
    );
    let parts = response(&parts);
    assert_eq!(
        (parts.parts().count(), &*parts.text().unwrap()),
        (200_001, "last")
    );
}
