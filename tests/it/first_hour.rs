//! What a newcomer's program asks for first: progress, one thing beside each key, many jobs at once, and
//! words for what went wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt;
use genai_batch::batches::{CreateProgress, InlineLimit};
use genai_batch::{JobState, Request, ResultStream, Source};
use genai_batch_emulator::Rows;

use crate::support::{Backend, on_every_backend, quick_pace, sums};

on_every_backend! {
    a_create_tells_how_far_it_is,
    metadata_comes_back_with_what_is_missing_and_to_a_later_process,
    jobs_that_were_created_are_kept_although_others_failed,
    requests_that_cannot_be_read_end_the_create,
    progress_ends_at_one,
}

async fn a_create_tells_how_far_it_is(backend: Backend) {
    let told: Arc<Mutex<Vec<CreateProgress>>> = Arc::default();
    let tell = Arc::clone(&told);
    let job = backend
        .client
        .batches()
        .create(backend.model, sums(2500).0)
        .on_progress(move |progress| tell.lock().unwrap().push(progress))
        .await
        .unwrap();
    let told = told.lock().unwrap();
    let requests: Vec<_> = told.iter().map(|progress| progress.requests).collect();
    assert_eq!(requests[..3], [1000, 2000, 2500]);
    assert_eq!((told[2].sent_bytes, told[2].total_bytes), (0, None));
    assert_eq!(told[3].sent_bytes, 0);
    let last = told.last().unwrap();
    assert_eq!(Some(last.sent_bytes), last.total_bytes);
    assert!(last.sent_bytes > 100_000 && last.requests == 2500);
    assert!(job.state().is_active());
}

async fn metadata_comes_back_with_what_is_missing_and_to_a_later_process(backend: Backend) {
    let requests: Vec<_> = (0..200)
        .map(|n| {
            let request = Request::text(format!("What is {n} + 1000?")).key(format!("k{n}"));
            // Not each of them has some.
            match n % 4 {
                0 => request,
                _ => request.metadata("n", n),
            }
        })
        .collect();
    backend.emulator.faults().drop_rows(Rows::At(vec![5, 8]));
    backend.emulator.faults().shuffle_results(3);
    let batches = backend.client.batches();
    let create = batches.create(backend.model, &requests);
    let job = create.inline_limit(InlineLimit::NEVER).await.unwrap();
    let job = backend.wait(&job).await.unwrap();
    check_metadata(batches.results(&job).await.unwrap()).await;
    let later = batches.results(job.name()).expect_requests(&requests);
    check_metadata(later.await.unwrap()).await;
}

async fn check_metadata(mut results: ResultStream) {
    let mut seen = BTreeMap::new();
    while let Some(result) = results.try_next().await.unwrap() {
        let n: u64 = result.key().unwrap()[1..].parse().unwrap();
        let metadata = result
            .metadata()
            .map(|metadata| metadata["n"].as_u64().unwrap());
        seen.insert(n, metadata);
    }
    assert_eq!(seen.len(), 200);
    assert_eq!(results.report().missing, 2);
    for (n, metadata) in seen {
        assert_eq!(metadata, (n % 4 != 0).then_some(n), "k{n}");
    }
}

async fn jobs_that_were_created_are_kept_although_others_failed(backend: Backend) {
    let good = |n: u64| vec![Request::text("What is 1 + 1?").key(format!("p{n}"))];
    let twice = [good(2), good(2)].concat();
    let created = backend
        .client
        .batches()
        .create_all(backend.model, [good(0), twice, good(1)])
        .each(|part, create| create.display_name(format!("part {part}")))
        .concurrency(2)
        .await;
    let names = created.iter().map(|outcome| match outcome {
        Ok(job) => job.display_name().unwrap().to_owned(),
        Err(error) => error.to_string(),
    });
    let names: Vec<_> = names.collect();
    assert_eq!((&*names[0], &*names[2]), ("part 0", "part 2"));
    assert!(names[1].contains("\"p2\" is used twice"), "{names:?}");
    let jobs = created.iter().flatten();
    for outcome in backend
        .client
        .batches()
        .wait_all(jobs)
        .pace(quick_pace())
        .await
    {
        assert!(outcome.unwrap().state() == JobState::Succeeded);
    }
}

async fn requests_that_cannot_be_read_end_the_create(backend: Backend) {
    let rows = [
        Ok(Request::text("What is 1 + 1?")),
        Err(std::io::Error::other("the cable was pulled")),
    ];
    let batches = backend.client.batches();
    let error = batches
        .create(backend.model, Source::try_requests(rows))
        .await;
    let error = error.unwrap_err();
    assert!(error.is_invalid_input());
    assert!(
        format!("{error:?}").contains("the cable was pulled"),
        "{error:?}"
    );
    assert_eq!(backend.emulator.request_count(backend.create), 0);
}

async fn progress_ends_at_one(backend: Backend) {
    let batches = backend.client.batches();
    let job = batches.create(backend.model, sums(3).0).await.unwrap();
    let seen: Arc<Mutex<Vec<Option<f64>>>> = Arc::default();
    let see = Arc::clone(&seen);
    let wait = batches.wait(&job).pace(quick_pace());
    let wait = wait.on_progress(move |job| see.lock().unwrap().push(job.progress()));
    assert!(wait.await.unwrap().is_succeeded());
    let seen = seen.lock().unwrap();
    assert_eq!(seen.last(), Some(&Some(1.0)));
    assert!(
        seen.iter()
            .flatten()
            .all(|share| (0.0..=1.0).contains(share))
    );
}

/// What most newcomers write first is taken, or refused with the way out; what does not compile, the
/// tests in `tests/ui` have.
#[tokio::test]
async fn a_prompt_as_the_source_is_refused_with_the_way_out() {
    let backend = Backend::gemini().await;
    let batches = backend.client.batches();
    let error = batches
        .create(backend.model, "What is AI?")
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a prompt goes into a list, `vec![…]`"),
        "{error}"
    );
}

#[cfg(feature = "gcs")]
#[tokio::test]
async fn a_staging_place_that_is_none_is_told() {
    use crate::support::vertex_client;

    let backend = Backend::vertex().await;
    let client = |staging: &str| {
        vertex_client(&backend.emulator)
            .access_token("t")
            .staging(staging)
    };
    for (staging, told) in [
        ("my-bucket/batches", "starts with gs://"),
        ("gs://My Bucket/batches", "\"My Bucket\" has ' '"),
        ("gs:///batches", "there is none"),
        ("gs://-bucket", "begins or ends with another"),
    ] {
        let error = client(staging).build().unwrap_err().to_string();
        assert!(
            error.contains("`staging`") && error.contains(told),
            "{error}"
        );
    }
    backend.emulator.faults().miss_bucket("no-such-bucket");
    let client = client("gs://no-such-bucket/batches").access_token(crate::support::TOKEN);
    let batches = client.build().unwrap().batches();
    let error = batches.create(backend.model, sums(1).0).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is there a bucket \"no-such-bucket\""),
        "{error}"
    );
}
