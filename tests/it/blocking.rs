//! The blocking client, from plain threads and from where it must not be used.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::{Duration, Instant};

use genai_batch::batches::InlineLimit;
use genai_batch::blocking::{self, ResultIter};
use genai_batch::job::JobDestination;
use genai_batch::{JobState, Outcome, Report};
use genai_batch_emulator::{Emulator, Failure, Operation};
use tokio::runtime::Runtime;

use crate::support::{KEY, Told, client, emulator_apart, quick_pace, sums};
#[cfg(feature = "gcs")]
use crate::support::{TOKEN, vertex_client};

const MODEL: &str = "gemini-2.5-flash";

struct Stage {
    client: blocking::Client,
    emulator: Emulator,
    _runtime: Runtime,
}

fn stages() -> Vec<Stage> {
    let make: Vec<fn(&Emulator) -> genai_batch::Client> = vec![
        |emulator| client(emulator.base_url()),
        #[cfg(feature = "gcs")]
        |emulator| {
            let builder = vertex_client(emulator).access_token(TOKEN);
            builder.build().unwrap()
        },
    ];
    let start = |make: fn(&Emulator) -> genai_batch::Client| {
        let builder = Emulator::builder()
            .api_key(KEY)
            .job_duration(Duration::from_millis(20));
        let (emulator, runtime) = emulator_apart(builder);
        Stage {
            client: make(&emulator).blocking().unwrap(),
            emulator,
            _runtime: runtime,
        }
    };
    make.into_iter().map(start).collect()
}

fn quick(wait: blocking::Wait) -> blocking::Wait {
    wait.pace(quick_pace())
}

fn collect(mut results: ResultIter) -> (BTreeMap<String, Told>, Report) {
    let mut told = BTreeMap::new();
    for result in &mut results {
        let result = result.unwrap();
        let outcome = match result.outcome() {
            Outcome::Response(response) => Told::Text(response.text().unwrap().into_owned()),
            Outcome::Error(error) => Told::Error(error.code()),
            Outcome::Missing => Told::Missing,
        };
        told.insert(result.key().unwrap().to_owned(), outcome);
    }
    (told, results.report())
}

#[test]
fn a_job_is_found_by_its_mark_and_taken_over_by_its_id() {
    for stage in stages() {
        let batches = stage.client.batches();
        let create = || batches.create(MODEL, sums(2).0).id("nightly");
        let job = create().call().unwrap();
        assert_eq!(create().call().unwrap().name(), job.name());

        stage.emulator.faults().list_late(Duration::from_secs(3600));
        for create in [
            Operation::BatchGenerateContent,
            Operation::CreateBatchPredictionJob,
        ] {
            let faults = stage.emulator.faults();
            faults.fail_next(create, 1, Failure::CloseAfterEffect);
        }
        let create = batches.create(MODEL, sums(2).0).look_for(Duration::ZERO);
        let error = create.call().unwrap_err();
        let mark = error.mark().unwrap();
        assert!(batches.find(mark).unwrap().is_none());
        stage.emulator.clock().advance(Duration::from_secs(7200));
        let found = batches.find(mark).unwrap().unwrap();
        assert_ne!(found.name(), job.name());
    }
}

#[test]
fn a_whole_run_without_async() {
    for stage in stages() {
        let batches = stage.client.batches();
        let (requests, responses) = sums(30);
        let create = batches.create(MODEL, requests).display_name("blocking");
        let job = create.inline_limit(InlineLimit::NEVER).call().unwrap();
        assert_eq!(job.display_name(), Some("blocking"));
        let states: Vec<_> = quick(batches.wait(&job))
            .iter()
            .map(Result::unwrap)
            .collect();
        let job = states.last().unwrap();
        assert_eq!(job.state(), &JobState::Succeeded);
        let (told, report) = collect(batches.results(job).call().unwrap());
        assert_eq!(told, responses);
        assert!(report.is_complete(), "{report}");
        let verified = batches.results(job).strict(true).call().unwrap().verify();
        assert_eq!(verified.unwrap(), report);

        let typed = batches.results(job).count_usage(true).call().unwrap();
        let mut typed = typed.typed::<u64>();
        let numbers: Vec<_> = typed.by_ref().map(|it| it.unwrap().1.unwrap()).collect();
        assert_eq!(numbers.len(), 30);
        assert!(typed.report().usage.unwrap().total().input_tokens() > 0);

        let source = genai_batch::Source::requests(sums(30).0);
        let diagnosis = stage.client.preflight(source).model(MODEL).call().unwrap();
        assert!(diagnosis.is_ok() && diagnosis.requests == 30, "{diagnosis}");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        assert_eq!(batches.results(job).save_to(&path).call().unwrap(), report);
        assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 30);

        assert_eq!(batches.get(job.name()).unwrap().name(), job.name());
        let read = stage
            .client
            .block_on(stage.client.as_async().batches().get(job));
        assert_eq!(read.unwrap().unwrap().name(), job.name());
        assert_eq!(batches.list().iter().count(), 1);
        assert_eq!(batches.list().all().unwrap().len(), 1);
        assert_eq!(batches.list().page_size(1).page().unwrap().items.len(), 1);
        batches.delete(job).unwrap();
        assert!(batches.get(job).unwrap_err().is_not_found());

        let run = batches.run(MODEL, sums(3).0).wait(|wait| {
            let wait = wait.poll_interval(Duration::from_millis(5));
            wait.timeout(Duration::from_secs(600))
        });
        assert_eq!(collect(run.call().unwrap()).0, sums(3).1);
    }
}

#[test]
fn many_jobs_from_many_threads() {
    for stage in stages() {
        let threads: Vec<_> = (1..=4)
            .map(|count| {
                let batches = stage.client.batches();
                std::thread::spawn(move || batches.create(MODEL, sums(count).0).call().unwrap())
            })
            .collect();
        let jobs: Vec<_> = threads.into_iter().map(|it| it.join().unwrap()).collect();
        let wait = || {
            let wait = stage.client.batches().wait_all(&jobs);
            wait.poll_interval(Duration::from_millis(5))
        };
        for outcome in wait().call().unwrap() {
            outcome.unwrap();
        }
        let ended = wait()
            .iter()
            .filter(|item| item.as_ref().is_ok_and(|it| it.1.is_ok()));
        assert_eq!(ended.count(), 4);
    }
}

#[test]
fn files_are_read_and_written() {
    let stage = stages().remove(0);
    let files = stage.client.files();
    let upload = files.upload(b"some text".to_vec()).mime_type("text/plain");
    let file = upload.name("files/abc").call().unwrap();
    assert_eq!(files.get(file.name()).unwrap().size_bytes(), Some(9));
    assert_eq!(
        files.list().all().unwrap().len(),
        files.list().iter().count()
    );
    assert_eq!(files.list().page().unwrap().items.len(), 1);
    files.delete(file.name()).unwrap();

    let batches = stage.client.batches();
    let create = batches.create(MODEL, sums(5).0);
    let job = create.inline_limit(InlineLimit::NEVER).call().unwrap();
    let job = quick(batches.wait(&job)).call().unwrap();
    let Some(JobDestination::File(name)) = job.output() else {
        panic!("{job:?}");
    };
    let mut text = String::new();
    let mut download = files.download(name).unwrap();
    download.read_to_string(&mut text).unwrap();
    assert_eq!(
        (download.size(), text.lines().count()),
        (Some(text.len() as u64), 5)
    );
}

#[test]
fn a_wait_that_is_dropped_cancels_its_job_if_asked_to() {
    for stage in stages() {
        stage.emulator.clock().pause();
        let batches = stage.client.batches();
        let job = batches.create(MODEL, sums(1).0).call().unwrap();
        let mut states = quick(batches.wait(&job)).cancel_on_drop(true).iter();
        assert!(states.next().unwrap().unwrap().is_active());
        drop(states);
        let dropped = Instant::now();
        while batches.get(&job).unwrap().state() == JobState::Pending {
            let waited = dropped.elapsed();
            assert!(waited < Duration::from_secs(600), "no cancel arrived");
        }
    }
}

#[test]
fn within_a_runtime_every_call_is_an_error() {
    for stage in stages() {
        let batches = stage.client.batches();
        let job = batches.create(MODEL, sums(2).0).call().unwrap();
        let job = quick(batches.wait(&job)).call().unwrap();
        let mut opened = batches.results(&job).call().unwrap();
        let client = stage.client.clone();
        stage._runtime.block_on(async move {
            let files = client.files();
            let errors = [
                batches.create(MODEL, vec!["a"]).call().err(),
                batches.update(&job).priority(1).call().err(),
                batches.get(&job).err(),
                batches.cancel(&job).err(),
                batches.delete(&job).err(),
                batches.list().all().err(),
                batches.list().page().err(),
                batches.list().iter().next().unwrap().err(),
                batches.wait(&job).call().err(),
                batches.wait(&job).iter().next().unwrap().err(),
                batches.wait_all([&job]).call().err(),
                batches.wait_all([&job]).iter().next().unwrap().err(),
                batches.results(&job).call().err(),
                batches.results(&job).save_to("out.jsonl").call().err(),
                batches.run(MODEL, vec!["a"]).call().err(),
                client.preflight(vec!["a"].try_into().unwrap()).call().err(),
                files.upload(vec![1]).mime_type("text/plain").call().err(),
                files.get("files/a").err(),
                files.delete("files/a").err(),
                files.download("files/a").err(),
                files.list().all().err(),
                opened.next().unwrap().err(),
            ];
            for (index, error) in errors.into_iter().enumerate() {
                let error = error.unwrap_or_else(|| panic!("call {index} went through"));
                assert!(error.is_configuration(), "call {index}: {error}");
                assert!(error.to_string().contains("async runtime"), "{error}");
            }
            assert!(opened.next().is_none());
            // Dropped here, the last handle ends the thread without holding up this one.
            drop((opened, batches, files, client));
        });
    }
}

#[cfg(feature = "runs")]
#[test]
fn a_run_is_opened_driven_and_read() {
    for stage in stages() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.run");
        let (requests, expected) = sums(25);
        let runs = stage.client.runs();
        let open = runs.open(&path).model(MODEL).source(requests);
        let run = open.call().unwrap();
        assert_eq!(run.intake().unwrap().added, 25);
        let quick = Duration::from_millis(5);
        let finish = run.finish().poll_interval(quick, quick);
        let report = finish.job_requests(10, 10).call().unwrap();
        assert!(report.is_finished(), "{report}");
        let told = run.results().unwrap().map(|result| {
            let result = result.unwrap();
            let text = result.response().unwrap().text().unwrap().into_owned();
            (result.key().unwrap().to_owned(), Told::Text(text))
        });
        assert_eq!(told.collect::<BTreeMap<_, _>>(), expected);
        let view = runs.read(&path).unwrap();
        assert!(view.progress().unwrap().is_finished());
        assert_eq!(view.report().unwrap(), report);
        let place = folder.path().join("out.jsonl");
        assert_eq!(view.save_to(place).call().unwrap(), 25);
        drop(view);
        run.close().unwrap();
        let run = runs.open(&path).call().unwrap();
        assert_eq!(run.report().unwrap(), report);
    }
}
