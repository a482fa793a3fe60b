//! Media: where it is, and of what type.

use serde_json::{Map, Value};

use super::values::clipped;
use crate::platform::Backend;
use crate::request::finding::{Finding, FindingCode};
use crate::uri::GcsUri;

/// The host of the Gemini Developer API, where uploads are.
const UPLOADS: &str = "https://generativelanguage.googleapis.com/";

/// What no model takes: what has to be turned into text, PDF or an image first.
const UNSUPPORTED: [&str; 12] = [
    "application/octet-stream",
    "application/zip",
    "application/gzip",
    "application/x-tar",
    "application/msword",
    "application/vnd.",
    "application/x-7z-compressed",
    "application/epub+zip",
    "application/x-msdownload",
    "image/svg+xml",
    "multipart/",
    "binary/",
];

/// What people write for another type.
const MISTAKEN: [(&str, &str); 3] = [
    ("image/jpg", "image/jpeg"),
    ("application/x-pdf", "application/pdf"),
    ("pdf", "application/pdf"),
];

/// What Google's guides to images, sound, video and documents name, of either backend: each kind
/// with its subtypes, those of text left out, which are many. What is not among them is refused by
/// the models that are known, and may be taken by newer ones.
const DOCUMENTED: [(&str, &[&str]); 4] = [
    ("image", &["png", "jpeg", "jpg", "webp", "heic", "heif"]),
    (
        "audio",
        &[
            "wav", "x-wav", "mp3", "mpeg", "mpga", "aiff", "x-aiff", "aac", "x-aac", "ogg", "opus",
            "flac", "x-flac", "mp4", "m4a", "x-m4a", "webm", "pcm", "l16", "amr",
        ],
    ),
    (
        "video",
        &[
            "mp4",
            "mpeg",
            "mpg",
            "mpegps",
            "mov",
            "quicktime",
            "avi",
            "x-msvideo",
            "x-flv",
            "flv",
            "webm",
            "wmv",
            "x-ms-wmv",
            "3gpp",
            "3gp",
        ],
    ),
    (
        "application",
        &[
            "pdf",
            "json",
            "xml",
            "rtf",
            "javascript",
            "x-javascript",
            "x-typescript",
            "x-python-code",
            "yaml",
            "x-yaml",
        ],
    ),
];

/// What is wrong with a MIME type.
pub(super) fn wrong_mime_type(mime_type: &str) -> Option<Finding> {
    let error = |message: String| Finding::error(FindingCode::WrongValue, message);
    // Parameters, such as `; charset=utf-8`, say nothing of the kind.
    let essence = mime_type.split(';').next().unwrap_or_default().trim_ascii();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    if let Some((_, right)) = MISTAKEN.iter().find(|(theirs, _)| is(theirs)) {
        let message = format!("{:?} is not the name of a MIME type", clipped(mime_type));
        let finding = match essence.contains('/') {
            true => Finding::warning(FindingCode::WrongValue, message),
            false => error(message),
        };
        return Some(finding.hint(format!("write {right:?}")));
    }
    let (kind, subtype) = essence.split_once('/').unwrap_or_default();
    if kind.is_empty() || subtype.is_empty() || subtype.contains('/') {
        let message = format!("{:?} is not a MIME type", clipped(mime_type));
        return Some(error(message).hint("write it as type/subtype, such as image/png"));
    }
    let begins = |it: &&str| {
        let start = essence.get(..it.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(it))
    };
    if UNSUPPORTED.iter().any(begins) {
        let message = format!("no model takes the MIME type {:?}", clipped(mime_type));
        let hint =
            "give the type that the bytes really have, or turn them into text, PDF or an image";
        return Some(error(message).hint(hint));
    }
    let (kind, documented) = DOCUMENTED
        .iter()
        .find(|(known, _)| kind.eq_ignore_ascii_case(known))?;
    if documented.iter().any(|it| subtype.eq_ignore_ascii_case(it)) {
        return None;
    }
    let message = format!(
        "the MIME type {:?} is not among those that Google's guides name",
        clipped(mime_type)
    );
    let hint = match *kind {
        "image" => "turn it into PNG, JPEG or WebP",
        "audio" => "turn it into WAV, MP3 or FLAC",
        "video" => "turn it into MP4 or WebM",
        _ => "turn it into PDF, or give it as text/plain if it is text",
    };
    Some(Finding::warning(FindingCode::WrongValue, message).hint(hint))
}

/// What is wrong with the address of a file, as far as that is plain without asking for it.
pub(super) fn wrong_address(uri: &str, backend: Backend) -> Option<Finding> {
    let shown = clipped(uri);
    let foreign = |message: &str, hint: &str| {
        let finding = Finding::error(FindingCode::ForeignUri, format!("{shown:?} {message}"));
        Some(finding.hint(hint))
    };
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_upload =
        uri.starts_with("files/") || (uri.starts_with(UPLOADS) && uri.contains("/files/"));
    match (scheme.to_ascii_lowercase().as_str(), backend) {
        _ if uri.is_empty() => foreign("is no address", "say where the file is"),
        ("data", _) => foreign(
            "is a data URL, which is not an address",
            "put what comes after `base64,` into `inlineData.data`",
        ),
        ("gs", Backend::Gemini) => foreign(
            "is in Cloud Storage, which the Gemini Developer API does not read",
            "upload it to the Files API and refer to its URI",
        ),
        ("gs", Backend::Vertex) => {
            let wrong = GcsUri::parse(uri).err()?;
            foreign(
                &format!("is not an object: {wrong}"),
                "write gs://bucket/object",
            )
        }
        (_, Backend::Vertex) if is_upload => foreign(
            "is in the Gemini Files API, which Vertex AI does not read",
            "put it into Cloud Storage and refer to it as gs://bucket/object",
        ),
        (_, Backend::Gemini) if is_upload => None,
        ("http" | "https", Backend::Gemini) => None,
        ("http" | "https", Backend::Vertex) if is_video(uri) => None,
        ("http" | "https", Backend::Vertex) => foreign(
            "is on the web, and a batch of Vertex AI reads files from Cloud Storage and videos \
             from YouTube alone",
            "put it into Cloud Storage and refer to it as gs://bucket/object",
        ),
        ("file" | "", _) => foreign(
            "is a path of this machine, which the service does not see",
            "use Part::local_file, which uploads it",
        ),
        // A drive of Windows.
        (drive, _) if drive.len() == 1 => foreign(
            "is a path of this machine, which the service does not see",
            "use Part::local_file, which uploads it",
        ),
        _ => foreign("is nowhere that the service reads", "upload the file"),
    }
}

fn is_video(uri: &str) -> bool {
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    host == "youtu.be" || host == "youtube.com" || host.ends_with(".youtube.com")
}

/// Looks at bytes or a file within a request.
pub(super) fn check(
    fields: &Map<String, Value>,
    backend: Backend,
    found: &mut dyn FnMut(&str, Finding),
) {
    let text = |camel: &str, snake: &str| {
        let value = fields.get(camel).or_else(|| fields.get(snake));
        value.and_then(Value::as_str)
    };
    if let Some(uri) = text("fileUri", "file_uri")
        && let Some(finding) = wrong_address(uri, backend)
    {
        found("fileUri", finding);
    }
    let data = text("data", "data");
    let has_data = data.is_some();
    if data == Some("") {
        let finding = Finding::error(FindingCode::MissingField, "there are no bytes");
        found(
            "data",
            finding.hint("leave the part out, or put bytes in base64 there"),
        );
    }
    match text("mimeType", "mime_type") {
        Some(mime_type) => {
            if let Some(finding) = wrong_mime_type(mime_type) {
                found("mimeType", finding);
            }
        }
        // Vertex AI's document requires it.
        None if has_data && backend == Backend::Gemini => {
            let message = "bytes without `mimeType`";
            let finding = Finding::error(FindingCode::MissingField, message);
            found(
                "mimeType",
                finding.hint("say what they are, such as image/png"),
            );
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_that_a_backend_reads() {
        use Backend::{Gemini, Vertex};
        for (uri, backends) in [
            ("gs://bucket/a.png", &[Vertex][..]),
            ("gs://", &[]),
            ("files/abc", &[Gemini]),
            (
                "https://generativelanguage.googleapis.com/v1beta/files/abc",
                &[Gemini],
            ),
            ("https://example.com/a.png", &[Gemini]),
            ("https://www.youtube.com/watch?v=x", &[Gemini, Vertex]),
            ("https://youtu.be/x", &[Gemini, Vertex]),
            ("https://youtube.com.example.org/x", &[Gemini]),
            ("/home/me/a.pdf", &[]),
            ("a.pdf", &[]),
            ("C:\\a.pdf", &[]),
            ("file:///a.pdf", &[]),
            ("data:image/png;base64,aGk=", &[]),
            ("s3://bucket/a.png", &[]),
            ("", &[]),
        ] {
            for backend in [Gemini, Vertex] {
                let is_right = wrong_address(uri, backend).is_none();
                assert_eq!(is_right, backends.contains(&backend), "{uri} {backend}");
            }
        }
    }

    #[test]
    fn types_are_types() {
        for right in [
            "image/png",
            "application/pdf",
            "text/x-own",
            "audio/wav",
            "video/mp4",
            "IMAGE/PNG",
            "text/plain; charset=utf-8",
        ] {
            assert_eq!(wrong_mime_type(right), None, "{right}");
        }
        for odd in [
            "png",
            "",
            "image/",
            "application/octet-stream",
            "application/vnd.ms-excel",
            "pdf",
        ] {
            assert!(
                wrong_mime_type(odd).is_some_and(|it| it.is_error()),
                "{odd}"
            );
        }
        for maybe in [
            "image/jpg",
            "image/tiff",
            "image/gif",
            "audio/midi",
            "video/x-own",
            "application/x-own",
        ] {
            assert!(
                wrong_mime_type(maybe).is_some_and(|it| !it.is_error()),
                "{maybe}"
            );
        }
    }
}
