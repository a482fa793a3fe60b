//! What must hold for any bytes that come from outside: one function for each target of
//! `fuzz/`, which calls it with bytes of its own making.
//!
//! No part of the flow. The tests here call the same functions with the seeds that are kept,
//! so that a case which a fuzzer once found is tried wherever tests run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken promise is to end the run"
)]

mod error_body;
mod names;
mod result_line;
mod splitter;

pub use error_body::error_body;
pub use names::names;
pub use result_line::result_line;
pub use splitter::splitter;
#[cfg(test)]
pub(crate) use {names::stays_in_place, result_line::reads_alike, splitter::naive as naive_lines};

/// Any JSON value of a few levels, for property tests.
#[cfg(test)]
pub(crate) fn json() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
    use proptest::prelude::*;
    use serde_json::Value;

    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Of few digits: `serde_json` reads the last one of many with an error.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

#[cfg(test)]
mod tests {
    /// Calls a target with each of its seeds.
    fn replay(target: &str, run: fn(&[u8])) {
        let folder = format!("{}/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
        let mut seeds = 0;
        for entry in std::fs::read_dir(&folder).expect(&folder) {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            run(&std::fs::read(path).unwrap());
            seeds += 1;
        }
        assert!(seeds > 0, "{folder} is empty");
    }

    #[test]
    fn seeds_of_the_splitter() {
        replay("splitter", super::splitter);
    }

    #[test]
    fn seeds_of_result_lines() {
        replay("result_line", super::result_line);
    }

    #[test]
    fn seeds_of_error_bodies() {
        replay("error_body", super::error_body);
    }

    #[test]
    fn seeds_of_names() {
        replay("names", super::names);
    }
}
