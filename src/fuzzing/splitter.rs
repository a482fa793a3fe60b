//! The splitter against a plain split of the whole text.

use bytes::Bytes;

use crate::results::jsonl::LineSplitter;

/// However a text is cut into chunks, its lines are those of a plain split.
///
/// The first byte says how many of the next ones are lengths of chunks, taken over and over,
/// and whether lines are asked for after each chunk or after the last.
pub fn splitter(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let (lengths, text) = rest.split_at(rest.len().min(usize::from(first & 7)));
    let chunks = cut(text, lengths);
    let lines = match first & 8 {
        0 => split_eagerly(&chunks),
        _ => split_at_the_end(&chunks),
    };
    assert_eq!(lines, naive(text));
}

/// The lines of a text with their numbers, blank ones left out, by the simplest means.
pub(crate) fn naive(text: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    (1..)
        .zip(text.split(|byte| *byte == b'\n'))
        .map(|(number, line)| (number, line.trim_ascii().to_vec()))
        .filter(|(_, line)| !line.is_empty())
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

fn split_eagerly(chunks: &[Bytes]) -> Vec<(u64, Vec<u8>)> {
    let mut splitter = LineSplitter::default();
    let mut lines = Vec::new();
    for chunk in chunks {
        splitter.push(chunk.clone());
        drain(&mut splitter, &mut lines);
    }
    finish(splitter, lines)
}

fn split_at_the_end(chunks: &[Bytes]) -> Vec<(u64, Vec<u8>)> {
    let mut splitter = LineSplitter::default();
    let mut lines = Vec::new();
    for chunk in chunks {
        splitter.push(chunk.clone());
    }
    drain(&mut splitter, &mut lines);
    finish(splitter, lines)
}

fn drain(splitter: &mut LineSplitter, lines: &mut Vec<(u64, Vec<u8>)>) {
    while let Some((number, line)) = splitter.next_line().unwrap() {
        lines.push((number, line.to_vec()));
    }
    assert!(splitter.next_line().unwrap().is_none());
}

fn finish(mut splitter: LineSplitter, mut lines: Vec<(u64, Vec<u8>)>) -> Vec<(u64, Vec<u8>)> {
    lines.extend(splitter.last_line().map(|(n, line)| (n, line.to_vec())));
    assert!(splitter.last_line().is_none());
    lines
}
