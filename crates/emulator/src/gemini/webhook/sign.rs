//! Signing webhooks: with secrets, or with an RSA key that is made when it is first needed.

use std::fmt;
use std::io;
use std::sync::OnceLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// How long a token is good for, in seconds.
const LIFETIME: i64 = 60 * 60;

pub(super) struct Signer {
    issuer: String,
    /// None for dynamic signatures.
    secrets: Vec<hmac::Key>,
    key: OnceLock<Key>,
}

struct Key {
    pair: KeyPair,
    id: String,
}

impl Signer {
    pub(super) fn new(base_url: &str, secrets: &[String]) -> io::Result<Self> {
        let secrets = secrets.iter().map(|secret| {
            let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
            let bytes = STANDARD.decode(encoded).map_err(io::Error::other)?;
            Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
        });
        Ok(Self {
            issuer: base_url.to_owned(),
            secrets: secrets.collect::<io::Result<_>>()?,
            key: OnceLock::new(),
        })
    }

    /// The headers that a webhook goes with; a forged one is signed for something else.
    pub(super) fn sign(
        &self,
        id: &str,
        now: i64,
        uri: &str,
        event: &Value,
        forged: bool,
    ) -> [(&'static str, String); 3] {
        let signature = match self.secrets.is_empty() {
            true => self.token(now, uri, event, forged),
            false => self.with_secrets(id, now, event, forged),
        };
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", signature),
        ]
    }

    fn with_secrets(&self, id: &str, now: i64, event: &Value, forged: bool) -> String {
        let signed = match forged {
            true => format!("{id}.{now}.{{}}"),
            false => format!("{id}.{now}.{event}"),
        };
        let signatures = self.secrets.iter().map(|secret| {
            let tag = hmac::sign(secret, signed.as_bytes());
            format!("v1,{}", STANDARD.encode(tag.as_ref()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }

    fn token(&self, now: i64, uri: &str, event: &Value, forged: bool) -> String {
        let key = self.key();
        let mut claims = event.clone();
        claims["iss"] = json!(self.issuer);
        claims["aud"] = json!(uri);
        claims["iat"] = json!(now);
        claims["exp"] = json!(now + LIFETIME);
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = encode(&json!({"alg": "RS256", "typ": "JWT", "kid": key.id}));
        let token = format!("{header}.{}", encode(&claims));
        let signed = match forged {
            true => format!("{header}.{}", encode(&json!({}))),
            false => token.clone(),
        };
        format!("{token}.{}", URL_SAFE_NO_PAD.encode(key.sign(&signed)))
    }

    /// The public half of the key, as a JSON Web Key Set.
    pub(super) fn key_set(&self) -> Value {
        let key = self.key();
        let public = key.pair.public_key().as_ref();
        // PKCS #1 of a key of 2048 bits: after nine bytes, a zero among them, comes the modulus.
        // The exponent of keys that are generated is 65537.
        let modulus = public.get(9..9 + 256).unwrap_or_default();
        json!({"keys": [{
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": key.id,
            "n": URL_SAFE_NO_PAD.encode(modulus),
            "e": URL_SAFE_NO_PAD.encode([1, 0, 1]),
        }]})
    }

    fn key(&self) -> &Key {
        self.key.get_or_init(Key::generate)
    }
}

impl Key {
    #[allow(
        clippy::expect_used,
        reason = "a system without randomness or memory is beyond help"
    )]
    fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("RSA keys of 2048 bits can be made");
        let digest = Sha256::digest(pair.public_key().as_ref());
        let id = digest.iter().take(20).map(|byte| format!("{byte:02x}"));
        Self {
            id: id.collect(),
            pair,
        }
    }

    #[allow(clippy::expect_used, reason = "the buffer has the length of the key")]
    fn sign(&self, message: &str) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                message.as_bytes(),
                &mut signature,
            )
            .expect("a whole key signs");
        signature
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("issuer", &self.issuer)
            .field("secrets", &self.secrets.len())
            .finish_non_exhaustive()
    }
}
