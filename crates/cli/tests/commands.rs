//! What each command shows, how it fails, and with which exit code: the sessions in `tests/sessions`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/session.rs"]
mod session;
mod support;

use std::fs;
use std::time::Duration;

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
