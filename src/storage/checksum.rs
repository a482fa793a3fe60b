//! Checksums that a service gives, and those of what is sent and received.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderMap;
use sha2::Digest as _;

/// The header of Google's storage that has checksums of the whole, `crc32c=…,md5=…`, in one value
/// or in several.
const GOOG_HASH: &str = "x-goog-hash";

/// The checksums that stand there: what each is, and its base64.
pub(crate) fn goog_hashes(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(GOOG_HASH).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let hashes = values.flat_map(|value| value.split(','));
    hashes.filter_map(|hash| hash.trim().split_once('='))
}

/// The CRC-32C of a whole object. An MD5, which may stand beside it, is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Crc32c(u32);

impl Crc32c {
    /// What the headers of a response say.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Self> {
        let (_, base64) = goog_hashes(headers).find(|(name, _)| *name == "crc32c")?;
        let bytes = STANDARD.decode(base64).ok()?;
        Some(Self(u32::from_be_bytes(bytes.try_into().ok()?)))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0 = crc32c::crc32c_append(self.0, bytes);
    }
}

impl fmt::Display for Crc32c {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CRC-32C {}", STANDARD.encode(self.0.to_be_bytes()))
    }
}

/// The SHA-256 of a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sha256([u8; 32]);

impl Sha256 {
    /// Reads what a record of the Files API says: base64, of the hexadecimal digits or of the
    /// bytes, or the digits themselves. `None` where it is in no such form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let of_digits = |digits: &[u8]| {
            let mut hash = [0; 32];
            if digits.len() != 64 {
                return None;
            }
            for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
                let pair = std::str::from_utf8(pair).ok()?;
                *byte = u8::from_str_radix(pair, 16).ok()?;
            }
            Some(Self(hash))
        };
        of_digits(text.as_bytes()).or_else(|| {
            let decoded = STANDARD.decode(text).ok()?;
            of_digits(&decoded).or_else(|| decoded.try_into().ok().map(Self))
        })
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHA-256 ")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A SHA-256 that is being taken.
#[derive(Clone, Default)]
pub(crate) struct Sha256Digest(sha2::Sha256);

impl Sha256Digest {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_sha_256_is_read_in_each_form() {
        let hash = Sha256Digest::default().finish();
        assert_eq!(hash.to_string(), format!("SHA-256 {EMPTY}"));
        for text in [
            EMPTY,
            &EMPTY.to_uppercase(),
            &STANDARD.encode(EMPTY),
            &STANDARD.encode(hash.0),
        ] {
            assert_eq!(Sha256::parse(text), Some(hash), "{text}");
        }
        for odd in [
            "",
            "e3b0",
            "é",
            &STANDARD.encode("short"),
            &EMPTY.replace('e', "x"),
        ] {
            assert_ne!(Sha256::parse(odd), Some(hash), "{odd}");
        }
    }

    #[test]
    fn a_crc32c_is_found_among_the_headers() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(GOOG_HASH, value.parse().unwrap());
            }
            Crc32c::of_headers(&headers)
        };
        let mut expected = Crc32c::default();
        expected.update(b"1234");
        expected.update(b"56789");
        assert_eq!(expected.to_string(), "CRC-32C 4waSgw==");
        let md5 = "md5=1B2M2Y8AsgTpgAmY7PhCfg==";
        for values in [
            &["crc32c=4waSgw=="][..],
            &["crc32c=4waSgw==", md5],
            &[md5, "crc32c=4waSgw=="],
            &["md5=1B2M2Y8AsgTpgAmY7PhCfg==, crc32c=4waSgw=="],
        ] {
            assert_eq!(of(values), Some(expected), "{values:?}");
        }
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[md5]), None);
        assert_eq!(of(&["crc32c=short"]), None);
    }
}
