//! Texts within JSON: where one ends, what it says, and how one is written.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

/// Marks the bytes that end a run of plain ones: quotes, backslashes and control characters. The
/// lowest mark is exact; those above it need not be.
fn marks(eight: u64) -> u64 {
    let quote = (eight ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (eight ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let control = eight.wrapping_sub(ONES * 0x20);
    (quote | backslash | control) & !eight & HIGHS
}

/// The length of a text up to its closing quote, and whether it has escapes.
#[inline]
pub(super) fn length(bytes: &[u8]) -> Option<(usize, bool)> {
    let mut at = plain(bytes, 0);
    let mut is_escaped = false;
    loop {
        match bytes.get(at)? {
            b'"' => return Some((at, is_escaped)),
            b'\\' => {
                is_escaped = true;
                at += escape_length(&bytes[at + 1..])?;
            }
            _ => return None,
        }
        at = plain(bytes, at);
    }
}

/// The length of an escape after its backslash, that included.
#[inline]
fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => {
            let digits = bytes.get(1..5)?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(6)
        }
        _ => None,
    }
}

/// What a text says, and its length up to its closing quote. `None` where it names no character,
/// as half of a surrogate pair does.
pub(super) fn read(rest: &str) -> Option<(Cow<'_, str>, usize)> {
    let bytes = rest.as_bytes();
    let mut at = plain(bytes, 0);
    if bytes.get(at)? == &b'"' {
        return Some((Cow::Borrowed(&rest[..at]), at));
    }
    // Up to the first quote is enough but for texts that quote.
    let mut text = String::with_capacity(memchr::memchr(b'"', bytes)?);
    let mut start = 0;
    loop {
        text.push_str(rest.get(start..at)?);
        match bytes.get(at)? {
            b'"' => return Some((Cow::Owned(text), at)),
            b'\\' => {
                let (character, used) = escape(&bytes[at + 1..])?;
                text.push(character);
                start = at + 1 + used;
            }
            _ => return None,
        }
        at = plain(bytes, start);
    }
}

const BLOCK: usize = 16;

/// Whether all of a block is plain. Written so that it becomes a few vector instructions.
#[inline]
fn is_plain(block: &[u8; BLOCK]) -> bool {
    let ends = |byte: u8| (byte == b'"') | (byte == b'\\') | (byte < 0x20);
    !block.iter().fold(false, |any, &byte| any | ends(byte))
}

/// The end of the run of plain bytes that starts at `at`.
#[inline]
fn plain(bytes: &[u8], at: usize) -> usize {
    // Most texts are names, which end within the first block.
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(block) => match first_mark(block) {
            Some(end) => at + end,
            None => long_plain(bytes, at + BLOCK),
        },
        None => last_plain(bytes, at),
    }
}

fn long_plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        if !is_plain(block) {
            return at + first_mark(block).unwrap_or(BLOCK);
        }
        at += BLOCK;
    }
    last_plain(bytes, at)
}

/// The same where less than a block is left.
fn last_plain(bytes: &[u8], at: usize) -> usize {
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(is_plain).count()
}

/// Where in a block the first byte is that is not plain.
#[inline]
fn first_mark(block: &[u8; BLOCK]) -> Option<usize> {
    let (eights, _) = block.as_chunks::<8>();
    eights.iter().enumerate().find_map(|(n, eight)| {
        let marks = marks(u64::from_le_bytes(*eight));
        (marks != 0).then(|| n * 8 + marks.trailing_zeros() as usize / 8)
    })
}

/// The character of an escape without its backslash, and how many bytes it takes.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes.first()? {
        b'n' => '\n',
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let first = unit(&bytes[1..])?;
            if let Some(character) = char::from_u32(first) {
                return Some((character, 5));
            }
            let second = unit(bytes.get(5..)?.strip_prefix(b"\\u")?)?;
            let pair = [first as u16, second as u16];
            let character = char::decode_utf16(pair).next()?.ok()?;
            return Some((character, 11));
        }
        _ => return None,
    };
    Some((character, 1))
}

/// Writes a text with its quotes, the runs between escapes at once.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut start = 0;
    out.push(b'"');
    loop {
        let end = plain(bytes, start);
        out.extend_from_slice(&bytes[start..end]);
        let Some(&byte) = bytes.get(end) else { break };
        let short = match byte {
            b'\n' => b'n',
            b'\t' => b't',
            b'\r' => b'r',
            0x08 => b'b',
            0x0c => b'f',
            quoted => quoted,
        };
        match short {
            0..0x20 => out.extend_from_slice(format!("\\u{short:04x}").as_bytes()),
            _ => out.extend_from_slice(&[b'\\', short]),
        }
        start = end + 1;
    }
    out.push(b'"');
}

fn unit(digits: &[u8]) -> Option<u32> {
    digits.get(..4)?.iter().try_fold(0, |unit, &digit| {
        Some(unit << 4 | char::from(digit).to_digit(16)?)
    })
}

/// Whether the texts of some JSON name half of a surrogate pair.
pub(crate) fn may_have_half_a_character(json: &[u8]) -> bool {
    static ESCAPE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("\\u"));
    let mut from = 0;
    while let Some(found) = ESCAPE.find(&json[from..]) {
        let at = from + found;
        let rest = &json[at + 2..];
        from = at + 2;
        let before = json[..at].iter().rev().take_while(|byte| **byte == b'\\');
        if before.count() % 2 == 1 {
            // The backslash is itself escaped.
            continue;
        }
        match unit(rest) {
            Some(0xD800..0xDC00) => {
                let second = rest[4..].strip_prefix(b"\\u").and_then(unit);
                if !matches!(second, Some(0xDC00..0xE000)) {
                    return true;
                }
                from += 10;
            }
            Some(0xDC00..0xE000) => return true,
            _ => {}
        }
    }
    false
}

/// The same JSON with U+FFFD in the place of each half of a surrogate pair, which names no character
/// and which `serde_json` reads in no text. `None` where there is none.
pub(crate) fn whole_characters(json: &[u8]) -> Option<Vec<u8>> {
    const REPLACEMENT: &[u8; 6] = b"\\ufffd";
    if !may_have_half_a_character(json) {
        return None;
    }
    let mut whole = json.to_vec();
    let (mut at, mut is_changed) = (0, false);
    while let Some(found) = whole.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += found;
        let rest = &whole[at + 1..];
        let named = rest.strip_prefix(b"u").and_then(unit);
        let second = || rest.get(5..)?.strip_prefix(b"\\u").and_then(unit);
        at += match named {
            Some(0xD800..0xDC00) if matches!(second(), Some(0xDC00..0xE000)) => 12,
            Some(0xD800..0xE000) => {
                whole[at..at + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
                is_changed = true;
                REPLACEMENT.len()
            }
            Some(_) => 6,
            None => 2,
        };
    }
    is_changed.then_some(whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What `serde_json` makes of the text.
    fn reference(raw: &str) -> Option<String> {
        serde_json::from_str(&format!("\"{raw}\"")).ok()
    }

    fn read(raw: &str) -> Option<String> {
        let quoted = format!("{raw}\"");
        let length = length(quoted.as_bytes());
        let (text, len) = super::read(&quoted)?;
        assert_eq!(length, Some((len, raw[..len].contains('\\'))));
        (len == raw.len()).then(|| text.into_owned())
    }

    #[test]
    fn half_a_character_is_found() {
        for (text, is_found) in [
            ("\\ud83d", true),
            ("\\uD83D\\n", true),
            ("\\ud83d\\ud83d\\ude00", true),
            ("\\ude00", true),
            ("\\ud83d\\ude00", false),
            ("\\ud83d\\ude00\\u00e9 \\ud83D\\uDE00", false),
            ("\\u00e9 ud83d", false),
            ("\\u", false),
            ("", false),
        ] {
            assert_eq!(
                may_have_half_a_character(text.as_bytes()),
                is_found,
                "{text}"
            );
        }
    }

    #[test]
    fn halves_of_characters_are_replaced_and_nothing_else() {
        for (text, expected) in [
            (r#""a\ud83d""#, Some(r#""a\ufffd""#)),
            (
                r#""\ud83d\ud83d\ude00\ude00""#,
                Some(r#""\ufffd\ud83d\ude00\ufffd""#),
            ),
            (
                r#"{"\uDC00":["\\\ud83d"]}"#,
                Some(r#"{"\ufffd":["\\\ufffd"]}"#),
            ),
            (r#""\\ud83d""#, None),
            (r#""\ud83d\ude00""#, None),
            ("\\", None),
            ("", None),
        ] {
            let whole = whole_characters(text.as_bytes());
            assert_eq!(whole.as_deref(), expected.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn escapes_say_what_they_say() {
        for raw in [
            "",
            "plain",
            "a\\nb",
            "\\\"\\\\\\/\\b\\f\\n\\r\\t",
            "\\u00e9\\u0000",
            "\\ud83d\\ude42",
            "eight ch\\n",
            "seven c\\n",
            "é\\u00E9🙂 and more\\t",
            "1234567\\\"1234567\\\\12345678",
        ] {
            assert!(read(raw).is_some(), "{raw}");
            assert_eq!(read(raw), reference(raw), "{raw}");
        }
        for raw in [
            "\\",
            "\\x",
            "\\u12",
            "\\ud83d",
            "\\ud83dx",
            "\\ud83d\\n",
            "\\ude42",
            "\\ud83d\\ud83d",
            "\\u00g0",
            "a\nb",
            "\u{0}",
            "\\ud83d\\u0041",
        ] {
            assert_eq!((read(raw), reference(raw)), (None, None), "{raw}");
        }
    }

    #[test]
    fn every_byte_is_told_apart_at_every_place() {
        for byte in 0..=127u8 {
            let text = char::from(byte).to_string();
            let mut written = Vec::new();
            write_text(&text, &mut written);
            assert_eq!(written, serde_json::to_vec(&text).unwrap());
            for place in 0..20 {
                let mut raw = [b'a'; 20];
                raw[place] = byte;
                let raw = std::str::from_utf8(&raw).unwrap();
                assert_eq!(read(raw), reference(raw), "{raw:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn texts_read_as_serde_json_reads_them(pieces in prop::collection::vec(
            prop::sample::select(vec!["a", "\\", "\"", "\\n", "\\u", "d83d", "\\ude42", "00e9", "é",
                "🙂", "\u{1f}", "\u{80}", "ordinary words ", "\\\\", "\\\""]), 0..12)
        ) {
            let raw = pieces.concat();
            prop_assert_eq!(read(&raw), reference(&raw), "{}", raw);
        }

        #[test]
        fn json_has_whole_characters_in_the_end(pieces in prop::collection::vec(
            prop::sample::select(vec!["a", "\\n", "\\ud83d", "\\ude42", "\\u00e9", "\\\\", "é", "ud83d"]), 0..12)
        ) {
            let json = format!("\"{}\"", pieces.concat());
            let whole = whole_characters(json.as_bytes());
            prop_assert_eq!(whole.is_none(), serde_json::from_str::<String>(&json).is_ok());
            let whole = whole.unwrap_or(json.into_bytes());
            prop_assert!(serde_json::from_slice::<String>(&whole).is_ok());
        }

        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(read(&json[1..json.len() - 1]), Some(text.clone()));
            let mut written = Vec::new();
            write_text(&text, &mut written);
            prop_assert_eq!(written, json.into_bytes());
        }
    }
}
