//! What was done with which software, and what came of it.

use std::fmt;

use anyhow::{Context, Result};
use serde::Deserialize;

/// What came of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Passed,
    Failed,
    Skipped,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::Skipped => "SKIPPED",
        })
    }
}

/// A line of the table, as a test notes it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    #[serde(skip)]
    part: String,
    pub(super) software: String,
    version: String,
    done: String,
    pub(super) result: Outcome,
}

impl Row {
    /// Of a part as a whole.
    pub(super) fn of_part(part: &str, result: Outcome, done: String) -> Self {
        Self {
            part: part.to_owned(),
            software: "-".to_owned(),
            version: "-".to_owned(),
            done,
            result,
        }
    }
}

/// Reads what the tests of a part noted.
pub(super) fn read(part: &str, noted: &str) -> Result<Vec<Row>> {
    let read = |line| {
        let mut row: Row = serde_json::from_str(line).context("a test noted no row")?;
        part.clone_into(&mut row.part);
        Ok(row)
    };
    noted.lines().map(read).collect()
}

/// The table as text.
pub(super) fn show(rows: &[Row]) -> String {
    let head = ["part", "software", "version", "what was done", "result"].map(str::to_owned);
    let cells = rows.iter().map(|row| {
        [
            row.part.clone(),
            row.software.clone(),
            row.version.clone(),
            row.done.clone(),
            row.result.to_string(),
        ]
    });
    let cells: Vec<_> = std::iter::once(head).chain(cells).collect();
    let widths = [0, 1, 2, 3, 4].map(|column: usize| {
        let lengths = cells.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or_default()
    });
    let mut text = String::new();
    for row in &cells {
        let row = row.iter().zip(widths);
        let row: Vec<_> = row.map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(row.join("  ").trim_end());
        text.push('\n');
    }
    let count = |outcome| rows.iter().filter(|row| row.result == outcome).count();
    text.push_str(&format!(
        "\n{} passed, {} failed, {} skipped\n",
        count(Outcome::Passed),
        count(Outcome::Failed),
        count(Outcome::Skipped)
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_shown() {
        let noted = r#"{"software": "moto", "version": "5", "done": "a job", "result": "passed", "seconds": 1}
{"software": "x", "version": "-", "done": "another", "result": "failed", "seconds": 0}"#;
        let mut rows = read("storage", noted).unwrap();
        rows.push(Row::of_part(
            "webhooks",
            Outcome::Skipped,
            "no time".to_owned(),
        ));
        let shown = show(&rows);
        let expected = "\
part      software  version  what was done  result
storage   moto      5        a job          passed
storage   x         -        another        FAILED
webhooks  -         -        no time        SKIPPED

1 passed, 1 failed, 1 skipped
";
        assert_eq!(shown, expected);
        assert!(read("storage", "{}").is_err());
    }
}
