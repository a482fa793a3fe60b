//! Opening the file of a run, and making one: what is no run, or does not fit its log, is told and stays as it is.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::place::beside;
use super::{Role, failed, read_only, schema};
use crate::error::{Error, Result};

/// How many kB of the file are kept in memory.
const CACHE_KB: i64 = 16 * 1024;
/// The same for readers, which go through it in its order.
const READER_CACHE_KB: i64 = 4 * 1024;
/// The size of a page, in which some dozen rows have room.
const PAGE: i64 = 32768;
/// How long one connection waits for another, in milliseconds: readers for the moment in which the
/// driver moves the file's log into the file.
const BUSY: u64 = 20_000;

/// Opens the file of a run that is there.
pub(super) fn open(path: &Path, role: &Role) -> Result<Connection> {
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

/// Makes an empty file, in place of one that was left.
pub(super) fn build(path: &Path) -> Result<Connection> {
    let failed = |error| failed(path, error);
    for name in ["", "-wal", "-shm", "-journal"] {
        match std::fs::remove_file(beside(path, name)) {
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
