//! Whether a path leads to a regular file: a pipe would be waited for without end, and a device is not
//! replaced by a table.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How many links are followed, as Linux does.
const MAX_LINKS: usize = 40;

/// What a path leads to in words; `None` for a regular file or a folder, and where there is nothing.
pub(crate) fn other_than_file(path: &Path) -> Option<&'static str> {
    let kind = fs::metadata(path).ok()?.file_type();
    if kind.is_file() || kind.is_dir() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kinds = [
            (kind.is_fifo(), "a named pipe"),
            (kind.is_socket(), "a socket"),
            (kind.is_char_device(), "a device"),
            (kind.is_block_device(), "a block device"),
        ];
        if let Some((_, what)) = kinds.into_iter().find(|(is_it, _)| *is_it) {
            return Some(what);
        }
    }
    Some("something else")
}

/// Where links lead, one after another: what is replaced is the file at the end, and the links stay.
pub(crate) fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_symlink() => {
                let link = fs::read_link(&target)?;
                target.pop();
                target.push(link);
            }
            // What is wrong with the folder is told once the file is made.
            _ => return Ok(target),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}
