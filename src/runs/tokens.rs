//! About how many tokens a request has, to keep within what a service lets wait at once. A preflight
//! estimates with more care; this looks at each request once and fast.

use memchr::memmem;

/// Characters to a token: Google's rule of thumb ("Understand and count tokens").
const CHARACTERS: u64 = 4;
/// What an image counts for, or any other medium within the request: what newer models take for an
/// image (reports of "Media resolution").
const MEDIUM: u64 = 1_120;
/// Where the bytes of a medium begin.
const DATA: &[u8] = b"\"data\":\"";

/// The estimate for a request's JSON, which is rather too high than too low, since it counts the names
/// of fields too.
pub(super) fn estimate(json: &[u8]) -> u64 {
    let (mut text, mut media, mut rest) = (0, 0, json);
    while let Some(at) = memmem::find(rest, DATA) {
        let start = at + DATA.len();
        let len = memchr::memchr(b'"', &rest[start..]).unwrap_or(rest.len() - start);
        text += start as u64;
        media += 1;
        rest = &rest[start + len..];
    }
    text += rest.len() as u64;
    text.div_ceil(CHARACTERS) + media * MEDIUM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_count_by_number_and_text_by_length() {
        assert_eq!(estimate(&[b'x'; 400]), 100);
        let image = format!(r#"{{"inlineData":{{"data":"{}"}}}}"#, "A".repeat(1_000_000));
        assert!((1_120..1_200).contains(&estimate(image.as_bytes())));
        assert_eq!(estimate(br#""data":"AAAA"#), 2 + 1_120);
    }
}
