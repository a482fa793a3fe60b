//! What is said and written: the tour of the README, answers that fit a schema, and rows that fail.

use genai_batch_emulator::{Emulator, Model, RowFailure, Rows, prompt_of, text_response};
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::support::{Folder, emulator, rows};

const REVIEWS: &str = "id,review\n0001,Good.\n0002,\"Bad, \"\"very\"\" bad.\"\n0003,So so.\n";
const PROMPT: &str = "Summarise: {{ review }}";

#[test]
fn a_table_and_a_prompt_become_a_table_with_answers() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    let ran = folder.run(&["reviews.csv", "--prompt", PROMPT, "--out", "out.csv"]);
    assert_data_eq!(&ran.out, str![[""]]);
    assert_data_eq!(&ran.err, str![[""]]);
    assert_eq!(ran.code, 0);
    assert_data_eq!(folder.read("out.csv"), str![[""]]);
}

#[test]
fn the_summary_is_a_document_of_json() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    let ran = folder.run(&[
        "reviews.csv",
        "--prompt",
        PROMPT,
        "--out",
        "out.csv",
        "--output",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_data_eq!(&ran.out, str![[""]]);
    assert_eq!(ran.err, "");
    let line = folder.run(&[
        "reviews.csv",
        "--prompt",
        PROMPT,
        "--out",
        "out.csv",
        "--output",
        "jsonl",
    ]);
    let line = line.went_well();
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(serde_json::from_str::<Value>(&line).is_ok());
}

#[test]
fn a_dry_run_shows_all_and_makes_nothing() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    let mut command = folder.command(&[
        "reviews.csv",
        "--prompt",
        PROMPT,
        "--system",
        "Be brief.",
        "--temperature",
        "0",
        "--dry-run",
        "--out",
        "out.csv",
    ]);
    // There is no account either.
    let output = command.output().unwrap();
    assert_data_eq!(String::from_utf8(output.stdout).unwrap(), str![[""]]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(folder.names(), ["reviews.csv"]);
}

#[test]
fn a_dry_run_fails_where_requests_would_be_refused() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    let ran = folder.run(&[
        "reviews.csv",
        "--prompt",
        PROMPT,
        "--temperature",
        "7",
        "--dry-run",
        "--output",
        "json",
    ]);
    let shown: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(shown["diagnosis"]["requests"], 3);
    assert_eq!(
        shown["requests"][1]["prompt"],
        "Summarise: Bad, \"very\" bad."
    );
    assert_data_eq!(ran.failed_with(2), str![[""]]);
}

#[test]
fn fields_of_a_schema_are_columns() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    let schema = json!({"type": "object", "properties": {
        "sentiment": {"type": "string", "enum": ["positive", "negative"]},
        "stars": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
    }, "required": ["sentiment", "stars", "tags"]});
    folder.write("rating.json", schema.to_string());
    let arguments = ["reviews.csv", "--prompt", PROMPT, "--schema", "rating.json"];
    let run = |out: &str| {
        folder
            .run(&[&arguments[..], &["--out", out]].concat())
            .went_well();
    };
    run("out.csv");
    let table = rows(&folder.path("out.csv"));
    let header = [
        "id",
        "review",
        "answer",
        "sentiment",
        "stars",
        "tags",
        "finish_reason",
        "error",
        "input_tokens",
        "output_tokens",
    ];
    assert_eq!(table[0], header);
    let answer: Value = serde_json::from_str(&table[1][2]).unwrap();
    assert_eq!(table[1][3], answer["sentiment"].as_str().unwrap());
    assert_eq!(table[1][4], answer["stars"].to_string());
    assert_eq!(table[1][5], answer["tags"].to_string());

    run("out.jsonl");
    let first: Value =
        serde_json::from_str(folder.read("out.jsonl").lines().next().unwrap()).unwrap();
    assert_eq!(first["stars"], answer["stars"]);
    assert_eq!(first["tags"], answer["tags"]);
    assert_eq!(first["id"], "0001");
}

/// Answers some prompts badly.
struct Moody;

impl Model for Moody {
    fn generate(&self, request: &Value, model: &str) -> Result<Value, RowFailure> {
        let prompt = prompt_of(request)?;
        let with = |reason: &str| {
            let mut response = text_response(model, &prompt, "Half an ans");
            response["candidates"][0]["finishReason"] = json!(reason);
            response
        };
        match () {
            () if prompt.contains("Bad") => Err(RowFailure::new(3, "no such thing")),
            () if prompt.contains("So so") => Ok(with("MAX_TOKENS")),
            () if prompt.contains("Worse") => Ok(with("SAFETY")),
            () => Ok(text_response(model, &prompt, "Fine.")),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_fail_are_told_by_kind() {
    let folder = Folder::with("reviews.csv", format!("{REVIEWS}0004,Worse\n0005,Lost\n"));
    let emulator = Emulator::builder()
        .model(Moody)
        .job_duration(std::time::Duration::from_millis(20));
    let emulator = emulator.start().await.unwrap();
    let arguments = [
        "reviews.csv",
        "--key",
        "id",
        "--prompt",
        PROMPT,
        "--out",
        "out.csv",
    ];
    let ran = folder.run_against(&emulator, &arguments).await;
    assert_data_eq!(&ran.out, str![[""]]);
    assert_data_eq!(ran.failed_with(5), str![[""]]);
    assert_data_eq!(folder.read("out.csv"), str![[""]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_for_which_nothing_comes_is_asked_again_and_then_missing() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    let emulator = emulator().await;
    emulator.faults().drop_rows(Rows::All);
    let arguments = [
        "reviews.csv",
        "--prompt",
        PROMPT,
        "--attempts",
        "2",
        "--out",
        "out.jsonl",
    ];
    let ran = folder.run_against(&emulator, &arguments).await;
    assert_data_eq!(&ran.out, str![[""]]);
    assert_eq!(ran.code, 5);
    assert_eq!(emulator.jobs().len(), 2);
}
