//! Rows on their way to requests: cells that are blank or null, quotes that are not closed, media that no model
//! reads, and names that a template does not take.

use snapbox::{assert_data_eq, str};

use crate::support::{Folder, rows};

fn told(name: &str, contents: &str, more: &[&str]) -> String {
    let folder = Folder::with(name, contents);
    let arguments = [&[name, "--out", "out.csv"], more].concat();
    folder.run(&arguments).failed_with(2)
}

#[test]
fn models_without_a_place_for_a_row_answer_it_all_the_same() {
    let table = "id,text\na,One\nb,Two\n";
    for model in ["claude-sonnet-4-5", "llama-3.3-70b-instruct-maas"] {
        let folder = Folder::with("t.csv", table);
        let arguments = [
            "t.csv",
            "--key",
            "id",
            "--prompt",
            "Say {{ text }}",
            "--backend",
            "vertex",
            "--model",
            model,
            "--max-output-tokens",
            "100",
            "--out",
            "out.csv",
        ];
        let shown = folder.run(&[&arguments[..], &["--dry-run"]].concat());
        assert!(!shown.went_well().contains("metadata"));
        folder.run(&arguments).went_well();
        let out = rows(&folder.path("out.csv"));
        assert_eq!(out[1][..2], ["a", "One"]);
        assert_eq!(out[2][..2], ["b", "Two"]);
        assert!(!out[1][2].is_empty(), "{out:?}");
    }
}

#[test]
fn blank_prompts_are_told_with_their_lines() {
    let table = "id,text\na,One\nb,\nc,\"  \"\nd,Four\n";
    assert_data_eq!(
        told("t.csv", table, &["--key", "id", "--prompt", "{{ text }}"]),
        str![[r#"
error: the prompt of 2 rows is empty:
  t.csv:3 (key "b"): nothing in the column text
  t.csv:4 (key "c"): nothing in the column text
  leave these rows out, or ask something of them: {{ text or 'nothing was written' }}

"#]]
    );
}

#[test]
fn what_the_library_refuses_has_the_line_and_the_key_of_its_row() {
    let folder = Folder::with("t.csv", "id,text,film\na,One,\nb,Two,clip.mp4\n");
    folder.write("clip.mp4", b"\0\0\0\x18ftypmp42");
    let arguments = [
        "t.csv",
        "--key",
        "id",
        "--prompt",
        "{{ text }}",
        "--media",
        "film",
        "--backend",
        "vertex",
        "--model",
        "claude-sonnet-4-5",
        "--max-output-tokens",
        "100",
        "--out",
        "out.csv",
    ];
    let told = folder.run(&arguments).failed_with(2);
    assert!(told.starts_with("error: t.csv:3 (key \"b\")"), "{told}");
}

#[test]
fn a_quote_that_is_not_closed_is_told_with_its_line() {
    let prompt = ["--prompt", "Say {{ text }}"];
    for table in ["id,text\n1,\"abc\n2,def\n", "id,text\n1,\"abc\n2,def"] {
        assert_data_eq!(
            told("t.csv", table, &prompt),
            str![[r#"
error: t.csv:2: a quote is opened in this row and not closed before the end of the file
  close it; a quote within quotes is written twice: "a 2"" nail"

"#]]
        );
    }
    for table in [
        "id,text\n1,\"abc\n2,def\"",
        "id,text\r\n1,\"abc\r\n2,def\"\r\n\r\n",
        "id,text\n1,ab\"c",
        "id,text\n1,\"\"",
    ] {
        let folder = Folder::with("t.csv", table);
        let arguments = ["t.csv", "--prompt", "Say {{ text }}.", "--out", "out.csv"];
        folder.run(&arguments).went_well();
        assert_eq!(rows(&folder.path("out.csv")).len(), 2, "{table}");
    }
}

#[test]
fn media_that_cannot_be_read_are_told_with_their_line() {
    let prompt = ["--prompt", "{{ text }}", "--media", "photo"];
    let refused = told("t.csv", "text,photo\nOne,\nTwo,gs://b/a.png\n", &prompt);
    assert!(
        refused.starts_with("error: t.csv:3") && refused.contains("fileUri"),
        "{refused}"
    );
    let folder = Folder::with("t.csv", "text,photo\nOne,data.xyz\n");
    folder.write("data.xyz", "1");
    let arguments = [&["t.csv", "--out", "out.csv"], &prompt[..]].concat();
    let told = folder.run(&arguments).failed_with(2);
    assert!(
        told.contains("t.csv:2") && told.contains("chemical/x-xyz"),
        "{told}"
    );
}

#[test]
fn names_and_formats_that_are_taken_for_others_are_told() {
    let told_of = |name: &str, table: &str, prompt: &str| told(name, table, &["--prompt", prompt]);
    let told = told_of("t.csv", "message text\nOne\n", "{{ message text }}");
    assert!(
        told.contains(r#"write {{ row["message text"] }}"#),
        "{told}"
    );
    let told = told_of("t.csv", "id;text\n1;One, two\n", "{{ text }}");
    assert!(told.contains("--delimiter ';'"), "{told}");
    let told = told_of("t.csv", "id;text\n1;One\n", "{{ text }}");
    assert!(told.contains("--delimiter ';'"), "{told}");
    let told = told_of("t.parquet", "id,text\n1,One\n", "{{ text }}");
    assert!(told.contains("--input-format csv"), "{told}");
}

#[test]
fn what_may_be_meant_otherwise_is_told() {
    let folder = Folder::with("t.csv", "id,text\n1,One\n2,Two\n");
    let told = |more: &[&str]| {
        let arguments = [&["t.csv", "--emulator", "--out", "out.csv"], more].concat();
        let output = folder.command(&arguments).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let constant = told(&["--prompt", "Say hello", "--dry-run"]);
    assert!(
        constant.contains("the prompt names no column"),
        "{constant}"
    );
    let prompt = ["--prompt", "Say {{ text }}"];
    assert!(!told(&prompt).contains("note:"));
    let unknown = [&prompt[..], &["--model", "gemini-2.5-flahs", "--dry-run"]].concat();
    assert!(told(&unknown).contains("no price of gemini-2.5-flahs is known"));
}

#[test]
fn null_is_nothing_and_yes_and_no_are_as_in_json() {
    let folder = Folder::with("t.jsonl", "{\"a\": null, \"b\": true, \"c\": [false]}\n");
    let arguments = [
        "t.jsonl",
        "--prompt",
        "[{{ a }}|{{ b }}|{{ c }}]",
        "--dry-run",
    ];
    let shown = folder.run(&arguments).went_well();
    assert!(shown.contains("  [|true|[false]]\n"), "{shown}");
}

#[test]
fn a_schema_that_is_none_is_told() {
    let folder = Folder::with("t.csv", "id,text\n1,One\n");
    folder.write("s.json", r#"{"type": "objekt"}"#);
    let told = folder.run(&[
        "t.csv",
        "--prompt",
        "{{ text }}",
        "--dry-run",
        "--schema",
        "s.json",
    ]);
    let told = told.failed_with(2);
    assert!(told.contains("s.json") && told.contains("objekt"), "{told}");
}

#[test]
fn a_trial_run_shows_media() {
    let folder = Folder::with("t.csv", "text,photo\nWhat is this?,a.png\n");
    folder.write("a.png", b"\x89PNG\r\n\x1a\n and so on");
    let arguments = [
        "t.csv",
        "--prompt",
        "{{ text }}",
        "--media",
        "photo",
        "--dry-run",
    ];
    let shown = folder.run(&arguments).went_well();
    assert!(
        shown.starts_with("line 2:\n  What is this?\n  [a.png]\n"),
        "{shown}"
    );
}
