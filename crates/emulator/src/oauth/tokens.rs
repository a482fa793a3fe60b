//! The tokens that were issued, how they came about, and until when they are good.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock::later;
use crate::ids;
use crate::sync::lock;

/// How a token came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TokenKind {
    /// For an assertion that a service account signed.
    ServiceAccount,
    /// For the refresh token of a user.
    AuthorizedUser,
    /// For the token of an outside identity.
    TokenExchange,
    /// For another token, to act as a service account.
    Impersonation,
    /// By the metadata server.
    Metadata,
    /// By a client itself, which signed it with the key of the service account.
    SelfSigned,
    /// By [`Emulator::issue_token`](crate::Emulator::issue_token).
    Direct,
}

/// A token at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenSnapshot {
    /// The token as it goes behind `Bearer`.
    pub token: String,
    /// How it came about.
    pub kind: TokenKind,
    /// When it expires, by the emulator's clock.
    pub expire_time: DateTime<Utc>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    Unknown,
    Expired,
    Revoked,
}

#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// In the order in which they came about.
    tokens: Vec<TokenSnapshot>,
    /// How many calls each of them was good for.
    calls: Vec<usize>,
    places: HashMap<String, usize>,
}

impl Tokens {
    /// A new token.
    pub(crate) fn issue(&self, kind: TokenKind, now: DateTime<Utc>, lifetime: Duration) -> String {
        let token = format!("ya29.emulator-{}", ids::upload());
        self.add(token.clone(), kind, now, lifetime);
        token
    }

    /// Takes in a token that was made elsewhere, unless it is known already.
    pub(crate) fn add(
        &self,
        token: String,
        kind: TokenKind,
        now: DateTime<Utc>,
        lifetime: Duration,
    ) {
        let mut inner = lock(&self.0);
        if inner.places.contains_key(&token) {
            return;
        }
        let place = inner.tokens.len();
        inner.places.insert(token.clone(), place);
        inner.tokens.push(TokenSnapshot {
            token,
            kind,
            expire_time: later(now, lifetime),
            revoked: false,
        });
        inner.calls.push(0);
    }

    /// Judges a token that a call came with; `limit` is the number of calls that one is good for.
    pub(crate) fn check(
        &self,
        token: &str,
        now: DateTime<Utc>,
        limit: Option<usize>,
    ) -> Result<(), Problem> {
        let inner = &mut *lock(&self.0);
        let place = *inner.places.get(token).ok_or(Problem::Unknown)?;
        let (token, calls) = inner
            .tokens
            .get(place)
            .zip(inner.calls.get_mut(place))
            .ok_or(Problem::Unknown)?;
        if token.revoked {
            return Err(Problem::Revoked);
        }
        if now >= token.expire_time {
            return Err(Problem::Expired);
        }
        if limit.is_some_and(|limit| *calls >= limit) {
            return Err(Problem::Expired);
        }
        *calls += 1;
        Ok(())
    }

    pub(crate) fn revoke_all(&self) {
        for token in &mut lock(&self.0).tokens {
            token.revoked = true;
        }
    }

    pub(crate) fn all(&self) -> Vec<TokenSnapshot> {
        lock(&self.0).tokens.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_live_until_they_expire_or_are_revoked() {
        let tokens = Tokens::default();
        let now = DateTime::UNIX_EPOCH;
        let lifetime = Duration::from_secs(60);
        let token = tokens.issue(TokenKind::Metadata, now, lifetime);
        assert!(token.starts_with("ya29.emulator-"));
        assert_eq!(tokens.check(&token, now, None), Ok(()));
        assert_eq!(tokens.check("other", now, None), Err(Problem::Unknown));
        let end = later(now, lifetime);
        assert_eq!(tokens.check(&token, end, None), Err(Problem::Expired));
        tokens.revoke_all();
        assert_eq!(tokens.check(&token, now, None), Err(Problem::Revoked));
        let fresh = tokens.issue(TokenKind::Metadata, now, lifetime);
        assert_eq!(tokens.check(&fresh, now, None), Ok(()));
        assert_eq!(tokens.all().len(), 2);
    }

    #[test]
    fn a_token_may_be_good_for_a_few_calls_alone() {
        let tokens = Tokens::default();
        let now = DateTime::UNIX_EPOCH;
        let token = tokens.issue(TokenKind::Metadata, now, Duration::from_secs(60));
        assert_eq!(tokens.check(&token, now, None), Ok(()));
        assert_eq!(tokens.check(&token, now, Some(2)), Ok(()));
        assert_eq!(tokens.check(&token, now, Some(2)), Err(Problem::Expired));
        assert_eq!(tokens.check(&token, now, None), Ok(()));
    }
}
