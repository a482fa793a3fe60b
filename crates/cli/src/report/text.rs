//! Text of others, as a page may show it.

use serde::Serialize;

/// What goes into a page: shortened, and without what nobody can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Shown {
    pub(super) text: String,
    /// How many characters there are in all, where this is not all of them.
    pub(super) of: Option<usize>,
}

/// As many characters as `most` of a text, with a picture for each control character but line ends and
/// tabs.
pub(super) fn shown(text: &str, most: usize) -> Shown {
    let end = text.char_indices().nth(most).map(|(at, _)| at);
    let part = &text[..end.unwrap_or(text.len())];
    Shown {
        text: part.chars().map(visible).collect(),
        of: end.map(|_| text.chars().count()),
    }
}

fn visible(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\u{7f}' => '\u{2421}',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{80}'..='\u{9f}' => '\u{fffd}',
        c => c,
    }
}

/// JSON as it may stand in a `<script>` element: nothing in it ends the element, or a line of JavaScript.
pub(super) fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let json = serde_json::to_string(value)?;
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => safe.push(c),
        }
    }
    Ok(safe)
}

/// What is the same about messages that differ in numbers alone.
pub(super) fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_number = false;
    for c in text.chars() {
        let is_digit = c.is_ascii_digit();
        match (is_digit, in_number) {
            (true, true) => {}
            (true, false) => out.push('#'),
            (false, _) => out.push(c),
        }
        in_number = is_digit;
    }
    out
}

/// A span of time in one unit, as an axis and a table have it.
pub(super) fn span(seconds: f64) -> String {
    let (amount, unit) = match seconds {
        s if s < 1.0 => (s * 1000.0, "ms"),
        s if s < 100.0 => (s, "s"),
        s if s < 6000.0 => (s / 60.0, "min"),
        s => (s / 3600.0, "h"),
    };
    match amount {
        0.0 => "0".to_owned(),
        a if a < 10.0 && (a - a.round()).abs() > 0.05 => format!("{a:.1} {unit}"),
        a => format!("{a:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_shown() {
        let text = shown("a\0b\u{1b}\n\u{7f}", 100);
        assert_eq!((text.text.as_str(), text.of), ("a␀b␛\n␡", None));
        let cut = shown("äöü", 2);
        assert_eq!((cut.text.as_str(), cut.of), ("äö", Some(3)));
    }

    #[test]
    fn json_does_not_end_its_element() {
        let hostile = "</script><!--&\u{2028}\u{2029}";
        let json = json(&hostile).unwrap();
        assert!(
            !json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
    }

    #[test]
    fn spans_are_readable() {
        assert_eq!(without_numbers("row 17 of 2"), "row # of #");
        for (seconds, expected) in [
            (0.0, "0"),
            (0.25, "250 ms"),
            (1.5, "1.5 s"),
            (2.0, "2 s"),
            (600.0, "10 min"),
            (7200.0, "2 h"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }
}
