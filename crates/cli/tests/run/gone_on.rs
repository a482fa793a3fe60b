//! `runs resume` and `runs retry` of what `run` made: with its service, and for what it was made for.

use snapbox::{assert_data_eq, str};

use crate::support::Folder;

const ARGUMENTS: [&str; 5] = ["t.csv", "--prompt", "{{ text }}", "--out", "out.csv"];

#[test]
fn a_run_of_the_emulator_goes_on_with_it_alone() {
    let folder = Folder::with("t.csv", "text\nOne\nTwo\n");
    folder.run(&ARGUMENTS).went_well();
    for what in ["resume", "retry"] {
        assert_data_eq!(
            folder.call(&["runs", what, "out.csv.run"]).failed_with(2),
            str![[r#"
error: out.csv.run was made with --emulator, and it is not given now: their answers do not mix
  add --emulator, as it was made

"#]]
        );
        let ran = folder.call(&["runs", what, "out.csv.run", "--emulator"]);
        ran.went_well();
    }
}

#[test]
fn a_run_says_its_backend_and_what_it_is_for() {
    let folder = Folder::with("t.csv", "text\nOne\nTwo\n");
    let embeddings = ["--embeddings", "--backend", "vertex"];
    folder
        .run(&[&ARGUMENTS[..], &embeddings].concat())
        .went_well();
    for what in ["resume", "retry"] {
        let ran = folder.call(&["runs", what, "out.csv.run", "--emulator"]);
        let out = ran.went_well();
        assert!(out.starts_with("requests\t2\nresponses\t2\n"), "{out}");
    }
    let other = [
        "runs",
        "resume",
        "out.csv.run",
        "--emulator",
        "--backend",
        "gemini",
    ];
    let told = folder.call(&other).failed_with(2);
    assert!(told.contains("--backend names another"), "{told}");
}

#[test]
fn a_command_that_is_proposed_has_the_options_that_it_needs() {
    let folder = Folder::with("t.csv", "text\n[[error:14]]\nTwo\n");
    let more = ["--backend", "vertex", "--attempts", "1"];
    let told = folder.run(&[&ARGUMENTS[..], &more].concat()).failed_with(5);
    let command = "genai-batch runs retry out.csv.run --emulator --backend vertex";
    assert!(told.contains(&format!("again: {command}, and")), "{told}");
    let arguments: Vec<_> = command.split(' ').skip(1).collect();
    let told = folder.call(&arguments).failed_with(5);
    assert!(told.contains("1 request asked again"), "{told}");
}
