//! Waiting against a live emulator: what the unit tests under paused time cannot show.

use std::time::Duration;

use genai_batch::JobState;
use genai_batch_emulator::{Failure, Operation};

use crate::support::{Backend, on_every_backend, sums, until};

on_every_backend! {
    a_job_is_cancelled_when_the_time_is_up_if_asked_for,
    a_job_is_cancelled_when_its_wait_is_dropped_if_asked_for,
    a_job_that_stands_still_is_reported,
}

#[tokio::test]
async fn a_timeout_leaves_the_job_running() {
    let backend = Backend::gemini().await;
    backend.emulator.clock().pause();
    let batches = backend.client.batches();
    let job = batches.create(backend.model, sums(1).0).await.unwrap();
    let wait = backend.wait(&job).timeout(Duration::from_millis(50));
    let error = wait.await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.job().unwrap().state(), &JobState::Pending);
    assert!(error.to_string().ends_with("and it goes on"), "{error}");
    backend.emulator.clock().resume();
    backend.wait(&job).await.unwrap();
}

async fn a_job_is_cancelled_when_the_time_is_up_if_asked_for(backend: Backend) {
    backend.emulator.clock().pause();
    let batches = backend.client.batches();
    let job = batches.create(backend.model, sums(1).0).await.unwrap();
    let wait = || {
        let wait = backend.wait(&job).timeout(Duration::from_millis(50));
        wait.cancel_on_timeout(true)
    };
    let error = wait().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(error.to_string().contains("was asked to cancel"), "{error}");
    assert!(batches.get(&job).await.unwrap().state() != JobState::Pending);

    let other = batches.create(backend.model, sums(1).0).await.unwrap();
    let refused = Failure::status(403, "PERMISSION_DENIED", "not yours");
    backend
        .emulator
        .faults()
        .fail_next(backend.cancel, 1, refused);
    let wait = backend.wait(&other).timeout(Duration::from_millis(50));
    let error = wait.cancel_on_timeout(true).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(error.to_string().contains("not yours"), "{error}");
}

async fn a_job_is_cancelled_when_its_wait_is_dropped_if_asked_for(backend: Backend) {
    backend.emulator.clock().pause();
    let batches = backend.client.batches();
    let job = batches.create(backend.model, sums(1).0).await.unwrap();
    let (kept, ended) = (backend.wait(&job), backend.wait(&job).cancel_on_drop(true));
    let soon = Duration::from_millis(50);
    assert!(
        tokio::time::timeout(soon, kept.into_future())
            .await
            .is_err()
    );
    assert!(batches.get(&job).await.unwrap().is_active());
    assert!(
        tokio::time::timeout(soon, ended.into_future())
            .await
            .is_err()
    );
    let is_pending = async || batches.get(&job).await.unwrap().state() == JobState::Pending;
    until(async || !is_pending().await).await;
    backend.emulator.clock().resume();
    let error = backend.wait(&job).await.unwrap_err();
    assert_eq!(error.job().unwrap().state(), &JobState::Cancelled);

    // A wait that came to its end has nothing left to cancel.
    let cancels = backend.emulator.request_count(backend.cancel);
    drop(backend.wait(&job).cancel_on_drop(true).await);
    let wait = backend.wait(&job).timeout(Duration::ZERO);
    drop(wait.cancel_on_drop(true).await);
    tokio::task::yield_now().await;
    assert_eq!(backend.emulator.request_count(backend.cancel), cancels);
}

async fn a_job_that_stands_still_is_reported(backend: Backend) {
    backend.emulator.clock().pause();
    let batches = backend.client.batches();
    let jobs = [
        batches.create(backend.model, sums(1).0).await.unwrap(),
        batches.create(backend.model, sums(1).0).await.unwrap(),
    ];
    let (told, mut stalls) = tokio::sync::mpsc::unbounded_channel();
    let after = Duration::from_millis(30);
    let wait = batches
        .wait_all(&jobs)
        .poll_interval(Duration::from_millis(5));
    let wait = wait.on_stall(after, move |job, still| {
        told.send((job.name().to_owned(), still)).ok();
    });
    let waiting = tokio::spawn(wait.into_future());
    let mut reported = std::collections::BTreeSet::new();
    while reported.len() < jobs.len() {
        let stall = tokio::time::timeout(Duration::from_secs(60), stalls.recv());
        let (name, still) = stall.await.expect("no report").unwrap();
        assert!(still >= after);
        reported.insert(name);
    }
    backend.emulator.clock().resume();
    for outcome in waiting.await.unwrap() {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn polls_that_fail_in_passing_are_ridden_out() {
    let backend = Backend::gemini().await;
    let job = backend
        .client
        .batches()
        .create(backend.model, sums(1).0)
        .await
        .unwrap();
    let faults = backend.emulator.faults();
    faults.fail_next(Operation::GetBatch, 12, Failure::service_unavailable());
    let job = backend.wait(&job).await.unwrap();
    assert_eq!(job.state(), &JobState::Succeeded);
}

#[tokio::test]
async fn a_job_that_is_gone_ends_the_wait_at_once() {
    let backend = Backend::gemini().await;
    let error = backend
        .client
        .batches()
        .wait("batches/none")
        .await
        .unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(backend.emulator.request_count(Operation::GetBatch), 1);
}

#[tokio::test]
async fn a_job_that_has_ended_needs_no_poll() {
    let backend = Backend::gemini().await;
    let job = backend
        .client
        .batches()
        .create(backend.model, sums(1).0)
        .await
        .unwrap();
    let ended = backend.wait(&job).await.unwrap();
    let polls = backend.emulator.request_count(Operation::GetBatch);
    backend.wait(&ended).await.unwrap();
    assert_eq!(backend.emulator.request_count(Operation::GetBatch), polls);
}

#[test]
fn futures_can_be_spawned() {
    fn is_send<T: Send>(_: T) {}
    fn is_sync<T: Send + Sync + Clone>() {}
    is_sync::<genai_batch::Client>();
    let client = crate::support::client("http://127.0.0.1:9");
    is_send(client.batches().create("m", vec!["a"]).into_future());
    is_send(client.batches().wait("batches/a").into_future());
    is_send(client.batches().wait_all(["batches/a"]).into_future());
    is_send(client.batches().results("batches/a").into_future());
    is_send(client.batches().run("m", vec!["a"]).into_future());
    is_send(client.batches().get("batches/a"));
    is_send(client.batches().list().stream());
    is_send(client.files().upload("path").into_future());
    is_send(client.files().list().stream());
    is_send(client.files().download("files/a"));
}
