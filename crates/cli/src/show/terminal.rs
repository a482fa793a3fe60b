//! Where bars are drawn: on standard error, if it is a terminal, for as long as it is there.

use std::io;
use std::io::IsTerminal as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use console::Term;
use indicatif::{ProgressDrawTarget, TermLike};

/// How often bars are drawn in a second at most.
const HERTZ: u8 = 10;

/// Whether bars can be drawn.
pub(crate) fn is_there() -> bool {
    io::stderr().is_terminal() && !console::is_dumb()
}

/// Where bars are drawn; nowhere, if they cannot be.
pub(crate) fn target() -> ProgressDrawTarget {
    match is_there() {
        true => ProgressDrawTarget::term_like_with_hz(Box::new(Lasting::new()), HERTZ),
        false => ProgressDrawTarget::hidden(),
    }
}

/// A terminal that may be closed while bars are drawn. Nothing that is drawn fails, since some of what
/// draws would panic, and nothing is kept of what could not be drawn.
#[derive(Debug)]
struct Lasting(Mutex<Term>);

impl Lasting {
    fn new() -> Self {
        Self(Mutex::new(Term::buffered_stderr()))
    }

    fn term(&self) -> MutexGuard<'_, Term> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TermLike for Lasting {
    fn width(&self) -> u16 {
        self.term().size().1
    }

    fn height(&self) -> u16 {
        self.term().size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.term().move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.term().move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.term().move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.term().move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.term().write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.term().write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.term().clear_line()
    }

    /// The rest only fills a buffer, which cannot fail.
    fn flush(&self) -> io::Result<()> {
        let mut term = self.term();
        if term.flush().is_err() {
            // A buffer that was not written is kept, and would grow for as long as the command goes on.
            *term = Term::buffered_stderr();
        }
        Ok(())
    }
}
