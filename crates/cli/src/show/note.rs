//! What is said beside, on standard error.

use std::fmt::Display;

use super::{style, wrap};
use crate::exit::of_command_line;
use crate::global::Global;

/// Says something that is good to know, unless nothing is to be said.
pub(crate) fn say(global: &Global, text: impl Display) {
    if !global.quiet {
        let quiet = style::QUIET;
        let text = wrap::for_stderr(&of_command_line(&text.to_string()));
        anstream::eprintln!("{quiet}{text}{quiet:#}");
    }
}

/// Says that something may not be as it was meant.
pub(crate) fn warn(text: impl Display) {
    let warning = style::WARNING;
    let text = of_command_line(&text.to_string());
    let text = wrap::for_stderr(&format!("{warning}warning:{warning:#} {text}"));
    anstream::eprintln!("{text}");
}
