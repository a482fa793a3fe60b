//! What everyone reads of a response, its text and its usage, noted while the row is checked.
//!
//! So the accessors need not look for it. Only a response of the plain kind is noted: one text in
//! the first candidate, no field twice. Of any other nothing is found, and the accessors read the
//! JSON for themselves.

use std::borrow::Cow;
use std::ops::Range;

use super::usage::Usage;
use crate::scan::{Scanner, Span};

/// What was found in a response. Nothing by default.
#[derive(Debug, Clone, Default)]
pub(crate) struct FastFields {
    /// The text of the first candidate.
    text: FoundText,
    /// Whether the first candidate ended with `STOP`, and nothing of it or the prompt was rated.
    is_complete: bool,
    usage: Option<Usage>,
}

#[derive(Debug, Clone, Default)]
enum FoundText {
    #[default]
    Nothing,
    /// A text that stands in the response as it is.
    Within(Span),
    /// A text that stands in the response with escapes.
    Read(String),
}

impl FastFields {
    /// Reads a response, before which the scanner stands, and tells where it is.
    pub(crate) fn read(scanner: &mut Scanner<'_>) -> Option<(Range<usize>, Self)> {
        let mut reader = Reader {
            origin: scanner.next_start(),
            fast: Self::default(),
            is_odd: false,
        };
        reader.response(scanner)?;
        let found = match reader.is_odd {
            true => Self::default(),
            false => reader.fast,
        };
        Some((reader.origin..scanner.end_of_last(), found))
    }

    /// Whether anything was found, so that the response is not empty.
    #[cfg(feature = "vertex")]
    pub(crate) fn is_something(&self) -> bool {
        self.usage.is_some() || !matches!(self.text, FoundText::Nothing)
    }

    /// The text of the first candidate.
    pub(super) fn text<'a>(&'a self, json: &'a [u8]) -> Option<&'a str> {
        match &self.text {
            FoundText::Nothing => None,
            FoundText::Within(span) => span.of(json),
            FoundText::Read(text) => Some(text),
        }
    }

    /// The same, if the response is complete.
    pub(super) fn complete_text<'a>(&'a self, json: &'a [u8]) -> Option<&'a str> {
        self.is_complete.then(|| self.text(json))?
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage
    }
}

/// The fields of an object that have been there, as bits.
#[derive(Default)]
struct Seen(u32);

impl Seen {
    /// Whether a field is there again.
    fn again(&mut self, field: u32) -> bool {
        let before = self.0;
        self.0 |= 1 << field;
        before == self.0
    }
}

/// A part of the first candidate, as far as it matters here.
#[derive(Default)]
struct PartFound {
    text: FoundText,
    is_thought: bool,
}

struct Reader {
    /// Where the response starts.
    origin: usize,
    fast: FastFields,
    is_odd: bool,
}

impl Reader {
    fn response(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        const FEEDBACK: u32 = 2;
        let mut seen = Seen::default();
        let mut fields = scanner.object()?;
        while let Some(name) = scanner.next_field(&mut fields)? {
            let field = match name {
                "candidates" => 0,
                "usageMetadata" => 1,
                "promptFeedback" => FEEDBACK,
                "modelVersion" => 3,
                "responseId" => 4,
                // It may be no response at all.
                "error" => return None,
                other => {
                    self.is_odd |= is_snake_case(other);
                    scanner.skip()?;
                    continue;
                }
            };
            self.is_odd |= seen.again(field);
            match field {
                0 => self.candidates(scanner)?,
                1 => self.usage(scanner)?,
                _ => drop(scanner.skip()?),
            }
        }
        self.fast.is_complete &= !seen.again(FEEDBACK);
        Some(())
    }

    fn usage(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        let mut ahead = scanner.clone();
        match read_usage(&mut ahead) {
            Some(usage) => {
                self.fast.usage = Some(usage);
                *scanner = ahead;
                Some(())
            }
            None => scanner.skip().map(drop),
        }
    }

    fn candidates(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        if scanner.peek()? != b'[' {
            return self.pass_over_odd(scanner);
        }
        let mut candidates = scanner.list()?;
        if scanner.next(&mut candidates)? {
            self.candidate(scanner)?;
            while scanner.next(&mut candidates)? {
                scanner.skip()?;
            }
        }
        Some(())
    }

    fn candidate(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        if scanner.peek()? != b'{' {
            return self.pass_over_odd(scanner);
        }
        const RATINGS: u32 = 2;
        let mut seen = Seen::default();
        let mut fields = scanner.object()?;
        while let Some(name) = scanner.next_field(&mut fields)? {
            let field = match name {
                "content" => 0,
                "finishReason" => 1,
                "safetyRatings" => RATINGS,
                "finishMessage" => 3,
                "groundingMetadata" => 4,
                "citationMetadata" => 5,
                "avgLogprobs" => 6,
                "logprobsResult" => 7,
                other => {
                    self.is_odd |= is_snake_case(other);
                    scanner.skip()?;
                    continue;
                }
            };
            self.is_odd |= seen.again(field);
            match field {
                0 => self.content(scanner)?,
                1 => self.fast.is_complete = scanner.skip()? == "\"STOP\"",
                _ => drop(scanner.skip()?),
            }
        }
        self.fast.is_complete &= !seen.again(RATINGS);
        Some(())
    }

    fn content(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        if scanner.peek()? != b'{' {
            return self.pass_over_odd(scanner);
        }
        let mut has_parts = false;
        let mut fields = scanner.object()?;
        while let Some(name) = scanner.next_field(&mut fields)? {
            if name != "parts" {
                scanner.skip()?;
                continue;
            }
            self.is_odd |= std::mem::replace(&mut has_parts, true);
            self.parts(scanner)?;
        }
        Some(())
    }

    fn parts(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        if scanner.peek()? != b'[' {
            return self.pass_over_odd(scanner);
        }
        let mut parts = scanner.list()?;
        while scanner.next(&mut parts)? {
            let part = self.part(scanner)?;
            if part.is_thought || matches!(part.text, FoundText::Nothing) {
                continue;
            }
            // Several texts are joined, which is not done here.
            self.is_odd |= !matches!(self.fast.text, FoundText::Nothing);
            self.fast.text = part.text;
        }
        Some(())
    }

    fn part(&mut self, scanner: &mut Scanner<'_>) -> Option<PartFound> {
        let mut part = PartFound::default();
        if scanner.peek()? != b'{' {
            self.pass_over_odd(scanner)?;
            return Some(part);
        }
        let mut seen = Seen::default();
        let mut fields = scanner.object()?;
        while let Some(name) = scanner.next_field(&mut fields)? {
            let field = match name {
                "text" => 0,
                "thought" => 1,
                "functionCall" => 2,
                "inlineData" => 3,
                other => {
                    self.is_odd |= is_snake_case(other);
                    scanner.skip()?;
                    continue;
                }
            };
            self.is_odd |= seen.again(field);
            match field {
                0 if scanner.peek()? == b'"' => part.text = self.text(scanner)?,
                0 => self.pass_over_odd(scanner)?,
                1 => match scanner.skip()? {
                    "true" => part.is_thought = true,
                    value => self.is_odd |= value != "false",
                },
                _ => drop(scanner.skip()?),
            }
        }
        Some(part)
    }

    fn text(&mut self, scanner: &mut Scanner<'_>) -> Option<FoundText> {
        let start = scanner.next_start() - self.origin + 1;
        Some(match scanner.text()? {
            Cow::Owned(text) => FoundText::Read(text),
            Cow::Borrowed(text) => match Span::new(start, start + text.len()) {
                Some(span) => FoundText::Within(span),
                // It is found when it is asked for.
                None => {
                    self.is_odd = true;
                    FoundText::Nothing
                }
            },
        })
    }

    fn pass_over_odd(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        self.is_odd = true;
        scanner.skip().map(drop)
    }
}

/// Whether a name is spelled in the other way that proto3 JSON has, and may be one of those above.
fn is_snake_case(name: &str) -> bool {
    name.contains('_')
}

/// Reads counts, where they are plain numbers.
fn read_usage(scanner: &mut Scanner<'_>) -> Option<Usage> {
    let mut usage = Usage::default();
    let mut seen = Seen::default();
    let mut fields = scanner.object()?;
    while let Some(name) = scanner.next_field(&mut fields)? {
        let (field, count) = match name {
            "promptTokenCount" => (0, &mut usage.prompt_tokens),
            "candidatesTokenCount" => (1, &mut usage.candidates_tokens),
            "thoughtsTokenCount" => (2, &mut usage.thoughts_tokens),
            "cachedContentTokenCount" => (3, &mut usage.cached_content_tokens),
            "toolUsePromptTokenCount" => (4, &mut usage.tool_use_prompt_tokens),
            "totalTokenCount" => (5, &mut usage.total_tokens),
            other if is_snake_case(other) => return None,
            _ => {
                scanner.skip()?;
                continue;
            }
        };
        if seen.again(field) {
            return None;
        }
        *count = scanner.count()?;
    }
    Some(usage)
}
