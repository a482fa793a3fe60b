//! Files that are not lines of JSON, told by how they begin: one cause, in place of a complaint about
//! every line.

use serde::de::IgnoredAny;

use crate::request::decode::FORM;
use crate::request::finding::{Finding, FindingCode};

/// What files of other kinds begin with, what they are, and what to do with them.
const MAGIC: &[(&[u8], &str, &str)] = &[
    (&[0x1F, 0x8B], "is packed with gzip", "unpack it"),
    (
        &[0x28, 0xB5, 0x2F, 0xFD],
        "is packed with zstd",
        "unpack it",
    ),
    (b"BZh", "is packed with bzip2", "unpack it"),
    (b"\xFD7zXZ\0", "is packed with xz", "unpack it"),
    (
        b"PK\x03\x04",
        "is a ZIP archive, or a workbook of Excel (XLSX), which is one",
        TABLE,
    ),
    (
        b"\xD0\xCF\x11\xE0",
        "is a document of an older Office (XLS, DOC)",
        TABLE,
    ),
    (b"PAR1", "is Parquet", TABLE),
    (b"Obj\x01", "is Avro", TABLE),
    (b"ORC", "is ORC", TABLE),
    (b"ARROW1", "is Arrow", TABLE),
    (b"SQLite format 3\0", "is a database of SQLite", TABLE),
    (
        b"%PDF-",
        "is a PDF",
        "name it within a request, as Part::local_file does",
    ),
];

/// What to do with rows of a table.
const TABLE: &str = "read it and make a request of each row, as Source::requests(rows.map(|row| \
                     Request::text(…).key(…))) does, or write each row as a line {\"key\": \"…\", \
                     \"request\": {\"contents\": …}}";

/// How many words the heading of a column has at most.
const HEADING: usize = 4;

/// Why the rest of a file is not worth reading; `None` if its first line looks like one of JSONL.
pub(super) fn wrong(first_line: &[u8]) -> Option<Finding> {
    let error = |message: &str| Finding::error(FindingCode::NotJson, message);
    if let Some((_, what, hint)) = MAGIC.iter().find(|it| first_line.starts_with(it.0)) {
        return Some(error(&format!("not JSON: the file {what}")).hint(*hint));
    }
    let is_wide = first_line.starts_with(&[0xFF, 0xFE])
        || first_line.starts_with(&[0xFE, 0xFF])
        || first_line.iter().take(4).any(|byte| *byte == 0);
    if is_wide {
        return Some(error("not JSON: the file is UTF-16").hint("save it as UTF-8"));
    }
    let text = first_line.trim_ascii_end();
    if goes_on(text) {
        let message = "not JSON on one line: one document goes on over several lines";
        return Some(error(message).hint(
            "write each request on a line of its own, as `jq -c` does, or `jq -c '.[]'` with a list",
        ));
    }
    other_text(text)
}

/// Whether a line is the beginning of a document.
fn goes_on(text: &[u8]) -> bool {
    if !text.ends_with(b"{")
        && !text.ends_with(b"[")
        && !text.ends_with(b",")
        && !text.ends_with(b":")
    {
        return false;
    }
    let read = serde_json::from_slice::<IgnoredAny>(text);
    read.is_err_and(|error| error.is_eof())
}

/// What a file of another text is. A note or a comment in the first line says nothing of the rest.
fn other_text(line: &[u8]) -> Option<Finding> {
    let first = line.first().filter(|byte| !b"{[/#".contains(byte))?;
    let text = std::str::from_utf8(line).ok()?;
    let error = |message: String| Finding::error(FindingCode::NotJson, message);
    if *first == b'<' {
        let message = "not JSON: the file is HTML or XML".to_owned();
        return Some(error(message).hint(FORM));
    }
    if let Some(separator) = separator(text) {
        let message = format!("not JSON: the file looks like a table (CSV, with {separator})");
        return Some(error(message).hint(TABLE));
    }
    // One value on a line is JSON, and told as what it is.
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return None;
    }
    let message = "not JSON: the file is plain text".to_owned();
    Some(error(message).hint(format!(
        "{FORM}; of prompts, one a line, Source::requests(text.lines()…) makes requests"
    )))
}

/// What stands between the headings of a table, in words.
fn separator(line: &str) -> Option<&'static str> {
    let separators = [
        (',', "commas"),
        (';', "semicolons"),
        ('\t', "tabs"),
        ('|', "bars"),
    ];
    let is_heading = |cell: &str| {
        let words = cell.split_whitespace().count();
        (1..=HEADING).contains(&words) && !cell.ends_with(['.', '!', '?', ':'])
    };
    let found = separators.into_iter().find(|(separator, _)| {
        let cells = || {
            line.split(*separator)
                .map(|cell| cell.trim().trim_matches('"'))
        };
        cells().count() > 1 && cells().all(is_heading)
    });
    found.map(|(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_first_line() {
        for (line, part) in [
            (&b"\xFF\xFE{\0\"\0"[..], "UTF-16"),
            (b"\x1F\x8B\x08\0\0\0", "gzip"),
            (b"\xFE\xFF\0{", "UTF-16"),
            (b"{\0\"\0", "UTF-16"),
            (b"{", "several lines"),
            (b"[ ", "several lines"),
            (b"{\"key\": \"a\",\r", "several lines"),
            (b"[{\"key\": ", "several lines"),
            (b"PK\x03\x04\x14\0\x06\0", "XLSX"),
            (b"PAR1\x15\x04\x15", "Parquet"),
            (b"id,prompt", "CSV, with commas"),
            (b"id;prompt;language of answer\r", "CSV, with semicolons"),
            (b"\"id\",\"prompt\"", "CSV, with commas"),
            (b"1\tWhat is AI", "CSV, with tabs"),
            (b"What is AI?", "plain text"),
            (b"Hello, and tell me in short what AI is.", "plain text"),
            (b"key: a", "plain text"),
            (b"<!DOCTYPE html>", "HTML"),
        ] {
            let told = wrong(line).map(|it| it.reason()).unwrap_or_default();
            assert!(told.contains(part), "{line:?}: {told}");
        }
        for line in [
            &b"{\"key\":\"a\"}"[..],
            b"{\"key\":\"a",
            b"{not json",
            b"[1,2]",
            b"17",
            b"\"a text\"",
            b"# a comment",
            b"// a, comment",
            b"",
        ] {
            assert_eq!(wrong(line), None, "{line:?}");
        }
    }
}
