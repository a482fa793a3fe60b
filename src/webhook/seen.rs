//! The webhooks that passed, so that one that comes again is known: a bounded number, each for a
//! while.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::headers::{Moment, unverified};
use crate::error::Result;

/// How many are remembered, the longest-lived.
const MOST: usize = 10_000;
/// How long a service tries to deliver one (Gemini API documentation, Webhooks), in seconds.
const TRIED: u64 = 24 * 3600;

type Digest = [u8; 32];

/// What passed before.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    /// What came along with each, and its place in the order.
    known: HashMap<Digest, (Digest, (i64, u64))>,
    /// By when they are forgotten.
    order: BTreeMap<(i64, u64), Digest>,
    count: u64,
}

impl Seen {
    /// Notes one that its signature vouches for, known by `proof`, which is good until a time in
    /// seconds since 1970. Tells whether it came before.
    ///
    /// # Errors
    ///
    /// If it came before together with something else.
    pub(super) fn note(
        &self,
        proof: &[&[u8]],
        along: &[&[u8]],
        good_until: Option<i64>,
        moment: Moment,
    ) -> Result<bool> {
        let now = moment.now.timestamp();
        let kept = now.saturating_add_unsigned(TRIED);
        let until = good_until.map_or(kept, |until| until.max(kept));
        let (proof, along) = (digest(proof), digest(along));
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.forget(now);
        match memory.known.get(&proof) {
            Some((before, _)) if *before != along => Err(unverified(
                "the webhook's signature came before, with another id or another body: it is a \
                 replay",
            )),
            Some(_) => Ok(true),
            None => {
                memory.remember(proof, along, until);
                Ok(false)
            }
        }
    }
}

impl Memory {
    fn forget(&mut self, now: i64) {
        while let Some(first) = self.order.first_entry()
            && first.key().0 < now
        {
            self.known.remove(&first.remove());
        }
    }

    fn remember(&mut self, proof: Digest, along: Digest, until: i64) {
        if self.known.len() >= MOST
            && let Some((_, first)) = self.order.pop_first()
        {
            self.known.remove(&first);
        }
        self.count += 1;
        let place = (until, self.count);
        self.known.insert(proof, (along, place));
        self.order.insert(place, proof);
    }
}

/// A digest of some parts, each of which ends where it ends.
fn digest(parts: &[&[u8]]) -> Digest {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;

    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment {
            now: DateTime::from_timestamp(seconds, 0).unwrap(),
            tolerance: Duration::ZERO,
        }
    }

    #[test]
    fn what_came_before_is_known_for_a_day_and_while_it_is_good() {
        let seen = Seen::default();
        let note = |proof: &str, until, now| {
            let noted = seen.note(&[proof.as_bytes()], &[b"id", b"body"], until, at(now));
            noted.unwrap()
        };
        let day = TRIED as i64;
        assert!(!note("a", Some(10), 0) && note("a", Some(10), day));
        assert!(!note("a", Some(10), day + 1));
        assert!(!note("b", Some(3 * day), 0));
        assert!(note("b", Some(3 * day), 3 * day) && !note("b", None, 3 * day + 1));
        assert!(!note("c", Some(i64::MAX), 0) && note("c", None, 1_000 * day));
    }

    #[test]
    fn what_comes_along_is_the_same_or_it_is_a_replay() {
        let seen = Seen::default();
        let note = |along: &[&[u8]]| seen.note(&[b"token"], along, None, at(0));
        assert!(!note(&[b"id", b"body"]).unwrap() && note(&[b"id", b"body"]).unwrap());
        for other in [&[&b"id"[..], b"other"][..], &[b"i", b"dbody"], &[b"idbody"]] {
            let error = note(other).unwrap_err();
            assert!(error.is_unverified(), "{error}");
        }
    }

    #[test]
    fn a_flood_takes_the_room_of_ten_thousand() {
        let seen = Seen::default();
        for n in 0..3 * MOST as u64 {
            let noted = seen.note(&[&n.to_le_bytes()], &[], None, at(0));
            assert!(!noted.unwrap());
        }
        let memory = seen.0.lock().unwrap();
        assert_eq!((memory.known.len(), memory.order.len()), (MOST, MOST));
    }
}
