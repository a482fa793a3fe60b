//! `--embeddings`: a row becomes a list of numbers, on both backends and in each format.

use std::fs::File;
use std::time::Duration;

use genai_batch_emulator::{Emulator, Model, RowFailure, prompt_of};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::support::{Folder, rows};

const TABLE: &str = "id,text\n1,One\n2,Two\n";
const EMBED: [&str; 4] = ["t.csv", "--embeddings", "--prompt", "{{ text }}"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&EMBED[..], more].concat()
}

fn numbers(json: &str) -> Vec<f64> {
    serde_json::from_str(json).unwrap()
}

#[test]
fn each_backend_gives_a_list_of_numbers_for_each_row() {
    for backend in [
        &["--backend", "gemini"][..],
        &["--backend", "vertex"],
        &["--backend", "vertex", "--model", "text-embedding-005"],
    ] {
        let folder = Folder::with("t.csv", TABLE);
        let arguments = [&with(&["--out", "out.csv"])[..], backend].concat();
        let out = folder.run(&arguments).went_well();
        assert!(out.starts_with("2 rows: 2 embeddings, 0 failed\n"), "{out}");
        let table = rows(&folder.path("out.csv"));
        assert_eq!(
            table[0],
            ["id", "text", "embedding", "error", "input_tokens"]
        );
        assert_eq!(table[1][..2], ["1", "One"]);
        assert_eq!(numbers(&table[1][2]).len(), 768, "{backend:?}");
        assert_ne!(table[1][2], table[2][2]);
        assert_eq!(table[1][3..], ["", "1"]);
    }
}

#[test]
fn fewer_values_are_of_length_1() {
    let folder = Folder::with("t.csv", TABLE);
    let arguments = with(&["--dimensions", "3", "--task-type", "clustering", "--out"]);
    folder
        .run(&[&arguments[..], &["out.jsonl"]].concat())
        .went_well();
    let out = folder.read("out.jsonl");
    let row: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    let values = row["embedding"].as_array().unwrap();
    let length: f64 = values.iter().map(|it| it.as_f64().unwrap().powi(2)).sum();
    assert!(values.len() == 3 && (length - 1.0).abs() < 1e-6, "{row}");

    folder
        .run(&[&arguments[..], &["out.parquet"]].concat())
        .went_well();
    let reader = SerializedFileReader::new(File::open(folder.path("out.parquet")).unwrap());
    let reader = reader.unwrap();
    let mut schema = Vec::new();
    let of_file = reader.metadata().file_metadata().schema();
    parquet::schema::printer::print_schema(&mut schema, of_file);
    assert_data_eq!(
        String::from_utf8(schema).unwrap(),
        str![[r#"
message schema {
  OPTIONAL BYTE_ARRAY id (STRING);
  OPTIONAL BYTE_ARRAY text (STRING);
  OPTIONAL group embedding (LIST) {
    REPEATED group list {
      REQUIRED FLOAT element;
    }
  }
  OPTIONAL BYTE_ARRAY error (STRING);
  OPTIONAL INT64 input_tokens;
}

"#]]
    );
    let kept = reader.into_iter().next().unwrap().unwrap().to_json_value();
    let kept = kept["embedding"].as_array().unwrap();
    for (kept, written) in kept.iter().zip(values) {
        let difference = kept.as_f64().unwrap() - written.as_f64().unwrap();
        assert!(difference.abs() < 1e-7, "{kept} and {written}");
    }
}

/// Answers with what the text says an embedding is.
struct Odd;

impl Model for Odd {
    fn generate(&self, _: &Value, _: &str) -> Result<Value, RowFailure> {
        unreachable!("nothing is generated")
    }

    fn embed(&self, request: &Value, _: &str) -> Result<Value, RowFailure> {
        let text = prompt_of(&json!({"contents": [request["content"]]}))?;
        let values: Value = serde_json::from_str(&text).unwrap();
        Ok(json!({"embedding": {"values": values}, "tokenCount": 1}))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_embedding_is_told_in_the_row() {
    let emulator = Emulator::builder().model(Odd);
    let emulator = emulator.job_duration(Duration::from_millis(20));
    let emulator = emulator.start().await.unwrap();
    let texts = ["[1.5,-0]", "[]", r#"[1,"NaN"]"#, "[1,2,3]", "[2,3]"];
    let table = texts.map(|it| json!({ "text": it }).to_string() + "\n");
    let folder = Folder::with("t.jsonl", table.concat());
    let arguments = ["t.jsonl", "--embeddings", "--prompt", "{{ text }}", "--out"];
    let arguments = [&arguments[..], &["out.parquet", "--output", "json"]].concat();
    let ran = folder.run_against(&emulator, &arguments).await;
    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let kinds = told["errors"].as_array().unwrap();
    let kinds: Vec<_> = kinds.iter().map(|it| [&it["kind"], &it["count"]]).collect();
    assert_eq!(
        json!(kinds),
        json!([["wrong-shape", 2], ["no-embedding", 1]])
    );
    let reader = SerializedFileReader::new(File::open(folder.path("out.parquet")).unwrap());
    let kept: Vec<_> = reader
        .unwrap()
        .into_iter()
        .map(|row| row.unwrap().to_json_value())
        .map(|row| json!([row["embedding"], row["error"]]))
        .collect();
    assert_eq!(
        kept,
        [
            json!([[1.5, -0.0], null]),
            json!([null, "the response has no embedding"]),
            json!([null, "value 2 of the embedding is NaN"]),
            json!([null, "the embedding has 3 values, and 2 are in the others"]),
            json!([[2.0, 3.0], null]),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedding_that_is_odd_is_told_also_if_it_is_the_first() {
    let emulator = Emulator::builder().model(Odd);
    let emulator = emulator.job_duration(Duration::from_millis(20));
    let emulator = emulator.start().await.unwrap();
    let texts = ["[1,2,3]", "[1,2]", "[2,3]"];
    let table = texts.map(|it| json!({ "text": it }).to_string() + "\n");
    let folder = Folder::with("t.jsonl", table.concat());
    let arguments = ["t.jsonl", "--embeddings", "--prompt", "{{ text }}", "--out"];
    let arguments = [&arguments[..], &["out.jsonl"]].concat();
    let ran = folder.run_against(&emulator, &arguments).await;
    let wanted = "3 rows: 2 embeddings, 1 failed\n  1 wrong-shape: the embedding has 3 values, and 2 are in \
                  the others [1]\n";
    assert!(ran.out.starts_with(wanted), "{}", ran.out);
    assert_eq!(ran.code, 5);
}

#[test]
fn a_row_that_fails_has_its_error() {
    let folder = Folder::with("t.csv", "text\nOne\n[[error:3]]\n");
    let ran = folder.run(&with(&["--out", "out.csv"]));
    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    let table = rows(&folder.path("out.csv"));
    assert!(
        table[2][1].is_empty() && table[2][2].contains("INVALID_ARGUMENT"),
        "{table:?}"
    );
}

#[test]
fn finished_requests_are_embedded_too() {
    let line = |key: &str| json!({"key": key, "request": {"content": {"parts": [{"text": key}]}}});
    let requests = format!("{}\n{}\n", line("a"), line("b"));
    let folder = Folder::with("r.jsonl", requests);
    folder
        .run(&["r.jsonl", "--embeddings", "--out", "out.csv"])
        .went_well();
    let table = rows(&folder.path("out.csv"));
    assert_eq!(table[0], ["key", "embedding", "error", "input_tokens"]);
    assert_eq!(numbers(&table[2][1]).len(), 768);
    let told = folder
        .run(&[
            "r.jsonl",
            "--embeddings",
            "--dimensions",
            "3",
            "--out",
            "o.csv",
        ])
        .failed_with(2);
    assert!(told.contains("--dimensions is for tables"), "{told}");
}

#[test]
fn what_does_not_go_together_is_told() {
    let folder = Folder::with("t.csv", TABLE);
    folder.write("s.json", "{}");
    for (more, part) in [
        (&["--schema", "s.json"][..], "--schema"),
        (&["--temperature", "1"], "--temperature"),
        (&["--dimensions", "0"], "--dimensions"),
    ] {
        let arguments = [&with(&["--out", "out.csv"])[..], more].concat();
        let told = folder.run(&arguments).failed_with(2);
        assert!(told.contains(part), "{told}");
    }
    let ask = ["t.csv", "--prompt", "{{ text }}", "--out", "out.csv"];
    let told = |more: &[&str]| folder.run(&[&ask[..], more].concat()).failed_with(2);
    assert!(told(&["--task-type", "CLUSTERING"]).contains("--embeddings"));
    assert_data_eq!(
        told(&["--model", "gemini-embedding-001"]),
        str![[r#"
error: gemini-embedding-001 makes embeddings, which are not asked for
  say --embeddings, or another --model

"#]]
    );
    assert_eq!(folder.names(), ["s.json", "t.csv"]);
    let model = ["--model", "my-model"];
    let arguments = [&with(&["--out", "out.csv"])[..], &model].concat();
    folder.run(&arguments).went_well();
    assert_data_eq!(
        told(&model),
        str![[r#"
error: out.csv.run was made with --embeddings, which is not given now: a run keeps to it
  choose another --out, or remove the run if it is not needed any more

"#]]
    );
}

#[test]
fn a_dry_run_says_what_is_embedded() {
    let folder = Folder::with("t.csv", TABLE);
    let arguments = with(&["--dimensions", "256", "--task-type", "CLUSTERING"]);
    let out = folder
        .run(&[&arguments[..], &["--dry-run"]].concat())
        .went_well();
    assert!(
        out.contains("\nembeddings of gemini-embedding-001, for CLUSTERING, of 256 values\n"),
        "{out}"
    );
    let out = folder
        .run(&[&arguments[..], &["--dry-run", "--output", "json"]].concat())
        .went_well();
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        told["embedding"],
        json!({"task_type": "CLUSTERING", "dimensions": 256})
    );
}
