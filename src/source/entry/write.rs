//! A checked line, written: as a line of a JSONL file, or as an element of the inlined requests.

use super::{Fields, Line};
use crate::scan::write_text;

impl Line {
    /// The line as it stands in a JSONL file, newline included.
    pub(crate) fn write_jsonl(&self, key: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"key\":");
        write_text(key, out);
        if !self.request.is_empty() {
            out.extend_from_slice(b",\"request\":");
            out.extend_from_slice(self.request.as_bytes());
        }
        if !self.metadata.is_empty() {
            out.extend_from_slice(b",\"metadata\":{");
            write_fields(&self.metadata, b"", out);
            out.push(b'}');
        }
        write_fields(&self.extra, b",", out);
        out.extend_from_slice(b"}\n");
    }

    /// The line as an element of the inlined requests; the key is part of the metadata.
    pub(crate) fn write_inline(&self, key: &str, out: &mut Vec<u8>) -> Inlined {
        let mut inlined = Inlined {
            start: out.len(),
            ..Inlined::default()
        };
        out.extend_from_slice(BEFORE_REQUEST);
        out.extend_from_slice(self.request.as_bytes());
        inlined.request_end = out.len();
        out.extend_from_slice(BEFORE_KEY);
        write_text(key, out);
        inlined.key_end = out.len();
        write_fields(&self.metadata, b",", out);
        inlined.metadata_end = out.len();
        write_fields(&self.extra, b",", out);
        inlined.extra_end = out.len();
        out.extend_from_slice(b"}}");
        inlined
    }
}

const BEFORE_REQUEST: &[u8] = b"{\"request\":";
const BEFORE_KEY: &[u8] = b",\"metadata\":{\"key\":";

/// Where an element of the inlined requests and its pieces stand.
#[derive(Debug, Default)]
pub(crate) struct Inlined {
    start: usize,
    request_end: usize,
    key_end: usize,
    metadata_end: usize,
    extra_end: usize,
}

impl Inlined {
    /// Writes the same request as a line of a JSONL file.
    pub(crate) fn write_jsonl(&self, inlined: &[u8], out: &mut Vec<u8>) {
        let request = &inlined[self.start + BEFORE_REQUEST.len()..self.request_end];
        let metadata = &inlined[self.key_end..self.metadata_end];
        out.extend_from_slice(b"{\"key\":");
        out.extend_from_slice(&inlined[self.request_end + BEFORE_KEY.len()..self.key_end]);
        if !request.is_empty() {
            out.extend_from_slice(b",\"request\":");
            out.extend_from_slice(request);
        }
        // After the key, its fields begin with a comma.
        if let Some(metadata) = metadata.strip_prefix(b",") {
            out.extend_from_slice(b",\"metadata\":{");
            out.extend_from_slice(metadata);
            out.push(b'}');
        }
        out.extend_from_slice(&inlined[self.metadata_end..self.extra_end]);
        out.extend_from_slice(b"}\n");
    }
}

pub(super) fn write_fields(fields: &Fields, mut separator: &[u8], out: &mut Vec<u8>) {
    for (name, value) in fields {
        out.extend_from_slice(separator);
        write_text(name, out);
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
        separator = b",";
    }
}
