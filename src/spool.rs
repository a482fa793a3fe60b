//! Bytes that are kept until they are needed: in memory while they are few, then in a
//! temporary file.
//!
//! The file has no name, so nothing is left behind whatever happens to the process.

use std::io;

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter, SeekFrom};
use tokio::sync::Mutex;

const BUFFER: usize = 256 * 1024;

/// Bytes being written.
#[derive(Debug)]
pub(crate) struct Spool {
    limit: usize,
    len: u64,
    store: Store,
}

#[derive(Debug)]
enum Store {
    Memory(Vec<u8>),
    File(BufWriter<File>),
}

impl Spool {
    /// A spool that goes to a file once it is longer than `limit` bytes.
    pub(crate) fn in_memory_up_to(limit: usize) -> Self {
        Self {
            limit,
            len: 0,
            store: Store::Memory(Vec::new()),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.len += bytes.len() as u64;
        match &mut self.store {
            Store::File(file) => file.write_all(bytes).await,
            Store::Memory(memory) => {
                memory.extend_from_slice(bytes);
                if memory.len() > self.limit {
                    self.move_to_file().await?;
                }
                Ok(())
            }
        }
    }

    /// Goes on in a file, whatever the length.
    pub(crate) async fn move_to_file(&mut self) -> io::Result<()> {
        if let Store::Memory(memory) = &mut self.store {
            let memory = std::mem::take(memory);
            let file = tokio::task::spawn_blocking(tempfile::tempfile)
                .await
                .map_err(io::Error::other)??;
            let mut file = BufWriter::with_capacity(BUFFER, File::from_std(file));
            file.write_all(&memory).await?;
            self.store = Store::File(file);
        }
        Ok(())
    }

    /// What was written, as a file at its start, and its length.
    pub(crate) async fn into_file(mut self) -> io::Result<(File, u64)> {
        self.move_to_file().await?;
        match self.store {
            Store::Memory(_) => Err(io::Error::other("the spool did not move to a file")),
            Store::File(mut file) => {
                file.flush().await?;
                let mut file = file.into_inner();
                file.rewind().await?;
                Ok((file, self.len))
            }
        }
    }

    /// What was written, to be read in pieces.
    pub(crate) async fn finish(self) -> io::Result<Spooled> {
        Ok(match self.store {
            Store::Memory(mut memory) => {
                memory.shrink_to_fit();
                Spooled::Memory(memory)
            }
            Store::File(mut file) => {
                file.flush().await?;
                Spooled::File(Mutex::new(file.into_inner()))
            }
        })
    }
}

/// Bytes that were written, for any number of readers.
#[derive(Debug)]
pub(crate) enum Spooled {
    Memory(Vec<u8>),
    File(Mutex<File>),
}

impl Spooled {
    /// Appends up to `max` bytes from `offset` to `buffer`; nothing at the end.
    pub(crate) async fn read_at(
        &self,
        offset: u64,
        max: usize,
        buffer: &mut Vec<u8>,
    ) -> io::Result<()> {
        match self {
            Self::Memory(memory) => {
                let start = usize::try_from(offset)
                    .unwrap_or(usize::MAX)
                    .min(memory.len());
                let end = start.saturating_add(max).min(memory.len());
                buffer.extend_from_slice(&memory[start..end]);
            }
            Self::File(file) => {
                let mut file = file.lock().await;
                file.seek(SeekFrom::Start(offset)).await?;
                (&mut *file).take(max as u64).read_to_end(buffer).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_and_file_hold_the_same() {
        for limit in [0, 10, 10_000] {
            let mut spool = Spool::in_memory_up_to(limit);
            for n in 0..200u32 {
                spool.write(format!("{n},").as_bytes()).await.unwrap();
            }
            let len = spool.len() as usize;
            let spooled = spool.finish().await.unwrap();
            assert_eq!(matches!(spooled, Spooled::Memory(_)), limit > len);
            let mut read = Vec::new();
            while read.len() < len {
                let offset = read.len() as u64;
                spooled.read_at(offset, 7, &mut read).await.unwrap();
            }
            spooled.read_at(len as u64, 7, &mut read).await.unwrap();
            assert!(read.starts_with(b"0,1,2,") && read.ends_with(b"198,199,"));
            assert_eq!(read.len(), len);
        }
    }
}
