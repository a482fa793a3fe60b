//! What a call leaves and says where no run comes of it, and what is odd about requests that are taken.

use serde_json::json;
use snapbox::{assert_data_eq, str};

use crate::support::Folder;

const ARGUMENTS: [&str; 5] = ["t.csv", "--prompt", "{{ text }}", "--out", "out.csv"];

/// All that is in a folder.
fn all(folder: &Folder) -> Vec<String> {
    let files = std::fs::read_dir(folder.path("")).unwrap();
    let names = files.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn a_first_call_that_is_refused_leaves_nothing() {
    let folder = Folder::with("t.csv", "text\nOne\n\"\"\n");
    folder.run(&ARGUMENTS).failed_with(2);
    assert_eq!(all(&folder), ["t.csv"]);
    // What is said of the columns is known at the last row.
    folder.write(
        "t.jsonl",
        "{\"text\": \"One\"}\n{\"text\": \"Two\", \"error\": 1}\n",
    );
    let told = folder
        .run(&["t.jsonl", "--prompt", "{{ text }}", "--out", "out.csv"])
        .failed_with(2);
    assert!(told.contains("two columns \"error\""), "{told}");
    assert_eq!(all(&folder), ["t.csv", "t.jsonl"]);
}

#[test]
fn a_later_call_that_is_refused_leaves_all_as_it_was() {
    let folder = Folder::with("t.csv", "text\nOne\n");
    folder.run(&ARGUMENTS).went_well();
    let before = all(&folder);
    assert!(
        before.contains(&"out.csv.run.emulator".to_owned()),
        "{before:?}"
    );
    folder.write("t.csv", "text\nOne\n\"\"\n");
    folder.run(&ARGUMENTS).failed_with(2);
    assert_eq!(all(&folder), before);
}

#[test]
fn an_empty_file_in_the_place_of_the_run_is_told() {
    let folder = Folder::with("t.csv", "text\nOne\n");
    folder.write("out.csv.run", "");
    assert_data_eq!(
        folder.run(&ARGUMENTS).failed_with(2),
        str![[r#"
error: out.csv.run is an empty file and not a run: remove it, or choose another place for the run
  choose another --out, or move that file away

"#]]
    );
    folder.write("out.csv.run-wal", "what was done");
    let told = folder.run(&ARGUMENTS).failed_with(2);
    assert!(told.contains("put that run back"), "{told}");
    std::fs::remove_file(folder.path("out.csv.run-wal")).unwrap();
    folder.write("out.csv.run", "text\nOne\n");
    let told = folder.run(&ARGUMENTS).failed_with(2);
    assert!(told.contains("out.csv.run: it is not a run"), "{told}");
}

#[test]
fn what_is_odd_about_requests_is_told_once() {
    let line = |key: &str| {
        json!({"key": key, "request": {"contents": [{"parts": [{"text": "What is 1 + 1?"}]}],
            "tempreture": 1}})
    };
    let lines: String = ["a", "b", "c", "d"]
        .map(|key| format!("{}\n", line(key)))
        .concat();
    let folder = Folder::with("r.jsonl", lines);
    let ran = folder.run(&["r.jsonl", "--out", "out.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_data_eq!(
        ran.err,
        str![[r#"
warning: r.jsonl:1, r.jsonl:2, r.jsonl:3 and 1 more: at request.tempreture: the Gemini Developer API describes no field `tempreture` of GenerateContentRequest: it may be newer than this client, or be refused

"#]]
    );
}
