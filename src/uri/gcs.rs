//! `gs://bucket/object`: an object, the prefix of many, or a pattern with wildcards.

use std::fmt;

use crate::error::{Error, Result};

const SCHEME: &str = "gs://";
/// The longest name of an object, in bytes (Cloud Storage documentation, "About objects").
const MAX_OBJECT: usize = 1024;
/// The longest name of a bucket that has dots (same place, "About buckets").
const MAX_BUCKET: usize = 222;

/// An address in Cloud Storage, exactly as it was given.
///
/// Any name that Cloud Storage allows is one. The client itself can reach fewer:
#[cfg_attr(feature = "gcs", doc = "[`to_path`](Self::to_path) tells which.")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcsUri {
    text: String,
    /// Where the name of the bucket ends.
    bucket_end: usize,
}

impl GcsUri {
    /// Whether a text is meant to be one.
    pub(crate) fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// Reads `gs://bucket`, perhaps with the name of an object or a prefix.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |reason: &str| {
            Error::input(format!(
                "{text:?} is not an address in Cloud Storage, {reason}: write gs://bucket/object"
            ))
        };
        let Some(rest) = text.strip_prefix(SCHEME) else {
            return Err(refuse("which starts with gs://"));
        };
        let (bucket, object) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(bucket) {
            let wrong = wrong_in_bucket(bucket);
            return Err(refuse(&format!(
                "whose bucket has letters, digits, `-`, `_` and `.`, and a letter or digit at \
                 both ends: {wrong}"
            )));
        }
        if object.len() > MAX_OBJECT {
            return Err(refuse("where a name has at most 1024 bytes"));
        }
        if object.contains(['\r', '\n']) {
            return Err(refuse("where a name has no line ends"));
        }
        if matches!(object, "." | "..") {
            return Err(refuse("where nothing is named `.` or `..`"));
        }
        Ok(Self {
            text: text.to_owned(),
            bucket_end: SCHEME.len() + bucket.len(),
        })
    }

    /// The address, as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(feature = "vertex")]
impl GcsUri {
    /// The name of the object or the prefix; empty for the bucket as a whole.
    pub fn object(&self) -> &str {
        self.text.get(self.bucket_end + 1..).unwrap_or_default()
    }

    /// Whether the service reads it as a pattern, which stands for other objects than the one
    /// of this name.
    pub(crate) fn is_pattern(&self) -> bool {
        self.object().contains(['*', '?', '['])
    }

    /// The folder where results of such an object go by themselves: `gs://b/in/dest` for
    /// `gs://b/in.jsonl`. `None` where the client could not read them.
    pub(crate) fn beside_jsonl(&self) -> Option<Self> {
        let stem = self.text.strip_suffix(".jsonl")?;
        let folder = Self::parse(&format!("{stem}/dest")).ok()?;
        #[cfg(feature = "gcs")]
        folder.to_path().ok()?;
        Some(folder)
    }

    /// Reads one under which the client can put objects for the service to read, each with a
    /// name that stands for itself alone.
    pub(crate) fn parse_staging(text: &str) -> Result<Self> {
        let uri = Self::parse(text)?;
        if uri.is_pattern() {
            return Err(Error::input(format!(
                "requests cannot be put under {text:?}, since Vertex AI takes `*`, `?` and `[` \
                 in the name of its input for wildcards: write gs://bucket/prefix without them"
            )));
        }
        #[cfg(feature = "gcs")]
        uri.join("requests.jsonl")?.to_path()?;
        Ok(uri)
    }

    /// Reads one that the service can read, be it to the client's reach or not.
    pub(crate) fn parse_source(text: &str) -> Result<Self> {
        let uri = Self::parse(text)?;
        match uri.object() {
            "" => Err(Error::input(format!(
                "{text:?} names no object in Cloud Storage: write gs://bucket/object"
            ))),
            _ => Ok(uri),
        }
    }
}

#[cfg(feature = "gcs")]
impl GcsUri {
    /// The name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.text[SCHEME.len()..self.bucket_end]
    }

    /// What is named `name` in the folder that this is, with or without a `/` at its end.
    pub(crate) fn join(&self, name: &str) -> Result<Self> {
        let folder = self.text.strip_suffix('/').unwrap_or(&self.text);
        Self::parse(&format!("{folder}/{name}"))
    }

    /// Another object of the same bucket.
    pub fn with_object(&self, object: &str) -> Result<Self> {
        Self::parse(&format!("{SCHEME}{}/{object}", self.bucket()))
    }

    /// Whether the client can read the object of this name.
    pub(crate) fn is_within_reach(&self) -> bool {
        self.to_path().is_ok()
    }

    /// The object as `object_store` names it, if that is to the letter the same name.
    pub fn to_path(&self) -> Result<object_store::path::Path> {
        let name = self.object();
        if name.is_empty() || name.ends_with('/') {
            return Err(Error::input(format!(
                "{:?} names no object: write gs://bucket/path/name",
                self.text
            )));
        }
        let path = object_store::path::Path::parse(name).ok();
        path.filter(|path| path.as_ref() == name).ok_or_else(|| {
            Error::input(format!(
                "this client cannot read or write {:?}: choose a name without `/` at its start, \
                 `//`, control characters, or `.` or `..` between slashes",
                self.text
            ))
        })
    }
}

impl fmt::Display for GcsUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What keeps a text from being the name of a bucket.
fn wrong_in_bucket(name: &str) -> String {
    let is_inner = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match name.chars().find(|c| !is_inner(c)) {
        _ if name.is_empty() => "there is none".to_owned(),
        Some(wrong) => format!("{name:?} has {wrong:?}"),
        None if name.len() > MAX_BUCKET => format!("this one has {} bytes", name.len()),
        None if name.contains("..") => format!("{name:?} has two dots in a row"),
        None => format!("{name:?} begins or ends with another"),
    }
}

/// Whether a text can be the name of a bucket, and is nothing else in the path of an address.
fn is_bucket(name: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_end = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    name.len() <= MAX_BUCKET
        && bytes.iter().copied().all(is_inner)
        && is_end(bytes.first())
        && is_end(bytes.last())
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_an_address_is_refused_with_a_reason() {
        let long = format!("gs://b/{}", "x".repeat(1025));
        for (text, reason) in [
            ("", "gs://"),
            ("my-bucket/a", "gs://"),
            ("s3://b/a", "gs://"),
            ("GS://b/a", "gs://"),
            ("gs://", "bucket"),
            ("gs:///a", "bucket"),
            ("gs://b?x/a", "bucket"),
            ("gs://user@b/a", "bucket"),
            ("gs://b:80/a", "bucket"),
            ("gs://../a", "bucket"),
            ("gs://a..b/a", "bucket"),
            ("gs://b%2F/a", "bucket"),
            ("gs://-b/a", "bucket"),
            ("gs://b./a", "bucket"),
            ("gs://b/a\nb", "line ends"),
            ("gs://b/..", "`..`"),
            ("gs://b/.", "`.`"),
            (&long, "1024"),
        ] {
            let error = GcsUri::parse(text).unwrap_err();
            assert!(error.is_invalid_input(), "{text}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[cfg(feature = "gcs")]
    #[test]
    fn folders_end_in_a_slash_or_not() {
        for folder in ["gs://b/out", "gs://b/out/"] {
            let uri = GcsUri::parse(folder).unwrap().join("x").unwrap();
            assert_eq!(uri.as_str(), "gs://b/out/x");
        }
        for bucket in ["gs://b", "gs://b/"] {
            let uri = GcsUri::parse(bucket).unwrap().join("x").unwrap();
            assert_eq!((uri.bucket(), uri.object()), ("b", "x"));
        }
        let odd = GcsUri::parse("gs://b/out//").unwrap().join("x").unwrap();
        assert_eq!(odd.as_str(), "gs://b/out//x");
    }

    #[cfg(feature = "vertex")]
    #[test]
    fn a_source_is_an_object_of_any_name() {
        for good in ["gs://b/in.jsonl", "gs://b//a/../%2F?", "gs://b/part-*"] {
            assert!(GcsUri::parse_source(good).is_ok(), "{good}");
        }
        for bad in ["gs://b", "gs://b/", "s3://b/o"] {
            assert!(GcsUri::parse_source(bad).is_err(), "{bad}");
        }
    }

    #[cfg(feature = "vertex")]
    #[test]
    fn nothing_is_staged_where_a_name_is_a_pattern() {
        let check = GcsUri::parse_staging;
        for good in ["gs://b", "gs://b/", "gs://b/p/", "gs://b/ü %41#/p"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["gs://b/a*", "gs://b/a?", "gs://b/[ab]"] {
            assert!(check(bad).unwrap_err().to_string().contains(bad), "{bad}");
        }
    }

    #[cfg(feature = "gcs")]
    #[test]
    fn what_the_client_cannot_reach_is_refused() {
        let path = |text: &str| GcsUri::parse(text).unwrap().to_path();
        for good in ["gs://b/a/b c/d.jsonl", "gs://b/%2F?#*", "gs://b/a../..b"] {
            assert!(path(good).is_ok(), "{good}");
        }
        for bad in [
            "gs://b",
            "gs://b/",
            "gs://b/a/",
            "gs://b//a",
            "gs://b/a//b",
            "gs://b/a//",
            "gs://b/../a",
            "gs://b/a/./b",
            "gs://b/a\tb",
            "gs://b/a\u{7f}",
        ] {
            let error = path(bad).unwrap_err();
            assert!(error.is_invalid_input(), "{bad}");
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
        }
        for bad in ["gs://b//p", "gs://b/p//", "gs://b/../p"] {
            assert!(GcsUri::parse_staging(bad).is_err(), "{bad}");
        }
    }

    /// Addresses, most of them odd.
    fn texts() -> impl Strategy<Value = String> {
        let bucket = "[a-zA-Z0-9]([a-zA-Z0-9._-]{0,5}[a-z0-9])?";
        let object = prop_oneof!["[ab/.%?#* é]{0,8}", any::<String>()];
        (bucket, object).prop_map(|(bucket, object)| format!("gs://{bucket}/{object}"))
    }

    proptest! {
        #[test]
        fn an_address_is_kept_to_the_letter(text in prop_oneof![texts(), any::<String>()]) {
            if let Ok(uri) = GcsUri::parse(&text) {
                prop_assert_eq!(&uri.to_string(), &text);
                prop_assert_eq!(uri.as_str(), &text);
                #[cfg(feature = "gcs")]
                {
                    let again = format!("gs://{}/{}", uri.bucket(), uri.object());
                    let is_same = again.strip_suffix('/').unwrap_or(&again) == text;
                    prop_assert!(is_same || again == text, "{}", again);
                    if let Ok(path) = uri.to_path() {
                        prop_assert_eq!(path.as_ref(), uri.object());
                    }
                    let neighbour = uri.with_object("x").unwrap();
                    prop_assert_eq!(neighbour.bucket(), uri.bucket());
                }
            }
        }
    }
}
