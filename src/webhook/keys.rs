//! The keys of dynamic signatures: fetched when one is first needed, kept for a while, and
//! fetched again for a key that is not known, though not as often as anybody likes to name one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, Response, Url};

use super::headers::unverified;
use super::key_set::{self, Key, KeySet};
use crate::error::{Error, Kind, Result};
use crate::http::{self, cleartext, limits::Limits};

/// Between two fetches, whatever keys are named meanwhile.
const MIN_PAUSE: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_BYTES: usize = 256 * 1024;

/// Where keys come from, and those that are there.
#[derive(Debug, Clone)]
pub(super) struct Keys(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    url: Url,
    http: Client,
    cache: Mutex<Cache>,
    /// Held by the one that fetches.
    fetching: tokio::sync::Mutex<()>,
}

/// What was fetched, and when.
#[derive(Debug)]
struct Cache {
    keys: KeySet,
    lifetime: Duration,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

/// What can be said of a key without asking.
#[derive(Debug, PartialEq)]
enum Standing {
    Known(Arc<Key>),
    /// A fetch may tell.
    Ask,
    /// It was not there a moment ago.
    Unknown,
    /// The last fetch failed, a moment ago.
    Unreachable,
}

impl Cache {
    fn standing(&self, id: &str, now: Instant) -> Standing {
        let within = |since: Option<Instant>, time| {
            since.is_some_and(|since| now.saturating_duration_since(since) < time)
        };
        let is_fresh = within(self.fetched, self.lifetime);
        match self.keys.get(id) {
            Some(key) if is_fresh => Standing::Known(Arc::clone(key)),
            _ if !within(self.tried, MIN_PAUSE) => Standing::Ask,
            // A lifetime shorter than the pause between fetches is as long as that.
            Some(key) if self.fetched >= self.tried => Standing::Known(Arc::clone(key)),
            _ if self.fetched >= self.tried => Standing::Unknown,
            _ => Standing::Unreachable,
        }
    }
}

impl Keys {
    /// Keys from this address; none is fetched yet.
    pub(super) fn new(url: &str, lifetime: Duration) -> Result<Self> {
        let url: Url = url.parse().map_err(|e| {
            Error::configuration(format!("the address of the keys, {url:?}, is not a URL"))
                .with_source(e)
        })?;
        if !matches!(url.scheme(), "http" | "https") || cleartext::is_in_the_open(&url, &[]) {
            return Err(Error::configuration(format!(
                "keys from {url} could be anybody's: use https"
            )));
        }
        Ok(Self(Arc::new(Shared {
            url,
            http: http::client::make(http::client::builder(None, None, TIMEOUT))?,
            cache: Mutex::new(Cache {
                keys: KeySet::new(),
                lifetime,
                fetched: None,
                tried: None,
            }),
            fetching: tokio::sync::Mutex::new(()),
        })))
    }

    /// The key with this id.
    pub(super) async fn get(&self, id: &str) -> Result<Arc<Key>> {
        match self.0.standing(id) {
            Standing::Ask => {}
            standing => return self.0.judge(standing, id),
        }
        // A task of its own: whoever hangs up must not spoil the fetch for the others.
        let (shared, id) = (Arc::clone(&self.0), id.to_owned());
        let fetch = tokio::spawn(async move { shared.ask(&id).await });
        fetch
            .await
            .map_err(|e| Error::protocol("the keys were not fetched").with_source(e))?
    }

    /// Lets this much time pass.
    #[cfg(test)]
    pub(super) fn age(&self, by: Duration) {
        let mut cache = self.0.cache();
        cache.fetched = cache.fetched.map(|fetched| fetched - by);
        cache.tried = cache.tried.map(|tried| tried - by);
    }
}

impl Shared {
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing(&self, id: &str) -> Standing {
        self.cache().standing(id, Instant::now())
    }

    fn judge(&self, standing: Standing, id: &str) -> Result<Arc<Key>> {
        match standing {
            Standing::Known(key) => Ok(key),
            Standing::Ask | Standing::Unknown => Err(unverified(format!(
                "the webhook is signed with a key {id:?} that is not at {}: it is forged, or the \
                 key is new and known within {MIN_PAUSE:?}",
                self.url
            ))),
            Standing::Unreachable => {
                let message = format!("the keys at {} were not available a moment ago", self.url);
                Err(Error::new(Kind::Transport, message))
            }
        }
    }

    /// Fetches the keys, unless another did so meanwhile.
    async fn ask(&self, id: &str) -> Result<Arc<Key>> {
        let _one = self.fetching.lock().await;
        if self.standing(id) == Standing::Ask {
            let fetched = self.fetch().await;
            let mut cache = self.cache();
            cache.tried = Some(Instant::now());
            let doing = || format!("fetching the keys of webhooks from {}", self.url);
            cache.keys = fetched.map_err(|error| error.during(doing()))?;
            cache.fetched = cache.tried;
            tracing::debug!(url = %self.url, keys = cache.keys.len(), "fetched keys of webhooks");
        }
        self.judge(self.standing(id), id)
    }

    async fn fetch(&self) -> Result<KeySet> {
        let request = self.http.get(self.url.clone()).timeout(TIMEOUT);
        let response = request.send().await.map_err(Error::transport)?;
        if !response.status().is_success() {
            return Err(http::error::from_response(response, &Limits::default()).await);
        }
        key_set::read(&read_bounded(response).await?)
    }
}

async fn read_bounded(mut response: Response) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(Error::transport)? {
        if body.len() + piece.len() > MAX_BYTES {
            let message = format!("the response is longer than {MAX_BYTES} bytes");
            return Err(Error::protocol(message));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(3600);

    fn set(ids: &[&str]) -> KeySet {
        let keys = ids
            .iter()
            .map(|id| format!(r#"{{"kty":"RSA","kid":"{id}","n":"AQAB","e":"AQAB"}}"#));
        let keys = keys.collect::<Vec<_>>().join(",");
        key_set::read(format!(r#"{{"keys":[{keys}]}}"#).as_bytes()).unwrap()
    }

    /// A cache that fetched these keys at the returned moment.
    fn cache(lifetime: Duration) -> (Cache, Instant) {
        let now = Instant::now();
        let cache = Cache {
            keys: set(&["known"]),
            lifetime,
            fetched: Some(now),
            tried: Some(now),
        };
        (cache, now)
    }

    #[test]
    fn nothing_is_known_before_the_first_fetch() {
        let (mut cache, now) = cache(LIFETIME);
        (cache.keys, cache.fetched, cache.tried) = (KeySet::new(), None, None);
        assert_eq!(cache.standing("known", now), Standing::Ask);
        cache.tried = Some(now);
        assert_eq!(cache.standing("known", now), Standing::Unreachable);
        assert_eq!(cache.standing("known", now + MIN_PAUSE), Standing::Ask);
    }

    #[test]
    fn keys_are_kept_for_their_lifetime() {
        let (cache, now) = cache(LIFETIME);
        for after in [
            Duration::ZERO,
            MIN_PAUSE,
            LIFETIME - Duration::from_millis(1),
        ] {
            let standing = cache.standing("known", now + after);
            assert!(matches!(standing, Standing::Known(_)), "{after:?}");
        }
        assert_eq!(cache.standing("known", now + LIFETIME), Standing::Ask);
    }

    #[test]
    fn an_unknown_key_is_asked_for_after_a_pause() {
        let (cache, now) = cache(LIFETIME);
        let soon = now + MIN_PAUSE - Duration::from_millis(1);
        assert_eq!(cache.standing("new", soon), Standing::Unknown);
        assert_eq!(cache.standing("new", now + MIN_PAUSE), Standing::Ask);
    }

    #[test]
    fn old_keys_are_not_believed_because_a_fetch_failed() {
        let (mut cache, now) = cache(LIFETIME);
        let later = now + LIFETIME;
        cache.tried = Some(later);
        assert_eq!(cache.standing("known", later), Standing::Unreachable);
        // While they are fresh, a fetch for another key may fail.
        cache.tried = Some(now + MIN_PAUSE);
        let soon = now + MIN_PAUSE;
        assert!(matches!(cache.standing("known", soon), Standing::Known(_)));
        assert_eq!(cache.standing("new", soon), Standing::Unreachable);
    }

    #[test]
    fn a_lifetime_of_nothing_still_lasts_for_the_pause() {
        let (cache, now) = cache(Duration::ZERO);
        assert!(matches!(cache.standing("known", now), Standing::Known(_)));
        assert_eq!(cache.standing("known", now + MIN_PAUSE), Standing::Ask);
    }
}
