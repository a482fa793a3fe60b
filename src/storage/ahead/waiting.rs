//! What a slice brought before its turn, in memory of its own.
//!
//! A piece of a response keeps the whole buffer that its connection read it into, of which it may be a
//! small part: what waits would take up to twice its length. Copied, it takes its length and a little
//! more, and the connection reads into the same buffer again.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// How much memory is taken at a time.
const BLOCK: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct Waiting {
    full: VecDeque<Bytes>,
    /// Never grows beyond what it was made with.
    last: BytesMut,
}

impl Waiting {
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.last.len() == self.last.capacity() {
                let full = std::mem::replace(&mut self.last, BytesMut::with_capacity(BLOCK));
                if !full.is_empty() {
                    self.full.push_back(full.freeze());
                }
            }
            let room = self.last.capacity() - self.last.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.last.extend_from_slice(now);
            bytes = later;
        }
    }

    /// What has waited longest.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let last = &mut self.last;
        let full = self.full.pop_front();
        full.or_else(|| (!last.is_empty()).then(|| last.split().freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_comes_out_in_order_and_keeps_no_buffer() {
        let all: Vec<u8> = (0..5 * BLOCK).map(|n| (n % 251) as u8).collect();
        for piece in [1000, BLOCK - 1, BLOCK, 3 * BLOCK + 1] {
            let (mut waiting, mut out) = (Waiting::default(), Vec::new());
            for (turn, chunk) in all.chunks(piece).enumerate() {
                let buffer = Bytes::copy_from_slice(chunk);
                waiting.push(&buffer);
                assert!(buffer.is_unique());
                // Some are taken while others still come.
                if turn % 3 == 2 {
                    let bytes = waiting.pop().unwrap();
                    assert!(!bytes.is_empty() && bytes.len() <= BLOCK);
                    out.extend(bytes);
                }
            }
            while let Some(bytes) = waiting.pop() {
                out.extend(bytes);
            }
            assert!(out == all, "pieces of {piece}");
            assert!(waiting.pop().is_none());
        }
    }
}
