//! The runtime behind a blocking client: it lives on a thread of its own, while the futures of
//! calls are polled on the threads that wait for them.

use std::fmt;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// A handle of the runtime, which ends with the last of them.
#[derive(Clone)]
pub(super) struct Engine(Arc<Shared>);

struct Shared {
    runtime: Handle,
    /// The process that has the thread: one that is forked from it has not.
    process: u32,
    /// Ends the thread as it is dropped.
    _stop: oneshot::Sender<()>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    pub(super) fn start() -> Result<Self> {
        let failed = |e| Error::io("no thread can be started for a blocking client", e);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(failed)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("genai-batch".to_owned());
        let spawned = thread.spawn(move || {
            // The sender is never used, so this is the drop of the last handle.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        });
        spawned.map_err(failed)?;
        Ok(Self(Arc::new(Shared {
            runtime: handle,
            process: std::process::id(),
            _stop: stop,
        })))
    }

    /// Waits for a future on this thread.
    pub(super) fn block_on<F: Future>(&self, future: F) -> Result<F::Output> {
        if Handle::try_current().is_ok() {
            return Err(Error::configuration(
                "a call of the blocking client within an async runtime, which it would hold up: \
                 use the async client there, or a thread of its own (`std::thread::spawn`)",
            ));
        }
        if self.0.process != std::process::id() {
            return Err(Error::configuration(
                "a call of a blocking client in a process that was forked from the one that made \
                 it, where the client's thread does not run: make a client after the fork",
            ));
        }
        Ok(self.0.runtime.block_on(future))
    }

    /// Drops something that may start tasks as it is dropped.
    pub(super) fn drop_within<T>(&self, value: T) {
        let _within = self.0.runtime.enter();
        drop(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forked_process_has_no_thread_and_is_told_so() {
        let engine = Engine::start().unwrap();
        assert_eq!(engine.block_on(async { 7 }).unwrap(), 7);
        let (stop, _stopped) = oneshot::channel();
        // As it is after a fork: all the same, but for the process.
        let forked = Engine(Arc::new(Shared {
            runtime: engine.0.runtime.clone(),
            process: engine.0.process.wrapping_add(1),
            _stop: stop,
        }));
        let error = forked.block_on(std::future::pending::<()>()).unwrap_err();
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().contains("fork"), "{error}");
    }
}
