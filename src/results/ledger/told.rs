//! What the account says beside its numbers.

use super::*;
use crate::keys::SubmittedKeysBuilder;

#[tokio::test]
async fn a_key_is_free_until_it_has_a_row() {
    let mut builder = SubmittedKeysBuilder::default();
    builder.push("a", 1).await.unwrap();
    builder.push("b", 2).await.unwrap();
    let expected = builder.finish().await.unwrap().unwrap();
    let mut known = Ledger::new(Expectation::Keys(Arc::new(expected)));
    known.book(Some("a"), true, String::new);
    assert!(!known.is_free("a") && known.is_free("b") && !known.is_free("x"));
    assert!(Ledger::new(Expectation::Unknown).is_free("x"));
}

#[test]
fn a_report_says_what_it_does_not_know() {
    let mut ledger = Ledger::new(Expectation::Unknown);
    for n in 0..6 {
        ledger.book(None, n > 0, || format!("line {n}"));
    }
    ledger.finish();
    assert_eq!(
        ledger.report().to_string(),
        "unknown number submitted: 1 response + 5 errors + 0 missing; 6 without key \
         (line 0, line 1, line 2, line 3, line 4, …); by count alone, since the submitted keys \
         are not known"
    );
    let mut ledger = Ledger::new(Expectation::Count(1));
    for key in ["a", "b", "c"] {
        ledger.book(Some(key), false, String::new);
    }
    ledger.end_of_rows();
    assert_eq!(
        ledger.report().to_string(),
        "1 submitted = 3 responses + 0 errors + 0 missing; 2 beyond the service's count; not \
         read to the end"
    );
}

#[test]
fn a_report_tells_the_tokens_that_were_counted() {
    let mut ledger = Ledger::new(Expectation::Count(0));
    ledger.finish();
    assert!(!ledger.report().to_string().contains("token"));
    ledger.count_usage();
    ledger.book_usage(br#"{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2}}"#);
    let told = ledger.report().to_string();
    assert!(told.contains("missing; 5 tokens in, 2 out"), "{told}");
}

#[test]
fn a_report_is_complete_only_where_each_of_its_fields_says_so() {
    let complete = Report {
        submitted: Some(3),
        keys_known: true,
        finished: true,
        responses: 2,
        errors: 1,
        ..Report::default()
    };
    assert!(complete.is_complete());
    type Spoil = fn(&mut Report);
    let spoilt: [(&str, Spoil); 11] = [
        ("keys_known", |it| it.keys_known = false),
        ("finished", |it| it.finished = false),
        ("submitted, unknown", |it| it.submitted = None),
        ("submitted", |it| it.submitted = Some(4)),
        ("responses", |it| it.responses = 3),
        ("missing", |it| it.missing = 1),
        ("duplicates", |it| it.duplicates = 1),
        ("unexpected", |it| it.unexpected = 1),
        ("keyless", |it| it.keyless = 1),
        ("surplus", |it| it.surplus = 1),
        ("unreadable", |it| it.unreadable = 1),
    ];
    for (field, spoil) in spoilt {
        let mut report = complete.clone();
        spoil(&mut report);
        assert!(!report.is_complete(), "{field}");
    }
}
