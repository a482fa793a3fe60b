//! The file of a run: SQLite on a thread of its own, so that nothing blocks the runtime.
//!
//! ```text
//! async code → call(closure) → thread: one closure after another → reply
//! ```
//!
//! A closure is a step that is done or not: what it writes is one transaction. A caller that is dropped
//! half way leaves the step to end by itself.

pub(super) mod adopted;
pub(super) mod cut;
pub(super) mod deviations;
pub(super) mod events;
pub(super) mod failed;
mod find;
pub(super) mod jobs;
pub(super) mod listed;
mod lock;
mod log;
pub(super) mod outcomes;
pub(super) mod parts;
pub(super) mod place;
mod read_only;
pub(super) mod requests;
pub(super) mod results;
pub(super) mod schema;
pub(super) mod settings;
pub(super) mod text;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{oneshot, watch};

use crate::error::{Error, Result};
pub(super) use lock::Lock;
use log::Log;

/// How many kB of the file are kept in memory.
const CACHE_KB: i64 = 16 * 1024;
/// The same for readers, which go through it in its order.
const READER_CACHE_KB: i64 = 4 * 1024;
/// The size of a page, in which some dozen rows have room.
const PAGE: i64 = 32768;
/// How long one connection waits for another, in milliseconds: readers for the moment in which the
/// driver moves the file's log into the file.
const BUSY: u64 = 20_000;

type Act = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle of the thread that has the file open, which ends with the last of them.
#[derive(Debug, Clone)]
pub(super) struct Store {
    acts: Sender<Act>,
    path: Arc<Path>,
    /// Closed as the thread ends.
    open: watch::Receiver<()>,
}

/// Who opens a file.
pub(super) enum Role {
    /// The process that drives the run. The lock is kept until the file is closed.
    Driver(#[expect(dead_code, reason = "held, and given back as it is dropped")] Lock),
    /// Anybody else.
    Reader,
}

impl Store {
    /// Opens the file of a run that is there.
    pub(super) async fn open(path: &Path, role: Role) -> Result<Self> {
        Self::start(path, move |path| open(path, &role).map(|it| (it, role))).await
    }

    /// Makes an empty file at `path` for the requests of a new run, which is put in its place once it
    /// is whole. Until then it is fast and worth nothing.
    pub(super) async fn build(path: &Path) -> Result<Self> {
        Self::start(path, |path| build(path).map(|it| (it, Role::Reader))).await
    }

    async fn start<F>(path: &Path, open: F) -> Result<Self>
    where
        F: FnOnce(&Path) -> Result<(Connection, Role)> + Send + 'static,
    {
        let path: Arc<Path> = path.into();
        let (acts, to_do) = mpsc::channel::<Act>();
        let (opened, is_open) = oneshot::channel();
        let (ends, open_until) = watch::channel(());
        let place = Arc::clone(&path);
        let thread = std::thread::Builder::new().name("genai-batch-run".to_owned());
        let spawned = thread.spawn(move || {
            let (mut connection, role) = match open(&place) {
                Ok(open) => open,
                Err(error) => return drop(opened.send(Err(error))),
            };
            let log = match role {
                Role::Driver(_) => Log::start(&place, &mut connection),
                Role::Reader => Ok(Log::none()),
            };
            let log = match log {
                Ok(log) => log,
                Err(error) => return drop(opened.send(Err(failed(&place, error)))),
            };
            let _ = opened.send(Ok(()));
            for act in to_do {
                act(&mut connection);
            }
            log.stop(&mut connection);
            drop(connection);
            // Not before the last step is done.
            drop(role);
            drop(ends);
        });
        spawned.map_err(|e| Error::io("no thread can be started for a run", e))?;
        match is_open.await {
            Ok(opened) => opened.map(|()| Self {
                acts,
                path,
                open: open_until,
            }),
            Err(_) => Err(gone(&path)),
        }
    }

    /// Does one step on the thread of the file.
    pub(super) async fn call<T, F>(&self, act: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.start_call(act)?.done().await
    }

    /// Starts a step; the next is made ready meanwhile.
    pub(super) fn start_call<T, F>(&self, act: F) -> Result<Pending<T>>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, outcome) = oneshot::channel();
        let act: Act = Box::new(move |connection| {
            let _ = reply.send(act(connection));
        });
        self.acts.send(act).map_err(|_| gone(&self.path))?;
        Ok(Pending {
            outcome,
            path: Arc::clone(&self.path),
        })
    }

    /// Ends the thread with this handle, if it is the last, and waits until the file is closed.
    pub(super) async fn close(self) {
        let Self { acts, mut open, .. } = self;
        drop(acts);
        while open.changed().await.is_ok() {}
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Does a step that can be done again if the machine loses power: it is on the disk with the next that is not
/// of this kind. An end of the process loses neither.
pub(super) fn repeatable<T>(
    connection: &mut Connection,
    step: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let done = step(connection);
    connection.pragma_update(None, "synchronous", "FULL")?;
    done
}

/// A step under way.
pub(super) struct Pending<T> {
    outcome: oneshot::Receiver<rusqlite::Result<T>>,
    path: Arc<Path>,
}

impl<T> Pending<T> {
    pub(super) async fn done(self) -> Result<T> {
        match self.outcome.await {
            Ok(done) => done.map_err(|error| failed(&self.path, error)),
            Err(_) => Err(gone(&self.path)),
        }
    }
}

/// Where a new run is put together.
pub(super) fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.genai-batch.partial"))
}

fn open(path: &Path, role: &Role) -> Result<Connection> {
    let failed = |error| failed(path, error);
    // A reader takes part in the log too, where it may write.
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_READ_WRITE;
    let left_log = read_only::has_log(path);
    if std::fs::metadata(path).is_ok_and(|it| it.len() == 0) {
        return Err(empty(path, left_log));
    }
    let begin = |connection: Connection| {
        connection.busy_timeout(std::time::Duration::from_millis(BUSY))?;
        // A log that was left stays, whosever it is, and so does the file. An empty one goes with who closes last.
        keeps_log(&connection, left_log)?;
        schema::header(&connection).map(|header| (connection, header))
    };
    let begun = Connection::open_with_flags(path, flags).and_then(begin);
    let begun = match (begun, role) {
        (Err(error), Role::Reader) if read_only::is_cause(&error) => match read_only::open(path) {
            Some(opened) => opened.and_then(begin),
            None if path.exists() && read_only::has_log(path) => {
                return Err(read_only::beside_log(path, error));
            }
            None => Err(error),
        },
        (begun, _) => begun,
    };
    let (connection, header) = begun.map_err(failed)?;
    check(path, header)?;
    if let Role::Driver(_) = role {
        if left_log {
            fits_its_log(path, &connection)?;
        }
        keeps_log(&connection, false).map_err(failed)?;
    }
    let set = |name, value: &dyn rusqlite::ToSql| connection.pragma_update(None, name, value);
    let cache = match role {
        Role::Driver(_) => CACHE_KB,
        Role::Reader => READER_CACHE_KB,
    };
    set("cache_size", &-cache).map_err(failed)?;
    set("temp_store", &"FILE").map_err(failed)?;
    if let Role::Driver(_) = role {
        set("journal_mode", &"WAL").map_err(failed)?;
        // Each step is on the disk before the next begins.
        set("synchronous", &"FULL").map_err(failed)?;
        // Whether it may be written at all: SQLite opens it for reading otherwise, and says so late.
        connection
            .execute_batch("BEGIN IMMEDIATE; ROLLBACK")
            .map_err(failed)?;
        if connection.is_readonly("main").map_err(failed)? {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
            return Err(failed(rusqlite::Error::SqliteFailure(code, None)));
        }
        schema::upgrade(&connection).map_err(failed)?;
    } else {
        set("query_only", &true).map_err(failed)?;
    }
    Ok(connection)
}

/// The error about an empty file, beside which SQLite would remove a log.
fn empty(path: &Path, has_log: bool) -> Error {
    let path = path.display();
    Error::input(match has_log {
        true => format!(
            "{path} is an empty file and not a run, and {path}-wal holds what the run that was there did last: \
             put that run back, or move both away"
        ),
        false => format!(
            "{path} is an empty file and not a run: remove it, or choose another place for the run"
        ),
    })
}

/// Whether the log stays as it is where this connection is closed last.
fn keeps_log(connection: &Connection, keeps: bool) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps)?;
    Ok(())
}

/// Refuses a file with a log that was left beside it, as by a process that was killed, if the two do not make
/// a whole: it may be that of another file. Both stay as they are.
fn fits_its_log(path: &Path, connection: &Connection) -> Result<()> {
    let look = || connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    let found: rusqlite::Result<String> = look();
    let found = match found {
        Ok(found) if found == "ok" => return Ok(()),
        Ok(found) => found,
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => error.to_string(),
            _ => return Err(failed(path, error)),
        },
    };
    let path = path.display();
    Err(Error::io(
        format!(
            "the run {path}: it and {path}-wal, which was left beside it, do not make a whole, and both stay as \
             they are: if {path} was put there while the log of another file lay there, move {path}-wal \
             and {path}-shm away; else bring back a copy"
        ),
        std::io::Error::other(found),
    ))
}

/// Refuses files that are not runs, or of a version that is not known here.
fn check(path: &Path, (application, version): (i32, i32)) -> Result<()> {
    let path = path.display();
    if application != schema::APPLICATION_ID {
        return Err(Error::input(format!(
            "{path} is a database, and not a run: choose another place for the run"
        )));
    }
    if !schema::is_known(version) {
        return Err(Error::input(format!(
            "{path} has schema {version}, and this version of genai-batch knows {}: use the version \
             that made it, or a later one",
            schema::VERSION
        )));
    }
    Ok(())
}

fn build(path: &Path) -> Result<Connection> {
    let failed = |error| failed(path, error);
    for name in ["", "-wal", "-shm", "-journal"] {
        let mut left = path.as_os_str().to_owned();
        left.push(name);
        match std::fs::remove_file(&left) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(format!("cannot write {}", path.display()), e));
            }
            _ => {}
        }
    }
    let connection = Connection::open(path).map_err(failed)?;
    let set = |name, value: &dyn rusqlite::ToSql| connection.pragma_update(None, name, value);
    set("page_size", &PAGE).map_err(failed)?;
    set("journal_mode", &"OFF").map_err(failed)?;
    set("synchronous", &"OFF").map_err(failed)?;
    set("locking_mode", &"EXCLUSIVE").map_err(failed)?;
    set("temp_store", &"FILE").map_err(failed)?;
    set("cache_size", &-CACHE_KB).map_err(failed)?;
    connection.execute_batch("BEGIN").map_err(failed)?;
    schema::create(&connection).map_err(failed)?;
    Ok(connection)
}

fn gone(path: &Path) -> Error {
    let path = path.display();
    Error::io(
        format!("{path} is closed, since a step of it failed"),
        std::io::Error::other("its thread has ended"),
    )
}

/// What the error of a step means, and what to do about it.
fn failed(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.display();
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            "the disk is full; what was written before is kept, so make room and go on"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "it may not be written; give this process the right to, and go on"
        }
        Some(ErrorCode::CannotOpen) => "it cannot be opened: is it there, and its folder writable?",
        Some(ErrorCode::NotADatabase) => {
            "it is not a run: choose another place, or bring back a copy of the run"
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            "it is damaged: bring back a copy, or save what can be read with `sqlite3 FILE .recover`"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program holds it: end that, and go on"
        }
        Some(ErrorCode::SystemIoFailure) => {
            "the disk does not work; what was written before is kept"
        }
        _ => "this step failed, and what was written before is kept",
    };
    Error::io(
        format!("the run {path}: {advice}"),
        std::io::Error::other(error),
    )
}

#[cfg(test)]
mod tests;
