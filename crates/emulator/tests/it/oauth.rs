//! Tokens: how clients get them, and what they open.

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{TimeDelta, Utc};
use genai_batch_emulator::{Builder, Operation, TokenKind};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::{Fixture, header, ok, refusal};
use crate::vertex::PLACE;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// An emulator that asks for tokens.
async fn guarded() -> Fixture {
    Fixture::with(Builder::require_authentication).await
}

impl Fixture {
    fn list(&self) -> RequestBuilder {
        self.vertex(Method::GET, &format!("{PLACE}/batchPredictionJobs"))
    }

    async fn is_let_in(&self, token: &str) -> bool {
        let sent = self.list().bearer_auth(token).send().await.unwrap();
        sent.status() == 200
    }

    fn grant(&self, body: &Value) -> RequestBuilder {
        self.vertex(Method::POST, "token").json(body)
    }
}

/// What a key file says, signed with the key in it.
fn signed(key: &Value, claims: &Value) -> String {
    let pem = key["private_key"].as_str().unwrap();
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    let der = STANDARD.decode(lines.collect::<String>()).unwrap();
    let pair = KeyPair::from_pkcs8(&der).unwrap();
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": key["private_key_id"]});
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&header), encode(claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims(key: &Value) -> Value {
    let now = Utc::now();
    json!({
        "iss": key["client_email"],
        "aud": key["token_uri"],
        "iat": now.timestamp(),
        "exp": (now + TimeDelta::hours(1)).timestamp(),
    })
}

fn parse(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

async fn error_of(call: RequestBuilder) -> String {
    let answer = call.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let error: Value = answer.json().await.unwrap();
    error["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn service_accounts_sign_for_their_tokens() {
    let fixture = guarded().await;
    let key = parse(&fixture.emulator.service_account_json());
    assert_eq!(key["type"], "service_account");
    assert_eq!(
        key["token_uri"],
        format!("{}/token", fixture.emulator.base_url())
    );
    let assertion = signed(&key, &claims(&key));
    let form = format!("grant_type={JWT_BEARER}&assertion={assertion}");
    let call = fixture
        .vertex(Method::POST, "token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let granted = ok(call).await;
    assert_eq!(
        (&granted["expires_in"], &granted["token_type"]),
        (&json!(3600), &json!("Bearer"))
    );
    assert!(
        fixture
            .is_let_in(granted["access_token"].as_str().unwrap())
            .await
    );
    assert_eq!(fixture.emulator.token_count(TokenKind::ServiceAccount), 1);
    assert_eq!(fixture.emulator.request_count(Operation::ExchangeToken), 1);
}

#[tokio::test]
async fn bad_assertions_are_refused() {
    let fixture = guarded().await;
    let other = Fixture::new().await;
    let key = parse(&fixture.emulator.service_account_json());
    let foreign_key = parse(&other.emulator.service_account_json());
    let with = |name: &str, value: Value| {
        let mut claims = claims(&key);
        claims[name] = value;
        signed(&key, &claims)
    };
    let hour_ago = (Utc::now() - TimeDelta::hours(1)).timestamp();
    for assertion in [
        "nonsense".to_owned(),
        signed(&foreign_key, &claims(&key)),
        with("iss", json!("someone@else")),
        with("aud", json!("https://example.com")),
        with("exp", json!(hour_ago)),
        with("iat", json!(null)),
    ] {
        let body = json!({"grant_type": JWT_BEARER, "assertion": assertion});
        assert_eq!(error_of(fixture.grant(&body)).await, "invalid_grant");
    }
    let unknown = json!({"grant_type": "password"});
    assert_eq!(
        error_of(fixture.grant(&unknown)).await,
        "unsupported_grant_type"
    );
    assert_eq!(fixture.emulator.tokens(), []);
}

#[tokio::test]
async fn users_refresh_and_act_as_service_accounts() {
    let fixture = guarded().await;
    let account = parse(&fixture.emulator.impersonated_service_account_json());
    let user = &account["source_credentials"];
    assert_eq!(*user, parse(&fixture.emulator.authorized_user_json()));
    let mut body = json!({
        "grant_type": "refresh_token",
        "client_id": user["client_id"],
        "client_secret": user["client_secret"],
        "refresh_token": user["refresh_token"],
    });
    let granted = ok(fixture.grant(&body)).await;
    let token = granted["access_token"].as_str().unwrap();
    assert!(fixture.is_let_in(token).await);
    body["refresh_token"] = json!("other");
    assert_eq!(error_of(fixture.grant(&body)).await, "invalid_grant");

    let url = account["service_account_impersonation_url"]
        .as_str()
        .unwrap();
    let asked = json!({"scope": ["cloud-platform"], "lifetime": "600s"});
    let anonymous = refusal(fixture.http.post(url).json(&asked)).await;
    assert_eq!(anonymous, (401, "UNAUTHENTICATED".to_owned()));
    let granted = ok(fixture.http.post(url).bearer_auth(token).json(&asked)).await;
    assert!(granted["expireTime"].as_str().unwrap().ends_with('Z'));
    let token = granted["accessToken"].as_str().unwrap();
    assert!(fixture.is_let_in(token).await);
    fixture.advance(600);
    assert!(!fixture.is_let_in(token).await);
    assert_eq!(fixture.emulator.token_count(TokenKind::Impersonation), 1);
}

#[tokio::test]
async fn outside_identities_exchange_their_tokens() {
    let fixture = guarded().await;
    let account = parse(&fixture.emulator.external_account_json());
    let source = account["credential_source"]["url"].as_str().unwrap();
    let subject = fixture.http.get(source).send().await.unwrap();
    let mut body = json!({
        "grant_type": TOKEN_EXCHANGE,
        "audience": account["audience"],
        "subject_token_type": account["subject_token_type"],
        "subject_token": subject.text().await.unwrap(),
    });
    let url = account["token_url"].as_str().unwrap();
    let granted = ok(fixture.http.post(url).json(&body)).await;
    assert!(granted["issued_token_type"].is_string());
    assert!(
        fixture
            .is_let_in(granted["access_token"].as_str().unwrap())
            .await
    );
    body["subject_token"] = json!("other");
    assert_eq!(
        error_of(fixture.http.post(url).json(&body)).await,
        "invalid_grant"
    );
}

#[tokio::test]
async fn clients_may_sign_their_own_tokens() {
    let fixture = guarded().await;
    let key = parse(&fixture.emulator.service_account_json());
    let token = signed(&key, &claims(&key));
    assert!(fixture.is_let_in(&token).await);
    assert!(fixture.is_let_in(&token).await);
    assert_eq!(fixture.emulator.token_count(TokenKind::SelfSigned), 1);
    fixture.advance(3600);
    assert!(!fixture.is_let_in(&token).await);
}

#[tokio::test]
async fn tokens_end() {
    let fixture = Fixture::with(|builder| {
        builder
            .require_authentication()
            .token_lifetime(Duration::from_secs(60))
    })
    .await;
    let reason = async |call: RequestBuilder| -> (Response, String) {
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        let challenge = header(&answer, "www-authenticate").to_owned();
        (answer, challenge)
    };
    let detail = async |answer: Response| -> Value {
        let error: Value = answer.json().await.unwrap();
        error["error"]["details"][0].clone()
    };
    let first = fixture.emulator.issue_token();
    assert!(fixture.is_let_in(&first).await);
    fixture.advance(60);
    let (answer, challenge) = reason(fixture.list().bearer_auth(&first)).await;
    assert_eq!(
        challenge,
        r#"Bearer realm="https://accounts.google.com/", error="invalid_token""#
    );
    assert_eq!(
        detail(answer).await,
        json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_EXPIRED",
            "domain": "googleapis.com",
            "metadata": {"service": "aiplatform.googleapis.com"},
        })
    );
    let second = fixture.emulator.issue_token();
    assert!(fixture.is_let_in(&second).await);
    fixture.emulator.revoke_tokens();
    let (answer, _) = reason(fixture.list().bearer_auth(&second)).await;
    assert_eq!(detail(answer).await["reason"], "ACCESS_TOKEN_EXPIRED");
    let (answer, _) = reason(fixture.list().bearer_auth("other")).await;
    assert_eq!(
        detail(answer).await["reason"],
        "ACCESS_TOKEN_TYPE_UNSUPPORTED"
    );
    let (answer, _) = reason(fixture.list()).await;
    assert_eq!(detail(answer).await["reason"], "CREDENTIALS_MISSING");
}

#[tokio::test]
async fn keys_and_tokens_open_what_they_should() {
    let fixture = Fixture::with(|b| b.require_authentication().api_key("right")).await;
    let express = || fixture.vertex(Method::GET, "v1beta1/batchPredictionJobs");
    ok(express().header("x-goog-api-key", "right")).await;
    ok(express().query(&[("key", "right")])).await;
    assert_eq!(
        refusal(express().header("x-goog-api-key", "wrong")).await.0,
        400
    );

    let objects = || fixture.vertex(Method::GET, "storage/v1/b/bucket/o");
    assert_eq!(objects().send().await.unwrap().status(), 401);
    assert_eq!(
        objects()
            .bearer_auth("other")
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    ok(objects().bearer_auth(fixture.emulator.issue_token())).await;
    // Without the switch nobody is asked.
    ok(Fixture::new().await.list()).await;
}

#[tokio::test]
async fn the_metadata_server_knows_its_machine() {
    let fixture = guarded().await;
    let env = fixture.emulator.env();
    let value = |name: &str| &env.iter().find(|(key, _)| key == name).unwrap().1;
    let host = value("GCE_METADATA_HOST");
    assert_eq!(value("GCE_METADATA_IP"), host);
    let get = |path: &str| {
        let call = fixture.http.get(format!("http://{host}/{path}"));
        call.header("metadata-flavor", "Google")
    };
    let text = async |path: &str| {
        let answer = get(path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(header(&answer, "metadata-flavor"), "Google");
        answer.text().await.unwrap()
    };
    text("").await;
    for folder in ["", "/instance", "/instance/service-accounts", "/project"] {
        let listed = text(&format!("computeMetadata/v1{folder}")).await;
        let again = text(&format!("computeMetadata/v1{folder}/")).await;
        assert_eq!(listed, again, "{folder}");
    }
    let account = "computeMetadata/v1/instance/service-accounts/default";
    let email = text(&format!("{account}/email")).await;
    assert!(email.ends_with("gserviceaccount.com"));
    let scopes = text(&format!("{account}/scopes")).await;
    assert!(scopes.contains("cloud-platform"));
    assert_eq!(
        text("computeMetadata/v1/project/project-id").await,
        "emulator-project"
    );
    let universe = "computeMetadata/v1/universe/universe-domain";
    assert_eq!(text(universe).await, "googleapis.com");
    for about in [format!("{account}/"), account.to_owned()] {
        let about = ok(get(&format!("{about}?recursive=true"))).await;
        assert_eq!(about["email"], email);
    }
    let token = ok(get(&format!("{account}/token"))).await;
    assert!(
        fixture
            .is_let_in(token["access_token"].as_str().unwrap())
            .await
    );
    assert_eq!(fixture.emulator.token_count(TokenKind::Metadata), 1);

    let bare = fixture.http.get(format!("http://{host}/{universe}"));
    assert_eq!(bare.send().await.unwrap().status(), 403);
    let unknown = get("computeMetadata/v1/instance/nothing");
    assert_eq!(unknown.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_service_whose_clock_is_ahead_refuses_tokens_early() {
    let fixture = guarded().await;
    fixture.emulator.faults().expire_tokens_after(2);
    let token = fixture.emulator.issue_token();
    assert!(fixture.is_let_in(&token).await && fixture.is_let_in(&token).await);
    assert!(!fixture.is_let_in(&token).await);
    assert!(fixture.is_let_in(&fixture.emulator.issue_token()).await);
}
