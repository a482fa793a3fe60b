//! JSON read once, from its start to its end, noting where things stand.
//!
//! Rows and jobs come by the million, and most of what is in them is passed over. A [`Scanner`]
//! checks all of a text and keeps nothing. It takes plain texts alone: where one is unusual, or
//! not JSON, it gives up (`None`) without a reason, and the caller reads the text with
//! `serde_json`, which decides what it means. What is read here must be what is read there; the
//! tests of each reader hold the two against each other, and for rows the fuzz target too.

pub(crate) mod lines;
mod text;
pub(crate) mod weight;

use std::borrow::Cow;

pub(crate) use text::{may_have_half_a_character, whole_characters, write_text};

/// How deep values may lie within each other. Deeper ones are left to `serde_json`.
const DEPTH: usize = 64;

/// A place in a text that is checked as far as that place.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// From one byte of a JSON text to another; nowhere if these are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// `None` where the text is too long for it.
    pub(crate) fn new(start: usize, end: usize) -> Option<Self> {
        Some(Self {
            start: start.try_into().ok()?,
            end: end.try_into().ok()?,
        })
    }

    /// What stands there; `None` if this is nowhere.
    pub(crate) fn of(self, json: &[u8]) -> Option<&str> {
        let bytes = json.get(self.start as usize..self.end as usize)?;
        let text = std::str::from_utf8(bytes).ok()?;
        (!text.is_empty()).then_some(text)
    }
}

/// What is left of a list or an object.
#[derive(Debug)]
pub(crate) struct Members {
    close: u8,
    is_first: bool,
}

impl<'a> Scanner<'a> {
    /// `None` if the bytes are not text.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let text = simdutf8::basic::from_utf8(bytes).ok()?;
        Some(Self { text, at: 0 })
    }

    /// Where the next value starts.
    pub(crate) fn next_start(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// Where the last value ended.
    pub(crate) fn end_of_last(&self) -> usize {
        self.at
    }

    /// The first byte of what comes next.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            let byte = *bytes.get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// Enters an object.
    pub(crate) fn object(&mut self) -> Option<Members> {
        self.take(b'{')?;
        Some(Members {
            close: b'}',
            is_first: true,
        })
    }

    /// Enters a list.
    pub(crate) fn list(&mut self) -> Option<Members> {
        self.take(b'[')?;
        Some(Members {
            close: b']',
            is_first: true,
        })
    }

    /// Whether there is a further member; leaves the list or object if not.
    #[inline]
    pub(crate) fn next(&mut self, members: &mut Members) -> Option<bool> {
        let is_first = std::mem::replace(&mut members.is_first, false);
        match self.peek()? {
            byte if byte == members.close => {
                self.at += 1;
                return Some(false);
            }
            b',' if !is_first => self.at += 1,
            _ if is_first => return Some(true),
            _ => return None,
        }
        (self.peek()? != members.close).then_some(true)
    }

    /// The name of the next field, before whose value the scanner then stands. `Some(None)` is
    /// the end of the object.
    #[inline]
    pub(crate) fn next_field(&mut self, members: &mut Members) -> Option<Option<&'a str>> {
        if !self.next(members)? {
            return Some(None);
        }
        self.take(b'"')?;
        let start = self.at;
        if self.skip_text()? {
            return None;
        }
        let name = self.text.get(start..self.at - 1)?;
        self.take(b':')?;
        Some(Some(name))
    }

    /// Reads a text, which is borrowed where it has no escapes.
    pub(crate) fn text(&mut self) -> Option<Cow<'a, str>> {
        self.take(b'"')?;
        let (text, len) = text::read(self.text.get(self.at..)?)?;
        self.at += len + 1;
        Some(text)
    }

    /// Passes over a text after its opening quote, and tells whether it has escapes.
    #[inline]
    fn skip_text(&mut self) -> Option<bool> {
        let (len, is_escaped) = text::length(&self.text.as_bytes()[self.at..])?;
        self.at += len + 1;
        Some(is_escaped)
    }

    /// Reads a count that is written as a whole number of up to 18 digits.
    pub(crate) fn count(&mut self) -> Option<u64> {
        self.peek()?;
        let digits = self.text.as_bytes()[self.at..].iter();
        let digits = digits.take_while(|byte| byte.is_ascii_digit()).count();
        let text = self.text.get(self.at..self.at + digits)?;
        if digits == 0 || digits > 18 || (digits > 1 && text.starts_with('0')) {
            return None;
        }
        self.at += digits;
        let count = text.bytes();
        let count = count.fold(0, |count, digit| count * 10 + u64::from(digit - b'0'));
        let is_whole = !matches!(self.text.as_bytes().get(self.at), Some(b'.' | b'e' | b'E'));
        is_whole.then_some(count)
    }

    /// Passes over a value, which is all of what is returned.
    pub(crate) fn skip(&mut self) -> Option<&'a str> {
        let start = self.next_start();
        self.skip_value(DEPTH)?;
        self.text.get(start..self.at)
    }

    fn skip_value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.skip_text().map(drop)
            }
            b'{' => {
                let mut members = self.object()?;
                let depth = depth.checked_sub(1)?;
                while self.next(&mut members)? {
                    self.take(b'"')?;
                    self.skip_text()?;
                    self.take(b':')?;
                    self.skip_value(depth)?;
                }
                Some(())
            }
            b'[' => {
                let mut members = self.list()?;
                let depth = depth.checked_sub(1)?;
                while self.next(&mut members)? {
                    self.skip_value(depth)?;
                }
                Some(())
            }
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        rest.starts_with(word.as_bytes())
            .then(|| self.at += word.len())
    }

    fn number(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let mut at = self.at + usize::from(bytes.get(self.at) == Some(&b'-'));
        let digits = |from: usize| {
            let rest = bytes.get(from..).unwrap_or_default();
            rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let whole = digits(at);
        if whole == 0 || (whole > 1 && bytes[at] == b'0') {
            return None;
        }
        at += whole;
        if bytes.get(at) == Some(&b'.') {
            let fraction = digits(at + 1);
            at += 1 + (fraction > 0).then_some(fraction)?;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let exponent = digits(at);
            at += (exponent > 0).then_some(exponent)?;
        }
        self.at = at;
        Some(())
    }

    /// Ends the text, of which nothing but white space may be left.
    pub(crate) fn end(mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    fn skipped(text: &str) -> bool {
        let mut scanner = Scanner::new(text.as_bytes()).unwrap();
        scanner.skip().is_some() && scanner.end().is_some()
    }

    fn is_json(text: &str) -> bool {
        serde_json::from_str::<IgnoredAny>(text).is_ok()
    }

    #[test]
    fn what_is_not_json_is_not_passed_over() {
        for text in [
            "",
            " ",
            "{",
            "[",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{1:2}",
            "tru",
            "nulls",
            "-",
            "01",
            "1.",
            ".5",
            "1e",
            "1e+",
            "+1",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"a\nb\"",
            "\"\u{1f}\"",
            "1 2",
            "[1]]",
            "{}}",
            "'a'",
            "-01",
            "[1}",
            "{\"a\":1]",
            "\u{feff}1",
            "1.e5",
            "--1",
            "\"\\u123\"",
            "NaN",
        ] {
            assert!(!is_json(text), "{text:?}");
            assert!(!skipped(text), "{text:?}");
        }
    }

    #[test]
    fn json_is_passed_over_up_to_a_depth() {
        for text in [
            "0",
            "-0",
            "1e5",
            "-1.25E-3",
            "0.0",
            "10",
            " [ ] ",
            "{ }",
            "[[],{}]",
            "\"\"",
            "true",
            "{\"a\" : [1 , \"\\u00e9\\n\\\\\\\"\" ,null] }",
            "\"\u{7f}é🙂\"",
            "\t\r\n false\n",
        ] {
            assert!(is_json(text) && skipped(text), "{text:?}");
        }
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(skipped(&nested(DEPTH)) && !skipped(&nested(DEPTH + 1)));
        assert!(!skipped(&nested(1_000_000)));
    }

    #[test]
    fn counts_are_whole() {
        let count = |text: &str| Scanner::new(text.as_bytes()).unwrap().count();
        assert_eq!(
            (count(" 120"), count("0"), count("7,")),
            (Some(120), Some(0), Some(7))
        );
        for odd in [
            "",
            "-1",
            "01",
            "1.0",
            "1e2",
            "\"1\"",
            "1234567890123456789",
            "1E0",
        ] {
            assert_eq!(count(odd), None, "{odd}");
        }
    }

    fn json_like() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u00e9", "\\n", "a", "\"k\"", " ", "\n",
            "1", "0", "-", ".", "e", "E", "+", "true", "false", "null", "é", "\u{1}", "\"a\":",
        ]);
        prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_json_is_passed_over(value in crate::testing::json()) {
            prop_assert!(skipped(&value.to_string()));
            prop_assert!(skipped(&serde_json::to_string_pretty(&value).unwrap()));
        }

        #[test]
        fn what_looks_like_json_is_passed_over_if_it_is(text in json_like()) {
            prop_assert_eq!(skipped(&text), is_json(&text), "{}", text);
        }

        #[test]
        fn a_text_with_one_byte_changed_is_passed_over_if_it_is_json(
            value in crate::testing::json(), at in any::<prop::sample::Index>(), byte in 0u8..128
        ) {
            let mut bytes = value.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(text) = String::from_utf8(bytes) {
                prop_assert_eq!(skipped(&text), is_json(&text), "{}", text);
            }
        }
    }
}
