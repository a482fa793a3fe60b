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
mod open;
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

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{oneshot, watch};

use crate::error::{Error, Result};
pub(super) use lock::Lock;
use log::Log;

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
        Self::start(path, move |path| {
            open::open(path, &role).map(|it| (it, role))
        })
        .await
    }

    /// Makes an empty file at `path` for the requests of a new run, which is put in its place once it
    /// is whole. Until then it is fast and worth nothing.
    pub(super) async fn build(path: &Path) -> Result<Self> {
        Self::start(path, |path| open::build(path).map(|it| (it, Role::Reader))).await
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
