//! The objects in Cloud Storage that a source names: one by one, by a pattern, or all of a folder.

use super::AnyBackend;
use crate::error::{Error, Result};
use crate::storage::list::Listed;
use crate::uri::GcsUri;

/// Whether an address stands for one object, and not for those of a folder or of a pattern.
pub(crate) fn is_single(uri: &GcsUri) -> bool {
    !uri.is_pattern() && !uri.object().ends_with('/')
}

/// The objects that an address stands for, all of those below a folder; an error if there is none.
pub(crate) async fn find(service: &AnyBackend, uri: &GcsUri) -> Result<Vec<Listed>> {
    let pattern = uri.object();
    let fixed = match uri.is_pattern() {
        true => pattern.find(['*', '?', '[']).unwrap_or(pattern.len()),
        false => pattern.len(),
    };
    let mut found = service.list_objects(uri, &pattern[..fixed]).await?;
    found.retain(|object| {
        let name = object.uri.object();
        let is_file = !name.ends_with('/');
        is_file
            && match (uri.is_pattern(), is_single(uri)) {
                (true, _) => matches(pattern.as_bytes(), name.as_bytes()),
                (false, true) => name == pattern,
                (false, false) => true,
            }
    });
    match found.is_empty() {
        true => Err(Error::input(format!("there is no object {uri}"))),
        false => Ok(found),
    }
}

/// Whether a name fits a pattern of Cloud Storage: `*` is anything but `/`, `**` anything, `?` one
/// character, `[a-z]` one of these.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [b'*', b'*', rest @ ..] => (0..=name.len()).any(|at| matches(rest, &name[at..])),
        [b'*', rest @ ..] => {
            let end = name
                .iter()
                .position(|byte| *byte == b'/')
                .unwrap_or(name.len());
            (0..=end).any(|at| matches(rest, &name[at..]))
        }
        [b'?', rest @ ..] => {
            matches!(name, [first, name @ ..] if *first != b'/' && matches(rest, name))
        }
        [b'[', rest @ ..] => match (rest.iter().position(|byte| *byte == b']'), name) {
            (Some(end), [first, name @ ..]) => {
                is_one_of(&rest[..end], *first) && matches(&rest[end + 1..], name)
            }
            _ => false,
        },
        [byte, rest @ ..] => {
            matches!(name, [first, name @ ..] if first == byte && matches(rest, name))
        }
    }
}

fn is_one_of(set: &[u8], byte: u8) -> bool {
    let (set, is_none_of) = match set {
        [b'!' | b'^', rest @ ..] => (rest, true),
        set => (set, false),
    };
    let in_range = set
        .windows(3)
        .any(|it| it[1] == b'-' && (it[0]..=it[2]).contains(&byte));
    (in_range || set.contains(&byte)) != is_none_of
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_cloud_storage() {
        for (pattern, name, fits) in [
            ("a/*.jsonl", "a/1.jsonl", true),
            ("a/*.jsonl", "a/b/1.jsonl", false),
            ("a/**.jsonl", "a/b/1.jsonl", true),
            ("a/?.jsonl", "a/1.jsonl", true),
            ("a/?.jsonl", "a/12.jsonl", false),
            ("a/[0-4]x", "a/3x", true),
            ("a/[0-4]x", "a/5x", false),
            ("a/[!0-4]x", "a/5x", true),
            ("a/*", "a/", true),
            ("a", "ab", false),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), name.as_bytes()),
                fits,
                "{pattern} {name}"
            );
        }
    }
}
