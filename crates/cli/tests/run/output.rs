//! What is said and written: the tour of the README, answers that fit a schema, and rows that fail.

use std::process::Stdio;
use std::time::Duration;

use genai_batch_emulator::{Emulator, Model, RowFailure, Rows, prompt_of, text_response};
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::support::{Folder, emulator, rows, to};

const REVIEWS: &str = "id,review\n0001,Good.\n0002,\"Bad, \"\"very\"\" bad.\"\n0003,So so.\n";
const PROMPT: &str = "Summarise: {{ review }}";

#[test]
fn a_table_and_a_prompt_become_a_table_with_answers() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    let ran = folder.run(&[
        "reviews.csv",
        "--prompt",
        PROMPT,
        "--price",
        "0.30:2.50",
        "--out",
        "out.csv",
    ]);
    assert_data_eq!(
        &ran.out,
        str![[r#"
3 rows: 3 answers, 0 failed
16 tokens in, 5 out, in 1 job; a model would cost about $0.000009
out.csv: 3 rows

"#]]
    );
    assert_data_eq!(&ran.err, str![[""]]);
    assert_eq!(ran.code, 0);
    assert_data_eq!(
        folder.read("out.csv"),
        str![[r#"
id,review,answer,finish_reason,error,input_tokens,output_tokens
0001,Good.,Good.,STOP,,4,2
0002,"Bad, ""very"" bad.",very,STOP,,7,1
0003,So so.,So so.,STOP,,5,2

"#]]
    );
}

#[test]
fn the_summary_is_a_document_of_json() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    let ran = folder.run(&[
        "reviews.csv",
        "--prompt",
        PROMPT,
        "--price",
        "0.30:2.50",
        "--out",
        "out.csv",
        "--output",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_data_eq!(
        &ran.out,
        str![[r#"
{
  "run": "out.csv.run",
  "output": "out.csv",
  "model": "gemini-2.5-flash",
  "rows": 3,
  "written": 3,
  "answers": 3,
  "failed": 0,
  "unfinished": 0,
  "stopped": null,
  "errors": [],
  "input_tokens": 16,
  "output_tokens": 5,
  "cost": {
    "amount": 8.65e-6,
    "currency": "USD"
  },
  "jobs": 1,
  "saved": null,
  "active_jobs": 0,
  "taken_in": {
    "added": 3,
    "changed": 0,
    "unchanged": 0,
    "vanished": 0
  }
}

"#]]
    );
    assert_eq!(ran.err, "");
    let line = folder.run(&[
        "reviews.csv",
        "--prompt",
        PROMPT,
        "--price",
        "0.30:2.50",
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
        "--price",
        "0.30:2.50",
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
    assert_data_eq!(
        String::from_utf8(output.stdout).unwrap(),
        str![[r#"
line 2:
  Summarise: Good.

line 3:
  Summarise: Bad, "very" bad.

line 4:
  Summarise: So so.

system instruction:
  Be brief.

generation config:
  {"temperature":0.0}

3 requests: 0 errors, 0 warnings, 0 notes
bytes       290
tokens in   about 23 (16 to 36)
tokens out  about 768 (3 to 24,576)
by          4 characters a token (Google's rule of thumb; taken from 2.5 to 6), 1.5 where the
            script is not Latin (0.7 to 4), 1,120 tokens an image (258 to 2,240); 256 tokens a
            response (1 to maxOutputTokens)
cost        about $0.000963 ($0.000006 to $0.0307)
prices      given by the caller
limit       requests sent inline: 290 bytes of 20 MB (Gemini API documentation, Batch Mode)
limit       files of the project: not checked, 20 GiB at most (Gemini API documentation, Batch
            Mode)
limit       jobs at once: not checked, 100 jobs at most (Gemini API documentation, Batch Mode)

nothing was sent, and no file was made

"#]]
    );
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
        "--price",
        "0.30:2.50",
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
    assert_data_eq!(
        ran.failed_with(2),
        str![[r#"
error: 4 errors, for which this would be refused

"#]]
    );
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
        "--price",
        "0.30:2.50",
        "--out",
        "out.csv",
    ];
    let ran = folder.run_against(&emulator, &arguments).await;
    assert_data_eq!(
        &ran.out,
        str![[r#"
5 rows: 2 answers, 3 failed
  1 blocked (SAFETY): the response was blocked (SAFETY) [0004]
  1 cut-off (MAX_TOKENS): the response was cut off at the limit on output tokens (MAX_TOKENS): raise --max-output-tokens, or give thinking a smaller budget [0003]
  1 failed (INVALID_ARGUMENT): INVALID_ARGUMENT (code 3): no such thing [0002]
17 tokens in, 10 out, in 1 job; $0.000015
out.csv: 5 rows

"#]]
    );
    assert_data_eq!(
        ran.failed_with(5),
        str![[r#"
error: 3 of 5 rows failed
  the column `error` of out.csv says why
  1 request is called wrong by the service (INVALID_ARGUMENT), and will be again: change what is asked, in reviews.csv or by the options, and add --ask-anew
  1 answer is cut off, which `runs retry` does not ask again: give a higher --max-output-tokens and --ask-anew, which asks and pays for all rows anew, or do it in a table of these rows with another --out
  1 answer is not of use, which `runs retry` does not ask again: give another prompt or other options and --ask-anew, which asks and pays for all rows that this changes, or do it in a table of these rows with another --out

"#]]
    );
    assert_data_eq!(
        folder.read("out.csv"),
        str![[r#"
id,review,answer,finish_reason,error,input_tokens,output_tokens
0001,Good.,Fine.,STOP,,4,2
0002,"Bad, ""very"" bad.",,,INVALID_ARGUMENT (code 3): no such thing,,
0003,So so.,Half an ans,MAX_TOKENS,"the response was cut off at the limit on output tokens (MAX_TOKENS): raise --max-output-tokens, or give thinking a smaller budget",5,3
0004,Worse,Half an ans,SAFETY,the response was blocked (SAFETY),4,3
0005,Lost,Fine.,STOP,,4,2

"#]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_for_which_nothing_comes_is_told() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    let emulator = emulator().await;
    emulator.faults().drop_rows(Rows::At(vec![1]));
    let arguments = [
        "reviews.csv",
        "--prompt",
        PROMPT,
        "--price",
        "0.30:2.50",
        "--attempts",
        "1",
        "--out",
        "out.jsonl",
    ];
    let ran = folder.run_against(&emulator, &arguments).await;
    assert_data_eq!(
        &ran.out,
        str![[r#"
3 rows: 2 answers, 1 failed
  1 missing: no result came back for it [3]
9 tokens in, 4 out, in 1 job; $0.000006
out.jsonl: 3 rows

"#]]
    );
    assert_eq!(ran.code, 5);
}

/// Has a run end after `meanwhile`, and tells how.
async fn with_something_meanwhile(folder: &Folder, meanwhile: impl FnOnce()) -> (i32, String) {
    let emulator = Emulator::builder().paused_clock().start().await.unwrap();
    let mut command = folder.command(&["reviews.csv", "--prompt", PROMPT, "--out", "out.csv"]);
    to(&mut command, &emulator);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    while emulator.jobs().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    meanwhile();
    let ended = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap());
    while !ended.is_finished() {
        emulator.clock().advance(Duration::from_secs(3600));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ended = ended.await.unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    (ended.status.code().unwrap_or(-1), told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_while_a_run_goes_on_stays() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    let write = || folder.write("out.csv", "precious");
    let (code, told) = with_something_meanwhile(&folder, write).await;
    assert_eq!(code, 1, "{told}");
    for part in [
        "it stays as it is",
        "runs export out.csv.run",
        "--overwrite",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(folder.read("out.csv"), "precious");
    assert_eq!(folder.names(), ["out.csv", "out.csv.run", "reviews.csv"]);

    // What the run has is not asked again.
    std::fs::remove_file(folder.path("out.csv")).unwrap();
    let emulator = emulator().await;
    let arguments = ["reviews.csv", "--prompt", PROMPT, "--out", "out.csv"];
    folder.run_against(&emulator, &arguments).await.went_well();
    assert!(emulator.jobs().is_empty());
    assert_eq!(rows(&folder.path("out.csv")).len(), 4);
}

#[cfg(unix)]
#[test]
fn no_run_is_replaced_by_a_file() {
    let folder = Folder::with("reviews.csv", REVIEWS);
    for out in ["a.csv", "b.csv"] {
        let run = ["reviews.csv", "--prompt", PROMPT, "--out", out];
        folder.run(&run).went_well();
    }
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, folder.path(name)).unwrap();
    link("a.csv.run", "link.jsonl");
    link("a.csv.run-wal", "log.jsonl");
    link("b.csv.run.lock", "lock.jsonl");
    std::fs::create_dir(folder.path("d")).unwrap();
    let (a, b) = (folder.path("a.csv.run"), folder.path("b.csv.run"));
    let (was_a, was_b) = (std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
    let export = ["runs", "export", "a.csv.run", "--overwrite", "--out"];
    let results = [
        "results",
        "batches/none",
        "--overwrite",
        "--emulator",
        "--out",
    ];
    let places = [
        "a.csv.run",
        "d/../a.csv.run-wal",
        "a.csv.run-shm",
        "a.csv.run.lock",
        "a.csv.run-journal",
        "b.csv.run",
        "b.csv.run-wal",
        "link.jsonl",
        "log.jsonl",
        "lock.jsonl",
    ];
    for place in places {
        for command in [&export, &results] {
            let told = folder
                .call(&[&command[..], &[place]].concat())
                .failed_with(2);
            let why = format!("a file at {place} would replace the run");
            assert!(told.contains(&why), "{told}");
        }
    }
    for (name, to) in [
        ("own.csv", "own.csv.run"),
        ("key.csv", "key.csv.run.lock"),
        ("c.csv", "a.csv.run"),
    ] {
        link(to, name);
        let run = [
            "reviews.csv",
            "--prompt",
            PROMPT,
            "--overwrite",
            "--out",
            name,
        ];
        let told = folder.run(&run).failed_with(2);
        assert!(told.contains("would replace the run"), "{told}");
    }
    assert!(std::fs::read(&a).unwrap() == was_a && std::fs::read(&b).unwrap() == was_b);
    let elsewhere = ["runs", "export", "a.csv.run", "--out", "d/a.jsonl"];
    folder.call(&elsewhere).went_well();
}
