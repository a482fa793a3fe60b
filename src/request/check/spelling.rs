//! Whether a name is a known one with a slip in it. A name that is another word is none: it may
//! be newer than this client.

use crate::request::nearest::edits;

/// Longer names are nobody's slip.
const LONGEST: usize = 64;

/// The known name that is meant.
pub(crate) fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let written = words(name);
    let slips = known.filter_map(|known| Some((slip(&written, &words(known))?, known)));
    slips.min().map(|(_, known)| known)
}

/// `maxOutputTokens`, `max_output_tokens` and `MAX-OUTPUT-TOKENS` as their words.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_small = false;
    for c in name.chars() {
        let is_break = matches!(c, '_' | '-' | ' ' | '.');
        if words.is_empty() || is_break || (was_small && c.is_uppercase()) {
            words.push(String::new());
        }
        was_small = c.is_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut().filter(|_| !is_break) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// How large the slip is; `None` if it is none.
fn slip(written: &[String], known: &[String]) -> Option<usize> {
    let (a, b) = (written.concat(), known.concat());
    if a == b {
        return Some(0);
    }
    if written.len() != known.len() {
        // A break in the wrong place hides where words begin.
        return (b.len() >= 8 && edits(&a, &b) == 1).then_some(1);
    }
    let mut sum = 0;
    for (word, known) in written.iter().zip(known) {
        if word != known {
            sum += slip_of_word(word, known)?;
        }
    }
    (sum <= 2).then_some(sum)
}

/// Short words are near to others: `speed` is no slip of `seed`. There, letters may be left out,
/// doubled or swapped, and no more.
fn slip_of_word(word: &str, known: &str) -> Option<usize> {
    let (letters, edits) = (known.chars().count(), edits(word, known));
    let is_slip = match letters {
        0..=2 => false,
        3..=5 => {
            edits == 1
                && (is_swapped(word, known) || has_left_out(word, known) || doubles(word, known))
        }
        6..=8 => edits == 1,
        _ => edits <= 2,
    };
    is_slip.then_some(edits)
}

fn is_swapped(word: &str, known: &str) -> bool {
    let sorted = |text: &str| {
        let mut letters: Vec<_> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    sorted(word) == sorted(known)
}

fn has_left_out(word: &str, known: &str) -> bool {
    word.chars().count() < known.chars().count()
}

/// Whether a letter stands twice in `word`, or an `s` at its end.
fn doubles(word: &str, known: &str) -> bool {
    let letters: Vec<_> = word.chars().collect();
    let without = |at: usize| {
        let kept = letters.iter().enumerate().filter(|(n, _)| *n != at);
        kept.map(|(_, c)| c).collect::<String>() == known
    };
    let is_double = |at: usize| at > 0 && letters[at] == letters[at - 1];
    word.strip_suffix('s') == Some(known)
        || (0..letters.len()).any(|at| is_double(at) && without(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let known = [
            "contents",
            "text",
            "seed",
            "topP",
            "topK",
            "maxOutputTokens",
            "videoMetadata",
            "systemInstruction",
            "generationConfig",
            "tools",
            "inlineData",
            "BLOCK_NONE",
            "HIGH",
        ];
        for (name, wanted) in [
            ("contnets", Some("contents")),
            ("Contents", Some("contents")),
            ("content", Some("contents")),
            ("txt", Some("text")),
            ("texxt", Some("text")),
            ("topk", Some("topK")),
            ("tool", Some("tools")),
            ("maxOutputToken", Some("maxOutputTokens")),
            ("maxoutputtokens", Some("maxOutputTokens")),
            ("max-output-tokens", Some("maxOutputTokens")),
            ("system_instructions", Some("systemInstruction")),
            ("generatonConfig", Some("generationConfig")),
            ("InlineData", Some("inlineData")),
            ("BLOCK_NON", Some("BLOCK_NONE")),
            ("audioMetadata", None),
            ("speed", None),
            ("topN", None),
            ("context", None),
            ("XHIGH", None),
            ("maxTokens", None),
            ("test", None),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(meant(name, known.into_iter()), wanted, "{name}");
        }
        assert_eq!(meant(&"x".repeat(1_000_000), known.into_iter()), None);
    }
}
