//! Vectors computed with Python's `hmac`.

use std::time::Duration;

use super::*;
use crate::webhook::EventType;

const OLD: &str = "whsec_YSBzZWNyZXQgb2YgdGhlIGZpcnN0IGdlbmVyYXRpb24=";
const BY_OLD: &str = "v1,JafRoWBaFtdHg1fcREnSml71Yes6yWcH6XsD3i5uXi0=";
const NEW: &str = "whsec_YSBzZWNyZXQgb2YgdGhlIHNlY29uZCBnZW5lcmF0aW9uIQ==";
const BY_NEW: &str = "v1,3fCzwQSTXGI27yruLkNSWPl66Guc9fAm/KLaMSQ4ia0=";

async fn verify(verifier: &Verifier, signature: &str, body: &str) -> Result<Event> {
    let headers = headers(&[
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", "1769083200"),
        ("webhook-signature", signature),
    ]);
    verifier
        .verify_at(at(SENT), &headers, body.as_bytes())
        .await
}

fn old() -> Verifier {
    Verifier::with_secrets([OLD]).unwrap()
}

#[tokio::test]
async fn what_is_signed_passes() {
    let event = verify(&old(), BY_OLD, BODY).await.unwrap();
    assert_eq!(event.event_type(), &EventType::BatchSucceeded);
    assert_eq!(event.id(), Some("msg_1"));
    assert!(event.is_signed() && event.is_about("batches/123abc"));
    assert_eq!(event.as_json(), BODY);
    let without_prefix = OLD.trim_start_matches("whsec_");
    let verifier = Verifier::with_secrets([without_prefix]).unwrap();
    assert!(verify(&verifier, BY_OLD, BODY).await.is_ok());
}

#[tokio::test]
async fn what_comes_again_says_so() {
    let verifier = old();
    for delivery in 0..3 {
        let event = verify(&verifier, BY_OLD, BODY).await.unwrap();
        assert_eq!(event.is_repeated(), delivery > 0);
    }
    assert!(!verify(&old(), BY_OLD, BODY).await.unwrap().is_repeated());
    assert!(!Event::from_json(BODY).unwrap().is_repeated());
}

#[tokio::test]
async fn secrets_can_be_rotated() {
    let both = Verifier::with_secrets([NEW, OLD]).unwrap();
    let new = Verifier::with_secrets([NEW]).unwrap();
    let by_both = format!("{BY_OLD} {BY_NEW}");
    for signature in [BY_OLD, BY_NEW, &by_both] {
        assert!(verify(&both, signature, BODY).await.is_ok(), "{signature}");
    }
    assert!(verify(&new, &by_both, BODY).await.is_ok());
    assert!(verify(&old(), &by_both, BODY).await.is_ok());
    refused(verify(&new, BY_OLD, BODY).await, "none of the secrets");
    let among_others = format!("v1a,AAAA v2,{} v1, {BY_NEW}", &BY_OLD[3..]);
    assert!(verify(&new, &among_others, BODY).await.is_ok());
}

#[tokio::test]
async fn a_change_anywhere_is_noticed() {
    let changed = BODY.replace("123abc", "123abd");
    let forged = "none of the secrets";
    for body in [&changed, &format!("{BODY} "), &BODY[1..], ""] {
        refused(verify(&old(), BY_OLD, body).await, forged);
    }
    for (id, timestamp) in [
        ("msg_2", "1769083200"),
        ("msg_1", "1769083201"),
        ("msg_1", "01769083200"),
    ] {
        let headers = headers(&[
            ("webhook-id", id),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", BY_OLD),
        ]);
        let verdict = old().verify_at(at(SENT), &headers, BODY.as_bytes()).await;
        refused(verdict, forged);
    }
    for at in 3..BY_OLD.len() - 1 {
        let mut signature = BY_OLD.to_owned().into_bytes();
        signature[at] = if signature[at] == b'A' { b'B' } else { b'A' };
        let signature = String::from_utf8(signature).unwrap();
        let error = verify(&old(), &signature, BODY).await.unwrap_err();
        assert!(error.is_unverified(), "{signature}: {error}");
    }
    let short = &BY_OLD[..19];
    for signature in [short, "v1,AAAA", "v1,AA=="] {
        refused(verify(&old(), signature, BODY).await, forged);
    }
}

#[tokio::test]
async fn a_signature_of_another_form_is_told_from_a_wrong_one() {
    for signature in [
        &BY_OLD[3..],
        "v1",
        "v1,",
        "v1,?",
        "v2,AAAA",
        "V1,AAAA",
        "a.b.c",
        " ",
    ] {
        let reason = match signature {
            "v1," => "none of the secrets",
            _ => "no signature of the form",
        };
        refused(verify(&old(), signature, BODY).await, reason);
    }
}

#[tokio::test]
async fn headers_are_there_once() {
    let all = [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", "1769083200"),
        ("webhook-signature", BY_OLD),
    ];
    let verify = async |pairs: &[_]| {
        let headers = headers(pairs);
        old().verify_at(at(SENT), &headers, BODY.as_bytes()).await
    };
    assert!(verify(&all).await.is_ok());
    for (index, (name, value)) in all.into_iter().enumerate() {
        let mut without = all.to_vec();
        without.remove(index);
        let error = refused(verify(&without).await, "no header");
        assert!(error.to_string().contains(name), "{error}");
        let empty = [without.clone(), vec![(name, "")]].concat();
        refused(verify(&empty).await, "no header");
        for again in [value, "other"] {
            let twice = [all.to_vec(), vec![(name, again)]].concat();
            refused(verify(&twice).await, "twice");
        }
        let odd = [without, vec![(name, "\u{e9}")]].concat();
        refused(verify(&odd).await, "plain text");
    }
}

#[tokio::test]
async fn a_replay_is_refused_from_the_first_second_beyond_the_tolerance() {
    let verify_at = async |verifier: &Verifier, now| {
        let headers = headers(&[
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", "1769083200"),
            ("webhook-signature", BY_OLD),
        ]);
        verifier.verify_at(at(now), &headers, BODY.as_bytes()).await
    };
    for off in [-300, 0, 300] {
        assert!(verify_at(&old(), SENT + off).await.is_ok(), "{off}");
    }
    refused(verify_at(&old(), SENT + 301).await, "301 s old");
    refused(verify_at(&old(), SENT - 301).await, "301 s ahead");
    let strict = old().tolerance(Duration::ZERO);
    assert!(verify_at(&strict, SENT).await.is_ok());
    refused(verify_at(&strict, SENT + 1).await, "1 s old");
    let lax = old().tolerance(Duration::MAX);
    assert!(verify_at(&lax, SENT + 1_000_000).await.is_ok());
}

#[tokio::test]
async fn an_invalid_time_is_refused() {
    for timestamp in [
        "now",
        "1.5",
        "99999999999999999999",
        "0x10",
        "-9223372036854775808",
    ] {
        let headers = headers(&[
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", BY_OLD),
        ]);
        let error = old().verify_at(at(SENT), &headers, b"").await.unwrap_err();
        assert!(error.is_unverified(), "{timestamp}: {error}");
    }
}

#[test]
fn secrets_that_are_none_are_refused_and_not_shown() {
    for secrets in [vec![], vec![""], vec!["whsec_"], vec![OLD, "whsec_???"]] {
        let error = Verifier::with_secrets(secrets).unwrap_err();
        assert!(error.is_configuration() && !error.to_string().contains("???"));
    }
    let shown = format!("{:?}", old());
    assert!(shown.contains("secrets: 1"), "{shown}");
}
