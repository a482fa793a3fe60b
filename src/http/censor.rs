//! Keeping credentials out of what a service sends back: some pages of errors show the request.
//!
//! A secret is looked for as it is, and in the spellings that a page may give it: escaped as in JSON,
//! URLs or HTML, as often as it likes and in part or in whole, as base64 of it and of what stands
//! around it, once or twice, as hexadecimal digits with or without something between, and with line
//! ends within; in all but base64 twice over also pieces of it, since a text may show it without its start
//! or its end. Each spelling is looked for once along the text.

mod fragments;
mod view;

use std::ops::Range;
use std::sync::{Arc, LazyLock, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use memchr::memmem;
use reqwest::header::HeaderMap;
use reqwest::{Response, Url};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use fragments::{Pieces, SHORTEST_PIECE};
use view::View;

const CENSORED: &[u8] = b"[censored]";
/// Anything shorter would be found in ordinary words.
const SHORTEST: usize = 8;
/// How many secrets of earlier requests are kept out of errors.
const REMEMBERED: usize = 32;
/// Parameters of an address that are credentials.
const PARAMETERS: [&str; 4] = ["upload_id", "key", "access_token", "token"];
/// Where `reqwest` finds a proxy, whose address may have a password.
const PROXIES: [&str; 6] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
];

/// The secrets that a request carried.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Vec<Arc<Secret>>);

/// One of them.
#[derive(Debug)]
struct Secret {
    text: SecretString,
    /// Made when it is looked for first.
    pieces: OnceLock<AllPieces>,
}

/// The pieces of a secret, by the reading of a text in which they are looked for.
#[derive(Debug, Default)]
struct AllPieces {
    squeezed: Vec<Pieces>,
    digits: Option<Pieces>,
}

impl Secret {
    fn bytes(&self) -> &[u8] {
        self.text.expose_secret().as_bytes()
    }

    /// What has a space is more than a secret: it has a scheme before it, and is looked for without.
    fn pieces(&self) -> &AllPieces {
        self.pieces.get_or_init(|| {
            let secret = self.bytes();
            if secret.len() < SHORTEST_PIECE || secret.contains(&b' ') {
                return AllPieces::default();
            }
            let plain = SecretSlice::from(View::plain(secret).squeezed().text);
            let plain = Pieces::of(plain, SHORTEST_PIECE);
            let in_base64 = in_base64(secret).into_iter();
            // A letter is six bits of eight.
            let in_base64 =
                in_base64.filter_map(|(letters, _)| Pieces::of(letters, SHORTEST_PIECE * 4 / 3));
            AllPieces {
                squeezed: plain.into_iter().chain(in_base64).collect(),
                digits: Pieces::of(in_hexadecimal(secret), SHORTEST_PIECE * 2),
            }
        })
    }
}

impl Secrets {
    /// Those in the headers that are marked as sensitive: each value, and each part of it, since
    /// a scheme or a name may stand before the secret. The password of a proxy of the environment
    /// is one of them.
    pub fn of(headers: &HeaderMap) -> Self {
        let values = headers.values().filter(|value| value.is_sensitive());
        let texts = values.filter_map(|value| value.to_str().ok());
        let mut secrets = Self::default();
        for text in texts {
            secrets.add(text.trim());
            let parts = text.split([' ', ';', ',', '=', '"']);
            parts.for_each(|part| secrets.add(part));
            if let Some(password) = basic_password(text) {
                secrets.add(&password);
            }
        }
        static OF_PROXIES: LazyLock<Vec<SecretString>> = LazyLock::new(|| {
            let addresses = PROXIES
                .into_iter()
                .filter_map(|name| std::env::var(name).ok());
            addresses.filter_map(|url| proxy_password(&url)).collect()
        });
        for password in OF_PROXIES.iter() {
            secrets.add(password.expose_secret());
        }
        secrets
    }

    /// Those that the request to this response carried.
    pub(crate) fn carried_by(response: &Response) -> Arc<Self> {
        let found: Option<&Arc<Self>> = response.extensions().get();
        found.map(Arc::clone).unwrap_or_default()
    }

    /// With those in the address, which one for uploads has.
    pub(super) fn and_of(mut self, address: &Url) -> Self {
        for (name, value) in address.query_pairs() {
            if PARAMETERS.contains(&&*name) {
                self.add(&value);
            }
        }
        self
    }

    /// Adds one, unless it is too short to be looked for.
    pub(super) fn add(&mut self, secret: &str) {
        let is_known = self
            .0
            .iter()
            .any(|known| known.bytes() == secret.as_bytes());
        if secret.len() >= SHORTEST && !is_known {
            self.0.push(Arc::new(Secret {
                text: secret.into(),
                pieces: OnceLock::new(),
            }));
        }
    }

    /// A text without them.
    pub(crate) fn clean(&self, text: &str) -> String {
        let cleaned = self.censor(Bytes::copy_from_slice(text.as_bytes()), false);
        String::from_utf8_lossy(&cleaned).into_owned()
    }

    /// A text without them, if it has any.
    pub(crate) fn found_in(&self, text: &str) -> Option<String> {
        let cleaned = self.clean(text);
        (cleaned != text).then_some(cleaned)
    }

    /// These and others, if there is any among them that is not known: the latest of them, since tokens
    /// come and go.
    pub(super) fn with(&self, others: &Self) -> Option<Self> {
        let is_new = |other: &&Arc<Secret>| {
            let mut known = self.0.iter();
            !known.any(|known| known.bytes() == other.bytes())
        };
        let new: Vec<_> = others.0.iter().filter(is_new).cloned().collect();
        if new.is_empty() {
            return None;
        }
        let kept = self
            .0
            .len()
            .saturating_sub(REMEMBERED.saturating_sub(new.len()));
        Some(Self(self.0[kept..].iter().cloned().chain(new).collect()))
    }

    /// A body without them. Of one that `is_cut`, what may be the start of one goes too.
    pub(super) fn censor(&self, body: Bytes, is_cut: bool) -> Bytes {
        if self.0.is_empty() || body.is_empty() {
            return body;
        }
        let mut found = Found::default();
        let secrets = || self.0.iter().map(|secret| secret.bytes());
        let view = View::plain(&body);
        secrets().for_each(|secret| found.look(&view, secret, Edges::SHARP, is_cut));
        let mut view = View::decoded(&body);
        if is_cut {
            view = view.without_cut_escape();
            found.cut_at(view.end());
        } else {
            view = view.ended();
        }
        for secret in secrets() {
            let needle: SecretSlice<u8> = View::decoded(secret).text.into();
            found.look(&view, needle.expose_secret(), Edges::SHARP, is_cut);
        }
        let digits = view.of_digits(is_cut);
        for secret in secrets() {
            let needle = in_hexadecimal(secret);
            found.look(&digits, needle.expose_secret(), Edges::SHARP, is_cut);
        }
        for secret in &self.0 {
            let pieces = secret.pieces().digits.as_ref();
            pieces
                .into_iter()
                .for_each(|pieces| found.look_for_pieces(&digits, pieces));
        }
        let view = view.squeezed();
        for secret in &self.0 {
            let pieces = secret.pieces().squeezed.iter();
            pieces.for_each(|pieces| found.look_for_pieces(&view, pieces));
        }
        for secret in secrets() {
            // Without the backslashes of the secret itself, which may look like those of an escape.
            for plain in [View::decoded(secret), View::plain(secret)] {
                let plain = SecretSlice::from(plain.squeezed().text);
                found.look(&view, plain.expose_secret(), Edges::SHARP, is_cut);
            }
            for (needle, edges) in in_base64(secret) {
                found.look(&view, needle.expose_secret(), edges, is_cut);
                for (needle, edges) in in_base64_again(needle.expose_secret()) {
                    found.look(&view, needle.expose_secret(), edges, is_cut);
                }
            }
        }
        found.taken_out_of(body)
    }
}

/// What of a text belongs to a secret besides what was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edges {
    /// How many letters of base64 before it are of the secret in part …
    before: usize,
    /// … and how many after it.
    after: usize,
    /// How many letters of it there have to be where the text was cut.
    shortest_start: usize,
}

impl Edges {
    /// Nothing.
    const SHARP: Self = Self {
        before: 0,
        after: 0,
        shortest_start: 1,
    };
}

/// Where secrets stand in a text.
#[derive(Default)]
struct Found {
    places: Vec<Range<usize>>,
    /// Where the one starts that the end of the text cuts.
    cut: Option<usize>,
}

impl Found {
    /// Looks for a secret in a view of the text, and takes the letters at its edges for its own.
    fn look(&mut self, view: &View, needle: &[u8], edges: Edges, is_cut: bool) {
        if needle.len() < SHORTEST {
            return;
        }
        let letters = |bytes: &mut dyn Iterator<Item = &u8>| {
            bytes
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
                .count()
        };
        let before = |start: usize| {
            let mut ahead = view.text[..start].iter().rev().take(edges.before);
            start - letters(&mut ahead)
        };
        for start in memmem::find_iter(&view.text, needle) {
            let end = start + needle.len();
            let end = end + letters(&mut view.text[end..].iter().take(edges.after));
            let place = view.origin(before(start)..end);
            self.places.push(place);
        }
        if is_cut {
            let end = view.text.len();
            let len = overlap(&view.text, needle);
            if len >= edges.shortest_start {
                let start = before(end - len);
                self.cut_at(view.origin(start..end).start);
            }
        }
    }

    /// Looks for pieces of a secret in a view of the text.
    fn look_for_pieces(&mut self, view: &View, pieces: &Pieces) {
        let mut open: Option<Range<usize>> = None;
        for start in pieces.found_in(&view.text) {
            let end = start + pieces.len();
            match &mut open {
                // One that is longer is found as one after another.
                Some(open) if start <= open.end => open.end = end,
                _ => {
                    let before = open.replace(start..end);
                    self.places.extend(before.map(|part| view.origin(part)));
                }
            }
        }
        self.places.extend(open.map(|part| view.origin(part)));
    }

    fn cut_at(&mut self, place: usize) {
        self.cut = Some(self.cut.map_or(place, |cut| cut.min(place)));
    }

    fn taken_out_of(mut self, mut body: Bytes) -> Bytes {
        self.places.sort_unstable_by_key(|place| place.start);
        let mut left = Vec::new();
        let mut end = 0;
        for place in &self.places {
            if place.end <= end {
                continue;
            }
            // What overlaps is one.
            if place.start >= end {
                left.extend_from_slice(&body[end..place.start]);
                left.extend_from_slice(CENSORED);
            }
            end = place.end;
        }
        let cut = self.cut.unwrap_or(body.len()).max(end);
        body.truncate(cut);
        if end == 0 {
            return body;
        }
        left.extend_from_slice(&body[end..]);
        left.into()
    }
}

/// How many bytes at the end of a text are the start of a secret, and not all of it (the algorithm of
/// Knuth, Morris and Pratt).
fn overlap(text: &[u8], needle: &[u8]) -> usize {
    let mut borders = vec![0; needle.len()];
    let mut len = 0;
    for at in 1..needle.len() {
        while len > 0 && needle[at] != needle[len] {
            len = borders[len - 1];
        }
        len += usize::from(needle[at] == needle[len]);
        borders[at] = len;
    }
    let tail = &text[text.len().saturating_sub(needle.len() - 1)..];
    tail.iter().fold(0, |mut len, byte| {
        while len > 0 && *byte != needle[len] {
            len = borders[len - 1];
        }
        len + usize::from(*byte == needle[len])
    })
}

/// The letters that base64 of a text with this secret in it has for certain, by how many bytes stand
/// before the secret, and how many letters before and after them are of the secret in part.
fn in_base64(secret: &[u8]) -> [(SecretSlice<u8>, Edges); 3] {
    [0, 1, 2].map(|before| {
        let text = [&[0; 2][..before], secret].concat();
        let letters = STANDARD_NO_PAD.encode(&text).into_bytes();
        // A letter is six bits.
        let first = (before * 8).div_ceil(6);
        let last = text.len() * 8 / 6;
        let edges = Edges {
            before: usize::from(before > 0),
            after: letters.len() - last,
            ..Edges::SHARP
        };
        (letters[first..last].to_vec().into(), edges)
    })
}

/// The same of letters of base64, in the usual alphabet and in that for URLs.
fn in_base64_again(letters: &[u8]) -> Vec<(SecretSlice<u8>, Edges)> {
    let for_urls = letters.iter().map(|letter| match letter {
        b'+' => b'-',
        b'/' => b'_',
        other => *other,
    });
    let for_urls = SecretSlice::from(for_urls.collect::<Vec<_>>());
    let is_other = for_urls.expose_secret() != letters;
    let other = is_other.then(|| in_base64(for_urls.expose_secret()));
    let needles = in_base64(letters).into_iter();
    let needles = needles.chain(other.into_iter().flatten());
    // A letter that is of the secret in part is more than one of these.
    let wider = needles.map(|(needle, Edges { before, after, .. })| {
        let edges = Edges {
            before: before + 2,
            after: after + 2,
            shortest_start: 2,
        };
        (needle, edges)
    });
    wider.collect()
}

fn in_hexadecimal(secret: &[u8]) -> SecretSlice<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let pair = |byte: &u8| {
        [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ]
    };
    secret.iter().flat_map(pair).collect::<Vec<_>>().into()
}

/// The password in `Basic …`.
fn basic_password(header: &str) -> Option<String> {
    let (scheme, encoded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    Some(decoded.split_once(':')?.1.to_owned())
}

/// The password in the address of a proxy.
fn proxy_password(address: &str) -> Option<SecretString> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next()?;
    let (user, _) = host.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    let decoded = View::decoded(password.as_bytes()).text;
    Some(String::from_utf8(decoded).ok()?.into())
}

#[cfg(test)]
mod tests;
