//! Tokens signed here, with keys that a scripted server gives out.

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

static FIRST: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());
static SECOND: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

/// A key as a service publishes it. Of 2048 bits, its PKCS #1 form is a sequence of a modulus of
/// 257 bytes, the first one zero, and the exponent 65537.
fn jwk(id: &str, pair: &KeyPair) -> Value {
    let der = pair.public_key().as_ref();
    let modulus = &der[9..9 + 256];
    assert_eq!(der[der.len() - 5..], [2, 3, 1, 0, 1]);
    json!({
        "kty": "RSA", "alg": "RS256", "use": "sig", "kid": id,
        "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB",
    })
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn token_of(header: &Value, claims: &Value, pair: &KeyPair) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = SystemRandom::new();
    pair.sign(
        &RSA_PKCS1_SHA256,
        &random,
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn token(id: &str, claims: &Value, pair: &KeyPair) -> String {
    token_of(
        &json!({"alg": "RS256", "typ": "JWT", "kid": id}),
        claims,
        pair,
    )
}

fn claims() -> Value {
    json!({"iss": "issuer", "aud": "us", "iat": SENT, "exp": SENT + 3600})
}

fn without(claims: Value, names: &[&str]) -> Value {
    let mut claims = claims;
    for name in names {
        claims.as_object_mut().unwrap().remove(*name);
    }
    claims
}

async fn publish(server: &MockServer, keys: &[Value]) {
    server.reset().await;
    let response = ResponseTemplate::new(200).set_body_json(json!({"keys": keys}));
    Mock::given(any())
        .respond_with(response)
        .mount(server)
        .await;
}

async fn fetches(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

async fn server() -> (MockServer, Verifier) {
    let server = MockServer::start().await;
    publish(&server, &[jwk("first", &FIRST)]).await;
    let verifier = Verifier::dynamic().keys_url(server.uri()).audience("us");
    (server, verifier.build().unwrap())
}

async fn verify_at(verifier: &Verifier, now: i64, token: &str) -> Result<Event> {
    let timestamp = now.to_string();
    let headers = headers(&[
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", &timestamp),
        ("webhook-signature", token),
    ]);
    verifier.verify_at(at(now), &headers, BODY.as_bytes()).await
}

async fn verify(verifier: &Verifier, token: &str) -> Result<Event> {
    verify_at(verifier, SENT, token).await
}

#[tokio::test]
async fn what_is_signed_passes_and_keys_are_fetched_once() {
    let (server, verifier) = server().await;
    let token = token("first", &claims(), &FIRST);
    for delivery in 0..3 {
        let event = verify(&verifier, &token).await.unwrap();
        assert_eq!(event.id(), Some("msg_1"));
        assert_eq!(event.is_repeated(), delivery > 0);
        assert_eq!(event.as_json(), BODY);
        // The token stands beside the body and says nothing of it.
        assert!(!event.is_signed());
    }
    assert_eq!(fetches(&server).await, 1);
}

#[tokio::test]
async fn many_at_once_fetch_the_keys_once() {
    let (server, verifier) = server().await;
    let token = token("first", &claims(), &FIRST);
    let verify = (0..50).map(|_| verify(&verifier, &token));
    for verdict in futures_util::future::join_all(verify).await {
        verdict.unwrap();
    }
    assert_eq!(fetches(&server).await, 1);
}

#[tokio::test]
async fn an_event_that_the_token_states_beats_the_body() {
    let (_server, verifier) = server().await;
    let mut claims = claims();
    claims["type"] = json!("batch.failed");
    claims["data"] = json!({"id": "batches/signed"});
    let event = verify(&verifier, &token("first", &claims, &FIRST))
        .await
        .unwrap();
    assert!(event.is_signed() && event.is_about("batches/signed"));
    assert_eq!(event.event_type().as_str(), "batch.failed");
}

#[tokio::test]
async fn a_token_that_is_changed_or_by_another_key_is_refused() {
    let (_server, verifier) = server().await;
    let good = token("first", &claims(), &FIRST);
    let parts: Vec<_> = good.split('.').collect();
    let mut more = claims();
    more["exp"] = json!(SENT + 1_000_000);
    let of_others = token("first", &claims(), &SECOND);
    let forged = [
        format!("{}.{}.{}", parts[0], encode(&more), parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], "AAAA"),
        format!("{}.{}.", parts[0], parts[1]),
        of_others,
    ];
    for token in forged {
        refused(verify(&verifier, &token).await, "forged");
    }
    assert!(verify(&verifier, &good).await.is_ok());
}

#[tokio::test]
async fn no_algorithm_but_rs256_is_taken() {
    let (server, verifier) = server().await;
    let public = FIRST.public_key().as_ref();
    let spki: PublicKeyX509Der<'_> = FIRST.public_key().as_der().unwrap();
    let with_public_key_as_secret = |secret: &[u8]| {
        let header = json!({"alg": "HS256", "kid": "first"});
        let signed = format!("{}.{}", encode(&header), encode(&claims()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tag = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    };
    let none = json!({"alg": "none", "kid": "first"});
    let mut tokens = vec![
        with_public_key_as_secret(public),
        with_public_key_as_secret(spki.as_ref()),
        format!("{}.{}.", encode(&none), encode(&claims())),
    ];
    for alg in [
        json!("none"),
        json!("RS512"),
        json!("rs256"),
        json!(null),
        json!(["RS256"]),
    ] {
        tokens.push(token_of(
            &json!({"alg": alg, "kid": "first"}),
            &claims(),
            &FIRST,
        ));
    }
    for token in tokens {
        refused(verify(&verifier, &token).await, "RS256");
    }
    let critical = json!({"alg": "RS256", "kid": "first", "crit": ["b64"], "b64": false});
    refused(
        verify(&verifier, &token_of(&critical, &claims(), &FIRST)).await,
        "critical",
    );
    assert_eq!(fetches(&server).await, 0);
}

#[tokio::test]
async fn what_is_not_a_token_is_refused() {
    let (server, verifier) = server().await;
    let header = encode(&json!({"alg": "RS256", "kid": "first"}));
    let anonymous = encode(&json!({"alg": "RS256"}));
    for (token, reason) in [
        ("v1,AAAA".to_owned(), "three parts"),
        ("a.b".to_owned(), "three parts"),
        ("a.b.c.d".to_owned(), "three parts"),
        ("?.b.c".to_owned(), "base64"),
        (format!("{header}.e30=.AAAA"), "base64"),
        ("e30.e30.AAAA".to_owned(), "RS256"),
        ("W10.e30.AAAA".to_owned(), "not a JSON object"),
        (format!("{anonymous}.e30.AAAA"), "names no key"),
    ] {
        refused(verify(&verifier, &token).await, reason);
    }
    assert_eq!(fetches(&server).await, 0);
    let no_claims = token("first", &json!([]), &FIRST);
    refused(verify(&verifier, &no_claims).await, "not a JSON object");
}

#[tokio::test]
async fn a_token_is_good_for_its_time() {
    let (_server, verifier) = server().await;
    let good = token("first", &claims(), &FIRST);
    for now in [SENT - 300, SENT, SENT + 3600, SENT + 3899] {
        assert!(verify_at(&verifier, now, &good).await.is_ok(), "{now}");
    }
    let mut early = claims();
    early["nbf"] = json!(SENT + 600);
    let early = token("first", &early, &FIRST);
    refused(verify_at(&verifier, SENT + 299, &early).await, "`nbf`");
    assert!(verify_at(&verifier, SENT + 300, &early).await.is_ok());
    let lax = server().await;
    let lax_verifier = lax.1.tolerance(Duration::MAX);
    assert!(
        verify_at(&lax_verifier, SENT - 1_000_000, &early)
            .await
            .is_ok()
    );
    refused(verify_at(&verifier, SENT + 3900, &good).await, "expired");
    refused(verify_at(&verifier, SENT - 301, &good).await, "future");

    let endless = token("first", &without(claims(), &["exp"]), &FIRST);
    assert!(verify_at(&verifier, SENT + 300, &endless).await.is_ok());
    refused(
        verify_at(&verifier, SENT + 301, &endless).await,
        "301 s old",
    );
    refused(
        verify_at(&verifier, SENT - 301, &endless).await,
        "301 s ahead",
    );

    for claim in ["exp", "iat", "nbf"] {
        let mut odd = claims();
        odd[claim] = json!("never");
        let verdict = verify(&verifier, &token("first", &odd, &FIRST)).await;
        refused(verdict, &format!("`{claim}`"));
    }
}

#[tokio::test]
async fn the_headers_may_tell_the_time_too() {
    let (server, strict) = server().await;
    let keys = Verifier::dynamic().keys_url(server.uri());
    let lax = keys.allow_timeless(true).build().unwrap();
    let verify = async |verifier: &Verifier, claims: Value, timestamp: Option<&str>| {
        let token = token("first", &claims, &FIRST);
        let mut pairs = vec![("webhook-signature", token.as_str())];
        pairs.extend(timestamp.map(|timestamp| ("webhook-timestamp", timestamp)));
        let headers = headers(&pairs);
        verifier
            .verify_at(at(SENT), &headers, BODY.as_bytes())
            .await
    };
    let now = SENT.to_string();
    let old = (SENT - 301).to_string();
    let timeless = || without(claims(), &["iat", "exp"]);
    assert!(verify(&lax, claims(), None).await.unwrap().id().is_none());
    assert!(verify(&lax, timeless(), Some(&now)).await.is_ok());
    refused(verify(&lax, timeless(), None).await, "how old");
    refused(verify(&lax, claims(), Some(&old)).await, "301 s old");
    for timestamp in [Some(&*now), None] {
        let verdict = verify(&strict, timeless(), timestamp).await;
        refused(verdict, "`DynamicBuilder::allow_timeless`");
    }
}

#[tokio::test]
async fn a_token_vouches_for_one_delivery() {
    let (_server, verifier) = server().await;
    let token = token("first", &claims(), &FIRST);
    let deliver = async |id: Option<&str>, body: &str| {
        let mut pairs = vec![("webhook-signature", token.as_str())];
        pairs.extend(id.map(|id| ("webhook-id", id)));
        let headers = headers(&pairs);
        verifier
            .verify_at(at(SENT), &headers, body.as_bytes())
            .await
    };
    // A body that is no event uses up nothing.
    assert!(deliver(Some("msg_0"), "{}").await.is_err());
    assert!(!deliver(Some("msg_1"), BODY).await.unwrap().is_repeated());
    assert!(deliver(Some("msg_1"), BODY).await.unwrap().is_repeated());
    let other = BODY.replace("123abc", "123abd");
    for (id, body) in [
        (Some("msg_2"), BODY),
        (Some("msg_3"), BODY),
        (None, BODY),
        (Some("msg_1"), &other),
    ] {
        refused(deliver(id, body).await, "replay");
    }
    let again = self::token("first", &without(claims(), &["iss"]), &FIRST);
    assert!(!verify(&verifier, &again).await.unwrap().is_repeated());
}

#[tokio::test]
async fn a_token_for_somebody_else_is_refused() {
    let (server, verifier) = server().await;
    let anybody = Verifier::dynamic().keys_url(server.uri()).build().unwrap();
    for (audience, is_ours) in [
        (json!("us"), true),
        (json!(["them", "us"]), true),
        (json!("them"), false),
        (json!(["them"]), false),
        (json!("u"), false),
        (json!(null), false),
    ] {
        let mut claims = claims();
        claims["aud"] = audience;
        let token = token("first", &claims, &FIRST);
        assert_eq!(verify(&verifier, &token).await.is_ok(), is_ours);
        assert!(verify(&anybody, &token).await.is_ok());
    }
    let token = token("first", &without(claims(), &["aud"]), &FIRST);
    refused(verify(&verifier, &token).await, "is not for \"us\"");
}

#[tokio::test]
async fn forged_key_ids_cause_no_more_than_one_fetch() {
    let (server, verifier) = server().await;
    for n in 0..20 {
        let forged = token(&format!("forged-{n}"), &claims(), &SECOND);
        refused(verify(&verifier, &forged).await, "forged");
    }
    assert!(
        verify(&verifier, &token("first", &claims(), &FIRST))
            .await
            .is_ok()
    );
    assert_eq!(fetches(&server).await, 1);
}

#[tokio::test]
async fn keys_can_be_rotated() {
    let (server, verifier) = server().await;
    let (first, second) = (
        token("first", &claims(), &FIRST),
        token("second", &claims(), &SECOND),
    );
    assert!(verify(&verifier, &first).await.is_ok());

    publish(&server, &[jwk("first", &FIRST), jwk("second", &SECOND)]).await;
    refused(verify(&verifier, &second).await, "known within 30s");
    verifier.age_keys(Duration::from_secs(30));
    assert!(verify(&verifier, &second).await.is_ok());
    assert!(verify(&verifier, &first).await.is_ok());
    assert_eq!(fetches(&server).await, 1);

    publish(&server, &[jwk("second", &SECOND)]).await;
    verifier.age_keys(Duration::from_secs(3600));
    refused(verify(&verifier, &first).await, "forged");
    assert!(verify(&verifier, &second).await.is_ok());
    assert_eq!(fetches(&server).await, 1);
}

#[tokio::test]
async fn a_fetch_outlives_the_one_that_asked_for_it() {
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(200)
        .set_body_json(json!({"keys": [jwk("first", &FIRST)]}))
        .set_delay(Duration::from_millis(50));
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    let verifier = Verifier::dynamic().keys_url(server.uri()).build().unwrap();
    let token = token("first", &claims(), &FIRST);
    let hung_up = tokio::time::timeout(Duration::from_millis(1), verify(&verifier, &token));
    assert!(hung_up.await.is_err());
    verify(&verifier, &token).await.unwrap();
    assert_eq!(fetches(&server).await, 1);
}

#[tokio::test]
async fn a_response_that_is_not_a_key_set_is_not_a_verdict() {
    let huge = "x".repeat(300_000);
    let moved = ResponseTemplate::new(302).insert_header("location", "http://127.0.0.1:1/");
    for (response, is_retryable, reason) in [
        (ResponseTemplate::new(503), true, "503"),
        (moved, false, "302"),
        (ResponseTemplate::new(404), false, "404"),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            false,
            "Key Set",
        ),
        (
            ResponseTemplate::new(200).set_body_string(huge),
            false,
            "longer than",
        ),
    ] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(response)
            .mount(&server)
            .await;
        let verifier = Verifier::dynamic().keys_url(server.uri()).build().unwrap();
        let token = token("first", &claims(), &FIRST);
        let error = verify(&verifier, &token).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(error.is_retryable(), is_retryable, "{error}");
        assert!(!error.is_unverified());
        // Until it is asked again, nobody knows.
        let again = verify(&verifier, &token).await.unwrap_err();
        assert!(again.is_retryable() && !again.is_unverified(), "{again}");
        assert_eq!(fetches(&server).await, 1);
    }
}

#[test]
fn keys_come_from_a_safe_place() {
    for url in [
        "",
        "keys",
        "http://example.com/keys",
        "ftp://localhost/",
        "file:///keys",
    ] {
        let error = Verifier::dynamic().keys_url(url).build().unwrap_err();
        assert!(error.is_configuration(), "{url}");
    }
    assert!(Verifier::dynamic().build().is_ok());
}
