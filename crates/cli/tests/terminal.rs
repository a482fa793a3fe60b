//! A session on a terminal, with colours and without.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use snapbox::Data;
use support::{PROGRAM, World, redact};

const SIZE: PtySize = PtySize {
    rows: 40,
    cols: 120,
    pixel_width: 0,
    pixel_height: 0,
};

/// Lines with a mistake, and with something odd.
const WRONG: &str = "not JSON\n\
    {\"key\": \"b\", \"request\": {\"contents\": [{\"parts\": [{\"text\": \"?\"}]}], \"tempreture\": 1}}\n";

/// What a command shows on a terminal, and its exit code. `answer` is what the person types.
fn on_terminal(world: &World, args: &str, answer: &str, extra: &[(&str, &str)]) -> (String, u32) {
    on_terminal_of(SIZE, world, args, answer, extra)
}

/// The same on one of this size.
fn on_terminal_of(
    size: PtySize,
    world: &World,
    args: &str,
    answer: &str,
    extra: &[(&str, &str)],
) -> (String, u32) {
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(PROGRAM);
    command.env_clear();
    command.cwd(world.folder.path());
    for (name, value) in world.env() {
        command.env(name, value);
    }
    command.env("TERM", "xterm-256color");
    for (name, value) in extra {
        command.env(name, value);
    }
    let job = world.emulator.jobs()[0].name.clone();
    command.args(args.split(' ').map(|word| word.replace("$JOB", &job)));
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let (chunks, received) = mpsc::channel();
    std::thread::spawn(move || {
        let mut chunk = [0; 4096];
        // A terminal that nobody has open any more is an error on Linux.
        while let Ok(count @ 1..) = reader.read(&mut chunk) {
            chunks.send(chunk[..count].to_vec()).unwrap();
        }
    });
    let mut writer = pair.master.take_writer().unwrap();
    let (mut shown, mut answer) = (Vec::new(), Some(answer));
    for chunk in received {
        shown.extend_from_slice(&chunk);
        let is_asked = String::from_utf8_lossy(&shown).contains("[y/N] ");
        if let Some(answer) = answer.take_if(|_| is_asked) {
            writer.write_all(answer.as_bytes()).unwrap();
        }
    }
    let code = child.wait().unwrap().exit_code();
    (String::from_utf8_lossy(&shown).into_owned(), code)
}

/// A world with a job that failed, one that succeeded, and one that goes on.
fn world() -> World {
    let world = World::paused();
    let submit = |name: &str| {
        let line = format!(
            "genai-batch submit reviews.jsonl -m gemini-2.5-flash --quiet --display-name {name}"
        );
        assert!(world.shell(&line).status.success());
    };
    fs::write(world.path("wrong.jsonl"), WRONG).unwrap();
    // Days apart, so that what is said of their age does not depend on how long this takes.
    let pass = || {
        world
            .emulator
            .clock()
            .advance(Duration::from_secs(100 * 3600))
    };
    pass();
    world.emulator.faults().fail_jobs(13, "no luck");
    submit("failed");
    pass();
    world.emulator.faults().clear();
    submit("nightly");
    pass();
    submit("running");
    world
}

fn session(world: &World, extra: &[(&str, &str)], option: &str) -> String {
    let mut shown = String::new();
    let lines = [
        (format!("list{option}"), ""),
        (format!("get $JOB{option}"), ""),
        (format!("get batches/none{option}"), ""),
        (format!("check wrong.jsonl -m gemini-2.5-flash{option}"), ""),
        (format!("delete $JOB{option}"), "n\n"),
        (format!("delete $JOB{option}"), "y\n"),
    ];
    for (line, answer) in lines {
        let (text, code) = on_terminal(world, &line, answer, extra);
        let line = line.replace(option, "");
        shown += &format!("$ genai-batch {line}\n{}? {code}\n\n", redact(world, &text));
    }
    // As an editor shows it.
    shown.replace("\r\n", "\n").replace('\u{1b}', "␛")
}

fn assert_shown(name: &str, shown: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected = Data::read_from(&path.join(format!("tests/sessions/{name}.txt")), None).raw();
    snapbox::Assert::new()
        .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
        .eq(shown, expected);
}

#[test]
fn a_terminal_shows_tables_in_colours() {
    assert_shown("terminal-colours", &session(&world(), &[], ""));
}

#[test]
fn without_colours_it_is_the_same_text() {
    let plain = session(&world(), &[("NO_COLOR", "1")], "");
    assert!(!plain.contains('␛'), "{plain}");
    assert_shown("terminal-plain", &plain);
    assert_eq!(session(&world(), &[], " --color=never"), plain);
}

#[test]
fn colours_are_where_they_are_asked_for() {
    let world = world();
    let always = world.shell("NO_COLOR=1 genai-batch get batches/none --color always 2>&1 || true");
    assert!(String::from_utf8_lossy(&always.stdout).contains("\u{1b}[1m\u{1b}[31merror:"));
    let (shown, _) = on_terminal(&world, "list --color always", "", &[("NO_COLOR", "1")]);
    assert!(shown.contains("\u{1b}["), "{shown}");
    let help = world.shell("genai-batch --color=always --help");
    assert!(String::from_utf8_lossy(&help.stdout).contains("\u{1b}["));
}

#[test]
fn a_narrow_terminal_breaks_what_is_said_between_words() {
    let world = world();
    let size = PtySize { cols: 40, ..SIZE };
    let plain = [("NO_COLOR", "1")];
    let (shown, _) = on_terminal_of(size, &world, "get batches/none", "", &plain);
    assert_eq!(
        shown.replace("\r\n", "\n"),
        "error: reading batches/none: HTTP 404\nNOT_FOUND: Requested entity was not\nfound.\n  \
         `genai-batch list` has the names of\n  the jobs\n"
    );
}

#[test]
fn jobs_are_watched_until_they_end() {
    let world = World::running(Duration::from_millis(300));
    let submit = "genai-batch submit reviews.jsonl -m gemini-2.5-flash --quiet";
    assert!(world.shell(submit).status.success());
    let (shown, code) = on_terminal(&world, "watch $JOB --interval 50ms", "", &[]);
    assert_eq!(code, 0, "{shown}");
    // The live table is taken away, and the last word is what became of the job.
    let (live, end) = shown.rsplit_once("NAME").unwrap();
    assert!(
        live.contains("pending") || live.contains("running"),
        "{live}"
    );
    assert!(
        end.contains("succeeded") && end.contains("240/240"),
        "{end}"
    );
}

/// Starts a run on a terminal that is closed as soon as its job is there, and tells how it ends.
fn run_without_its_terminal(world: &World, before: &str, to: &str) -> u32 {
    let pair = native_pty_system().openpty(SIZE).unwrap();
    let mut command = CommandBuilder::new("sh");
    command.env_clear();
    command.cwd(world.folder.path());
    for (name, value) in world.env() {
        command.env(name, value);
    }
    command.env("TERM", "xterm-256color");
    let run =
        "exec genai-batch run t.csv --prompt 'Say {{ text }}' --out out.csv --poll-interval 20ms";
    command.args(["-c", &format!("{before} {run}{to}")]);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    while world.emulator.jobs().is_empty() {
        // What is shown is read, so that there is room for more.
        let _ = reader.read(&mut [0; 4096]).unwrap();
    }
    drop((reader, pair.master));
    // Which is told above the bars, where it goes on.
    world.shell("genai-batch delete $JOB --yes");
    loop {
        if let Some(ended) = child.try_wait().unwrap() {
            return ended.exit_code();
        }
        std::thread::sleep(Duration::from_millis(400));
        world.emulator.clock().advance(Duration::from_secs(3600));
    }
}

#[test]
fn a_terminal_that_is_closed_ends_a_run_by_its_signal_alone() {
    let world = World::paused();
    fs::write(world.path("t.csv"), "text\nOne\nTwo\n").unwrap();
    assert_eq!(run_without_its_terminal(&world, "", ""), 129);
    assert!(world.path("out.csv.run").is_file());
    assert!(!world.path("out.csv").exists());

    let world = World::paused();
    fs::write(world.path("t.csv"), "text\nOne\nTwo\n").unwrap();
    let (ignored, to_file) = ("trap '' HUP;", " > summary.txt");
    assert_eq!(run_without_its_terminal(&world, ignored, to_file), 0);
    let summary = fs::read_to_string(world.path("summary.txt")).unwrap();
    assert!(summary.contains("2 rows: 2 answers, 0 failed"), "{summary}");
    assert!(world.path("out.csv").is_file());

    // All is done, and nobody sees the summary.
    let world = World::paused();
    fs::write(world.path("t.csv"), "text\nOne\nTwo\n").unwrap();
    assert_eq!(run_without_its_terminal(&world, ignored, ""), 129);
    assert!(world.path("out.csv").is_file());
}
