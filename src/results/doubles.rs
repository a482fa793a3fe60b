//! All keys that are there twice, where a preflight wants more than the first.

use std::collections::HashMap;
use std::io;

use super::expected::{ExpectedBuilder, KeyTwice};

/// Keys that are there more than once.
#[derive(Debug, Default)]
pub(crate) struct Doubles {
    /// How many requests have a key that an earlier one has.
    pub(crate) count: u64,
    /// The first of them, each with the first that has its key.
    pub(crate) named: Vec<KeyTwice>,
}

impl ExpectedBuilder {
    /// Ends the collection with the keys that are there twice, of which it names so many.
    pub(crate) async fn doubles(self, most: usize) -> io::Result<Doubles> {
        let (count, twice, mut log) = self.into_repeated(most).await?;
        let mut doubles = Doubles {
            count,
            named: Vec::new(),
        };
        if count == 0 {
            return Ok(doubles);
        }
        let mut first = HashMap::new();
        while let Some((place, key, hash)) = log.next().await? {
            if twice.binary_search(&hash).is_err() {
                continue;
            }
            match first.get(&hash) {
                None => drop(first.insert(hash, place)),
                Some(&earlier) if doubles.named.len() < most => doubles.named.push(KeyTwice {
                    key,
                    first: earlier,
                    second: place,
                    assigned: false,
                }),
                Some(_) => break,
            }
        }
        Ok(doubles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn doubles_are_counted_and_the_first_named() {
        let mut builder = ExpectedBuilder::default();
        for place in 1..=1000u64 {
            builder
                .push(&format!("k{}", place % 400), place)
                .await
                .unwrap();
        }
        let doubles = builder.doubles(3).await.unwrap();
        assert_eq!(doubles.count, 600);
        assert_eq!(doubles.named.len(), 3);
        for double in &doubles.named {
            assert_eq!(double.second - double.first, 400, "{double:?}");
        }
        let mut unique = ExpectedBuilder::default();
        unique.push("a", 1).await.unwrap();
        assert_eq!(unique.doubles(3).await.unwrap().count, 0);
    }
}
