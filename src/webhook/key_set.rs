//! Public keys as a service publishes them: a JSON Web Key Set (RFC 7517).

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// An RSA key for RS256.
#[derive(Debug, PartialEq)]
pub(super) struct Key {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

pub(super) type KeySet = HashMap<String, Arc<Key>>;

impl Key {
    /// Whether `signature` is that of `message`. Keys of less than 2048 bits verify nothing.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents {
            n: &self.modulus,
            e: &self.exponent,
        };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }

    /// The key and its id; `None` for one of another kind or use.
    fn read(json: &Value) -> Option<(String, Arc<Self>)> {
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let is_or_is_absent = |name, value| json.get(name).is_none_or(|found| found == value);
        if text("kty") != Some("RSA")
            || !is_or_is_absent("alg", "RS256")
            || !is_or_is_absent("use", "sig")
        {
            return None;
        }
        let key = Self {
            modulus: number(text("n")?)?,
            exponent: number(text("e")?)?,
        };
        Some((text("kid")?.to_owned(), Arc::new(key)))
    }
}

/// The bytes of a number, without zeros in front.
fn number(encoded: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let start = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[start..].to_vec())
}

/// The keys of a set that are of use here.
pub(super) fn read(json: &[u8]) -> Result<KeySet> {
    #[derive(Deserialize)]
    struct Wire {
        keys: Vec<Value>,
    }
    let set: Wire = serde_json::from_slice(json)
        .map_err(|e| Error::protocol("the answer is no JSON Web Key Set").with_source(e))?;
    Ok(set.keys.iter().filter_map(Key::read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_of_another_kind_are_passed_over() {
        let good = json!({"kty": "RSA", "kid": "a", "n": "AAEC", "e": "AQAB", "new": 1});
        let with = |field: &str, value: Value| {
            let mut key = good.clone();
            key[field] = value;
            key["kid"] = json!("other");
            key
        };
        let keys = json!({"keys": [
            good,
            with("kty", json!("EC")),
            with("alg", json!("RS512")),
            with("alg", json!(null)),
            with("use", json!("enc")),
            with("n", json!("===")),
            with("n", json!("AAAA")),
            with("e", json!(65537)),
            {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
            7,
        ]});
        let set = read(keys.to_string().as_bytes()).unwrap();
        assert_eq!(set.len(), 1);
        assert_eq!(set["a"].modulus, [1, 2]);
    }

    #[test]
    fn a_key_that_is_none_verifies_nothing() {
        let set = read(br#"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}"#).unwrap();
        assert!(!set["a"].verifies(b"message", b"signature"));
        assert!(!set["a"].verifies(b"", b""));
    }

    #[test]
    fn an_answer_that_is_no_key_set_is_refused() {
        for json in ["", "[]", "{}", r#"{"keys":{}}"#, "<html>"] {
            assert!(read(json.as_bytes()).is_err(), "{json}");
        }
    }
}
