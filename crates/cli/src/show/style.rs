//! Colours: when there are any, and what they mean.

use std::ffi::OsString;

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use clap::builder::Styles;

/// What marks a mistake.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What marks something that may go wrong.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// What is said beside.
pub(crate) const QUIET: Style = Style::new().dimmed();

/// The colours of clap's help.
pub(crate) const HELP: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// When there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal that has them, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

impl Color {
    /// Makes it so for all that is written from now on.
    pub(crate) fn apply(self) {
        let choice = match self {
            // Leaves the variables their say.
            Self::Auto => ColorChoice::Auto,
            Self::Always => {
                // Tables heed the variables by themselves.
                crossterm::style::force_color_output(true);
                ColorChoice::AlwaysAnsi
            }
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// What `--color` says, read ahead of all else: clap shows help while it reads.
pub(crate) fn color_of_help(args: impl Iterator<Item = OsString>) -> clap::ColorChoice {
    let args: Vec<String> = args
        .map(|arg| arg.to_string_lossy().into_owned())
        .take_while(|arg| arg != "--")
        .collect();
    let apart = args.windows(2).filter(|pair| pair[0] == "--color");
    let apart = apart.map(|pair| pair[1].as_str());
    let joined = args.iter().filter_map(|arg| arg.strip_prefix("--color="));
    match apart.chain(joined).last() {
        Some("always") => clap::ColorChoice::Always,
        Some("never") => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    }
}

/// Whether what is written to standard output has colours.
pub(crate) fn is_stdout_colored() -> bool {
    let choice = anstream::AutoStream::choice(&std::io::stdout());
    !matches!(choice, ColorChoice::Never)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_color_of_help_is_read_ahead() {
        let of = |line: &str| color_of_help(line.split(' ').map(OsString::from));
        assert_eq!(of("genai-batch --help"), clap::ColorChoice::Auto);
        assert_eq!(of("genai-batch --color never -h"), clap::ColorChoice::Never);
        assert_eq!(
            of("genai-batch -h --color=always"),
            clap::ColorChoice::Always
        );
        assert_eq!(of("genai-batch -- --color=always"), clap::ColorChoice::Auto);
    }
}
