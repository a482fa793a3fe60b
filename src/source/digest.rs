//! What a job is asked, as a digest: it tells a create that is made again from another one.

use sha2::{Digest, Sha256};

/// The digest of pieces in their order, and of requests in any.
#[derive(Debug, Clone)]
pub(crate) struct ContentDigest {
    pieces: Sha256,
    /// The sum of the requests' own digests, word by word: the same in whichever order they come.
    requests: [u64; 4],
    count: u64,
}

impl ContentDigest {
    pub(crate) fn new() -> Self {
        Self {
            pieces: Sha256::new(),
            requests: [0; 4],
            count: 0,
        }
    }

    /// Adds a piece, and where it ends.
    pub(crate) fn add(&mut self, piece: &[u8]) {
        self.pieces.update((piece.len() as u64).to_le_bytes());
        self.pieces.update(piece);
    }

    /// Adds a request, with its key in it.
    pub(crate) fn add_request(&mut self, line: &[u8]) {
        let digest = Sha256::digest(line);
        for (sum, word) in self.requests.iter_mut().zip(digest.as_chunks().0) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*word));
        }
        self.count += 1;
    }

    /// How many requests were added.
    pub(crate) fn requests(&self) -> u64 {
        self.count
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        self.pieces.update(self.count.to_le_bytes());
        for word in self.requests {
            self.pieces.update(word.to_le_bytes());
        }
        self.pieces.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_apart() {
        let digest = |pieces: &[&str]| {
            let mut digest = ContentDigest::new();
            for piece in pieces {
                digest.add(piece.as_bytes());
            }
            digest.finish()
        };
        assert_eq!(digest(&["a", "bc"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["a", "bc"]), digest(&["ab", "c"]));
        assert_ne!(digest(&["a", ""]), digest(&["a"]));
    }

    #[test]
    fn requests_count_in_any_order_and_as_often_as_they_come() {
        let digest = |requests: &[&str]| {
            let mut digest = ContentDigest::new();
            digest.add(b"model");
            for request in requests {
                digest.add_request(request.as_bytes());
            }
            digest.finish()
        };
        assert_eq!(digest(&["a", "b", "c"]), digest(&["c", "a", "b"]));
        assert_ne!(digest(&["a", "b"]), digest(&["a", "c"]));
        assert_ne!(digest(&["a"]), digest(&["a", "a"]));
        assert_ne!(digest(&["ab"]), digest(&["a", "b"]));
        assert_ne!(digest(&[]), digest(&[""]));
    }
}
