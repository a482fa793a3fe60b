//! The splitter against a plain split of the whole text.

use bytes::Bytes;
use genai_batch::internals::{LineSplitter, LineTooLong};

/// However a text is cut into chunks, its lines are those of a plain split, but for those that
/// are too long.
///
/// The first byte says how many of the next ones are lengths of chunks, taken over and over,
/// whether lines are asked for after each chunk or after the last, and how long a line may be.
pub fn splitter(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let (lengths, text) = rest.split_at(rest.len().min(usize::from(first & 7)));
    let chunks = cut(text, lengths);
    let max_line = match first >> 4 {
        0 => usize::MAX,
        some => 3 * usize::from(some),
    };
    let splitter = LineSplitter::new(max_line);
    let lines = match first & 8 {
        0 => split_eagerly(splitter, &chunks),
        _ => split_at_the_end(splitter, &chunks),
    };
    assert_eq!(lines, naive_up_to(max_line, text));
}

/// A line with its number; `None` is one that is too long.
type Line = (u64, Option<Vec<u8>>);

/// The lines of a text with their numbers, blank ones left out, by the simplest means.
pub fn naive(text: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let lines = naive_up_to(usize::MAX, text).into_iter();
    lines.filter_map(|(n, line)| Some((n, line?))).collect()
}

fn naive_up_to(max_line: usize, text: &[u8]) -> Vec<Line> {
    (1..)
        .zip(text.split(|byte| *byte == b'\n'))
        .map(|(number, line)| {
            let without_bom = line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| number == 1);
            let content = without_bom.unwrap_or(line);
            let fits = line.len() <= max_line;
            (number, fits.then(|| content.trim_ascii().to_vec()))
        })
        .filter(|(_, line)| line.as_ref().is_none_or(|line| !line.is_empty()))
        .collect()
}

/// Chunks of these lengths, again and again; some may be empty.
pub(super) fn cut(text: &[u8], lengths: &[u8]) -> Vec<Bytes> {
    let mut chunks = Vec::new();
    let mut rest = text;
    if lengths.iter().any(|length| length & 15 > 0) {
        for length in lengths.iter().cycle() {
            let (chunk, after) = rest.split_at(rest.len().min(usize::from(length & 15)));
            chunks.push(Bytes::copy_from_slice(chunk));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
    }
    chunks.push(Bytes::copy_from_slice(rest));
    chunks
}

/// The lines of chunks with their numbers.
pub fn lines(chunks: &[&[u8]]) -> Vec<(u64, Vec<u8>)> {
    let chunks: Vec<_> = chunks.iter().map(|c| Bytes::copy_from_slice(c)).collect();
    let lines = split_eagerly(LineSplitter::new(usize::MAX), &chunks).into_iter();
    lines.map(|(n, line)| (n, line.unwrap())).collect()
}

fn split_eagerly(mut splitter: LineSplitter, chunks: &[Bytes]) -> Vec<Line> {
    let mut lines = Vec::new();
    for chunk in chunks {
        splitter.push(chunk.clone());
        drain(&mut splitter, &mut lines);
    }
    finish(splitter, lines)
}

fn split_at_the_end(mut splitter: LineSplitter, chunks: &[Bytes]) -> Vec<Line> {
    let mut lines = Vec::new();
    for chunk in chunks {
        splitter.push(chunk.clone());
    }
    drain(&mut splitter, &mut lines);
    finish(splitter, lines)
}

fn drain(splitter: &mut LineSplitter, lines: &mut Vec<Line>) {
    loop {
        match splitter.next_line() {
            Ok(Some((number, line))) => lines.push((number, Some(line.to_vec()))),
            Ok(None) => break,
            Err(LineTooLong(number)) => lines.push((number, None)),
        }
    }
    assert_eq!(splitter.next_line(), Ok(None));
}

fn finish(mut splitter: LineSplitter, mut lines: Vec<Line>) -> Vec<Line> {
    let last = splitter.last_line();
    lines.extend(last.map(|(number, line)| (number, Some(line.to_vec()))));
    assert!(splitter.last_line().is_none());
    lines
}
