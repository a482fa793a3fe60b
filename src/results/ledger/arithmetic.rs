//! The ledger against a model of it in plain collections, over rows of any kind and number.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use proptest::prelude::*;

use super::*;
use crate::keys::SubmittedKeysBuilder;
use crate::testing::block_on;

/// One row as the stream would book it.
#[derive(Debug, Clone)]
enum Row {
    Read { key: Option<String>, is_error: bool },
    Unreadable,
}

/// What is known of the requests; a key of `None` is one that the client assigned.
#[derive(Debug, Clone)]
enum Known {
    Keys(Vec<Option<String>>),
    Count(u64),
    Nothing,
}

impl Known {
    fn keys(&self) -> Option<Vec<String>> {
        let Self::Keys(keys) = self else {
            return None;
        };
        let named = (1u64..).zip(keys).map(|(place, key)| match key {
            Some(key) => key.clone(),
            None => format!("request-{place}"),
        });
        Some(named.collect())
    }

    fn expectation(&self) -> Expectation {
        match self {
            Self::Keys(keys) => {
                let expected = block_on(async {
                    let mut builder = SubmittedKeysBuilder::default();
                    for (place, key) in (1..).zip(keys) {
                        match key {
                            Some(key) => builder.push(key, place).await.unwrap(),
                            None => drop(builder.assign(place)),
                        }
                    }
                    builder.finish().await.unwrap().unwrap()
                });
                Expectation::Keys(Arc::new(expected))
            }
            Self::Count(count) => Expectation::Count(*count),
            Self::Nothing => Expectation::Unknown,
        }
    }
}

/// Keys that are often the same, so that all that can happen to a key does.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-f]",
        "[a-z]{2}",
        (1u64..20).prop_map(|n| format!("request-{n}")),
        "\\PC",
    ]
}

fn known() -> impl Strategy<Value = Known> {
    let keys = prop::collection::vec(prop::option::of("[a-z]{1,2}|.{3}"), 0..150);
    let keys = keys.prop_map(|keys| {
        let mut taken = BTreeSet::new();
        let fresh = |key: &Option<String>| key.is_none() || taken.insert(key.clone());
        Known::Keys(keys.into_iter().filter(fresh).collect())
    });
    prop_oneof![
        4 => keys,
        1 => (0u64..200).prop_map(Known::Count),
        1 => Just(Known::Nothing),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    let read = (prop::option::weighted(0.8, key()), any::<bool>());
    let read = read.prop_map(|(key, is_error)| Row::Read { key, is_error });
    prop_oneof![12 => read, 1 => Just(Row::Unreadable)]
}

/// The account by definition: what each number of a report counts.
fn account(known: &Known, rows: &[Row]) -> Report {
    let keys = known.keys();
    let mut report = Report {
        keys_known: keys.is_some(),
        submitted: match known {
            Known::Keys(keys) => Some(keys.len() as u64),
            Known::Count(count) => Some(*count),
            Known::Nothing => None,
        },
        finished: true,
        ..Report::default()
    };
    let mut responded = BTreeSet::new();
    for (place, row) in rows.iter().enumerate() {
        let Row::Read { key, is_error } = row else {
            report.unreadable_places.push(format!("row {place}: torn"));
            continue;
        };
        match (key, &keys) {
            (None, _) => report.keyless_places.push(format!("row {place}")),
            (Some(key), Some(keys)) if !keys.contains(key) => {
                report.unexpected_keys.push(key.clone());
            }
            (Some(key), Some(_)) if !responded.insert(key.clone()) => {
                report.duplicate_keys.push(key.clone());
                continue;
            }
            (Some(_), _) => {}
        }
        let counts = match &keys {
            Some(keys) => key.as_ref().is_some_and(|key| keys.contains(key)),
            None => true,
        };
        report.responses += u64::from(counts && !is_error);
        report.errors += u64::from(counts && *is_error);
    }
    let responses = report.responses + report.errors;
    match (&keys, known) {
        (Some(keys), _) => {
            let left = keys.iter().filter(|key| !responded.contains(*key));
            // Those that the client assigned come first.
            let (assigned, own): (Vec<_>, Vec<_>) = left.cloned().partition(|key| {
                let Known::Keys(given) = known else {
                    return false;
                };
                !given.contains(&Some(key.clone()))
            });
            report.missing_keys = [assigned, own].concat();
            report.missing = report.missing_keys.len() as u64;
        }
        (None, Known::Count(count)) => {
            report.missing = count.saturating_sub(responses);
            report.surplus = responses.saturating_sub(*count);
        }
        (None, _) => {}
    }
    for (count, named) in [
        (&mut report.duplicates, &mut report.duplicate_keys),
        (&mut report.unexpected, &mut report.unexpected_keys),
        (&mut report.keyless, &mut report.keyless_places),
        (&mut report.unreadable, &mut report.unreadable_places),
    ] {
        *count = named.len() as u64;
        named.truncate(100);
    }
    report.missing_keys.truncate(100);
    report
}

/// The same through the ledger.
fn book(known: &Known, rows: &[Row]) -> Report {
    let mut ledger = Ledger::new(known.expectation());
    for (place, row) in rows.iter().enumerate() {
        let place = format!("row {place}");
        match row {
            Row::Read { key, is_error } => {
                ledger.book(key.as_deref(), *is_error, || place.clone());
            }
            Row::Unreadable => ledger.book_unreadable(&place, "torn"),
        }
    }
    if let Some((expected, seen)) = ledger.end_of_rows() {
        let missing: Vec<_> = block_on(expected.missing(seen).try_collect()).unwrap();
        for key in &missing {
            ledger.book_missing(key);
        }
    }
    ledger.finish();
    ledger.report()
}

/// One readable row for each key, in another order, and perhaps something else among them.
fn nearly_complete() -> impl Strategy<Value = (Known, Vec<Row>)> {
    let whole = known().prop_flat_map(|known| {
        let keys = known.keys().unwrap_or_default();
        let row = |key| Row::Read {
            key: Some(key),
            is_error: false,
        };
        let rows: Vec<_> = keys.into_iter().map(row).collect();
        (Just(known), Just(rows).prop_shuffle())
    });
    let change = prop::option::of((any::<prop::sample::Index>(), prop::option::of(row())));
    (whole, change).prop_map(|((known, mut rows), change)| {
        match change {
            Some((at, Some(row))) => rows.insert(at.index(rows.len() + 1), row),
            Some((at, None)) if !rows.is_empty() => drop(rows.remove(at.index(rows.len()))),
            _ => {}
        }
        (known, rows)
    })
}

proptest! {
    #[test]
    fn a_report_is_the_account_by_definition(
        known in known(), rows in prop::collection::vec(row(), 0..200)
    ) {
        let report = book(&known, &rows);
        prop_assert_eq!(&report, &account(&known, &rows));
        for named in [
            &report.missing_keys, &report.duplicate_keys, &report.unexpected_keys,
            &report.keyless_places, &report.unreadable_places,
        ] {
            prop_assert!(named.len() <= 100);
        }
    }

    #[test]
    fn complete_is_one_row_for_each_key_and_nothing_else((known, rows) in nearly_complete()) {
        let mut came: Vec<_> = Vec::new();
        for row in &rows {
            came.push(match row {
                Row::Read { key, .. } => key.clone(),
                Row::Unreadable => None,
            });
        }
        came.sort();
        let wanted = known.keys().map(|keys| {
            let mut wanted: Vec<_> = keys.into_iter().map(Some).collect();
            wanted.sort();
            wanted
        });
        let report = book(&known, &rows);
        prop_assert_eq!(report.is_complete(), wanted == Some(came));
        prop_assert_eq!(&report, &account(&known, &rows));
    }
}
