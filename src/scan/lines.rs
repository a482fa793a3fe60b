//! From chunks of bytes, wherever they are cut, to lines.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

/// The line of this number is longer than is taken, and passed over.
#[derive(Debug, PartialEq, Eq)]
pub struct LineTooLong(pub u64);

/// Splits chunks at newlines. A line that lies within one chunk shares its memory.
#[derive(Debug)]
pub struct LineSplitter {
    max_line: usize,
    chunks: VecDeque<Bytes>,
    /// The start of a line whose end has not arrived.
    partial: Vec<u8>,
    /// Whether that line is too long and its rest is passed over.
    skipping: bool,
    /// How much of it was passed over so far, or of blank lines since the last that was not.
    passed_over: u64,
    line_number: u64,
}

impl LineSplitter {
    /// Takes lines of up to so many bytes, their end not counted.
    pub fn new(max_line: usize) -> Self {
        Self {
            max_line,
            chunks: VecDeque::new(),
            partial: Vec::new(),
            skipping: false,
            passed_over: 0,
            line_number: 0,
        }
    }

    pub(crate) fn max_line(&self) -> usize {
        self.max_line
    }

    /// How much is held of a line whose end has not arrived.
    pub(crate) fn held(&self) -> usize {
        self.partial.len()
    }

    /// How much came since the last line that was not blank, apart from what is held: of a line that is
    /// too long and has not ended, or of blank ones.
    pub(crate) fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// Adds the next chunk.
    pub fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() {
            self.chunks.push_back(chunk);
        }
    }

    /// The next whole line, without its end, and its number from 1. Blank lines are passed over.
    /// After an error, the lines go on.
    pub fn next_line(&mut self) -> Result<Option<(u64, Bytes)>, LineTooLong> {
        while let Some(chunk) = self.chunks.front_mut() {
            let Some(end) = memchr::memchr(b'\n', chunk) else {
                let len = self.partial.len() + chunk.len();
                let chunk = self.chunks.pop_front();
                if self.skipping {
                    self.passed_over += len as u64;
                    continue;
                }
                if len > self.max_line {
                    self.partial = Vec::new();
                    self.skipping = true;
                    self.passed_over = len as u64;
                    return Err(LineTooLong(self.line_number + 1));
                }
                self.hold(&chunk.unwrap_or_default());
                continue;
            };
            self.line_number += 1;
            let is_first = self.line_number == 1;
            let is_too_long = self.partial.len() + end > self.max_line;
            let line = if is_too_long || self.skipping {
                None
            } else if self.partial.is_empty() {
                trimmed(chunk, end, is_first)
            } else {
                let rest = chunk.slice(..end);
                self.hold(&rest);
                let line = Bytes::from(std::mem::take(&mut self.partial));
                trimmed(&line, line.len(), is_first)
            };
            if let Some(chunk) = self.chunks.front_mut() {
                chunk.advance(end + 1);
                if chunk.is_empty() {
                    self.chunks.pop_front();
                }
            }
            if std::mem::take(&mut self.skipping) {
                self.passed_over = 0;
                continue;
            }
            if is_too_long {
                self.partial = Vec::new();
                return Err(LineTooLong(self.line_number));
            }
            if let Some(line) = line {
                self.passed_over = 0;
                return Ok(Some((self.line_number, line)));
            }
            self.passed_over += end as u64 + 1;
        }
        Ok(None)
    }

    /// Adds to the line whose end has not arrived, in memory that is never more than the longest line
    /// takes.
    fn hold(&mut self, more: &[u8]) {
        let needed = self.partial.len() + more.len();
        if needed > self.partial.capacity() {
            let doubled = self.partial.capacity().saturating_mul(2);
            let wanted = doubled.min(self.max_line).max(needed);
            self.partial.reserve_exact(wanted - self.partial.len());
        }
        self.partial.extend_from_slice(more);
    }

    /// What stands after the last newline, once no more chunks come.
    pub fn last_line(&mut self) -> Option<(u64, Bytes)> {
        if self.skipping {
            return None;
        }
        self.line_number += 1;
        let line = Bytes::from(std::mem::take(&mut self.partial));
        let line = trimmed(&line, line.len(), self.line_number == 1)?;
        Some((self.line_number, line))
    }
}

/// The start of `bytes` up to `end` without white space around it; `None` if it is blank. Before
/// the first line a byte order mark may stand.
fn trimmed(bytes: &Bytes, end: usize, is_first: bool) -> Option<Bytes> {
    let mut text = &bytes[..end];
    if is_first {
        text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    }
    let text = text.trim_ascii();
    (!text.is_empty()).then(|| bytes.slice_ref(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(chunks: &[&[u8]]) -> Lines {
        let (lines, too_long) = split_up_to(usize::MAX, chunks);
        assert!(too_long.is_empty());
        lines
    }

    type Lines = Vec<(u64, Vec<u8>)>;

    fn split_up_to(max_line: usize, chunks: &[&[u8]]) -> (Lines, Vec<u64>) {
        let mut splitter = LineSplitter::new(max_line);
        let (mut lines, mut too_long) = (Vec::new(), Vec::new());
        for chunk in chunks {
            splitter.push(Bytes::copy_from_slice(chunk));
            loop {
                match splitter.next_line() {
                    Ok(Some((number, line))) => lines.push((number, line.to_vec())),
                    Ok(None) => break,
                    Err(LineTooLong(number)) => too_long.push(number),
                }
            }
            assert!(splitter.partial.capacity() <= max_line.max(8));
        }
        lines.extend(splitter.last_line().map(|(n, line)| (n, line.to_vec())));
        (lines, too_long)
    }

    #[test]
    fn a_line_that_is_too_long_stops_no_other_wherever_it_is_cut() {
        let text = b"12345\n123456\n\n1234567890\r\n1\r\n123456";
        let lines = vec![(1, b"12345".to_vec()), (5, b"1".to_vec())];
        for first in 0..text.len() {
            for second in first..text.len() {
                let chunks = [&text[..first], &text[first..second], &text[second..]];
                let (told, too_long) = split_up_to(5, &chunks);
                assert_eq!((told, too_long), (lines.clone(), vec![2, 4, 6]));
            }
        }
    }

    #[test]
    fn endings_blanks_and_a_byte_order_mark() {
        let text = b"\xEF\xBB\xBF{1}\r\n\r\n  \n{2}\n{3}";
        let lines = vec![
            (1, b"{1}".to_vec()),
            (4, b"{2}".to_vec()),
            (5, b"{3}".to_vec()),
        ];
        assert_eq!(split(&[text]), lines);
        for cut in 0..text.len() {
            assert_eq!(split(&[&text[..cut], &text[cut..]]), lines, "cut at {cut}");
        }
        assert!(split(&[]).is_empty());
    }

    #[test]
    fn a_line_takes_no_more_memory_than_the_longest_may() {
        let mut splitter = LineSplitter::new(1000);
        for chunk in std::iter::repeat_n(Bytes::from(vec![b'x'; 90]), 11) {
            splitter.push(chunk);
            assert_eq!(splitter.next_line(), Ok(None));
            assert!(splitter.partial.capacity() <= 1000);
        }
        assert_eq!((splitter.held(), splitter.passed_over()), (990, 0));
        splitter.push(Bytes::from(vec![b'x'; 90]));
        assert_eq!(splitter.next_line(), Err(LineTooLong(1)));
        assert_eq!(splitter.partial.capacity(), 0);
        splitter.push(Bytes::from(vec![b'x'; 90]));
        assert_eq!(splitter.next_line(), Ok(None));
        assert_eq!((splitter.held(), splitter.passed_over()), (0, 1170));
        splitter.push(Bytes::from_static(b"\n\n \n"));
        assert_eq!(splitter.next_line(), Ok(None));
        assert_eq!(splitter.passed_over(), 3);
        splitter.push(Bytes::from_static(b"x\n"));
        assert!(splitter.next_line().unwrap().is_some());
        assert_eq!(splitter.passed_over(), 0);
    }

    #[test]
    fn a_line_within_a_chunk_is_not_copied() {
        let chunk = Bytes::from_static(b"{\"a\":1}\n{\"b\":2}\n");
        let mut splitter = LineSplitter::new(100);
        splitter.push(chunk.clone());
        let (_, line) = splitter.next_line().unwrap().unwrap();
        assert_eq!(line.as_ptr(), chunk.as_ptr());
    }

    proptest! {
        #[test]
        fn every_chunking_gives_the_lines_of_a_plain_split(
            text in "[ab\u{e9}\u{1F600}\r\n ]{0,60}", cuts in prop::collection::vec(0usize..200, 0..8)
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<_> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let naive: Vec<_> = (1..)
                .zip(bytes.split(|b| *b == b'\n'))
                .map(|(number, line)| (number, line.trim_ascii().to_vec()))
                .filter(|(_, line)| !line.is_empty())
                .collect();
            prop_assert_eq!(split(&chunks), naive);
        }
    }
}
