//! Runs whose service never does what it should: each step comes to an end, or it is told that it goes on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::Error;
use genai_batch::runs::{Finish, Run, RunEvent, RunReport, Stopped};
use genai_batch_emulator::{Failure, Operation, Rows};

use crate::runs::{Place, by_key, quick};
use crate::support::{Backend, on_every_backend, sums, until};

const HOUR: Duration = Duration::from_secs(3600);
/// More often than any test gets to.
const ALWAYS: usize = 1_000_000;

async fn open(backend: &Backend, place: &Place, count: usize) -> Run {
    let open = backend.client.runs().open(place.run()).model(backend.model);
    open.source(sums(count).0).await.unwrap()
}

/// What a run comes to, which goes on for ever unless there is an end to what goes wrong.
async fn end(finish: Finish) -> genai_batch::Result<RunReport> {
    let end = tokio::time::timeout(Duration::from_secs(120), finish.into_future());
    end.await.expect("it goes on for ever")
}

async fn failure(finish: Finish) -> Error {
    end(finish).await.unwrap_err()
}

/// Drives a run until an event of this kind has been told so often.
async fn until_told(finish: Finish, kind: &'static str, times: usize) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (mut stop, mut told) = (Some(stop), 0);
    let finish = finish.on_event(move |event| {
        told += usize::from(event.kind == kind);
        if told == times {
            drop(stop.take());
        }
    });
    tokio::select! {
        biased;
        _ = stopped => {}
        report = end(finish) => panic!("it was not told: {report:?}"),
    }
}

async fn events(run: &Run, kind: &str) -> Vec<RunEvent> {
    let events: Vec<_> = run.events().try_collect().await.unwrap();
    events
        .into_iter()
        .filter(|event| event.kind == kind)
        .collect()
}

/// Where the requests of a job are put.
fn placing(backend: &Backend) -> Operation {
    match backend.create {
        Operation::BatchGenerateContent => Operation::StartUpload,
        _ => Operation::PutObject,
    }
}

async fn creates_that_never_get_a_clear_response_come_to_an_end(backend: Backend) {
    let place = Place::new();
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, ALWAYS, Failure::CloseBeforeAnswer);
    let run = open(&backend, &place, 10).await;
    let error = failure(quick(&run).attempts(1)).await;
    assert!(error.is_unclear() && error.mark().is_some(), "{error}");
    let told = error.to_string();
    for part in ["job 1", "3 times in a row", "since 20", "a later `finish`"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(backend.emulator.request_count(backend.create), 3);
    // Each was looked for before the next was sent.
    let lost = events(&run, "lost").await;
    assert_eq!(lost.len(), 3);
    let detail = lost[0].detail.as_ref().unwrap();
    assert!(detail.contains("was looked for over "), "{detail}");
    let progress = run.progress().await.unwrap();
    assert_eq!((progress.requests, progress.new), (10, 10));

    // The requests are still there, and are sent once it helps.
    faults.clear();
    let report = end(quick(&run).attempts(1)).await.unwrap();
    assert_eq!(report.responses, 10, "{report}");
    assert_eq!(report.generations[0].requests, 10, "{report}");
    assert_eq!(by_key(&run).await, sums(10).1);
    assert_eq!(backend.emulator.request_count(backend.create), 4);
}

async fn unclear_creates_are_counted_through_the_end_of_the_process(backend: Backend) {
    let place = Place::new();
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, ALWAYS, Failure::CloseBeforeAnswer);
    let run = open(&backend, &place, 10).await;
    until_told(quick(&run), "lost", 2).await;
    run.close().await;
    let run = open(&backend, &place, 10).await;
    let error = failure(quick(&run)).await;
    assert!(error.is_unclear(), "{error}");
    assert_eq!(backend.emulator.request_count(backend.create), 3);
}

async fn a_create_that_is_made_in_the_end_ends_the_count(backend: Backend) {
    let place = Place::new();
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 2, Failure::CloseBeforeAnswer);
    let run = open(&backend, &place, 10).await;
    let report = end(quick(&run)).await.unwrap();
    assert_eq!((report.responses, report.generations[0].jobs), (10, 1));
    assert_eq!(by_key(&run).await, sums(10).1);
}

async fn other_jobs_go_on_while_one_is_looked_for(backend: Backend) {
    let place = Place::new();
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 1, Failure::CloseBeforeAnswer);
    // A quota that refuses another at first holds the others up for its pause alone.
    let refusal = Failure::status(429, "RESOURCE_EXHAUSTED", "Quota exceeded.");
    faults.fail_next(backend.create, 1, refusal);
    // What fails in the others is asked again meanwhile, too.
    faults.drop_rows(Rows::At(vec![3]));
    let run = open(&backend, &place, 50).await;
    let (done, is_done) = tokio::sync::oneshot::channel();
    let mut done = Some(done);
    let finish = quick(&run).unclear_wait(HOUR).on_progress(move |progress| {
        if progress.waiting > 0 {
            faults.clear();
        }
        if progress.responses == 40 {
            done.take().map(|done| done.send(progress.to_string()));
        }
    });
    let told = tokio::select! {
        told = is_done => told.unwrap(),
        report = end(finish) => panic!("it ended: {report:?}"),
    };
    assert!(told.contains("10 in 1 job, 1 of them unclear"), "{told}");
    let progress = run.progress().await.unwrap();
    assert_eq!((progress.unclear_jobs, progress.unclear), (1, 10));
    let looking = events(&run, "looking").await;
    assert_eq!(looking.len(), 1);
    let detail = looking[0].detail.as_ref().unwrap();
    assert!(detail.contains("for 3600s at most"), "{detail}");
}

async fn a_create_that_the_end_of_the_process_cut_is_told_at_once(backend: Backend) {
    let place = Place::new();
    backend
        .emulator
        .faults()
        .fail_next(backend.create, 1, Failure::Hang);
    let run = open(&backend, &place, 10).await;
    tokio::select! {
        () = until(async || backend.emulator.request_count(backend.create) == 1) => {}
        report = quick(&run) => panic!("it ended: {report:?}"),
    }
    run.close().await;
    let run = open(&backend, &place, 10).await;
    until_told(quick(&run).unclear_wait(HOUR), "looking", 1).await;
    let detail = events(&run, "looking").await.remove(0).detail.unwrap();
    assert!(detail.contains("for 3600s more at most"), "{detail}");
    assert!(detail.contains("create of 20"), "{detail}");
    let progress = run.progress().await.unwrap();
    assert_eq!((progress.unclear_jobs, progress.unclear), (1, 10));
    // Who knows that it was not sent need not wait.
    let report = end(quick(&run).unclear_wait(Duration::ZERO)).await.unwrap();
    assert_eq!(report.responses, 10, "{report}");
    assert_eq!(backend.emulator.request_count(backend.create), 2);
}

async fn a_list_that_cannot_be_read_ends_the_search(backend: Backend) {
    let place = Place::new();
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 1, Failure::CloseBeforeAnswer);
    faults.repeat_page_token();
    let run = open(&backend, &place, 10).await;
    let error = failure(quick(&run).unclear_wait(HOUR)).await;
    let told = error.to_string();
    assert!(told.contains("looking for job 1"), "{told}");
    assert!(told.contains("the last of 5 tries"), "{told}");
    faults.mend_pages();
    let report = end(quick(&run)).await.unwrap();
    assert_eq!(report.responses, 10, "{report}");
    assert_eq!(backend.emulator.request_count(backend.create), 2);
}

#[tokio::test]
async fn one_job_that_cannot_be_placed_ends_a_run_whose_other_jobs_go_well() {
    let backend = Backend::gemini_with(|it| it.job_duration(HOUR).paused_clock()).await;
    let place = Place::new();
    let run = open(&backend, &place, 300).await;
    let (faults, placing) = (backend.emulator.faults(), placing(&backend));
    faults.pass_next(placing, 1);
    faults.fail_next(placing, ALWAYS, Failure::service_unavailable());
    let finish = || quick(&run).job_requests(150, 150).max_jobs(2);
    let outage = Duration::from_millis(200);
    let error = failure(finish().max_outage(outage)).await;
    assert_eq!(error.status(), Some(503));
    let told = error.to_string();
    assert!(
        told.contains("making job ") && told.contains("the last of "),
        "{told}"
    );
}

async fn a_placement_that_is_refused_ends_the_run_at_once(backend: Backend) {
    for (code, name) in [(403, "PERMISSION_DENIED"), (400, "INVALID_ARGUMENT")] {
        let place = Place::new();
        let run = open(&backend, &place, 150).await;
        let (faults, placing) = (backend.emulator.faults(), placing(&backend));
        let before = backend.emulator.request_count(placing);
        faults.fail_next(placing, ALWAYS, Failure::status(code, name, "No."));
        let finish = || quick(&run).job_requests(150, 150);
        let error = failure(finish()).await;
        assert_eq!(error.status(), Some(code), "{error}");
        assert_eq!(backend.emulator.request_count(placing), before + 1);
        faults.clear();
        let report = end(finish()).await.unwrap();
        assert_eq!(report.responses, 150, "{report}");
    }
}

async fn nothing_is_sent_after_the_deadline(backend: Backend) {
    let place = Place::new();
    let run = open(&backend, &place, 150).await;
    let (faults, placing) = (backend.emulator.faults(), placing(&backend));
    faults.fail_next(placing, ALWAYS, Failure::service_unavailable());
    let soon = Duration::from_millis(100);
    let finish = quick(&run).job_requests(150, 150).deadline(soon);
    let report = end(finish).await.unwrap();
    assert_eq!(report.stopped, Some(Stopped::Deadline), "{report}");
    assert_eq!(report.unfinished, 150, "{report}");
    assert_eq!(backend.emulator.request_count(backend.create), 0);
    faults.clear();
    let report = end(quick(&run).job_requests(150, 150)).await.unwrap();
    assert_eq!(report.responses, 150, "{report}");
}

#[tokio::test]
async fn a_cancel_that_is_refused_is_told() {
    let backend = Backend::gemini_with(|it| it.job_duration(HOUR).paused_clock()).await;
    let place = Place::new();
    let run = open(&backend, &place, 10).await;
    let (faults, clock) = (backend.emulator.faults(), backend.emulator.clock());
    faults.fail_next(
        backend.cancel,
        ALWAYS,
        Failure::status(403, "PERMISSION_DENIED", "No."),
    );
    let stopped: Arc<Mutex<Vec<RunEvent>>> = Arc::default();
    let told = Arc::clone(&stopped);
    let finish = quick(&run).deadline(Duration::from_millis(300));
    let finish = finish.on_event(move |event| {
        if event.kind == "stopped" {
            // The job ends by itself.
            if event.detail.is_some() {
                clock.advance(HOUR);
            }
            told.lock().unwrap().push(event.clone());
        }
    });
    let report = end(finish).await.unwrap();
    assert_eq!(report.responses, 10, "{report}");
    let told = stopped.lock().unwrap().clone();
    assert_eq!(told.len(), 2, "{told:?}");
    let detail = told[1].detail.as_ref().unwrap();
    assert!(
        detail.contains("cancelling ") && detail.contains("403"),
        "{detail}"
    );
}

async fn what_cannot_be_removed_is_told(backend: Backend) {
    let place = Place::new();
    let run = open(&backend, &place, 150).await;
    let remove = match backend.create {
        // There, 403 is what a file gets that is gone, too.
        Operation::BatchGenerateContent => Operation::DeleteFile,
        _ => Operation::DeleteObject,
    };
    let refusal = Failure::status(403, "PERMISSION_DENIED", "No.");
    let faults = backend.emulator.faults();
    faults.fail_next(remove, ALWAYS, refusal);
    // What was placed for the create that is sent anew is left too.
    faults.fail_next(backend.create, 1, Failure::CloseBeforeAnswer);
    let finish = quick(&run).job_requests(150, 150);
    let report = end(finish.unclear_wait(Duration::ZERO)).await.unwrap();
    assert_eq!(report.responses, 150, "{report}");
    let left = events(&run, "left").await;
    assert_eq!(left.len(), 1);
    let detail = left[0].detail.as_ref().unwrap();
    let told = detail.matches("could not be removed").count();
    assert_eq!(told, 2, "{detail}");
}

on_every_backend![
    what_cannot_be_removed_is_told,
    creates_that_never_get_a_clear_response_come_to_an_end,
    unclear_creates_are_counted_through_the_end_of_the_process,
    a_create_that_is_made_in_the_end_ends_the_count,
    other_jobs_go_on_while_one_is_looked_for,
    a_create_that_the_end_of_the_process_cut_is_told_at_once,
    a_list_that_cannot_be_read_ends_the_search,
    a_placement_that_is_refused_ends_the_run_at_once,
    nothing_is_sent_after_the_deadline,
];

#[tokio::test]
async fn what_is_gone_already_is_removed() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let run = open(&backend, &place, 150).await;
    let faults = backend.emulator.faults();
    let refusal = |times| {
        let refusal = Failure::status(403, "PERMISSION_DENIED", "It may not exist.");
        faults.fail_next(Operation::DeleteFile, times, refusal.clone());
        faults.fail_next(Operation::GetFile, times, refusal);
    };
    refusal(ALWAYS);
    let report = end(quick(&run).job_requests(150, 150)).await.unwrap();
    assert_eq!(report.responses, 150, "{report}");
    assert_eq!(events(&run, "left").await, []);
}

/// What lasts is told, and not each poll and each read of it.
#[tokio::test]
async fn polls_and_reads_that_fail_for_long_are_told() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let run = open(&backend, &place, 150).await;
    let faults = backend.emulator.faults();
    for operation in [Operation::GetBatch, Operation::DownloadFile] {
        faults.fail_next(operation, 40, Failure::service_unavailable());
    }
    let report = end(quick(&run).job_requests(150, 150)).await.unwrap();
    assert_eq!(report.responses, 150, "{report}");
    for (kind, what) in [
        ("unreachable", "its polls fail"),
        ("unreadable", "the reads of its results fail"),
    ] {
        let told = events(&run, kind).await;
        assert_eq!(told.len(), 1, "{told:?}");
        let detail = told[0].detail.as_ref().unwrap();
        assert!(detail.contains(what) && detail.contains("503"), "{detail}");
    }
}

#[tokio::test]
async fn a_foreign_upload_url_ends_the_run_after_some_tries() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let run = open(&backend, &place, 150).await;
    let faults = backend.emulator.faults();
    let foreign = Failure::Status {
        code: 200,
        body: "{}".to_owned(),
        headers: vec![(
            "x-goog-upload-url".to_owned(),
            "https://upload.example.com/here".to_owned(),
        )],
    };
    faults.fail_next(Operation::StartUpload, ALWAYS, foreign);
    let finish = || quick(&run).job_requests(150, 150);
    let error = failure(finish()).await;
    let told = error.to_string();
    assert!(told.contains("upload.example.com"), "{told}");
    assert!(told.contains("the last of 5 tries"), "{told}");
    let starts = backend.emulator.request_count(Operation::StartUpload);
    assert_eq!(starts, 5);
    faults.clear();
    let report = end(finish()).await.unwrap();
    assert_eq!(report.responses, 150, "{report}");
}

#[tokio::test]
async fn a_chunk_that_is_refused_ends_the_run_at_once() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let run = open(&backend, &place, 150).await;
    let faults = backend.emulator.faults();
    let refusal = Failure::status(400, "INVALID_ARGUMENT", "No.");
    faults.fail_next(Operation::UploadChunk, ALWAYS, refusal);
    let error = failure(quick(&run).job_requests(150, 150)).await;
    assert_eq!(error.status(), Some(400), "{error}");
    let chunks = backend.emulator.request_count(Operation::UploadChunk);
    assert_eq!(chunks, 1);
}

#[tokio::test]
async fn a_job_that_has_ended_and_is_active_by_turns_ends_the_run() {
    let backend = Backend::gemini_with(|it| it.job_duration(HOUR).paused_clock()).await;
    let place = Place::new();
    let run = open(&backend, &place, 10).await;
    let (faults, clock) = (backend.emulator.faults(), backend.emulator.clock());
    let finish = quick(&run).on_event(move |event| {
        if event.kind == "created" {
            let name = event.detail.as_deref().unwrap();
            let ended = Failure::Status {
                code: 200,
                body: format!(
                    r#"{{"name":"{name}","metadata":{{"state":"BATCH_STATE_SUCCEEDED"}},"done":true}}"#
                ),
                headers: Vec::new(),
            };
            for _ in 0..1000 {
                faults.fail_next(Operation::GetBatch, 1, ended.clone());
                faults.pass_next(Operation::GetBatch, 1);
            }
        }
    });
    let error = failure(finish).await;
    let told = error.to_string();
    assert!(told.contains("job 1") && told.contains("5 times"), "{told}");
    assert_eq!(events(&run, "ended").await.len(), 5);
    backend.emulator.faults().clear();
    clock.advance(HOUR);
    let report = end(quick(&run)).await.unwrap();
    assert_eq!(report.responses, 10, "{report}");
}

#[cfg(feature = "gcs")]
#[tokio::test]
async fn a_state_that_is_not_known_is_told_once() {
    let backend = Backend::vertex_with(|it| it.job_duration(HOUR).paused_clock()).await;
    let place = Place::new();
    backend
        .emulator
        .faults()
        .show_running_as("JOB_STATE_DREAMING");
    let run = open(&backend, &place, 10).await;
    let clock = backend.emulator.clock();
    let finish = quick(&run).on_event(move |event| match &*event.kind {
        "created" => clock.advance(HOUR / 2),
        "state" => clock.advance(HOUR),
        _ => {}
    });
    let report = end(finish).await.unwrap();
    assert_eq!(report.responses, 10, "{report}");
    let told = events(&run, "state").await;
    assert_eq!(told.len(), 1, "{told:?}");
    let detail = told[0].detail.as_ref().unwrap();
    assert!(detail.contains("JOB_STATE_DREAMING"), "{detail}");
}

#[tokio::test]
async fn a_quota_that_asks_for_a_year_is_asked_again_sooner() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let run = open(&backend, &place, 10).await;
    let year = Failure::too_many_requests(Duration::from_secs(365 * 24 * 3600));
    backend.emulator.faults().fail_next(backend.create, 1, year);
    until_told(quick(&run), "refused", 1).await;
    let detail = events(&run, "refused").await.remove(0).detail.unwrap();
    assert!(detail.contains("nothing is sent for 3600s"), "{detail}");
}
