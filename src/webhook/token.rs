//! Dynamic signatures: a JSON Web Token (RFC 7519) in the signature header, by RS256 alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::event::Event;
use super::headers::{Delivery, Moment, unverified};
use super::key_set::Key;
use crate::error::Result;

const ALGORITHM: &str = "RS256";

/// A token, of which nothing is believed yet.
pub(super) struct Token<'a> {
    /// The id of the key that it says to be signed with.
    pub(super) key_id: String,
    pub(super) signed: &'a str,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

/// What is asked of a token besides a good signature.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// Whom it must be for.
    pub(super) audience: Option<String>,
    /// Whether it may lack any time.
    pub(super) timeless: bool,
}

/// What a token states, its signature being good.
pub(super) struct Claims {
    json: Vec<u8>,
    fields: Map<String, Value>,
}

fn malformed(what: &str) -> crate::Error {
    unverified(format!(
        "the webhook's signature is not a token that can be trusted: {what}"
    ))
}

impl<'a> Token<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self> {
        let parts: Vec<_> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            let hint = "one with a secret is verified by `Verifier::with_secrets`";
            return Err(malformed(&format!("it has not three parts ({hint})")));
        };
        let decode = |part| {
            let decoded = URL_SAFE_NO_PAD.decode(part);
            decoded.map_err(|_| malformed("a part of it is not base64"))
        };
        let fields = object(&decode(header)?)?;
        if fields.get("alg").and_then(Value::as_str) != Some(ALGORITHM) {
            return Err(malformed(&format!("its algorithm is not {ALGORITHM}")));
        }
        // By RFC 7515, extensions that must be understood, and none is here.
        if fields.contains_key("crit") {
            return Err(malformed("it has critical extensions"));
        }
        let key_id = fields.get("kid").and_then(Value::as_str);
        Ok(Self {
            key_id: key_id
                .ok_or_else(|| malformed("it names no key"))?
                .to_owned(),
            signed: &token[..header.len() + 1 + claims.len()],
            claims: decode(claims)?,
            signature: decode(signature)?,
        })
    }

    /// What the token states, if it is signed with `key`.
    pub(super) fn verify(&self, key: &Key) -> Result<Claims> {
        if !key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(unverified(format!(
                "the webhook's signature is not by the key {:?} that it names: it is forged",
                self.key_id
            )));
        }
        Ok(Claims {
            fields: object(&self.claims)?,
            json: self.claims.clone(),
        })
    }
}

fn object(json: &[u8]) -> Result<Map<String, Value>> {
    serde_json::from_slice(json).map_err(|_| malformed("a part of it is not a JSON object"))
}

impl Claims {
    /// Refuses a token that is too old, not good yet, or for somebody else.
    pub(super) fn check(
        &self,
        delivery: &Delivery<'_>,
        moment: Moment,
        rules: &Rules,
    ) -> Result<()> {
        let (issued, expires) = (self.time("iat")?, self.time("exp")?);
        let (now, tolerance) = (moment.now.timestamp(), moment.tolerance.as_secs());
        let not_before = self.time("nbf")?;
        if not_before.is_some_and(|start| start > now.saturating_add_unsigned(tolerance)) {
            return Err(unverified(
                "the webhook's signature is not good yet, by its `nbf`: a clock is wrong",
            ));
        }
        match (issued, expires) {
            (_, Some(expires)) if now >= expires.saturating_add_unsigned(tolerance) => {
                return Err(unverified(
                    "the webhook's signature has expired: it is a replay",
                ));
            }
            (Some(issued), Some(_)) if issued > now.saturating_add_unsigned(tolerance) => {
                return Err(unverified(
                    "the webhook's signature is of the future: a clock is wrong",
                ));
            }
            (Some(issued), None) => moment.check_about_now(issued, "the `iat` of its signature")?,
            (None, None) if !rules.timeless => {
                return Err(unverified(
                    "the webhook's signature has neither `iat` nor `exp`, so that it would be good \
                     for ever: allow it with `DynamicBuilder::allow_timeless`, if the service signs \
                     so",
                ));
            }
            (None, None) if delivery.timestamp.is_none() => {
                return Err(unverified("nothing says how old the webhook is"));
            }
            _ => {}
        }
        let Some(audience) = &rules.audience else {
            return Ok(());
        };
        let is_for_us = match self.fields.get("aud") {
            Some(Value::Array(list)) => list.iter().any(|one| one == audience.as_str()),
            Some(one) => one == audience.as_str(),
            None => false,
        };
        match is_for_us {
            true => Ok(()),
            false => Err(unverified(format!(
                "the webhook's signature is not for {audience:?}: its `aud` is {}",
                self.fields.get("aud").unwrap_or(&Value::Null)
            ))),
        }
    }

    /// Until when the token is good; `None` where only what is beside it says so.
    pub(super) fn good_until(&self, moment: Moment) -> Result<Option<i64>> {
        let time = self.time("exp")?.or(self.time("iat")?);
        Ok(time.map(|time| time.saturating_add_unsigned(moment.tolerance.as_secs())))
    }

    /// The event: of the token where it states one, since that is signed, else of the body.
    pub(super) fn event(self, body: &[u8], id: Option<&str>) -> Result<Event> {
        match self.fields.get("type") {
            Some(Value::String(_)) => Event::read(&self.json, id, true),
            _ => Event::read(body, id, false),
        }
    }

    /// A claim in seconds since 1970, which may be a fraction.
    fn time(&self, name: &str) -> Result<Option<i64>> {
        let Some(value) = self.fields.get(name) else {
            return Ok(None);
        };
        match value.as_f64() {
            Some(seconds) => Ok(Some(seconds as i64)),
            None => Err(malformed(&format!("its `{name}` is not a number"))),
        }
    }
}
