use super::*;

#[test]
fn a_main_that_returns_it_prints_sentences() {
    let cause = std::io::Error::other("the disk is \u{1b}[31mfull");
    let error = Error::input("line 7 is not JSON")
        .with_source(cause)
        .during("creating a batch job");
    assert_eq!(
        format!("{error:?}"),
        "creating a batch job: line 7 is not JSON\n\nCaused by:\n    the disk is \\u{1b}[31mfull"
    );
    assert!(format!("{error:#?}").contains("kind: Input"));
    let plain = Error::input("no requests");
    assert_eq!(format!("{plain:?}"), plain.to_string());
}

#[test]
fn a_job_that_ended_for_a_quota_tells_when_to_come_back() {
    use crate::job::{Details, JobRecord, Status};
    use crate::state::JobState;

    let info = serde_json::json!({
        "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s",
    });
    let details = info.as_object().cloned().into_iter().collect();
    let details = Details {
        error: Some(Status::new(Some(8), Some("too many".to_owned()), details)),
        ..Details::default()
    };
    let job = BatchJob::new(JobRecord {
        state: JobState::Failed,
        details,
        ..JobRecord::default()
    });
    let error = Error::ended_without_results(job);
    assert!(error.is_quota());
    assert_eq!(error.retry_after(), Some(Duration::from_millis(34_500)));
    assert!(error.to_string().contains("34.5s"), "{error}");
}
