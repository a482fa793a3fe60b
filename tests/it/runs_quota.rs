//! Runs against a service that takes a few jobs at once, and a million tokens in them.

use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::Request;
use genai_batch_emulator::{Failure, RequestRecord};

use crate::runs::{Place, by_key, quick};
use crate::support::{Backend, sums};

const JOBS: usize = 30;
/// In place of a minute: as long as the first pause after a refusal.
const MINUTE: Duration = Duration::from_millis(60);

/// Drives a run of 30 jobs to its end, under a quota of 3 jobs and 1,000,000 enqueued tokens.
async fn lives_with_it(backend: &Backend, requests: Vec<Request>) {
    let place = Place::new();
    let count = requests.len();
    backend.emulator.faults().limit_active(3, 1_000_000);
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let run = open.source(requests).await.unwrap();
    let of_job = u32::try_from(count / JOBS).unwrap();
    let finish = quick(&run).job_requests(of_job, of_job);
    let report = finish.quota_pause(MINUTE).await.unwrap();
    assert_eq!(report.responses, count as u64, "{report}");
    assert_eq!(report.generations.len(), 1, "{report}");
    assert_eq!(by_key(&run).await.len(), count);
    assert_eq!(backend.emulator.jobs().len(), JOBS);

    let events: Vec<_> = run.events().try_collect().await.unwrap();
    let time = |event: &genai_batch::runs::RunEvent| event.time.timestamp_millis();
    let refused = events.iter().filter(|event| event.kind == "refused");
    let refused: Vec<_> = refused.map(time).collect();
    // The service refused no more than the run knows of.
    let is_refused =
        |call: &RequestRecord| call.operation == Some(backend.create) && call.status == Some(429);
    let calls = backend.emulator.requests();
    let told = calls.into_iter().filter(is_refused).count();
    assert_eq!(told, refused.len());
    assert!(!refused.is_empty());
    for three in refused.windows(3) {
        // Times are cut off to milliseconds.
        let passed = three[2] - three[0] + 1;
        assert!(passed >= MINUTE.as_millis() as i64, "{refused:?}");
    }
    let took = time(events.last().unwrap()) - time(&events[0]);
    let minutes = took as f64 / MINUTE.as_millis() as f64;
    println!("{JOBS} jobs, {told} creates refused in {minutes:.1} minutes of {MINUTE:?}");
}

#[tokio::test]
async fn a_quota_is_lived_with_and_runs_into_at_most_two_refusals_a_minute() {
    let backend = Backend::gemini().await;
    // Others have the quota at first. Later refusals depend on how fast jobs are made.
    let refusal = Failure::status(429, "RESOURCE_EXHAUSTED", "Quota exceeded.");
    backend
        .emulator
        .faults()
        .fail_next(backend.create, 5, refusal);
    lives_with_it(&backend, sums(300).0).await;
}

#[tokio::test]
async fn a_quota_of_tokens_is_lived_with_too() {
    // Until the clock is moved, a job stays active, so that the third of 400,000 tokens is refused.
    let hour = Duration::from_secs(3600);
    let backend = Backend::gemini_with(|it| it.job_duration(hour).paused_clock()).await;
    let text = "word ".repeat(320_000);
    let requests = (0..JOBS).map(|n| Request::text(format!("{n} {text}")).key(format!("k{n}")));
    let requests: Vec<_> = requests.collect();
    let (create, emulator) = (backend.create, &backend.emulator);
    let moving = async {
        // An hour, which ends all jobs that are active, passes with each refusal, and later also while
        // nothing happens: by then the run may try fewer at once than the quota allows.
        let (clock, mut seen, mut idle) = (emulator.clock(), 0, 0);
        loop {
            let refused =
                |call: &RequestRecord| call.operation == Some(create) && call.status == Some(429);
            let count = emulator.requests().into_iter().filter(refused).count();
            idle += usize::from(seen > 0);
            if count > seen || idle > 40 || emulator.jobs().len() == JOBS {
                (seen, idle) = (count, 0);
                clock.advance(hour);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = lives_with_it(&backend, requests) => {}
        () = moving => {}
    }
}
