//! One value of a table, and what a thing looks like as a row of one.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use serde::Serialize;

use super::counted::grouped;

/// What a value means to the reader, which a terminal shows by a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Good,
    Busy,
    Warning,
    Bad,
    Quiet,
}

/// A value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    /// In full, as lines for programs have it.
    pub(crate) full: String,
    /// As a terminal shows it, where that is shorter.
    pub(crate) short: Option<String>,
    pub(crate) tone: Tone,
    /// Whether it stands at the right of its column.
    pub(crate) is_number: bool,
}

impl Cell {
    /// A value; what others wrote may be in it.
    pub(crate) fn new(value: impl Display) -> Self {
        Self {
            full: value.to_string(),
            ..Self::default()
        }
    }

    /// A value, or nothing.
    pub(crate) fn maybe(value: Option<impl Display>) -> Self {
        value.map_or_else(Self::default, Self::new)
    }

    /// A count, at the right of its column.
    pub(crate) fn number(value: impl Display) -> Self {
        Self::new(value).right()
    }

    /// A count that stands alone: its digits for programs, in groups for people.
    pub(crate) fn count(count: u64) -> Self {
        Self::new(count).short(grouped(count))
    }

    /// At the right of its column.
    pub(crate) fn right(mut self) -> Self {
        self.is_number = true;
        self
    }

    /// As a terminal shows it.
    pub(crate) fn short(mut self, short: impl Display) -> Self {
        self.short = Some(short.to_string());
        self
    }

    pub(crate) fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// For a line of values between tabs.
    pub(crate) fn in_full(&self) -> Cow<'_, str> {
        safe(&self.full)
    }

    /// For a terminal.
    pub(crate) fn in_short(&self) -> Cow<'_, str> {
        safe(self.short.as_ref().unwrap_or(&self.full))
    }
}

/// How much is done of how much: `12/240`.
pub(crate) fn share(done: u64, of: Option<u64>) -> Cell {
    match of {
        None => Cell::count(done),
        Some(of) => {
            Cell::new(format!("{done}/{of}")).short(format!("{}/{}", grouped(done), grouped(of)))
        }
    }
    .right()
}

/// What standard output may show: as a row, and as JSON.
pub(crate) trait Record: Serialize {
    /// The heads of the columns of [`cells`](Self::cells).
    const COLUMNS: &'static [&'static str];
    /// Whether the last column is prose, which a terminal shows in full, on as many lines as it takes.
    const IS_PROSE: bool = false;

    /// Columns that a narrow terminal leaves out, the least important first.
    const LESS: &'static [&'static str] = &[];

    /// Its values, one for each column.
    fn cells(&self) -> Vec<Cell>;
}

/// A text without anything that a terminal would obey, or that would end a line or a column.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match is_unsafe(c) {
            // Writing into a string cannot fail.
            true => drop(write!(safe, "{}", c.escape_default())),
            false => safe.push(c),
        }
    }
    safe.into()
}

/// Control characters, and those that turn the direction of a text.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        assert_eq!(safe("nightly ünï"), "nightly ünï");
        assert_eq!(safe("a\tb\nc"), r"a\tb\nc");
        assert_eq!(safe("\u{1b}[2J\u{9b}"), r"\u{1b}[2J\u{9b}");
        assert_eq!(safe("\u{202e}gpj.exe"), r"\u{202e}gpj.exe");
    }
}
