//! Waiting against a live emulator: what the unit tests under paused time cannot show.

use std::time::Duration;

use genai_batch::JobState;
use genai_batch_emulator::{Failure, Operation};

use crate::support::{Backend, sums};

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
    backend.emulator.clock().resume();
    backend.wait(&job).await.unwrap();
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
