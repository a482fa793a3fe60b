//! The options of every command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::show::style::Color;

/// The options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Run against an emulator inside this process: no account, no cost, and answers made by rules.
    #[arg(long, global = true)]
    pub(crate) emulator: bool,
    /// Which backend; by default what the environment says.
    #[arg(long, global = true, value_enum)]
    pub(crate) backend: Option<BackendName>,
    /// The project of Google Cloud.
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) project: Option<String>,
    /// The location of Google Cloud, such as us-central1.
    #[arg(long, global = true)]
    pub(crate) location: Option<String>,
    /// Where requests for Vertex AI are put.
    #[arg(long, global = true, value_name = "gs://BUCKET/PREFIX")]
    pub(crate) staging: Option<String>,
    /// How standard output is written.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) output: Output,
    /// When there are colours; NO_COLOR and CLICOLOR_FORCE count for `auto`.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Say nothing on standard error but errors and warnings.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Where the emulator keeps its state, with --emulator; by default beside the run, or nowhere.
    #[arg(long, global = true, value_name = "DIR", requires = "emulator")]
    pub(crate) emulator_state: Option<PathBuf>,
}

/// A backend, as it is called on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackendName {
    /// The Gemini Developer API.
    Gemini,
    /// Vertex AI.
    Vertex,
}

/// How standard output is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A table on a terminal, lines of values between tabs elsewhere.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One line of JSON for each thing.
    Jsonl,
}
