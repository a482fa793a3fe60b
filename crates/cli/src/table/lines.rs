//! Which line a byte is on: what is read on its way to a parser that counts bytes.
//!
//! The parser's own count is of where it stopped, before the line breaks and empty lines that it
//! skips; people count lines from the first.

use std::collections::VecDeque;
use std::io::{self, Read};

/// The longest row, in bytes: a quote that is not closed would have the rest of the file read as one.
pub(super) const LONGEST: u64 = 64 * 1024 * 1024;

/// A reader that knows where lines begin.
pub(super) struct Lines<R> {
    inner: R,
    /// How many bytes were read.
    offset: u64,
    /// The line of the next byte.
    line: u64,
    /// Whether the line has no byte yet.
    is_fresh: bool,
    /// Whether the last byte was a carriage return.
    after_return: bool,
    /// Where lines that are not empty begin, and their numbers.
    starts: VecDeque<(u64, u64)>,
    /// Where the row begins that is being read.
    row: u64,
    /// How many bytes were given after the end of the input.
    after_end: u64,
}

/// What is given after the end of the input: the first ends a row, and the second is in one only if a quote
/// was not closed.
const END: &[u8] = b"\n\n";

impl<R> Lines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            offset: 0,
            line: 1,
            is_fresh: true,
            after_return: false,
            starts: VecDeque::new(),
            row: 0,
            after_end: 0,
        }
    }

    /// Whether a row that ends at this byte ends since the input does, in the middle of a cell in quotes.
    pub(super) fn is_open_at(&self, end: u64) -> bool {
        self.after_end == END.len() as u64 && end == self.offset + self.after_end
    }

    /// The line of the first thing at or after this byte; later calls are for later bytes.
    pub(super) fn line_at(&mut self, byte: u64) -> u64 {
        self.row = byte;
        while let Some((start, line)) = self.starts.front() {
            if *start >= byte {
                return *line;
            }
            self.starts.pop_front();
        }
        self.line
    }

    /// The row that began before has ended at this byte.
    pub(super) fn ended_at(&mut self, byte: u64) {
        self.row = byte;
    }

    fn look(&mut self, bytes: &[u8]) {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.line += 1;
                    self.is_fresh = true;
                    self.after_return = *byte == b'\r';
                }
                _ => {
                    if self.is_fresh {
                        self.starts.push_back((self.offset + at as u64, self.line));
                        self.is_fresh = false;
                    }
                    self.after_return = false;
                }
            }
        }
        self.offset += bytes.len() as u64;
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            let rest = &END[self.after_end as usize..];
            let given = rest.len().min(buffer.len());
            buffer[..given].copy_from_slice(&rest[..given]);
            self.after_end += given as u64;
            return Ok(given);
        }
        self.look(&buffer[..read]);
        if self.offset - self.row > LONGEST + buffer.len() as u64 {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "a row is too long",
            ));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(text: &str, at: u64) -> u64 {
        let mut lines = Lines::new(text.as_bytes());
        let mut all = Vec::new();
        lines.read_to_end(&mut all).unwrap();
        assert_eq!(all, [text.as_bytes(), END].concat());
        lines.line_at(at)
    }

    #[test]
    fn a_row_is_on_the_line_where_its_first_byte_is() {
        assert_eq!(line_of("a\nb\nc", 2), 2);
        assert_eq!(line_of("a\r\nb\r\nc", 2), 2, "before the line feed");
        assert_eq!(line_of("a\rb\rc", 2), 2);
        assert_eq!(
            line_of("a\n\n\r\n  \nb", 2),
            4,
            "a line of blanks is not empty"
        );
        assert_eq!(line_of("a\n\n\n\nb", 2), 5);
    }
}
