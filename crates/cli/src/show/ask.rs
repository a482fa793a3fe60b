//! Asking before something is done that cannot be undone.

use std::io::{self, IsTerminal};

use super::cell::safe;
use super::stderr;
use crate::exit::{Failure, Result};

/// Goes on if it was said beforehand that nothing is to be asked, or if the person at the terminal says
/// yes.
pub(crate) async fn before(is_agreed: bool, question: &str) -> Result<()> {
    if is_agreed {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        let failure = Failure::usage("this cannot be undone, and there is no terminal to ask on");
        return Err(failure.hint("say --yes"));
    }
    stderr::write(format_args!("{} [y/N] ", safe(question)));
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = answer.await.map_err(io::Error::other)??;
    match matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        true => Ok(()),
        false => Err(Failure::usage(
            "nothing was done, since the answer was not yes",
        )),
    }
}
