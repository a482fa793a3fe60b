//! Claude, open models and models of one's own on Vertex AI: one way to write requests, one to read
//! results.

use std::collections::BTreeMap;
use std::io::Write;

use futures_util::TryStreamExt;
use genai_batch::batches::DedicatedResources;
use genai_batch::external::schemars::JsonSchema;
use genai_batch::request::{Content, Form, FunctionDeclaration, Tool, ToolConfig};
use genai_batch::response::FinishReason;
use genai_batch::{BatchResult, EmbedRequest, GenerationConfig, Part, Report, Request, Source};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Backend, collect, on_every_model, sums, vertex_client};

on_every_model! {
    ten_requests_are_answered_from_memory_and_from_a_file,
    what_a_request_says_is_found_again,
    a_function_that_is_demanded_is_called,
    tokens_are_counted_for_the_report,
}

#[derive(Debug, JsonSchema, Deserialize)]
struct Review {
    sentiment: String,
    stars: u8,
}

/// Ten requests that say all that one says most: texts, a system instruction, settings, a schema, a
/// function.
fn ten() -> Vec<Request> {
    let limited = || GenerationConfig::new().max_output_tokens(300);
    let mut requests: Vec<_> = (0..6)
        .map(|n| {
            Request::text(format!("What is {n} + 1000?"))
                .generation_config(limited().temperature(0.0).top_p(0.5))
                .key(format!("sum-{n}"))
        })
        .collect();
    requests.push(
        Request::turns([
            ("user", "Hello."),
            ("model", "Hi."),
            ("user", "What is 1 + 1?"),
        ])
        .system_instruction("Answer with the number alone.")
        .generation_config(limited().stop_sequences(["END"]))
        .key("turns"),
    );
    requests.push(
        Request::text("Sentiment of this review: I love it.")
            .generation_config(limited())
            .output::<Review>()
            .unwrap()
            .key("typed"),
    );
    requests.push(calling().generation_config(limited()).key("function"));
    requests.push(
        Request::text("Say a lot of words about the weather in the mountains today.")
            .generation_config(GenerationConfig::new().max_output_tokens(3))
            .key("cut"),
    );
    requests
}

fn calling() -> Request {
    let function = FunctionDeclaration::new("weather", "Tells the weather.").parameters(json!({
        "type": "OBJECT", "properties": { "city": { "type": "STRING" } }, "required": ["city"],
    }));
    Request::text("Berlin")
        .tools([Tool::functions([function])])
        .tool_config(ToolConfig::new().function_calling_mode("ANY"))
}

/// Results by their keys.
async fn read(backend: &Backend, source: Source) -> (BTreeMap<String, BatchResult>, Report) {
    let job = backend.create(source).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let mut stream = backend.client.batches().results(&job).await.unwrap();
    let mut results = BTreeMap::new();
    while let Some(result) = stream.try_next().await.unwrap() {
        results.insert(result.key().unwrap().to_owned(), result);
    }
    (results, stream.report())
}

fn check(results: &BTreeMap<String, BatchResult>, report: &Report) {
    assert!(report.is_complete(), "{report}");
    assert_eq!(report.responses, 10);
    for n in 0..6 {
        let text = results[&format!("sum-{n}")].complete_text().unwrap();
        assert_eq!(text, (n + 1000).to_string());
    }
    assert_eq!(results["turns"].complete_text().unwrap(), "2");
    let review: Review = results["typed"].parse().unwrap();
    assert_eq!(review.sentiment, "positive");
    assert!(review.stars < 255);
    let function = results["function"].response().unwrap();
    let call = function.function_calls().next().unwrap();
    assert_eq!(call.name(), "weather");
    assert!(call.args::<Value>().unwrap()["city"].is_string());
    let cut = results["cut"].response().unwrap();
    assert_eq!(cut.finish_reason(), Some(FinishReason::MAX_TOKENS));
    assert!(results["cut"].complete_text().unwrap_err().is_truncated());
    for result in results.values() {
        let usage = result.response().unwrap().usage().unwrap();
        assert!(usage.prompt_tokens > 0 && usage.total_tokens > usage.prompt_tokens);
    }
}

async fn ten_requests_are_answered_from_memory_and_from_a_file(backend: Backend) {
    let (results, report) = read(&backend, ten().into()).await;
    check(&results, &report);
    let mut file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    for request in ten() {
        writeln!(file, "{}", request.to_jsonl().unwrap()).unwrap();
    }
    let (results, report) = read(&backend, file.path().into()).await;
    check(&results, &report);
}

async fn a_function_that_is_demanded_is_called(backend: Backend) {
    let create = backend.create(vec![calling().key("a")]);
    let mut results = backend.results_of(create).await;
    let result = results.try_next().await.unwrap().unwrap();
    let calls: Vec<_> = result.response().unwrap().function_calls().collect();
    assert_eq!((calls.len(), calls[0].name()), (1, "weather"));
    assert_eq!(
        result.response().unwrap().finish_reason(),
        Some(FinishReason::STOP)
    );
}

async fn tokens_are_counted_for_the_report(backend: Backend) {
    let job = backend.create(sums(5).0).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let results = backend.client.batches().results(&job).count_usage(true);
    let report = results.await.unwrap().verify().await.unwrap();
    let usage = report.usage.unwrap();
    assert_eq!(usage.without_usage, 0);
    let total = usage.total();
    assert_eq!((total.responses, total.prompt_tokens > 0), (5, true));
    assert!(
        usage
            .models
            .keys()
            .all(|model| backend.model.starts_with(model))
    );
}

/// Whatever a request says in the words of the model's form, the service reads as what was meant:
/// texts, roles, the system instruction and settings.
async fn what_a_request_says_is_found_again(backend: Backend) {
    let backend = backend.echoing().await;
    let turn = (prop::bool::ANY, prop::collection::vec(".{1,12}", 1..3));
    let wanted = (
        prop::collection::vec(turn, 1..4),
        prop::option::of(".{1,12}"),
        1_u32..5000,
        prop::option::of(0_u8..=8),
        prop::option::of(1_u32..50),
        prop::collection::vec("[A-Z]{1,4}", 0..3),
    );
    let mut runner = TestRunner::deterministic();
    let drawn: Vec<_> = (0..150)
        .map(|_| wanted.new_tree(&mut runner).unwrap().current())
        .collect();
    let requests = drawn.iter().enumerate().map(|(n, drawn)| {
        let (turns, system, limit, temperature, top_k, stops) = drawn.clone();
        let contents = turns.into_iter().map(|(is_model, texts)| match is_model {
            true => Content::model(texts),
            false => Content::user(texts),
        });
        let mut config = GenerationConfig::new().max_output_tokens(limit);
        if let Some(temperature) = temperature {
            config = config.temperature(f64::from(temperature) / 8.0);
        }
        if let Some(top_k) = top_k {
            config = config.top_k(top_k);
        }
        if !stops.is_empty() {
            config = config.stop_sequences(stops);
        }
        let request = Request::contents(contents).generation_config(config);
        let request = match system {
            Some(system) => request.system_instruction(system),
            None => request,
        };
        request.key(format!("r-{n}"))
    });
    let requests: Vec<_> = requests.collect();
    let received = backend.received_by(backend.create(requests)).await;
    for (n, (turns, system, limit, temperature, top_k, stops)) in drawn.iter().enumerate() {
        let request = &received[&format!("r-{n}")];
        let texts = |content: &Value| -> String {
            let parts = content["parts"].as_array().unwrap();
            parts
                .iter()
                .map(|part| part["text"].as_str().unwrap())
                .collect()
        };
        let contents: Vec<_> = request["contents"].as_array().unwrap().iter().collect();
        assert_eq!(contents.len(), turns.len(), "{request}");
        for (content, (is_model, said)) in contents.into_iter().zip(turns) {
            assert_eq!(content["role"] == "model", *is_model);
            assert_eq!(texts(content), said.concat());
        }
        let found = request.get("systemInstruction").map(texts);
        assert_eq!(found, *system);
        let config = &request["generationConfig"];
        assert_eq!(config["maxOutputTokens"], *limit);
        let temperature = temperature.map(|it| f64::from(it) / 8.0);
        assert_eq!(
            config.get("temperature").and_then(Value::as_f64),
            temperature
        );
        assert_eq!(
            config.get("topK").and_then(Value::as_u64),
            top_k.map(u64::from)
        );
        let found = config.get("stopSequences").cloned().unwrap_or(json!([]));
        assert_eq!(found, json!(stops));
    }
}

#[tokio::test]
async fn forms_follow_from_names() {
    let backend = Backend::vertex().await;
    let form = |model: &str| backend.client.batches().form_of(model);
    assert_eq!(form("gemini-2.5-flash").unwrap(), Form::Gemini);
    assert_eq!(form("claude-sonnet-4-5@20250929").unwrap(), Form::Anthropic);
    assert_eq!(
        form("publishers/anthropic/models/claude-x").unwrap(),
        Form::Anthropic
    );
    assert_eq!(
        form("meta/llama-3.3-70b-instruct-maas").unwrap(),
        Form::OpenAi
    );
    assert_eq!(
        form("projects/p/locations/us-central1/models/5@2").unwrap(),
        Form::Gemini
    );
    assert!(form("1234567890@2").unwrap_err().is_invalid_input());
    let gemini = Backend::gemini().await;
    assert_eq!(
        gemini.client.batches().form_of("gemini-2.5-flash").unwrap(),
        Form::Gemini
    );
}

/// What the staged requests of the last create were.
fn staged(backend: &Backend, uri: &str) -> Vec<Value> {
    let content = backend.emulator.object(uri).unwrap();
    let text = String::from_utf8(content.to_vec()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn staged_by(backend: &Backend, create: genai_batch::batches::Create) -> Vec<Value> {
    let job = create.await.unwrap();
    let uri = job.to_value()["inputConfig"]["gcsSource"]["uris"][0].clone();
    staged(backend, uri.as_str().unwrap())
}

#[tokio::test]
async fn lines_are_those_that_google_describes() {
    let claude = Backend::claude().await;
    let lines = staged_by(&claude, claude.create(vec!["One?"])).await;
    let request = json!({ "anthropic_version": "vertex-2023-10-16", "max_tokens": 4096,
        "messages": [{ "role": "user", "content": "One?" }] });
    assert_eq!(
        lines,
        [json!({ "custom_id": "request-1", "request": request })]
    );
    let llama = Backend::llama().await;
    let lines = staged_by(&llama, llama.create(vec!["One?"])).await;
    let body = json!({ "model": "meta/llama-3.3-70b-instruct-maas",
        "messages": [{ "role": "user", "content": "One?" }] });
    let line = json!({ "custom_id": "request-1", "method": "POST", "url": "/v1/chat/completions",
        "body": body });
    assert_eq!(lines, [line]);
    let embed = vec![EmbedRequest::text("hi").output_dimensionality(8).key("e")];
    let create = llama
        .client
        .batches()
        .create_embeddings(llama.embedding_model, embed);
    let lines = staged_by(&llama, create).await;
    let body = json!({ "model": "intfloat/multilingual-e5-small-maas", "input": "hi",
        "dimensions": 8 });
    let line = json!({ "custom_id": "e", "method": "POST", "url": "/v1/embeddings", "body": body });
    assert_eq!(lines, [line]);
}

#[tokio::test]
async fn embeddings_of_open_models_have_values() {
    let backend = Backend::llama().await;
    let embed = vec![EmbedRequest::text("hi").output_dimensionality(8).key("e")];
    let batches = backend.client.batches();
    let create = batches.create_embeddings(backend.embedding_model, embed);
    let mut results = backend.results_of(create).await;
    let result = results.try_next().await.unwrap().unwrap();
    assert_eq!(result.response().unwrap().embedding().unwrap().len(), 8);
    assert!(result.response().unwrap().usage().unwrap().prompt_tokens > 0);
    let embed = vec![EmbedRequest::text("hi").output_dimensionality(8).key("e")];
    let create = batches.create_embeddings(backend.embedding_model, embed);
    let diagnosis = create.preflight().await.unwrap();
    assert!(diagnosis.is_ok(), "{diagnosis}");
    let claude = Backend::claude().await;
    let embed = vec![EmbedRequest::text("hi")];
    let create = claude
        .client
        .batches()
        .create_embeddings(claude.model, embed);
    assert!(create.await.unwrap_err().is_invalid_input());
}

#[tokio::test]
async fn what_a_model_cannot_be_asked_is_refused_before_anything_is_sent() {
    let claude = Backend::claude().await;
    for (request, parts) in [
        (
            Request::text("hi").generation_config(GenerationConfig::new().seed(7)),
            ["seed", "Anthropic"],
        ),
        (
            Request::text("hi").cached_content("x"),
            ["cachedContent", "Anthropic"],
        ),
        (
            Request::text("hi").metadata("m", 1),
            ["metadata.m", "Anthropic"],
        ),
        (
            Request::parts([Part::local_file("tests/it/models.rs").mime_type("image/png")]),
            ["models.rs", "inline_file"],
        ),
    ] {
        let error = claude
            .create(vec![request.key("the-key")])
            .await
            .unwrap_err();
        let told = error.to_string();
        assert!(error.is_invalid_input());
        assert!(parts.iter().all(|part| told.contains(part)), "{told}");
        assert!(
            told.contains("the-key") || told.contains("models.rs"),
            "{told}"
        );
    }
    let unlimited = claude.client.batches().create(claude.model, vec!["hi"]);
    let told = unlimited.await.unwrap_err().to_string();
    assert!(told.contains("max_output_tokens"), "{told}");
    let told = claude
        .client
        .batches()
        .create(claude.model, vec!["hi"])
        .preflight()
        .await
        .unwrap();
    assert!(!told.is_ok());
    assert!(claude.emulator.requests().is_empty());
    // What a batch of theirs is not run at all in, too.
    let elsewhere = vertex_client(&claude.emulator)
        .location("global")
        .access_token("t")
        .build()
        .unwrap();
    for model in [claude.model, "llama-3.3-70b-instruct-maas"] {
        let create = elsewhere.batches().create(model, "gs://b/in.jsonl");
        let told = create.await.unwrap_err().to_string();
        assert!(told.contains("global"), "{told}");
    }
}

#[tokio::test]
async fn lines_of_the_callers_own_pass_as_they_are() {
    let claude = Backend::claude().await;
    let own = json!({ "custom_id": "own", "request": { "anthropic_version": "vertex-2023-10-16",
        "max_tokens": 5, "messages": [{ "role": "user", "content": "hi" }],
        "metadata": { "user_id": "u" } } });
    let raw = own["request"].as_object().unwrap().clone();
    let batches = claude.client.batches();
    let create = batches.create(claude.model, vec![own.clone()]);
    let lines = staged_by(&claude, create).await;
    assert_eq!((lines.len(), &lines[0]), (1, &own));
    let create = batches.create(claude.model, vec![Request::raw(raw).key("own")]);
    let lines = staged_by(&claude, create).await;
    assert_eq!((lines.len(), &lines[0]), (1, &own));
    // By another name of the key, which stays to be found again.
    let mut other = own.clone();
    other.as_object_mut().unwrap().remove("custom_id");
    other["doc_id"] = 7.into();
    let create = batches
        .create(claude.model, vec![other.clone()])
        .key_field("doc_id");
    other["custom_id"] = "7".into();
    assert_eq!(staged_by(&claude, create).await, [other]);
    // What every request is to have cannot be put into them.
    let told = claude.create(vec![own]).await.unwrap_err().to_string();
    assert!(
        told.contains("generation_config") && told.contains("\"own\""),
        "{told}"
    );
}

#[tokio::test]
async fn gemini_lines_may_have_their_key_in_another_field() {
    let gemini = Backend::gemini().await;
    let contents = json!([{ "parts": [{ "text": "What is 1 + 1?" }] }]);
    let line = json!({ "id": 7, "request": { "contents": contents } });
    let create = || gemini.create(vec![line.clone()]).key_field("id");
    assert!(create().preflight().await.unwrap().is_ok());
    let (told, report) = collect(gemini.results_of(create()).await).await;
    assert!(report.is_complete() && told.contains_key("7"), "{report}");
    let create = || {
        gemini
            .create(vec![json!({ "contents": contents })])
            .key_field("id")
    };
    assert!(!create().preflight().await.unwrap().is_ok());
    assert!(create().await.unwrap_err().to_string().contains("`id`"));
}

#[tokio::test]
async fn objects_in_storage_are_checked_in_the_models_form_and_answered() {
    for (backend, lines, wrong) in [
        (
            Backend::claude().await,
            include_str!("../cases/models/claude_input.jsonl"),
            r#"{"custom_id":"x","request":{"messages":[]}}"#,
        ),
        (
            Backend::llama().await,
            include_str!("../cases/models/llama_input.jsonl"),
            r#"{"key":"x","request":{"contents":[{"parts":[{"text":"hi"}]}]}}"#,
        ),
    ] {
        backend.emulator.put_object("gs://in/right.jsonl", lines);
        let both = format!("{lines}{wrong}\n");
        backend.emulator.put_object("gs://in/wrong.jsonl", both);
        let batches = backend.client.batches();
        let create = |name: &str| batches.create(backend.model, format!("gs://in/{name}"));
        let diagnosis = create("right.jsonl").preflight().await.unwrap();
        assert!(diagnosis.is_ok(), "{diagnosis}");
        let is_claude = backend.model.starts_with("claude");
        assert_eq!(diagnosis.to_string().contains("four jobs"), is_claude);
        assert_eq!(diagnosis.requests, 2);
        let diagnosis = create("wrong.jsonl").preflight().await.unwrap();
        assert!(!diagnosis.is_ok(), "{diagnosis}");
        // Never the form of another model.
        assert!(
            !diagnosis.to_string().contains("rename it to `key`"),
            "{diagnosis}"
        );
        let job = create("right.jsonl").await.unwrap();
        let job = backend.wait(&job).await.unwrap();
        let results = batches.results(job.name());
        let results = results.expect_requests(Source::stream(futures_util::stream::iter(
            lines
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap())
                .collect::<Vec<_>>(),
        )));
        let report = results.await.unwrap().verify().await.unwrap();
        assert!(report.is_complete(), "{report}");
        assert_eq!((report.submitted, report.responses), (Some(2), 2));
    }
}

#[cfg(feature = "bigquery")]
#[tokio::test]
async fn tables_are_read_under_any_key_column() {
    let claude = Backend::claude().await;
    let row = |n: u32| {
        let request = json!({ "anthropic_version": "vertex-2023-10-16", "max_tokens": 99,
            "messages": [{ "role": "user", "content": format!("What is {n} + 1?") }] });
        json!({ "custom_id": format!("c-{n}"), "request": request.to_string(), "doc_id": n })
    };
    claude
        .emulator
        .put_table("my-project.input.requests", (0..5).map(row));
    let batches = claude.client.batches();
    let create = batches.create(claude.model, "bq://my-project.input.requests");
    let job = create.dest("bq://my-project.output").await.unwrap();
    let job = claude.wait(&job).await.unwrap();
    for (field, prefix) in [(None, "c-"), (Some("doc_id"), "")] {
        let mut results = batches.results(&job);
        if let Some(field) = field {
            results = results.key_field(field);
        }
        let keys = (0..5).map(move |n| format!("{prefix}{n}"));
        let report = results
            .expect_keys(keys)
            .await
            .unwrap()
            .verify()
            .await
            .unwrap();
        assert!(report.is_complete(), "{field:?}: {report}");
    }
}

#[tokio::test]
async fn models_of_ones_own_run_on_machines_that_are_kept_for_them() {
    let backend = Backend::vertex().await;
    let batches = backend.client.batches();
    let machines = DedicatedResources::new("g2-standard-12").accelerators("NVIDIA_L4", 1);
    let own = "projects/my-project/locations/us-central1/models/5@2";
    let create = batches
        .create(own, sums(3).0)
        .dedicated_resources(machines.max_replicas(2));
    let job = create.await.unwrap();
    let kept = &job.to_value()["dedicatedResources"];
    assert_eq!(kept["machineSpec"]["acceleratorType"], "NVIDIA_L4");
    assert_eq!(
        (&kept["startingReplicaCount"], &kept["maxReplicaCount"]),
        (&json!(1), &json!(2))
    );
    let job = backend.wait(&job).await.unwrap();
    let (told, report) = collect(batches.results(&job).await.unwrap()).await;
    assert!(report.is_complete() && told == sums(3).1, "{report}");
    // A tuned Gemini behind an endpoint, which is not a model.
    let job = batches.create("endpoints/7", sums(1).0).await.unwrap();
    let value = job.to_value();
    let endpoint = "projects/my-project/locations/us-central1/endpoints/7";
    assert_eq!(
        (&value["endpoint"], value.get("model")),
        (&json!(endpoint), None)
    );
    assert_eq!(job.model(), Some(endpoint));
    let elsewhere = "projects/my-project/locations/europe-west4/models/5";
    let told = batches
        .create(elsewhere, sums(1).0)
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("europe-west4"), "{told}");
    let gemini = Backend::gemini().await;
    let machines = DedicatedResources::new("g2-standard-12");
    let told = gemini
        .create(vec!["hi"])
        .dedicated_resources(machines)
        .await
        .unwrap_err();
    assert!(told.to_string().contains("dedicated_resources"));
}

#[tokio::test]
async fn instances_are_sent_as_they_are() {
    let backend = Backend::vertex().await;
    let own = "projects/my-project/locations/us-central1/models/5";
    let mut file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    writeln!(file, r#"{{"prompt": "hi",  "doc":"a"}}"#).unwrap();
    let batches = backend.client.batches();
    let create = || {
        batches
            .create(own, file.path())
            .form(Form::Instances)
            .key_field("doc")
    };
    let job = create().await.unwrap();
    let uri = job.to_value()["inputConfig"]["gcsSource"]["uris"][0].clone();
    let content = backend.emulator.object(uri.as_str().unwrap()).unwrap();
    assert_eq!(&content[..], b"{\"prompt\": \"hi\",  \"doc\":\"a\"}\n");
    let told = batches
        .create(own, vec!["hi"])
        .form(Form::Instances)
        .await
        .unwrap_err();
    assert!(told.to_string().contains("instances"), "{told}");
}

#[tokio::test]
async fn lines_of_openais_pass_through_the_gemini_backend_where_it_is_said() {
    let gemini = Backend::gemini().await;
    let case = include_str!("../cases/models/openai_chat.jsonl");
    let line: Value = serde_json::from_str(case).unwrap();
    let refused = gemini.create(vec![line.clone()]).await.unwrap_err();
    assert!(refused.to_string().contains("OpenAI"));
    let create = || gemini.create(vec![line.clone()]).form(Form::OpenAi);
    assert!(create().preflight().await.unwrap().is_ok());
    let (results, report) = {
        let mut stream = gemini.results_of(create()).await;
        let mut results = Vec::new();
        while let Some(result) = stream.try_next().await.unwrap() {
            results.push(result);
        }
        (results, stream.report())
    };
    assert!(report.is_complete(), "{report}");
    assert_eq!(results[0].key(), Some("req-1"));
    let parsed: Value = results[0].parse().unwrap();
    assert!(parsed["color"].is_string());
    let told = gemini
        .create(vec![line])
        .form(Form::Anthropic)
        .await
        .unwrap_err();
    assert!(told.to_string().contains("Anthropic"));
}

#[tokio::test]
async fn an_embedding_in_openais_form_goes_to_googles_models_too() {
    let backend = Backend::vertex().await;
    let case = include_str!("../cases/models/openai_embeddings.jsonl");
    let line: Value = serde_json::from_str(case).unwrap();
    let batches = backend.client.batches();
    let create = || {
        let create = batches.create_embeddings("gemini-embedding-001", vec![line.clone()]);
        create.form(Form::OpenAi)
    };
    assert!(create().preflight().await.unwrap().is_ok());
    let lines = staged_by(&backend, create()).await;
    assert_eq!((lines.len(), &lines[0]), (1, &line));
    let wrong = batches.create("meta/llama-3.3-70b-instruct-maas", vec![line]);
    let told = wrong.await.unwrap_err().to_string();
    assert!(
        told.contains("/v1/embeddings") && told.contains("create_embeddings"),
        "{told}"
    );
}

/// Results as people have them.
async fn of_case(rows: &'static str) -> Vec<BatchResult> {
    let backend = Backend::vertex().await;
    let job = backend.create(sums(1).0).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let output = job.to_value()["outputInfo"]["gcsOutputDirectory"].clone();
    let uri = format!("{}/predictions.jsonl", output.as_str().unwrap());
    backend.emulator.put_object(&uri, rows);
    let results = backend.client.batches().results(job.name()).await.unwrap();
    results.try_collect().await.unwrap()
}

#[tokio::test]
async fn rows_of_claude_and_llama_are_read_as_people_have_them() {
    let claude = of_case(include_str!("../cases/models/claude_output.jsonl")).await;
    assert_eq!(claude[0].key(), Some("req-1"));
    assert_eq!(claude[0].complete_text().unwrap(), "Hi there.");
    let usage = claude[0].response().unwrap().usage().unwrap();
    assert_eq!(
        (
            usage.prompt_tokens,
            usage.candidates_tokens,
            usage.total_tokens
        ),
        (8, 4, 12)
    );
    assert_eq!(claude[1].key(), Some("req-2"));
    let error = claude[1].error().unwrap();
    assert_eq!(error.status().status(), "INVALID_ARGUMENT");
    assert!(error.message().contains("too large"), "{error}");

    let llama = of_case(include_str!("../cases/models/llama_output.jsonl")).await;
    assert_eq!(llama[0].key(), Some("q-1"));
    assert_eq!(llama[0].complete_text().unwrap(), "Uno.");
    assert_eq!(
        llama[0].response().unwrap().usage().unwrap().total_tokens,
        13
    );
    assert_eq!(llama[1].key(), Some("q-2"));
    let error = llama[1].error().unwrap();
    assert_eq!(error.status().status(), "INVALID_ARGUMENT");
    assert_eq!(error.message(), "max_tokens is too large");
}

#[tokio::test]
async fn a_key_may_stand_in_a_column_of_any_name() {
    let rows = include_str!("../cases/models/bigquery_rows.jsonl");
    let backend = Backend::vertex().await;
    let job = backend.create(sums(1).0).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let output = job.to_value()["outputInfo"]["gcsOutputDirectory"].clone();
    let uri = format!("{}/predictions.jsonl", output.as_str().unwrap());
    backend.emulator.put_object(&uri, rows);
    let batches = backend.client.batches();
    let results = batches.results(job.name()).key_field("id").await.unwrap();
    let results: Vec<_> = results.try_collect().await.unwrap();
    let keys: Vec<_> = results.iter().filter_map(BatchResult::key).collect();
    assert_eq!(keys, ["7"]);
    let results = batches.results(job.name()).await.unwrap();
    let results: Vec<_> = results.try_collect().await.unwrap();
    assert!(results.iter().any(|result| result.key() == Some("row-7")));
}
