//! The checksums that Cloud Storage keeps of every object, and the forms they are shown in.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

pub(crate) type Md5Hash = [u8; 16];

pub(crate) fn md5(content: &[u8]) -> Md5Hash {
    Md5::digest(content).into()
}

pub(crate) fn crc32c(content: &[u8]) -> u32 {
    crc32c::crc32c(content)
}

/// Base64 of the bytes in big-endian order.
pub(crate) fn base64_of_crc32c(crc32c: u32) -> String {
    STANDARD.encode(crc32c.to_be_bytes())
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
            // Writing to a string does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_known_ones() {
        assert_eq!(hex(&md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(base64_of_crc32c(crc32c(b"123456789")), "4waSgw==");
    }
}
