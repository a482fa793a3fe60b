//! Keys as they are taken in, found again and missed.

use super::*;
use futures_util::TryStreamExt;
use proptest::prelude::*;

async fn expected(keys: &[Option<String>]) -> Result<SubmittedKeys, DuplicateKey> {
    let mut builder = SubmittedKeysBuilder::default();
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
        DuplicateKey {
            key: "a".into(),
            first: 1,
            second: 4,
            assigned: false,
        }
    );
    let assigned = expected(&[None, key("request-1")]).await;
    assert_eq!(
        assigned.unwrap_err(),
        DuplicateKey {
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
async fn a_hundred_thousand_keys_are_told_from_others() {
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

#[test]
fn bits_grow_as_they_are_set() {
    let mut bits = Bits::with_len(65);
    assert_eq!((bits.len(), Bits::with_len(64).len()), (128, 64));
    for index in [0, 63, 64, 128, 1000] {
        assert!(!bits.get(index), "{index}");
        assert!(!bits.set(index) && bits.get(index), "{index}");
        assert!(bits.set(index) && bits.get(index), "{index}");
    }
    assert!(!bits.get(1) && !bits.get(65) && !bits.get(999) && !bits.get(1_000_000));
    assert_eq!(bits.len(), 1024);
}

#[tokio::test]
async fn keys_are_counted_however_they_came() {
    let mut builder = SubmittedKeysBuilder::default();
    assert!(builder.is_empty());
    assert_eq!(builder.assign(3), "request-3");
    assert!(!builder.is_empty());
    builder.push("a", 4).await.unwrap();
    let keys = builder.finish().await.unwrap().unwrap();
    assert_eq!(keys.total(), 2);
    assert!(keys.slot("a").unwrap() < keys.slots());
    assert!(keys.slot("request-3").unwrap() < keys.slots());
    for other in [
        "",
        "A",
        "request-",
        "request-1",
        "request-03",
        "request-+3",
        "request-4",
    ] {
        assert_eq!(keys.slot(other), None, "{other}");
    }
    let mut builder = SubmittedKeysBuilder::default();
    builder.push("a", 1).await.unwrap();
    assert!(!builder.is_empty());
}

#[test]
fn a_hash_has_two_halves_that_know_nothing_of_each_other() {
    let hasher = KeyHasher::default();
    let half = |key: &str, shift: u32| (hasher.hash(key) >> shift) as u64;
    // One of 64 bits alone would be shared by two keys of some billions.
    for shift in [0, 64] {
        assert_ne!(half("a", shift), half("b", shift));
    }
    assert_ne!(half("a", 0), half("a", 64));
}

#[test]
fn a_record_is_read_once_it_is_whole() {
    let record = [&7u64.to_le_bytes()[..], &2u32.to_le_bytes(), b"ab"].concat();
    for cut in 0..record.len() {
        assert!(read_record(&record[..cut]).is_none(), "{cut}");
    }
    let more = [&record[..], b"x"].concat();
    assert_eq!(read_record(&more), Some((7, "ab".to_owned(), 14)));
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
