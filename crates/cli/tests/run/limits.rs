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

const ARGUMENTS: [&str; 7] = [
    "t.csv",
    "--prompt",
    "Say {{ text }}",
    "--price",
    "0.30:2.50",
    "--out",
    "out.csv",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_writes_what_it_asked_and_the_rest_is_asked_later() {
    let (folder, emulator) = (Folder::with("t.csv", table(50)), emulator().await);
    let run = async |more: &[&str]| {
        folder
            .run_against(&emulator, &[&ARGUMENTS, more].concat())
            .await
    };
    let ran = run(&["--first", "20"]).await;
    assert_data_eq!(
        &ran.out,
        str![[r#"
50 rows: 20 answers, 0 failed, 30 without an outcome yet
60 tokens in, 120 out, in 1 job; $0.000159
out.csv: 20 rows

"#]]
    );
    assert_data_eq!(
        ran.failed_with(6),
        str![[r#"
error: stopped by --first: 30 of 50 rows have no outcome yet
  to go on, give the same command without --first

"#]]
    );
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
    assert_data_eq!(
        ran.failed_with(6),
        str![[r#"
error: stopped by --budget: 50 of 50 rows have no outcome yet
  to go on, give the same command with a higher --budget

"#]]
    );
    assert_eq!(emulator.jobs().len(), 0);
    run(&["--budget", "5"]).await.went_well();

    let unpriced = [
        "t.csv",
        "--prompt",
        "Say {{ text }}",
        "--out",
        "out.csv",
        "--budget",
        "5",
        "--model",
        "my-own",
    ];
    let told = folder.run(&unpriced).failed_with(2);
    assert_data_eq!(
        told,
        str![[r#"
error: --budget: no price of my-own is known
  give what a million tokens cost, in and out: --price 0.30:2.50

"#]]
    );
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
    assert_data_eq!(
        String::from_utf8(ended.stderr).unwrap(),
        str![[r#"
error: interrupted: 0 of 50 requests have their outcome, 50 are in jobs that go on at the service
  to go on, give the same command again

"#]]
    );
    assert_eq!(ended.status.code(), Some(130));
    assert_eq!(folder.names(), ["out.csv.run", "t.csv"]);

    emulator.clock().resume();
    folder.run_against(&emulator, &ARGUMENTS).await.went_well();
    assert_eq!(emulator.jobs().len(), 1);
    assert_eq!(rows(&folder.path("out.csv")).len(), 51);
}
