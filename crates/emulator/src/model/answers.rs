//! The rules by which the default model finds its words.

use super::lexicon;

/// What there is to say to a prompt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) text: String,
    /// The one word that a classification came to.
    pub(crate) label: Option<&'static str>,
    /// Why, where the response has a reason.
    pub(crate) reason: Option<String>,
    /// The number, where the response is one.
    pub(crate) number: Option<f64>,
}

impl Answer {
    fn plain(text: String) -> Self {
        Self {
            text,
            label: None,
            reason: None,
            number: None,
        }
    }
}

pub(crate) fn answer(prompt: &str) -> Answer {
    let lower = prompt.to_lowercase();
    if lower.contains("sentiment") || lower.contains("review") {
        return sentiment(prompt);
    }
    if let Some(translated) = translation(prompt) {
        return Answer::plain(translated);
    }
    if lower.contains("summarize") || lower.contains("summarise") {
        return Answer::plain(first_sentence(subject(prompt)).to_owned());
    }
    if let Some(number) = arithmetic(&lower) {
        return Answer {
            number: Some(number),
            ..Answer::plain(number.to_string())
        };
    }
    Answer::plain(format!("You asked: {}", prompt.trim()))
}

fn sentiment(prompt: &str) -> Answer {
    let review = subject(prompt);
    let (mut positive, mut negative) = (0, 0);
    let mut telling = None;
    for sentence in sentences(review) {
        let (good, bad) = feelings(sentence);
        positive += good;
        negative += bad;
        if telling.is_none() && good + bad > 0 {
            telling = Some(sentence);
        }
    }
    let label = match (positive, negative) {
        (0, 0) => "neutral",
        (_, 0) => "positive",
        (0, _) => "negative",
        _ => "mixed",
    };
    let quote = excerpt(telling.unwrap_or_else(|| first_sentence(review)));
    let reason = format!("It says “{quote}”.");
    Answer {
        text: format!("{label}: {reason}"),
        label: Some(label),
        reason: Some(reason),
        number: None,
    }
}

/// How many words of a sentence speak for its subject and how many against it.
fn feelings(sentence: &str) -> (usize, usize) {
    let words: Vec<String> = sentence
        .split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().replace('’', "'"))
        .collect();
    let (mut positive, mut negative) = (0, 0);
    for (at, word) in words.iter().enumerate() {
        let before = &words[at.saturating_sub(2)..at];
        let negated = before.iter().any(|word| lexicon::negates(word));
        match lexicon::feeling(word) * if negated { -1 } else { 1 } {
            1 => positive += 1,
            -1 => negative += 1,
            _ => {}
        }
    }
    (positive, negative)
}

/// The part of a prompt that its instruction is about: what follows `Review:` or `Text:`, or the
/// longest quotation, or what follows the first colon or line break, or all of it.
fn subject(prompt: &str) -> &str {
    let lower = prompt.to_ascii_lowercase();
    let labelled = ["review:", "text:"]
        .into_iter()
        .filter_map(|label| Some(prompt[lower.rfind(label)? + label.len()..].trim()))
        .next();
    let quoted = [('"', '"'), ('“', '”')]
        .into_iter()
        .filter_map(|(open, close)| {
            let (_, rest) = prompt.split_once(open)?;
            let (quoted, _) = rest.rsplit_once(close)?;
            Some(quoted.trim())
        })
        .max_by_key(|quoted| quoted.len());
    let after = |mark: &str| prompt.split_once(mark).map(|(_, rest)| rest.trim());
    [labelled, quoted, after(":"), after("\n")]
        .into_iter()
        .flatten()
        .find(|subject| !subject.is_empty())
        .unwrap_or_else(|| prompt.trim())
}

fn first_sentence(text: &str) -> &str {
    let ends = |(at, c): (usize, char)| {
        let rest = &text[at + c.len_utf8()..];
        (matches!(c, '.' | '!' | '?') && rest.starts_with(char::is_whitespace))
            .then_some(at + c.len_utf8())
    };
    text.char_indices()
        .find_map(ends)
        .map_or(text, |end| &text[..end])
}

/// The sentences of a text, each with its mark at the end.
fn sentences(mut text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    while !text.is_empty() {
        let (sentence, rest) = text.split_at(first_sentence(text).len());
        sentences.push(sentence);
        text = rest.trim_start();
    }
    sentences
}

/// At most sixty characters of a sentence, without its full stop.
fn excerpt(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    match sentence.char_indices().nth(60) {
        Some((end, _)) => {
            let cut = sentence[..end].rfind(' ').unwrap_or(end);
            format!("{}…", &sentence[..cut])
        }
        None => sentence.to_owned(),
    }
}

fn translation(prompt: &str) -> Option<String> {
    let prompt = prompt.trim();
    let (verb, rest) = prompt.split_once(' ')?;
    if !verb.eq_ignore_ascii_case("translate") {
        return None;
    }
    let (instruction, text) = rest.split_once([':', '\n'])?;
    let words: Vec<&str> = instruction.split_whitespace().collect();
    let to = words
        .iter()
        .rposition(|word| matches!(*word, "to" | "into"))?;
    let language = words[to + 1..].join(" ");
    (!language.is_empty()).then(|| format!("[{language}] {}", text.trim()))
}

/// The value of the first `a + b` in the text, with `-`, `*` and `/` as well, in signs or in words.
fn arithmetic(text: &str) -> Option<f64> {
    let spaced: String = text
        .replace("multiplied by", "*")
        .replace("divided by", "/")
        .chars()
        .flat_map(|c| match c {
            '+' | '*' | '/' | '×' | '÷' => [' ', c, ' '],
            '?' | '=' | ',' | '!' => [' ', ' ', ' '],
            _ => [c, '\0', '\0'],
        })
        .filter(|c| *c != '\0')
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.windows(3).find_map(|words| {
        let left: f64 = words[0].parse().ok()?;
        let right: f64 = words[2].trim_end_matches('.').parse().ok()?;
        let value = match words[1] {
            "+" | "plus" => left + right,
            "-" | "−" | "minus" => left - right,
            "*" | "×" | "x" | "times" => left * right,
            "/" | "÷" if right != 0.0 => left / right,
            _ => return None,
        };
        value.is_finite().then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(prompt: &str) -> String {
        answer(prompt).text
    }

    #[test]
    fn reviews_are_classified_with_a_reason() {
        let label = |review: &str| answer(&format!("Sentiment of this review: {review}")).label;
        assert_eq!(label("I love it, great battery."), Some("positive"));
        assert_eq!(label("Terrible. It broke after a day."), Some("negative"));
        assert_eq!(label("Great screen but a slow processor."), Some("mixed"));
        assert_eq!(label("It has a screen."), Some("neutral"));
        assert_eq!(label("This is not good at all."), Some("negative"));
        assert_eq!(label(""), Some("neutral"));
        assert_eq!(
            said("What is the sentiment of this review? I love it. Really."),
            "positive: It says “I love it”."
        );
        assert_eq!(
            said("Answer with: positive or negative. Review: It came today. It broke at once."),
            "negative: It says “It broke at once”."
        );
        assert_eq!(
            said("Classify the sentiment: \"I love it. Really.\""),
            "positive: It says “I love it”."
        );
    }

    #[test]
    fn sums_are_worked_out() {
        assert_eq!(said("What is 17 + 25?"), "42");
        assert_eq!(said("What is 2+2? Just the number."), "4");
        assert_eq!(said("What is 7 times 6?"), "42");
        assert_eq!(said("What is 9 / 2?"), "4.5");
        assert_eq!(said("What is 9 / 0?"), "You asked: What is 9 / 0?");
    }

    #[test]
    fn texts_are_translated_and_summarised() {
        assert_eq!(
            said("Translate to French: good morning"),
            "[French] good morning"
        );
        assert_eq!(
            said("Translate this into Brazilian Portuguese:\nhi"),
            "[Brazilian Portuguese] hi"
        );
        assert_eq!(said("Summarise: It rained. We went home."), "It rained.");
        assert_eq!(
            said("Summarize this in one line:\nVersion 1.5 is out! Get it."),
            "Version 1.5 is out!"
        );
    }

    #[test]
    fn anything_else_is_echoed() {
        assert_eq!(said(" Hello there "), "You asked: Hello there");
    }
}
