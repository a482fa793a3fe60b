//! What a call gets: the job, the list of its objects, or one of them from some byte on.

use std::borrow::Cow;
use std::fmt::Write;

use crate::objects::Objects;

/// No object is ever replaced.
const TAGS: &str = "ETag: \"1\"\r\nx-goog-generation: 1\r\n\
    Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n";

const JSON: &str = "Content-Type: application/json; charset=UTF-8\r\n";
const XML: &str = "Content-Type: application/xml; charset=UTF-8\r\n";

/// Everything up to the body, and the body.
pub(crate) struct Response<'a> {
    pub(crate) head: String,
    pub(crate) body: Cow<'a, [u8]>,
}

fn response<'a>(status: &str, headers: &str, body: impl Into<Cow<'a, [u8]>>) -> Response<'a> {
    let body = body.into();
    let length = body.len();
    Response {
        head: format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n"),
        body,
    }
}

/// The response to a GET of `target`, which is a path and maybe a query.
pub(crate) fn to<'a>(target: &str, range: Option<&str>, objects: &'a Objects) -> Response<'a> {
    let (path, _) = target.split_once('?').unwrap_or((target, ""));
    if let Some((_, name)) = path.split_once("/projects/") {
        return response("200 OK", JSON, job(name).into_bytes());
    }
    if path == "/bucket" {
        return response("200 OK", XML, list(objects).into_bytes());
    }
    let object = path.strip_prefix("/bucket/");
    match object.and_then(|name| objects.get(name)) {
        Some(object) => part(object, range),
        None => response("404 Not Found", "", Vec::new()),
    }
}

fn part<'a>(object: &'a [u8], range: Option<&str>) -> Response<'a> {
    let size = object.len();
    let asked = range.and_then(|range| parse_range(range, size));
    match asked.and_then(|(start, end)| Some((start, end, object.get(start..end)?))) {
        Some((start, end, part)) => {
            let last = end.saturating_sub(1);
            let headers = format!("Content-Range: bytes {start}-{last}/{size}\r\n{TAGS}");
            response("206 Partial Content", &headers, part)
        }
        None => response("200 OK", TAGS, object),
    }
}

/// `bytes=START-` or `bytes=START-LAST`, as start and end.
fn parse_range(range: &str, size: usize) -> Option<(usize, usize)> {
    let (start, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = match last {
        "" => size,
        last => last.parse::<usize>().ok()?.saturating_add(1).min(size),
    };
    Some((start.parse().ok()?, end))
}

fn job(name: &str) -> String {
    format!(
        r#"{{"name":"projects/{name}","displayName":"bench","model":"publishers/google/models/gemini-2.5-flash","state":"JOB_STATE_SUCCEEDED","createTime":"2026-01-02T03:04:05.678901Z","endTime":"2026-01-02T04:04:05.678901Z","outputInfo":{{"gcsOutputDirectory":"gs://bucket/out"}}}}"#
    )
}

fn list(objects: &Objects) -> String {
    let mut xml = "<ListBucketResult><IsTruncated>false</IsTruncated>".to_owned();
    for (name, size) in objects.list() {
        // Writing to a string does not fail.
        let _ = write!(
            xml,
            "<Contents><Key>{name}</Key><Size>{size}</Size></Contents>"
        );
    }
    xml + "</ListBucketResult>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_given_from_any_byte_on() {
        let whole = part(b"content", None);
        assert!(
            whole
                .head
                .starts_with("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n")
        );
        assert!(whole.head.ends_with("\r\n\r\n"));
        let rest = part(b"content", Some("bytes=3-"));
        assert!(rest.head.starts_with("HTTP/1.1 206 "));
        assert!(rest.head.contains("\r\nContent-Range: bytes 3-6/7\r\n"));
        assert_eq!(&*rest.body, b"tent");
        let middle = part(b"content", Some("bytes=1-3"));
        assert!(middle.head.contains("\r\nContent-Range: bytes 1-3/7\r\n"));
        assert_eq!(&*middle.body, b"ont");
    }
}
