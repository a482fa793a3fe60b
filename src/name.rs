//! What an id is that goes into an address: one path segment of plain characters, so that nothing
//! a caller types can change where a request goes.

/// Whether `id` is one path segment of letters, digits, `-`, `_`, `.` and `@`, and not only dots.
pub(crate) fn is_plain_id(id: &str) -> bool {
    id.bytes().any(|b| b != b'.')
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@'))
}
