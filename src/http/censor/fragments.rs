//! Pieces of a secret, where a page shows it cut at either end: found along a text in one pass.

use memchr::memmem;
use secrecy::{ExposeSecret, SecretSlice};

/// How many bytes of a secret together are a piece that is taken out. Less would be found in ordinary
/// words.
pub(super) const SHORTEST_PIECE: usize = 12;
/// How many different bytes a piece has: what is all one letter is of no secret alone.
const DIFFERENT: usize = 5;
/// The base of the hash.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// All pieces of one spelling of a secret.
#[derive(Debug)]
pub(super) struct Pieces {
    spelling: SecretSlice<u8>,
    /// How many bytes a piece has.
    len: usize,
    /// Which hashes pieces have, by their first bits: most of a text has none of these.
    filter: Box<[u64]>,
}

impl Pieces {
    /// Those of `len` bytes; `None` if the spelling is shorter.
    pub(super) fn of(spelling: SecretSlice<u8>, len: usize) -> Option<Self> {
        let pieces = (spelling.expose_secret().len() + 1).checked_sub(len);
        let pieces = pieces.filter(|pieces| *pieces > 0)?;
        // So that one place in some hundred of a text that has nothing of it is looked at twice.
        let words = pieces.saturating_mul(2).next_power_of_two();
        let mut made = Self {
            filter: vec![0; words].into(),
            spelling,
            len,
        };
        let text = made.spelling.expose_secret();
        let hashes: Vec<_> = Hashes::new(text, len).map(|(_, hash)| hash).collect();
        for hash in hashes {
            let (word, bit) = made.bit(hash);
            made.filter[word] |= bit;
        }
        Some(made)
    }

    fn bit(&self, hash: u64) -> (usize, u64) {
        let place = hash.wrapping_mul(BASE) >> 32;
        let word = (place >> 6) as usize & (self.filter.len() - 1);
        (word, 1 << (place & 63))
    }

    /// Where in a text a piece starts. Those of a longer one follow each other.
    pub(super) fn found_in(&self, text: &[u8]) -> impl Iterator<Item = usize> {
        let spelling = self.spelling.expose_secret();
        Hashes::new(text, self.len).filter_map(move |(at, hash)| {
            let (word, bit) = self.bit(hash);
            let is_candidate = self.filter[word] & bit != 0;
            let piece = &text[at..at + self.len];
            let is_one = is_candidate
                && different(piece) >= DIFFERENT
                && memmem::find(spelling, piece).is_some();
            is_one.then_some(at)
        })
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

/// How many different bytes there are, as far as that matters.
fn different(piece: &[u8]) -> usize {
    let mut seen = [0; DIFFERENT];
    let mut count = 0;
    for byte in piece {
        if count < DIFFERENT && !seen[..count].contains(byte) {
            seen[count] = *byte;
            count += 1;
        }
    }
    count
}

/// A hash of each so many bytes of a text, each from the one before (the algorithm of Rabin and Karp).
struct Hashes<'a> {
    text: &'a [u8],
    len: usize,
    /// What the first byte of a piece counts for in its hash.
    first: u64,
    at: usize,
    hash: u64,
}

impl<'a> Hashes<'a> {
    fn new(text: &'a [u8], len: usize) -> Self {
        let hash = |hash: u64, byte: &u8| hash.wrapping_mul(BASE).wrapping_add(u64::from(*byte));
        let begin = text.get(..len).unwrap_or_default();
        Self {
            text,
            len,
            first: (1..len).fold(1, |first: u64, _| first.wrapping_mul(BASE)),
            at: 0,
            hash: begin.iter().fold(0, hash),
        }
    }
}

impl Iterator for Hashes<'_> {
    type Item = (usize, u64);

    fn next(&mut self) -> Option<Self::Item> {
        let (at, hash) = (self.at, self.hash);
        if at + self.len > self.text.len() {
            return None;
        }
        if let Some(next) = self.text.get(at + self.len) {
            let without = hash.wrapping_sub(u64::from(self.text[at]).wrapping_mul(self.first));
            self.hash = without.wrapping_mul(BASE).wrapping_add(u64::from(*next));
        }
        self.at += 1;
        Some((at, hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(secret: &str, text: &str) -> Vec<usize> {
        let spelling = SecretSlice::from(secret.as_bytes().to_vec());
        let pieces = Pieces::of(spelling, SHORTEST_PIECE).unwrap();
        pieces.found_in(text.as_bytes()).collect()
    }

    #[test]
    fn each_piece_is_found_wherever_it_stands() {
        let secret = "AIzaSyD0n0tsh0wmeT0Any0ne-4_7xQ2";
        for start in 0..=secret.len() - SHORTEST_PIECE {
            for end in start + SHORTEST_PIECE..=secret.len() {
                let text = format!("it was {}!", &secret[start..end]);
                let expected: Vec<_> = (0..=end - start - SHORTEST_PIECE).map(|n| n + 7).collect();
                assert_eq!(found(secret, &text), expected, "{text}");
            }
        }
        assert!(found(secret, &secret[..SHORTEST_PIECE - 1]).is_empty());
        assert!(found(secret, "").is_empty());
        assert!(found(secret, "a word or two, and some more of them").is_empty());
    }

    #[test]
    fn one_letter_over_and_over_is_no_piece() {
        assert!(found("xAAAAAAAAAAAAAAAAAAy", "AAAAAAAAAAAAAAAAAAAAAAAAAA").is_empty());
        assert_eq!(found("abcdeAAAAAAAAAAAA", "abcdeAAAAAAA"), [0]);
    }

    #[test]
    fn a_secret_that_is_shorter_than_a_piece_has_none() {
        assert!(Pieces::of(SecretSlice::from(vec![1; 11]), SHORTEST_PIECE).is_none());
    }
}
