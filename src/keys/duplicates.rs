//! All keys that are there twice, where a preflight wants more than the first.

use std::collections::HashMap;
use std::io;

use super::{Bits, DuplicateKey, LogCursor, SubmittedKeys, SubmittedKeysBuilder};

/// Keys that are there more than once.
#[derive(Debug, Default)]
pub(crate) struct DuplicateKeys {
    /// How many requests have a key that an earlier one has.
    pub(crate) count: u64,
    /// The first of them, each with the first that has its key.
    pub(crate) named: Vec<DuplicateKey>,
}

impl SubmittedKeysBuilder {
    /// Ends the collection with the keys that are there twice, of which it names so many.
    pub(crate) async fn duplicates(self, most: usize) -> io::Result<DuplicateKeys> {
        let mut hashes = self.hashes;
        let sort = move || {
            hashes.sort_unstable();
            let repeated = hashes.windows(2).filter(|pair| pair[0] == pair[1]);
            let count = repeated.clone().count() as u64;
            let mut twice: Vec<_> = repeated.map(|pair| pair[0]).collect();
            twice.dedup();
            twice.truncate(most);
            (count, twice)
        };
        // Millions of them would hold up the runtime.
        let sorted = tokio::task::spawn_blocking(sort).await;
        let (count, twice) = sorted.map_err(io::Error::other)?;
        let mut named = Vec::new();
        if count == 0 {
            return Ok(DuplicateKeys { count, named });
        }
        let expected = SubmittedKeys {
            total: 0,
            hasher: self.hasher,
            hashes: Vec::new(),
            assigned: Bits::default(),
            log_len: self.log.len(),
            log: self.log.finish().await?,
            metadata: None,
        };
        let mut first = HashMap::new();
        let mut cursor = LogCursor::default();
        while let Some((place, key)) = cursor.next(&expected).await?
            && named.len() < most
        {
            let hash = expected.hasher.hash(&key);
            if twice.binary_search(&hash).is_err() {
                continue;
            }
            match first.get(&hash) {
                None => drop(first.insert(hash, place)),
                Some(&first) => named.push(DuplicateKey {
                    key,
                    first,
                    second: place,
                    assigned: false,
                }),
            }
        }
        Ok(DuplicateKeys { count, named })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn doubles_are_counted_and_the_first_named() {
        for (most, named) in [(3, 3), (1000, 600)] {
            let mut builder = SubmittedKeysBuilder::default();
            for place in 1..=1000u64 {
                builder
                    .push(&format!("k{}", place % 400), place)
                    .await
                    .unwrap();
            }
            let duplicates = builder.duplicates(most).await.unwrap();
            assert_eq!(duplicates.count, 600);
            assert_eq!(duplicates.named.len(), named);
            for duplicate in &duplicates.named {
                let apart = duplicate.second - duplicate.first;
                assert!(apart == 400 || apart == 800, "{duplicate:?}");
            }
        }
        let mut unique = SubmittedKeysBuilder::default();
        unique.push("a", 1).await.unwrap();
        assert_eq!(unique.duplicates(3).await.unwrap().count, 0);
    }
}
