//! Static signatures, by the Standard Webhooks specification: HMAC-SHA256 over
//! `id.timestamp.body`, as `v1,` and base64, several of them while a secret is being rotated.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::headers::{Delivery, unverified};
use crate::error::{Error, Result};

const PREFIX: &str = "whsec_";
const VERSION: &str = "v1,";
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The secrets that are good at present.
pub(super) struct Secrets(Vec<Hmac<Sha256>>);

impl Secrets {
    pub(super) fn parse<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Result<Self> {
        let secrets = secrets.into_iter().enumerate().map(|(at, secret)| {
            let secret = secret.as_ref().trim();
            let encoded = secret.strip_prefix(PREFIX).unwrap_or(secret);
            let bytes = BASE64
                .decode(encoded)
                .ok()
                .filter(|bytes| !bytes.is_empty());
            match bytes.and_then(|bytes| Hmac::new_from_slice(&bytes).ok()) {
                Some(secret) => Ok(secret),
                None => Err(Error::configuration(format!(
                    "webhook secret {} is not `{PREFIX}` and base64: give it as the service did",
                    at + 1
                ))),
            }
        });
        let secrets: Vec<_> = secrets.collect::<Result<_>>()?;
        if secrets.is_empty() {
            let message = "no webhook secret is given: nothing could be verified";
            return Err(Error::configuration(message));
        }
        Ok(Self(secrets))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Refuses a webhook of which no signature is by one of the secrets.
    pub(super) fn check(&self, delivery: &Delivery<'_>, body: &[u8]) -> Result<()> {
        let id = delivery.required_id()?;
        let timestamp = delivery.required_timestamp()?;
        let given: Vec<_> = delivery
            .signature
            .split(' ')
            .filter_map(|signature| BASE64.decode(signature.strip_prefix(VERSION)?).ok())
            .collect();
        if given.is_empty() {
            return Err(unverified(format!(
                "the webhook has no signature of the form `{VERSION}…`; one for a single job is \
                 verified by `Verifier::dynamic`"
            )));
        }
        let is_good = self.0.iter().any(|secret| {
            let mut expected = secret.clone();
            for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
                expected.update(part);
            }
            // In a time that does not tell how much of it is right.
            let is_equal = |given: &Vec<u8>| expected.clone().verify_slice(given).is_ok();
            given.iter().any(is_equal)
        });
        match is_good {
            true => Ok(()),
            false => Err(unverified(
                "the webhook's signature is by none of the secrets: it is forged, its body was \
                 changed on the way, or a secret is missing here",
            )),
        }
    }
}
