//! What a case took and takes, as a table with a verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Instructions by the name of a case.
pub(super) type Counts = BTreeMap<String, u64>;

/// How many percent more or less a case may take without a word.
const TOLERANCE: u64 = 5;

pub(super) struct Comparison {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    before: Option<u64>,
    now: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    Same,
    More,
    Less,
    /// Not in the baseline.
    New,
    /// In the baseline alone.
    Gone,
}

impl Comparison {
    /// Compares the cases that were counted; `all` says that these are all there are.
    pub(super) fn new(before: &Counts, now: &Counts, all: bool) -> Self {
        let names: BTreeSet<_> = match all {
            true => before.keys().chain(now.keys()).collect(),
            false => now.keys().collect(),
        };
        let rows = names.into_iter().map(|name| Row {
            name: name.clone(),
            before: before.get(name).copied(),
            now: now.get(name).copied(),
        });
        Self {
            rows: rows.collect(),
        }
    }

    /// Whether nothing takes more, and the baseline has the cases that there are.
    pub(super) fn holds(&self) -> bool {
        !self.has(Change::More) && !self.has(Change::New) && !self.has(Change::Gone)
    }

    fn has(&self, change: Change) -> bool {
        self.rows.iter().any(|row| row.change() == change)
    }

    /// What does not hold, in words.
    pub(super) fn verdict(&self) -> String {
        let said = [
            (
                Change::More,
                "takes over 5 % more instructions than the baseline says",
            ),
            (Change::New, "is not in the baseline"),
            (Change::Gone, "is in the baseline and no case any more"),
        ];
        let lines = said.iter().flat_map(|(change, what)| {
            let rows = self.rows.iter().filter(|row| row.change() == *change);
            rows.map(move |row| format!("{} {what}.", row.name))
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        Some(self.now? as f64 / self.before? as f64 - 1.0)
    }

    fn change(&self) -> Change {
        match (self.before, self.now) {
            (Some(before), Some(now)) => {
                let percent = (100 * now).div_ceil(before.max(1));
                if percent > 100 + TOLERANCE {
                    Change::More
                } else if percent < 100 - TOLERANCE {
                    Change::Less
                } else {
                    Change::Same
                }
            }
            (None, _) => Change::New,
            (Some(_), None) => Change::Gone,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.len()).max();
        let width = width.unwrap_or_default();
        let line = |cells: [&str; 4]| {
            let [name, before, now, change] = cells;
            let line = format!("{name:width$} {before:>15} {now:>15} {change}");
            line.trim_end().to_owned()
        };
        writeln!(f, "{}", line(["case", "baseline", "now", "  change"]))?;
        let count = |count: Option<u64>| count.map_or("-".to_owned(), grouped);
        for row in &self.rows {
            let change = row.ratio().map(|ratio| format!("{:+8.2} %", ratio * 100.0));
            let remark = match row.change() {
                Change::More => "  MORE",
                Change::Less => "  less",
                Change::New | Change::Gone | Change::Same => "",
            };
            let change = change.unwrap_or_default() + remark;
            let (before, now) = (count(row.before), count(row.now));
            writeln!(f, "{}", line([&row.name, &before, &now, &change]))?;
        }
        if self.has(Change::Less) {
            writeln!(f, "Some take less: `{}` keeps it so.", super::BLESS)?;
        }
        Ok(())
    }
}

/// A number in groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts<const N: usize>(counts: [(&str, u64); N]) -> Counts {
        counts.map(|(name, count)| (name.to_owned(), count)).into()
    }

    #[test]
    fn over_a_twentieth_more_does_not_hold() {
        let before = counts([("a", 1000), ("b", 1000)]);
        let compare = |now| Comparison::new(&before, &now, true);
        assert!(compare(counts([("a", 1050), ("b", 10)])).holds());
        let more = compare(counts([("a", 1051), ("b", 1000)]));
        assert!(!more.holds());
        assert_eq!(
            more.verdict(),
            "a takes over 5 % more instructions than the baseline says."
        );
    }

    #[test]
    fn the_baseline_has_the_cases_that_there_are() {
        let comparison = |all| Comparison::new(&counts([("a", 1)]), &counts([("b", 1)]), all);
        assert!(!comparison(true).holds());
        assert_eq!(
            comparison(true).verdict(),
            "b is not in the baseline.\na is in the baseline and no case any more."
        );
        assert!(!comparison(false).verdict().contains("no case"));
    }

    #[test]
    fn the_table_shows_every_case() {
        let before = counts([("row/a", 2_000_000), ("b", 1000), ("c", 1)]);
        let now = counts([("row/a", 3_000_000), ("b", 900), ("d", 999)]);
        assert_eq!(
            Comparison::new(&before, &now, true).to_string(),
            "\
case         baseline             now   change
b               1,000             900   -10.00 %  less
c                   1               -
d                   -             999
row/a       2,000,000       3,000,000   +50.00 %  MORE
Some take less: `cargo xtask instructions --bless` keeps it so.
"
        );
    }
}
