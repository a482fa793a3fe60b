//! The RSA key of the service account, made when it is first asked for.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A key that takes a moment to make, and that most emulators never need.
#[derive(Debug, Default)]
pub(crate) struct LazyKey(OnceLock<Key>);

/// A key pair.
#[derive(Debug)]
pub(crate) struct Key {
    /// The id that a key file and signed tokens name it by.
    pub(crate) id: String,
    /// PKCS #8 in PEM.
    pub(crate) private_pem: String,
    /// PKCS #1.
    public_der: Vec<u8>,
}

impl LazyKey {
    pub(crate) fn get(&self) -> &Key {
        self.0.get_or_init(Key::generate)
    }

    /// The key, where it has been given away, so that something may have been signed with it.
    pub(crate) fn made(&self) -> Option<&Key> {
        self.0.get()
    }
}

impl Key {
    #[allow(
        clippy::expect_used,
        reason = "a system without randomness or memory is beyond help"
    )]
    fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("RSA keys of 2048 bits can be made");
        let private: Pkcs8V1Der<'_> = pair.as_der().expect("a key that was made can be written");
        let public_der = pair.public_key().as_ref().to_vec();
        let digest = Sha256::digest(&public_der);
        let id = digest.iter().take(20).map(|byte| format!("{byte:02x}"));
        Self {
            id: id.collect(),
            private_pem: pem(private.as_ref()),
            public_der,
        }
    }

    /// Whether `signature` is that of `message` under RS256.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_der);
        key.verify(message, signature).is_ok()
    }
}

fn pem(der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}
