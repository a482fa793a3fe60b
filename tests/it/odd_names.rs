//! Names in Cloud Storage that are easily mistaken: what the client writes, what it tells the
//! service, and what it reads again are the same to the letter, or nothing is sent.

use genai_batch::job::{JobDestination, JobSource};
use genai_batch::{BatchJob, Source};
use serde_json::json;

use crate::support::{Backend, collect, quick, sums};

/// Names that the client can write and read.
const ODD: [&str; 20] = [
    "plain.jsonl",
    "with space.jsonl",
    " at both ends ",
    "a#b",
    "%41.jsonl",
    "a%2Fb",
    "50%",
    "ü/日本/🦀.jsonl",
    "e\u{301}",
    "\u{85}a\u{2028}b",
    "a+b&c=d;e",
    "..a/b..",
    ".well-known/x",
    "\"quoted\"'s",
    "<xml>&amp;",
    "back\\slash",
    "~`^|{y}",
    ":@!$,()",
    "http:",
    "genai@host:80",
];

/// The same, but the service takes them for patterns where it reads them.
const PATTERNS: [&str; 3] = ["what?.jsonl", "a*b", "[x]"];

/// Names that Cloud Storage allows and the client cannot write.
const OUT_OF_REACH: [&str; 8] = [
    "/a", "a//b", "a/./b", "../a", "a/../b", "a\tb", "a\u{7f}", "a//",
];

async fn done(backend: &Backend, count: usize) -> BatchJob {
    let batches = backend.client.batches();
    let job = batches.create(backend.model, sums(count).0).await.unwrap();
    quick(batches.wait(&job)).await.unwrap()
}

#[tokio::test]
async fn results_are_saved_under_the_very_name() {
    let backend = Backend::vertex().await;
    let job = done(&backend, 2).await;
    for (number, name) in ODD.into_iter().chain(PATTERNS).enumerate() {
        let bucket = format!("gs://results-{number}/");
        let uri = format!("{bucket}{name}");
        let save = || backend.client.batches().results(&job).save_to(&uri);
        assert!(save().await.unwrap().is_complete(), "{uri:?}");
        assert_eq!(backend.emulator.objects(&bucket), [&*uri]);
        let error = save().await.unwrap_err();
        assert!(error.to_string().contains("exists already"), "{error}");
        assert!(save().overwrite(true).await.is_ok(), "{uri:?}");
        assert_eq!(backend.emulator.objects(&bucket), [&*uri]);
    }
}

#[tokio::test]
async fn requests_are_staged_and_results_read_under_the_very_name() {
    let backend = Backend::vertex().await;
    let (emulator, batches) = (&backend.emulator, backend.client.batches());
    for (number, name) in ODD.into_iter().enumerate() {
        let (staging, out) = (
            format!("gs://staged-{number}/{name}"),
            format!("gs://out-{number}/{name}"),
        );
        for dest in [None, Some(&out)] {
            let create = batches
                .create(backend.model, sums(2).0)
                .staging(&staging)
                .remove_staged_input(true);
            let create = match dest {
                Some(dest) => create.dest(dest.as_str()),
                None => create,
            };
            let job = create.await.unwrap();
            let Some(JobSource::CloudStorage(uris)) = job.source() else {
                panic!("{job:?}");
            };
            assert!(uris[0].starts_with(&format!("{staging}/genai-batch-")));
            assert!(emulator.object(&uris[0]).is_some(), "{uris:?}");
            let job = quick(batches.wait(&job)).await.unwrap();
            assert!(emulator.object(&uris[0]).is_none(), "{uris:?}");
            if dest.is_some() {
                let given = JobDestination::CloudStorage(out.clone());
                assert_eq!(job.destination(), Some(&given));
            }
            let (told, report) = collect(batches.results(&job).await.unwrap()).await;
            assert_eq!(told, sums(2).1, "{staging:?}");
            assert!(report.is_complete(), "{report}");
            batches.delete(&job).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_cannot_be_written_to_the_letter_is_refused_before_anything_is_sent() {
    let backend = Backend::vertex().await;
    let batches = backend.client.batches();
    let job = done(&backend, 1).await;
    let sent = backend.emulator.requests().len();
    for name in OUT_OF_REACH {
        let uri = format!("gs://bucket/{name}");
        let save = batches.results(&job).save_to(&uri).overwrite(true);
        let error = save.await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        assert!(error.to_string().contains(&format!("{uri:?}")), "{error}");
    }
    for name in OUT_OF_REACH.into_iter().chain(PATTERNS) {
        let uri = format!("gs://bucket/{name}");
        let create = batches.create(backend.model, sums(1).0).staging(&uri);
        let error = create.await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        let text = error.to_string();
        assert!(text.contains("the option `staging`"), "{text}");
    }
    for bad in [
        "gs://",
        "gs:///a",
        "gs://a..b/c",
        "gs://host:80/c",
        "gs://b/\n",
    ] {
        let source = batches.create(backend.model, bad).dest("gs://bucket/out");
        let dest = batches.create(backend.model, sums(1).0).dest(bad);
        let staging = batches.create(backend.model, sums(1).0).staging(bad);
        for create in [source, dest, staging] {
            let error = create.await.unwrap_err();
            assert!(error.is_invalid_input(), "{bad:?}: {error}");
        }
        let error = batches.results(&job).save_to(bad).await.unwrap_err();
        assert!(error.is_invalid_input(), "{bad:?}: {error}");
    }
    assert_eq!(backend.emulator.requests().len(), sent);
}

#[tokio::test]
async fn the_service_reads_what_the_client_cannot() {
    let backend = Backend::vertex().await;
    let (emulator, batches) = (&backend.emulator, backend.client.batches());
    let request =
        json!({ "contents": [{ "role": "user", "parts": [{ "text": "What is 0 + 1000?" }] }] });
    let line = json!({ "key": "sum-0", "request": request }).to_string();
    for name in OUT_OF_REACH {
        let uri = format!("gs://bucket/{name}");
        emulator.put_object(&uri, line.clone());
        let create = batches.create(backend.model, Source::cloud_storage([&*uri]));
        let create = create.dest("gs://bucket/out");
        let job = quick(batches.wait(create.await.unwrap())).await.unwrap();
        let given = JobSource::CloudStorage(vec![uri.clone()]);
        assert_eq!(job.source(), Some(&given));
        let (told, _) = collect(batches.results(&job).await.unwrap()).await;
        assert_eq!(told, sums(1).1, "{uri:?}");
        let preflight = Source::cloud_storage([&*uri]).preflight(&backend.client);
        let shown = preflight.await.unwrap().to_string();
        assert!(shown.contains("cannot be read by the client"), "{shown}");
    }
}

#[tokio::test]
async fn results_out_of_reach_are_an_error_that_names_them() {
    let backend = Backend::vertex().await;
    let (emulator, batches) = (&backend.emulator, backend.client.batches());
    for dest in ["gs://bucket//out", "gs://bucket/a/../out"] {
        let create = batches.create(backend.model, sums(1).0).dest(dest);
        let job = quick(batches.wait(create.await.unwrap())).await.unwrap();
        let error = batches.results(&job).await.unwrap_err();
        let file = emulator.objects(dest).pop().unwrap();
        assert!(error.to_string().contains(&format!("{file:?}")), "{error}");
    }
    // The mark of a folder holds no rows.
    let job = done(&backend, 1).await;
    let Some(JobDestination::CloudStorage(folder)) = job.output() else {
        panic!("{job:?}");
    };
    emulator.put_object(&format!("{folder}/"), "");
    let (told, report) = collect(batches.results(&job).await.unwrap()).await;
    assert_eq!(told, sums(1).1);
    assert!(report.is_complete(), "{report}");
    // An object beside those of the job, in a folder without a name.
    let beside = format!("{folder}//predictions.jsonl");
    emulator.put_object(&beside, "{}");
    let error = batches.results(&job).await.unwrap_err();
    assert!(
        error.to_string().contains(&format!("{beside:?}")),
        "{error}"
    );
}
