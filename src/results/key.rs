//! What a row says first: the key of its request, or why there is no response.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use crate::job::Status;
use crate::shown::Shown;

/// The key of a request. Reads as a text, and compares with one.
///
/// ```
/// use genai_batch::Key;
///
/// let key = Key::from("doc-1");
/// assert!(key == "doc-1" && key == String::from("doc-1"));
/// assert!(key.starts_with("doc-"));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<str>);

impl Key {
    /// The key, as it was given or assigned.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Key {
    fn from(key: String) -> Self {
        Self(key.into())
    }
}

impl From<&str> for Key {
    fn from(key: &str) -> Self {
        Self(key.into())
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0.into()
    }
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Key {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Key {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl PartialEq<String> for Key {
    fn eq(&self, other: &String) -> bool {
        *self.0 == **other
    }
}

impl PartialEq<Key> for String {
    fn eq(&self, other: &Key) -> bool {
        other == self
    }
}

impl PartialEq<Key> for str {
    fn eq(&self, other: &Key) -> bool {
        other == self
    }
}

impl PartialEq<Key> for &str {
    fn eq(&self, other: &Key) -> bool {
        other == self
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Why one request has no response.
#[derive(Debug, Clone, PartialEq)]
pub struct RowError {
    status: Status,
    malformed: bool,
}

impl RowError {
    pub(crate) fn new(status: Status) -> Self {
        Self {
            status,
            malformed: false,
        }
    }

    /// A row that has a key but neither a response nor an error that can be read.
    pub(crate) fn malformed(reason: impl Into<String>) -> Self {
        Self {
            status: Status::unknown(reason.into()),
            malformed: true,
        }
    }

    /// The `google.rpc.Code`; 2 (`UNKNOWN`) where the row itself made no sense.
    pub fn code(&self) -> i64 {
        self.status.code
    }

    /// What happened; empty where the service gave a code alone.
    pub fn message(&self) -> &str {
        &self.status.message
    }

    /// The error as the service gave it.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Whether a quota refused this one request (`RESOURCE_EXHAUSTED`), so that it may be submitted again later.
    /// [`Error::is_quota`](crate::Error::is_quota) is about whole calls and jobs.
    pub fn is_quota(&self) -> bool {
        self.status.code == 8
    }

    /// Takes out of what it says what `clean` finds there, and tells whether that was anything.
    pub(super) fn clean(&mut self, clean: impl Fn(&str) -> Option<String>) -> bool {
        self.status.clean(clean)
    }

    /// Whether it says the same, to the letter.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.status.is_same(&other.status)
    }

    /// Whether the row held neither a response nor an error, so that this error is the
    /// client's and not the service's. [`BatchResult::json`](crate::BatchResult::json) is what came.
    pub fn is_malformed(&self) -> bool {
        self.malformed
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.malformed {
            return write!(f, "unreadable row: {}", Shown(&self.status.message));
        }
        self.status.fmt(f)
    }
}

impl std::error::Error for RowError {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_compares_with_texts_of_each_kind_both_ways() {
        let key = Key::from("a");
        for (text, is_same) in [("a", true), ("b", false), ("", false), ("A", false)] {
            let owned = text.to_owned();
            assert_eq!(key == *text, is_same, "{text}");
            assert_eq!(key == text, is_same, "{text}");
            assert_eq!(key == owned, is_same, "{text}");
            assert_eq!(owned == key, is_same, "{text}");
            assert_eq!(*text == key, is_same, "{text}");
            assert_eq!(text == key, is_same, "{text}");
            assert_eq!(
                HashSet::from([key.clone()]).contains(text),
                is_same,
                "{text}"
            );
            assert_eq!(AsRef::<str>::as_ref(&key) == text, is_same, "{text}");
        }
    }

    #[test]
    fn an_error_of_the_client_is_told_from_the_services() {
        let told = RowError::malformed("no\nJSON").to_string();
        assert_eq!(told, "unreadable row: no\\nJSON");
        let theirs = RowError::new(Status::of(3, "bad", &[])).to_string();
        assert_eq!(theirs, "INVALID_ARGUMENT (code 3): bad");
    }
}
