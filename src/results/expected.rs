//! The keys that were submitted, so that none can go missing unseen.
//!
//! An assigned key (`request-N`) costs one bit. A caller's key costs 16 bytes of memory: a
//! hash of 128 bits, sorted. Its text goes to a spool, in memory while it is short and in a
//! temporary file after that, and is read again only to name a key that is missing or twice.

mod doubles;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::stream;

use crate::source::spool::{Spool, Spooled};

const LOG_IN_MEMORY: usize = 64 * 1024;
const LOG_READ: usize = 64 * 1024;
const ASSIGNED_PREFIX: &str = "request-";

/// A list of bits that grows as needed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn with_len(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    pub(crate) fn get(&self, index: usize) -> bool {
        let word = self.0.get(index / 64);
        word.is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Sets a bit and tells whether it was set before.
    pub(crate) fn set(&mut self, index: usize) -> bool {
        if self.0.len() <= index / 64 {
            self.0.resize(index / 64 + 1, 0);
        }
        let word = &mut self.0[index / 64];
        let before = *word >> (index % 64) & 1 == 1;
        *word |= 1 << (index % 64);
        before
    }

    fn len(&self) -> usize {
        self.0.len() * 64
    }
}

/// Two independently seeded hashes of 64 bits, taken as one of 128.
#[derive(Debug, Clone, Default)]
struct KeyHasher(RandomState, RandomState);

impl KeyHasher {
    fn hash(&self, key: &str) -> u128 {
        u128::from(self.0.hash_one(key)) << 64 | u128::from(self.1.hash_one(key))
    }
}

/// A key that two requests share, and where they stand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyTwice {
    pub(crate) key: String,
    pub(crate) first: u64,
    pub(crate) second: u64,
    /// Whether the first has no key of its own and would be given this one.
    pub(crate) assigned: bool,
}

/// Collects the keys of a job while its requests are read.
pub(crate) struct ExpectedBuilder {
    hasher: KeyHasher,
    hashes: Vec<u128>,
    assigned: Bits,
    assigned_count: u64,
    /// Whether a caller's key has the form of an assigned one.
    look_alike: bool,
    log: Spool,
}

impl Default for ExpectedBuilder {
    fn default() -> Self {
        Self {
            hasher: KeyHasher::default(),
            hashes: Vec::new(),
            assigned: Bits::default(),
            assigned_count: 0,
            look_alike: false,
            log: Spool::in_memory_up_to(LOG_IN_MEMORY),
        }
    }
}

impl ExpectedBuilder {
    /// Adds a caller's key; `place` is the request's place from 1.
    pub(crate) async fn push(&mut self, key: &str, place: u64) -> io::Result<()> {
        self.hashes.push(self.hasher.hash(key));
        self.look_alike |= assigned_place(key).is_some();
        let mut record = Vec::with_capacity(12 + key.len());
        record.extend_from_slice(&place.to_le_bytes());
        // A key of 4 GiB does not fit into a request of any backend.
        record.extend_from_slice(&(key.len() as u32).to_le_bytes());
        record.extend_from_slice(key.as_bytes());
        self.log.write(&record).await
    }

    /// Gives a key to the request at `place`, which has none.
    pub(crate) fn assign(&mut self, place: u64) -> String {
        self.assigned.set(place as usize);
        self.assigned_count += 1;
        format!("{ASSIGNED_PREFIX}{place}")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hashes.is_empty() && self.assigned_count == 0
    }

    /// Ends the collection, or names a key that is there twice.
    pub(crate) async fn finish(mut self) -> io::Result<Result<Expected, KeyTwice>> {
        let mut hashes = std::mem::take(&mut self.hashes);
        let sort = move || {
            hashes.sort_unstable();
            hashes.shrink_to_fit();
            hashes
        };
        // Millions of them would hold up the runtime.
        self.hashes = tokio::task::spawn_blocking(sort)
            .await
            .map_err(io::Error::other)?;
        let expected = Expected {
            total: self.assigned_count + self.hashes.len() as u64,
            hasher: self.hasher,
            hashes: self.hashes,
            assigned: self.assigned,
            log_len: self.log.len(),
            log: self.log.finish().await?,
        };
        let twice = expected.hashes.windows(2).find(|pair| pair[0] == pair[1]);
        if let Some(&[hash, _]) = twice {
            let mut places = Vec::new();
            let mut cursor = LogCursor::default();
            while let Some((place, key)) = cursor.next(&expected).await? {
                if expected.hasher.hash(&key) == hash {
                    places.push((place, key));
                }
            }
            if let [(first, key), (second, _), ..] = &places[..] {
                return Ok(Err(KeyTwice {
                    key: key.clone(),
                    first: *first,
                    second: *second,
                    assigned: false,
                }));
            }
        }
        if self.look_alike && self.assigned_count > 0 {
            let mut cursor = LogCursor::default();
            while let Some((second, key)) = cursor.next(&expected).await? {
                if let Some(first) = assigned_place(&key)
                    && expected.assigned.get(first as usize)
                {
                    return Ok(Err(KeyTwice {
                        key,
                        first,
                        second,
                        assigned: true,
                    }));
                }
            }
        }
        Ok(Ok(expected))
    }
}

/// The place in an assigned key, written exactly as the client writes it.
fn assigned_place(key: &str) -> Option<u64> {
    let digits = key.strip_prefix(ASSIGNED_PREFIX)?;
    if digits.starts_with(['0', '+']) {
        return None;
    }
    digits.parse().ok()
}

/// The keys of one job. Shared by all that read its results.
#[derive(Debug)]
pub(crate) struct Expected {
    total: u64,
    hasher: KeyHasher,
    hashes: Vec<u128>,
    assigned: Bits,
    log: Spooled,
    log_len: u64,
}

impl Expected {
    /// How many requests were submitted.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// How many slots [`slot`](Self::slot) may answer with.
    pub(crate) fn slots(&self) -> usize {
        self.assigned.len() + self.hashes.len()
    }

    /// The slot of a submitted key; `None` for a stranger.
    pub(crate) fn slot(&self, key: &str) -> Option<usize> {
        if let Some(place) = assigned_place(key)
            && self.assigned.get(place as usize)
        {
            return Some(place as usize);
        }
        let index = find_uniform(&self.hashes, self.hasher.hash(key))?;
        Some(self.assigned.len() + index)
    }

    /// The keys whose slot is not set in `seen`, in the order of submission within the
    /// assigned and the caller's.
    pub(crate) fn missing(
        self: Arc<Self>,
        seen: Bits,
    ) -> impl Stream<Item = io::Result<String>> + Send {
        let state = (self, seen, 0usize, LogCursor::default());
        stream::try_unfold(
            state,
            |(expected, seen, mut place, mut cursor)| async move {
                while place < expected.assigned.len() {
                    let here = place;
                    place += 1;
                    if expected.assigned.get(here) && !seen.get(here) {
                        let key = format!("{ASSIGNED_PREFIX}{here}");
                        return Ok(Some((key, (expected, seen, place, cursor))));
                    }
                }
                while let Some((_, key)) = cursor.next(&expected).await? {
                    let slot = expected.slot(&key);
                    if !slot.is_some_and(|slot| seen.get(slot)) {
                        return Ok(Some((key, (expected, seen, place, cursor))));
                    }
                }
                Ok(None)
            },
        )
    }
}

/// Finds a value in a sorted list of uniformly spread ones: starts where it should be and
/// widens from there.
fn find_uniform(sorted: &[u128], wanted: u128) -> Option<usize> {
    let len = sorted.len();
    if len == 0 {
        return None;
    }
    let guess = (((wanted >> 64) * len as u128) >> 64) as usize;
    let (mut low, mut high, mut reach) = (guess, guess, 8);
    while low > 0 && sorted[low] > wanted {
        low = low.saturating_sub(reach);
        reach *= 2;
    }
    reach = 8;
    while high < len && sorted[high] < wanted {
        high = (high + reach).min(len);
        reach *= 2;
    }
    let window = &sorted[low..(high + 1).min(len)];
    window.binary_search(&wanted).ok().map(|index| low + index)
}

/// Reads the log of keys from its start.
#[derive(Default)]
struct LogCursor {
    offset: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl LogCursor {
    async fn next(&mut self, expected: &Expected) -> io::Result<Option<(u64, String)>> {
        loop {
            if let Some((place, key, used)) = read_record(&self.buffer[self.at..]) {
                self.at += used;
                return Ok(Some((place, key)));
            }
            if self.offset >= expected.log_len {
                return Ok(None);
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            let before = self.buffer.len();
            expected
                .log
                .read_at(self.offset, LOG_READ, &mut self.buffer)
                .await?;
            let read = self.buffer.len() - before;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.offset += read as u64;
        }
    }
}

fn read_record(bytes: &[u8]) -> Option<(u64, String, usize)> {
    let (place, rest) = bytes.split_first_chunk::<8>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let len = u32::from_le_bytes(*len) as usize;
    let key = String::from_utf8_lossy(rest.get(..len)?).into_owned();
    Some((u64::from_le_bytes(*place), key, 12 + len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt;
    use proptest::prelude::*;

    async fn expected(keys: &[Option<String>]) -> Result<Expected, KeyTwice> {
        let mut builder = ExpectedBuilder::default();
        for (place, key) in (1..).zip(keys) {
            match key {
                Some(key) => builder.push(key, place).await.unwrap(),
                None => drop(builder.assign(place)),
            }
        }
        builder.finish().await.unwrap()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[tokio::test]
    async fn a_key_used_twice_is_found_with_both_places() {
        let key = |k: &str| Some(k.to_owned());
        let twice = expected(&[key("a"), key("b"), None, key("a")]).await;
        assert_eq!(
            twice.unwrap_err(),
            KeyTwice {
                key: "a".into(),
                first: 1,
                second: 4,
                assigned: false,
            }
        );
        let assigned = expected(&[None, key("request-1")]).await;
        assert_eq!(
            assigned.unwrap_err(),
            KeyTwice {
                key: "request-1".into(),
                first: 1,
                second: 2,
                assigned: true,
            }
        );
        let harmless = expected(&[key("request-2"), key("request-01"), None]).await;
        assert!(harmless.is_ok());
    }

    #[tokio::test]
    async fn a_hundred_thousand_keys_are_told_from_strangers() {
        let keys: Vec<_> = (0..100_000).map(|n| Some(format!("doc-{n}"))).collect();
        let expected = Arc::new(expected(&keys).await.unwrap());
        assert!(matches!(expected.log, Spooled::File(_)));
        let mut seen = Bits::with_len(expected.slots());
        for key in keys.iter().flatten().filter(|key| !key.ends_with("77")) {
            assert!(!seen.set(expected.slot(key).unwrap()));
        }
        assert_eq!(expected.slot("doc-100000"), None);
        let missing: Vec<_> = expected.missing(seen).try_collect().await.unwrap();
        assert_eq!(missing.len(), 1000);
        assert!(missing.iter().all(|key| key.ends_with("77")));
    }

    proptest! {
        #[test]
        fn what_was_not_seen_is_missing(
            keys in prop::collection::vec((prop::option::of("[a-z]{0,3}|request-[0-9]{1,2}"), any::<bool>()), 0..60)
        ) {
            let mut taken = std::collections::HashSet::new();
            let rows: Vec<_> = keys
                .into_iter()
                .map(|(key, seen)| (key.filter(|k| !k.is_empty()), seen))
                .collect();
            let keys: Vec<_> = rows.iter().map(|(key, _)| key.clone()).collect();
            let names: Vec<_> = (1..).zip(&keys).map(|(place, key): (u64, _)| {
                key.clone().unwrap_or_else(|| format!("request-{place}"))
            }).collect();
            let unique = names.iter().all(|name| taken.insert(name.clone()));
            let outcome = block_on(expected(&keys));
            prop_assert_eq!(outcome.is_ok(), unique);
            if let Ok(expected) = outcome {
                let expected = Arc::new(expected);
                prop_assert_eq!(expected.total(), names.len() as u64);
                let mut seen = Bits::with_len(expected.slots());
                for (name, (_, was_seen)) in names.iter().zip(&rows) {
                    let slot = expected.slot(name).unwrap();
                    if *was_seen {
                        prop_assert!(!seen.set(slot));
                    }
                }
                let mut missing: Vec<String> =
                    block_on(Arc::clone(&expected).missing(seen).try_collect()).unwrap();
                missing.sort();
                let mut wanted: Vec<_> = names.iter().zip(&rows)
                    .filter(|(_, (_, seen))| !seen).map(|(name, _)| name.clone()).collect();
                wanted.sort();
                prop_assert_eq!(missing, wanted);
            }
        }

        #[test]
        fn the_widening_search_is_a_search(
            mut list in prop::collection::vec(any::<u128>(), 0..50), other in any::<u128>()
        ) {
            list.sort_unstable();
            list.dedup();
            for (index, value) in list.iter().enumerate() {
                prop_assert_eq!(find_uniform(&list, *value), Some(index));
            }
            prop_assert_eq!(find_uniform(&list, other), list.binary_search(&other).ok());
        }
    }
}
