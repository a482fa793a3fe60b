//! Random resource ids of the alphabet and lengths that Google's have, and the hash behind every
//! deterministic answer.

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

fn random(length: usize) -> String {
    (0..length)
        .map(|_| char::from(ALPHABET[fastrand::usize(..ALPHABET.len())]))
        .collect()
}

pub(crate) fn batch() -> String {
    random(36)
}

pub(crate) fn file() -> String {
    random(12)
}

pub(crate) fn upload() -> String {
    random(48)
}

/// A long decimal number, as Google Cloud names its resources with.
pub(crate) fn number() -> String {
    fastrand::u64(1_000_000_000_000_000_000..9_000_000_000_000_000_000).to_string()
}

/// FNV-1a: short, and the same on every platform and toolchain.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_ids_are_36_lowercase_letters_and_digits() {
        let id = batch();
        assert_eq!(id.len(), 36);
        assert!(id.bytes().all(|b| ALPHABET.contains(&b)));
        assert_ne!(id, batch());
    }

    #[test]
    fn hash_is_fnv_1a() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
