//! What a path leads to that is not a regular file.

use std::fs::FileType;

/// What it is in words; `None` for a regular file.
pub(super) fn other_than_file(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some("a directory");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        for (is_it, what) in [
            (kind.is_fifo(), "a named pipe"),
            (kind.is_socket(), "a socket"),
            (kind.is_char_device(), "a device"),
            (kind.is_block_device(), "a block device"),
        ] {
            if is_it {
                return Some(what);
            }
        }
    }
    Some("something else")
}
