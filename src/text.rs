//! A text that a service sent: at hand, or within a longer one, where it is looked for once
//! somebody asks for it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

/// A text, cheap to clone.
#[derive(Clone)]
pub(crate) enum Text {
    Whole(Bytes),
    /// One of several texts within another.
    Part(Arc<Parts>, usize),
}

/// Texts within another, in their order.
pub(crate) struct Parts {
    whole: Bytes,
    find: fn(&Bytes) -> Vec<Bytes>,
    found: OnceLock<Vec<Bytes>>,
}

impl Parts {
    /// The texts that `find` finds in `whole`.
    pub(crate) fn new(whole: Bytes, find: fn(&Bytes) -> Vec<Bytes>) -> Self {
        Self {
            whole,
            find,
            found: OnceLock::new(),
        }
    }
}

impl Text {
    pub(crate) fn bytes(&self) -> &Bytes {
        static NONE: Bytes = Bytes::new();
        match self {
            Self::Whole(text) => text,
            Self::Part(parts, number) => {
                let found = parts.found.get_or_init(|| (parts.find)(&parts.whole));
                found.get(*number).unwrap_or(&NONE)
            }
        }
    }

    /// The text; empty if it is not UTF-8.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_looked_for_once_and_share_the_memory_of_the_whole() {
        fn words(text: &Bytes) -> Vec<Bytes> {
            text.split(|b| *b == b' ')
                .map(|word| text.slice_ref(word))
                .collect()
        }
        let whole = Bytes::from("one two".to_owned());
        let parts = Arc::new(Parts::new(whole.clone(), words));
        assert!(parts.found.get().is_none());
        let second = Text::Part(Arc::clone(&parts), 1);
        assert_eq!(second.as_str(), "two");
        assert!(whole.as_ptr_range().contains(&second.bytes().as_ptr()));
        assert_eq!(Text::Part(parts, 2).as_str(), "");
    }
}
