//! What every backend does the same: one suite, run over each.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use genai_batch::batches::InlineLimit;
use genai_batch::job::JobDestination;
use genai_batch::{EmbedRequest, GenerationConfig, JobState, Request, Source};
use genai_batch_emulator::{Failure, Model, RowFailure, text_response};
use serde_json::{Value, json};

use crate::support::{Backend, Told, collect, on_every_backend, on_every_model, quick, sums};

on_every_model! {
    requests_in_memory_are_answered_under_their_keys,
    a_large_list_goes_through_a_file,
    a_local_file_is_answered_under_its_keys,
    a_stream_of_requests_is_answered,
    json_values_are_requests_too,
    texts_are_given_keys,
    requests_that_fail_do_not_stop_the_others,
    a_job_is_described_in_full,
    jobs_are_listed_over_pages,
    active_jobs_are_told_from_ended_ones,
    a_job_that_is_cancelled_early_has_no_results,
    a_job_that_is_cancelled_late_keeps_what_it_has,
    a_deleted_job_is_gone,
    progress_is_reported_and_streamed,
    many_jobs_are_waited_for_at_once,
    a_failed_job_says_why,
    an_expired_job_is_an_error,
    results_of_a_running_job_are_refused,
    rows_in_any_order_are_matched_by_key,
    lost_and_doubled_and_foreign_rows_are_all_told,
    rows_without_a_key_are_not_guessed,
    an_output_that_is_late_is_waited_for,
    a_job_known_by_name_is_counted,
    a_create_whose_response_is_lost_makes_one_job,
    a_create_that_may_have_arrived_is_sent_again_only_if_asked,
    a_create_is_not_sent_again_where_nothing_is_sure,
    a_refused_create_takes_back_what_it_placed,
    a_create_that_a_quota_refuses_is_sent_again,
    no_patch_takes_the_mark_away,
    what_may_belong_to_a_job_is_kept_although_a_later_create_is_refused,
    a_patch_reaches_the_service,
}

/// What Claude does not do, or needs a limit for.
mod of_google {
    use super::{embeddings_have_values, on_every_backend, run_does_all_three_steps};

    on_every_backend! {
        run_does_all_three_steps,
        embeddings_have_values,
    }
}

async fn requests_in_memory_are_answered_under_their_keys(backend: Backend) {
    let (requests, responses) = sums(20);
    let create = backend.create(requests);
    let (told, report) = collect(backend.results_of(create).await).await;
    assert_eq!(told, responses);
    assert!(report.is_complete(), "{report}");
    assert_eq!(report.submitted, Some(20));
}

async fn a_large_list_goes_through_a_file(backend: Backend) {
    let (requests, responses) = sums(500);
    let create = backend.create(requests);
    let (told, report) = collect(backend.results_of(create).await).await;
    assert_eq!(told, responses);
    assert!(report.is_complete(), "{report}");
}

async fn a_local_file_is_answered_under_its_keys(backend: Backend) {
    let mut file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    for n in 0..250 {
        let text = format!("What is {n} + 1000?");
        let contents = json!([{ "role": "user", "parts": [{ "text": text }] }]);
        let line = json!({ "key": format!("sum-{n}"), "request": { "contents": contents } });
        writeln!(file, "{line}").unwrap();
    }
    let path = file.path().to_str().unwrap().to_owned();
    let create = backend.create(path);
    let (told, report) = collect(backend.results_of(create).await).await;
    assert_eq!(told, sums(250).1);
    assert!(report.is_complete(), "{report}");
}

async fn a_stream_of_requests_is_answered(backend: Backend) {
    let (requests, responses) = sums(300);
    let source = Source::stream(stream::iter(requests).then(|request| async {
        tokio::task::yield_now().await;
        request
    }));
    let create = backend.create(source);
    let (told, _) = collect(backend.results_of(create).await).await;
    assert_eq!(told, responses);
}

async fn json_values_are_requests_too(backend: Backend) {
    let contents = |n: u32| json!([{ "parts": [{ "text": format!("What is {n} + 1?") }] }]);
    let values = vec![
        json!({ "key": "a", "request": { "contents": contents(1) } }),
        json!({ "contents": contents(2) }),
    ];
    let create = backend.create(values);
    let (told, _) = collect(backend.results_of(create).await).await;
    assert_eq!(told["a"], Told::Text("2".into()));
    assert_eq!(told["request-2"], Told::Text("3".into()));
}

async fn texts_are_given_keys(backend: Backend) {
    let texts = vec!["What is 1 + 1?", "What is 2 + 2?"];
    let create = backend.create(texts);
    let (told, report) = collect(backend.results_of(create).await).await;
    assert_eq!(told["request-1"], Told::Text("2".into()));
    assert_eq!(told["request-2"], Told::Text("4".into()));
    assert!(report.is_complete());
}

async fn requests_that_fail_do_not_stop_the_others(backend: Backend) {
    for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
        let requests = vec![
            Request::text("What is 1 + 1?").key("good"),
            Request::text("[[error:3]]").key("bad"),
        ];
        let create = backend.create(requests).inline_limit(limit);
        let (told, report) = collect(backend.results_of(create).await).await;
        assert_eq!(told["good"], Told::Text("2".into()));
        assert_eq!(told["bad"], Told::Error(3));
        assert_eq!((report.responses, report.errors, report.missing), (1, 1, 0));
        assert!(report.is_complete());
    }
}

async fn run_does_all_three_steps(backend: Backend) {
    let results = backend
        .client
        .batches()
        .run(backend.model, sums(3).0)
        .create(|create| create.display_name("in one"))
        .wait(quick)
        .await
        .unwrap();
    let (told, report) = collect(results).await;
    assert_eq!(told, sums(3).1);
    assert!(report.is_complete());
    let listed = backend.client.batches().list().all().await.unwrap();
    assert_eq!(listed[0].display_name(), Some("in one"));
}

async fn embeddings_have_values(backend: Backend) {
    for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
        let requests = ["one", "two", "one"]
            .into_iter()
            .enumerate()
            .map(|(n, text)| {
                EmbedRequest::text(text)
                    .key(format!("doc-{n}"))
                    .output_dimensionality(16)
            });
        let create = backend
            .client
            .batches()
            .create_embeddings(
                backend.embedding_model,
                Source::requests(requests.collect::<Vec<_>>()),
            )
            .inline_limit(limit);
        let mut results = backend.results_of(create).await;
        let mut vectors = std::collections::BTreeMap::new();
        while let Some(result) = results.try_next().await.unwrap() {
            let values = result.response().unwrap().embedding().unwrap().to_vec();
            assert_eq!(values.len(), 16);
            vectors.insert(result.key().unwrap().to_owned(), values);
        }
        assert!(results.report().is_complete());
        assert_eq!(vectors["doc-0"], vectors["doc-2"]);
        assert_ne!(vectors["doc-0"], vectors["doc-1"]);
    }
}

async fn a_job_is_described_in_full(backend: Backend) {
    let named = backend
        .create(sums(3).0)
        .display_name("described")
        .await
        .unwrap();
    assert_eq!(named.display_name(), Some("described"));
    assert!(named.is_active());
    assert!(named.model().unwrap().ends_with(backend.model));
    let ended = backend.wait(&named).await.unwrap();
    assert_eq!(ended.state(), &JobState::Succeeded);
    assert_eq!(ended.name(), named.name());
    let stats = ended.stats().unwrap();
    assert_eq!((stats.total, stats.pending), (Some(3), Some(0)));
    assert_eq!((stats.succeeded, stats.failed), (3, 0));
    assert!(ended.end_time().unwrap() >= ended.create_time().unwrap());
    assert!(ended.error().is_none());
    assert!(ended.destination().is_some());
    assert!(ended.json().contains("described"));

    let first = backend.create(sums(1).0).await.unwrap();
    let second = backend.create(sums(1).0).await.unwrap();
    assert!(first.display_name().unwrap().starts_with("genai-batch-"));
    assert_ne!(first.display_name(), second.display_name());
}

async fn jobs_are_listed_over_pages(backend: Backend) {
    let batches = backend.client.batches();
    let mut names = BTreeSet::new();
    for _ in 0..5 {
        let job = backend.create(sums(1).0).await.unwrap();
        names.insert(job.name().to_owned());
    }
    let listed: Vec<_> = batches
        .list()
        .page_size(2)
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed.len(), 5);
    let found: BTreeSet<_> = listed.iter().map(|job| job.name().to_owned()).collect();
    assert_eq!(found, names);

    let first = batches.list().page_size(3).page().await.unwrap();
    assert_eq!(first.items.len(), 3);
    let token = first.next_page_token.unwrap();
    let rest = batches
        .list()
        .page_size(3)
        .page_token(token)
        .page()
        .await
        .unwrap();
    assert_eq!((rest.items.len(), rest.next_page_token), (2, None));

    backend.emulator.faults().empty_pages();
    assert_eq!(batches.list().page_size(2).all().await.unwrap().len(), 5);
    backend.emulator.faults().repeat_page_token();
    assert!(batches.list().page_size(2).all().await.is_err());
}

async fn active_jobs_are_told_from_ended_ones(backend: Backend) {
    let batches = backend.client.batches();
    let ended = backend.create(sums(1).0).await.unwrap();
    backend.wait(&ended).await.unwrap();
    backend.emulator.clock().pause();
    let running = backend.create(sums(1).0).await.unwrap();
    let active = batches.list().active().all().await.unwrap();
    let names: Vec<_> = active.iter().map(|job| job.name()).collect();
    assert_eq!(names, [running.name()]);
}

async fn a_job_that_is_cancelled_early_has_no_results(backend: Backend) {
    let batches = backend.client.batches();
    backend.emulator.clock().pause();
    let job = backend.create(sums(4).0).await.unwrap();
    batches.cancel(&job).await.unwrap();
    backend.emulator.clock().resume();
    let error = backend.wait(&job).await.unwrap_err();
    assert!(error.is_job_ended(), "{error}");
    let cancelled = error.job().unwrap();
    assert_eq!(cancelled.state(), &JobState::Cancelled);
    match batches.results(cancelled).await {
        Ok(results) => assert_eq!(results.verify().await.unwrap().missing, 4),
        Err(error) => assert!(error.is_job_ended(), "{error}"),
    }
    assert!(batches.cancel(&job).await.unwrap_err().is_client_error());
}

async fn a_job_that_is_cancelled_late_keeps_what_it_has(backend: Backend) {
    let batches = backend.client.batches();
    backend.emulator.clock().pause();
    let job = backend.create(sums(10).0).await.unwrap();
    backend.emulator.clock().advance(Duration::from_millis(40));
    batches.cancel(&job).await.unwrap();
    backend.emulator.clock().resume();
    // Gemini calls this a success with errors, Vertex AI a cancelled job with an output.
    let ended = match backend.wait(&job).await {
        Ok(job) => job,
        Err(error) => error.job().unwrap().clone(),
    };
    let (told, report) = collect(batches.results(&ended).await.unwrap()).await;
    assert!(report.responses > 0 && report.responses < 10, "{report}");
    let responses = sums(10).1;
    assert_eq!(told.len(), 10);
    for (key, outcome) in told {
        let unserved = [Told::Error(1), Told::Missing].contains(&outcome);
        assert!(unserved || outcome == responses[&key], "{key}: {outcome:?}");
    }
}

async fn a_deleted_job_is_gone(backend: Backend) {
    let batches = backend.client.batches();
    let job = backend.create(sums(1).0).await.unwrap();
    backend.wait(&job).await.unwrap();
    batches.delete(&job).await.unwrap();
    assert!(batches.get(&job).await.unwrap_err().is_not_found());
    assert!(batches.list().all().await.unwrap().is_empty());
}

async fn progress_is_reported_and_streamed(backend: Backend) {
    let job = backend.create(sums(50).0).await.unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let wait = backend
        .wait(&job)
        .on_progress(move |job| record.lock().unwrap().push(job.state().clone()));
    let states: Vec<_> = wait
        .into_stream()
        .map_ok(|job| job.state().clone())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(*seen.lock().unwrap(), states);
    assert_eq!(states.last(), Some(&JobState::Succeeded));
    let active = &states[..states.len() - 1];
    assert!(active.iter().all(JobState::is_active));
}

async fn many_jobs_are_waited_for_at_once(backend: Backend) {
    let batches = backend.client.batches();
    let mut jobs = Vec::new();
    for n in 1..=20 {
        if n == 7 {
            backend.emulator.faults().fail_jobs(8, "no tokens left");
        }
        jobs.push(backend.create(sums(n).0).await.unwrap());
        backend.emulator.faults().clear();
    }
    let outcomes = batches
        .wait_all(&jobs)
        .poll_interval(Duration::from_millis(5))
        .concurrency(4)
        .await;
    assert_eq!(outcomes.len(), 20);
    for (n, (outcome, job)) in (1..).zip(outcomes.iter().zip(&jobs)) {
        match outcome {
            Ok(ended) => {
                assert_eq!(ended.name(), job.name());
                assert_eq!(ended.stats().unwrap().total, Some(n));
            }
            Err(error) => {
                assert_eq!(n, 7);
                assert_eq!(error.job().unwrap().name(), job.name());
            }
        }
    }
    let streamed: Vec<_> = batches.wait_all(&jobs).into_stream().collect().await;
    assert_eq!(
        streamed
            .iter()
            .filter(|(_, outcome)| outcome.is_ok())
            .count(),
        19
    );
}

async fn a_failed_job_says_why(backend: Backend) {
    backend.emulator.faults().fail_jobs(8, "no tokens left");
    let job = backend.create(sums(1).0).await.unwrap();
    let error = backend.wait(&job).await.unwrap_err();
    assert!(error.to_string().contains("no tokens left"), "{error}");
    let job = error.job().unwrap();
    assert_eq!(job.state(), &JobState::Failed);
    assert_eq!(job.error().unwrap().status(), "RESOURCE_EXHAUSTED");
}

async fn an_expired_job_is_an_error(backend: Backend) {
    backend.emulator.faults().expire_jobs();
    let job = backend.create(sums(1).0).await.unwrap();
    backend
        .emulator
        .clock()
        .advance(Duration::from_secs(73 * 3600));
    let error = backend.wait(&job).await.unwrap_err();
    assert_eq!(error.job().unwrap().state(), &JobState::Expired);
}

async fn results_of_a_running_job_are_refused(backend: Backend) {
    backend.emulator.clock().pause();
    let batches = backend.client.batches();
    let job = backend.create(sums(1).0).await.unwrap();
    let error = batches.results(&job).await.unwrap_err();
    assert!(error.is_job_active(), "{error}");
    assert!(error.to_string().contains("wait"), "{error}");
}

async fn rows_in_any_order_are_matched_by_key(backend: Backend) {
    backend.emulator.faults().shuffle_results(7);
    for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
        let (requests, responses) = sums(100);
        let create = backend.create(requests).inline_limit(limit);
        let (told, report) = collect(backend.results_of(create).await).await;
        assert_eq!(told, responses);
        assert!(report.is_complete());
    }
}

async fn lost_and_doubled_and_foreign_rows_are_all_told(backend: Backend) {
    use genai_batch_emulator::Rows;
    let faults = backend.emulator.faults();
    faults.drop_rows(Rows::At(vec![3, 5]));
    faults.double_rows(Rows::At(vec![1]));
    faults.add_foreign_rows(1);
    for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
        let (requests, mut responses) = sums(10);
        responses.insert("sum-3".into(), Told::Missing);
        responses.insert("sum-5".into(), Told::Missing);
        let create = backend.create(requests).inline_limit(limit);
        let (mut told, report) = collect(backend.results_of(create).await).await;
        told.retain(|key, _| !report.unexpected_keys.contains(key));
        assert_eq!(told, responses);
        assert_eq!((report.responses, report.errors, report.missing), (8, 0, 2));
        assert_eq!(report.missing_keys, ["sum-3", "sum-5"]);
        assert_eq!((report.duplicates, report.unexpected), (1, 1));
        assert_eq!(report.duplicate_keys, ["sum-1"]);
        assert!(!report.is_complete());
    }
}

async fn rows_without_a_key_are_not_guessed(backend: Backend) {
    use genai_batch_emulator::Rows;
    backend.emulator.faults().drop_keys(Rows::At(vec![0]));
    for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
        let create = backend.create(sums(3).0).inline_limit(limit);
        let (told, report) = collect(backend.results_of(create).await).await;
        assert_eq!(told["sum-0"], Told::Missing);
        assert_eq!(told["(no key)"], Told::Text("1000".into()));
        assert_eq!(
            (report.responses, report.missing, report.keyless),
            (2, 1, 1)
        );
        assert_eq!(report.keyless_places.len(), 1);
    }
}

async fn an_output_that_is_late_is_waited_for(backend: Backend) {
    let batches = backend.client.batches();
    for (limit, late_file) in [
        (InlineLimit::MAX, false),
        (InlineLimit::NEVER, false),
        (InlineLimit::NEVER, true),
    ] {
        let late = Duration::from_millis(300);
        backend.emulator.faults().clear();
        if late_file {
            backend.emulator.faults().delay_output_file(late);
        } else {
            backend.emulator.faults().delay_output(late);
        }
        let create = backend.create(sums(3).0).inline_limit(limit);
        let (told, _) = collect(backend.results_of(create).await).await;
        assert_eq!(told, sums(3).1);
    }
    backend
        .emulator
        .faults()
        .delay_output(Duration::from_secs(3600));
    let job = backend.create(sums(1).0).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let error = batches
        .results(&job)
        .output_timeout(Duration::from_millis(50))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no output"), "{error}");
    assert_eq!(error.job().unwrap().name(), job.name());
}

async fn a_job_known_by_name_is_counted(backend: Backend) {
    use genai_batch_emulator::Rows;
    backend.emulator.faults().drop_rows(Rows::At(vec![2]));
    let batches = backend.client.batches();
    let job = backend.create(sums(5).0).await.unwrap();
    backend.wait(&job).await.unwrap();
    let (told, report) = collect(batches.results(job.name()).await.unwrap()).await;
    assert_eq!(told.len(), 4);
    assert_eq!((report.submitted, report.missing), (Some(5), 1));
    assert!(report.missing_keys.is_empty() && !report.keys_known);

    let keys = (0..5).map(|n| format!("sum-{n}"));
    let named = batches.results(job.name()).expect_keys(keys).await.unwrap();
    let (told, report) = collect(named).await;
    assert_eq!(told["sum-2"], Told::Missing);
    assert_eq!(report.missing_keys, ["sum-2"]);
}

#[cfg(feature = "gcs")]
#[tokio::test]
async fn ten_thousand_requests_have_the_same_outcomes_on_both() {
    async fn outcomes(backend: Backend) -> std::collections::BTreeMap<String, Told> {
        backend.emulator.faults().shuffle_results(11);
        let (mut requests, _) = sums(10_000);
        requests[4321] = Request::text("[[error:8]]").key("sum-4321");
        let create = backend.create(requests);
        let (told, report) = collect(backend.results_of(create).await).await;
        assert!(report.is_complete(), "{report}");
        assert_eq!((report.responses, report.errors), (9_999, 1));
        told
    }
    let gemini = outcomes(Backend::gemini().await).await;
    let vertex = outcomes(Backend::vertex().await).await;
    assert!(gemini == vertex);
    assert_eq!(gemini["sum-4321"], Told::Error(8));
}

async fn a_create_whose_response_is_lost_makes_one_job(backend: Backend) {
    let batches = backend.client.batches();
    // A list may start with a page that is empty.
    backend.emulator.faults().empty_pages();
    let refused = |code| Failure::StatusAfterEffect { code };
    for failure in [
        Failure::CloseAfterEffect,
        Failure::CutAnswer { after: 20 },
        // None of these says that nothing was done.
        refused(302),
        refused(409),
        refused(502),
    ] {
        for name in [None, Some("nightly")] {
            backend
                .emulator
                .faults()
                .fail_next(backend.create, 1, failure.clone());
            let mut create = backend.create(sums(3).0);
            if let Some(name) = name {
                create = create.display_name(name);
            }
            let before = batches.list().all().await.unwrap().len();
            let job = create.await.unwrap();
            assert_eq!(batches.list().all().await.unwrap().len(), before + 1);
            if name.is_some() {
                assert_eq!(job.display_name(), name);
            }
            let job = backend.wait(&job).await.unwrap();
            let (told, report) = collect(batches.results(&job).await.unwrap()).await;
            assert!(told == sums(3).1 && report.is_complete(), "{report}");
        }
    }
}

async fn a_create_that_may_have_arrived_is_sent_again_only_if_asked(backend: Backend) {
    let batches = backend.client.batches();
    let failures = [
        Failure::CloseBeforeAnswer,
        Failure::service_unavailable(),
        Failure::html(502),
        Failure::status(408, "DEADLINE_EXCEEDED", "late"),
        Failure::status(499, "CANCELLED", "it was cancelled"),
    ];
    for failure in failures {
        let sent = || backend.emulator.request_count(backend.create);
        let jobs = async || batches.list().all().await.unwrap().len();
        let fail = |times| {
            let faults = backend.emulator.faults();
            faults.fail_next(backend.create, times, failure.clone());
        };
        let create = || backend.create(sums(3).0);
        let (sent_before, jobs_before) = (sent(), jobs().await);
        fail(1);
        let error = create().await.unwrap_err();
        assert!(error.is_unclear() && !error.is_retryable(), "{error}");
        assert!(error.to_string().contains(error.mark().unwrap()), "{error}");
        assert_eq!((sent(), jobs().await), (sent_before + 1, jobs_before));

        fail(1);
        create().resend_unclear(true).await.unwrap();
        assert_eq!((sent(), jobs().await), (sent_before + 3, jobs_before + 1));

        fail(2);
        let error = create().resend_unclear(true).await.unwrap_err();
        assert!(error.is_unclear(), "{error}");
        assert_eq!((sent(), jobs().await), (sent_before + 5, jobs_before + 1));
    }
}

async fn a_create_that_a_quota_refuses_is_sent_again(backend: Backend) {
    let faults = backend.emulator.faults();
    let asked = Duration::from_millis(50);
    faults.fail_next(backend.create, 1, Failure::too_many_requests(asked));
    let in_header = Failure::status(429, "RESOURCE_EXHAUSTED", "slow down");
    faults.fail_next(backend.create, 1, in_header.with_header("retry-after", "0"));
    let started = std::time::Instant::now();
    let create = || backend.create(sums(1).0);
    create().await.unwrap();
    assert!(started.elapsed() >= asked);
    assert_eq!(backend.emulator.request_count(backend.create), 3);

    let later = Failure::too_many_requests(Duration::from_millis(1));
    faults.fail_next(backend.create, 100, later);
    let error = create().await.unwrap_err();
    assert!(error.is_quota() && error.attempts() == 5, "{error}");
    assert!(!error.is_unclear() && error.mark().is_none());
}

async fn a_refused_create_takes_back_what_it_placed(backend: Backend) {
    let faults = backend.emulator.faults();
    let placed = || {
        let files = backend.emulator.files().into_iter().map(|file| file.name);
        files
            .chain(backend.emulator.objects("gs://staging-bucket/"))
            .collect::<Vec<_>>()
    };
    let create = || backend.create(sums(2).0).inline_limit(InlineLimit::NEVER);
    faults.fail_next(
        backend.create,
        1,
        Failure::status(400, "INVALID_ARGUMENT", "no"),
    );
    let error = create().await.unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert_eq!(placed(), Vec::<String>::new());

    // A job may have come of it, and need its input.
    faults.fail_next(backend.create, 1, Failure::service_unavailable());
    let error = create().adopt(false).await.unwrap_err();
    assert_eq!(placed().len(), 1);
    let kept = format!("{}, which is kept", placed()[0]);
    assert!(error.to_string().contains(&kept), "{error}");
}

async fn no_patch_takes_the_mark_away(backend: Backend) {
    let batches = backend.client.batches();
    let patches = match backend.client.backend() {
        genai_batch::Backend::Gemini => [
            json!({"batch": {"displayName": "mine"}}),
            json!({"batch": {"displayName": null}}),
        ],
        _ => [
            json!({"labels": null}),
            json!({"labels": {"genai-batch-mark": "x"}}),
        ],
    };
    for patch in patches {
        let faults = backend.emulator.faults();
        faults.fail_next(backend.create, 1, Failure::CloseAfterEffect);
        let before = batches.list().all().await.unwrap().len();
        let create = backend.create(sums(1).0).patch(patch);
        create.await.unwrap();
        assert_eq!(batches.list().all().await.unwrap().len(), before + 1);
    }
}

async fn what_may_belong_to_a_job_is_kept_although_a_later_create_is_refused(backend: Backend) {
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 1, Failure::service_unavailable());
    let refusal = Failure::status(400, "INVALID_ARGUMENT", "no");
    faults.fail_next(backend.create, 1, refusal);
    let create = backend.create(sums(2).0);
    let create = create.inline_limit(InlineLimit::NEVER).resend_unclear(true);
    let error = create.await.unwrap_err();
    assert!(error.is_unclear() && error.mark().is_some(), "{error}");
    let files = backend.emulator.files().into_iter().map(|file| file.name);
    let placed: Vec<_> = files
        .chain(backend.emulator.objects("gs://staging-bucket/"))
        .collect();
    assert_eq!((error.status(), placed.len()), (Some(400), 1));
    let kept = format!("{}, which is kept", placed[0]);
    let told = error.to_string();
    assert!(
        told.contains(&kept) && told.contains("may have made the job"),
        "{told}"
    );
}

async fn a_patch_reaches_the_service(backend: Backend) {
    let patch = match backend.client.backend() == genai_batch::Backend::Gemini {
        true => json!({"batch": {"priority": "12"}}),
        false => json!({"labels": {"team": "x"}}),
    };
    let create = backend.create(sums(2).0).patch(patch);
    let job = create.await.unwrap();
    match backend.client.backend() == genai_batch::Backend::Gemini {
        true => assert_eq!(job.priority(), Some(12)),
        false => assert_eq!(job.labels()["team"], "x"),
    }
    let odd = match backend.client.backend() == genai_batch::Backend::Gemini {
        true => json!({"batch": {"priority": {"high": true}}}),
        false => json!({"labels": ["x"]}),
    };
    let sent = || backend.emulator.requests().len();
    let before = sent();
    let create = backend.create(sums(2).0).patch(odd);
    let error = create.await.unwrap_err();
    assert!(error.is_invalid_input() && sent() == before, "{error}");
}

async fn a_create_is_not_sent_again_where_nothing_is_sure(backend: Backend) {
    let faults = backend.emulator.faults();
    let create = || backend.create(sums(1).0);
    faults.fail_next(backend.create, 1, Failure::service_unavailable());
    let error = create().adopt(false).await.unwrap_err();
    assert!(error.is_server_error() && error.is_unclear(), "{error}");
    assert_eq!(error.mark(), None);

    faults.fail_next(backend.create, 1, Failure::CloseAfterEffect);
    faults.fail_next(backend.list, 1000, Failure::service_unavailable());
    let error = create().await.unwrap_err();
    assert!(error.to_string().contains("may exist"), "{error}");
    faults.clear();
    assert_eq!(
        backend.client.batches().list().all().await.unwrap().len(),
        1
    );
    assert_eq!(backend.emulator.request_count(backend.create), 2);
}

/// A model that responds with the request it was given.
struct Mirror;

impl Model for Mirror {
    fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        Ok(text_response(model, "", &request.to_string()))
    }
}

#[tokio::test]
async fn defaults_fill_what_a_request_does_not_set() {
    let backend = Backend::gemini_with(|builder| builder.model(Mirror)).await;
    for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
        let own = GenerationConfig::new().temperature(0.9);
        let requests = vec![
            Request::text("a").key("plain"),
            Request::text("b")
                .key("own")
                .generation_config(own)
                .system_instruction("Mine."),
        ];
        let create = backend
            .create(requests)
            .generation_config(
                GenerationConfig::new()
                    .temperature(0.1)
                    .max_output_tokens(9),
            )
            .system_instruction("Be brief.")
            .inline_limit(limit);
        let (told, _) = collect(backend.results_of(create).await).await;
        let seen = |key: &str| match &told[key] {
            Told::Text(text) => serde_json::from_str::<Value>(text).unwrap(),
            other => panic!("{other:?}"),
        };
        let system = |request: &Value| request["systemInstruction"]["parts"][0]["text"].clone();
        assert_eq!(
            seen("plain")["generationConfig"],
            json!({"temperature": 0.1, "maxOutputTokens": 9})
        );
        assert_eq!(system(&seen("plain")), "Be brief.");
        assert_eq!(
            seen("own")["generationConfig"],
            json!({"temperature": 0.9, "maxOutputTokens": 9})
        );
        assert_eq!(system(&seen("own")), "Mine.");
    }
}

#[tokio::test]
async fn small_lists_are_inline_and_others_a_file() {
    let backend = Backend::gemini().await;
    for (count, destination) in [(100, "inline"), (101, "file")] {
        let job = backend.create(sums(count).0).await.unwrap();
        let job = backend.wait(&job).await.unwrap();
        let found = match job.destination().unwrap() {
            JobDestination::Inline => "inline",
            JobDestination::File(_) => "file",
            other => panic!("{other:?}"),
        };
        assert_eq!(found, destination, "{count}");
    }
}
