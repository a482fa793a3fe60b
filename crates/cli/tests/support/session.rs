//! Sessions: a file of command lines with what they show, which is held to what they do show.
//!
//! A line with `$ ` is given to a shell. What follows is its standard output as it is, its standard
//! error after `! `, and its exit code after `? ` unless that is 0. A line with `# ` tells what is done
//! otherwise: `# advance 2s` moves the clock of the service on, `# fault SPEC` and `# no faults` switch
//! its faults, `# run FILE REQUESTS` makes a run and drives it; what else it says is for readers.
//! `SNAPSHOTS=overwrite cargo test` writes down what is shown now.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::path::Path;

use snapbox::Data;

use super::support::{World, redact};

/// Plays the session of this name, and holds it to its file.
pub(crate) fn play(name: &str, world: &World) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join(format!("tests/sessions/{name}.txt"));
    let expected = std::fs::read_to_string(&path).unwrap();
    let mut shown = String::new();
    for line in expected.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            show(world, command, &mut shown);
        } else if line.starts_with('#') {
            act(world, line.trim_start_matches(['#', ' ']));
            writeln!(shown, "{line}").unwrap();
        }
    }
    let expected = Data::read_from(&path, None).raw();
    snapbox::Assert::new()
        .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
        .eq(shown, expected);
}

fn act(world: &World, what: &str) {
    if let Some(fault) = what.strip_prefix("fault ") {
        return world.emulator.faults().switch_on(fault.parse().unwrap());
    }
    match what.split(' ').collect::<Vec<_>>()[..] {
        ["advance", time] => {
            let time = humantime::parse_duration(time).unwrap();
            world.emulator.clock().advance(time);
        }
        ["no", "faults"] => world.emulator.faults().clear(),
        ["run", file, requests] => world.run(file, requests),
        _ => {}
    }
}

fn show(world: &World, command: &str, shown: &mut String) {
    let output = world.shell(command);
    let text = |bytes: &[u8]| redact(world, &String::from_utf8_lossy(bytes));
    writeln!(shown, "$ {command}").unwrap();
    shown.push_str(&text(&output.stdout));
    for line in text(&output.stderr).lines() {
        writeln!(shown, "! {line}").unwrap();
    }
    match output.status.code() {
        Some(0) => {}
        code => writeln!(shown, "? {}", code.unwrap_or(-1)).unwrap(),
    }
    shown.push('\n');
}
