//! The mark by which a job is found: that of a create that had no clear response, or that of a
//! create which its caller gave an id.
//!
//! ```text
//! gbm 0123456789abcdef 01234567
//!     identity         content
//! ```
//!
//! The identity is drawn by chance or made from the caller's id, and tells whose job it is. The
//! content tells two creates of one id apart; without an id it is chance, too. The mark goes in
//! front of a display name, where a service that cuts names off spares it.

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::job::BatchJob;
use crate::source::digest::ContentDigest;
use crate::unique;

/// What a mark begins with, so that it can be told from other words.
const PREFIX: &str = "gbm";
/// How many hexadecimal digits the identity has …
const IDENTITY: usize = 16;
/// … and how many the content.
const CONTENT: usize = 8;
const LENGTH: usize = PREFIX.len() + IDENTITY + CONTENT;

/// Whose job it is: 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity(String);

impl Identity {
    /// The identity of all creates that bear the caller's `id`.
    pub(crate) fn of(id: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"genai-batch id\0");
        hash.update(id);
        Self(hex(&hash.finalize(), IDENTITY))
    }

    #[cfg(feature = "vertex")]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a job bears it: in whatever letters and among whatever else the service shows it.
    pub(crate) fn is_on(&self, job: &BatchJob) -> bool {
        let mut texts = job.record.details.marked.iter();
        texts.any(|text| plain(text).contains(&self.0))
    }

    /// The digits of the content that follow it on a job, if the service shows them.
    pub(crate) fn content_on(&self, job: &BatchJob) -> Option<String> {
        job.record.details.marked.iter().find_map(|text| {
            let text = plain(text);
            let (_, rest) = text.split_once(&self.0)?;
            let content = rest.get(..CONTENT)?;
            content.bytes().all(is_hex).then(|| content.to_owned())
        })
    }
}

/// What only the jobs of one create bear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    identity: Identity,
    content: String,
    /// What the content tells of, where it does.
    named: Option<Named>,
}

/// What a create under a caller's id asks, as far as a job shows the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) model: String,
    /// How many requests the client holds; 0 where they are with the service.
    pub(crate) requests: u64,
}

impl Mark {
    /// A mark that no other create has.
    pub(crate) fn random() -> Result<Self> {
        let mut digits = unique::digits(IDENTITY + CONTENT).map_err(Error::no_randomness)?;
        let content = digits.split_off(IDENTITY);
        Ok(Self {
            identity: Identity(digits),
            content,
            named: None,
        })
    }

    /// The mark of a create that its caller gave an id.
    pub(crate) fn named(identity: Identity, content: ContentDigest, model: String) -> Self {
        let requests = content.requests();
        Self {
            identity,
            content: hex(&content.finish(), CONTENT),
            named: Some(Named { model, requests }),
        }
    }

    /// Reads a mark as [`text`](Self::text) writes it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (at, digits) = find(text)?;
        (at == 0 && text.len() == LENGTH).then(|| Self::of_digits(digits))
    }

    /// The mark that a job bears in full.
    pub(crate) fn of(job: &BatchJob) -> Option<Self> {
        let mut texts = job.record.details.marked.iter();
        texts.find_map(|text| Some(Self::of_digits(find(text)?.1)))
    }

    fn of_digits(digits: &str) -> Self {
        let digits = digits.to_ascii_lowercase();
        Self {
            identity: Identity(digits[..IDENTITY].to_owned()),
            content: digits[IDENTITY..].to_owned(),
            named: None,
        }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The digits of the content, where they tell anything, and what they tell of.
    pub(crate) fn content(&self) -> Option<(&str, &Named)> {
        Some((&self.content, self.named.as_ref()?))
    }

    /// The mark as one word.
    pub(crate) fn text(&self) -> String {
        format!("{PREFIX}{}{}", self.identity.0, self.content)
    }

    /// A display name that has the mark, for a service that has no other place for it.
    pub(crate) fn put_on(&self, display_name: &str) -> String {
        match display_name {
            "" => self.text(),
            name => format!("{} {name}", self.text()),
        }
    }
}

/// A display name without the mark that it bears, wherever that stands.
pub(crate) fn without_mark(mut display_name: String) -> String {
    if let Some((at, _)) = find(&display_name) {
        let end = at + LENGTH;
        let range = match (display_name.as_bytes().get(end), at) {
            (Some(b' '), _) => at..end + 1,
            (_, 1..) if display_name.as_bytes()[at - 1] == b' ' => at - 1..end,
            _ => at..end,
        };
        display_name.replace_range(range, "");
    }
    display_name
}

/// Where a mark stands in a text, in small letters or capitals, and its digits.
fn find(text: &str) -> Option<(usize, &str)> {
    let is_mark = |window: &[u8]| {
        let (prefix, digits) = window.split_at(PREFIX.len());
        prefix.eq_ignore_ascii_case(PREFIX.as_bytes()) && digits.iter().copied().all(is_hex)
    };
    let at = text.as_bytes().windows(LENGTH).position(is_mark)?;
    // All of it is ASCII.
    Some((at, text.get(at + PREFIX.len()..at + LENGTH)?))
}

/// A text as it is compared: in small letters, without white space and signs.
fn plain(text: &str) -> String {
    let text = text.chars().filter(|c| c.is_alphanumeric());
    text.flat_map(char::to_lowercase).collect()
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn hex(bytes: &[u8], digits: usize) -> String {
    let mut text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(digits);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Details, JobRecord};

    const MARK: &str = "gbm00ff00ff00ff00ff12345678";

    fn job(texts: &[&str]) -> BatchJob {
        BatchJob::new(JobRecord {
            details: Details {
                marked: texts.iter().map(|&text| text.to_owned()).collect(),
                ..Details::default()
            },
            ..JobRecord::default()
        })
    }

    #[test]
    fn a_mark_is_put_on_and_taken_off_wherever_it_stands() {
        let mark = Mark::parse(MARK).unwrap();
        assert_eq!(mark.put_on("nightly"), format!("{MARK} nightly"));
        assert_eq!(mark.put_on(""), MARK);
        for (name, left) in [
            (format!("{MARK} nightly"), "nightly"),
            (format!("nightly {MARK}"), "nightly"),
            (format!("night {MARK} ly"), "night ly"),
            (format!("{}  nightly", MARK.to_uppercase()), " nightly"),
            (format!("{MARK}nightly"), "nightly"),
            (MARK.to_owned(), ""),
            (MARK[..20].to_owned(), &MARK[..20]),
            ("nightly #3".to_owned(), "nightly #3"),
            (format!("xgbm é{MARK}é"), "xgbm éé"),
        ] {
            assert_eq!(without_mark(name.clone()), left, "{name}");
        }
        let cut = &MARK[..LENGTH - 1];
        for odd in ["", "gbm", cut, "00ff00ff00ff00ff12345678", "gbm é"] {
            assert_eq!(Mark::parse(odd), None, "{odd}");
        }
        assert_eq!(Mark::parse(&format!("{MARK} x")), None);
    }

    #[test]
    fn no_two_marks_are_the_same_but_those_of_one_id() {
        assert_ne!(Mark::random().unwrap(), Mark::random().unwrap());
        assert_eq!(Identity::of("a"), Identity::of("a"));
        assert_ne!(Identity::of("a"), Identity::of("b"));
        // A later version of the client finds the jobs of an earlier one by it.
        assert_eq!(Identity::of("nightly").0, "e6f52723842fb7ab");
        let content = |text: &str| {
            let mut content = ContentDigest::new();
            content.add(text.as_bytes());
            Mark::named(Identity::of("a"), content, "m".to_owned())
        };
        assert_eq!(content("x"), content("x"));
        assert_ne!(content("x").content(), content("y").content());
        assert_eq!(content("x").identity(), content("y").identity());
    }

    #[test]
    fn a_job_is_known_by_the_digits_however_they_are_shown() {
        let identity = Mark::parse(MARK).unwrap().identity;
        for shown in [
            MARK.to_owned(),
            format!("{} NIGHTLY", MARK.to_uppercase()),
            format!("nightly_{MARK}"),
            format!("\u{a0}{} nig…", &MARK[..PREFIX.len() + IDENTITY]),
            format!("GBM-{}-{}", &MARK[3..19], &MARK[19..]),
        ] {
            let found = job(&["other", &shown]);
            assert!(identity.is_on(&found), "{shown}");
        }
        assert_eq!(
            identity
                .content_on(&job(&[&format!("{MARK} x")]))
                .as_deref(),
            Some("12345678")
        );
        assert_eq!(identity.content_on(&job(&[&MARK[..24]])), None);
        for other in ["", "nightly", &MARK[..PREFIX.len() + IDENTITY - 1]] {
            assert!(!identity.is_on(&job(&[other])), "{other}");
        }
        assert_eq!(Mark::of(&job(&["x", MARK])), Mark::parse(MARK));
    }

    proptest::proptest! {
        #[test]
        fn any_display_name_is_the_same_without_its_mark(
            name in ".*|gbm[0-9a-f]{24} .*", twice in proptest::prelude::any::<bool>()
        ) {
            let (mark, other) = (Mark::random().unwrap(), Mark::random().unwrap());
            let name = match twice {
                true => other.put_on(&name),
                false => name,
            };
            let marked = mark.put_on(&name);
            assert_eq!(Mark::of(&job(&[&marked])).unwrap(), mark);
            assert_eq!(without_mark(marked), name);
        }
    }
}
