//! A checked line, written: as a line of a JSONL file, or as an element of the inlined requests.

use super::Line;
use crate::request::fields::RawFields;
use crate::scan::write_text;

/// In whose words a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// Google's: `{"key", "request", …}`.
    Google,
    /// Another's: `{"custom_id", …}`, with the request in the field of this name.
    Other(&'static str),
    /// The request is all of the line.
    AsItIs,
}

impl Line {
    /// The line as it stands in a JSONL file, newline included.
    pub fn write_jsonl(&self, key: &str, out: &mut Vec<u8>) {
        self.write(key, &self.metadata, out);
    }

    /// The same for a service that drops what stands beside the key.
    pub(crate) fn write_jsonl_without_metadata(&self, key: &str, out: &mut Vec<u8>) {
        self.write(key, &RawFields::new(), out);
    }

    fn write(&self, key: &str, metadata: &RawFields, out: &mut Vec<u8>) {
        match self.wire {
            Wire::Google => {}
            Wire::Other(body) => return self.write_other(key, body, out),
            Wire::AsItIs => {
                out.extend_from_slice(self.request.as_bytes());
                return out.push(b'\n');
            }
        }
        out.extend_from_slice(b"{\"key\":");
        write_text(key, out);
        if !self.request.is_empty() {
            out.extend_from_slice(b",\"request\":");
            out.extend_from_slice(self.request.as_bytes());
        }
        if !metadata.is_empty() {
            out.extend_from_slice(b",\"metadata\":{");
            write_fields(metadata, b"", out);
            out.push(b'}');
        }
        write_fields(&self.extra, b",", out);
        out.extend_from_slice(b"}\n");
    }

    /// What travels beside the key, as a JSON object; `None` where nothing does.
    pub(crate) fn metadata_json(&self) -> Option<Vec<u8>> {
        if self.metadata.is_empty() {
            return None;
        }
        let mut out = vec![b'{'];
        write_fields(&self.metadata, b"", &mut out);
        out.push(b'}');
        Some(out)
    }

    fn write_other(&self, key: &str, body: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"custom_id\":");
        write_text(key, out);
        write_fields(&self.extra, b",", out);
        out.push(b',');
        write_text(body, out);
        out.push(b':');
        out.extend_from_slice(self.request.as_bytes());
        out.extend_from_slice(b"}\n");
    }

    /// Takes out what the caller gave with the request, as JSON; `None` if that is nothing.
    #[cfg(feature = "runs")]
    pub(crate) fn take_metadata(&mut self) -> Option<String> {
        let json = self.metadata_json()?;
        self.metadata.clear();
        // Written from texts alone.
        String::from_utf8(json).ok()
    }

    /// What the service may echo of the request, in JSON.
    pub(crate) fn content(&self) -> String {
        if !self.request.is_empty() {
            return self.request.clone();
        }
        let mut out = vec![b'{'];
        write_fields(&self.extra, b"", &mut out);
        out.push(b'}');
        // Written from texts alone.
        String::from_utf8(out).unwrap_or_default()
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
    pub(crate) fn write_jsonl(&self, inlined: &[u8], with_metadata: bool, out: &mut Vec<u8>) {
        let request = &inlined[self.start + BEFORE_REQUEST.len()..self.request_end];
        let metadata = &inlined[self.key_end..self.metadata_end];
        out.extend_from_slice(b"{\"key\":");
        out.extend_from_slice(&inlined[self.request_end + BEFORE_KEY.len()..self.key_end]);
        if !request.is_empty() {
            out.extend_from_slice(b",\"request\":");
            out.extend_from_slice(request);
        }
        // After the key, its fields begin with a comma.
        if let (true, Some(metadata)) = (with_metadata, metadata.strip_prefix(b",")) {
            out.extend_from_slice(b",\"metadata\":{");
            out.extend_from_slice(metadata);
            out.push(b'}');
        }
        out.extend_from_slice(&inlined[self.metadata_end..self.extra_end]);
        out.extend_from_slice(b"}\n");
    }
}

fn write_fields(fields: &RawFields, mut separator: &[u8], out: &mut Vec<u8>) {
    for (name, value) in fields {
        out.extend_from_slice(separator);
        write_text(name, out);
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
        separator = b",";
    }
}
