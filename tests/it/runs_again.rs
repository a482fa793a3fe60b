//! Runs of which what failed is asked again, and what another process sees of a run.

use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::Request;
use genai_batch::runs::RunView;
use genai_batch_emulator::Rows;

use crate::runs::{Place, by_key, quick};
use crate::support::{Backend, Told, on_every_backend, sums};

async fn what_failed_is_asked_once_more(backend: Backend) {
    let place = Place::new();
    let (mut requests, mut expected) = sums(20);
    requests.push(Request::text("[[error:3]]").key("bad"));
    expected.insert("bad".to_owned(), Told::Error(3));
    backend.emulator.faults().drop_rows(Rows::Every(4));
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let run = open.source(requests).await.unwrap();
    let soon = Duration::from_millis(20);
    let once = quick(&run).attempts(1).output_timeout(soon);
    let first = once.await.unwrap();
    let failed = first.errors + first.missing;
    assert!(first.missing > 0, "{first}");
    backend.emulator.faults().clear();

    assert_eq!(run.retry_failed().await.unwrap(), failed);
    let progress = run.progress().await.unwrap();
    assert_eq!((progress.waiting, progress.requests), (failed, 21));
    let report = run.report().await.unwrap();
    assert_eq!(
        (report.unfinished, report.responses),
        (failed, first.responses)
    );
    assert_eq!(report.generations[0].retried, failed);
    // There is nothing left of it to be asked.
    assert_eq!(run.retry_failed().await.unwrap(), 0);

    // One attempt is allowed, and this one is beyond it.
    let report = quick(&run).attempts(1).await.unwrap();
    assert_eq!(
        (report.responses, report.errors, report.missing),
        (20, 1, 0),
        "{report}"
    );
    assert_eq!(report.generations.len(), 2, "{report}");
    assert_eq!(report.generations[1].requests, failed);
    assert_eq!(by_key(&run).await, expected);
    let events: Vec<_> = run.events().try_collect().await.unwrap();
    let told = events.iter().filter(|event| event.kind == "again");
    let told: Vec<_> = told.map(|event| event.detail.clone().unwrap()).collect();
    assert_eq!(told, [format!("{failed} that failed")]);
}

async fn equal_requests_are_asked_again_as_one(backend: Backend) {
    let place = Place::new();
    backend.emulator.faults().drop_rows(Rows::All);
    let same = |key: &str| Request::text("What is 1 + 1?").key(key);
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let open = open.dedupe(true).source(vec![same("a"), same("b")]);
    let run = open.await.unwrap();
    let soon = Duration::from_millis(20);
    let report = quick(&run).attempts(1).output_timeout(soon).await.unwrap();
    assert_eq!(report.missing, 2, "{report}");
    backend.emulator.faults().clear();
    assert_eq!(run.retry_failed().await.unwrap(), 1);
    let report = quick(&run).await.unwrap();
    assert_eq!(report.responses, 2, "{report}");
}

async fn a_run_tells_who_drives_it(backend: Backend) {
    let place = Place::new();
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let run = open.source(sums(1).0).await.unwrap();
    let view = RunView::open(place.run()).await.unwrap();
    assert_eq!(view.backend(), backend.client.backend());
    let own = format!("process {}, since ", std::process::id());
    let driver = view.driver().unwrap();
    assert!(driver.starts_with(&own), "{driver}");
    run.close().await;
    assert_eq!(view.driver(), None);
    // As a process leaves it that was killed.
    let lock = format!("{}.lock", place.run().display());
    std::fs::write(lock, "process 2147483646, since long ago\n").unwrap();
    assert_eq!(
        view.driver(),
        cfg!(not(unix)).then(|| "process 2147483646, since long ago".to_owned())
    );
}

async fn a_line_is_what_a_file_has(backend: Backend) {
    let place = Place::new();
    let (mut requests, _) = sums(2);
    requests.push(Request::text("[[error:3]]").key("bad"));
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let run = open.source(requests).await.unwrap();
    quick(&run).await.unwrap();
    run.save_to(place.out()).await.unwrap();
    let results: Vec<_> = run.results().await.unwrap().try_collect().await.unwrap();
    let lines: Vec<_> = results.iter().map(|result| result.to_line()).collect();
    let saved = std::fs::read_to_string(place.out()).unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!(saved.lines().collect::<Vec<_>>(), lines);
}

on_every_backend![
    what_failed_is_asked_once_more,
    equal_requests_are_asked_again_as_one,
    a_run_tells_who_drives_it,
    a_line_is_what_a_file_has,
];
