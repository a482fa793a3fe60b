//! What a library of Google's says of a failure: its words, and not the requests and responses that
//! it shows along with them, which may hold credentials.

use std::error::Error as StdError;
use std::fmt;

use super::censor::Secrets;
use super::error::message_in;
use crate::shown::Shown;

/// Before a body that `google-cloud-auth` shows, which ends the text.
const BODY: &str = "body=<";
/// How many causes are told.
const CAUSES: usize = 8;

/// An error in words, and those that caused it.
pub(crate) struct Told {
    text: String,
    cause: Option<Box<Self>>,
}

impl Told {
    /// The words of an error and its causes, without these secrets.
    pub(crate) fn of(error: &(dyn StdError + 'static), secrets: &Secrets) -> Self {
        let causes = std::iter::successors(Some(error), |error| (*error).source());
        let texts: Vec<_> = causes.take(CAUSES).map(ToString::to_string).collect();
        let told = texts.iter().rev().fold(None, |cause, text| {
            let text = without_tokens(&secrets.clean(&without_body(text)));
            Some(Box::new(Self { text, cause }))
        });
        told.map_or(
            Self {
                text: String::new(),
                cause: None,
            },
            |told| *told,
        )
    }
}

/// A text without what looks like a token: a service that gives them may quote the one that it was
/// given, which nobody else has seen.
pub(super) fn without_tokens(text: &str) -> String {
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_of_token) {
        let (before, from) = rest.split_at(start);
        let len = from.find(|c| !is_of_token(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(len);
        left.push_str(before);
        left.push_str(match looks_like_token(word) {
            true => "[censored]",
            false => word,
        });
        rest = after;
    }
    left + rest
}

/// Whether a word is long, and of letters and digits in no order. A resource has its kind before its
/// name.
fn looks_like_token(word: &str) -> bool {
    const SHORTEST: usize = 32;
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    let is_mixed =
        has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    let is_known = ["eyJ", "ya29."].iter().any(|start| word.starts_with(start));
    let is_place = word.starts_with("//") || word.contains("projects/");
    !is_place && ((word.len() >= SHORTEST && is_mixed) || (word.len() >= SHORTEST / 2 && is_known))
}

/// A text with what a response says of itself in place of all of it.
fn without_body(text: &str) -> String {
    let Some((before, body)) = text.split_once(BODY) else {
        return text.to_owned();
    };
    let body = body.strip_suffix('>').unwrap_or(body);
    match message_in(body.as_bytes()) {
        Some(message) => format!("{before}it says: {message}"),
        None => format!("{before}its response of {} bytes is left out", body.len()),
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.text).fmt(f)
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)?;
        match &self.cause {
            Some(cause) => write!(f, " since {cause:?}"),
            None => Ok(()),
        }
    }
}

impl StdError for Told {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Failure(&'static str, Option<Box<Self>>);

    impl fmt::Display for Failure {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Failure {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    #[test]
    fn what_looks_like_a_token_goes() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJtZSJ9.c2ln-bmF0_dXJl";
        for (text, shown) in [
            (
                format!("bad assertion '{jwt}'."),
                "bad assertion '[censored]'.",
            ),
            (
                "ya29.a0AfH6SMBx-yz expired".to_owned(),
                "[censored] expired",
            ),
            (
                "1//0gAbCdEfGhIjKlMnOpQrStUvWx/Yz+12345==: no".to_owned(),
                "[censored]: no",
            ),
        ] {
            assert_eq!(without_tokens(&text), shown);
        }
        for plain in [
            "",
            "Invalid JWT Signature.",
            "me@a-rather-long-project-name-of-mine.iam.gserviceaccount.com",
            "//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/P1",
            "https://oauth2.googleapis.com/token",
            "é eyJ no",
        ] {
            assert_eq!(without_tokens(plain), plain);
        }
    }

    #[test]
    fn the_words_stay_and_bodies_and_secrets_go() {
        let mut secrets = Secrets::default();
        secrets.add("the-refresh-token");
        let cause = Failure("400 for dGhlLXJlZnJlc2gtdG9rZW4=\u{1b}", None);
        for (text, shown) in [
            ("no token", "no token"),
            (
                r#"no token, body=<{"error":"invalid_grant","error_description":"the-refresh-token expired"}>"#,
                "no token, it says: invalid_grant: [censored] expired",
            ),
            (
                "no token, body=<seen: an-assertion>",
                "no token, its response of 18 bytes is left out",
            ),
        ] {
            let failure = Failure(text, Some(Box::new(Failure(cause.0, None))));
            let told = Told::of(&failure, &secrets);
            assert_eq!(told.to_string(), shown);
            let cause = told.source().unwrap().to_string();
            assert_eq!(cause, "400 for [censored]=\\u{1b}");
            assert!(!format!("{told:?}").contains("refresh-token"));
        }
    }
}
