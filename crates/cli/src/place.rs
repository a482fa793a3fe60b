//! Where a command writes a file: never where a run is, or a part of one.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::connect::state_of;
use crate::exit::{Failure, Result};
use crate::table::regular;

/// How the names of the files of a run end.
const ENDINGS: [&str; 5] = ["", "-wal", "-shm", "-journal", ".lock"];
/// How a file of SQLite begins.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// Where in it is said what kind of file it is, and what a run says there.
const KIND_AT: usize = 68;
const KIND: [u8; 4] = 0x6742_7275_u32.to_be_bytes();

/// Refuses a place for a file that would replace a run or a part of one, by wherever its name leads. `own`
/// is a run that need not be there yet.
pub(crate) fn spare_runs(out: &Path, own: Option<&Path>) -> Result<()> {
    let Some(target) = leads_to(out) else {
        // What is wrong with it is told as it is written.
        return Ok(());
    };
    let is_own = own.is_some_and(|run| is_of(&target, run));
    let replaced = match is_own {
        true => own.map(Path::to_owned),
        false => bases(&target).find(|base| is_run(base)),
    };
    let Some(run) = replaced else {
        return Ok(());
    };
    let (shown, run) = (out.display(), run.display());
    let failure = Failure::usage(format_args!(
        "a file at {shown} would replace the run {run}, or a part of it"
    ));
    Err(failure.hint("name another file; a run that is not needed any more is removed by hand"))
}

/// Whether a file begins as those of SQLite, of which runs are.
pub(crate) fn is_database(path: &Path) -> io::Result<bool> {
    Ok(head(path)?.starts_with(SQLITE))
}

/// Whether a file is a run.
fn is_run(path: &Path) -> bool {
    // A pipe would be waited for without end.
    let is_file = path.is_file();
    is_file
        && head(path).is_ok_and(|it| {
            it.starts_with(SQLITE) && it.get(KIND_AT..KIND_AT + KIND.len()) == Some(&KIND)
        })
}

/// The beginning of a file.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let length = (KIND_AT + KIND.len()) as u64;
    File::open(path)?.take(length).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether a file is one of a run, which need not be there.
fn is_of(target: &Path, run: &Path) -> bool {
    let Some(run) = leads_to(run) else {
        return false;
    };
    let is_file = ENDINGS
        .iter()
        .any(|end| is_same(target, &with_end(&run, end)));
    is_file || target.starts_with(state_of(&run))
}

/// The files of which one at `target` may be a part, by its name.
fn bases(target: &Path) -> impl Iterator<Item = PathBuf> {
    let name = target.file_name().unwrap_or_default();
    ENDINGS.iter().filter_map(move |end| {
        let name = name.as_encoded_bytes().strip_suffix(end.as_bytes())?;
        let name = std::str::from_utf8(name).ok()?;
        Some(target.with_file_name(OsStr::new(name)))
    })
}

/// Whether two paths are of the same file, which need not be there.
fn is_same(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(a), Ok(b)) = (a.metadata(), b.metadata()) {
        use std::os::unix::fs::MetadataExt as _;
        return (a.dev(), a.ino()) == (b.dev(), b.ino());
    }
    a == b
}

/// The file that a path leads to, in a folder that goes by one name alone.
fn leads_to(path: &Path) -> Option<PathBuf> {
    let target = regular::follow(path).ok()?;
    let folder = target.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    Some(folder.join(target.file_name()?))
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
