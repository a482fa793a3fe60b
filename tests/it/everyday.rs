//! Programs that people write every day, each in a few lines, on both backends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use futures_util::{TryStreamExt, future};
use genai_batch::batches::InlineLimit;
use genai_batch::{Batches, GenerationConfig, JobState, Request, ResultStream};
use genai_batch_emulator::{Failure, Model, RowFailure, text_response};
use serde_json::Value;

use crate::support::{Backend, on_every_backend, quick};

on_every_backend! {
    bulk_summaries_from_a_template_in_chunks,
    data_points_and_analysis_types_organised_by_metadata,
    variations_with_a_config_of_their_own,
    translations_of_texts_into_languages,
    status_monitoring_with_a_callback,
    a_list_of_active_jobs,
    error_handling_by_kind,
}

/// Responds with the request, so that a test sees what each response is to.
struct Mirror;

impl Model for Mirror {
    fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        Ok(text_response(model, "", &request.to_string()))
    }
}

/// The same backend with a model that gives the request back.
async fn mirrored(backend: &Backend) -> Backend {
    match backend.client.backend() {
        genai_batch::Backend::Gemini => Backend::gemini_with(|it| it.model(Mirror)).await,
        #[cfg(feature = "gcs")]
        _ => Backend::vertex_with(|it| it.model(Mirror)).await,
        #[cfg(not(feature = "gcs"))]
        _ => unreachable!("there is one backend"),
    }
}

/// The request that each response came to, by its key.
async fn answered(mut results: ResultStream) -> BTreeMap<String, Value> {
    let mut answered = BTreeMap::new();
    while let Some(result) = results.try_next().await.unwrap() {
        let text = result.response().unwrap().text().unwrap().into_owned();
        let request = serde_json::from_str(&text).unwrap();
        answered.insert(result.key().unwrap().to_owned(), request);
    }
    assert!(results.report().is_complete());
    answered
}

fn prompt(request: &Value) -> &str {
    request["contents"][0]["parts"][0]["text"].as_str().unwrap()
}

async fn bulk_summaries_from_a_template_in_chunks(backend: Backend) {
    let backend = mirrored(&backend).await;
    let batches = backend.client.batches();
    let documents: BTreeMap<_, _> = (0..11)
        .map(|n| (format!("doc-{n}"), format!("text {n}")))
        .collect();
    let requests: Vec<_> = documents
        .iter()
        .map(|(key, text)| Request::text(format!("Summarize: {text}")).key(key))
        .collect();
    let creates = requests
        .chunks(4)
        .map(|chunk| batches.create(backend.model, chunk.to_vec()).into_future());
    let jobs = future::try_join_all(creates).await.unwrap();
    assert_eq!(jobs.len(), 3);
    let mut summaries = BTreeMap::new();
    for job in quick_all(&batches, &jobs).await {
        summaries.extend(answered(batches.results(&job).await.unwrap()).await);
    }
    assert_eq!(summaries.len(), documents.len());
    for (key, request) in &summaries {
        assert_eq!(prompt(request), format!("Summarize: {}", documents[key]));
    }
}

async fn quick_all(
    batches: &Batches,
    jobs: &[genai_batch::BatchJob],
) -> Vec<genai_batch::BatchJob> {
    let wait = batches.wait_all(jobs);
    let wait = wait.poll_interval(std::time::Duration::from_millis(5));
    wait.await.into_iter().map(Result::unwrap).collect()
}

async fn data_points_and_analysis_types_organised_by_metadata(backend: Backend) {
    let batches = backend.client.batches();
    let (points, types) = (["a", "b", "c"], ["sentiment", "topics"]);
    let mut requests = Vec::new();
    for point in points {
        for kind in types {
            let request = Request::text(format!("{kind} of {point}"));
            let request = request.key(format!("{point}/{kind}"));
            requests.push(request.metadata("point", point).metadata("type", kind));
        }
    }
    // On either backend, and by a file as well as in the body of the create.
    for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
        let create = batches.create(backend.model, &requests).inline_limit(limit);
        let results = backend.results_of(create).await;
        by_metadata(results, points, types).await;
    }
}

async fn by_metadata(mut results: ResultStream, points: [&str; 3], types: [&str; 2]) {
    let mut by_type: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while let Some(result) = results.try_next().await.unwrap() {
        let metadata = result.metadata().unwrap();
        assert_eq!(metadata.len(), 2, "{metadata:?}");
        let field = |name: &str| metadata[name].as_str().unwrap().to_owned();
        assert_eq!(
            result.key().unwrap(),
            format!("{}/{}", field("point"), field("type"))
        );
        by_type
            .entry(field("type"))
            .or_default()
            .insert(field("point"));
    }
    assert_eq!(
        by_type.keys().collect::<Vec<_>>(),
        types.iter().collect::<Vec<_>>()
    );
    assert!(by_type.values().all(|seen| seen.iter().eq(points.iter())));
}

async fn variations_with_a_config_of_their_own(backend: Backend) {
    let backend = mirrored(&backend).await;
    let variations = [("formal", 0.25, 100), ("casual", 0.75, 50)];
    let requests: Vec<_> = variations
        .iter()
        .map(|(id, temperature, tokens)| {
            let config = GenerationConfig::new()
                .temperature(*temperature)
                .max_output_tokens(*tokens);
            let request = Request::text(format!("Rewrite, {id}")).key(*id);
            request.generation_config(config)
        })
        .collect();
    let create = backend.client.batches().create(backend.model, requests);
    let answered = answered(backend.results_of(create).await).await;
    for (id, temperature, tokens) in variations {
        let config = &answered[id]["generationConfig"];
        assert_eq!(config["temperature"], temperature);
        assert_eq!(config["maxOutputTokens"], tokens);
    }
}

async fn translations_of_texts_into_languages(backend: Backend) {
    let backend = mirrored(&backend).await;
    let (texts, languages) = (
        ["Good morning", "Thank you"],
        ["Spanish", "French", "German"],
    );
    let pairs = || {
        let pairs = texts.iter().enumerate();
        pairs.flat_map(|(n, text)| languages.map(|language| (n, text, language)))
    };
    let requests: Vec<_> = pairs()
        .map(|(n, text, language)| {
            let request = Request::text(format!("Translate to {language}: {text}"));
            request.key(format!("{n}/{language}"))
        })
        .collect();
    let create = backend.client.batches().create(backend.model, requests);
    let answered = answered(backend.results_of(create).await).await;
    for (n, text, language) in pairs() {
        let request = &answered[&format!("{n}/{language}")];
        assert_eq!(prompt(request), format!("Translate to {language}: {text}"));
    }
}

async fn status_monitoring_with_a_callback(backend: Backend) {
    let batches = backend.client.batches();
    let job = batches
        .create(backend.model, vec!["What is 2 + 2?"])
        .await
        .unwrap();
    let states = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&states);
    let wait = backend.wait(&job).on_progress(move |job| {
        let mut states = seen.lock().unwrap();
        if states.last() != Some(job.state()) {
            states.push(job.state().clone());
        }
    });
    wait.await.unwrap();
    let states = states.lock().unwrap();
    assert_eq!(states.last(), Some(&JobState::Succeeded));
    assert!(
        states[..states.len() - 1]
            .iter()
            .all(|state| !state.is_terminal())
    );
}

async fn a_list_of_active_jobs(backend: Backend) {
    let batches = backend.client.batches();
    let create = |name: &str| {
        let create = batches.create(backend.model, vec!["What is 2 + 2?"]);
        create.display_name(name).into_future()
    };
    let done = create("done").await.unwrap();
    quick(batches.wait(&done)).await.unwrap();
    backend.emulator.clock().pause();
    create("one").await.unwrap();
    create("two").await.unwrap();
    let active: Vec<_> = batches
        .list()
        .active()
        .stream()
        .try_collect()
        .await
        .unwrap();
    let names: BTreeSet<_> = active.iter().filter_map(|job| job.display_name()).collect();
    assert_eq!(names, BTreeSet::from(["one", "two"]));
}

async fn error_handling_by_kind(backend: Backend) {
    let batches = backend.client.batches();
    let faults = backend.emulator.faults();
    let create = || batches.create(backend.model, vec!["What is 2 + 2?"]);

    let twice = batches.create(
        backend.model,
        vec![("k", Request::text("a")), ("k", "b".into())],
    );
    let error = twice.await.unwrap_err();
    assert!(error.is_invalid_input() && error.to_string().contains("used twice"));

    for (status, name) in [(401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED")] {
        faults.fail_next(backend.create, 1, Failure::status(status, name, "no"));
        let error = create().await.unwrap_err();
        assert!(
            error.is_permission_denied() && error.is_client_error(),
            "{error}"
        );
        assert_eq!(error.is_unauthenticated(), status == 401);
    }
    // Longer than anybody waits.
    let wait = std::time::Duration::from_secs(3600);
    faults.fail_next(backend.create, 1, Failure::too_many_requests(wait));
    let error = create().await.unwrap_err();
    assert!(error.is_quota() && error.is_retryable());
    assert_eq!(error.retry_after(), Some(wait));

    backend.emulator.clock().pause();
    let job = create().await.unwrap();
    let early = batches.results(&job).await.unwrap_err();
    assert!(early.is_job_active());
    let late = batches
        .wait(&job)
        .timeout(std::time::Duration::from_millis(20));
    let error = late.await.unwrap_err();
    assert!(error.is_timeout() && error.job().is_some());
    backend.emulator.clock().resume();

    faults.fail_jobs(8, "too many tokens are waiting");
    let failed = create().await.unwrap();
    let error = backend.wait(&failed).await.unwrap_err();
    assert!(error.is_job_ended() && error.is_quota(), "{error}");
}
