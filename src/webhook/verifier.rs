//! From the headers and body of a webhook to an [`Event`] that is what it claims to be.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;

use super::event::Event;
use super::headers::{Delivery, Moment};
use super::keys::Keys;
use super::secrets::Secrets;
use super::seen::Seen;
use super::token::{Rules, Token};
use crate::error::Result;

/// By Google's documentation, and a common value with Standard Webhooks.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// By examples in Google's documentation.
const GOOGLE_KEYS: &str = "https://generativelanguage.googleapis.com/.well-known/jwks.json";
const KEYS_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// Checks that webhooks come from the service, unchanged and lately.
///
/// Make one and share it: all of its methods take `&self`, it remembers what it passed, and with
/// [`dynamic`](Self::dynamic) it keeps the keys that it fetched.
///
/// ```no_run
/// # async fn example(headers: http::HeaderMap, body: Vec<u8>) -> genai_batch::Result<()> {
/// use genai_batch::webhook::Verifier;
///
/// let secret = std::env::var("WEBHOOK_SIGNING_SECRET").unwrap_or_default();
/// let verifier = Verifier::with_secrets([secret])?;
/// let event = verifier.verify(&headers, &body).await?;
/// println!("{} of {:?}", event.event_type(), event.job_name());
/// # Ok(())
/// # }
/// ```
pub struct Verifier {
    scheme: Scheme,
    tolerance: Duration,
    seen: Seen,
}

enum Scheme {
    Static(Secrets),
    Dynamic { keys: Keys, rules: Rules },
}

impl Verifier {
    /// For webhooks of a project, which are signed with a secret (`whsec_…`) that the service
    /// showed when the webhook was made.
    ///
    /// While a secret is being rotated, give the new one and the old one, in any order: a
    /// webhook passes if one of its signatures is by one of the secrets.
    ///
    /// # Errors
    ///
    /// If there is no secret, or one is not base64. The error does not show it.
    ///
    /// ```
    /// use genai_batch::webhook::Verifier;
    ///
    /// let verifier = Verifier::with_secrets(["whsec_bmV3IHNlY3JldCBvZiB0aGUgaG9vaw=="])?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn with_secrets<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Result<Self> {
        Ok(Self {
            scheme: Scheme::Static(Secrets::parse(secrets)?),
            tolerance: TOLERANCE,
            seen: Seen::default(),
        })
    }

    /// For webhooks of single jobs, which are signed with a key that the service publishes:
    /// starts their configuration.
    ///
    /// Of the token that is the signature, the algorithm is checked (RS256 and no other), the
    /// signature, the claims `exp`, `iat` and `nbf`, and `aud` if an
    /// [`audience`](DynamicBuilder::audience) is set. A token with neither `exp` nor `iat` is
    /// refused, unless [`allow_timeless`](DynamicBuilder::allow_timeless) is set. Its issuer is not
    /// documented, and not checked.
    ///
    /// ```
    /// use genai_batch::webhook::Verifier;
    ///
    /// let verifier = Verifier::dynamic().audience("my-audience").build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn dynamic() -> DynamicBuilder {
        DynamicBuilder {
            audience: None,
            timeless: false,
            keys_url: GOOGLE_KEYS.to_owned(),
            keys_lifetime: KEYS_LIFETIME,
        }
    }

    /// How old a webhook may be, and how far ahead, since clocks differ; whole seconds, by
    /// default five minutes. What is older is taken for a replay.
    ///
    /// Dynamic signatures with a time of expiry are good until then, and this much longer.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::webhook::Verifier;
    ///
    /// let verifier = Verifier::with_secrets(["whsec_bmV3IHNlY3JldCBvZiB0aGUgaG9vaw=="])?
    ///     .tolerance(Duration::from_secs(60));
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Reads a webhook: its headers, and its body exactly as it came.
    ///
    /// With secrets this waits for nothing. With dynamic signatures it fetches the keys when it
    /// has none or they are old, and for a key it does not know, at most every 30 seconds.
    ///
    /// # Errors
    ///
    /// - [`Error::is_unverified`](crate::Error::is_unverified), if a header is missing, there
    ///   twice or is invalid, the signature is wrong, or the time is, or a dynamic signature came
    ///   before with another id or body. Respond with 401. One that merely comes again is no error;
    ///   see [`Event::is_repeated`].
    /// - [`Error::is_retryable`](crate::Error::is_retryable), if the keys could not be fetched.
    ///   Respond with 503, so that the service sends the webhook again.
    /// - Otherwise the signature is good and the body is not an event, or what responded for the
    ///   keys is not the service.
    ///
    /// ```no_run
    /// use genai_batch::external::reqwest::header::HeaderMap;
    /// use genai_batch::webhook::Verifier;
    ///
    /// /// The status to respond with.
    /// async fn receive(verifier: &Verifier, headers: &HeaderMap, body: &[u8]) -> u16 {
    ///     match verifier.verify(headers, body).await {
    ///         Ok(event) => {
    ///             println!("{} {:?}", event.event_type(), event.job_name());
    ///             204
    ///         }
    ///         Err(error) if error.is_unverified() => 401,
    ///         Err(error) if error.is_retryable() => 503,
    ///         Err(_) => 400,
    ///     }
    /// }
    /// ```
    pub async fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<Event> {
        self.verify_at(crate::clock::now(), headers, body).await
    }

    pub(super) async fn verify_at(
        &self,
        now: DateTime<Utc>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Event> {
        let moment = Moment {
            now,
            tolerance: self.tolerance,
        };
        let delivery = Delivery::read(headers)?;
        delivery.check_timestamp(moment)?;
        match &self.scheme {
            Scheme::Static(secrets) => {
                secrets.check(&delivery, body)?;
                let event = Event::read(body, delivery.id, true)?;
                // The id is signed: a later signature over it is of the same event.
                let id = delivery.required_id()?.as_bytes();
                Ok(event.repeated(self.seen.note(&[id], &[], None, moment)?))
            }
            Scheme::Dynamic { keys, rules } => {
                let token = Token::read(delivery.signature)?;
                let key = keys.get(&token.key_id).await?;
                let claims = token.verify(&key)?;
                claims.check(&delivery, moment, rules)?;
                let good_until = claims.good_until(moment)?;
                let event = claims.event(body, delivery.id)?;
                // The token is all that is signed. With it comes what it does not cover.
                let id = delivery.id.unwrap_or_default().as_bytes();
                let along: &[&[u8]] = &[id, body];
                let proof = token.signed.as_bytes();
                let is_repeated = self.seen.note(&[proof], along, good_until, moment)?;
                Ok(event.repeated(is_repeated))
            }
        }
    }
}

#[cfg(test)]
impl Verifier {
    /// Lets the keys grow older.
    pub(super) fn age_keys(&self, by: Duration) {
        if let Scheme::Dynamic { keys, .. } = &self.scheme {
            keys.age(by);
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Verifier");
        match &self.scheme {
            Scheme::Static(secrets) => debug.field("secrets", &secrets.len()),
            Scheme::Dynamic { keys, rules } => debug.field("keys", keys).field("rules", rules),
        };
        debug.field("tolerance", &self.tolerance).finish()
    }
}

/// How dynamic signatures are checked: made by [`Verifier::dynamic`].
#[must_use = "nothing is verified before it is built"]
#[derive(Debug, Clone)]
pub struct DynamicBuilder {
    audience: Option<String>,
    timeless: bool,
    keys_url: String,
    keys_lifetime: Duration,
}

impl DynamicBuilder {
    /// Whom signatures have to be for: the claim `aud`; by default anybody.
    ///
    /// Set it where you can. The same key signs the webhooks of all of the service's users, so
    /// that without an audience a webhook passes that was sent to another of them, who replays
    /// it to you. Google's documentation only says that it is configured; look at one that
    /// arrives.
    ///
    /// ```
    /// use genai_batch::webhook::Verifier;
    ///
    /// let verifier = Verifier::dynamic().audience("my-audience").build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Whether a token passes that says neither when it was made (`iat`) nor how long it is good
    /// (`exp`); by default not, since whoever got hold of one could send it for ever. Its age is
    /// then told by the header `webhook-timestamp` alone, which nothing vouches for.
    ///
    /// ```
    /// use genai_batch::webhook::Verifier;
    ///
    /// let verifier = Verifier::dynamic().allow_timeless(true).build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn allow_timeless(mut self, allow: bool) -> Self {
        self.timeless = allow;
        self
    }

    /// Where the public keys are, as a JSON Web Key Set; by default
    /// `https://generativelanguage.googleapis.com/.well-known/jwks.json`, which examples in
    /// Google's documentation name. Plain HTTP is for this machine alone, and no redirect is
    /// followed.
    ///
    /// ```
    /// use genai_batch::webhook::Verifier;
    ///
    /// let keys = "https://keys.example.com/jwks.json";
    /// let verifier = Verifier::dynamic().keys_url(keys).build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn keys_url(mut self, url: impl Into<String>) -> Self {
        self.keys_url = url.into();
        self
    }

    /// How long keys are good for once they are fetched; by default an hour, and never less
    /// than 30 seconds. A key that the service takes back is believed for that long.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use genai_batch::webhook::Verifier;
    ///
    /// let verifier = Verifier::dynamic().keys_lifetime(Duration::from_secs(600)).build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn keys_lifetime(mut self, lifetime: Duration) -> Self {
        self.keys_lifetime = lifetime;
        self
    }

    /// The verifier. No key is fetched yet.
    ///
    /// # Errors
    ///
    /// If the address of the keys is not a URL or not safe, or the machine lacks what TLS needs.
    ///
    /// ```
    /// use genai_batch::webhook::Verifier;
    ///
    /// let verifier = Verifier::dynamic().build()?;
    /// # Ok::<(), genai_batch::Error>(())
    /// ```
    pub fn build(self) -> Result<Verifier> {
        Ok(Verifier {
            scheme: Scheme::Dynamic {
                keys: Keys::new(&self.keys_url, self.keys_lifetime)?,
                rules: Rules {
                    audience: self.audience,
                    timeless: self.timeless,
                },
            },
            tolerance: TOLERANCE,
            seen: Seen::default(),
        })
    }
}
