//! Runs: any number of requests over many jobs, through whatever happens to the process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::runs::{Finish, Run, RunResults};
use genai_batch::{Outcome, Request, Source};
use genai_batch_emulator::{Builder, Failure, Rows};

use crate::support::{Backend, Told, client, on_every_backend, sums, until};

/// A place for a run of its own.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.0.path().join("test.run")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.0.path().join("out.jsonl")
    }
}

impl Backend {
    async fn open(&self, path: &Path, source: impl Into<Source>) -> genai_batch::Result<Run> {
        let open = self.client.runs().open(path).model(self.model);
        open.source(source.into()).await
    }
}

/// Polls every few milliseconds, in jobs of ten requests.
pub(crate) fn quick(run: &Run) -> Finish {
    run.finish()
        .poll_interval(Duration::from_millis(5), Duration::from_millis(20))
        .quota_pause(Duration::from_millis(20))
        .unclear_wait(Duration::from_millis(200))
        .job_requests(10, 10)
}

async fn told(mut results: RunResults) -> Vec<(String, Told)> {
    let mut told = Vec::new();
    while let Some(result) = results.try_next().await.unwrap() {
        let outcome = match result.outcome() {
            Outcome::Response(response) => Told::Text(response.text().unwrap().into_owned()),
            Outcome::Error(error) => Told::Error(error.code()),
            Outcome::Missing => Told::Missing,
        };
        told.push((result.key().unwrap().to_owned(), outcome));
    }
    told
}

/// What was told, by key; each has one outcome.
pub(crate) async fn by_key(run: &Run) -> BTreeMap<String, Told> {
    let told = told(run.results().await.unwrap()).await;
    let count = told.len();
    let told: BTreeMap<_, _> = told.into_iter().collect();
    assert_eq!(told.len(), count, "a key has two outcomes");
    told
}

async fn each_request_has_its_outcome_in_the_order_of_the_input(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(55);
    backend.emulator.faults().shuffle_results(7);
    let run = backend.open(&place.run(), requests).await.unwrap();
    assert_eq!(run.intake().unwrap().added, 55);
    let report = quick(&run).await.unwrap();
    assert!(report.is_finished(), "{report}");
    assert_eq!((report.requests, report.responses), (55, 55));
    assert_eq!(report.generations[0].jobs, 6);
    let told = told(run.results().await.unwrap()).await;
    let keys: Vec<_> = told.iter().map(|(key, _)| key.clone()).collect();
    let in_order: Vec<_> = (0..55).map(|n| format!("sum-{n}")).collect();
    assert_eq!(keys, in_order);
    assert_eq!(told.into_iter().collect::<BTreeMap<_, _>>(), expected);
    assert_eq!(run.save_to(place.out()).await.unwrap(), 55);
    let saved = std::fs::read_to_string(place.out()).unwrap();
    assert!(
        saved.starts_with(r#"{"key":"sum-0","response":"#),
        "{saved}"
    );
    assert_eq!(saved.lines().count(), 55);
    assert_eq!(backend.emulator.request_count(backend.create), 6);
}

async fn a_run_that_is_finished_asks_nothing_again(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(25);
    let run = backend.open(&place.run(), requests.clone()).await.unwrap();
    quick(&run).await.unwrap();
    drop(run);
    let run = backend.open(&place.run(), requests).await.unwrap();
    let intake = run.intake().unwrap();
    assert_eq!((intake.unchanged, intake.added), (25, 0));
    let report = quick(&run).await.unwrap();
    assert_eq!(report.responses, 25);
    assert_eq!(backend.emulator.request_count(backend.create), 3);
    assert_eq!(by_key(&run).await, expected);
}

async fn what_is_new_or_changed_is_asked_and_what_vanished_is_kept(backend: Backend) {
    let place = Place::new();
    let ask =
        |n: usize, sum: usize| Request::text(format!("What is {sum} + 1?")).key(format!("k{n}"));
    let requests =
        |of: &[(usize, usize)]| of.iter().map(|(n, sum)| ask(*n, *sum)).collect::<Vec<_>>();
    let run = backend
        .open(&place.run(), requests(&[(1, 1), (2, 2), (3, 3)]))
        .await
        .unwrap();
    quick(&run).await.unwrap();
    drop(run);
    // The first is gone, the second changed, the fourth new and ahead of the others.
    let run = backend
        .open(&place.run(), requests(&[(4, 4), (3, 3), (2, 20)]))
        .await
        .unwrap();
    let intake = run.intake().unwrap();
    assert_eq!((intake.requests, intake.added, intake.changed), (3, 1, 1));
    assert_eq!((intake.unchanged, intake.vanished), (1, 1));
    let report = quick(&run).await.unwrap();
    assert_eq!(
        (report.requests, report.responses, report.vanished),
        (4, 4, 1)
    );
    let text = |n: usize| Told::Text(n.to_string());
    let told: Vec<_> = told(run.results().await.unwrap()).await;
    let expected = [("k1", 2), ("k4", 5), ("k3", 4), ("k2", 21)];
    assert_eq!(told, expected.map(|(key, n)| (key.to_owned(), text(n))));
    let view = backend.client.runs().read(place.run()).await.unwrap();
    assert_eq!(view.report().await.unwrap(), report);
    assert_eq!(backend.emulator.request_count(backend.create), 2);
}

async fn rows_that_are_missing_are_asked_again_and_bad_requests_are_not(backend: Backend) {
    let place = Place::new();
    let (mut requests, mut expected) = sums(20);
    requests.push(Request::text("[[error:3]]").key("bad"));
    expected.insert("bad".to_owned(), Told::Error(3));
    backend.emulator.faults().drop_rows(Rows::Every(4));
    let run = backend.open(&place.run(), requests).await.unwrap();
    let faults = backend.emulator.faults();
    // The jobs after the first that is read are as they should be.
    let report = quick(&run)
        .on_progress(move |progress| {
            if progress.waiting > 0 {
                faults.clear();
            }
        })
        .await
        .unwrap();
    assert_eq!(report.errors, 1);
    assert_eq!((report.responses, report.missing), (20, 0), "{report}");
    assert!(report.generations.len() >= 2, "{report}");
    assert!(report.generations[0].retried > 0);
    assert_eq!(by_key(&run).await, expected);
    let jobs: u64 = report.generations.iter().map(|it| it.jobs).sum();
    assert_eq!(backend.emulator.request_count(backend.create) as u64, jobs);
}

async fn after_so_many_attempts_a_request_is_missing(backend: Backend) {
    let place = Place::new();
    backend.emulator.faults().drop_rows(Rows::All);
    let (requests, _) = sums(3);
    let run = backend.open(&place.run(), requests).await.unwrap();
    let soon = Duration::from_millis(20);
    let report = quick(&run).attempts(2).output_timeout(soon).await.unwrap();
    assert_eq!(
        (report.missing, report.generations.len()),
        (3, 2),
        "{report}"
    );
    assert!(
        by_key(&run)
            .await
            .values()
            .all(|told| *told == Told::Missing)
    );
}

async fn a_create_without_a_clear_response_is_looked_for(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(25);
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 1, Failure::CloseAfterEffect);
    faults.list_late(Duration::from_millis(50));
    let run = backend.open(&place.run(), requests).await.unwrap();
    let report = quick(&run)
        .unclear_wait(Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(report.responses, 25, "{report}");
    assert_eq!(backend.emulator.request_count(backend.create), 3);
    assert_eq!(by_key(&run).await, expected);
}

async fn a_create_that_was_never_received_is_made_after_the_wait(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(25);
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 1, Failure::CloseBeforeAnswer);
    let run = backend.open(&place.run(), requests).await.unwrap();
    let report = quick(&run).await.unwrap();
    assert_eq!(
        (report.responses, report.generations.len()),
        (25, 1),
        "{report}"
    );
    // However long the others take: each was received once, and the one that was not is sent anew.
    assert_eq!(backend.emulator.request_count(backend.create), 4);
    assert_eq!(by_key(&run).await, expected);
}

async fn a_quota_slows_the_run_down_and_is_no_error(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(35);
    let refusal = Failure::status(429, "RESOURCE_EXHAUSTED", "Quota exceeded.");
    backend
        .emulator
        .faults()
        .fail_next(backend.create, 3, refusal);
    let run = backend.open(&place.run(), requests).await.unwrap();
    let report = quick(&run).await.unwrap();
    assert_eq!(report.responses, 35, "{report}");
    assert_eq!(backend.emulator.request_count(backend.create), 4 + 3);
    assert_eq!(by_key(&run).await, expected);
}

async fn jobs_that_a_quota_ends_do_not_count_as_attempts(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(10);
    let faults = backend.emulator.faults();
    faults.fail_jobs(8, "Quota exceeded.");
    let run = backend.open(&place.run(), requests).await.unwrap();
    let mut jobs = 0;
    let report = quick(&run)
        .attempts(1)
        .on_progress(move |progress| {
            if progress.jobs > jobs {
                jobs = progress.jobs;
                if jobs == 4 {
                    faults.clear();
                }
            }
        })
        .await
        .unwrap();
    assert_eq!(report.responses, 10, "{report}");
    assert_eq!(by_key(&run).await, expected);
}

async fn jobs_that_fail_or_expire_are_made_again(backend: Backend) {
    for code in [13, 3] {
        let place = Place::new();
        let (requests, _) = sums(5);
        let faults = backend.emulator.faults();
        faults.fail_jobs(code, "It broke.");
        let run = backend.open(&place.run(), requests).await.unwrap();
        let report = quick(&run).await.unwrap();
        faults.clear();
        assert_eq!(report.errors, 5, "{report}");
        let generations = if code == 13 { 3 } else { 1 };
        assert_eq!(report.generations.len(), generations, "{report}");
        let told = by_key(&run).await;
        assert!(
            told.values().all(|told| *told == Told::Error(code.into())),
            "{told:?}"
        );
    }
}

async fn equal_requests_are_paid_for_once(backend: Backend) {
    let place = Place::new();
    let requests: Vec<_> = (0..30)
        .map(|n| Request::text(format!("What is {} + 1?", n % 3)).key(format!("k{n}")))
        .collect();
    let runs = backend.client.runs();
    let open = runs.open(place.run()).model(backend.model);
    let run = open.source(requests).dedupe(true).await.unwrap();
    let report = quick(&run).await.unwrap();
    assert_eq!((report.requests, report.responses), (30, 30), "{report}");
    assert_eq!(report.generations[0].requests, 3);
    let told = by_key(&run).await;
    let expected = (0..30).map(|n| (format!("k{n}"), Told::Text((n % 3 + 1).to_string())));
    assert_eq!(told, expected.collect());
}

async fn a_response_that_will_not_do_is_asked_for_again_and_kept_in_need(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(5);
    let run = backend.open(&place.run(), requests).await.unwrap();
    let report = quick(&run)
        .retry_if(|result| result.key() == Some("sum-3"))
        .await
        .unwrap();
    assert_eq!(
        (report.responses, report.generations.len()),
        (5, 3),
        "{report}"
    );
    assert_eq!(by_key(&run).await, expected);
}

async fn metadata_comes_back_with_the_result(backend: Backend) {
    let place = Place::new();
    let requests: Vec<_> = (0..150)
        .map(|n| {
            Request::text("What is 1 + 1?")
                .key(format!("k{n}"))
                .metadata("n", n)
        })
        .collect();
    let run = backend.open(&place.run(), requests).await.unwrap();
    quick(&run).job_requests(150, 150).await.unwrap();
    let results: Vec<_> = run.results().await.unwrap().try_collect().await.unwrap();
    for (n, result) in results.iter().enumerate() {
        assert_eq!(result.metadata().unwrap()["n"], n);
    }
    assert_eq!(results.len(), 150);
}

async fn a_trial_stops_and_goes_on(backend: Backend) {
    let place = Place::new();
    let (requests, expected) = sums(40);
    let run = backend.open(&place.run(), requests).await.unwrap();
    let report = quick(&run).first(12).await.unwrap();
    assert_eq!((report.responses, report.unfinished), (12, 28), "{report}");
    assert_eq!(report.stopped, Some(genai_batch::runs::Stopped::First));
    let report = quick(&run).await.unwrap();
    assert_eq!((report.responses, report.stopped), (40, None), "{report}");
    assert_eq!(by_key(&run).await, expected);
}

async fn a_trial_counts_what_is_in_the_input_now(backend: Backend) {
    let place = Place::new();
    let ask = |end: &'static str| {
        let request = move |n| Request::text(format!("What is {n} + 1{end}")).key(format!("k{n}"));
        (0..40).map(request).collect::<Vec<_>>()
    };
    let run = backend.open(&place.run(), ask("?")).await.unwrap();
    let report = quick(&run).first(5).await.unwrap();
    assert_eq!((report.responses, report.unfinished), (5, 35), "{report}");
    run.close().await;
    let run = backend.open(&place.run(), ask(" ?")).await.unwrap();
    assert_eq!(run.intake().unwrap().changed, 40);
    let report = quick(&run).first(5).await.unwrap();
    assert_eq!((report.responses, report.unfinished), (5, 35), "{report}");
    let report = quick(&run).first(8).await.unwrap();
    assert_eq!((report.responses, report.unfinished), (8, 32), "{report}");
}

async fn a_refused_request_is_told_by_its_origin(backend: Backend) {
    let place = Place::new();
    let requests = ["What is 1 + 1?", ""].into_iter().zip(2..);
    let requests = requests.map(|(text, line)| Request::text(text).origin(format!("t.csv:{line}")));
    let requests: Vec<_> = requests.collect();
    let error = backend.open(&place.run(), requests).await.unwrap_err();
    assert!(error.to_string().contains("t.csv:3"), "{error}");
}

async fn embeddings_run_too(backend: Backend) {
    let place = Place::new();
    let texts: Vec<_> = (0..25)
        .map(|n| genai_batch::EmbedRequest::text(format!("text {n}")))
        .collect();
    let runs = backend.client.runs();
    let open = runs.open(place.run()).model(backend.embedding_model);
    let run = open.embeddings().source(texts).await.unwrap();
    let report = quick(&run).await.unwrap();
    assert_eq!(report.responses, 25, "{report}");
    let results: Vec<_> = run.results().await.unwrap().try_collect().await.unwrap();
    assert_eq!(results[24].key(), Some("request-25"));
    assert!(
        results
            .iter()
            .all(|it| it.response().unwrap().embedding().is_some())
    );
}

/// What is in the service of the requests that the client put there.
fn placed(backend: &Backend) -> BTreeSet<String> {
    let files = backend.emulator.files().into_iter();
    let files = files.filter(|file| !file.generated).map(|file| file.name);
    let objects = backend.emulator.objects("gs://staging-bucket/").into_iter();
    files
        .chain(objects.filter(|uri| uri.ends_with("/requests.jsonl")))
        .collect()
}

async fn what_was_placed_is_removed(backend: Backend) {
    let place = Place::new();
    let (requests, _) = sums(300);
    let run = backend.open(&place.run(), requests).await.unwrap();
    let report = quick(&run).job_requests(150, 150).await.unwrap();
    assert_eq!(report.responses, 300, "{report}");
    assert_eq!(placed(&backend), BTreeSet::new());
}

async fn what_was_being_placed_as_the_run_was_dropped_is_removed(backend: Backend) {
    let place = Place::new();
    let (requests, _) = sums(300);
    let run = backend.open(&place.run(), requests).await.unwrap();
    let (mut seen, mut drops) = (BTreeSet::new(), 0);
    while drops < 3 {
        // As soon as the service has it, whether the client knows that or not.
        let is_there = until(async || !placed(&backend).is_subset(&seen));
        tokio::select! {
            () = is_there => drops += 1,
            report = quick(&run).job_requests(150, 150) => {
                report.unwrap();
                break;
            }
        }
        seen.append(&mut placed(&backend));
    }
    assert!(drops > 0);
    let report = quick(&run).job_requests(150, 150).await.unwrap();
    assert_eq!(report.responses, 300, "{report}");
    assert_eq!(placed(&backend), BTreeSet::new());
}

on_every_backend![
    each_request_has_its_outcome_in_the_order_of_the_input,
    a_run_that_is_finished_asks_nothing_again,
    what_is_new_or_changed_is_asked_and_what_vanished_is_kept,
    rows_that_are_missing_are_asked_again_and_bad_requests_are_not,
    after_so_many_attempts_a_request_is_missing,
    a_create_without_a_clear_response_is_looked_for,
    a_create_that_was_never_received_is_made_after_the_wait,
    a_quota_slows_the_run_down_and_is_no_error,
    jobs_that_a_quota_ends_do_not_count_as_attempts,
    jobs_that_fail_or_expire_are_made_again,
    equal_requests_are_paid_for_once,
    a_response_that_will_not_do_is_asked_for_again_and_kept_in_need,
    metadata_comes_back_with_the_result,
    a_trial_stops_and_goes_on,
    a_trial_counts_what_is_in_the_input_now,
    a_refused_request_is_told_by_its_origin,
    embeddings_run_too,
    what_was_placed_is_removed,
    what_was_being_placed_as_the_run_was_dropped_is_removed,
];

#[tokio::test]
async fn a_bad_request_leaves_no_run_behind_and_no_change() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let bad = vec![serde_json::json!({"key": "a", "request": {"content": "?"}})];
    let error = backend.open(&place.run(), bad.clone()).await.unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
    let left = std::fs::read_dir(place.0.path()).unwrap();
    assert_eq!(left.count(), usize::from(cfg!(not(unix))), "a file is left");

    let twice = vec![Request::text("1").key("k"), Request::text("2").key("k")];
    let error = backend.open(&place.run(), twice.clone()).await.unwrap_err();
    assert!(error.to_string().contains("\"k\" is used twice"), "{error}");

    let run = backend
        .open(&place.run(), vec![Request::text("1").key("k")])
        .await
        .unwrap();
    drop(run);
    for wrong in [Source::from(bad), Source::from(twice)] {
        let error = backend.open(&place.run(), wrong).await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
    }
    let run = backend.client.runs().open(place.run()).await.unwrap();
    assert_eq!(run.report().await.unwrap().requests, 1);
    let other = backend
        .client
        .runs()
        .open(place.run())
        .model("gemini-2.5-pro")
        .await;
    assert!(other.unwrap_err().to_string().contains("driven by another"));
    drop(run);
    let other = backend
        .client
        .runs()
        .open(place.run())
        .model("gemini-2.5-pro")
        .await;
    let error = other.unwrap_err();
    assert!(error.to_string().contains("gemini-2.5-flash"), "{error}");
}

#[tokio::test]
async fn files_that_are_no_runs_are_refused_and_stay_as_they_are() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    for contents in [
        &b"not a database, but a text that somebody wrote"[..],
        b"SQLite format 3\0cut",
    ] {
        std::fs::write(place.run(), contents).unwrap();
        let error = backend.open(&place.run(), vec!["a"]).await.unwrap_err();
        assert!(error.to_string().contains("not a run"), "{error}");
        assert_eq!(std::fs::read(place.run()).unwrap(), contents);
    }
}

#[tokio::test]
async fn another_client_of_the_same_service_goes_on() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let (requests, expected) = sums(25);
    let run = backend.open(&place.run(), requests).await.unwrap();
    // Dropped in the middle of whatever it does: after so many steps, or as soon as it is asked to stop.
    for steps in 0..8 {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (mut stop, mut taken) = (Some(stop), 0);
        let finish = quick(&run).on_progress(move |_| {
            taken += 1;
            if taken > steps {
                drop(stop.take());
            }
        });
        tokio::select! {
            biased;
            _ = stopped => {}
            report = finish => drop(report.unwrap()),
        }
    }
    run.close().await;
    let client = client(backend.emulator.base_url());
    let run = client.runs().open(place.run()).await.unwrap();
    let report = quick(&run).await.unwrap();
    assert_eq!(report.responses, 25, "{report}");
    assert_eq!(by_key(&run).await, expected);
    // A create that was on its way may be listed later than it is looked for here, and is then one more
    // job; each is the only one of its mark all the same.
    let jobs = backend.emulator.jobs();
    let marks: BTreeSet<_> = jobs.iter().map(|job| &job.display_name).collect();
    assert_eq!(marks.len(), jobs.len(), "{marks:?}");
}

#[tokio::test]
async fn what_happens_is_told_and_kept() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let run = backend.open(&place.run(), sums(10).0).await.unwrap();
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let tell = std::sync::Arc::clone(&told);
    let finish = quick(&run).on_event(move |event| tell.lock().unwrap().push(event.clone()));
    finish.await.unwrap();
    let told = told.lock().unwrap().clone();
    let kinds: Vec<_> = told.iter().map(|event| &*event.kind).collect();
    assert_eq!(kinds, ["cut", "sending", "created", "ended", "read"]);
    let name = backend.emulator.jobs().remove(0).name;
    assert_eq!(told[2].detail.as_deref(), Some(&*name));
    let kept: Vec<_> = run.events().try_collect().await.unwrap();
    assert_eq!(kept, told);
    // Those of an earlier process are kept, and not told again.
    let finish = quick(&run).on_event(|event| panic!("{event}"));
    finish.await.unwrap();
    let view = backend.client.runs().read(place.run()).await.unwrap();
    let kept: Vec<_> = view.events().try_collect().await.unwrap();
    assert_eq!(kept, told);
}

#[tokio::test]
async fn a_job_of_another_program_is_adopted() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let (requests, expected) = sums(30);
    let batches = backend.client.batches();
    let (theirs, _) = requests.split_at(12);
    let mut theirs = theirs.to_vec();
    theirs.push(Request::text("What is 1 + 1?").key("not of the run"));
    let job = batches.create(backend.model, theirs).await.unwrap();
    let run = backend.open(&place.run(), requests).await.unwrap();
    assert!(run.adopt(&job).await.unwrap());
    assert!(!run.adopt(job.name()).await.unwrap());
    assert!(
        run.adopt("batches/nobody")
            .await
            .unwrap_err()
            .is_not_found()
    );
    let report = quick(&run).await.unwrap();
    assert_eq!((report.requests, report.responses), (31, 31), "{report}");
    let asked: usize = backend
        .emulator
        .jobs()
        .iter()
        .map(|job| job.request_count)
        .sum();
    assert_eq!(asked, 31);
    let mut told = by_key(&run).await;
    assert_eq!(
        told.remove("not of the run"),
        Some(Told::Text("2".to_owned()))
    );
    assert_eq!(told, expected);
    assert!(report.is_finished());
}

#[tokio::test]
async fn a_deadline_cancels_and_a_later_finish_goes_on() {
    let hour = Duration::from_secs(3600);
    let slow = |builder: Builder| builder.job_duration(hour).paused_clock();
    let backend = Backend::gemini_with(slow).await;
    let place = Place::new();
    let (requests, expected) = sums(40);
    let run = backend.open(&place.run(), requests).await.unwrap();
    let report = quick(&run)
        .max_jobs(2)
        .deadline(Duration::from_millis(300))
        .await
        .unwrap();
    assert_eq!(
        report.stopped,
        Some(genai_batch::runs::Stopped::Deadline),
        "{report}"
    );
    assert_eq!(report.unfinished, 40, "{report}");
    let unfinished = run.unfinished();
    let job = backend
        .client
        .batches()
        .create(backend.model, unfinished)
        .await
        .unwrap();
    let asked = backend.emulator.job(job.name()).unwrap();
    assert_eq!(asked.request_count, 40);
    let clock = backend.emulator.clock();
    // An hour passes with each job that is made, and with each that ends.
    let finish = quick(&run)
        .attempts(1)
        .on_progress(move |_| clock.advance(hour));
    let report = finish.await.unwrap();
    assert_eq!((report.responses, report.stopped), (40, None), "{report}");
    assert_eq!(by_key(&run).await, expected);
}

#[tokio::test]
async fn a_budget_is_kept_to() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let (requests, _) = sums(100);
    let run = backend.open(&place.run(), requests).await.unwrap();
    // Each request is estimated at some 25 tokens, and takes 5.
    let pricing = genai_batch::cost::Pricing::new(1_000_000.0, 0.0).discount(0.0);
    let report = quick(&run).budget(300.0, pricing.clone()).await.unwrap();
    assert_eq!(
        report.stopped,
        Some(genai_batch::runs::Stopped::Budget),
        "{report}"
    );
    assert!(report.responses > 0 && report.unfinished > 0, "{report}");
    assert!(report.cost(&pricing) <= 300.0, "{report}");
    let report = quick(&run).await.unwrap();
    assert_eq!(report.responses, 100, "{report}");
}
