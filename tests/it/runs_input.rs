//! The input of a run that changes, and what a program notes of it.

use futures_util::{StreamExt, TryStreamExt, stream};
use genai_batch::runs::{Intake, Run};
use genai_batch::{Request, Source};

use crate::runs::{Place, quick};
use crate::support::{Backend, on_every_backend};

/// Requests under these keys, with this in what they ask and this beside it.
fn asked(keys: &[&str], text: &str, note: u64) -> Source {
    let requests = keys.iter().map(|key| {
        let request = Request::text(format!("{text} {key}")).key(*key);
        request.metadata("note", note)
    });
    requests.collect::<Vec<_>>().into()
}

async fn keys_and_notes(run: &Run, in_input: bool) -> Vec<(String, u64)> {
    let mut results = run.results().await.unwrap();
    if in_input {
        results = results.in_input();
    }
    let mut found = Vec::new();
    while let Some(result) = results.try_next().await.unwrap() {
        let note = result.metadata().unwrap()["note"].as_u64().unwrap();
        found.push((result.key().unwrap().to_owned(), note));
    }
    found
}

async fn what_is_not_sent_may_change_and_costs_nothing(backend: Backend) {
    let place = Place::new();
    let open = || backend.client.runs().open(place.run()).model(backend.model);
    let run = open()
        .source(asked(&["a", "b", "c"], "Is it", 1))
        .await
        .unwrap();
    quick(&run).await.unwrap();
    run.close().await;
    let jobs = backend.emulator.jobs().len();

    let run = open().source(asked(&["c", "a"], "Is it", 2)).await.unwrap();
    let intake = run.intake().unwrap();
    assert_eq!((intake.unchanged, intake.vanished), (2, 1));
    quick(&run).await.unwrap();
    assert_eq!(backend.emulator.jobs().len(), jobs);
    let told = |told: &[(&str, u64)]| {
        told.iter()
            .map(|(key, note)| ((*key).to_owned(), *note))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        keys_and_notes(&run, true).await,
        told(&[("c", 2), ("a", 2)])
    );
    assert_eq!(keys_and_notes(&run, false).await.len(), 3);
}

async fn a_change_that_is_not_confirmed_leaves_the_run_as_it_was(backend: Backend) {
    let place = Place::new();
    let open = || backend.client.runs().open(place.run()).model(backend.model);
    let first = open()
        .source(asked(&["a", "b"], "Is it", 1))
        .note("made from", "one");
    // There is nothing to be asked about a new run.
    let run = first.confirm(|_| false).await.unwrap();
    assert_eq!(run.note("made from").await.unwrap().as_deref(), Some("one"));
    run.set_note("of mine", "é").await.unwrap();
    run.close().await;

    let (send, seen) = std::sync::mpsc::channel::<Intake>();
    let changed = open()
        .source(asked(&["a", "c"], "Was it", 1))
        .note("made from", "two");
    let refused = changed
        .confirm(move |intake| send.send(*intake).is_err())
        .await
        .unwrap_err();
    assert!(refused.is_invalid_input(), "{refused}");
    let seen = seen.recv().unwrap();
    assert_eq!((seen.changed, seen.added, seen.vanished), (1, 1, 1));

    let view = backend.client.runs().read(place.run()).await.unwrap();
    assert_eq!(
        view.note("made from").await.unwrap().as_deref(),
        Some("one")
    );
    assert_eq!(view.note("of mine").await.unwrap().as_deref(), Some("é"));
    assert_eq!(view.note("other").await.unwrap(), None);
    assert_eq!(view.report().await.unwrap().requests, 2);

    let changed = open()
        .source(asked(&["a", "c"], "Was it", 1))
        .note("made from", "two");
    let run = changed.confirm(|intake| intake.changed == 1).await.unwrap();
    assert_eq!(run.note("made from").await.unwrap().as_deref(), Some("two"));
    assert_eq!(run.report().await.unwrap().requests, 3);
}

/// Some streams panic if they are asked again.
async fn a_stream_is_not_asked_again_after_its_end(backend: Backend) {
    let place = Place::new();
    let requests = stream::unfold(0, |n| async move {
        let request = Request::text(format!("What is {n} + {n}?"));
        (n < 3).then(|| (Ok::<_, std::io::Error>(request), n + 1))
    });
    let open = backend.client.runs().open(place.run());
    let run = open
        .model(backend.model)
        .source(Source::try_stream(requests))
        .await
        .unwrap();
    assert_eq!(run.intake().unwrap().added, 3);
}

on_every_backend![
    a_stream_is_not_asked_again_after_its_end,
    what_is_not_sent_may_change_and_costs_nothing,
    a_change_that_is_not_confirmed_leaves_the_run_as_it_was,
];

#[tokio::test]
async fn an_intake_that_is_given_up_leaves_nothing() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let folder = place.run().parent().unwrap().to_owned();
    let names = || {
        let entries = std::fs::read_dir(&folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<Vec<_>>()
    };
    let (given, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let requests = stream::iter(0..).then(move |n| {
        let given = given.clone();
        async move {
            // It comes to no end.
            if n == 100 {
                given.send(()).unwrap();
                std::future::pending::<()>().await;
            }
            Request::text("?").key(n.to_string())
        }
    });
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let mut open = open.source(Source::stream(requests)).into_future();
    tokio::select! {
        opened = &mut open => panic!("{:?}", opened.map(drop)),
        _ = seen.recv() => {}
    }
    assert!(!names().is_empty());
    drop(open);
    assert_eq!(names(), [""; 0]);
}
