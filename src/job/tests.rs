use super::*;
use crate::keys::SubmittedKeysBuilder;
use crate::testing::block_on;

fn job(state: JobState, stats: Option<JobStats>) -> BatchJob {
    let details = Details {
        stats,
        ..Details::default()
    };
    BatchJob::new(JobRecord {
        state,
        details,
        ..JobRecord::default()
    })
}

#[test]
fn progress_takes_the_total_from_the_submission_where_there_is_no_other() {
    let done = |total| JobStats {
        total,
        succeeded: 2,
        failed: 1,
        pending: None,
    };
    let running = job(JobState::Running, Some(done(None)));
    assert_eq!(running.progress(), None);
    let submission = block_on(async {
        let mut keys = SubmittedKeysBuilder::default();
        (1..=4).for_each(|place| drop(keys.assign(place)));
        Submission {
            expected: Arc::new(keys.finish().await.unwrap().unwrap()),
            sent_keys: SentKeys {
                field: "key".to_owned(),
                is_only: false,
            },
            remove: Vec::new(),
        }
    });
    let running = running.remembering(Some(Arc::new(submission)));
    assert_eq!(running.progress(), Some(0.75));
    assert_eq!(
        running.stats().unwrap().to_string(),
        "3 of 4 done, 1 of them failed"
    );
    let by_service = job(JobState::Running, Some(done(Some(30))));
    assert_eq!(by_service.progress(), Some(0.1));
    assert_eq!(
        job(JobState::Running, Some(done(Some(2)))).progress(),
        Some(1.0)
    );
    assert_eq!(job(JobState::Running, Some(done(Some(0)))).progress(), None);
    assert_eq!(job(JobState::Running, None).progress(), None);
    assert_eq!(job(JobState::Succeeded, None).progress(), Some(1.0));
}

#[test]
fn how_a_job_ended_is_told_in_a_word() {
    for (state, succeeded, failed) in [
        (JobState::Succeeded, true, false),
        (JobState::PartiallySucceeded, true, false),
        (JobState::Failed, false, true),
        (JobState::Expired, false, true),
        (JobState::Cancelled, false, false),
        (JobState::Running, false, false),
    ] {
        let job = job(state, None);
        assert_eq!(
            (job.is_succeeded(), job.is_failed()),
            (succeeded, failed),
            "{job:?}"
        );
    }
}
