//! Webhooks that the emulator signs and sends, received over HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use genai_batch::batches::WebhookConfig;
use genai_batch::webhook::{self, Event, EventType, Events, Sender, Verifier};
use genai_batch::{BatchJob, JobState, Result};
use genai_batch_emulator::{Builder, Operation};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::{Backend, collect, sums, until};

const OLD: &str = "whsec_YW4gb2xkIHNlY3JldCBvZiB0aGUgdGVzdHM=";
const NEW: &str = "whsec_YSBuZXcgc2VjcmV0IG9mIHRoZSB0ZXN0cw==";
/// So seldom that a test would be over before the second poll.
const NEVER: Duration = Duration::from_secs(3600);
const REQUESTS: &str =
    r#"{"key":"a","request":{"contents":[{"parts":[{"text":"What is 1 + 1?"}]}]}}"#;
const LONGEST: Duration = Duration::from_secs(600);

/// An HTTP server that verifies what it gets and passes it on.
struct Receiver {
    address: String,
    events: Events,
    verdicts: mpsc::UnboundedReceiver<Result<Event>>,
}

struct Handler {
    verifier: Verifier,
    events: Sender,
    verdicts: mpsc::UnboundedSender<Result<Event>>,
}

impl Receiver {
    async fn start(verifier: impl FnOnce(&str) -> Verifier) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hook?a=1", listener.local_addr().unwrap());
        let (sender, events) = webhook::channel();
        let (told, verdicts) = mpsc::unbounded_channel();
        let handler = Handler {
            verifier: verifier(&address),
            events: sender,
            verdicts: told,
        };
        let app = Router::new().route("/hook", post(receive));
        let app = app.with_state(Arc::new(handler));
        tokio::spawn(axum::serve(listener, app).into_future());
        Self {
            address,
            events,
            verdicts,
        }
    }

    async fn with_secrets(secrets: &[&str]) -> Self {
        Self::start(|_| Verifier::with_secrets(secrets).unwrap()).await
    }

    async fn verdict(&mut self) -> Result<Event> {
        let verdict = tokio::time::timeout(LONGEST, self.verdicts.recv());
        verdict.await.unwrap().unwrap()
    }
}

async fn receive(State(to): State<Arc<Handler>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let verdict = to.verifier.verify(&headers, &body).await;
    let status = match &verdict {
        Ok(event) => {
            to.events.send(event.clone());
            StatusCode::NO_CONTENT
        }
        Err(_) => StatusCode::UNAUTHORIZED,
    };
    to.verdicts.send(verdict).unwrap();
    status
}

async fn signed_with(secrets: &[&str]) -> Backend {
    let sign = |builder: Builder, secret: &&str| builder.webhook_secret(*secret);
    Backend::gemini_with(|builder| secrets.iter().fold(builder, sign)).await
}

async fn create(backend: &Backend, receiver: &Receiver) -> BatchJob {
    let webhook = WebhookConfig::new([&receiver.address]).user_metadata("run", 7);
    let create = backend.client.batches().create(backend.model, sums(3).0);
    create.webhook(webhook).await.unwrap()
}

async fn wait_by_webhook(backend: &Backend, job: &BatchJob, events: Events) -> Result<BatchJob> {
    let wait = backend.client.batches().wait(job).webhook(events);
    wait.poll_interval(NEVER).timeout(LONGEST).await
}

#[tokio::test]
async fn a_webhook_with_a_secret_ends_the_wait() {
    let backend = signed_with(&[OLD, NEW]).await;
    for secrets in [&[OLD][..], &[NEW], &[NEW, OLD]] {
        let mut receiver = Receiver::with_secrets(secrets).await;
        let job = create(&backend, &receiver).await;
        let ended = wait_by_webhook(&backend, &job, receiver.events.clone()).await;
        let results = backend.client.batches().results(ended.unwrap()).await;
        assert_eq!(collect(results.unwrap()).await.0, sums(3).1);

        let event = receiver.verdict().await.unwrap();
        assert_eq!(event.event_type(), &EventType::BatchSucceeded);
        assert!(event.is_signed() && event.is_about(job.name()));
        assert_eq!(event.user_metadata().unwrap()["run"], 7);
        assert!(event.time().is_some() && event.id().is_some());
    }
    // Each wait looks once at its beginning, and once when it is told.
    assert!(backend.emulator.request_count(Operation::GetBatch) <= 6);
}

#[tokio::test]
async fn a_webhook_with_a_published_key_ends_the_wait() {
    let backend = signed_with(&[]).await;
    let keys = format!("{}/.well-known/jwks.json", backend.emulator.base_url());
    let verifier = |address: &str| {
        let verifier = Verifier::dynamic().keys_url(&keys).audience(address);
        verifier.build().unwrap()
    };
    let mut receiver = Receiver::start(verifier).await;
    for _ in 0..2 {
        let job = create(&backend, &receiver).await;
        let ended = wait_by_webhook(&backend, &job, receiver.events.clone()).await;
        assert_eq!(ended.unwrap().state(), &JobState::Succeeded);
        let event = receiver.verdict().await.unwrap();
        assert!(event.is_signed() && event.is_about(job.name()));
    }
    let fetches = backend.emulator.request_count(Operation::GetWebhookKeys);
    assert_eq!(fetches, 1);

    let mut others = Receiver::start(|_| verifier("http://others/")).await;
    create(&backend, &others).await;
    let error = others.verdict().await.unwrap_err();
    assert!(error.is_unverified() && error.to_string().contains("http://others/"));
}

#[tokio::test]
async fn what_is_forged_or_old_is_refused_and_polling_finds_the_end() {
    for secrets in [&[OLD][..], &[]] {
        let backend = signed_with(secrets).await;
        let keys = format!("{}/.well-known/jwks.json", backend.emulator.base_url());
        let verifier = || match secrets {
            [] => Verifier::dynamic().keys_url(&keys).build().unwrap(),
            _ => Verifier::with_secrets(secrets).unwrap(),
        };
        let faults = backend.emulator.faults();
        for (turn, reason) in [(0, "forged"), (1, " s old")] {
            faults.clear();
            match turn {
                0 => faults.forge_webhooks(),
                _ => faults.date_back_webhooks(),
            }
            let mut receiver = Receiver::start(|_| verifier()).await;
            let job = create(&backend, &receiver).await;
            let error = receiver.verdict().await.unwrap_err();
            assert!(error.is_unverified(), "{error}");
            assert!(error.to_string().contains(reason), "{error}");
            backend.wait(&job).webhook(receiver.events).await.unwrap();
        }
        let sent = backend.emulator.webhooks();
        assert!(sent.iter().all(|webhook| webhook.status == Some(401)));
    }
}

#[tokio::test]
async fn polling_goes_on_where_no_webhook_comes() {
    let backend = signed_with(&[OLD]).await;
    backend.emulator.faults().lose_webhooks();
    let receiver = Receiver::with_secrets(&[OLD]).await;
    let job = create(&backend, &receiver).await;
    let wait = backend.wait(&job).webhook(receiver.events.clone());
    assert_eq!(wait.await.unwrap().state(), &JobState::Succeeded);
    assert!(backend.emulator.webhooks().is_empty());
}

#[tokio::test]
async fn a_webhook_may_come_twice() {
    let backend = signed_with(&[OLD]).await;
    backend.emulator.faults().double_webhooks();
    let mut receiver = Receiver::with_secrets(&[OLD]).await;
    let job = create(&backend, &receiver).await;
    let ended = wait_by_webhook(&backend, &job, receiver.events.clone()).await;
    assert!(ended.unwrap().has_results());
    let (first, second) = (receiver.verdict().await, receiver.verdict().await);
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.id(), second.id());
    assert!(!first.is_repeated() && second.is_repeated());
}

#[tokio::test]
async fn the_job_is_believed_and_not_the_event() {
    let backend = signed_with(&[OLD]).await;
    backend.emulator.clock().pause();
    let batches = backend.client.batches();
    let job = batches.create(backend.model, sums(1).0).await.unwrap();
    let (sender, events) = webhook::channel();
    let json = serde_json::json!({"type": "batch.succeeded", "data": {"id": job.name()}});
    let (polled, mut polls) = mpsc::unbounded_channel();
    let wait = batches.wait(&job).webhook(events);
    let wait = wait
        .poll_interval(Duration::from_millis(200))
        .timeout(LONGEST)
        .on_progress(move |job| polled.send(job.state().clone()).unwrap());
    let waiting = tokio::spawn(wait.into_future());
    assert_eq!(polls.recv().await.unwrap(), JobState::Pending);
    assert!(sender.send(Event::from_json(json.to_string()).unwrap()));
    for _ in 0..3 {
        assert_eq!(polls.recv().await.unwrap(), JobState::Pending);
    }
    backend.emulator.clock().resume();
    assert!(waiting.await.unwrap().unwrap().has_results());
}

#[tokio::test]
async fn an_end_without_results_is_told_with_its_reason() {
    let backend = signed_with(&[OLD]).await;
    let mut receiver = Receiver::with_secrets(&[OLD]).await;
    let faults = backend.emulator.faults();
    faults.fail_jobs(8, "no quota");
    let job = create(&backend, &receiver).await;
    let ended = wait_by_webhook(&backend, &job, receiver.events.clone()).await;
    assert!(ended.unwrap_err().is_job_ended());
    let event = receiver.verdict().await.unwrap();
    assert_eq!(event.event_type(), &EventType::BatchFailed);
    assert_eq!(event.error_code().as_deref(), Some("8"));
    assert_eq!(event.error_message(), Some("no quota"));

    faults.expire_jobs();
    create(&backend, &receiver).await;
    let event = receiver.verdict().await.unwrap();
    assert_eq!(event.event_type(), &EventType::BatchExpired);

    backend.emulator.clock().pause();
    let job = create(&backend, &receiver).await;
    backend.client.batches().cancel(&job).await.unwrap();
    let event = receiver.verdict().await.unwrap();
    assert_eq!(event.event_type(), &EventType::BatchCancelled);
}

#[tokio::test]
async fn a_job_with_a_file_tells_where_its_results_are() {
    let backend = signed_with(&[OLD]).await;
    let mut receiver = Receiver::with_secrets(&[OLD]).await;
    let file = backend
        .client
        .files()
        .upload(REQUESTS.as_bytes().to_vec())
        .mime_type("application/jsonl")
        .await
        .unwrap();
    let create = backend.client.batches().create(backend.model, file.name());
    let webhook = WebhookConfig::new([&receiver.address]);
    create.webhook(webhook).await.unwrap();
    let event = receiver.verdict().await.unwrap();
    let uri = event.output_file_uri().unwrap();
    assert!(backend.emulator.file_content(uri).is_some(), "{uri}");
    assert!(event.user_metadata().is_none());
}

#[tokio::test]
async fn one_channel_does_for_many_jobs() {
    let backend = signed_with(&[OLD]).await;
    let receiver = Receiver::with_secrets(&[OLD]).await;
    let mut jobs = Vec::new();
    for _ in 0..4 {
        jobs.push(create(&backend, &receiver).await);
    }
    let wait = backend.client.batches().wait_all(&jobs);
    let wait = wait.webhook(receiver.events).poll_interval(NEVER);
    for outcome in wait.timeout(LONGEST).await {
        assert!(outcome.unwrap().has_results());
    }
}

#[tokio::test]
async fn nothing_is_posted_to_other_machines() {
    let backend = signed_with(&[OLD]).await;
    let batches = backend.client.batches();
    let create = batches.create(backend.model, sums(1).0);
    let elsewhere = "https://example.com/hook";
    let job = create.webhook(WebhookConfig::new([elsewhere])).await;
    backend.wait(&job.unwrap()).await.unwrap();
    until(async || !backend.emulator.webhooks().is_empty()).await;
    let refused = &backend.emulator.webhooks()[0];
    assert_eq!((refused.uri.as_str(), refused.status), (elsewhere, None));
}
