//! Results as the service may give them, beyond what every backend shares.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use genai_batch::Request;
use genai_batch::batches::InlineLimit;
use genai_batch::job::JobDestination;
use genai_batch::results::KeyMatch;
use genai_batch_emulator::{Failure, Operation, OutputPlace};

use crate::support::{Backend, collect, on_every_backend, sums};

on_every_backend! {
    strict_results_end_at_the_first_deviation,
}

#[tokio::test]
async fn output_in_either_place_is_read_once() {
    let backend = Backend::gemini().await;
    for place in [
        OutputPlace::Both,
        OutputPlace::Metadata,
        OutputPlace::Response,
    ] {
        backend.emulator.faults().put_output(place);
        for limit in [InlineLimit::MAX, InlineLimit::NEVER] {
            let create = backend.client.batches().create(backend.model, sums(5).0);
            let results = backend.results_of(create.inline_limit(limit)).await;
            let (told, report) = collect(results).await;
            assert_eq!(told, sums(5).1);
            assert!(report.is_complete(), "{place:?}: {report}");
        }
    }
}

#[tokio::test]
async fn inline_results_need_no_second_call() {
    let backend = Backend::gemini().await;
    let job = backend
        .client
        .batches()
        .create(backend.model, sums(5).0)
        .await
        .unwrap();
    let job = backend.wait(&job).await.unwrap();
    let before = backend.emulator.requests().len();
    backend
        .client
        .batches()
        .results(&job)
        .await
        .unwrap()
        .verify()
        .await
        .unwrap();
    assert_eq!(backend.emulator.requests().len(), before);

    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("out.jsonl");
    let results = backend.client.batches().results(&job);
    results.save_to(&saved).await.unwrap();
    let saved = std::fs::read_to_string(saved).unwrap();
    let is_json = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    assert_eq!(
        saved.lines().filter(|line| is_json(line)).count(),
        5,
        "{saved}"
    );
    assert_eq!(saved.lines().count(), 5, "{saved}");

    let listed = backend.client.batches().list().all().await.unwrap();
    let results = backend.client.batches().results(&listed[0]).await.unwrap();
    assert_eq!(results.verify().await.unwrap().responses, 5);
}

async fn strict_results_end_at_the_first_deviation(backend: Backend) {
    use genai_batch_emulator::Rows;
    let batches = backend.client.batches();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    let faults = backend.emulator.faults();
    let run = || async {
        let create = batches.create(backend.model, sums(6).0);
        let job = create.inline_limit(InlineLimit::NEVER).await.unwrap();
        backend.wait(&job).await.unwrap()
    };
    let one = || Rows::At(vec![2]);
    let deviations: [(&dyn Fn(), &str); 5] = [
        (
            &|| faults.double_rows(one()),
            "\"sum-2\", which has a result already",
        ),
        (
            &|| faults.add_foreign_rows(1),
            "\"foreign-1\", which was not submitted",
        ),
        (&|| faults.drop_keys(one()), " has no key"),
        (&|| faults.add_garbage_line(), "cannot be read"),
        (
            &|| faults.drop_rows(one()),
            "5 responses + 0 errors + 1 missing (sum-2)",
        ),
    ];
    for (inject, told) in deviations {
        faults.clear();
        inject();
        let job = run().await;
        let strict = || batches.results(&job).strict(true);
        let error = strict().save_to(&path).await.unwrap_err();
        assert!(error.is_deviation(), "{error}");
        assert!(error.to_string().contains(told), "{error}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);

        let mut results = strict().await.unwrap();
        let mut keys = BTreeSet::new();
        let error = loop {
            match results.try_next().await {
                Ok(result) => assert!(keys.insert(result.unwrap().key().unwrap().to_owned())),
                Err(error) => break error,
            }
        };
        assert!(error.is_deviation() && keys.iter().all(|key| key.starts_with("sum-")));
        assert!(results.try_next().await.unwrap().is_none());
    }
    faults.clear();
    let job = run().await;
    let saved = batches.results(&job).strict(true).save_to(&path);
    assert!(saved.await.unwrap().is_complete());
    let unknown = batches.results(job.name()).strict(true).await.unwrap_err();
    assert!(unknown.is_invalid_input(), "{unknown}");
    assert!(unknown.to_string().contains("`expect_keys`"), "{unknown}");
}

#[tokio::test]
async fn a_line_that_cannot_be_read_stops_no_other() {
    let backend = Backend::gemini().await;
    backend.emulator.faults().add_garbage_line();
    let create = backend.client.batches().create(backend.model, sums(5).0);
    let results = backend
        .results_of(create.inline_limit(InlineLimit::NEVER))
        .await;
    let (told, report) = collect(results).await;
    assert_eq!(told, sums(5).1);
    assert_eq!(report.unreadable, 1);
    assert!(report.unreadable_places[0].contains("line"), "{report}");
    assert!(!report.is_complete());
}

#[tokio::test]
async fn a_download_that_is_cut_anywhere_gives_the_same_bytes() {
    let backend = Backend::gemini().await;
    let create = backend.client.batches().create(backend.model, sums(3).0);
    let job = create.inline_limit(InlineLimit::NEVER).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let Some(JobDestination::File(name)) = job.output() else {
        panic!("{job:?}");
    };
    let read = || async {
        let chunks = backend.client.files().download(name).await.unwrap();
        let chunks: Vec<_> = chunks.try_collect().await.unwrap();
        chunks.concat()
    };
    let whole = read().await;
    for offset in 0..whole.len() as u64 {
        backend.emulator.faults().cut_next_download(offset);
        assert!(read().await == whole, "cut at {offset}");
    }
    backend.emulator.faults().cut_next_download(100);
    let results = backend.client.batches().results(&job).await.unwrap();
    assert_eq!(collect(results).await.0, sums(3).1);
}

#[tokio::test]
async fn a_download_that_stays_cut_is_never_taken_for_the_end() {
    let backend = Backend::gemini().await;
    let create = backend.client.batches().create(backend.model, sums(50).0);
    let job = create.inline_limit(InlineLimit::NEVER).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let faults = backend.emulator.faults();
    faults.cut_next_download(1000);
    let mut results = backend.client.batches().results(&job).await.unwrap();
    faults.fail_next(Operation::DownloadFile, 100, Failure::service_unavailable());
    let mut read = 0;
    let error = loop {
        match results.try_next().await {
            Ok(Some(_)) => read += 1,
            Ok(None) => panic!("the stream ended as if it were whole"),
            Err(error) => break error,
        }
    };
    assert!(read < 50 && error.is_retryable(), "{error}");
    assert!(results.try_next().await.unwrap().is_none());
    let report = results.report();
    assert!(!report.finished && !report.is_complete(), "{report}");
}

#[tokio::test]
async fn metadata_comes_back_beside_the_key() {
    let backend = Backend::gemini().await;
    let request = Request::text("What is 1 + 1?")
        .key("k")
        .metadata("language", "en")
        .metadata("shard", 7);
    let create = backend
        .client
        .batches()
        .create(backend.model, vec![request]);
    let mut results = backend.results_of(create).await;
    let result = results.try_next().await.unwrap().unwrap();
    let metadata = result.metadata().unwrap();
    assert_eq!(
        (&metadata["language"], &metadata["shard"]),
        (&"en".into(), &7.into())
    );
    assert_eq!(result.key_match(), KeyMatch::Matched);
    assert!(result.json().contains("candidates"));
    let usage = result.response().unwrap().usage().unwrap();
    assert!(usage.prompt_tokens > 0 && usage.total_tokens >= usage.prompt_tokens);
}

#[tokio::test]
async fn counts_inform_and_rows_decide() {
    let backend = Backend::gemini().await;
    backend.emulator.faults().freeze_stats();
    backend.emulator.faults().freeze_listed_stats();
    let job = backend
        .client
        .batches()
        .create(backend.model, sums(5).0)
        .await
        .unwrap();
    backend.wait(&job).await.unwrap();
    let listed = backend.client.batches().list().all().await.unwrap();
    assert_eq!(listed[0].stats().unwrap().pending, Some(5));
    let keys = (0..5).map(|n| format!("sum-{n}"));
    let results = backend.client.batches().results(&listed[0]);
    let results = results.expect_keys(keys).await.unwrap();
    assert!(results.verify().await.unwrap().is_complete());
}

#[tokio::test]
async fn thousands_of_rows_in_a_file_keep_their_keys() {
    let backend = Backend::gemini().await;
    backend.emulator.faults().shuffle_results(3);
    let (requests, responses) = sums(5000);
    let create = backend.client.batches().create(backend.model, requests);
    let results = backend.results_of(create).await;
    let (told, report) = collect(results).await;
    assert!(told == responses && report.is_complete(), "{report}");
    let unique: BTreeSet<_> = told.keys().collect();
    assert_eq!(unique.len(), 5000);
    assert_eq!(backend.emulator.request_count(Operation::DownloadFile), 1);
}

#[tokio::test]
async fn an_output_that_responds_as_if_it_were_gone_is_waited_for() {
    let backend = Backend::gemini().await;
    let create = backend.client.batches().create(backend.model, sums(3).0);
    let job = create.inline_limit(InlineLimit::NEVER).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let gone = Failure::status(403, "PERMISSION_DENIED", "it may not exist");
    let faults = backend.emulator.faults();
    faults.fail_next(Operation::DownloadFile, 2, gone.clone());
    let results = backend.client.batches().results(&job).await.unwrap();
    assert_eq!(collect(results).await.0, sums(3).1);
    faults.fail_next(Operation::DownloadFile, 100, gone);
    let results = backend.client.batches().results(&job);
    let error = results
        .output_timeout(std::time::Duration::from_millis(300))
        .await
        .unwrap_err();
    assert!(
        error.is_permission_denied() && error.job().is_some(),
        "{error}"
    );
}

/// Rows of Vertex AI, of which some have a key and others the request alone, and the keys and
/// contents that were submitted: which key each row is given, and the report.
#[cfg(feature = "vertex")]
async fn matched(
    rows: &[(Option<&str>, &str)],
    submitted: &[(&str, &str)],
) -> (BTreeSet<(String, String)>, genai_batch::Report) {
    use genai_batch::internals::{
        ContentIndex, EmbedForm, Expectation, SubmittedKeysBuilder, inline_results, vertex,
    };

    let mut keys = SubmittedKeysBuilder::default();
    let mut contents = ContentIndex::new(EmbedForm::VertexGemini);
    for (place, (key, content)) in (1..).zip(submitted) {
        keys.push(key, place).await.unwrap();
        contents.push(content, key);
    }
    let keys = std::sync::Arc::new(keys.finish().await.unwrap().unwrap());
    let rows = rows.iter().enumerate().map(|(number, (key, request))| {
        let key = key.map_or_else(String::new, |key| format!(r#""key":"{key}","#));
        let part = format!(r#"{{"parts":[{{"text":"row {number}"}}]}}"#);
        let response = format!(r#"{{"candidates":[{{"content":{part}}}]}}"#);
        let row = format!(r#"{{{key}"request":{request},"response":{response},"status":""}}"#);
        bytes::Bytes::from(row)
    });
    let expectation = Expectation::Keys(keys);
    let read_row = vertex::read_row;
    let mut results = inline_results(rows.collect(), read_row, expectation, Some(contents));
    let mut given = BTreeSet::new();
    while let Some(result) = results.try_next().await.unwrap() {
        let text = match result.outcome() {
            genai_batch::Outcome::Response(response) => {
                response.text().unwrap_or_default().into_owned()
            }
            other => format!("{other:?}"),
        };
        given.insert((result.key().unwrap_or("-").to_owned(), text));
    }
    (given, results.report())
}

#[cfg(feature = "vertex")]
fn given(rows: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    let owned = rows
        .iter()
        .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()));
    owned.collect()
}

#[cfg(feature = "vertex")]
#[tokio::test]
async fn rows_with_keys_come_first_wherever_they_stand() {
    let same = r#"{"contents":[{"parts":[{"text":"hi"}]}]}"#;
    let submitted = [("a", same), ("b", same)];
    for rows in [
        [(None, same), (Some("a"), same)],
        [(Some("a"), same), (None, same)],
    ] {
        let (told, report) = matched(&rows, &submitted).await;
        assert!(report.is_complete(), "{report}");
        let (keyless, keyed) = match rows[0].0 {
            None => ("row 0", "row 1"),
            Some(_) => ("row 1", "row 0"),
        };
        assert_eq!(told, given(&[("a", keyed), ("b", keyless)]));
    }
    // Of equal requests, each gets a row of its own.
    let (_, report) = matched(&[(None, same), (None, same)], &submitted).await;
    assert!(report.is_complete(), "{report}");
    let (told, report) = matched(&[(None, same), (Some("a"), same)], &submitted[..1]).await;
    assert_eq!((report.keyless, report.duplicates), (1, 0), "{report}");
    assert_eq!(told, given(&[("a", "row 1"), ("-", "row 0")]));
}

#[cfg(feature = "vertex")]
#[tokio::test]
async fn requests_that_differ_in_a_large_integer_keep_their_responses() {
    let seeded = |seed: &str| {
        let content = r#"[{"parts":[{"text":"hi"}]}]"#;
        format!(r#"{{"contents":{content},"generationConfig":{{"seed":{seed}}}}}"#)
    };
    let (even, odd) = (seeded("9007199254740992"), seeded("9007199254740993"));
    let (told, report) = matched(
        &[(None, &*odd), (None, &*even)],
        &[("even", &*even), ("odd", &*odd)],
    )
    .await;
    assert!(report.is_complete(), "{report}");
    assert_eq!(told, given(&[("odd", "row 0"), ("even", "row 1")]));
}
