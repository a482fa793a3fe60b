//! Runs against a service that takes a few jobs at once.

use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch_emulator::Failure;

use crate::runs::{Place, by_key, quick};
use crate::support::{Backend, sums};

#[tokio::test]
async fn a_quota_is_lived_with_and_runs_into_at_most_two_refusals_a_minute() {
    let backend = Backend::gemini().await;
    let place = Place::new();
    let (requests, expected) = sums(300);
    let faults = backend.emulator.faults();
    faults.limit_active(3, 1_000_000);
    // Others have the quota at first. Later refusals depend on how fast jobs are made.
    let refusal = Failure::status(429, "RESOURCE_EXHAUSTED", "Quota exceeded.");
    faults.fail_next(backend.create, 5, refusal);
    let open = backend.client.runs().open(place.run()).model(backend.model);
    let run = open.source(requests).await.unwrap();
    // In place of a minute.
    let minute = Duration::from_millis(60);
    let report = quick(&run).quota_pause(minute).await.unwrap();
    assert_eq!(report.responses, 300, "{report}");
    assert_eq!(by_key(&run).await, expected);
    assert_eq!(backend.emulator.jobs().len(), 30);
    let events: Vec<_> = run.events().try_collect().await.unwrap();
    let refused = events.iter().filter(|event| event.kind == "refused");
    let times: Vec<_> = refused.map(|event| event.time.timestamp_millis()).collect();
    assert!(!times.is_empty());
    for three in times.windows(3) {
        // Times are cut off to milliseconds.
        let passed = three[2] - three[0] + 1;
        assert!(passed >= minute.as_millis() as i64, "{times:?}");
    }
}
