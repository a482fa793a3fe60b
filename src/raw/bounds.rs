//! What a response may be made of, so that reading it takes a few times its length in memory. A
//! message is read into types that know every field, and the smallest of what they are read from has
//! two letters.

use crate::error::{Error, Result};
use crate::scan::weight::Weight;

/// Lists whose elements are kept as they are and read by whoever asks for them.
const ROWS: [&str; 2] = ["inlinedResponses", "requests"];
/// As many elements may a page of a list have: ten times what any service puts on one.
const ITEMS: usize = 10_000;
/// As many rows may a response have, however short …
const FEW_ROWS: usize = 64 * 1024;
/// … and beyond that, one for so many bytes.
const BYTES_OF_A_ROW: usize = 16;
/// As many values may it have besides, and beyond that …
const FEW_VALUES: usize = 256 * 1024;
/// … one for so many bytes.
const BYTES_OF_A_VALUE: usize = 32;

/// Refuses a response that would become much more than it is.
pub(super) fn check(json: &[u8]) -> Result<()> {
    // What is shorter than this many pairs of brackets cannot break any bound.
    if json.len() < 2 * ITEMS {
        return Ok(());
    }
    let Weight {
        values,
        rows,
        items,
    } = Weight::of(json, &ROWS);
    for (count, most, what) in [
        (items, ITEMS, "elements on one page"),
        (rows, FEW_ROWS + json.len() / BYTES_OF_A_ROW, "rows"),
        (values, FEW_VALUES + json.len() / BYTES_OF_A_VALUE, "values"),
    ] {
        if count > most {
            return Err(Error::protocol(format!(
                "the service's response of {} bytes has {count} {what}, more than the {most} that \
                 are read of one so long",
                json.len()
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(name: &str, element: &str, count: usize) -> String {
        format!("{{\"{name}\":[{}]}}", vec![element; count].join(","))
    }

    #[test]
    fn what_a_service_sends_passes() {
        let job = r#"{"name":"batches/a","metadata":{"model":"m","state":"BATCH_STATE_RUNNING"}}"#;
        check(list("operations", job, ITEMS).as_bytes()).unwrap();
        // An embedding of short numbers, 3,072 for each of many requests.
        let row = format!(
            r#"{{"response":{{"embedding":{{"values":[{}]}}}},"metadata":{{"key":"1"}}}}"#,
            vec!["0.01"; 3072].join(",")
        );
        let rows = list("inlinedResponses", &row, 500);
        check(format!(r#"{{"response":{{"inlinedResponses":{rows}}}}}"#).as_bytes()).unwrap();
        check(list("x", "{}", 10).as_bytes()).unwrap();
    }

    #[test]
    fn many_of_almost_nothing_are_refused() {
        let within = |list: String| format!(r#"{{"metadata":{{"output":{list}}}}}"#);
        for (json, what) in [
            (list("operations", "{}", ITEMS + 1), "10001 elements"),
            (
                within(list("inlinedResponses", "{}", 200_000)),
                "200000 rows",
            ),
            (within(list("new", "1", 1_000_000)), "values"),
            (
                within(format!("{{{}}}", vec![r#""a":1"#; 1_000_000].join(","))),
                "values",
            ),
        ] {
            let error = check(json.as_bytes()).unwrap_err();
            assert!(error.is_protocol() && !error.is_retryable());
            assert!(error.to_string().contains(what), "{error}");
        }
    }
}
