//! The spans that a run leaves, as a subscriber sees them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use genai_batch_emulator::Failure;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::support::{Backend, collect, on_every_backend, sums};

on_every_backend! {
    every_call_and_attempt_has_a_span,
    a_call_that_fails_says_how,
}

#[derive(Debug, Default, Clone)]
struct Seen {
    name: &'static str,
    parent: Option<u64>,
    fields: BTreeMap<String, String>,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}").trim_matches('"').to_owned();
        self.fields.insert(field.name().to_owned(), text);
    }
}

#[derive(Debug, Default, Clone)]
struct Spans(Arc<Mutex<BTreeMap<u64, Seen>>>);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !attributes.metadata().target().starts_with("genai_batch::") {
            return;
        }
        let span = context.span(id).unwrap();
        let mut seen = Seen {
            name: span.name(),
            parent: span.parent().map(|parent| parent.id().into_u64()),
            ..Seen::default()
        };
        attributes.record(&mut seen);
        self.0.lock().unwrap().insert(id.into_u64(), seen);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        if let Some(seen) = self.0.lock().unwrap().get_mut(&id.into_u64()) {
            values.record(seen);
        }
    }
}

impl Spans {
    fn named(&self, name: &str) -> Vec<Seen> {
        let spans = self.0.lock().unwrap();
        spans
            .values()
            .filter(|seen| seen.name == name)
            .cloned()
            .collect()
    }

    fn parent_of(&self, seen: &Seen) -> &'static str {
        let parent = seen.parent.map(|id| self.0.lock().unwrap()[&id].name);
        parent.unwrap_or("none")
    }
}

/// Keeps the spans of this thread.
fn watch() -> (Spans, tracing::subscriber::DefaultGuard) {
    let spans = Spans::default();
    let subscriber = Registry::default().with(spans.clone());
    (spans, tracing::subscriber::set_default(subscriber))
}

/// Events, each by its fields, of which `message` is one.
#[derive(Debug, Default, Clone)]
pub(crate) struct Events(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Events {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().starts_with("genai_batch::") {
            let mut seen = Seen::default();
            event.record(&mut seen);
            self.0.lock().unwrap().push(seen.fields);
        }
    }
}

impl Events {
    /// Those whose message has this part.
    pub(crate) fn of(&self, part: &str) -> impl Iterator<Item = BTreeMap<String, String>> {
        let mut events = self.0.lock().unwrap().clone();
        events.retain(|fields| fields.get("message").is_some_and(|it| it.contains(part)));
        events.into_iter()
    }
}

/// Keeps the events of this thread.
pub(crate) fn watch_events() -> (Events, tracing::subscriber::DefaultGuard) {
    let events = Events::default();
    let subscriber = Registry::default().with(events.clone());
    (events, tracing::subscriber::set_default(subscriber))
}

async fn every_call_and_attempt_has_a_span(backend: Backend) {
    let (spans, _guard) = watch();
    let batches = backend.client.batches();
    let busy = Failure::service_unavailable();
    backend.emulator.faults().fail_next(backend.list, 1, busy);
    let create = batches.create(backend.model, sums(3).0);
    let job = create.await.unwrap();
    let ended = backend.wait(&job).await.unwrap();
    let results = batches.results(&ended).count_usage(true).await.unwrap();
    assert!(collect(results).await.1.is_complete());
    batches.list().page().await.unwrap();
    batches.delete(&job).await.unwrap();

    let one = |name: &str| {
        let mut named = spans.named(name);
        assert_eq!(named.len(), 1, "{name}");
        named.remove(0)
    };
    let create = one("create_batch");
    let expected = [
        ("gen_ai.operation.name", "create_batch"),
        ("otel.name", "create_batch"),
        ("genai_batch.job.name", job.name()),
    ];
    for (field, value) in expected {
        assert_eq!(create.fields[field], value);
    }
    assert!(create.fields["gen_ai.request.model"].contains(backend.model));
    assert!(create.fields["gen_ai.provider.name"].starts_with("gcp."));
    let wait = one("wait_batch");
    assert_eq!(wait.fields["genai_batch.job.state"], ended.state().as_str());
    let read = one("read_batch_results");
    assert_eq!(read.fields["genai_batch.report.responses"], "3");
    assert!(
        read.fields["gen_ai.usage.input_tokens"]
            .parse::<u64>()
            .unwrap()
            > 0
    );
    assert_eq!(
        one("delete_batch").fields["genai_batch.job.name"],
        job.name()
    );

    let attempts = spans.named("http_attempt");
    let of_list: Vec<_> = attempts
        .iter()
        .filter(|attempt| spans.parent_of(attempt) == "list_batches")
        .map(|attempt| {
            let field = |name: &str| attempt.fields[name].clone();
            (
                field("http.request.resend_count"),
                field("http.response.status_code"),
            )
        })
        .collect();
    let told = |count: &str, status: &str| (count.to_owned(), status.to_owned());
    assert_eq!(of_list, [told("0", "503"), told("1", "200")]);
    assert!(
        attempts
            .iter()
            .all(|attempt| spans.parent_of(attempt) != "none")
    );
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt.fields["server.address"] == "127.0.0.1")
    );

    let all = format!("{spans:?}");
    assert!(!all.contains("What is 2"), "a request is shown");
    for secret in [crate::support::KEY, "the-token-of-the-tests"] {
        assert!(!all.contains(secret), "a secret is shown");
    }
}

async fn a_call_that_fails_says_how(backend: Backend) {
    let (spans, _guard) = watch();
    let create = backend.client.batches().create(backend.model, sums(1).0);
    let job = create.await.unwrap();
    backend.wait(&job).await.unwrap();
    backend.client.batches().delete(&job).await.unwrap();
    backend.client.batches().get(&job).await.unwrap_err();
    let get = &spans.named("get_batch")[0];
    assert_eq!(get.fields["error.type"], "404");
    assert_eq!(get.fields["otel.status_code"], "ERROR");
    let invalid = backend.client.batches().create("", vec!["a"]);
    invalid.await.unwrap_err();
    assert_eq!(spans.named("create_batch")[1].fields["error.type"], "input");
}
