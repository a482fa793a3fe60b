//! Objects that are stored with gzip, unpacked as they arrive.
//!
//! Cloud Storage unpacks such an object itself for who does not say that it takes gzip; its length and
//! its checksum are then those of something else, and no part of it can be asked for. So the client
//! takes it as it is stored, and knows it by its first bytes, with which no JSON begins.

use std::io::Write;

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use futures_util::{StreamExt, stream};

use crate::error::{Error, Result};
use crate::results::ByteStream;

/// With which data in gzip begins.
const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// How much is unpacked at a time. Gzip packs at most a thousand bytes into one.
const PIECE: usize = 4 * 1024;
/// How many bytes may unpack to nothing, one after another.
const MOST_FOR_NOTHING: usize = 1024 * 1024;

enum State {
    /// Before it is known what it is.
    Unknown(ByteStream, BytesMut),
    /// With what has come and is packed yet, and how much came since something was unpacked.
    Packed(ByteStream, Box<MultiGzDecoder<Vec<u8>>>, Bytes, usize),
    Plain(ByteStream),
    Ended,
}

/// The contents of an object, unpacked if they are packed. `name` is told in errors.
pub(crate) fn gunzip(name: String, chunks: ByteStream) -> ByteStream {
    let state = State::Unknown(chunks, BytesMut::new());
    Box::pin(stream::try_unfold(state, move |mut state| {
        let name = name.clone();
        async move {
            loop {
                let (next, given) = state.advance(&name).await?;
                match (next, given) {
                    (next, Some(given)) => return Ok(Some((given, next))),
                    (State::Ended, None) => return Ok(None),
                    (next, None) => state = next,
                }
            }
        }
    }))
}

impl State {
    /// One step on, with what came of it.
    async fn advance(self, name: &str) -> Result<(Self, Option<Bytes>)> {
        let broken = |e: std::io::Error| {
            Error::protocol(format!(
                "reading {name}: what is stored with gzip is broken"
            ))
            .with_source(e)
        };
        Ok(match self {
            Self::Unknown(mut chunks, mut start) => match chunks.next().await.transpose()? {
                Some(chunk) if start.len() + chunk.len() < MAGIC.len() => {
                    start.extend_from_slice(&chunk);
                    (Self::Unknown(chunks, start), None)
                }
                Some(chunk) => {
                    let chunk = match start.is_empty() {
                        true => chunk,
                        false => {
                            start.extend_from_slice(&chunk);
                            start.freeze()
                        }
                    };
                    match chunk.starts_with(&MAGIC) {
                        true => {
                            let decoder = Box::new(MultiGzDecoder::new(Vec::new()));
                            (Self::Packed(chunks, decoder, chunk, 0), None)
                        }
                        false => (Self::Plain(chunks), Some(chunk)),
                    }
                }
                None => (Self::Ended, Some(start.freeze())),
            },
            Self::Packed(mut chunks, mut decoder, mut packed, for_nothing) => {
                if packed.is_empty() {
                    let Some(chunk) = chunks.next().await.transpose()? else {
                        decoder.try_finish().map_err(broken)?;
                        let rest = std::mem::take(decoder.get_mut());
                        return Ok((Self::Ended, Some(rest.into())));
                    };
                    packed = chunk;
                }
                let piece = packed.split_to(packed.len().min(PIECE));
                decoder.write_all(&piece).map_err(broken)?;
                let unpacked = Bytes::from(std::mem::take(decoder.get_mut()));
                if unpacked.is_empty() && for_nothing > MOST_FOR_NOTHING {
                    return Err(Error::protocol(format!(
                        "reading {name}: {} MiB of gzip hold nothing: it seems to have no end",
                        MOST_FOR_NOTHING >> 20
                    )));
                }
                let (given, for_nothing) = match unpacked.is_empty() {
                    true => (None, for_nothing + piece.len()),
                    false => (Some(unpacked), 0),
                };
                (Self::Packed(chunks, decoder, packed, for_nothing), given)
            }
            Self::Plain(mut chunks) => match chunks.next().await.transpose()? {
                Some(chunk) => (Self::Plain(chunks), Some(chunk)),
                None => (Self::Ended, None),
            },
            Self::Ended => (Self::Ended, None),
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    async fn unpacked(bytes: &[u8], size: usize) -> Result<Vec<u8>> {
        let chunks: Vec<_> = bytes
            .chunks(size)
            .map(Bytes::copy_from_slice)
            .map(Ok)
            .collect();
        let chunks = gunzip("gs://b/o".to_owned(), Box::pin(stream::iter(chunks)));
        let chunks: Vec<Bytes> = chunks.try_collect().await?;
        Ok(chunks.concat())
    }

    #[tokio::test]
    async fn what_is_packed_is_unpacked_however_it_arrives() {
        let text = b"{\"key\":\"a\"}\n".repeat(5000);
        let two = [packed(&text), packed(b"more")].concat();
        for size in [1, 7, 100_000] {
            assert_eq!(unpacked(&packed(&text), size).await.unwrap(), text);
            assert_eq!(
                unpacked(&two, size).await.unwrap(),
                [&text[..], b"more"].concat()
            );
            assert_eq!(unpacked(&text, size).await.unwrap(), text);
        }
        for short in [&b""[..], b"{", b"\x1f"] {
            assert_eq!(unpacked(short, 1).await.unwrap(), short);
        }
    }

    #[tokio::test]
    async fn empty_members_without_end_are_an_error() {
        let few = [packed(b"a"), packed(b"").repeat(1000), packed(b"b")].concat();
        assert_eq!(unpacked(&few, 64 * 1024).await.unwrap(), b"ab");
        let endless = packed(b"").repeat(MOST_FOR_NOTHING / 20 + 10_000);
        let error = unpacked(&endless, 64 * 1024).await.unwrap_err();
        assert!(error.to_string().contains("gs://b/o"), "{error}");
    }

    #[tokio::test]
    async fn what_is_cut_or_broken_is_an_error() {
        let whole = packed(b"some text that is long enough to be packed at all");
        for cut in MAGIC.len()..whole.len() {
            let error = unpacked(&whole[..cut], 8).await.unwrap_err();
            assert!(error.to_string().contains("gs://b/o"), "{cut}: {error}");
        }
        let mut changed = whole.clone();
        let last = changed.len() - 6;
        changed[last] ^= 1;
        assert!(unpacked(&changed, 8).await.is_err());
    }

    #[tokio::test]
    async fn little_that_becomes_much_comes_in_pieces() {
        let zeros = vec![0; 64 * 1024 * 1024];
        let chunk = Bytes::from(packed(&zeros));
        let chunks = gunzip("o".to_owned(), Box::pin(stream::iter([Ok(chunk)])));
        let sizes: Vec<usize> = chunks
            .map_ok(|chunk| chunk.len())
            .try_collect()
            .await
            .unwrap();
        assert_eq!(sizes.iter().sum::<usize>(), zeros.len());
        assert!(sizes.iter().all(|size| *size < 2000 * PIECE), "{sizes:?}");
    }
}
