//! Ctrl-C, and what else asks a process to end: SIGTERM and SIGHUP.

use tokio::sync::oneshot;

use crate::args::Command;
use crate::commands::runs;
use crate::exit::{Failure, Kind, Result};

/// The number of SIGHUP, which is the same on every Unix.
#[cfg(unix)]
const HANGUP: u32 = 1;

/// Does what a command does until a signal ends it, which is told. What was at work is dropped: bars are
/// taken away, and what is in files stays. At a second signal the process ends at once.
///
/// Where a command does nothing that goes on for long, the system ends it as ever.
pub(crate) async fn until_ended(
    heeded: Option<Heeded>,
    work: impl Future<Output = Result<()>>,
) -> Result<()> {
    let Some(heeded) = heeded else {
        return work.await;
    };
    // Looked at before anything is listened for, which would change it.
    let ignores_hangup = is_hangup_ignored();
    let (send, mut ended) = oneshot::channel();
    tokio::spawn(async move {
        // In a task of its own, so that it is heard while the other is busy.
        let kind = next(heeded.interrupt, ignores_hangup).await;
        // Nobody may wait for it any more.
        let _ = send.send(kind);
        let kind = next(true, ignores_hangup).await;
        std::process::exit(kind.code().into());
    });
    tokio::select! {
        outcome = work => outcome,
        Ok(kind) = &mut ended => {
            let what = match kind {
                Kind::Terminated => "ended by SIGTERM",
                Kind::HungUp => "ended by SIGHUP",
                _ => "interrupted",
            };
            Err(Failure::new(kind, format_args!("{what}; {}", heeded.state)).hint(heeded.hint))
        }
    }
}

/// How a command ends that a signal ends.
pub(crate) struct Heeded {
    /// Whether Ctrl-C is heeded here, and not by the command itself.
    interrupt: bool,
    /// How things stand then.
    state: &'static str,
    hint: &'static str,
}

impl Heeded {
    /// For a command, if it goes on for long.
    pub(crate) fn of(command: &Command) -> Option<Self> {
        let heeded = |state| Self {
            interrupt: true,
            state,
            hint: "the same command goes on",
        };
        match command {
            Command::Run(_) => Some(Self {
                interrupt: false,
                ..heeded("what there is is kept, and jobs go on at the service")
            }),
            Command::Runs(args) if runs::drives(args) => Some(heeded(
                "what there is is kept, and jobs go on at the service",
            )),
            Command::Watch(_) => Some(heeded("jobs go on at the service")),
            Command::Results(_) => Some(heeded("no file was written")),
            Command::Submit(_) => Some(Self {
                hint: "`genai-batch list` tells whether the job is there; with --id it is made once, \
                       however often it is said",
                ..heeded("a job that was made goes on at the service")
            }),
            _ => None,
        }
    }
}

/// The next signal that ends the process.
#[cfg(unix)]
async fn next(interrupt: bool, hangup_is_ignored: bool) -> Kind {
    use tokio::signal::unix::{SignalKind, signal};

    let of = |kind, is_heeded: bool| async move {
        // One that is not heeded is left to whoever does.
        let heard = match is_heeded.then(|| signal(kind)) {
            Some(Ok(mut signals)) => signals.recv().await,
            _ => None,
        };
        if heard.is_none() {
            std::future::pending().await
        }
    };
    tokio::select! {
        () = of(SignalKind::interrupt(), interrupt) => Kind::Interrupted,
        () = of(SignalKind::terminate(), true) => Kind::Terminated,
        () = of(SignalKind::hangup(), !hangup_is_ignored) => Kind::HungUp,
    }
}

/// The next signal that ends the process.
#[cfg(not(unix))]
async fn next(interrupt: bool, _: bool) -> Kind {
    match interrupt && tokio::signal::ctrl_c().await.is_ok() {
        true => Kind::Interrupted,
        false => std::future::pending().await,
    }
}

/// Whether whoever started the process had SIGHUP ignored, as `nohup` does: then it is left so. It is known
/// on Linux alone, by what the system says of the process; elsewhere it is taken not to be.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    is_ignored(&status, HANGUP)
}

#[cfg(not(unix))]
fn is_hangup_ignored() -> bool {
    false
}

/// Whether a signal is ignored, by the status of a process.
#[cfg(unix)]
fn is_ignored(status: &str, signal: u32) -> bool {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_process_tells_what_is_ignored() {
        let status = |mask: &str| format!("Name:\tx\nSigBlk:\t0000000000000001\nSigIgn:\t{mask}\n");
        assert!(is_ignored(&status("0000000000001001"), HANGUP));
        assert!(!is_ignored(&status("0000000000001000"), HANGUP));
        assert!(!is_ignored("", HANGUP));
    }
}
