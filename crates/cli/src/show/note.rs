//! What is said beside, on standard error.

use std::fmt::Display;

use super::stderr::tell;
use super::style;
use crate::exit::of_command_line;
use crate::global::Global;

/// Says something that is good to know, unless nothing is to be said.
pub(crate) fn say(global: &Global, text: impl Display) {
    if !global.quiet {
        let quiet = style::QUIET;
        let text = of_command_line(&text.to_string());
        tell(format_args!("{quiet}{text}{quiet:#}"));
    }
}

/// Says that something may not be as it was meant.
pub(crate) fn warn(text: impl Display) {
    let warning = style::WARNING;
    let text = of_command_line(&text.to_string());
    tell(format_args!("{warning}warning:{warning:#} {text}"));
}
