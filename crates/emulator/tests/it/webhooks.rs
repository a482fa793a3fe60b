//! Webhooks as they come over the wire, taken apart by hand.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{Fixture, JOB, name_of, ok, request};

const SECRETS: [&[u8]; 2] = [
    b"the old secret of the tests",
    b"the new secret of the tests",
];

/// The next call that comes in, as its head and its body.
async fn received(listener: &TcpListener) -> (String, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut read = Vec::new();
    loop {
        stream.read_buf(&mut read).await.unwrap();
        let text = String::from_utf8(read.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        if body.len() == header(head, "content-length").parse::<usize>().unwrap() {
            let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            return (head.to_owned(), body.to_owned());
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| *found == name).unwrap().1
}

/// Lets a job come to its end that reports it; returns its name, and the address it reports to.
async fn end_a_job(fixture: &Fixture, listener: &TcpListener) -> (String, String) {
    let uri = format!("http://{}/hook", listener.local_addr().unwrap());
    let batch = json!({
        "webhookConfig": {"uris": [uri], "userMetadata": {"run": 7}},
        "inputConfig": {"requests": {"requests": [{"request": request("hi")}]}},
    });
    let name = name_of(&ok(fixture.create(&batch)).await);
    fixture.emulator.clock().advance(JOB);
    (name, uri)
}

#[tokio::test]
async fn each_secret_signs_id_timestamp_and_body() {
    let sign = |builder: genai_batch_emulator::Builder, secret: &&[u8]| {
        builder.webhook_secret(format!("whsec_{}", STANDARD.encode(secret)))
    };
    let fixture = Fixture::with(|builder| SECRETS.iter().fold(builder, sign)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (name, uri) = end_a_job(&fixture, &listener).await;
    let (head, body) = received(&listener).await;
    assert!(head.starts_with("POST /hook HTTP/1.1"), "{head}");
    let (id, timestamp) = (
        header(&head, "webhook-id"),
        header(&head, "webhook-timestamp"),
    );
    let expected = SECRETS.map(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag.as_ref()))
    });
    assert_eq!(header(&head, "webhook-signature"), expected.join(" "));

    let event: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(event["type"], "batch.succeeded");
    assert_eq!(event["data"]["id"], name.as_str());
    assert_eq!(event["user_metadata"]["run"], 7);

    while fixture.emulator.webhooks().is_empty() {
        tokio::task::yield_now().await;
    }
    let sent = &fixture.emulator.webhooks()[0];
    assert_eq!((sent.uri.as_str(), sent.status), (uri.as_str(), Some(202)));
}

#[tokio::test]
async fn without_a_secret_a_token_is_signed_with_the_published_key() {
    let fixture = Fixture::with(|builder| builder.api_key("test-key")).await;
    let keys = format!("{}/.well-known/jwks.json", fixture.emulator.base_url());
    let keys: Value = ok(fixture.http.request(Method::GET, keys)).await;
    let key = &keys["keys"][0];
    let number = |field: &str| {
        URL_SAFE_NO_PAD
            .decode(key[field].as_str().unwrap())
            .unwrap()
    };
    let public = RsaPublicKeyComponents {
        n: number("n"),
        e: number("e"),
    };

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_, uri) = end_a_job(&fixture, &listener).await;
    let (head, body) = received(&listener).await;
    let token = header(&head, "webhook-signature");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let verified = public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature);
    assert!(verified.is_ok());
    let (header, claims) = signed.split_once('.').unwrap();
    let read =
        |part| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    assert_eq!(read(header)["kid"], key["kid"]);
    assert_eq!(read(claims)["aud"], uri.as_str());
    let event: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(read(claims)["data"], event["data"]);
}

#[tokio::test]
async fn an_invalid_secret_does_not_start() {
    let builder = genai_batch_emulator::Emulator::builder().webhook_secret("whsec_?");
    assert!(builder.start().await.is_err());
}
