//! Runs whose requests the service holds: a job for each file, or one for a table, and nothing of it passes
//! through this machine unless it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::cost::Pricing;
use genai_batch::runs::{Finish, Open, Run, RunPart};
use genai_batch::{GenerationConfig, Source};
use genai_batch_emulator::{Failure, Operation};
use serde_json::json;

use crate::runs::{Place, by_key};
use crate::support::{Backend, Told, client, sums, until};

const IN: &str = "gs://bucket/in/";

/// A file of requests for so many sums, from the one of this number on.
fn put(backend: &Backend, name: &str, first: usize, count: usize) {
    put_lines(
        backend,
        name,
        (first..first + count).map(|n| (n, Some(format!("sum-{n}")))),
    );
}

fn put_lines(
    backend: &Backend,
    name: &str,
    lines: impl IntoIterator<Item = (usize, Option<String>)>,
) {
    let line = |(n, key): (usize, Option<String>)| {
        let text = format!("What is {n} + 1000?");
        let contents = json!([{ "role": "user", "parts": [{ "text": text }] }]);
        let mut line = json!({ "request": { "contents": contents } });
        if let Some(key) = key {
            line["key"] = key.into();
        }
        line.to_string() + "\n"
    };
    let text: String = lines.into_iter().map(line).collect();
    backend.emulator.put_object(&format!("{IN}{name}"), text);
}

/// Three files of 5 requests each.
async fn three_files() -> Backend {
    let backend = Backend::vertex().await;
    for (n, name) in ["a.jsonl", "b.jsonl", "c.jsonl"].into_iter().enumerate() {
        put(&backend, name, n * 5, 5);
    }
    backend
}

fn opening(backend: &Backend, place: &Place) -> Open {
    backend
        .client
        .runs()
        .open(place.run())
        .model(backend.model)
        .source(IN)
}

fn quick(run: &Run) -> Finish {
    run.finish()
        .poll_interval(Duration::from_millis(5), Duration::from_millis(20))
        .quota_pause(Duration::from_millis(20))
        .unclear_wait(Duration::from_secs(60))
        .output_timeout(Duration::from_millis(100))
}

/// Calls that read objects, tables or results.
fn reads(backend: &Backend) -> usize {
    let reads = [Operation::GetObject, Operation::Query];
    reads
        .into_iter()
        .map(|operation| backend.emulator.request_count(operation))
        .sum()
}

fn by_source(parts: Vec<RunPart>) -> BTreeMap<String, RunPart> {
    let parts = parts.into_iter();
    parts.map(|part| (part.source.clone(), part)).collect()
}

#[tokio::test]
async fn each_file_has_a_job_and_its_results_stay_where_they_are() {
    let backend = three_files().await;
    let place = Place::new();
    let run = opening(&backend, &place).await.unwrap();
    let intake = run.intake().unwrap();
    assert_eq!((intake.requests, intake.added), (3, 3));
    let mut seen = 0;
    let report = quick(&run)
        .on_progress(move |progress| {
            assert!(progress.parts_done >= seen, "{progress}");
            seen = progress.parts_done;
        })
        .await
        .unwrap();
    assert!(report.is_finished(), "{report}");
    assert_eq!((report.parts, report.parts_done), (3, 3), "{report}");
    assert_eq!((report.requests, report.responses), (15, 15), "{report}");
    assert!(run.progress().await.unwrap().is_finished());
    assert_eq!(backend.emulator.request_count(backend.create), 3);
    for (source, part) in by_source(run.parts().await.unwrap()) {
        assert_eq!((&*part.state, part.responses), ("done", 5), "{part}");
        let folder = source.trim_end_matches(".jsonl");
        let output = part.output.unwrap();
        assert!(output.starts_with(&format!("{folder}/dest/")), "{output}");
        assert!(!backend.emulator.objects(&output).is_empty());
    }
    assert_eq!(reads(&backend), 0);
    // None was read, and so there are none here.
    assert!(by_key(&run).await.is_empty());
    // Nothing is asked twice, in this process or another.
    run.close().await;
    let run = opening(&backend, &place).await.unwrap();
    assert_eq!(run.intake().unwrap().unchanged, 3);
    assert_eq!(quick(&run).await.unwrap(), report);
    assert_eq!(backend.emulator.request_count(backend.create), 3);
}

#[tokio::test]
async fn results_are_read_when_they_are_asked_for() {
    let backend = three_files().await;
    let place = Place::new();
    let run = opening(&backend, &place).await.unwrap();
    quick(&run).max_jobs(1).await.unwrap();
    let told = Arc::new(Mutex::new(BTreeSet::new()));
    let tell = Arc::clone(&told);
    let report = quick(&run)
        .rows(true)
        .on_result(move |result| {
            tell.lock()
                .unwrap()
                .insert(result.key().unwrap().to_owned());
        })
        .await
        .unwrap();
    assert_eq!((report.parts_done, report.responses), (3, 15), "{report}");
    assert!(report.output_tokens > 0, "{report}");
    assert_eq!(by_key(&run).await, sums(15).1);
    assert_eq!(told.lock().unwrap().len(), 15);
    assert_eq!(backend.emulator.request_count(backend.create), 3);
    assert_eq!(run.save_to(place.out()).await.unwrap(), 15);
    // In the order of the files; within each, as the service has them.
    let results: Vec<_> = run.results().await.unwrap().try_collect().await.unwrap();
    let number = |key: &str| key.trim_start_matches("sum-").parse::<usize>().unwrap();
    let keys = results.iter().map(|it| number(it.key().unwrap()));
    let keys: Vec<_> = keys.collect();
    assert!(keys.is_sorted_by_key(|n| n / 5), "{keys:?}");
    // They are read once.
    let read = reads(&backend);
    assert_eq!(quick(&run).rows(true).await.unwrap(), report);
    assert_eq!(reads(&backend), read);
    let parts = run.parts().await.unwrap();
    assert!(parts.iter().all(|part| part.state == "read"), "{parts:?}");
}

#[tokio::test]
async fn a_table_is_one_job() {
    let backend = Backend::vertex().await;
    let rows = (0..250).map(|n| {
        let text = format!("What is {n} + 1000?");
        let request = json!({ "contents": [{ "role": "user", "parts": [{ "text": text }] }] });
        json!({ "key": format!("sum-{n}"), "request": request.to_string() })
    });
    backend.emulator.put_table("my-project.in.requests", rows);
    let place = Place::new();
    let runs = backend.client.runs();
    let open = runs.open(place.run()).model(backend.model);
    let open = open.source("bq://my-project.in.requests");
    let open = open.jobs(|create| create.dest("bq://my-project.out.results"));
    let run = open.await.unwrap();
    let report = quick(&run).await.unwrap();
    assert_eq!((report.parts, report.responses), (1, 250), "{report}");
    assert_eq!(reads(&backend), 0);
    let part = run.parts().await.unwrap().remove(0);
    assert!(part.output.unwrap().contains("my-project.out.results"));
    #[cfg(feature = "bigquery")]
    {
        let report = quick(&run).rows(true).await.unwrap();
        assert_eq!(report.responses, 250, "{report}");
        assert_eq!(by_key(&run).await, sums(250).1);
    }
    assert_eq!(backend.emulator.request_count(backend.create), 1);
}

/// Dropped at each step, the last of which is that the service has made a job and the run does not know it.
#[tokio::test]
async fn a_run_that_is_dropped_between_steps_goes_on_and_makes_no_job_twice() {
    let backend = three_files().await;
    let place = Place::new();
    for step in ["cut", "created", "ended", "read", "read"] {
        let run = opening(&backend, &place).await.unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let mut stop = Some(stop);
        let finish = quick(&run).max_jobs(1).on_event(move |event| {
            if event.kind == step {
                drop(stop.take());
            }
        });
        tokio::select! {
            biased;
            _ = stopped => {}
            report = finish => drop(report.unwrap()),
        }
        run.close().await;
    }
    let run = opening(&backend, &place).await.unwrap();
    let made = backend.emulator.vertex_jobs().len();
    if made < 3 {
        tokio::select! {
            biased;
            () = until(async || backend.emulator.vertex_jobs().len() > made) => {}
            report = quick(&run).max_jobs(1) => drop(report.unwrap()),
        }
    }
    run.close().await;
    let run = opening(&backend, &place).await.unwrap();
    let report = quick(&run).rows(true).await.unwrap();
    assert_eq!((report.parts_done, report.responses), (3, 15), "{report}");
    assert_eq!(by_key(&run).await, sums(15).1);
    assert_eq!(backend.emulator.vertex_jobs().len(), 3);
}

#[tokio::test]
async fn a_create_without_a_clear_response_is_looked_for() {
    let backend = three_files().await;
    let place = Place::new();
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 1, Failure::CloseAfterEffect);
    faults.list_late(Duration::from_millis(50));
    let run = opening(&backend, &place).await.unwrap();
    let report = quick(&run).await.unwrap();
    assert_eq!(report.responses, 15, "{report}");
    assert_eq!(backend.emulator.vertex_jobs().len(), 3);
}

#[tokio::test]
async fn a_job_that_fails_as_a_whole_is_made_again() {
    let backend = three_files().await;
    let place = Place::new();
    let faults = backend.emulator.faults();
    faults.fail_jobs(13, "It broke.");
    let run = opening(&backend, &place).await.unwrap();
    let report = quick(&run)
        .max_jobs(1)
        .on_event(move |event| {
            // The next is sent after that.
            if event.kind == "ended" {
                faults.clear();
            }
        })
        .await
        .unwrap();
    assert_eq!((report.parts_done, report.responses), (3, 15), "{report}");
    assert_eq!(report.generations[1].jobs, 1, "{report}");
    assert_eq!(backend.emulator.vertex_jobs().len(), 4);
}

#[tokio::test]
async fn a_quota_that_ends_a_job_does_not_count_as_an_attempt() {
    let backend = three_files().await;
    let place = Place::new();
    let faults = backend.emulator.faults();
    faults.fail_jobs(8, "Quota exceeded.");
    let run = opening(&backend, &place).await.unwrap();
    let mut gone = 0;
    let report = quick(&run)
        .attempts(1)
        .max_jobs(1)
        .on_event(move |event| {
            gone += usize::from(event.kind == "gone");
            if gone == 2 {
                faults.clear();
            }
        })
        .await
        .unwrap();
    assert_eq!((report.parts_done, report.responses), (3, 15), "{report}");
    assert_eq!(report.generations.len(), 1, "{report}");
}

#[tokio::test]
async fn a_job_that_fails_for_good_is_told_and_the_others_go_on() {
    for (code, attempts) in [(3, 1), (13, 2)] {
        let backend = three_files().await;
        let place = Place::new();
        let faults = backend.emulator.faults();
        faults.fail_jobs(code, "It broke.");
        let run = opening(&backend, &place).await.unwrap();
        let mut created = 0;
        let report = quick(&run)
            .attempts(2)
            .max_jobs(1)
            .on_event(move |event| {
                created += usize::from(event.kind == "created");
                // The first of three, and what comes after them: its second attempt.
                match (&*event.kind, created) {
                    ("created", 1) => faults.clear(),
                    ("created", 3) => faults.fail_jobs(code, "It broke."),
                    _ => {}
                }
            })
            .await
            .unwrap();
        assert!(report.is_finished(), "{report}");
        let parts = (report.parts, report.parts_done, report.parts_failed);
        assert_eq!(parts, (3, 2, 1), "{report}");
        assert_eq!(report.responses, 10, "{report}");
        assert_eq!(report.generations.len(), attempts, "{report}");
        let parts = by_source(run.parts().await.unwrap());
        let failed = &parts["gs://bucket/in/a.jsonl"];
        assert_eq!(failed.state, "failed");
        let error = failed.error.as_deref().unwrap();
        assert!(error.contains("It broke."), "{error}");
        assert!(run.progress().await.unwrap().is_finished());
    }
}

#[tokio::test]
async fn a_source_that_grew_or_changed_is_asked_for_that_alone() {
    let backend = three_files().await;
    let place = Place::new();
    let run = opening(&backend, &place).await.unwrap();
    quick(&run).rows(true).await.unwrap();
    run.close().await;
    // The results lie below the folder by now, and are not requests.
    put(&backend, "b.jsonl", 100, 7);
    put(&backend, "d.jsonl", 200, 1);
    backend
        .emulator
        .put_object("gs://bucket/in/empty.jsonl", "");
    let run = opening(&backend, &place).await.unwrap();
    let intake = run.intake().unwrap();
    let counts = (
        intake.requests,
        intake.added,
        intake.changed,
        intake.unchanged,
    );
    assert_eq!(counts, (5, 2, 1, 2));
    let report = quick(&run).rows(true).await.unwrap();
    assert_eq!((report.parts, report.responses), (5, 18), "{report}");
    assert_eq!(backend.emulator.vertex_jobs().len(), 5);
    let mut expected = sums(15).1;
    for n in 5..10 {
        expected.remove(&format!("sum-{n}"));
    }
    for n in (100..107).chain([200]) {
        expected.insert(format!("sum-{n}"), Told::Text((n + 1000).to_string()));
    }
    assert_eq!(by_key(&run).await, expected);
    run.close().await;
    // What a narrower source leaves out is kept, and told.
    let runs = backend.client.runs();
    let open = runs.open(place.run()).source("gs://bucket/in/[a-c].jsonl");
    let run = open.await.unwrap();
    assert_eq!(run.intake().unwrap().vanished, 2);
    assert_eq!(run.report().await.unwrap().vanished, 2);
    assert_eq!(by_key(&run).await, expected);
}

#[tokio::test]
async fn keys_come_from_the_results() {
    let backend = Backend::vertex().await;
    // The first has no key.
    put_lines(&backend, "a.jsonl", [(1, None), (2, Some("k".to_owned()))]);
    let place = Place::new();
    let run = opening(&backend, &place).await.unwrap();
    quick(&run).rows(true).await.unwrap();
    let expected = [("gs://bucket/in/a.jsonl#1", "1001"), ("k", "1002")];
    let expected = expected.map(|(key, text)| (key.to_owned(), Told::Text(text.to_owned())));
    assert_eq!(by_key(&run).await, BTreeMap::from(expected));
    run.close().await;
    // Another file has the same key: nothing is dropped in silence, and nothing is paid again.
    put_lines(&backend, "b.jsonl", [(3, Some("k".to_owned()))]);
    let run = opening(&backend, &place).await.unwrap();
    for _ in 0..2 {
        let error = quick(&run).rows(true).await.unwrap_err();
        let text = error.to_string();
        let told = ["\"k\"", "in/a.jsonl", "in/b.jsonl", "rows(false)"];
        assert!(told.iter().all(|part| text.contains(part)), "{text}");
    }
    let report = quick(&run).rows(false).await.unwrap();
    assert_eq!((report.parts_done, report.responses), (2, 3), "{report}");
    assert_eq!(backend.emulator.vertex_jobs().len(), 2);
}

#[tokio::test]
async fn results_that_cannot_be_read_are_not_paid_for_again() {
    let backend = three_files().await;
    let place = Place::new();
    let open = opening(&backend, &place).jobs(|create| create.dest("gs://results/out"));
    let run = open.await.unwrap();
    let report = quick(&run).await.unwrap();
    backend.emulator.faults().forbid_bucket("results");
    let error = quick(&run).rows(true).await.unwrap_err();
    assert!(error.to_string().contains("rows(false)"), "{error}");
    assert_eq!(quick(&run).await.unwrap(), report);
    backend.emulator.faults().clear();
    let names: Vec<_> = backend
        .emulator
        .vertex_jobs()
        .into_iter()
        .map(|job| job.name)
        .collect();
    assert_eq!(names.len(), 3);
    let report = quick(&run).rows(true).await.unwrap();
    assert_eq!(report.responses, 15, "{report}");
    assert_eq!(backend.emulator.vertex_jobs().len(), 3);
}

#[tokio::test]
async fn a_job_that_somebody_deleted_is_not_made_again_once_it_is_done() {
    let backend = three_files().await;
    let place = Place::new();
    let run = opening(&backend, &place).await.unwrap();
    let report = quick(&run).await.unwrap();
    for job in backend.emulator.vertex_jobs() {
        backend.client.batches().delete(job.name).await.unwrap();
    }
    let error = quick(&run).rows(true).await.unwrap_err();
    assert!(error.to_string().contains("no longer knows"), "{error}");
    assert_eq!(quick(&run).await.unwrap(), report);
    assert_eq!(backend.emulator.request_count(backend.create), 3);
}

#[tokio::test]
async fn what_has_no_meaning_for_such_a_run_is_an_error() {
    let backend = three_files().await;
    let place = Place::new();
    let config = GenerationConfig::new().temperature(0.0);
    let opening = || opening(&backend, &place);
    for (open, option) in [
        (opening().dedupe(true), "dedupe"),
        (opening().generation_config(config), "generation_config"),
        (
            opening().system_instruction("Be brief."),
            "system_instruction",
        ),
        (opening().source("gs://bucket/in/**.jsonl"), "one `*`"),
        (opening().source("gs://bucket/nothing/"), "no object"),
        (opening().source("gs://bucket/a.jsonl"), "no object"),
        (opening().source(Source::file("files/a")), "files/a"),
        (
            opening().jobs(|create| create.dest("bq://my-project.out.results")),
            "name a dataset",
        ),
    ] {
        let error = open.await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        assert!(error.to_string().contains(option), "{option}: {error}");
        assert!(!place.run().exists());
    }
    put(&backend, "part", 50, 1);
    let error = opening().await.unwrap_err();
    assert!(error.to_string().contains("destination"), "{error}");
    let open = opening().jobs(|create| create.dest("gs://results/out"));
    let run = open.await.unwrap();
    let pricing = Pricing::new(1.0, 1.0);
    for (finish, option) in [
        (quick(&run).retry_if(|_| true), "retry_if"),
        (quick(&run).first(3), "first"),
        (quick(&run).budget(1.0, pricing), "budget"),
        (quick(&run).deadline(Duration::from_secs(1)), "deadline"),
        (quick(&run).job_requests(1, 1), "job_requests"),
        (quick(&run).job_bytes(1), "job_bytes"),
        (quick(&run).max_enqueued_tokens(1), "max_enqueued_tokens"),
        (quick(&run).on_result(|_| ()), "on_result"),
    ] {
        let error = finish.await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        let name = format!("`{option}`");
        assert!(error.to_string().contains(&name), "{option}: {error}");
    }
    let error = run.adopt("projects/p/locations/l/batchPredictionJobs/1");
    assert!(error.await.unwrap_err().is_invalid_input());
    let create = backend.create(run.unfinished()).await;
    assert!(create.unwrap_err().to_string().contains("`parts()`"));
    assert_eq!(backend.emulator.request_count(backend.create), 0);
    run.close().await;
    let runs = backend.client.runs();
    let local = runs.open(place.run()).source(vec!["a"]).await.unwrap_err();
    assert!(local.to_string().contains("another run"), "{local}");

    // And the other way round.
    let place = Place::new();
    let open = runs.open(place.run()).model(backend.model);
    let run = open.source(sums(1).0).await.unwrap();
    let error = run.finish().rows(false).await.unwrap_err();
    assert!(error.to_string().contains("`rows(false)`"), "{error}");
    assert!(run.parts().await.unwrap().is_empty());
    run.close().await;
    let held = runs.open(place.run()).source(IN).await.unwrap_err();
    assert!(held.to_string().contains("another run"), "{held}");
}

#[tokio::test]
async fn the_gemini_developer_api_reads_no_such_source() {
    let place = Place::new();
    let runs = client("http://127.0.0.1:9").runs();
    for source in [IN, "bq://my-project.in.requests", "files/abc"] {
        let open = runs.open(place.run()).model("gemini-2.5-flash");
        let error = open.source(source).await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        assert!(error.to_string().contains("Vertex AI"), "{error}");
        assert!(!place.run().exists());
    }
}

#[tokio::test]
async fn creates_that_never_get_a_clear_response_come_to_an_end() {
    let backend = three_files().await;
    let place = Place::new();
    let run = opening(&backend, &place).await.unwrap();
    let faults = backend.emulator.faults();
    faults.fail_next(backend.create, 1000, Failure::CloseBeforeAnswer);
    let soon = Duration::from_millis(100);
    let finish = quick(&run).max_jobs(1).unclear_wait(soon).into_future();
    let end = tokio::time::timeout(Duration::from_secs(120), finish).await;
    let error = end.expect("it goes on for ever").unwrap_err();
    assert!(error.is_unclear(), "{error}");
    assert_eq!(backend.emulator.request_count(backend.create), 3);
    faults.clear();
    let report = quick(&run).await.unwrap();
    assert_eq!((report.parts_done, report.responses), (3, 15), "{report}");
    assert_eq!(report.generations.len(), 1, "{report}");
    assert_eq!(backend.emulator.request_count(backend.create), 3 + 3);
}
