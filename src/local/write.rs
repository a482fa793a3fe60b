//! Local files that appear whole, or not at all.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::task::JoinHandle;

use super::kind::other_than_file;
use crate::error::{Error, Result};

const BUFFER: usize = 256 * 1024;
/// After how many bytes those so far are sent to the disk while more come: what the end has to wait for
/// is the rest alone.
const AT_ONCE: usize = 8 * 1024 * 1024;
/// As many links one after another are followed.
const MAX_LINKS: usize = 40;
/// As much of a name, in bytes, is part of the temporary file's, since names have a largest length.
const SHOWN_NAME: usize = 200;

/// A local file that appears whole, or not at all.
///
/// Until then it is beside its place as `.NAME.genai-batch-XXXXXX.partial`, which is what a process
/// that is killed leaves behind.
pub(crate) struct LocalFile {
    /// As the caller named it.
    path: PathBuf,
    /// Where that leads.
    target: PathBuf,
    overwrite: bool,
    /// Removed if it is dropped before the end.
    temporary: NamedTempFile,
    writer: BufWriter<File>,
    /// How many bytes were written since they were sent to the disk last.
    unsent: usize,
    sending: Option<JoinHandle<io::Result<()>>>,
}

impl LocalFile {
    pub(crate) async fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let owned = path.to_owned();
        let started = tokio::task::spawn_blocking(move || start(&owned, overwrite)).await;
        let failed = |e| Error::io(format!("cannot write {}", path.display()), e);
        let (target, temporary) = started.map_err(|e| failed(io::Error::other(e)))??;
        // Not opened by its name again, which the permissions may forbid.
        let writer = temporary.as_file().try_clone().map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            target,
            overwrite,
            temporary,
            writer: BufWriter::with_capacity(BUFFER, File::from_std(writer)),
            unsent: 0,
            sending: None,
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.write_on(bytes).await;
        written.map_err(|e| Error::io(format!("cannot write {}", self.path.display()), e))
    }

    async fn write_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes).await?;
        self.unsent += bytes.len();
        let is_sending = |it: &JoinHandle<_>| !it.is_finished();
        if self.unsent >= AT_ONCE && !self.sending.as_ref().is_some_and(is_sending) {
            self.wait_until_sent().await?;
            let file = self.temporary.as_file().try_clone()?;
            self.unsent = 0;
            self.sending = Some(tokio::task::spawn_blocking(move || file.sync_data()));
        }
        Ok(())
    }

    /// The system tells of what it could not write once, so that no outcome may be passed over.
    async fn wait_until_sent(&mut self) -> io::Result<()> {
        match self.sending.take() {
            Some(sending) => sending.await.map_err(io::Error::other)?,
            None => Ok(()),
        }
    }

    pub(crate) async fn finish(mut self) -> Result<()> {
        let shown = self.path.display().to_string();
        let failed = |e| Error::io(format!("cannot write {shown}"), e);
        self.writer.flush().await.map_err(failed)?;
        self.wait_until_sent().await.map_err(failed)?;
        self.writer.get_ref().sync_all().await.map_err(failed)?;
        let (temporary, path, target) = (self.temporary, self.path, self.target);
        let overwrite = self.overwrite;
        let put = tokio::task::spawn_blocking(move || {
            // What stands there now need not be what stood there at the start.
            check_replaceable(&path, &target, overwrite)?;
            let put = match overwrite {
                true => temporary.persist(target),
                false => temporary.persist_noclobber(target),
            };
            match put {
                Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => {
                    Err(exists(&path.display().to_string()))
                }
                Err(e) => Err(Error::io(
                    format!("cannot write {}", path.display()),
                    e.error,
                )),
                Ok(_) => Ok(()),
            }
        });
        put.await.map_err(|e| failed(io::Error::other(e)))?
    }
}

/// Where a file is to stand, and the one that is written in its place until then.
fn start(path: &Path, overwrite: bool) -> Result<(PathBuf, NamedTempFile)> {
    let failed = |e| Error::io(format!("cannot write {}", path.display()), e);
    let target = match overwrite {
        true => follow(path).map_err(failed)?,
        false => path.to_owned(),
    };
    check_replaceable(path, &target, overwrite)?;
    let temporary = match new_file(&target) {
        Ok(temporary) => temporary,
        Err(error) => return Err(no_folder(path, &target).unwrap_or_else(|| failed(error))),
    };
    Ok((target, temporary))
}

/// Why no file can be made where there is no folder for it; `None` if there is one.
fn no_folder(path: &Path, target: &Path) -> Option<Error> {
    let folder = target.parent().filter(|it| !it.as_os_str().is_empty())?;
    let (shown, at) = (path.display(), folder.display());
    match std::fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => None,
        Ok(_) => Some(Error::input(format!(
            "cannot write {shown}: {at} is not a folder"
        ))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Some(
            Error::input(format!(
                "cannot write {shown}: there is no folder {at}; make it first"
            ))
            .with_source(e),
        ),
        Err(_) => None,
    }
}

/// Whether an error says that nothing stands there: what is wrong with the folder is told once the
/// file is made.
fn is_nothing(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
}

/// Where links lead, one after another: what is replaced is the file at the end, and the links
/// stay.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_symlink() => {
                let link = std::fs::read_link(&target)?;
                target.pop();
                target.push(link);
            }
            Ok(_) => return Ok(target),
            Err(e) if is_nothing(&e) => return Ok(target),
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Refuses to replace what must not be replaced, and what is not a regular file.
fn check_replaceable(path: &Path, target: &Path, overwrite: bool) -> Result<()> {
    let shown = path.display();
    let metadata = match std::fs::symlink_metadata(target) {
        Ok(metadata) => metadata,
        Err(e) if is_nothing(&e) => return Ok(()),
        Err(e) => return Err(Error::io(format!("cannot write {shown}"), e)),
    };
    let own = metadata.file_type();
    // Where a link leads decides what is to be done about it.
    let leads_to = std::fs::metadata(target).map_or(own, |metadata| metadata.file_type());
    if leads_to.is_dir() {
        return Err(Error::input(format!(
            "{shown} is a directory, which is not replaced: name a file in it, such as {}",
            path.join("results.jsonl").display()
        )));
    }
    let kind = if overwrite { own } else { leads_to };
    match other_than_file(kind) {
        Some(what) if overwrite || !kind.is_symlink() => Err(Error::input(format!(
            "{shown} is not a file but {what}, which is not replaced: name a file, or read the \
             results one by one"
        ))),
        _ if overwrite => Ok(()),
        _ => Err(exists(&shown.to_string())),
    }
}

/// A file beside the target, with the permissions of the one it replaces, or else those of any new
/// file.
fn new_file(target: &Path) -> io::Result<NamedTempFile> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let name = &name[..name.floor_char_boundary(SHOWN_NAME)];
    let prefix = format!(".{name}.genai-batch-");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder)?;
    if let Ok(metadata) = std::fs::metadata(target) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    Ok(file)
}

pub(crate) fn exists(place: &str) -> Error {
    Error::input(format!(
        "{place} exists already: choose another place, or set `overwrite`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_has_the_permissions_of_any_other_or_of_the_one_it_replaces() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        let (plain, path) = (folder.path().join("plain"), folder.path().join("out"));
        std::fs::write(&plain, "").unwrap();
        let file = LocalFile::create(&path, false).await.unwrap();
        file.finish().await.unwrap();
        assert_eq!(mode(&path), mode(&plain));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let file = LocalFile::create(&path, true).await.unwrap();
        file.finish().await.unwrap();
        assert_eq!(mode(&path) & 0o777, 0o640);
    }

    #[tokio::test]
    async fn what_is_long_goes_to_the_disk_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let mut file = LocalFile::create(&path, false).await.unwrap();
        let piece = vec![b'x'; AT_ONCE / 2 - 1];
        for _ in 0..2 {
            file.write(&piece).await.unwrap();
            assert!(file.sending.is_none());
        }
        for _ in 0..5 {
            file.write(&piece).await.unwrap();
            assert!(file.sending.is_some());
        }
        file.finish().await.unwrap();
        let there = std::fs::read(&path).unwrap();
        assert!(there.len() == 7 * piece.len() && there.iter().all(|byte| *byte == b'x'));
    }

    #[tokio::test]
    async fn a_file_appears_whole_and_replaces_nothing_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let entries = || std::fs::read_dir(folder.path()).unwrap().count();

        let mut dropped = LocalFile::create(&path, false).await.unwrap();
        dropped.write(b"half").await.unwrap();
        drop(dropped);
        assert_eq!(entries(), 0);

        let mut file = LocalFile::create(&path, false).await.unwrap();
        file.write(b"whole\n").await.unwrap();
        assert!(!path.exists());
        let late = LocalFile::create(&path, false).await.unwrap();
        file.finish().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole\n");

        assert!(
            LocalFile::create(&path, false)
                .await
                .err()
                .unwrap()
                .is_invalid_input()
        );
        assert!(late.finish().await.unwrap_err().is_invalid_input());
        let mut again = LocalFile::create(&path, true).await.unwrap();
        again.write(b"new\n").await.unwrap();
        again.finish().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new\n");
        assert_eq!(entries(), 1);
    }

    #[tokio::test]
    async fn the_unfinished_file_says_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let long = "é".repeat(120);
        for name in ["out.jsonl", &*long] {
            let mut file = LocalFile::create(&folder.path().join(name), false)
                .await
                .unwrap();
            file.write(b"half").await.unwrap();
            let mut entries = std::fs::read_dir(folder.path()).unwrap();
            let entry = entries.next().unwrap().unwrap().file_name();
            let entry = entry.into_string().unwrap();
            let shown: String = name.chars().take(100).collect();
            assert!(
                entry.starts_with(&format!(".{shown}.genai-batch-")),
                "{entry}"
            );
            assert!(entry.ends_with(".partial"), "{entry}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        std::fs::create_dir(place("real")).unwrap();
        std::fs::write(place("real/out"), "old").unwrap();
        let link = |to: &str, from: &str| std::os::unix::fs::symlink(to, place(from)).unwrap();
        link("real/out", "near");
        link("near", "far");
        link("real/new", "dangling");
        link("circle", "circle");
        for (path, target) in [("far", "real/out"), ("dangling", "real/new")] {
            let unasked = LocalFile::create(&place(path), false).await.err().unwrap();
            assert!(unasked.to_string().contains("exists already"), "{unasked}");
            let mut file = LocalFile::create(&place(path), true).await.unwrap();
            file.write(b"new").await.unwrap();
            file.finish().await.unwrap();
            assert!(place(path).is_symlink());
            let target = place(target);
            assert!(!target.is_symlink() && std::fs::read(target).unwrap() == b"new");
        }
        let circle = LocalFile::create(&place("circle"), true)
            .await
            .err()
            .unwrap();
        assert!(circle.is_io(), "{circle}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_not_a_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        std::fs::create_dir(place("directory")).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(place("socket")).unwrap();
        std::os::unix::fs::symlink("/dev/null", place("link")).unwrap();
        let refused = |error: Error| {
            assert!(error.is_invalid_input(), "{error}");
            assert!(error.to_string().contains("is not replaced"), "{error}");
        };
        for path in ["directory", "socket", "link", "/dev/null"] {
            refused(LocalFile::create(&place(path), true).await.err().unwrap());
        }
        // What takes the place while the file is written is kept, too.
        let late = LocalFile::create(&place("late"), true).await.unwrap();
        std::fs::create_dir(place("late")).unwrap();
        refused(late.finish().await.unwrap_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
    }
}
