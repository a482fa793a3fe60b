//! The log of received calls, for tests that look at what a client sent and how often.

use std::sync::{Arc, Mutex};

use crate::operation::Operation;
use crate::sync::lock;

/// One received call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// What was called; `None` for a path that no service has.
    pub operation: Option<Operation>,
    /// The HTTP method.
    pub method: String,
    /// The path as it was sent, still percent-encoded.
    pub path: String,
    /// The query as it was sent, without the question mark and with an API key blotted out.
    pub query: String,
    /// The status answered; `None` while the call lasts and where the connection was closed instead.
    pub status: Option<u16>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    records: Arc<Mutex<Vec<RequestRecord>>>,
}

impl Log {
    pub(crate) fn received(&self, record: RequestRecord) -> usize {
        let mut records = lock(&self.records);
        records.push(record);
        records.len() - 1
    }

    pub(crate) fn answered(&self, index: usize, status: u16) {
        if let Some(record) = lock(&self.records).get_mut(index) {
            record.status = Some(status);
        }
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        lock(&self.records).clone()
    }

    pub(crate) fn count(&self, operation: Operation) -> usize {
        lock(&self.records)
            .iter()
            .filter(|r| r.operation == Some(operation))
            .count()
    }
}

/// `query` with the value of `key` replaced.
pub(crate) fn without_key(query: &str) -> String {
    let blot = |pair: &str| match pair.split_once('=') {
        Some(("key", _)) => "key=…".to_owned(),
        _ => pair.to_owned(),
    };
    query.split('&').map(blot).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_keys_are_not_logged() {
        assert_eq!(without_key("alt=media&key=secret"), "alt=media&key=…");
        assert_eq!(without_key(""), "");
    }
}
