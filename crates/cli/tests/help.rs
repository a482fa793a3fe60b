//! The help of each command has examples, and each of them runs as it is printed.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use support::{PROGRAM, World};

/// So that an example is one line on a terminal of 90 columns.
const LONGEST: usize = 88;

/// What an answer is like.
const SCHEMA: &str =
    r#"{"type": "object", "properties": {"stars": {"type": "integer"}}, "required": ["stars"]}"#;

/// A command, as it is called, and its long help.
struct Help {
    name: String,
    text: String,
}

impl Help {
    fn of(name: &str) -> Self {
        let mut command = Command::new(PROGRAM);
        let output = command.args(name.split_whitespace()).arg("--help").output();
        let output = output.unwrap();
        assert!(output.status.success(), "{name} --help");
        Self {
            name: name.to_owned(),
            text: String::from_utf8(output.stdout).unwrap(),
        }
    }

    /// The lines below a head, up to the next blank one, without those that go on with one before.
    fn below(&self, head: &str) -> impl Iterator<Item = &str> {
        let lines = self.text.lines().skip_while(move |line| *line != head);
        let lines = lines.skip(1).take_while(|line| !line.is_empty());
        let lines = lines.filter_map(|line| line.strip_prefix("  "));
        lines.filter(|line| !line.starts_with(' '))
    }

    /// The commands below this one.
    fn commands(&self) -> Vec<Self> {
        let words = self.below("Commands:");
        let words = words.filter_map(|line| line.split_whitespace().next());
        // What `help` shows is what all of them show.
        let words = words.filter(|word| *word != "help");
        words
            .map(|word| Self::of(format!("{} {word}", self.name).trim_start()))
            .collect()
    }

    fn examples(&self) -> Vec<&str> {
        self.below("Examples:").collect()
    }
}

/// Every command, and the program itself.
fn all() -> Vec<Help> {
    let (mut known, mut open) = (Vec::new(), vec![Help::of("")]);
    while let Some(help) = open.pop() {
        open.extend(help.commands());
        known.push(help);
    }
    known
}

#[test]
fn every_command_has_an_example_that_calls_it() {
    let commands = all();
    assert!(commands.len() > 20, "{}", commands.len());
    for help in commands {
        let call = format!("genai-batch {}", help.name);
        let examples = help.examples();
        assert!(
            examples.iter().any(|line| line.contains(call.trim_end())),
            "`genai-batch {} --help` has no example: {}",
            help.name,
            help.text
        );
        // So that it is one line as it is shown.
        let long = examples.iter().find(|line| line.len() > LONGEST);
        assert_eq!(long, None, "an example is longer than {LONGEST} characters");
    }
}

#[test]
fn every_example_runs_as_printed() {
    let commands = all();
    std::thread::scope(|scope| {
        for help in &commands {
            scope.spawn(move || try_examples(help));
        }
    });
}

fn try_examples(help: &Help) {
    for line in help.examples() {
        let world = world_for(&help.name);
        if help.name == "emulator" {
            serve(line, &world);
            continue;
        }
        let output = world.shell(line);
        // One that says where to stop may have stopped there.
        let may_stop = ["--first", "--budget", "--deadline"]
            .iter()
            .any(|it| line.contains(it));
        let code = output.status.code();
        assert!(
            code == Some(0) || (code == Some(6) && may_stop),
            "{line}\n{}{}? {code:?}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// What the examples of a command find: files, a job that has ended, a run that has not failed.
fn world_for(command: &str) -> World {
    let world = World::running(match command {
        // Only what goes on can be cancelled.
        "cancel" => Duration::from_secs(3600),
        _ => Duration::ZERO,
    });
    let submit = "genai-batch submit reviews.jsonl --model gemini-2.5-flash";
    assert!(world.shell(submit).status.success());
    match command {
        "run" => {
            fs::write(world.path("rate.txt"), "Rate this review: {{ review }}").unwrap();
            fs::write(world.path("rating.json"), SCHEMA).unwrap();
            fs::copy(world.path("reviews.jsonl"), world.path("requests.jsonl")).unwrap();
        }
        "report" => world.run("reviews.run", "reviews.jsonl"),
        command if command.starts_with("runs") => world.run("reviews.run", "reviews.jsonl"),
        _ => {}
    }
    world
}

/// Starts an emulator as the example says, and stops it once it has printed its variables.
fn serve(line: &str, world: &World) {
    let words: Vec<_> = line.split(' ').skip(1).collect();
    let mut command = Command::new(PROGRAM);
    command.args(words).current_dir(world.folder.path());
    command.stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let named = lines
        .map_while(Result::ok)
        .find(|line| line.contains("BIGQUERY_EMULATOR_HOST"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(named.is_some(), "{line}");
}

/// What bash proposes for the last of these words.
fn proposed(words: &[&str]) -> Vec<String> {
    let script = format!(
        "source <({PROGRAM} completions bash)\n\
         COMP_WORDS=({}); COMP_CWORD={}\n\
         $(complete -p genai-batch | sed 's/.*-F \\([^ ]*\\).*/\\1/') genai-batch '{}' '{}'\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1,
        words[words.len() - 1],
        words[words.len() - 2],
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &script])
        .output();
    let output = output.unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{told}");
    let proposed = String::from_utf8(output.stdout).unwrap();
    proposed.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn bash_completes_each_word() {
    if Command::new("bash").arg("--version").output().is_err() {
        return;
    }
    assert_eq!(proposed(&["genai-batch", "est"]), ["estimate"]);
    assert_eq!(proposed(&["genai-batch", "runs", "s"]), ["show"]);
    let options = proposed(&["genai-batch", "run", "--ou"]);
    assert_eq!(options, ["--out", "--output"]);
    let options = proposed(&["genai-batch", "runs", "export", "--overw"]);
    assert_eq!(options, ["--overwrite"]);
    assert_eq!(proposed(&["genai-batch", "help", "files", "p"]), ["put"]);
    let values = proposed(&["genai-batch", "run", "--backend", "v"]);
    assert_eq!(values, ["vertex"]);
}
