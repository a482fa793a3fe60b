//! What is repeated, how often, and what is not.

use std::time::{Duration, Instant};

use genai_batch::{Client, JobState, RetryPolicy};
use genai_batch_emulator::{Failure, Operation};

use crate::support::{Backend, KEY, quick_retries, sums};

#[tokio::test]
async fn reads_cancels_and_deletes_are_repeated() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    let faults = backend.emulator.faults();
    let failures = [
        Failure::status(408, "DEADLINE_EXCEEDED", "late"),
        Failure::status(500, "INTERNAL", "oops"),
        Failure::html(502),
        Failure::CloseBeforeAnswer,
    ];
    for failure in failures {
        backend.emulator.clock().pause();
        let job = batches.create(backend.model, sums(1).0).await.unwrap();
        let operations = [
            Operation::GetBatch,
            Operation::ListBatches,
            Operation::CancelBatch,
            Operation::DeleteBatch,
        ];
        for operation in operations {
            faults.fail_next(operation, 2, failure.clone());
        }
        assert_eq!(batches.get(&job).await.unwrap().name(), job.name());
        assert!(!batches.list().page().await.unwrap().items.is_empty());
        batches.cancel(&job).await.unwrap();
        let cancelled = batches.get(&job).await.unwrap();
        assert_ne!(cancelled.state(), &JobState::Pending);
        batches.delete(&job).await.unwrap();
        assert!(batches.get(&job).await.unwrap_err().is_not_found());
        for operation in operations {
            assert_eq!(faults.failures_left(operation), 0, "{operation:?}");
        }
    }
}

#[tokio::test]
async fn attempts_end_and_are_told() {
    let backend = Backend::gemini().await;
    let faults = backend.emulator.faults();
    faults.fail_next(Operation::GetBatch, 100, Failure::service_unavailable());
    let error = backend.client.batches().get("batches/b").await.unwrap_err();
    assert_eq!((error.status(), error.attempts()), (Some(503), 5));
    assert!(error.elapsed() > Duration::ZERO);
    assert!(error.to_string().contains("after 5 attempts"), "{error}");
    assert_eq!(backend.emulator.request_count(Operation::GetBatch), 5);

    let once = Client::builder()
        .api_key(KEY)
        .base_url(backend.emulator.base_url())
        .retry_policy(RetryPolicy::none())
        .build()
        .unwrap();
    let error = once.batches().get("batches/b").await.unwrap_err();
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn the_wait_that_the_service_asks_for_is_kept() {
    let backend = Backend::gemini().await;
    let job = backend
        .client
        .batches()
        .create(backend.model, sums(1).0)
        .await
        .unwrap();
    let asked = Duration::from_millis(150);
    let faults = backend.emulator.faults();
    faults.fail_next(Operation::GetBatch, 1, Failure::too_many_requests(asked));
    let started = Instant::now();
    backend.client.batches().get(&job).await.unwrap();
    assert!(started.elapsed() >= asked);
}

#[tokio::test]
async fn what_the_service_refuses_is_not_repeated() {
    let backend = Backend::gemini().await;
    let error = backend
        .client
        .batches()
        .get("batches/none")
        .await
        .unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.status_name(), Some("NOT_FOUND"));
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn an_attempt_that_hangs_is_given_up_and_repeated() {
    let backend = Backend::gemini().await;
    let job = backend
        .client
        .batches()
        .create(backend.model, sums(1).0)
        .await
        .unwrap();
    let impatient = Client::builder()
        .api_key(KEY)
        .base_url(backend.emulator.base_url())
        .timeout(Duration::from_millis(200))
        .retry_policy(quick_retries())
        .build()
        .unwrap();
    let faults = backend.emulator.faults();
    faults.fail_next(Operation::GetBatch, 1, Failure::Hang);
    impatient.batches().get(&job).await.unwrap();
    faults.fail_next(Operation::GetBatch, 100, Failure::Hang);
    let error = impatient.batches().get(&job).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn a_response_that_breaks_off_is_asked_for_again() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    let job = batches.create(backend.model, sums(3).0).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    let faults = backend.emulator.faults();
    faults.fail_next(Operation::GetBatch, 2, Failure::CutAnswer { after: 100 });
    let again = batches.get(job.name()).await.unwrap();
    assert_eq!(again.state(), job.state());
    faults.fail_next(Operation::GetBatch, 100, Failure::CutAnswer { after: 100 });
    let error = batches.get(job.name()).await.unwrap_err();
    assert_eq!(error.attempts(), 5);
}

#[tokio::test]
async fn a_delete_or_cancel_whose_response_is_lost_is_done() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    let faults = backend.emulator.faults();
    backend.emulator.clock().pause();
    let job = batches.create(backend.model, sums(1).0).await.unwrap();
    faults.fail_next(Operation::CancelBatch, 1, Failure::CloseAfterEffect);
    batches.cancel(&job).await.unwrap();
    faults.fail_next(Operation::DeleteBatch, 1, Failure::CloseAfterEffect);
    batches.delete(&job).await.unwrap();
    assert!(batches.delete(&job).await.unwrap_err().is_not_found());
}

/// What was refused, and for what, is known only once it is read whole.
#[tokio::test]
async fn a_refusal_that_breaks_off_is_asked_for_again() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    let faults = backend.emulator.faults();
    backend.emulator.clock().pause();
    let job = batches.create(backend.model, sums(1).0).await.unwrap();
    // Cancelled by the first attempt, so that the second is told that there is nothing to cancel.
    let cut = || Failure::CutAnswerAt { permille: 800 };
    faults.fail_next(Operation::CancelBatch, 2, cut());
    batches.cancel(&job).await.unwrap();

    faults.fail_next(Operation::GetBatch, 100, cut());
    let error = batches.get("batches/none").await.unwrap_err();
    assert!(error.is_not_found() && error.attempts() == 5, "{error}");
}

/// A call that was refused did nothing, so what comes next says nothing of it.
#[tokio::test]
async fn a_cancel_or_delete_that_was_refused_is_not_done() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    let faults = backend.emulator.faults();
    let busy = || Failure::status(429, "RESOURCE_EXHAUSTED", "slow down");
    faults.fail_next(Operation::DeleteBatch, 1, busy());
    assert!(
        batches
            .delete("batches/none")
            .await
            .unwrap_err()
            .is_not_found()
    );
    faults.fail_next(Operation::CancelBatch, 1, busy());
    faults.fail_next(
        Operation::CancelBatch,
        1,
        Failure::status(403, "PERMISSION_DENIED", "not yours"),
    );
    let error = batches.cancel("batches/none").await.unwrap_err();
    assert!(error.is_permission_denied(), "{error}");
}

#[tokio::test]
async fn a_create_of_unknown_outcome_names_the_job() {
    let backend = Backend::gemini().await;
    let faults = backend.emulator.faults();
    faults.fail_next(
        Operation::BatchGenerateContent,
        1,
        Failure::CloseAfterEffect,
    );
    let create = backend.client.batches().create(backend.model, sums(200).0);
    let text = create.adopt(false).await.unwrap_err().to_string();
    let job = &backend.emulator.jobs()[0];
    assert!(
        text.contains(job.display_name.as_deref().unwrap()),
        "{text}"
    );
    assert!(text.contains(job.input_file.as_deref().unwrap()), "{text}");
}
