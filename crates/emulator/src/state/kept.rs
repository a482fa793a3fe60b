//! Long contents, each in a file of its own: written whole, or as they come.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::folder::{CONTENTS, State};
use crate::ids;

/// Where a content is, as records say it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct KeptAt {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) crc32c: u32,
}

/// A content that is whole; its file is removed once nothing holds it any more. Where nothing is kept, it
/// is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(pub(super) Option<Arc<KeptFile>>);

#[derive(Debug)]
pub(super) struct KeptFile {
    pub(super) at: KeptAt,
    #[expect(dead_code, reason = "held, and removed as it is dropped")]
    pub(super) file: OwnFile,
}

/// A content that grows.
#[derive(Debug, Default)]
pub(crate) struct Growing(pub(super) Option<(OwnFile, File)>);

/// A file that is removed when this is dropped, while the emulator serves.
#[derive(Debug)]
pub(super) struct OwnFile {
    pub(super) state: State,
    pub(super) name: String,
}

impl OwnFile {
    fn path(&self) -> Option<PathBuf> {
        let folder = self.state.0.as_ref()?;
        Some(folder.path.join(CONTENTS).join(&self.name))
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        let serves = self.state.0.as_ref().is_some_and(|folder| folder.serves());
        if let Some(path) = self.path().filter(|_| serves) {
            // What stays is swept up at the next start.
            let _ = fs::remove_file(path);
        }
    }
}

impl State {
    /// Writes a content.
    pub(crate) fn keep(&self, content: &[u8]) -> Kept {
        let mut growing = self.grow();
        growing.append(content);
        growing.whole(content)
    }

    /// Begins a content.
    pub(crate) fn grow(&self) -> Growing {
        let name = ids::upload();
        let file = self.write(|folder| File::create_new(folder.path.join(CONTENTS).join(&name)));
        let state = self.clone();
        Growing(file.map(|file| (OwnFile { state, name }, file)))
    }
}

impl Growing {
    /// The name of its file.
    pub(crate) fn name(&self) -> Option<String> {
        self.0.as_ref().map(|(file, _)| file.name.clone())
    }

    pub(crate) fn append(&mut self, data: &[u8]) {
        if let Some((own, file)) = &mut self.0 {
            own.state.write(|_| file.write_all(data));
        }
    }

    /// The content as it is now; `content` is all that was appended.
    pub(crate) fn whole(self, content: &[u8]) -> Kept {
        Kept(self.0.map(|(file, _)| {
            let at = KeptAt {
                name: file.name.clone(),
                size: content.len() as u64,
                crc32c: crc32c::crc32c(content),
            };
            Arc::new(KeptFile { at, file })
        }))
    }

    /// Goes on with a content of which this much counts.
    pub(super) fn reopen(own: OwnFile, size: u64) -> io::Result<Self> {
        let Some(path) = own.path() else {
            return Ok(Self::default());
        };
        let file = File::options().append(true).open(path)?;
        file.set_len(size)?;
        Ok(Self(Some((own, file))))
    }
}

impl Kept {
    /// Where it is, for a record.
    pub(crate) fn at(&self) -> Option<KeptAt> {
        self.0.as_ref().map(|kept| kept.at.clone())
    }

    /// The name of its file.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.as_ref().map(|kept| kept.at.name.as_str())
    }

    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

/// Two objects are the same whether or not they are kept.
impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
