use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use super::pace::MAX_OUTAGE;
use super::*;
use crate::job::{Details, JobRecord};
use crate::state::JobState;

fn job(state: JobState) -> BatchJob {
    BatchJob::new(JobRecord {
        name: "batches/b".into(),
        state,
        ..JobRecord::default()
    })
}

fn refusal(status: u16) -> Error {
    let failure = crate::error::HttpFailure {
        status,
        ..Default::default()
    };
    Error::status_response(failure, "no".into())
}

fn busy() -> Error {
    refusal(503)
}

fn poller(timeout: Option<u64>) -> Poller {
    let pace = Pace {
        timeout: timeout.map(Duration::from_secs),
        ..Pace::default()
    };
    Poller::new(pace, &"batches/b".into(), None)
}

/// Polls to the end through these responses; the last one repeats.
async fn follow(
    poller: &mut Poller,
    responses: Vec<fn() -> Result<BatchJob>>,
) -> (Vec<Result<BatchJob>>, usize) {
    let polls = AtomicUsize::new(0);
    let mut seen = Vec::new();
    let get = || async {
        let poll = polls.fetch_add(1, Ordering::Relaxed);
        responses[poll.min(responses.len() - 1)]()
    };
    while let Some(state) = poller.next(get).await {
        seen.push(state);
    }
    (seen, polls.load(Ordering::Relaxed))
}

#[test]
fn pauses_grow_by_half_up_to_a_minute_and_vary_by_a_tenth() {
    let pace = Pace::default();
    let seconds: Vec<_> = (0..9).map(|n| pace.pause(n, 0.5).as_secs()).collect();
    assert_eq!(seconds, [5, 7, 11, 16, 25, 37, 56, 60, 60]);
    assert_eq!(pace.pause(100, 0.0), Duration::from_secs(54));
    assert_eq!(pace.pause(u32::MAX, 1.0), Duration::from_secs(66));

    let slow = Pace {
        interval: Duration::from_secs(300),
        ..Pace::default()
    };
    assert_eq!(slow.pause(5, 0.5), Duration::from_secs(300));
}

#[test]
fn an_interval_that_is_set_holds_steady_unless_a_longest_one_is_too() {
    let seconds = |pace: &Pace| {
        (0..4)
            .map(|n| pace.pause(n, 0.5).as_secs())
            .collect::<Vec<_>>()
    };
    let steady = Pace::default().interval(Duration::from_secs(8));
    assert_eq!(seconds(&steady), [8, 8, 8, 8]);
    let growing = steady.max_interval(Duration::from_secs(20));
    assert_eq!(seconds(&growing), [8, 12, 18, 20]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_the_job() {
    let mut poller = poller(None);
    let (seen, polls) = follow(
        &mut poller,
        vec![
            || Ok(job(JobState::Pending)),
            || Err(busy()),
            || Ok(job(JobState::Running)),
            || Ok(job(JobState::Succeeded)),
        ],
    )
    .await;
    assert_eq!(polls, 4);
    let states: Vec<_> = seen
        .into_iter()
        .map(|job| job.unwrap().state().clone())
        .collect();
    assert_eq!(
        states,
        [JobState::Pending, JobState::Running, JobState::Succeeded]
    );
}

#[tokio::test(start_paused = true)]
async fn a_timeout_carries_the_last_state_and_comes_on_time() {
    let started = Instant::now();
    let (mut seen, polls) =
        follow(&mut poller(Some(100)), vec![|| Ok(job(JobState::Running))]).await;
    let error = seen.pop().unwrap().unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_secs(100));
    assert!(error.is_timeout() && polls > 3);
    assert_eq!(error.job().unwrap().state(), &JobState::Running);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_before_the_first_response_carries_the_job_that_was_given() {
    let given = job(JobState::Pending);
    let pace = Pace {
        timeout: Some(Duration::from_secs(30)),
        ..Pace::default()
    };
    let mut poller = Poller::new(pace, &(&given).into(), None);
    let (mut seen, _) = follow(&mut poller, vec![|| Err(busy())]).await;
    let error = seen.pop().unwrap().unwrap_err();
    assert_eq!(error.job().unwrap().name(), given.name());
    let cause = std::error::Error::source(&error).unwrap();
    assert!(cause.to_string().contains("503"), "{cause}");
}

#[tokio::test(start_paused = true)]
async fn times_beyond_the_clock_are_not_a_limit() {
    let pace = Pace {
        timeout: Some(Duration::MAX),
        ..Pace::default()
    };
    let mut poller = Poller::new(pace, &"batches/b".into(), None);
    let (seen, _) = follow(&mut poller, vec![|| Ok(job(JobState::Succeeded))]).await;
    assert!(seen[0].is_ok());
    let forever = Pace {
        interval: Duration::MAX,
        ..Pace::default()
    };
    assert_eq!(forever.pause(5, 1.0), Duration::MAX);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_polls_no_more() {
    let polls = AtomicUsize::new(0);
    let mut poller = poller(None);
    let get = || async {
        polls.fetch_add(1, Ordering::Relaxed);
        Ok(job(JobState::Running))
    };
    poller.next(get).await.unwrap().unwrap();
    let next = tokio::time::timeout(Duration::from_secs(2), poller.next(get)).await;
    assert!(
        next.is_err(),
        "the next poll comes after more than two seconds"
    );
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(polls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_ridden_out_only_so_long() {
    let started = Instant::now();
    let (mut seen, _) = follow(&mut poller(None), vec![|| Err(busy())]).await;
    assert!(seen.pop().unwrap().unwrap_err().is_server_error());
    assert!((MAX_OUTAGE..MAX_OUTAGE * 2).contains(&started.elapsed()));

    let (mut seen, _) = follow(&mut poller(Some(3600)), vec![|| Err(busy())]).await;
    assert!(seen.pop().unwrap().unwrap_err().is_timeout());
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_over_after_a_good_poll() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let pace = Pace {
        interval: minutes(1),
        max_outage: minutes(15),
        ..Pace::default()
    };
    let mut poller = Poller::new(pace, &"batches/b".into(), None);
    // Twelve minutes of failures, a good poll, and twelve more.
    let mut responses: Vec<fn() -> Result<BatchJob>> = vec![|| Err(busy()); 12];
    responses.push(|| Ok(job(JobState::Running)));
    responses.extend([(|| Err(busy())) as fn() -> _; 12]);
    responses.push(|| Ok(job(JobState::Succeeded)));
    let (mut seen, polls) = follow(&mut poller, responses).await;
    assert_eq!(seen.pop().unwrap().unwrap().state(), &JobState::Succeeded);
    assert_eq!((seen.len(), polls), (1, 26));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passed_is_not_why_a_later_timeout_came() {
    let (mut seen, _) = follow(
        &mut poller(Some(300)),
        vec![|| Err(busy()), || Ok(job(JobState::Running))],
    )
    .await;
    let error = seen.pop().unwrap().unwrap_err();
    assert!(error.is_timeout() && std::error::Error::source(&error).is_none());
}

/// Refused with this wait.
fn refused_for(seconds: u64) -> Error {
    let failure = crate::error::HttpFailure {
        status: 429,
        retry_after: Some(Duration::from_secs(seconds)),
        ..Default::default()
    };
    Error::status_response(failure, "later".into())
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_to_wait_is_left_alone() {
    let started = Instant::now();
    let (seen, polls) = follow(
        &mut poller(None),
        vec![|| Err(refused_for(400)), || Err(refused_for(0)), || {
            Ok(job(JobState::Succeeded))
        }],
    )
    .await;
    assert!(seen[0].is_ok() && polls == 3);
    // The second time the usual pause is longer.
    let seconds = started.elapsed().as_secs();
    assert!((406..=409).contains(&seconds), "{seconds}");

    // No longer than the caller waits, …
    let started = Instant::now();
    let (mut seen, polls) =
        follow(&mut poller(Some(100)), vec![|| Err(refused_for(u64::MAX))]).await;
    assert!(seen.pop().unwrap().unwrap_err().is_timeout());
    assert_eq!((started.elapsed(), polls), (Duration::from_secs(100), 1));
    // … or rides out failures; then it is asked once more.
    let started = Instant::now();
    let (mut seen, polls) = follow(&mut poller(None), vec![|| Err(refused_for(u64::MAX))]).await;
    assert!(seen.pop().unwrap().unwrap_err().is_quota());
    assert_eq!(polls, 2);
    assert!((MAX_OUTAGE..MAX_OUTAGE + Duration::from_secs(10)).contains(&started.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_hint_does_not_disturb_a_service_that_asked_to_wait() {
    let hints: Hints = Box::pin(stream::repeat(()));
    let mut poller = Poller::new(Pace::default(), &"batches/b".into(), Some(hints));
    let started = Instant::now();
    let responses: Vec<fn() -> Result<BatchJob>> =
        vec![|| Err(refused_for(400)), || Ok(job(JobState::Succeeded))];
    let (_, polls) = follow(&mut poller, responses).await;
    let seconds = started.elapsed().as_secs();
    assert!(polls == 2 && (400..=402).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn a_lasting_failure_stops_at_once() {
    let gone = || Err(refusal(404));
    let (mut seen, polls) =
        follow(&mut poller(None), vec![|| Ok(job(JobState::Running)), gone]).await;
    let error = seen.pop().unwrap().unwrap_err();
    assert!(error.is_not_found() && polls == 2);
    assert!(error.job().is_some());
}

#[test]
fn an_end_without_results_is_an_error_that_carries_the_job() {
    for state in [JobState::Failed, JobState::Expired, JobState::Cancelled] {
        let error = with_results(job(state.clone())).unwrap_err();
        assert!(error.is_job_ended());
        assert_eq!(error.job().unwrap().state(), &state);
    }
    for state in [JobState::Succeeded, JobState::PartiallySucceeded] {
        assert!(with_results(job(state)).is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_reported_each_time_it_has_lasted_so_long() {
    let minute = Duration::from_secs(60);
    let counted = |pending| {
        let stats = crate::job::JobStats {
            pending: Some(pending),
            ..Default::default()
        };
        BatchJob::new(JobRecord {
            state: JobState::Running,
            details: Details {
                stats: Some(stats),
                ..Details::default()
            },
            ..JobRecord::default()
        })
    };
    let mut watch = StallWatch::new(10 * minute);
    let mut reports = Vec::new();
    for pass in 0..40 {
        // The counts move in the 15th minute, the state in the 38th.
        let job = match pass {
            0..15 => counted(7),
            15..38 => counted(6),
            _ => job(JobState::Succeeded),
        };
        reports.extend(watch.see(&job).map(|still| (pass, still / 60)));
        tokio::time::advance(minute).await;
    }
    let minutes = |n| Duration::from_secs(n);
    assert_eq!(
        reports,
        [(10, minutes(10)), (25, minutes(10)), (35, minutes(20))]
    );
}
