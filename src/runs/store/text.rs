//! Texts on their way between the thread of the file and others.
//!
//! One thread makes them and another lets go of them: if each had memory of its own, both would wait for the
//! allocator, which took a third of the time of reading a run out. So they share blocks of it.

use bytes::{Bytes, BytesMut};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

/// A text in a block, or in memory of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text(Bytes);

impl Text {
    /// Shares the memory of `text`, which is UTF-8 unless a file is damaged.
    pub(crate) fn shared(text: Bytes) -> Self {
        Self(text)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Empty where it is none, which nobody writes.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl ToSql for Text {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}

/// Memory that texts share.
pub(crate) struct Block(BytesMut);

impl Block {
    /// A block for some so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(BytesMut::with_capacity(bytes))
    }

    /// Copies a text into it. What has no room begins another.
    pub(crate) fn keep(&mut self, text: &[u8]) -> Text {
        self.0.extend_from_slice(text);
        Text(self.0.split().freeze())
    }
}
