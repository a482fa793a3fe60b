//! The lines of a JSONL file.

/// The lines that are not blank, without the white space around them.
pub(crate) fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr_iter(b'\n', content).chain(std::iter::once(content.len()));
    ends.scan(0, |start, end| {
        let line = &content[*start..end];
        *start = end + 1;
        Some(line.trim_ascii())
    })
    .filter(|line| !line.is_empty())
}
