//! What is told before anything is sent, and how: sources, models, places and addresses that are not
//! what they are taken for.

use std::time::Duration;

use genai_batch::batches::WebhookConfig;
use genai_batch::preflight::{FindingCode, Severity};
use genai_batch::{GenerationConfig, Request, Source};
use serde_json::json;

use crate::support::{Backend, collect, sums};

#[tokio::test]
async fn a_model_of_another_kind() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    let request = || vec![Request::text("hi")];
    let error = batches.create("gemini-embedding-001", request());
    let error = error.await.unwrap_err().to_string();
    assert!(
        error.contains("makes embeddings") && error.contains("create_embeddings"),
        "{error}"
    );
    let error = batches.create_embeddings("gemini-2.5-flash", vec!["hi"]);
    let error = error.await.unwrap_err().to_string();
    assert!(error.contains("makes no embeddings"), "{error}");
    assert!(backend.emulator.requests().is_empty());

    let told = |model: &'static str| {
        let preflight = batches.create(model, request()).preflight();
        async { preflight.await.unwrap() }
    };
    let wrong = told("gemini-embedding-001").await;
    assert_eq!((wrong.errors, wrong.warnings), (1, 0), "{wrong}");
    for model in ["imagen-4.0-generate-001", "veo-3.0-generate-001"] {
        let maybe = told(model).await;
        assert!(maybe.is_ok() && maybe.warnings == 1, "{maybe}");
        let by_source = Source::from(request()).preflight(&backend.client);
        let by_source = by_source.model(model).await.unwrap();
        assert_eq!(by_source.warnings, 1, "{by_source}");
    }
}

/// A status of 5xx leaves open whether there is a job, so that it is looked for, and not made again.
#[tokio::test]
async fn a_model_that_is_overloaded() {
    use wiremock::matchers::method;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let server = MockServer::start().await;
    let busy = json!({ "error": { "code": 503, "status": "UNAVAILABLE",
        "message": "The model is overloaded. Please try again later." } });
    let busy = ResponseTemplate::new(503).set_body_json(busy);
    let create = Mock::given(method("POST")).respond_with(busy);
    create.expect(1).mount(&server).await;
    let none = ResponseTemplate::new(200).set_body_json(json!({}));
    Mock::given(method("GET"))
        .respond_with(none)
        .mount(&server)
        .await;
    let client = crate::support::client(&server.uri());
    let create = client.batches().create("gemini-2.5-flash", sums(1).0);
    let error = create.look_for(Duration::ZERO).await.unwrap_err();
    assert!(error.is_unclear() && error.is_server_error(), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("overloaded") && text.contains("1 look over"),
        "{text}"
    );
}

#[tokio::test]
async fn a_default_that_is_wrong_is_told_once() {
    let backend = Backend::gemini().await;
    let create = |config| {
        let create = backend.client.batches().create(backend.model, sums(3).0);
        create.generation_config(config)
    };
    let config = || GenerationConfig::new().temperature(f64::NAN);
    let error = create(config()).await.unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("generation_config.temperature: NaN"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
    let diagnosis = create(config()).preflight().await.unwrap();
    assert!(!diagnosis.is_ok(), "{diagnosis}");
    assert!(backend.emulator.requests().is_empty());
}

#[tokio::test]
async fn lines_in_the_spelling_of_googles_sdk_are_clean() {
    let backend = Backend::gemini().await;
    let part = json!({ "inline_data": { "mime_type": "image/png", "data": "aGk=" } });
    let line = json!({ "key": "a", "request": {
        "contents": [{ "role": "user", "parts": [part, { "text": "What is it?" }] }],
        "generation_config": { "max_output_tokens": 8, "thinking_config": { "thinking_budget": 0 } },
        "system_instruction": { "parts": [{ "text": "Be brief." }] },
    } });
    let diagnosis = Source::from(vec![line]).preflight(&backend.client);
    let diagnosis = diagnosis.model(backend.model).await.unwrap();
    assert!(diagnosis.is_clean(), "{diagnosis}");
    let spelled = diagnosis.of(FindingCode::SnakeCase);
    assert!(spelled.into_iter().all(|it| it.severity == Severity::Note));
    let mut config = json!({ "key": "a", "request": { "contents": "hi",
        "config": { "temperature": 0.5, "safety_settings": [], "seed": 7 } } });
    let check = |line| Source::from(vec![line]).preflight(&backend.client);
    assert!(check(config.clone()).await.unwrap().is_clean());
    config["request"]["config"]["temperature"] = json!("hot");
    let wrong = check(config).await.unwrap();
    let path = wrong.findings[0].path.as_deref();
    assert_eq!(path, Some("request.config.temperature"), "{wrong}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_has_no_number_of_requests() {
    let backend = Backend::gemini().await;
    let (requests, _) = sums(2);
    let lines: Vec<_> = requests.iter().map(|it| it.to_jsonl().unwrap()).collect();
    let upload = backend.client.files().upload(lines.join("\n").into_bytes());
    let file = upload.mime_type("application/jsonl").await.unwrap();
    let diagnosis = Source::from(&file)
        .preflight(&backend.client)
        .await
        .unwrap();
    let text = diagnosis.to_string();
    assert!(text.contains("not read, "), "{text}");
    assert!(
        !text.contains("0 requests") && !text.contains("tokens in: 0"),
        "{text}"
    );
    assert!(!diagnosis.is_clean(), "{text}");
}

#[tokio::test]
async fn labels_go_out_and_are_told() {
    let backend = Backend::gemini().await;
    let request = Request::text("hi").label("team", "x");
    let diagnosis = Source::from(vec![request]).preflight(&backend.client);
    let diagnosis = diagnosis.await.unwrap();
    assert!(diagnosis.is_ok() && diagnosis.warnings == 1, "{diagnosis}");
    assert!(
        diagnosis
            .to_string()
            .contains("Vertex AI, which bills by them"),
        "{diagnosis}"
    );
}

#[tokio::test]
async fn addresses_of_webhooks() {
    let backend = Backend::gemini().await;
    for wrong in [
        "example.com/hook",
        "https://ada:the-secret@example.com/",
        "ftp://example.com/",
    ] {
        let create = backend.client.batches().create(backend.model, sums(1).0);
        let error = create
            .webhook(WebhookConfig::new([wrong]))
            .await
            .unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("`webhook`") && !text.contains("the-secret"),
            "{text}"
        );
    }
    assert!(backend.emulator.requests().is_empty());
}

#[tokio::test]
async fn places_for_results_that_are_none() {
    let backend = Backend::gemini().await;
    let (requests, _) = sums(2);
    let job = backend.client.batches().create(backend.model, requests);
    let job = backend.wait(&job.await.unwrap()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("file"), "mine").unwrap();
    let calls = backend.emulator.requests().len();
    let mut cases = vec![
        (String::new(), "is empty: write a path"),
        ("bq://project.dataset.table".to_owned(), "the option `dest`"),
        (
            "https://ada:the-secret@example.com/out".to_owned(),
            "an address of https",
        ),
        (path(""), "is a folder: name a file in it"),
        (
            folder.path().to_str().unwrap().to_owned(),
            "is a directory, which is not replaced: name",
        ),
        (path("none/out.jsonl"), "there is no folder"),
        (path("file/out.jsonl"), "is not a folder"),
        (path("file"), "exists already"),
    ];
    if cfg!(unix) {
        cases.push(("/dev/null".to_owned(), "is not a file but a device"));
    }
    for (place, told) in cases {
        for overwrite in [false, true] {
            if overwrite && told == "exists already" {
                continue;
            }
            let save = backend.client.batches().results(&job).save_to(&place);
            let error = save.overwrite(overwrite).await.unwrap_err();
            let text = error.to_string();
            assert!(
                error.is_invalid_input() && text.contains(told),
                "{place}: {text}"
            );
            assert!(!format!("{text}{error:?}").contains("the-secret"), "{text}");
            let may_overwrite = told == "exists already";
            assert_eq!(text.contains("`overwrite`"), may_overwrite, "{text}");
        }
    }
    assert_eq!(
        backend.emulator.requests().len(),
        calls,
        "nothing is fetched for them"
    );
    let results = backend.client.batches().results(&job).await.unwrap();
    assert_eq!(collect(results).await.0.len(), 2);
}
