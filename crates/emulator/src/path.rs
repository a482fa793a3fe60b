//! What the paths of Google's APIs have in common.

use percent_encoding::percent_decode_str;

/// `abc:cancel` as the decoded id and the verb.
pub(crate) fn split_verb(resource: &str) -> (String, Option<&str>) {
    let (id, verb) = match resource.rsplit_once(':') {
        Some((id, verb)) => (id, Some(verb)),
        None => (resource, None),
    };
    (
        percent_decode_str(id).decode_utf8_lossy().into_owned(),
        verb,
    )
}

/// Whether a segment is an API version, as in `v1beta`.
pub(crate) fn is_version(segment: &str) -> bool {
    let mut chars = segment.chars();
    chars.next() == Some('v')
        && chars.next().is_some_and(|c| c.is_ascii_digit())
        && chars.all(|c| c.is_ascii_alphanumeric())
}
