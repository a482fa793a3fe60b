//! What others wrote, as it is shown: a text from a service or a file must not drive the terminal
//! that an error or a report is printed on, nor turn around what stands beside it.

use std::fmt::{self, Write};

/// A text, with an escape in place of each character that is a command and no text.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Showing(f).write_str(self.0)
    }
}

/// Passes on what is written to it, shown so.
pub(crate) struct Showing<'a, W>(pub(crate) &'a mut W);

impl<W: Write> Write for Showing<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, command)) = rest.char_indices().find(|(_, c)| is_command(*c)) {
            self.0.write_str(&rest[..at])?;
            write!(self.0, "{}", command.escape_default())?;
            rest = &rest[at + command.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

/// Whether a terminal, or whoever lays out text, takes it for a command: controls, the ends of lines
/// and paragraphs, and what changes the direction of writing.
fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
        )
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_escaped_and_texts_are_not() {
        let text = "a\u{1b}[2J\r\n\t\0\u{7f}\u{9b}é字🙂\u{202e}\u{2066}\u{2028}\\";
        assert_eq!(
            Shown(text).to_string(),
            "a\\u{1b}[2J\\r\\n\\t\\u{0}\\u{7f}\\u{9b}é字🙂\\u{202e}\\u{2066}\\u{2028}\\"
        );
        for c in (0..=0x9f).chain(0x2000..0x2070).filter_map(char::from_u32) {
            let shown = Shown(&c.to_string()).to_string();
            assert_eq!(shown != c.to_string(), is_command(c));
            assert!(!shown.chars().any(is_command), "{c:?}");
        }
    }
}
