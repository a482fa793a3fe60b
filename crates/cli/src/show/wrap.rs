//! Text for a terminal, broken between words at its width; elsewhere lines are as long as they are.

use std::fmt::Write as _;

use console::{Term, measure_text_width};

/// Text for standard error.
pub(crate) fn for_stderr(text: &str) -> String {
    on(&Term::stderr(), text)
}

/// Text for standard output.
pub(crate) fn for_stdout(text: &str) -> String {
    on(&Term::stdout(), text)
}

/// How wide the terminal at standard error is.
pub(super) fn width_of_stderr() -> usize {
    let (_, columns) = Term::stderr().size();
    columns.into()
}

fn on(term: &Term, text: &str) -> String {
    match term.is_term().then(|| term.size_checked()).flatten() {
        Some((_, columns)) if columns > 0 => wrap(text, columns.into()),
        _ => text.to_owned(),
    }
}

/// Breaks lines that are wider than this between words. What goes on below begins where its line did;
/// a word that is wider by itself is left to the terminal, so that it can be copied.
fn wrap(text: &str, width: usize) -> String {
    let lines = text.split('\n').map(|line| {
        if measure_text_width(line) <= width {
            return line.to_owned();
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        let (start, words) = line.split_at(indent);
        let (mut wrapped, mut column) = (start.to_owned(), indent);
        for (at, word) in words.split(' ').enumerate() {
            let wide = measure_text_width(word);
            if at > 0 && column > indent && column + 1 + wide > width {
                let _ = write!(wrapped, "\n{start}{word}");
                column = indent + wide;
                continue;
            }
            if at > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += wide;
        }
        wrapped
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        let text = "error: 12 of 300 rows failed\n  the column `error` says why\nshort";
        assert_eq!(
            wrap(text, 16),
            "error: 12 of 300\nrows failed\n  the column\n  `error` says\n  why\nshort"
        );
        assert_eq!(wrap(text, 80), text);
    }

    #[test]
    fn what_is_no_text_takes_no_room() {
        let colours = "\u{1b}[1merror:\u{1b}[0m 12 of 300";
        assert_eq!(wrap(colours, 16), colours);
        assert_eq!(wrap(colours, 12), "\u{1b}[1merror:\u{1b}[0m 12 of\n300");
        assert_eq!(wrap("行行 行行", 8), "行行\n行行");
    }

    #[test]
    fn a_word_that_is_too_wide_stays_whole() {
        assert_eq!(
            wrap("see /a/long/path/to/it now", 10),
            "see\n/a/long/path/to/it\nnow"
        );
    }
}
