//! A run that is looked at by its file alone.

use futures_util::TryStreamExt;
use genai_batch::runs::{RunJob, RunView};
use genai_batch::{Outcome, Source};

use crate::runs::{Place, quick};
use crate::support::{Backend, on_every_backend, sums};

on_every_backend! {
    a_run_is_read_without_a_client,
}

async fn a_run_is_read_without_a_client(backend: Backend) {
    let place = Place::new();
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let run = open.source(Source::requests(sums(25).0)).await.unwrap();
    let report = quick(&run).await.unwrap();

    let view = RunView::open(place.run()).await.unwrap();
    assert_eq!(view.backend(), backend.client.backend());
    assert_eq!(view.report().await.unwrap(), report);
    let jobs: Vec<RunJob> = view.jobs().try_collect().await.unwrap();
    let of_run: Vec<RunJob> = run.jobs().try_collect().await.unwrap();
    assert_eq!(jobs, of_run);
    let numbers: Vec<_> = jobs.iter().map(|job| (job.number, job.requests)).collect();
    assert_eq!(numbers, [(1, 10), (2, 10), (3, 5)]);
    for job in &jobs {
        assert_eq!((job.responses, job.state.as_str()), (job.requests, "done"));
        assert!(job.name.is_some() && job.input_tokens > 0, "{job:?}");
        let times = [
            job.sent_time,
            job.created_time,
            job.ended_time,
            job.read_time,
        ];
        let times: Vec<_> = times.into_iter().map(Option::unwrap).collect();
        assert!(job.cut_time <= times[0] && times.is_sorted(), "{job:?}");
    }
    let results = view.results().await.unwrap();
    let results: Vec<_> = results.try_collect().await.unwrap();
    assert_eq!(results.len(), 25);
    assert!(matches!(results[0].outcome(), Outcome::Response(_)));
    assert_eq!(view.save_to(place.out()).await.unwrap(), 25);
    let elsewhere = view.save_to("gs://bucket/out.jsonl").await.unwrap_err();
    assert!(
        elsewhere.to_string().contains("takes a client"),
        "{elsewhere}"
    );
}
