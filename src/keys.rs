//! The keys that were submitted, so that none can go missing unseen.
//!
//! An assigned key (`request-N`) costs one bit. A caller's key costs 16 bytes of memory: a
//! hash of 128 bits, sorted. Its text goes to a spool, in memory while it is short and in a
//! temporary file after that, and is read again only to name a key that is missing or twice.

mod duplicates;
mod metadata;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::stream;

use crate::spool::{Spool, Spooled};
pub(crate) use metadata::MetadataReader;
use metadata::{Metadata, MetadataBuilder};

const LOG_IN_MEMORY: usize = 64 * 1024;
const LOG_READ: usize = 64 * 1024;
const ASSIGNED_PREFIX: &str = "request-";

/// The key of a request at `place` that has none of its own.
#[cfg(feature = "runs")]
pub(crate) fn assigned_key(place: u64) -> String {
    format!("{ASSIGNED_PREFIX}{place}")
}

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
pub struct DuplicateKey {
    pub(crate) key: String,
    pub(crate) first: u64,
    pub(crate) second: u64,
    /// Whether the first has no key of its own and would be given this one.
    pub(crate) assigned: bool,
}

/// Collects the keys of a job while its requests are read.
#[derive(Debug)]
pub struct SubmittedKeysBuilder {
    hasher: KeyHasher,
    hashes: Vec<u128>,
    assigned: Bits,
    assigned_count: u64,
    /// Whether a caller's key has the form of an assigned one.
    look_alike: bool,
    log: Spool,
    metadata: MetadataBuilder,
}

impl Default for SubmittedKeysBuilder {
    fn default() -> Self {
        Self {
            hasher: KeyHasher::default(),
            hashes: Vec::new(),
            assigned: Bits::default(),
            assigned_count: 0,
            look_alike: false,
            log: Spool::in_memory_up_to(LOG_IN_MEMORY),
            metadata: MetadataBuilder::default(),
        }
    }
}

impl SubmittedKeysBuilder {
    /// Adds a caller's key; `place` is the request's place from 1.
    pub async fn push(&mut self, key: &str, place: u64) -> io::Result<()> {
        self.hashes.push(self.hasher.hash(key));
        self.look_alike |= assigned_place(key).is_some();
        let mut record = Vec::with_capacity(12 + key.len());
        record.extend_from_slice(&place.to_le_bytes());
        // A key of 4 GiB does not fit into a request of any backend.
        record.extend_from_slice(&(key.len() as u32).to_le_bytes());
        record.extend_from_slice(key.as_bytes());
        self.log.write(&record).await
    }

    /// Keeps what the caller put beside a key: a JSON object.
    pub(crate) async fn push_metadata(&mut self, key: &str, json: &[u8]) -> io::Result<()> {
        self.metadata.push(self.hasher.hash(key), key, json).await
    }

    /// Gives a key to the request at `place`, which has none.
    pub fn assign(&mut self, place: u64) -> String {
        self.assigned.set(place as usize);
        self.assigned_count += 1;
        format!("{ASSIGNED_PREFIX}{place}")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hashes.is_empty() && self.assigned_count == 0
    }

    /// Ends the collection, or names a key that is there twice.
    pub async fn finish(mut self) -> io::Result<Result<SubmittedKeys, DuplicateKey>> {
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
        let expected = SubmittedKeys {
            total: self.assigned_count + self.hashes.len() as u64,
            hasher: self.hasher,
            hashes: self.hashes,
            assigned: self.assigned,
            log_len: self.log.len(),
            log: self.log.finish().await?,
            metadata: self.metadata.finish().await?,
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
                return Ok(Err(DuplicateKey {
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
                    return Ok(Err(DuplicateKey {
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
pub struct SubmittedKeys {
    total: u64,
    hasher: KeyHasher,
    hashes: Vec<u128>,
    assigned: Bits,
    log: Spooled,
    log_len: u64,
    metadata: Option<Metadata>,
}

impl SubmittedKeys {
    /// How many requests were submitted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many slots [`slot`](Self::slot) may return.
    pub(crate) fn slots(&self) -> usize {
        self.assigned.len() + self.hashes.len()
    }

    /// The slot of a submitted key; `None` for any other.
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
    let place = |hash: u128| (((hash >> 64) * len as u128) >> 64) as usize;
    let guess = place(wanted);
    // How far the one that is there is off, so are those around it.
    let guess = (guess + guess)
        .saturating_sub(place(sorted[guess]))
        .min(len - 1);
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
    async fn next(&mut self, expected: &SubmittedKeys) -> io::Result<Option<(u64, String)>> {
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
mod tests;
