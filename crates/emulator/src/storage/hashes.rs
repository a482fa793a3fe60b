//! The checksums that a caller sends along.

use axum::http::HeaderMap;

use super::checksum;
use super::error::{StorageError, StorageResult};

/// Checks content against the checksums that a caller gave, in Base64.
pub(super) fn check_hashes(
    content: &[u8],
    md5: Option<&str>,
    crc32c: Option<&str>,
) -> StorageResult<()> {
    if let Some(given) = md5 {
        let computed = checksum::base64(&checksum::md5(content));
        if given != computed {
            return Err(StorageError::bad_digest(format!(
                "Provided MD5 hash \"{given}\" doesn't match calculated MD5 hash \"{computed}\"."
            )));
        }
    }
    if let Some(given) = crc32c {
        let computed = checksum::base64_of_crc32c(checksum::crc32c(content));
        if given != computed {
            return Err(StorageError::bad_digest(format!(
                "Provided CRC32C \"{given}\" doesn't match calculated CRC32C \"{computed}\"."
            )));
        }
    }
    Ok(())
}

/// The checksum of this name in the `x-goog-hash` headers.
pub(super) fn goog_hash<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all("x-goog-hash")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|hash| hash.trim().strip_prefix(name)?.strip_prefix('='))
}
