//! The output of a job: its rows put together as inline responses or as a result file, with the
//! faults that were asked for.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::rows::Row;
use crate::faults::{Item, JobFaults};

const UNSERVED: &str = "\"error\":{\"code\":1}";

/// How many rows had which fate.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Counts {
    pub(crate) successful: usize,
    pub(crate) failed: usize,
}

/// The rows of a job that ended with the first `served` of them answered, and their counts as the
/// service knows them, before any fault.
pub(crate) fn finish(mut rows: Vec<Row>, served: usize) -> (Vec<Row>, Counts) {
    for row in rows.iter_mut().skip(served) {
        UNSERVED.clone_into(&mut row.body);
        row.failed = true;
    }
    let failed = rows.iter().filter(|row| row.failed).count();
    let counts = Counts {
        successful: rows.len() - failed,
        failed,
    };
    (rows, counts)
}

/// What becomes of the rows on their way out; a row's key JSON is `None` where it is left out.
fn with_faults<'a>(
    rows: &'a [Row],
    faults: &JobFaults,
    foreign: &'a [Row],
) -> Vec<(Option<&'a str>, &'a str)> {
    let place = |item| match item {
        Item::Row(at) => {
            let row = &rows[at];
            let id = row.id.as_deref().filter(|_| !faults.drop_keys.contains(at));
            (id, row.body.as_str())
        }
        Item::Foreign(n) => {
            let row = &foreign[n - 1];
            (row.id.as_deref(), row.body.as_str())
        }
    };
    let items = faults.arrange(rows.len(), faults.shuffle);
    items.into_iter().map(place).collect()
}

fn foreign(count: usize, response: &Value, id: impl Fn(&str) -> String) -> Vec<Row> {
    let row = |n: usize| Row {
        id: Some(id(&format!("foreign-{n}"))),
        body: format!("\"response\":{response}"),
        failed: false,
    };
    (1..=count).map(row).collect()
}

/// The `inlinedResponses` message of the rows; `stray` is the response of foreign rows.
pub(crate) fn inline(rows: &[Row], faults: &JobFaults, stray: &Value) -> Box<RawValue> {
    let foreign = foreign(faults.foreign_rows, stray, |key| {
        format!("{{\"key\":\"{key}\"}}")
    });
    let mut json = String::from("{\"inlinedResponses\":[");
    for (at, (metadata, body)) in with_faults(rows, faults, &foreign).into_iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        json.push('{');
        json.push_str(body);
        if let Some(metadata) = metadata {
            json.push_str(",\"metadata\":");
            json.push_str(metadata);
        }
        json.push('}');
    }
    json.push_str("]}");
    // Every piece of it was written by serde_json.
    RawValue::from_string(json).unwrap_or_default()
}

/// The JSONL file of the rows; `stray` is the response of foreign rows.
pub(crate) fn file(rows: &[Row], faults: &JobFaults, stray: &Value) -> Bytes {
    let foreign = foreign(faults.foreign_rows, stray, |key| format!("\"{key}\""));
    let rows = with_faults(rows, faults, &foreign);
    let garbage = faults.garbage_line.then_some(rows.len() / 2);
    let mut content = String::new();
    for (at, (key, body)) in rows.into_iter().enumerate() {
        if garbage == Some(at) {
            content.push_str("{\"key\": broken line\n");
        }
        content.push('{');
        if let Some(key) = key {
            content.push_str("\"key\":");
            content.push_str(key);
            content.push(',');
        }
        content.push_str(body);
        content.push_str("}\n");
    }
    Bytes::from(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Rows;

    fn rows() -> Vec<Row> {
        let row = |n: usize| Row {
            id: Some(format!("\"k{n}\"")),
            body: format!("\"response\":{{\"n\":{n}}}"),
            failed: false,
        };
        (0..4).map(row).collect()
    }

    fn text(faults: &JobFaults) -> String {
        String::from_utf8(file(&rows(), faults, &Value::Null).to_vec()).unwrap()
    }

    #[test]
    fn file_has_a_line_for_each_row() {
        let text = text(&JobFaults::default());
        assert_eq!(
            text.lines().next(),
            Some(r#"{"key":"k0","response":{"n":0}}"#)
        );
        assert_eq!(text.lines().count(), 4);
        assert!(text.ends_with('\n'));
    }

    #[test]
    fn unserved_rows_end_with_code_1() {
        let (rows, counts) = finish(rows(), 3);
        assert_eq!(
            counts,
            Counts {
                successful: 3,
                failed: 1
            }
        );
        let json = inline(&rows, &JobFaults::default(), &Value::Null);
        assert!(
            json.get()
                .ends_with(r#"{"error":{"code":1},"metadata":"k3"}]}"#),
            "{json}"
        );
    }

    #[test]
    fn faults_reach_their_rows() {
        let faults = JobFaults {
            drop_keys: Rows::At(vec![0]),
            drop_rows: Rows::At(vec![1]),
            double_rows: Rows::At(vec![2]),
            foreign_rows: 1,
            garbage_line: true,
            ..JobFaults::default()
        };
        let text = text(&faults);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 6);
        assert_eq!(lines[0], r#"{"response":{"n":0}}"#);
        assert_eq!(lines[1], r#"{"key":"k2","response":{"n":2}}"#);
        assert!(serde_json::from_str::<serde_json::Value>(lines[2]).is_err());
        assert_eq!(lines[3], lines[1]);
        assert!(lines[5].starts_with(r#"{"key":"foreign-1","#));
    }

    #[test]
    fn shuffling_follows_its_seed() {
        let shuffled = |seed| {
            text(&JobFaults {
                shuffle: Some(seed),
                ..JobFaults::default()
            })
        };
        assert_eq!(shuffled(7), shuffled(7));
        assert!((0..8).any(|seed| shuffled(seed) != text(&JobFaults::default())));
    }
}
