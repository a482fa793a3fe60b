//! Which call of Cloud Storage a method, path and query stand for, in either API.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::operation::Operation;
use crate::query::Query;

/// The first segments of the paths of other services, and of the JSON API.
const RESERVED: [&str; 6] = [
    "batch",
    "bigquery",
    "download",
    "resumable",
    "storage",
    "upload",
];

/// A call in one of the two APIs.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) api: Api,
    pub(crate) call: Call,
    pub(crate) query: Query,
}

/// In which form answers and errors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Xml,
    Json,
    /// The JSON API where it answers with content, and with plain text if it cannot.
    Media,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Call {
    GetObject(Place),
    GetMetadata(Place),
    PutObject(Place),
    Copy {
        from: Place,
        to: Place,
        /// `rewriteTo`, which says how far it has come.
        rewrite: bool,
    },
    DeleteObject(Place),
    ListObjects(String),
    CreateMultipart(Place),
    UploadPart(Place),
    CompleteMultipart(Place),
    AbortMultipart(Place),
    /// `uploadType=media` and `uploadType=multipart`, to the bucket.
    Insert(String),
    StartUpload(String),
    UploadChunk(String),
    CancelUpload,
    GetBucket(String),
    CreateBucket(Option<String>),
    DeleteBucket(String),
    ListBuckets,
}

/// Where an object is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Place {
    pub(crate) bucket: String,
    pub(crate) object: String,
}

impl Call {
    /// The bucket that the caller has to reach.
    pub(crate) fn buckets(&self) -> Vec<&str> {
        match self {
            Self::GetObject(place)
            | Self::GetMetadata(place)
            | Self::PutObject(place)
            | Self::DeleteObject(place)
            | Self::CreateMultipart(place)
            | Self::UploadPart(place)
            | Self::CompleteMultipart(place)
            | Self::AbortMultipart(place) => vec![&place.bucket],
            Self::Copy { from, to, .. } => vec![&from.bucket, &to.bucket],
            Self::ListObjects(bucket)
            | Self::Insert(bucket)
            | Self::StartUpload(bucket)
            | Self::UploadChunk(bucket)
            | Self::GetBucket(bucket)
            | Self::DeleteBucket(bucket) => vec![bucket],
            Self::CancelUpload | Self::CreateBucket(_) | Self::ListBuckets => Vec::new(),
        }
    }
}

impl Route {
    /// The call, or `None` where Cloud Storage has none under this path.
    pub(crate) fn of(head: &Parts) -> Option<Self> {
        let path = head.uri.path().strip_prefix('/')?;
        let query = Query::of(head.uri.query());
        let segments: Vec<&str> = path.split('/').collect();
        let (api, operation, call) = match segments[..] {
            ["storage", "v1", "b", ref rest @ ..] => json(&head.method, rest, &query)?,
            ["download", "storage", "v1", "b", bucket, "o", object]
                if head.method == Method::GET =>
            {
                let place = Place::of(bucket, object)?;
                (Api::Media, Operation::GetObject, Call::GetObject(place))
            }
            ["upload", "storage", "v1", "b", bucket, "o"] => {
                let (operation, call) = upload(head, decode(bucket)?, &query)?;
                (Api::Json, operation, call)
            }
            _ => {
                let (operation, call) = xml(&head.method, path, &query, &head.headers)?;
                (Api::Xml, operation, call)
            }
        };
        Some(Self {
            operation,
            api,
            call,
            query,
        })
    }
}

impl Place {
    fn of(bucket: &str, object: &str) -> Option<Self> {
        Some(Self {
            bucket: decode(bucket)?,
            object: decode(object).filter(|object| !object.is_empty())?,
        })
    }
}

fn json(method: &Method, rest: &[&str], query: &Query) -> Option<(Api, Operation, Call)> {
    let (operation, call) = match (method.as_str(), rest) {
        ("GET", []) => (Operation::ListBuckets, Call::ListBuckets),
        ("POST", []) => (Operation::CreateBucket, Call::CreateBucket(None)),
        ("GET", [bucket]) => (Operation::GetBucket, Call::GetBucket(decode(bucket)?)),
        ("DELETE", [bucket]) => (Operation::DeleteBucket, Call::DeleteBucket(decode(bucket)?)),
        ("GET", [bucket, "o"]) => (Operation::ListObjects, Call::ListObjects(decode(bucket)?)),
        ("GET", [bucket, "o", object]) => {
            let place = Place::of(bucket, object)?;
            if query.get("alt") == Some("media") {
                return Some((Api::Media, Operation::GetObject, Call::GetObject(place)));
            }
            (Operation::GetObjectMetadata, Call::GetMetadata(place))
        }
        ("DELETE", [bucket, "o", object]) => (
            Operation::DeleteObject,
            Call::DeleteObject(Place::of(bucket, object)?),
        ),
        (
            "POST",
            [
                bucket,
                "o",
                object,
                verb @ ("copyTo" | "rewriteTo"),
                "b",
                to_bucket,
                "o",
                to_object,
            ],
        ) => {
            let copy = Call::Copy {
                from: Place::of(bucket, object)?,
                to: Place::of(to_bucket, to_object)?,
                rewrite: *verb == "rewriteTo",
            };
            (Operation::CopyObject, copy)
        }
        _ => return None,
    };
    Some((Api::Json, operation, call))
}

fn upload(head: &Parts, bucket: String, query: &Query) -> Option<(Operation, Call)> {
    let started = query.has("upload_id");
    Some(match (head.method.as_str(), query.get("uploadType")?) {
        ("POST", "media" | "multipart") => (Operation::PutObject, Call::Insert(bucket)),
        ("POST", "resumable") if !started => {
            (Operation::StartObjectUpload, Call::StartUpload(bucket))
        }
        ("PUT" | "POST", "resumable") if started => {
            let range = head.headers.get("content-range");
            let asks = range.is_some_and(|range| range.as_bytes().starts_with(b"bytes */"));
            let length = head.headers.get("content-length");
            let empty = length.is_none_or(|length| length.as_bytes() == b"0");
            let operation = if asks && empty {
                Operation::QueryObjectUpload
            } else {
                Operation::UploadObjectChunk
            };
            (operation, Call::UploadChunk(bucket))
        }
        ("DELETE", "resumable") if started => (Operation::CancelObjectUpload, Call::CancelUpload),
        _ => return None,
    })
}

fn xml(
    method: &Method,
    path: &str,
    query: &Query,
    headers: &HeaderMap,
) -> Option<(Operation, Call)> {
    let (bucket, object) = path.split_once('/').unwrap_or((path, ""));
    let bucket = decode(bucket).filter(|bucket| may_be_bucket(bucket))?;
    if object.is_empty() {
        return Some(match method.as_str() {
            "GET" => (Operation::ListObjects, Call::ListObjects(bucket)),
            "HEAD" => (Operation::GetBucket, Call::GetBucket(bucket)),
            "PUT" => (Operation::CreateBucket, Call::CreateBucket(Some(bucket))),
            "DELETE" => (Operation::DeleteBucket, Call::DeleteBucket(bucket)),
            _ => return None,
        });
    }
    let place = Place {
        bucket,
        object: decode(object)?,
    };
    let in_upload = query.has("uploadId");
    Some(match method.as_str() {
        "GET" if in_upload => return None,
        "GET" => (Operation::GetObject, Call::GetObject(place)),
        "HEAD" => (Operation::GetObjectMetadata, Call::GetMetadata(place)),
        "PUT" if in_upload => (Operation::UploadPart, Call::UploadPart(place)),
        "PUT" => match headers.get("x-goog-copy-source") {
            None => (Operation::PutObject, Call::PutObject(place)),
            Some(source) => {
                let source = source.to_str().ok()?;
                let source = source.strip_prefix('/').unwrap_or(source);
                let (bucket, object) = source.split_once('/')?;
                let copy = Call::Copy {
                    from: Place::of(bucket, object)?,
                    to: place,
                    rewrite: false,
                };
                (Operation::CopyObject, copy)
            }
        },
        "POST" if query.has("uploads") => (
            Operation::CreateMultipartUpload,
            Call::CreateMultipart(place),
        ),
        "POST" if in_upload => (
            Operation::CompleteMultipartUpload,
            Call::CompleteMultipart(place),
        ),
        "DELETE" if in_upload => (Operation::AbortMultipartUpload, Call::AbortMultipart(place)),
        "DELETE" => (Operation::DeleteObject, Call::DeleteObject(place)),
        _ => return None,
    })
}

fn decode(segment: &str) -> Option<String> {
    let decoded = percent_decode_str(segment).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// Whether a first segment is a bucket's, and not the start of another service's path.
fn may_be_bucket(segment: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let version = segment.strip_prefix('v').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.chars().all(|c| c.is_ascii_alphanumeric())
    });
    !segment.is_empty() && segment.chars().all(allowed) && !version && !RESERVED.contains(&segment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn route(method: &str, uri: &str) -> Option<(Api, Operation, Call)> {
        let request = Request::builder().method(method).uri(uri).body(()).unwrap();
        let route = Route::of(&request.into_parts().0)?;
        Some((route.api, route.operation, route.call))
    }

    fn place(bucket: &str, object: &str) -> Place {
        Place {
            bucket: bucket.to_owned(),
            object: object.to_owned(),
        }
    }

    #[test]
    fn objects_of_the_xml_api_are_found() {
        let object = place("my-bucket", "a b/ü.txt");
        for uri in [
            "/my%2Dbucket/a%20b%2F%C3%BC%2Etxt",
            "/my-bucket/a%20b/%C3%BC.txt",
        ] {
            let call = Call::GetObject(object.clone());
            assert_eq!(
                route("GET", uri),
                Some((Api::Xml, Operation::GetObject, call))
            );
        }
        let operation = |method, uri| route(method, uri).map(|(_, operation, _)| operation);
        for (method, uri, expected) in [
            ("HEAD", "/b/o", Operation::GetObjectMetadata),
            ("PUT", "/b/o", Operation::PutObject),
            ("PUT", "/b/o?partNumber=1&uploadId=x", Operation::UploadPart),
            ("POST", "/b/o?uploads=", Operation::CreateMultipartUpload),
            (
                "POST",
                "/b/o?uploadId=x",
                Operation::CompleteMultipartUpload,
            ),
            ("DELETE", "/b/o?uploadId=x", Operation::AbortMultipartUpload),
            ("DELETE", "/b/o", Operation::DeleteObject),
            ("GET", "/b?list-type=2", Operation::ListObjects),
            ("GET", "/b/?prefix=x", Operation::ListObjects),
        ] {
            assert_eq!(operation(method, uri), Some(expected), "{method} {uri}");
        }
    }

    #[test]
    fn objects_of_the_json_api_are_found() {
        let metadata = Call::GetMetadata(place("b", "a/b"));
        assert_eq!(
            route("GET", "/storage/v1/b/b/o/a%2Fb?alt=json"),
            Some((Api::Json, Operation::GetObjectMetadata, metadata))
        );
        let content = Call::GetObject(place("b", "a/b"));
        let expected = Some((Api::Media, Operation::GetObject, content));
        assert_eq!(route("GET", "/storage/v1/b/b/o/a%2Fb?alt=media"), expected);
        assert_eq!(
            route("GET", "/download/storage/v1/b/b/o/a%2Fb?alt=media"),
            expected
        );
        assert_eq!(
            route("POST", "/upload/storage/v1/b/b/o?uploadType=resumable"),
            Some((
                Api::Json,
                Operation::StartObjectUpload,
                Call::StartUpload("b".to_owned())
            ))
        );
    }

    #[test]
    fn paths_of_other_services_are_not_buckets() {
        for uri in [
            "/v1/models",
            "/v1beta1/o",
            "/upload/v1beta/files",
            "/storage/v2/b",
            "/bigquery/v2/x",
            "/computeMetadata/v1/x",
            "/",
        ] {
            assert_eq!(route("GET", uri), None, "{uri}");
        }
        assert!(route("GET", "/v-1/o").is_some());
    }
}
