//! What is held to what was asked for: answers to their schema, numbers to their range, templates to
//! a limit, files to be files.

use std::time::Duration;

use genai_batch_emulator::{Emulator, Model, RowFailure, prompt_of, text_response};
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::support::{Folder, rows};

const TABLE: &str = "text\nOne\n";

/// What is said of options that are refused before anything is sent or made.
#[track_caller]
fn refused(folder: &Folder, more: &[&str]) -> String {
    let before = folder.names();
    let prompt = ["t.csv", "--prompt", "Say {{ text }}"];
    let out = ["--out", "out.csv"];
    let mut arguments = prompt.to_vec();
    arguments.extend(more);
    if !more.contains(&"--out") {
        arguments.extend(out);
    }
    let told = folder.run(&arguments).failed_with(2);
    assert_eq!(folder.names(), before, "a file was left");
    told
}

#[track_caller]
fn of_schema(schema: &str) -> String {
    let folder = Folder::with("t.csv", TABLE);
    folder.write("s.json", schema);
    refused(&folder, &["--schema", "s.json"])
}

#[test]
fn a_schema_that_is_none_is_refused_before_anything_is_sent() {
    for (schema, part) in [
        (r#"{"type": "objekt"}"#, "/type"),
        (r#"{"type": "OBJEKT"}"#, "/type"),
        (
            r#"{"type": "object", "properties": {"a": {"type": "integer", "minimum": "a"}}}"#,
            "/properties/a/minimum",
        ),
        (r##"{"$ref": "#"}"##, "leads back to itself"),
        (
            r##"{"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}},
                "$defs": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/a"}]}}}"##,
            "at #/$defs/a",
        ),
        (r#"{"$ref": "file:///etc/passwd"}"#, "file:///etc/passwd"),
        (r#"{"$ref": "https://example.com/s.json"}"#, "example.com"),
        (r#"{"type": "string", "pattern": "("}"#, "pattern"),
        (
            r#"{"type": "object", "properties": {"a": {"type": "string", "type": "integer"}}}"#,
            "twice",
        ),
    ] {
        let told = of_schema(schema);
        assert!(
            told.contains("s.json is not a JSON Schema") && told.contains(part),
            "{schema}: {told}"
        );
    }
}

#[test]
fn values_that_make_no_sense_are_told_as_what_they_are() {
    let folder = Folder::with("t.csv", TABLE);
    let told = refused(&folder, &["--budget", "-1"]);
    assert!(
        told.contains("'-1' for '--budget") && told.contains("0 or more"),
        "{told}"
    );
    let told = refused(&folder, &["--temperature", "-1"]);
    assert!(told.contains("--temperature: "), "{told}");
    folder.write("c.json", r#"{"topP": 0.5, "top_p": 0.6}"#);
    let told = refused(&folder, &["--config", "c.json"]);
    assert!(
        told.contains("c.json: topP and top_p are one field"),
        "{told}"
    );
    std::fs::create_dir(folder.path("out.csv.run")).unwrap();
    let told = refused(&folder, &[]);
    assert!(told.contains("out.csv.run is a folder"), "{told}");
}

#[test]
fn what_may_be_meant_otherwise_is_told() {
    let folder = Folder::with("t.csv", TABLE);
    folder.write("s.json", r#"{"type": "object", "propertis": {"a": {}}}"#);
    let prompt = ["t.csv", "--prompt", "Say {{ text }}", "--dry-run"];
    let more = [
        "--schema",
        "s.json",
        "--escape-formulas",
        "--out",
        "out.jsonl",
    ];
    let mut command = folder.command(&prompt);
    let output = command.args(more).arg("--emulator").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("s.json: at $: \"propertis\" says nothing"),
        "{told}"
    );
    assert!(told.contains("--escape-formulas is for CSV"), "{told}");
}

#[test]
fn a_row_without_a_column_that_jinja_knows_is_an_error() {
    let folder = Folder::with("t.jsonl", "{\"range\": \"1-2\"}\n{\"text\": \"a\"}\n");
    let ran = folder.run(&[
        "t.jsonl",
        "--prompt",
        "Price {{ range }}",
        "--out",
        "out.csv",
    ]);
    let told = ran.failed_with(2);
    assert!(
        told.contains("t.jsonl:2") && told.contains("range"),
        "{told}"
    );
}

#[test]
fn a_prompt_is_read_without_the_mark_before_it() {
    let folder = Folder::with("t.csv", TABLE);
    folder.write("p.txt", "\u{feff}Say {{ text }}");
    let ran = folder.run(&[
        "t.csv",
        "--prompt-file",
        "p.txt",
        "--dry-run",
        "--output",
        "json",
    ]);
    let told: Value = serde_json::from_str(&ran.went_well()).unwrap();
    assert_eq!(told["requests"][0]["prompt"], "Say One");
}

/// Answers with the prompt.
struct Echo;

impl Model for Echo {
    fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        let prompt = prompt_of(request)?;
        Ok(text_response(model, &prompt, &prompt))
    }
}

/// The errors that answers have under a schema.
async fn errors(schema: &Value, answers: &[&str]) -> Vec<String> {
    let emulator = Emulator::builder().model(Echo);
    let emulator = emulator.job_duration(Duration::from_millis(20));
    let emulator = emulator.start().await.unwrap();
    let table = answers
        .iter()
        .map(|it| json!({ "text": it }).to_string() + "\n");
    let folder = Folder::with("t.jsonl", table.collect::<String>());
    folder.write("s.json", schema.to_string());
    let arguments = ["t.jsonl", "--prompt", "{{ text }}", "--schema", "s.json"];
    let out = ["--out", "out.csv", "--output", "json"];
    let ran = folder
        .run_against(&emulator, &[&arguments[..], &out].concat())
        .await;
    let table = rows(&folder.path("out.csv"));
    let at = |name: &str| table[0].iter().position(|it| it == name).unwrap();
    for (row, answer) in table[1..].iter().zip(answers) {
        assert_eq!(row[at("answer")], *answer, "the raw answer is kept");
    }
    let errors = table[1..].iter().map(|row| row[at("error")].clone());
    let errors: Vec<_> = errors.collect();
    let wrong = errors.iter().filter(|it| !it.is_empty()).count();
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["failed"], wrong, "{}", ran.out);
    for group in told["errors"].as_array().unwrap() {
        assert_eq!(group["kind"], "wrong-shape", "{}", ran.out);
    }
    errors
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_held_to_their_schema() {
    let schema = json!({"type": "object", "required": ["n", "e"], "properties": {
        "n": {"type": "integer", "maximum": 5},
        "e": {"enum": ["red", "green"]},
        "of": {"type": "object", "properties": {"x": {"type": "string", "pattern": "^a"}}},
    }});
    let answers = [
        r#"{"n":3,"e":"red"}"#,
        r#"{"n":3,"e":"purple"}"#,
        r#"{"n":3}"#,
        r#"{"n":9,"e":"red"}"#,
        r#"{"n":null,"e":"red"}"#,
        r#"{"n":3,"n":4,"e":"red"}"#,
        r#"{"n":3,"e":"red","of":{"x":"a","x":"ab"}}"#,
        r#"{"n":3,"e":"red","of":{"x":"b"}}"#,
        "null",
    ];
    let parts = [
        "", "/e", "required", "/n", "/n", "twice", "twice", "/of/x", "object",
    ];
    let errors = errors(&schema, &answers).await;
    for (told, part) in errors.iter().zip(parts) {
        let fits = part.is_empty() == told.is_empty();
        assert!(fits && told.contains(part), "{part}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_dialect_is_held_to_as_well() {
    let schema = json!({"type": "OBJECT", "required": ["n"], "properties": {
        "n": {"type": "INTEGER", "nullable": true},
        "type": {"type": "STRING", "minLength": "2", "format": "enum", "enum": ["ab", "cd"]},
    }, "propertyOrdering": ["n", "type"]});
    let answers = [
        r#"{"n":null}"#,
        r#"{"n":1,"type":"ab"}"#,
        r#"{"n":"one"}"#,
        r#"{"n":1,"type":"x"}"#,
        r#"{"type":"ab"}"#,
    ];
    let parts = ["", "", "/n", "/type", "required"];
    let errors = errors(&schema, &answers).await;
    for (told, part) in errors.iter().zip(parts) {
        let fits = part.is_empty() == told.is_empty();
        assert!(fits && told.contains(part), "{part}: {told}");
    }
}

#[test]
fn numbers_are_finite_and_in_their_range() {
    let folder = Folder::with("t.csv", TABLE);
    for (option, number) in [
        ("--temperature", "nan"),
        ("--temperature", "1e400"),
        ("--temperature", "7"),
        ("--top-p", "inf"),
        ("--top-p", "1.5"),
        ("--max-output-tokens", "0"),
    ] {
        let told = refused(&folder, &[&format!("{option}={number}")]);
        let start = &option[2..5];
        assert!(told.contains(start), "{option} {number}: {told}");
    }
}

#[test]
fn a_config_has_each_field_once_and_none_that_is_unknown() {
    let folder = Folder::with("t.csv", TABLE);
    folder.write("c.json", r#"{"topK": 1, "topK": 2}"#);
    let told = refused(&folder, &["--config", "c.json"]);
    assert!(told.contains("c.json") && told.contains("topK"), "{told}");
    let inner = r#"{"thinkingConfig": {"thinkingBudget": 1, "thinkingBudget": 2}}"#;
    folder.write("c.json", inner);
    let told = refused(&folder, &["--config", "c.json"]);
    assert!(told.contains("thinkingBudget"), "{told}");
    folder.write("c.json", r#"{"temprature": 1}"#);
    let told = refused(&folder, &["--config", "c.json"]);
    assert!(told.contains("temprature"), "{told}");
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let folder = Folder::with("t.csv", TABLE);
    let pipe = |name: &str| {
        let made = std::process::Command::new("mkfifo")
            .arg(folder.path(name))
            .status();
        assert!(made.unwrap().success());
    };
    pipe("pipe.csv");
    std::os::unix::fs::symlink("/dev/full", folder.path("full.csv")).unwrap();
    for (out, what) in [("pipe.csv", "a named pipe"), ("full.csv", "a device")] {
        for more in [&[][..], &["--overwrite"]] {
            let told = refused(&folder, &[&["--out", out][..], more].concat());
            assert!(told.contains(out) && told.contains(what), "{told}");
            let state = folder.path(&format!("{out}.run.emulator"));
            assert!(!state.exists(), "the emulator began");
        }
    }
    let input = ["pipe.csv", "--prompt", "Say {{ text }}", "--out", "out.csv"];
    let told = folder.run(&input).failed_with(2);
    assert!(told.contains("a named pipe"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_link_at_the_output_stays_and_its_file_is_written() {
    let folder = Folder::with("t.csv", TABLE);
    std::os::unix::fs::symlink("real.csv", folder.path("out.csv")).unwrap();
    let arguments = ["t.csv", "--prompt", "Say {{ text }}", "--out", "out.csv"];
    for _ in 0..2 {
        folder.run(&arguments).went_well();
        assert!(folder.path("out.csv").is_symlink());
        assert_eq!(rows(&folder.path("real.csv")).len(), 2);
    }
}

#[test]
fn templates_have_a_limit_of_work_and_of_what_they_make() {
    let folder = Folder::with("t.csv", TABLE);
    for template in [
        "{% for a in 'x' * 100000 %}{% for b in 'x' * 100000 %}{% endfor %}{% endfor %}",
        "{% set x = 'xxxxxxxxxx' %}{% for i in 'x' * 99999 %}{{ x * 100000 }}{% endfor %}",
        "{{ 'x' * 70000000 }}",
    ] {
        let out = ["t.csv", "--prompt", template, "--out", "out.csv"];
        let told = folder.run(&out).failed_with(2);
        assert!(told.contains("t.csv:2") && told.contains("limit"), "{told}");
    }
}

#[test]
fn a_minus_zero_is_a_number() {
    let folder = Folder::with("t.jsonl", "{\"n\": -0, \"text\": \"One\"}\n");
    let arguments = ["t.jsonl", "--prompt", "Say {{ n }}", "--out", "out.jsonl"];
    folder.run(&arguments).went_well();
    assert!(
        folder.read("out.jsonl").contains(r#""n":-0,"#),
        "{}",
        folder.read("out.jsonl")
    );
}

#[test]
fn rows_that_are_gone_are_told_even_quietly() {
    let folder = Folder::with("t.csv", "text\nOne\nTwo\n");
    let arguments = ["t.csv", "--prompt", "Say {{ text }}", "--out", "out.csv"];
    folder.run(&arguments).went_well();
    folder.write("t.csv", TABLE);
    let ran = folder.run(&arguments);
    assert_eq!(ran.code, 0);
    assert_data_eq!(
        ran.err,
        str![[r#"
warning: 1 row of the run will not be in out.csv: no longer in the input

"#]]
    );
}
