//! Trials, budgets, deadlines and Ctrl-C: a run that stops, and goes on.

use std::process::Stdio;

use snapbox::{assert_data_eq, str};

use crate::support::{Folder, emulator, rows, to};

fn table(rows: u32) -> String {
    let rows = (1..=rows).map(|n| format!("{n},Text {n}\n"));
    std::iter::once("id,text\n".to_owned())
        .chain(rows)
        .collect()
}

const ARGUMENTS: [&str; 5] = ["t.csv", "--prompt", "Say {{ text }}", "--out", "out.csv"];

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_writes_what_it_asked_and_the_rest_is_asked_later() {
    let (folder, emulator) = (Folder::with("t.csv", table(50)), emulator().await);
    let run = async |more: &[&str]| {
        folder
            .run_against(&emulator, &[&ARGUMENTS, more].concat())
            .await
    };
    let ran = run(&["--first", "20"]).await;
    assert_data_eq!(&ran.out, str![[""]]);
    assert_data_eq!(ran.failed_with(6), str![[""]]);
    assert_eq!(rows(&folder.path("out.csv")).len(), 21);
    run(&[]).await.went_well();
    assert_eq!(rows(&folder.path("out.csv")).len(), 51);
    let asked: usize = emulator.jobs().iter().map(|job| job.request_count).sum();
    assert_eq!(asked, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_kept_to() {
    let (folder, emulator) = (Folder::with("t.csv", table(50)), emulator().await);
    let run = async |more: &[&str]| {
        folder
            .run_against(&emulator, &[&ARGUMENTS, more].concat())
            .await
    };
    let ran = run(&["--budget", "0.0000001"]).await;
    assert_data_eq!(ran.failed_with(6), str![[""]]);
    assert_eq!(emulator.jobs().len(), 0);
    run(&["--budget", "5"]).await.went_well();

    let told = run(&["--budget", "5", "--model", "my-own"])
        .await
        .failed_with(2);
    assert_data_eq!(told, str![[""]]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_says_how_to_go_on_and_does() {
    let (folder, emulator) = (Folder::with("t.csv", table(50)), emulator().await);
    emulator.clock().pause();
    let mut command = folder.command(&ARGUMENTS);
    to(&mut command, &emulator);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while emulator.jobs().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let id = child.id().to_string();
    let ended = tokio::task::spawn_blocking(move || {
        let sent = std::process::Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap();
        assert!(sent.success());
        child.wait_with_output().unwrap()
    });
    let ended = ended.await.unwrap();
    assert_data_eq!(String::from_utf8(ended.stderr).unwrap(), str![[""]]);
    assert_eq!(ended.status.code(), Some(130));
    assert_eq!(folder.names(), ["out.csv.run", "t.csv"]);

    emulator.clock().resume();
    folder.run_against(&emulator, &ARGUMENTS).await.went_well();
    assert_eq!(emulator.jobs().len(), 1);
    assert_eq!(rows(&folder.path("out.csv")).len(), 51);
}
