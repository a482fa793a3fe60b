//! The preflight: a file for each known mistake, in `tests/data/preflight`, whose name is the
//! code that must be told of its third line; right files, of which nothing must be told; limits,
//! uploads, memory and the estimate of what a job costs.

use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use genai_batch::batches::{Checks, InlineLimit};
use genai_batch::cost::Pricing;
use genai_batch::preflight::{Diagnosis, FindingCode, Severity};
use genai_batch::{Client, GenerationConfig, Part, Request, Source};
use genai_batch_emulator::Operation;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Backend, client, collect, sums};

fn data(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/data/preflight").join(name)
}

/// The codes and lines that were told, with their severity.
fn told(diagnosis: &Diagnosis) -> Vec<(&str, Option<u64>, Severity)> {
    let findings = diagnosis.findings.iter();
    findings
        .map(|it| (it.code.as_str(), it.line, it.severity))
        .collect()
}

async fn check(client: &Client, file: &Path, model: Option<&str>) -> Diagnosis {
    let preflight = Source::path(file).preflight(client);
    match model {
        Some(model) => preflight.model(model).await,
        None => preflight.await,
    }
    .unwrap()
}

#[tokio::test]
async fn each_known_mistake_is_told_with_its_line() {
    let backend = Backend::gemini().await;
    let mut files = 0;
    for entry in std::fs::read_dir(data("gemini")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "right" {
            continue;
        }
        files += 1;
        let diagnosis = check(&backend.client, &file, None).await;
        let (line, severity) = match name.as_str() {
            "empty" | "mixed-kinds" => (None, Severity::Error),
            "key-missing" | "snake-case" => (Some(3), Severity::Note),
            "model-ignored" => (Some(3), Severity::Warning),
            _ => (Some(3), Severity::Error),
        };
        let expected = match name.as_str() {
            // The field within has its own case, and is right.
            "snake-case" => vec![("snake-case", line, severity)],
            name => vec![(name, line, severity)],
        };
        assert_eq!(told(&diagnosis), expected, "{diagnosis}");
        assert_eq!(diagnosis.is_ok(), severity < Severity::Error);
        let finding = &diagnosis.findings[0];
        let place = match line {
            Some(line) => format!("{}:{line}", file.display()),
            None => file.display().to_string(),
        };
        assert_eq!(finding.place, place);
        assert!(diagnosis.to_string().contains(&place), "{diagnosis}");
    }
    assert_eq!(files, 15);
}

#[tokio::test]
async fn a_right_file_has_no_finding() {
    let backend = Backend::gemini().await;
    let file = data("gemini/right.jsonl");
    let diagnosis = check(&backend.client, &file, Some("gemini-2.5-flash")).await;
    assert!(diagnosis.is_clean(), "{diagnosis}");
    assert_eq!(diagnosis.requests, 8);
    assert!(backend.emulator.requests().is_empty(), "nothing is sent");
    let (requests, _) = sums(5);
    let diagnosis = Source::requests(requests).preflight(&backend.client).await;
    assert!(diagnosis.unwrap().is_clean());
    let texts = Source::from(vec!["one", "two"]).preflight(&backend.client);
    assert!(texts.await.unwrap().is_clean(), "keys are given to them");
}

#[tokio::test]
async fn findings_serialise_under_stable_names() {
    let backend = Backend::gemini().await;
    let diagnosis = check(&backend.client, &data("gemini/unknown-field.jsonl"), None).await;
    let value = serde_json::to_value(&diagnosis).unwrap();
    assert_eq!(value["backend"], "gemini");
    assert_eq!(value["counts"], json!({ "unknown-field": 1 }));
    let mut finding = value["findings"][0].clone();
    finding.as_object_mut().unwrap().remove("place");
    assert_eq!(
        finding,
        json!({
            "severity": "error", "code": "unknown-field", "line": 3, "key": "bad",
            "path": "request.generationConfig.maxOutputToken",
            "message": "the Gemini Developer API describes no field `maxOutputToken` of GenerationConfig",
            "hint": "did you mean `maxOutputTokens`?",
        })
    );
}

#[tokio::test]
async fn many_findings_are_counted_and_few_kept() {
    let backend = Backend::gemini().await;
    let requests: Vec<_> = (0..1000)
        .map(|n| {
            Request::text("x")
                .key(format!("k{}", n % 250))
                .field("mdoel", "m")
        })
        .collect();
    let diagnosis = Source::from(requests)
        .preflight(&backend.client)
        .await
        .unwrap();
    assert_eq!(diagnosis.counts[&FindingCode::DuplicateKey], 750);
    assert_eq!(diagnosis.counts[&FindingCode::UnknownField], 1000);
    assert_eq!(diagnosis.errors, 1750);
    assert_eq!(diagnosis.findings.len(), 200);
    let twice = diagnosis.of(FindingCode::DuplicateKey).next().unwrap();
    assert!(twice.message.contains("request "), "{twice}");
    assert!(diagnosis.to_string().lines().count() < 30, "{diagnosis}");
}

#[tokio::test]
async fn what_would_not_come_back_is_told() {
    let backend = Backend::gemini().await;
    let images = (0..50).map(|n| {
        let config = json!({ "responseModalities": ["TEXT", "IMAGE"] });
        Request::text("Draw a river.")
            .key(format!("k{n}"))
            .field("generationConfig", config)
    });
    let images = Source::from(images.collect::<Vec<_>>());
    let diagnosis = images.preflight(&backend.client).await.unwrap();
    assert_eq!(
        told(&diagnosis),
        [("inline-output-large", None, Severity::Warning)]
    );
    let labelled = vec![Request::text("x").key("a").metadata("team", "x")];
    let diagnosis = Source::from(labelled)
        .preflight(&backend.client)
        .inline_limit(InlineLimit::NEVER);
    let diagnosis = diagnosis.await.unwrap();
    assert_eq!(
        told(&diagnosis),
        [("metadata-lost", None, Severity::Warning)]
    );
}

#[tokio::test]
async fn uploads_are_looked_up_once_and_held_against_the_time_of_a_job() {
    let server = MockServer::start().await;
    let client = client(&server.uri());
    let hours = |hours| (chrono::Utc::now() + chrono::TimeDelta::hours(hours)).to_rfc3339();
    for (id, state, expires, times) in [
        ("fresh", "ACTIVE", hours(48), 1),
        ("today", "ACTIVE", hours(20), 1),
        ("tomorrow", "ACTIVE", hours(40), 1),
        ("over", "ACTIVE", hours(-1), 1),
        ("raw", "PROCESSING", hours(48), 1),
        ("broken", "FAILED", hours(48), 1),
    ] {
        let file = json!({ "name": format!("files/{id}"), "state": state, "expirationTime": expires, "sizeBytes": "7" });
        Mock::given(method("GET"))
            .and(path(format!("/v1beta/files/{id}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(file))
            .expect(times)
            .mount(&server)
            .await;
    }
    let uri = |id: &str| format!("{}/v1beta/files/{id}", server.uri());
    let request = |n: usize, id: &str| {
        let part = json!({ "fileData": { "mimeType": "image/png", "fileUri": uri(id) } });
        json!({ "key": format!("{id}-{n}"), "request": { "contents": [{ "parts": [part] }] } })
    };
    let ids = ["fresh", "today", "tomorrow", "over", "raw", "broken"];
    let requests: Vec<Value> = (0..2).flat_map(|n| ids.map(|id| request(n, id))).collect();
    let diagnosis = Source::from(requests).preflight(&client).await.unwrap();
    let second = |line: u64| [Some(line), Some(line + 6)];
    let lines = |code, severity| {
        let found = told(&diagnosis);
        let found = found
            .into_iter()
            .filter(|it| (it.0, it.2) == (code, severity));
        found.map(|it| it.1).collect::<Vec<_>>()
    };
    assert_eq!(lines("upload-expires", Severity::Error), second(2));
    assert_eq!(lines("upload-expires", Severity::Warning), second(3));
    assert_eq!(lines("upload-missing", Severity::Error), second(4));
    assert_eq!(lines("upload-not-ready", Severity::Warning), second(5));
    assert_eq!(lines("upload-not-ready", Severity::Error), second(6));
    assert_eq!(diagnosis.findings.len(), 10, "{diagnosis}");
}

#[tokio::test]
async fn an_uploaded_file_of_requests_is_judged_by_what_is_known_of_it() {
    let backend = Backend::gemini().await;
    let upload = backend.client.files().upload(data("gemini/right.jsonl"));
    let file = upload.mime_type("application/jsonl").await.unwrap();
    let diagnosis = Source::from(&file)
        .preflight(&backend.client)
        .await
        .unwrap();
    assert_eq!(told(&diagnosis), [("not-checked", None, Severity::Note)]);
    assert_eq!(Some(diagnosis.bytes), file.size_bytes());
    let gone = Source::file("files/gone").preflight(&backend.client);
    assert!(!gone.await.unwrap().is_ok());
    let elsewhere = Source::cloud_storage(["gs://bucket/in.jsonl"]).preflight(&backend.client);
    let diagnosis = elsewhere.await.unwrap();
    assert_eq!(told(&diagnosis), [("foreign-uri", None, Severity::Error)]);
}

#[tokio::test]
async fn a_source_that_cannot_be_read_is_an_error() {
    let backend = Backend::gemini().await;
    let missing = Source::path("no-such-file.jsonl").preflight(&backend.client);
    let error = missing.await.unwrap_err();
    assert!(error.is_io() && error.to_string().contains("no-such-file.jsonl"));
}

#[tokio::test]
async fn a_create_is_checked_with_its_options() {
    let backend = Backend::gemini().await;
    let create = || {
        let create = backend
            .client
            .batches()
            .create(backend.model, vec!["a", "b"]);
        create.generation_config(GenerationConfig::new().max_output_tokens(10))
    };
    let plain = Source::from(vec!["a", "b"])
        .preflight(&backend.client)
        .model(backend.model);
    let (plain, with) = (plain.await.unwrap(), create().preflight().await.unwrap());
    assert!(with.is_clean(), "{with}");
    assert!(
        plain.output_tokens.high > 20 && with.output_tokens.high == 20,
        "{with}"
    );
    let told = create()
        .system_instruction("Answer briefly. ".repeat(50))
        .preflight()
        .await
        .unwrap();
    assert!(
        told.input_tokens.likely > with.input_tokens.likely + 200,
        "{told}"
    );
    // What a create refuses whatever the requests are.
    let odd = create().label("team", "x").preflight().await.unwrap();
    assert_eq!(odd.of(FindingCode::UnsupportedHere).count(), 1, "{odd}");
    let held = backend
        .client
        .batches()
        .create(backend.model, "files/abc")
        .system_instruction("x");
    let held = held.preflight().await.unwrap();
    assert!(
        held.of(FindingCode::UnsupportedHere)
            .any(|it| it.message.contains("system_instruction")),
        "{held}"
    );
    let config = GenerationConfig::new().field("tools", json!([]));
    let wrong = backend
        .client
        .batches()
        .create(backend.model, vec!["a"])
        .generation_config(config);
    assert!(!wrong.preflight().await.unwrap().is_ok());
    let missing = Request::parts([Part::local_file("no-such-lake.png")]);
    let missing = Source::from(vec![missing])
        .preflight(&backend.client)
        .await
        .unwrap();
    assert!(
        missing.to_string().contains("no-such-lake.png"),
        "{missing}"
    );
}

#[tokio::test]
async fn sizes_and_numbers_are_for_people() {
    let backend = Backend::gemini().await;
    let one = Source::from(vec!["a"])
        .preflight(&backend.client)
        .await
        .unwrap()
        .to_string();
    for part in [
        "1 request, ",
        " bytes\n",
        "0 errors, 0 warnings, 0 notes",
        "of 20 MB (",
        "not checked, 20 GiB at most",
    ] {
        assert!(one.contains(part), "{part:?} is not in {one}");
    }
}

#[tokio::test]
async fn checks_can_be_switched_off() {
    let backend = Backend::gemini().await;
    let odd = || {
        vec![
            Request::text("What is 1 + 1?")
                .key("a")
                .field("temperature", 1),
        ]
    };
    let create = || backend.client.batches().create(backend.model, odd());
    assert!(create().await.unwrap_err().is_invalid_input());
    create().checks(Checks::Off).await.unwrap();
}

/// The estimate of 2,500 requests, then the job, and what it cost by its rows.
#[tokio::test]
async fn the_cost_of_2500_requests_lies_in_what_was_estimated() {
    let backend = Backend::gemini().await;
    let requests = || sums(2_500).0;
    let pricing = Pricing::new(0.30, 2.50);
    let diagnosis = Source::requests(requests())
        .preflight(&backend.client)
        .model(backend.model)
        .pricing(pricing.clone())
        .likely_output_tokens(2)
        .await
        .unwrap();
    assert!(diagnosis.is_clean(), "{diagnosis}");
    assert_eq!(diagnosis.requests, 2_500);
    let estimate = diagnosis.cost.clone().unwrap();
    assert!(
        diagnosis.to_string().contains("cost: about "),
        "{diagnosis}"
    );

    let create = backend.client.batches().create(backend.model, requests());
    let job = backend.wait(&create.await.unwrap()).await.unwrap();
    let results = backend.client.batches().results(&job).count_usage(true);
    let (_, report) = collect(results.await.unwrap()).await;
    let usage = report.usage.as_ref().unwrap();
    assert_eq!(usage.models["gemini-2.5-flash"].responses, 2_500);
    let total = usage.total();
    let input = diagnosis.input_tokens;
    assert!(
        (input.low..=input.high).contains(&total.input_tokens()),
        "{usage} {input}"
    );
    let cost = report.cost(&pricing).unwrap();
    assert!(
        (estimate.low..=estimate.high).contains(&cost.total),
        "{cost} of {estimate}"
    );
    assert!(
        (cost.total / estimate.likely - 1.0).abs() < 0.5,
        "{cost} of {estimate}"
    );
    let of_model = cost.models["gemini-2.5-flash"];
    assert_eq!(cost.total, of_model.total());
    let by_hand = pricing.cost_of(total.input_tokens(), total.output_tokens());
    assert!((cost.total - by_hand).abs() < 1e-12);
    assert!(report.cost_by(Pricing::of_model).is_some());
}

#[tokio::test]
async fn a_sample_that_the_service_counts_corrects_the_estimate() {
    let backend = Backend::gemini().await;
    // The emulator counts the prompt alone, so that the estimate by characters is far off.
    let requests: Vec<_> = (0..200)
        .map(|n| {
            let prompt = format!("What is {n} + 1000?");
            Request::text(prompt).system_instruction("Answer with the number. ".repeat(1 + n % 7))
        })
        .collect();
    let preflight = || Source::from(requests.clone()).preflight(&backend.client);
    let told = |diagnosis: &Diagnosis| diagnosis.input_tokens;
    let counts = || backend.emulator.request_count(Operation::CountTokens);
    let guessed = preflight().model(backend.model).await.unwrap();
    assert_eq!(counts(), 0);
    let sampled = preflight().model(backend.model).sample(20).await.unwrap();
    assert_eq!(counts(), 20);
    assert!(
        sampled.is_clean() && told(&sampled).high < told(&guessed).low,
        "{sampled}"
    );
    let basis = "countTokens of 20 requests, ± ";
    assert!(sampled.token_basis.starts_with(basis), "{sampled}");
    let counted = preflight()
        .model(backend.model)
        .sample(1_000)
        .await
        .unwrap();
    let tokens = (0..200).map(|n| format!("What is {n} + 1000?").len().div_ceil(4) as u64);
    let tokens = tokens.sum::<u64>();
    let range = told(&counted);
    assert_eq!(
        [range.low, range.likely, range.high],
        [tokens; 3],
        "no error is left"
    );
}

#[tokio::test]
async fn a_sample_that_cannot_be_counted_leaves_the_estimate() {
    let backend = Backend::gemini().await;
    let preflight = || Source::from(vec!["x"]).preflight(&backend.client).sample(1);
    let error = preflight().await.unwrap_err();
    assert!(error.is_invalid_input() && error.to_string().contains("`model`"));
    let diagnosis = preflight().model("tunedModels/mine").await.unwrap();
    assert_eq!(told(&diagnosis), [("not-checked", None, Severity::Note)]);
    assert_eq!(diagnosis.input_tokens.likely, 1);
}

#[tokio::test]
async fn usage_is_counted_only_where_asked_for() {
    let backend = Backend::gemini().await;
    let create = backend.client.batches().create(backend.model, sums(3).0);
    let mut results = backend.results_of(create).await;
    while results.try_next().await.unwrap().is_some() {}
    assert_eq!(results.report().usage, None);
    assert_eq!(results.report().cost(&Pricing::new(1.0, 1.0)), None);
}

#[cfg(feature = "gcs")]
mod vertex {
    use super::*;

    const MODEL: Option<&str> = Some("publishers/google/models/gemini-2.5-flash");

    #[tokio::test]
    async fn mistakes_are_those_of_the_backend() {
        let backend = Backend::vertex().await;
        let right = check(&backend.client, &data("vertex/right.jsonl"), MODEL).await;
        assert!(right.is_clean(), "{right}");
        assert_eq!(right.unmeasured_parts, 1);
        for (code, severity) in [
            ("foreign-uri", Severity::Error),
            ("key-missing", Severity::Note),
            ("model-ignored", Severity::Error),
        ] {
            let file = data(&format!("vertex/{code}.jsonl"));
            let diagnosis = check(&backend.client, &file, MODEL).await;
            assert_eq!(told(&diagnosis), [(code, Some(3), severity)]);
        }
    }

    #[tokio::test]
    async fn objects_are_read_through_cloud_storage() {
        let backend = Backend::vertex().await;
        let read = |name: &str| std::fs::read(data(name)).unwrap();
        backend
            .emulator
            .put_object("gs://lakes/a.jsonl", read("vertex/right.jsonl"));
        backend
            .emulator
            .put_object("gs://lakes/b.jsonl", read("vertex/key-missing.jsonl"));
        let objects = Source::cloud_storage(["gs://lakes/a.jsonl", "gs://lakes/b.jsonl"]);
        let diagnosis = objects.preflight(&backend.client).await.unwrap();
        assert_eq!(diagnosis.requests, 10);
        let found: Vec<_> = diagnosis.findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "gs://lakes/b.jsonl:1: error [duplicate-key] key \"good-1\": the key is used before, at \
                 gs://lakes/a.jsonl:1: give every request a key of its own",
                "gs://lakes/b.jsonl:3: warning [key-missing]: no key, so that nothing tells which \
                 result is its own: give every request a key",
            ]
        );
        let gone = Source::cloud_storage(["gs://lakes/gone.jsonl"]).preflight(&backend.client);
        assert!(gone.await.unwrap_err().is_not_found());
        let table = Source::big_query("bq://p.d.t").preflight(&backend.client);
        assert_eq!(
            told(&table.await.unwrap()),
            [("not-checked", None, Severity::Note)]
        );
    }

    #[tokio::test]
    async fn embeddings_are_right_in_the_spelling_of_their_model() {
        let backend = Backend::vertex().await;
        for (model, line) in [
            (
                "text-embedding-005",
                json!({ "key": "a", "content": "hi", "task_type": "X", "team": "x" }),
            ),
            (
                "gemini-embedding-001",
                json!({ "key": "a", "request": { "content": { "parts": [{ "text": "hi" }] },
                        "embed_content_config": { "output_dimensionality": 8 } } }),
            ),
        ] {
            let preflight = Source::from(vec![line])
                .preflight(&backend.client)
                .model(model);
            let diagnosis = preflight.await.unwrap();
            assert!(diagnosis.is_clean(), "{diagnosis}");
            assert_eq!(diagnosis.output_tokens.high, 0);
        }
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_create_warns_of_what_it_sees_for_free() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let backend = Backend::gemini().await;
    let create = |source: Source| backend.client.batches().create(backend.model, source);
    let guard = tracing::subscriber::set_default(subscriber);
    let refused = create(data("gemini/model-ignored.jsonl").into()).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("model-ignored.jsonl:3, at request.model"),
        "{refused}"
    );
    let odd = (0..50).map(|n| Request::text("x").field("smellSettings", n));
    create(Source::requests(odd)).await.unwrap();
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 10 + 1, "{log}");
    let names = |line: &str, part: &str| assert!(line.contains(part), "{line}");
    names(warnings[0], "request 1");
    names(warnings[0], "smellSettings");
    names(warnings[10], "more=40");
}
