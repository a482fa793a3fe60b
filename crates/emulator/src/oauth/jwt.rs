//! Reading what a service account signed: assertions that ask for a token, and tokens that a client
//! signed itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::keys::Key;

/// How far a client's clock may be off, in seconds.
const SKEW: i64 = 300;
/// How long an assertion may be good for, in seconds, clocks being off included.
const LONGEST: i64 = 3600 + SKEW;

/// What a signed text claims.
#[derive(Debug)]
pub(crate) struct Claims {
    pub(crate) issuer: String,
    pub(crate) audience: Option<String>,
    pub(crate) expires: i64,
}

impl Claims {
    /// Reads `token`; an error says what is wrong with it. The time is the real one, which is what
    /// clients write into what they sign.
    pub(crate) fn of(token: &str, key: Option<&Key>, now: DateTime<Utc>) -> Result<Self, String> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err("Invalid JWT: it does not have three parts.".to_owned());
        };
        let signed = &token[..header.len() + 1 + claims.len()];
        let (Some(header), Some(claims)) = (decode(header), decode(claims)) else {
            return Err("Invalid JWT: a part of it is not JSON.".to_owned());
        };
        if header["alg"] != "RS256" {
            return Err("Invalid JWT: it is not signed with RS256.".to_owned());
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        let is_ours = |key: &Key| {
            let kid = header.get("kid").and_then(Value::as_str);
            kid.is_none_or(|kid| kid == key.id) && key.verifies(signed.as_bytes(), &signature)
        };
        if !key.is_some_and(is_ours) {
            return Err("Invalid JWT Signature.".to_owned());
        }
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        let (Some(issued), Some(expires)) = (time("iat"), time("exp")) else {
            return Err("Invalid JWT: iat and exp are required.".to_owned());
        };
        let now = now.timestamp();
        if issued > now + SKEW || expires < now - SKEW || expires - issued > LONGEST {
            let message = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a \
                           reasonable timeframe.";
            return Err(message.to_owned());
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            issuer: text("iss").unwrap_or_default(),
            audience: text("aud"),
            expires,
        })
    }
}

fn decode(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused() {
        for token in [
            "",
            "a.b",
            "a.b.c",
            "e30.e30.e30",
            "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        ] {
            assert!(Claims::of(token, None, Utc::now()).is_err(), "{token}");
        }
    }
}
