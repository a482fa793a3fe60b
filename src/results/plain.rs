//! The response of a row whose kind is known, without reading what it says: rows that were read once, and are
//! written as they came.

use memchr::memmem;

use crate::scan::Scanner;

/// The response of a row that has one, if the row is of the plain kind; `None` for any other, which takes
/// reading the row.
pub(crate) fn plain_response(row: &[u8]) -> Option<&str> {
    let mut scanner = Scanner::new(row)?;
    let mut response = None;
    let mut fields = scanner.object()?;
    while let Some(name) = scanner.next_field(&mut fields)? {
        let value = scanner.skip()?;
        let is_plain = match name {
            "response" => response.replace(value).is_none() && value.starts_with('{'),
            "status" => matches!(value, "\"\"" | "null"),
            "key" | "metadata" | "request" => true,
            _ => false,
        };
        if !is_plain {
            return None;
        }
    }
    scanner.end()?;
    // It may be in an envelope.
    response.filter(|it| memmem::find(it.as_bytes(), b"\"status_code\"").is_none())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::backend::gemini;
    #[cfg(feature = "vertex")]
    use crate::backend::vertex;
    use crate::results::row::{ReadRow, RowBody};

    const READERS: &[ReadRow] = &[
        gemini::results::read_row,
        #[cfg(feature = "vertex")]
        vertex::results::read_row,
    ];

    fn read(read_row: ReadRow, row: &str) -> Option<String> {
        match read_row(Bytes::copy_from_slice(row.as_bytes())).ok()?.body {
            RowBody::Response(response) => Some(response.json().to_owned()),
            RowBody::Error(_) => None,
        }
    }

    #[test]
    fn rows_of_other_kinds_are_left_to_who_reads_them() {
        for row in [
            r#"{"key":"a","response":{"status_code":200,"body":{"candidates":[]}}}"#,
            r#"{"custom_id":"a","response":{"candidates":[]}}"#,
            r#"{"key":"a","response":{},"response":{"candidates":[]}}"#,
            r#"{"key":"a","response":"{}"}"#,
            r#"{"key":"a","response":{"candidates":[]},"error":{"code":3}}"#,
            r#"{"key":"a","response":{"candidates":[]},"status":"INVALID"}"#,
            r#"{"candidates":[]}"#,
            r#"{"key":"a","response":{"candidates":[]}} {}"#,
        ] {
            assert_eq!(plain_response(row.as_bytes()), None, "{row}");
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_reading_the_row_finds(
            fields in prop::collection::vec(
                (
                    prop::sample::select(vec![
                        "key", "response", "metadata", "request", "status", "instance", "other",
                    ]),
                    prop::sample::select(vec![
                        r#""a""#,
                        r#"{"candidates":[{"content":{"parts":[{"text":"x\n\u00e9"}]}}]}"#,
                        r#"{ "candidates" : [ {} ] }"#,
                        r#"{"status_code":200,"body":{"choices":[]}}"#,
                        r#""""#,
                        "null",
                        "{}",
                    ]),
                ),
                0..6,
            ),
        ) {
            let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            let row = format!("{{{}}}", fields.join(","));
            let found = plain_response(row.as_bytes()).map(str::to_owned);
            for read_row in READERS {
                if let (Some(found), Some(read)) = (&found, read(*read_row, &row)) {
                    prop_assert_eq!(found, &read, "{}", row);
                }
            }
        }
    }
}
