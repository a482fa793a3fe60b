//! Trials, budgets, deadlines and Ctrl-C: a run that stops, and goes on.

use std::process::Stdio;
use std::time::Duration;

use genai_batch_emulator::Operation;
use snapbox::{assert_data_eq, str};

use crate::support::{Folder, emulator, rows, table, to};

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
    let ran = run(&[]).await;
    // Without a terminal there are lines in the place of bars.
    assert_data_eq!(
        ran.jobs.concat(),
        str![[r#"
job 2 was made: batches/[..]
job 2 has ended: JOB_STATE_SUCCEEDED

"#]]
    );
    ran.went_well();
    assert_eq!(rows(&folder.path("out.csv")).len(), 51);
    let asked: usize = emulator.jobs().iter().map(|job| job.request_count).sum();
    assert_eq!(asked, 50);
}

/// Working on a prompt: a trial, another prompt, and the trial again.
#[tokio::test(flavor = "multi_thread")]
async fn a_trial_of_another_prompt_asks_as_many_rows_again() {
    let (folder, emulator) = (Folder::with("t.csv", table(40)), emulator().await);
    let run = async |prompt: &str, more: &[&str]| {
        let arguments = [
            "t.csv", "--out", "out.csv", "--first", "5", "--prompt", prompt,
        ];
        folder
            .run_against(&emulator, &[&arguments, more].concat())
            .await
    };
    run("Say {{ text }}", &[]).await.failed_with(6);
    let told = run("Shout {{ text }}", &[]).await.failed_with(2);
    assert!(
        told.starts_with("error: 5 rows of out.csv.run would be asked anew"),
        "{told}"
    );
    let told = run("Shout {{ text }}", &["--ask-anew"]).await;
    assert!(
        told.out.starts_with("40 rows: 5 answers, 0 failed"),
        "{}",
        told.out
    );
    assert_eq!(rows(&folder.path("out.csv")).len(), 6);
    let asked: usize = emulator.jobs().iter().map(|job| job.request_count).sum();
    assert_eq!(asked, 10);
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
error: stopped by --budget: 50 of 50 rows have no outcome yet; $0.00 is spent
  0.00 USD of the budget of 0.0000001 USD is spent, and the next request may cost 0.000323 USD
  to go on, give the same command with a higher --budget

"#]]
    );
    assert_eq!(emulator.jobs().len(), 0);
    run(&["--budget", "5"]).await.went_well();

    let told = run(&["--budget", "0"]).await.failed_with(2);
    assert!(told.contains("more than 0"), "{told}");

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
async fn nothing_is_said_to_be_at_a_service_that_was_not_reached() {
    use std::io::{BufRead, BufReader};
    let folder = Folder::with("t.csv", table(50));
    let mut command = folder.command(&ARGUMENTS);
    // Nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", port.local_addr().unwrap());
    drop(port);
    command
        .env("GEMINI_API_KEY", "any-key")
        .env("GOOGLE_GEMINI_BASE_URL", address)
        .args(["--poll-interval", "20ms"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = tokio::task::spawn_blocking(move || {
        let mut child = child;
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told = Vec::new();
        for line in lines.by_ref() {
            told.push(line.unwrap());
            if told.last().unwrap().contains("job 1 ") {
                break;
            }
        }
        let id = child.id().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-INT", &id])
            .status();
        assert!(kill.unwrap().success());
        told.extend(lines.map(Result::unwrap));
        assert_eq!(child.wait().unwrap().code(), Some(130));
        told.join("\n")
    });
    let told = told.await.unwrap();
    assert!(
        told.contains("job 1 is held up, since the service was not reached"),
        "{told}"
    );
    assert!(!told.contains("refused, and will"), "{told}");
    assert!(
        told.contains(
            "interrupted: 0 of 50 requests have their outcome; none is known to be in a job"
        ),
        "{told}"
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
        tokio::time::sleep(Duration::from_millis(5)).await;
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
    let told = String::from_utf8(ended.stderr).unwrap();
    // The response of the create may have been on its way.
    let is_there = "; 50 are in jobs that go on at the service\n";
    let may_be = ", 50 may be, which the same command finds out\n";
    assert!(
        told.contains("error: interrupted: 0 of 50 requests have their outcome; ")
            && (told.contains(is_there) || told.contains(may_be))
            && told.ends_with("\n  to go on, give the same command again\n"),
        "{told}"
    );
    assert_eq!(ended.status.code(), Some(130));
    assert_eq!(folder.names(), ["out.csv.run", "t.csv"]);

    emulator.clock().resume();
    folder.run_against(&emulator, &ARGUMENTS).await.went_well();
    assert_eq!(emulator.jobs().len(), 1);
    assert_eq!(rows(&folder.path("out.csv")).len(), 51);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_leaves_what_has_not_ended_to_the_next_call() {
    let (folder, emulator) = (Folder::with("t.csv", table(50)), emulator().await);
    let trial = [&ARGUMENTS[..], &["--first", "20"]].concat();
    folder.run_against(&emulator, &trial).await.failed_with(6);
    // The next job would go on for ever.
    emulator.clock().pause();
    let mut command = folder.command(&ARGUMENTS);
    to(&mut command, &emulator);
    command.args(["--deadline", "300ms"]);
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
    let (out, told) = (
        String::from_utf8(ended.stdout).unwrap(),
        String::from_utf8(ended.stderr).unwrap(),
    );
    assert_eq!(ended.status.code(), Some(6), "{out}{told}");
    assert!(
        out.starts_with("50 rows: 20 answers, 0 failed, 30 without an outcome yet\n"),
        "{out}"
    );
    assert!(
        told.ends_with(
            "error: stopped by --deadline: 30 of 50 rows have no outcome yet\n  to go on, give the \
             same command with a later --deadline\n"
        ),
        "{told}"
    );
    assert_eq!(rows(&folder.path("out.csv")).len(), 21);

    folder.run_against(&emulator, &ARGUMENTS).await.went_well();
    assert_eq!(rows(&folder.path("out.csv")).len(), 51);
}
