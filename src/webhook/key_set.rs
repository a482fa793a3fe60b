//! Public keys as a service publishes them: a JSON Web Key Set (RFC 7517).

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::pki_types::SignatureVerificationAlgorithm;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::http::tls;

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
        // There was one when the keys were fetched.
        let Ok(provider) = tls::provider() else {
            return false;
        };
        let by_scheme = provider.signature_verification_algorithms.mapping;
        let rs256 = by_scheme
            .iter()
            .filter(|(scheme, _)| *scheme == SignatureScheme::RSA_PKCS1_SHA256)
            .flat_map(|(_, algorithms)| *algorithms);
        let key = self.to_der();
        let verify = |with: &dyn SignatureVerificationAlgorithm| {
            with.verify_signature(&key, message, signature).is_ok()
        };
        rs256.into_iter().any(|algorithm| verify(*algorithm))
    }

    /// As it stands in certificates: a sequence of both numbers (RFC 8017, `RSAPublicKey`).
    fn to_der(&self) -> Vec<u8> {
        let mut numbers = der(0x02, &unsigned(&self.modulus));
        numbers.extend(der(0x02, &unsigned(&self.exponent)));
        der(0x30, &numbers)
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

/// A number whose first bit would be read as its sign.
fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let sign: &[u8] = match bytes.first() {
        Some(first) if *first < 0x80 => &[],
        _ => &[0],
    };
    [sign, bytes].concat()
}

/// A value in DER (X.690): what it is, its length, itself.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut value = vec![tag];
    match *length {
        [] => value.push(0),
        [short] if short < 0x80 => value.push(short),
        _ => {
            value.push(0x80 | length.len() as u8);
            value.extend(length);
        }
    }
    value.extend(content);
    value
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
        .map_err(|e| Error::protocol("the response is not a JSON Web Key Set").with_source(e))?;
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
    fn an_invalid_key_verifies_nothing() {
        let set = read(br#"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}"#).unwrap();
        assert!(!set["a"].verifies(b"message", b"signature"));
        assert!(!set["a"].verifies(b"", b""));
    }

    #[test]
    fn a_response_that_is_not_a_key_set_is_refused() {
        for json in ["", "[]", "{}", r#"{"keys":{}}"#, "<html>"] {
            assert!(read(json.as_bytes()).is_err(), "{json}");
        }
    }
}
