//! `genai-batch`, the command: batch inference without writing code.
//!
//! A thin layer over the public interface of the crate `genai-batch`. [`args`] and
//! [`global`] say what may be written, a module of [`commands`] does what a command says, [`connect`] finds the service or starts
//! an emulator, [`signals`] what ends a command early, [`table`] reads and writes tables, [`prompt`] turns rows into requests, [`place`] keeps files off runs, [`show`] is
//! everything that a person or a program reads, and [`exit`] how the process ends.

mod args;
mod commands;
mod connect;
mod exit;
mod global;
mod place;
mod prompt;
mod report;
mod show;
mod signals;
mod table;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::show::{remarks, style};

#[tokio::main]
async fn main() -> ExitCode {
    // Help and mistakes of usage are shown before the options are known.
    let command = args::Cli::command().color(style::color_of_help(std::env::args_os()));
    let matches = command.get_matches();
    let cli = match args::Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    cli.global.color.apply();
    remarks::gather();
    let heeded = signals::Heeded::of(&cli.command);
    match signals::until_ended(heeded, commands::run(cli)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.show();
            failure.code()
        }
    }
}
