use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use super::poll::MAX_OUTAGE;
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
    Error::status_answer(failure, "no".into())
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

/// Polls to the end through these answers; the last one repeats.
async fn follow(
    poller: &mut Poller,
    answers: Vec<fn() -> Result<BatchJob>>,
) -> (Vec<Result<BatchJob>>, usize) {
    let polls = AtomicUsize::new(0);
    let mut seen = Vec::new();
    let get = || async {
        let poll = polls.fetch_add(1, Ordering::Relaxed);
        answers[poll.min(answers.len() - 1)]()
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
async fn a_timeout_before_the_first_answer_carries_the_job_that_was_given() {
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
async fn times_beyond_the_clock_are_no_limit() {
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
            }
            .into(),
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
