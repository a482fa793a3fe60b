//! What each command shows, how it fails, and with which exit code: the sessions in `tests/sessions`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/session.rs"]
mod session;
mod support;

use std::fs;
use std::time::Duration;

use genai_batch_emulator::Rows;
use session::play;
use support::World;

/// Requests of which one cannot be served.
const MIXED: &str = r#"{"key": "good", "request": {"contents": [{"parts": [{"text": "What is 2 + 2?"}]}]}}
{"key": "bad", "request": {"contents": [{"parts": [{"text": "What is 2 + 2? [[error:3]]"}]}]}}
"#;

/// Lines with mistakes.
const WRONG: &str = r#"{"key": "a", "request": {"contents": [{"parts": [{"text": "One?"}]}]}}
{"key": "a", "request": {"contents": [{"parts": [{"text": "Two?"}]}]}}
{"key": "b", "request": {"contents": [{"parts": [{"text": "Three?"}]}], "tempreture": 1}}
not JSON
"#;

fn world_with(world: World, files: &[(&str, &str)]) -> World {
    for (name, text) in files {
        fs::write(world.path(name), text).unwrap();
    }
    world
}

#[test]
fn jobs() {
    play(
        "jobs",
        &world_with(World::paused(), &[("mixed.jsonl", MIXED)]),
    );
}

#[test]
fn requests() {
    let files = [
        ("mixed.jsonl", MIXED),
        ("wrong.jsonl", WRONG),
        (
            "config.json",
            r#"{"stopSequences": ["END"], "temperature": 1}"#,
        ),
        ("list.json", "[]"),
    ];
    play("requests", &world_with(World::paused(), &files));
}

#[test]
fn runs() {
    let world = World::running(Duration::from_millis(20));
    play("runs", &world_with(world, &[("mixed.jsonl", MIXED)]));
}

#[test]
fn files() {
    play(
        "files",
        &world_with(World::paused(), &[("notes.txt", "Two lines\nof text.\n")]),
    );
}

#[test]
fn failures() {
    play("failures", &World::paused());
}

#[test]
fn doctor() {
    play("doctor", &World::paused());
}

#[test]
fn vertex() {
    play(
        "vertex",
        &world_with(World::paused(), &[("mixed.jsonl", MIXED)]),
    );
}

#[test]
fn standing() {
    play("standing", &World::paused());
}

/// What a line shows on both outputs, and how it ends.
fn told(world: &World, line: &str) -> (String, Option<i32>) {
    let output = world.shell(line);
    let text = [output.stdout, output.stderr].concat();
    let code = output.status.code();
    (String::from_utf8_lossy(&text).into_owned(), code)
}

#[test]
fn what_sends_nothing_needs_no_credentials() {
    let world = World::paused();
    let nobody = "env -u GEMINI_API_KEY -u GOOGLE_API_KEY -u GOOGLE_CLOUD_PROJECT genai-batch";
    for command in ["check", "estimate"] {
        for (backend, shown) in [("", "gemini"), ("--backend vertex", "vertex")] {
            let line = format!(
                "{nobody} {command} reviews.jsonl -m gemini-2.5-flash --output json {backend}"
            );
            let (text, code) = told(&world, &line);
            assert_eq!(code, Some(0), "{text}");
            if command == "check" {
                assert!(
                    text.contains(&format!("\"backend\": \"{shown}\"")),
                    "{text}"
                );
            }
        }
    }
    // Counting tokens asks the service.
    let sampled = format!("{nobody} estimate reviews.jsonl -m gemini-2.5-flash --sample 1");
    let (text, code) = told(&world, &sampled);
    assert_eq!(code, Some(3), "{text}");
}

#[test]
fn a_resumed_run_says_how_the_table_is_written() {
    let world = world_with(
        World::running(Duration::from_millis(20)),
        &[("mixed.jsonl", MIXED)],
    );
    world.run("out.csv.run", "mixed.jsonl");
    for verb in ["resume", "retry"] {
        let (text, _) = told(&world, &format!("genai-batch runs {verb} out.csv.run"));
        let wanted = "out.csv is not written by this: give its `genai-batch run` command again";
        assert!(text.contains(wanted), "{text}");
    }
    world.run("mixed.run", "mixed.jsonl");
    let (text, _) = told(&world, "genai-batch runs resume mixed.run");
    assert!(!text.contains("not written by this"), "{text}");
}

#[test]
fn what_is_asked_again_in_vain_is_not_advised_once_more() {
    let world = world_with(
        World::running(Duration::from_millis(20)),
        &[("mixed.jsonl", MIXED)],
    );
    world.run("mixed.run", "mixed.jsonl");
    let (text, code) = told(&world, "genai-batch runs resume mixed.run");
    assert_eq!(code, Some(5), "{text}");
    assert!(
        text.contains("`genai-batch runs retry mixed.run`"),
        "{text}"
    );
    let (text, code) = told(&world, "genai-batch runs retry mixed.run");
    assert_eq!(code, Some(5), "{text}");
    assert!(
        !text.contains("runs retry") && text.contains("`genai-batch runs export mixed.run`"),
        "{text}"
    );
    assert!(!text.contains("generation"), "{text}");
}

#[test]
fn a_job_of_an_emulator_in_the_process_is_followed_as_it_can_be() {
    let world = World::paused();
    let submit = "genai-batch submit reviews.jsonl -m gemini-2.5-flash --emulator";
    let (text, _) = told(&world, submit);
    assert!(!text.contains("genai-batch watch"), "{text}");
    assert!(text.contains("forgotten"), "{text}");
    let kept = format!("{submit} --emulator-state 'my kept'");
    let (text, _) = told(&world, &kept);
    let hint = text
        .lines()
        .find_map(|line| line.split_once("follow it with: "));
    let (watched, code) = told(&world, hint.unwrap().1);
    assert_eq!(code, Some(0), "{watched}");
}

#[test]
fn errors_are_in_words_of_the_command_line() {
    let world = World::paused();
    fs::write(world.path("other.jsonl"), "").unwrap();
    for line in [
        "env -u GEMINI_API_KEY genai-batch list",
        "genai-batch list --backend vertex",
        "genai-batch check reviews.csv -m gemini-2.5-flash",
        "genai-batch submit reviews.csv -m gemini-2.5-flash",
        "genai-batch estimate reviews.jsonl -m gemini-99",
        "genai-batch emulator --fault nonsense",
    ] {
        let (text, _) = told(&world, line);
        for word in [
            "Client::",
            "Source::",
            "vec!",
            "Pricing::",
            "`Fault`",
            "Create::",
        ] {
            assert!(!text.contains(word), "{line}: {text}");
        }
    }
    let (text, code) = told(&world, "genai-batch check reviews.csv -m gemini-2.5-flash");
    assert_eq!(code, Some(2));
    assert!(text.contains("`genai-batch run reviews.csv"), "{text}");
    let (text, code) = told(&world, "genai-batch emulator --fault nonsense");
    assert_eq!(code, Some(2));
    assert!(text.lines().count() < 8, "{text}");
}

#[test]
fn a_cancelled_job_is_no_success() {
    let world = World::paused();
    let submit = "genai-batch submit reviews.jsonl -m gemini-2.5-flash -q";
    assert_eq!(told(&world, submit).1, Some(0));
    let (text, code) = told(&world, "genai-batch cancel $JOB");
    assert_eq!(code, Some(0), "{text}");
    world.emulator.clock().advance(Duration::from_secs(5));
    let (text, code) = told(&world, "genai-batch watch $JOB");
    assert_eq!(code, Some(5), "{text}");
    let (text, _) = told(&world, "genai-batch results $JOB");
    assert!(!text.contains("say why"), "{text}");
}

#[test]
fn more_rows_than_requests_are_no_success() {
    let world = World::running(Duration::from_millis(20));
    world.emulator.faults().double_rows(Rows::All);
    let submit = "genai-batch submit reviews.jsonl -m gemini-2.5-flash -q --wait --interval 20ms";
    assert_eq!(told(&world, submit).1, Some(0));
    let (text, code) = told(&world, "genai-batch results $JOB --out out.jsonl");
    assert_eq!(code, Some(5), "{text}");
    assert!(
        text.contains("error: 240 rows too many came for 240 requests\n")
            && text.contains("--requests FILE"),
        "{text}"
    );
    // Who knows the keys leaves them out.
    let known = "genai-batch results $JOB --out out.jsonl --overwrite --requests reviews.jsonl";
    let (text, code) = told(&world, known);
    assert_eq!(code, Some(5), "{text}");
    assert!(text.contains("240 duplicate"), "{text}");
    let kept = fs::read_to_string(world.path("out.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), 240);
}

#[test]
fn a_watch_that_is_ended_says_so() {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::{Command, Stdio};

    let world = World::paused();
    let submit = "genai-batch submit reviews.jsonl -m gemini-2.5-flash -q";
    assert_eq!(told(&world, submit).1, Some(0));
    for (signal, exit) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let mut child = Command::new(support::PROGRAM)
            .arg("watch")
            .env_clear()
            .envs(world.env())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It watches once it says what the job is.
        let mut shown = BufReader::new(child.stdout.take().unwrap());
        shown.read_line(&mut String::new()).unwrap();
        let kill = format!("kill -{signal} {}", child.id());
        assert!(world.shell(&kill).status.success());
        let code = child.wait().unwrap().code();
        let mut text = String::new();
        let mut said = child.stderr.take().unwrap();
        said.read_to_string(&mut text).unwrap();
        assert_eq!(code, Some(exit), "{signal}: {text}");
        assert!(
            text.contains("the same command goes on"),
            "{signal}: {text}"
        );
    }
}

#[test]
fn what_is_no_run_is_a_mistake_of_usage_everywhere() {
    let world = World::paused();
    fs::write(world.path("empty.run"), "").unwrap();
    for command in [
        "runs show",
        "runs export",
        "runs resume",
        "runs retry",
        "report",
    ] {
        for file in ["reviews.csv", "none.run", "empty.run"] {
            let (text, code) = told(&world, &format!("genai-batch {command} {file}"));
            assert_eq!(code, Some(2), "{command} {file}: {text}");
        }
    }
}

#[test]
fn prices_are_given_alike() {
    let world = World::paused();
    let line = "genai-batch estimate reviews.jsonl -m gemini-99 --price 1:2";
    let (text, code) = told(&world, line);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("cost\t"), "{text}");
}
