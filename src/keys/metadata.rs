//! What a caller put beside the keys, kept for results in which a service drops it.
//!
//! It costs 16 bytes of memory a request that has some: a hash of its key, and where the key and the
//! metadata stand in a spool.

use std::io;
use std::sync::Arc;

use super::SubmittedKeys;
use crate::spool::{Spool, Spooled};

const IN_MEMORY: usize = 64 * 1024;
/// As much is read at once, since results come in the order of the requests more often than not.
const WINDOW: usize = 256 * 1024;
/// The lengths of the key and of the metadata, before both.
const HEAD: usize = 8;

/// Collects metadata while requests are read.
#[derive(Debug)]
pub(super) struct MetadataBuilder {
    places: Vec<(u64, u64)>,
    log: Spool,
}

impl Default for MetadataBuilder {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            log: Spool::in_memory_up_to(IN_MEMORY),
        }
    }
}

impl MetadataBuilder {
    pub(super) async fn push(&mut self, hash: u128, key: &str, json: &[u8]) -> io::Result<()> {
        self.places.push((short(hash), self.log.len()));
        let mut record = Vec::with_capacity(HEAD + key.len() + json.len());
        // Neither is 4 GiB long: no backend takes such a request.
        record.extend_from_slice(&(key.len() as u32).to_le_bytes());
        record.extend_from_slice(&(json.len() as u32).to_le_bytes());
        record.extend_from_slice(key.as_bytes());
        record.extend_from_slice(json);
        self.log.write(&record).await
    }

    pub(super) async fn finish(mut self) -> io::Result<Option<Metadata>> {
        if self.places.is_empty() {
            return Ok(None);
        }
        let sort = move || {
            self.places.sort_unstable();
            self.places.shrink_to_fit();
            (self.places, self.log)
        };
        let sorted = tokio::task::spawn_blocking(sort).await;
        let (places, log) = sorted.map_err(io::Error::other)?;
        let log = log.finish().await?;
        Ok(Some(Metadata { places, log }))
    }
}

/// What stands beside the keys of one job.
#[derive(Debug)]
pub(super) struct Metadata {
    /// By the hash of the key, where its record is.
    places: Vec<(u64, u64)>,
    log: Spooled,
}

/// Reads metadata by key, with a piece of the spool at hand.
#[derive(Debug)]
pub(crate) struct MetadataReader {
    keys: Arc<SubmittedKeys>,
    start: u64,
    window: Vec<u8>,
}

impl MetadataReader {
    /// `None` where nothing stands beside any key.
    pub(crate) fn new(keys: Arc<SubmittedKeys>) -> Option<Self> {
        keys.metadata.as_ref()?;
        Some(Self {
            keys,
            start: 0,
            window: Vec::new(),
        })
    }

    /// The JSON object beside a key, if there is one.
    pub(crate) async fn find(&mut self, key: &str) -> io::Result<Option<Vec<u8>>> {
        let keys = Arc::clone(&self.keys);
        let Some(metadata) = &keys.metadata else {
            return Ok(None);
        };
        let hash = short(keys.hasher.hash(key));
        let first = metadata.places.partition_point(|(other, _)| *other < hash);
        let places = metadata.places[first..].iter();
        for (_, place) in places.take_while(|(other, _)| *other == hash) {
            let head = self.read(metadata, *place, HEAD).await?;
            let Some((key_len, json_len)) = lengths(head) else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            let record = self
                .read(metadata, *place, HEAD + key_len + json_len)
                .await?;
            let (own, json) = record[HEAD..].split_at(key_len);
            if own == key.as_bytes() {
                return Ok(Some(json.to_vec()));
            }
        }
        Ok(None)
    }

    async fn read(&mut self, metadata: &Metadata, place: u64, len: usize) -> io::Result<&[u8]> {
        let within = |this: &Self| {
            let at = usize::try_from(place.checked_sub(this.start)?).ok()?;
            (at.checked_add(len)? <= this.window.len()).then_some(at)
        };
        if within(self).is_none() {
            self.window.clear();
            self.start = place;
            let log = &metadata.log;
            log.read_at(place, WINDOW.max(len), &mut self.window)
                .await?;
        }
        match within(self) {
            Some(at) => Ok(&self.window[at..at + len]),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

fn lengths(head: &[u8]) -> Option<(usize, usize)> {
    let (key, rest) = head.split_first_chunk::<4>()?;
    let json = rest.first_chunk::<4>()?;
    let length = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes) as usize;
    Some((length(key), length(json)))
}

/// Half of a hash: two keys that share it are told apart by their texts.
fn short(hash: u128) -> u64 {
    hash as u64
}

#[cfg(test)]
mod tests {
    use super::super::SubmittedKeysBuilder;
    use super::*;

    #[tokio::test]
    async fn metadata_is_found_by_its_key_and_by_no_other() {
        let mut builder = SubmittedKeysBuilder::default();
        // More than stays in memory, and than is at hand.
        for n in 0..20_000u64 {
            let key = format!("k{n}");
            builder.push(&key, n + 1).await.unwrap();
            if n % 2 == 0 {
                let json = format!("{{\"n\":{n},\"pad\":\"{}\"}}", "x".repeat(40));
                builder.push_metadata(&key, json.as_bytes()).await.unwrap();
            }
        }
        let keys = Arc::new(builder.finish().await.unwrap().unwrap());
        let mut reader = MetadataReader::new(Arc::clone(&keys)).unwrap();
        for n in [19_998u64, 0, 2, 4, 10_000, 9_998] {
            let json = reader.find(&format!("k{n}")).await.unwrap().unwrap();
            let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
            assert_eq!(json["n"], n);
        }
        for none in ["k1", "k19999", "k20000", ""] {
            assert_eq!(reader.find(none).await.unwrap(), None, "{none}");
        }
        let plain = SubmittedKeysBuilder::default()
            .finish()
            .await
            .unwrap()
            .unwrap();
        assert!(MetadataReader::new(Arc::new(plain)).is_none());
    }
}
