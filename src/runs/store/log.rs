//! Moving the log of the file, SQLite's WAL, into the file, on a thread of its own, so that the next steps are
//! written meanwhile.
//!
//! ```text
//! steps → log ─ every 16 MB ─→ this thread ─→ file
//!           └─ at 256 MB, what this thread has not moved yet: the thread of the steps
//! ```

use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags, Result};

/// After how many further pages what the log has is moved: 16 MB.
const STEP: i32 = 512;
/// How long the log grows, in pages: 256 MB. It begins anew once all of it is in the file.
const MOST: i32 = 8192;

/// Held by who moves what the log has. SQLite lets another pass it over, and the log would go on growing.
type Moving = Arc<Mutex<()>>;

/// The thread, until it is told to end.
pub(super) struct Log(Option<JoinHandle<()>>);

impl Log {
    /// Starts to move what this connection writes.
    ///
    /// Without a thread, or a file that can be opened once more, the connection does so itself.
    pub(super) fn start(path: &Path, connection: &mut Connection) -> Result<Self> {
        let (grown, told) = mpsc::sync_channel(1);
        let moving = Moving::default();
        let (path, other) = (path.to_owned(), Arc::clone(&moving));
        let thread = std::thread::Builder::new().name("genai-batch-log".to_owned());
        let thread = thread.spawn(move || follow(&path, &told, &other));
        if let Err(error) = &thread {
            tracing::debug!(%error, "no thread can be started for the log of a run");
        }
        hook(connection, grown, moving)?;
        Ok(Self(thread.ok()))
    }

    /// Of a connection that writes nothing, or has no log.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Ends the thread. Whoever closes a file last moves the rest of its log, and removes it.
    pub(super) fn stop(self, connection: &mut Connection) {
        // The thread ends as the hook lets go of its end of the channel.
        if let Err(error) = connection.wal_hook(None::<fn(&mut _, _) -> _>) {
            tracing::debug!(%error, "the log of a run is still followed");
            return;
        }
        if let Some(thread) = self.0
            && thread.join().is_err()
        {
            tracing::debug!("the thread of a run's log has panicked");
        }
    }
}

/// Looks after each commit how long the log is.
fn hook(connection: &mut Connection, grown: SyncSender<()>, moving: Moving) -> Result<()> {
    let mut told = 0;
    connection.wal_hook(Some(move |log: &mut Wal, pages: i32| {
        // It has begun anew.
        if pages < told {
            told = 0;
        }
        if pages - told >= STEP {
            told = pages;
            // One that is under way will be followed by another.
            let _ = grown.try_send(());
        }
        if pages >= MOST {
            let _alone = moving.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = log.checkpoint() {
                // The step is done all the same, and the next commit tries again.
                tracing::debug!(%error, "the log of a run is not moved");
            }
        }
        Ok(())
    }))
}

fn follow(path: &Path, told: &Receiver<()>, moving: &Mutex<()>) {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_READ_WRITE;
    let opened = Connection::open_with_flags(path, flags);
    let moved = opened.and_then(|connection| {
        for () in told {
            let _alone = moving.lock().unwrap_or_else(PoisonError::into_inner);
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        Ok(())
    });
    if let Err(error) = moved {
        tracing::debug!(%error, "the log of a run is moved by its writer alone");
    }
}
