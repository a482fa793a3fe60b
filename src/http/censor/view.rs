//! A text as whoever decodes it reads it, each byte knowing where it came from.

use std::ops::Range;

/// A reading of a text.
pub(super) struct View {
    pub(super) text: Vec<u8>,
    /// From where to where each byte stands in the text that was read.
    places: Vec<(usize, usize)>,
}

impl View {
    /// The text as it is.
    pub(super) fn plain(text: &[u8]) -> Self {
        Self {
            text: text.to_vec(),
            places: (0..text.len()).map(|at| (at, at + 1)).collect(),
        }
    }

    /// The text without an escape of JSON, of URLs or of HTML, however often it was escaped.
    pub(super) fn decoded(text: &[u8]) -> Self {
        let mut view = Self {
            text: Vec::with_capacity(text.len()),
            places: Vec::with_capacity(text.len()),
        };
        for (at, byte) in text.iter().enumerate() {
            if let Some(escape) = open_entity_at_end(&view.text, Some(*byte)) {
                view.replace_end(escape);
            }
            view.text.push(*byte);
            view.places.push((at, at + 1));
            view.decode_end();
        }
        view
    }

    /// The view of a text that is there to its end, where an escape may lack its own.
    pub(super) fn ended(mut self) -> Self {
        if let Some(escape) = open_entity_at_end(&self.text, None) {
            self.replace_end(escape);
        }
        self
    }

    /// Replaces the escape at the end: what it stands for may be the end of another one.
    fn decode_end(&mut self) {
        while let Some(escape) = escape_at_end(&self.text) {
            self.put_at_end(escape);
        }
    }

    fn replace_end(&mut self, escape: (usize, u8)) {
        self.put_at_end(escape);
        self.decode_end();
    }

    /// Puts a byte in the place of so many at the end.
    fn put_at_end(&mut self, (len, byte): (usize, u8)) {
        let start = self.text.len() - len;
        let end = self.end();
        self.text.truncate(start + 1);
        self.places.truncate(start + 1);
        self.text[start] = byte;
        self.places[start].1 = end;
    }

    /// The view without white space and backslashes, which may be of an escape or not, and with the
    /// letters of the usual base64 in place of those that are safe in URLs.
    pub(super) fn squeezed(mut self) -> Self {
        let mut kept = 0;
        for at in 0..self.text.len() {
            if self.text[at].is_ascii_whitespace() || self.text[at] == b'\\' {
                continue;
            }
            self.text[kept] = match self.text[at] {
                b'-' => b'+',
                b'_' => b'/',
                other => other,
            };
            self.places[kept] = self.places[at];
            kept += 1;
        }
        self.text.truncate(kept);
        self.places.truncate(kept);
        self
    }

    /// The view as hexadecimal digits, of which some write each pair apart: in lower case, without what
    /// stands between. Where the text `is_cut`, without a pair whose end was cut off.
    pub(super) fn of_digits(&self, is_cut: bool) -> Self {
        let mut view = Self {
            text: Vec::with_capacity(self.text.len()),
            places: Vec::with_capacity(self.text.len()),
        };
        let text = match &self.text[..] {
            [text @ .., b'0', b'x' | b'X', _] | [text @ .., b'0', b'x' | b'X'] if is_cut => text,
            [text @ .., b'0'] if is_cut => text,
            text => text,
        };
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            match &text[at..] {
                [b'0', b'x' | b'X', high, low, ..] if is_hex(&[*high, *low]) => {
                    at += 2;
                    continue;
                }
                [
                    b' ' | b'\t' | b'\r' | b'\n' | b':' | b'-' | b'_' | b',' | b'.' | b'\\',
                    ..,
                ] => {}
                _ => {
                    view.text.push(byte.to_ascii_lowercase());
                    view.places.push(self.places[at]);
                }
            }
            at += 1;
        }
        view
    }

    /// Where a part of the view, which is not empty, stands in the text that was read.
    pub(super) fn origin(&self, part: Range<usize>) -> Range<usize> {
        let last = part.end.min(self.places.len()) - 1;
        self.places[part.start].0..self.places[last].1
    }

    /// The same up to where an escape starts whose end was cut off, if there is one.
    pub(super) fn without_cut_escape(mut self) -> Self {
        let len = self.text.len();
        let last = len.saturating_sub(LONGEST_ESCAPE);
        let is_cut = |at: &usize| match &self.text[*at..] {
            [b'\\', b'u', b'{', digits @ ..] => is_hex(digits),
            [b'\\', b'u', digits @ ..] => digits.len() < 4 && is_hex(digits),
            [b'\\', b'x', digits @ ..] => digits.len() < 2 && is_hex(digits),
            [b'\\'] => true,
            [b'%', digits @ ..] => digits.len() < 2 && is_hex(digits),
            [b'&', name @ ..] => name.iter().all(|b| *b == b'#' || b.is_ascii_alphanumeric()),
            _ => false,
        };
        if let Some(at) = (last..len).find(is_cut) {
            self.text.truncate(at);
            self.places.truncate(at);
        }
        self
    }

    /// Where the view ends in the text that was read.
    pub(super) fn end(&self) -> usize {
        self.places.last().map_or(0, |(_, end)| *end)
    }
}

/// The longest escape, `&#x0000041;` or so.
const LONGEST_ESCAPE: usize = 12;
/// What stands for a character that is in no secret.
const OTHER: u8 = 0xff;

/// The escape at the end of a text: its length, and the byte that it stands for.
fn escape_at_end(text: &[u8]) -> Option<(usize, u8)> {
    match text {
        [.., b';'] => markup_at_end(text, b"&", entity),
        [.., b'}'] => markup_at_end(text, b"\\u{", |digits| code(digits, 16)),
        [.., b'%', high, low] if is_hex(&[*high, *low]) => Some((3, code(&[*high, *low], 16)?)),
        [.., b'\\', b'x', high, low] if is_hex(&[*high, *low]) => {
            Some((4, code(&[*high, *low], 16)?))
        }
        [.., b'\\', b'u', a, b, c, d] if is_hex(&[*a, *b, *c, *d]) => {
            Some((6, code(&[*a, *b, *c, *d], 16)?))
        }
        [.., b'\\', letter] => {
            let byte = match letter {
                b'"' | b'\\' | b'/' | b'\'' => *letter,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'f' => 12,
                b'r' => b'\r',
                _ => return None,
            };
            Some((2, byte))
        }
        _ => None,
    }
}

/// The entity at the end of a text that lacks its semicolon, if the next byte is none of it.
fn open_entity_at_end(text: &[u8], next: Option<u8>) -> Option<(usize, u8)> {
    if !text.last().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let tail = &text[text.len().saturating_sub(LONGEST_ESCAPE)..];
    let start = memchr::memrchr(b'&', tail)?;
    let name = &tail[start + 1..];
    let goes_on = |next: u8| match name {
        [b'#', b'x' | b'X', ..] => next.is_ascii_hexdigit(),
        [b'#', ..] => next.is_ascii_digit(),
        _ => next.is_ascii_alphanumeric(),
    };
    if next.is_some_and(|next| next == b';' || goes_on(next)) {
        return None;
    }
    let is_known = matches!(name, [b'#', ..] | b"amp" | b"lt" | b"gt" | b"quot");
    let byte = is_known.then(|| entity(name))??;
    Some((tail.len() - start, byte))
}

/// An escape that has a beginning, something within, and one byte as its end.
fn markup_at_end(
    text: &[u8],
    begin: &[u8],
    read: impl Fn(&[u8]) -> Option<u8>,
) -> Option<(usize, u8)> {
    let tail = &text[text.len().saturating_sub(LONGEST_ESCAPE)..];
    let start = memchr::memmem::rfind(tail, begin)?;
    let within = &tail[start + begin.len()..tail.len() - 1];
    Some((tail.len() - start, read(within)?))
}

fn entity(name: &[u8]) -> Option<u8> {
    Some(match name {
        b"amp" => b'&',
        b"lt" => b'<',
        b"gt" => b'>',
        b"quot" => b'"',
        b"apos" => b'\'',
        b"sol" => b'/',
        b"bsol" => b'\\',
        b"plus" => b'+',
        b"equals" => b'=',
        b"period" => b'.',
        b"colon" => b':',
        b"lowbar" => b'_',
        b"hyphen" | b"dash" => b'-',
        b"percnt" => b'%',
        [b'#', b'x' | b'X', digits @ ..] => code(digits, 16)?,
        [b'#', digits @ ..] => code(digits, 10)?,
        _ => return None,
    })
}

fn is_hex(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

/// The character with this number.
fn code(digits: &[u8], radix: u32) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    let number = u32::from_str_radix(digits, radix).ok()?;
    Some(
        u8::try_from(number)
            .ok()
            .filter(u8::is_ascii)
            .unwrap_or(OTHER),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> String {
        let view = View::decoded(text.as_bytes()).ended();
        String::from_utf8_lossy(&view.text).into_owned()
    }

    #[test]
    fn every_escape_is_read_however_deep() {
        for text in [
            "a/b",
            r"a\/b",
            r"a\u002fb",
            r"a\u002Fb",
            r"a\x2fb",
            r"a\u{2f}b",
            "a%2fb",
            "a%2Fb",
            "a%252Fb",
            "a%25252fb",
            "a&#47;b",
            "a&#x2F;b",
            "a&#x000002F;b",
            "a&sol;b",
            "a&amp;sol;b",
            r"a\\u002fb",
            r"a\\\\/b",
            r"\u0061\u002f\u0062",
            "%61%2f%62",
            r"a\u00252Fb",
            "a%5Cu002fb",
            "a%26sol%3Bb",
            "&#97/&#98",
            "a&#x2f&#98",
            "&#97&#47&#98",
            "a%2&#102b",
            "&#x61&amp#47b",
        ] {
            assert_eq!(decoded(text), "a/b", "{text}");
        }
        for text in [
            "100 %", "%zz", r"\q", "&nope;", r"\u12", "&#;", "{}", ";", "%", "\\", "a&b", "&amps",
            "&#",
        ] {
            assert_eq!(decoded(text), text);
        }
    }

    #[test]
    fn each_byte_knows_where_it_came_from() {
        let view = View::decoded(br"x\u0061 %2562y").squeezed();
        assert_eq!(view.text, b"xaby");
        let origins = [0..1, 1..2, 2..3, 3..4, 0..9].map(|part| view.origin(part));
        assert_eq!(origins, [0..1, 1..7, 8..13, 13..14, 0..14]);
    }
}
