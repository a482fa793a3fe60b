//! Reading it all back at the start.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::folder::{CONTENTS, Kind, State};
use super::kept::{Growing, Kept, KeptAt, KeptFile, OwnFile};
use super::record::{damaged, read_record};

/// A folder that is being read. Contents that several things hold are read once.
pub(crate) struct Loading {
    state: State,
    contents: HashMap<String, (Kept, Bytes)>,
    growing: Vec<String>,
}

impl Loading {
    pub(crate) fn of(state: &State) -> Self {
        Self {
            state: state.clone(),
            contents: HashMap::new(),
            growing: Vec::new(),
        }
    }

    /// All records of this kind.
    pub(crate) fn records<T: DeserializeOwned>(&self, kind: Kind) -> io::Result<Vec<T>> {
        let Some(folder) = &self.state.0 else {
            return Ok(Vec::new());
        };
        let mut records = Vec::new();
        for entry in fs::read_dir(folder.path.join(kind.folder()))? {
            records.push(read_record(&entry?.path())?);
        }
        Ok(records)
    }

    /// A content that is whole.
    pub(crate) fn content(&mut self, at: &KeptAt) -> io::Result<(Kept, Bytes)> {
        if let Some((kept, content)) = self.contents.get(&at.name) {
            return Ok((kept.clone(), content.clone()));
        }
        let content = self.bytes(&at.name)?;
        if content.len() as u64 != at.size || crc32c::crc32c(&content) != at.crc32c {
            let path = self.path(&at.name);
            return Err(damaged(&path, "it is not what was written there"));
        }
        let file = KeptFile {
            at: at.clone(),
            file: self.own(&at.name),
        };
        let content = Bytes::from(content);
        let loaded = (Kept(Some(Arc::new(file))), content);
        self.contents.insert(at.name.clone(), loaded.clone());
        Ok(loaded)
    }

    /// What there is of a content that was growing, of which at most `size` bytes count.
    pub(crate) fn growing(
        &mut self,
        name: &str,
        size: Option<u64>,
    ) -> io::Result<(Growing, Vec<u8>)> {
        let mut content = self.bytes(name)?;
        if let Some(size) = size {
            if (content.len() as u64) < size {
                return Err(damaged(&self.path(name), "it is cut off"));
            }
            content.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        }
        self.growing.push(name.to_owned());
        let growing = Growing::reopen(self.own(name), content.len() as u64)?;
        Ok((growing, content))
    }

    /// Removes the contents that nothing holds, which a kill has left.
    pub(crate) fn sweep(&self) -> io::Result<()> {
        let Some(folder) = &self.state.0 else {
            return Ok(());
        };
        let held = |name: &OsString| {
            name.to_str().is_some_and(|name| {
                self.contents.contains_key(name) || self.growing.iter().any(|held| held == name)
            })
        };
        for entry in fs::read_dir(folder.path.join(CONTENTS))? {
            let entry = entry?;
            if !held(&entry.file_name()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn own(&self, name: &str) -> OwnFile {
        OwnFile {
            state: self.state.clone(),
            name: name.to_owned(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        let folder = self.state.0.as_ref();
        let folder = folder.map(|folder| folder.path.join(CONTENTS));
        folder.unwrap_or_default().join(name)
    }

    fn bytes(&self, name: &str) -> io::Result<Vec<u8>> {
        let path = self.path(name);
        fs::read(&path).map_err(|error| damaged(&path, &error.to_string()))
    }
}
