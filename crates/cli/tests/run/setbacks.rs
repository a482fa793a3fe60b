//! What goes wrong on the way, told where it is seen: nothing of it passes in silence.

use std::process::Stdio;
use std::time::Duration;

use genai_batch_emulator::{Failure, Operation, Rows};
use serde_json::Value;
use snapbox::{assert_data_eq, str};

use crate::support::{Folder, emulator, rows, table, to};

const ARGUMENTS: [&str; 7] = [
    "t.csv",
    "--key",
    "id",
    "--prompt",
    "Say {{ text }}",
    "--out",
    "out.csv",
];

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_off_are_told() {
    let (folder, emulator) = (Folder::with("t.csv", table(5)), emulator().await);
    emulator.faults().double_rows(Rows::At(vec![1]));
    emulator.faults().add_foreign_rows(2);
    let ran = folder.run_against(&emulator, &ARGUMENTS).await;
    let told = "\nrows off: 1 duplicate, 2 unexpected, which count for nothing\n";
    assert!(ran.out.contains(told), "{}", ran.out);
    ran.went_well();
    let again = [&ARGUMENTS[..], &["--output", "json"]].concat();
    let out = folder.run_against(&emulator, &again).await.went_well();
    let out: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(out["deviations"]["duplicates"], 1, "{out}");
    assert_eq!(out["deviations"]["unexpected"], 2, "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_came_without_a_key_keeps_its_cells_and_says_why() {
    let (folder, emulator) = (Folder::with("t.csv", table(3)), emulator().await);
    emulator.faults().drop_keys(Rows::At(vec![1]));
    let ran = folder.run_against(&emulator, &ARGUMENTS).await;
    assert!(
        ran.out
            .contains("1 missing: nothing came back under its key"),
        "{}",
        ran.out
    );
    ran.failed_with(5);
    let table = rows(&folder.path("out.csv"));
    let error = table[0].iter().position(|it| it == "error").unwrap();
    assert_eq!(table[2][..2], ["2", "Text 2"]);
    assert!(
        table[2][error].contains("by `genai-batch runs retry`"),
        "{}",
        table[2][error]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_that_is_refused_is_told_even_where_all_is_to_be_quiet() {
    let (folder, emulator) = (Folder::with("t.csv", table(5)), emulator().await);
    emulator.clock().pause();
    let refusal = Failure::status(403, "PERMISSION_DENIED", "no cancelling here");
    emulator
        .faults()
        .fail_next(Operation::CancelBatch, 1, refusal);
    let mut command = folder.command(&ARGUMENTS);
    to(&mut command, &emulator);
    command.args(["--deadline", "300ms", "--quiet"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while emulator.request_count(Operation::CancelBatch) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    emulator.clock().resume();
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let ended = ended.await.unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(
        told.starts_with(
            "warning: job 1 could not be cancelled: it may go on at the service, and cost: "
        ),
        "{told}"
    );
    // It ended by itself, so that nothing is left.
    assert_eq!(ended.status.code(), Some(0), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_was_emptied_or_changed_is_told_as_that() {
    let (folder, emulator) = (Folder::with("t.csv", table(3)), emulator().await);
    let run = async |more: &[&str]| {
        folder
            .run_against(&emulator, &[&ARGUMENTS, more].concat())
            .await
    };
    run(&[]).await.went_well();
    let before = folder.read("out.csv");
    folder.write("t.csv", "id,text\n");
    for more in [&[][..], &["--ask-anew"]] {
        assert_data_eq!(
            run(more).await.failed_with(2),
            str![[r#"
error: t.csv has no rows
  out.csv.run stays as it is

"#]]
        );
    }
    folder.write("t.csv", table(3).replace("Text 2", "Text two"));
    assert_data_eq!(
        run(&[]).await.failed_with(2),
        str![[r#"
error: 1 row of out.csv.run would be asked anew, since what is asked has changed
  the command is as it was: what has changed is in the rows of t.csv
  of 3 rows 2 are the same, 1 changed, 0 new; 0 are gone; 3 had an outcome
  to pay for them again, add --ask-anew; to keep both, choose another --out

"#]]
    );
    assert_eq!(folder.read("out.csv"), before);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_that_was_ignored_before_stays_ignored() {
    let (folder, emulator) = (Folder::with("t.csv", table(5)), emulator().await);
    emulator.clock().pause();
    let mut command = folder.command(&ARGUMENTS);
    to(&mut command, &emulator);
    // As nohup does it.
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(folder.path(""));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let child = shell
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while emulator.jobs().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let id = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-HUP", &id])
        .status();
    assert!(kill.unwrap().success());
    emulator.clock().resume();
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let ended = ended.await.unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{told}");
}
