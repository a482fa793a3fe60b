//! `--emulator`: a run against the emulator inside the process, which is killed along with it, and goes
//! on with it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use genai_batch_emulator::Emulator;

const ROWS: u32 = 150;
/// How many moments are tried.
const MOMENTS: u32 = 5;

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_genai-batch"));
    command
        .current_dir(folder)
        // Nothing of these counts where an emulator answers.
        .env("GEMINI_API_KEY", "not-for-anybody")
        .env("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
        .env("GOOGLE_VERTEX_BASE_URL", "http://127.0.0.1:9")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn start(folder: &Path, backend: &str) -> Child {
    command(folder)
        .args(["run", "t.csv", "--key", "id", "--prompt", "Say {{ text }}"])
        .args(["--out", "out.csv", "--emulator", "--backend", backend])
        .args(["--job-requests", "50", "--max-jobs", "2"])
        .args(["--poll-interval", "20ms", "--unclear-wait", "2s"])
        .spawn()
        .unwrap()
}

fn finish(folder: &Path, backend: &str) -> (String, String) {
    let ended = start(folder, backend).wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{told}");
    (fs::read_to_string(folder.join("out.csv")).unwrap(), told)
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let rows = (1..=ROWS).map(|n| format!("row-{n},\"Text, {n}\"\n"));
    let table: String = std::iter::once("id,text\n".to_owned())
        .chain(rows)
        .collect();
    fs::write(folder.path().join("t.csv"), table).unwrap();
    folder
}

/// How many requests the jobs have that the emulator knows.
fn asked(folder: &Path) -> usize {
    let state = folder.join("out.csv.run.emulator");
    let emulator = Emulator::builder().state(state).start_blocking().unwrap();
    let of_gemini = emulator.jobs().into_iter().map(|job| job.request_count);
    let jobs = emulator.vertex_jobs();
    let of_vertex = jobs.into_iter().filter_map(|job| job.request_count);
    of_gemini.chain(of_vertex).sum()
}

/// Kills it at moments spread over the time that it takes, and repeats it.
fn killed_and_repeated(backend: &str) {
    let undisturbed = folder();
    let began = Instant::now();
    let (whole, told) = finish(undisturbed.path(), backend);
    let took = began.elapsed();
    assert_eq!(whole.lines().count(), ROWS as usize + 1);
    assert!(told.contains("not by a model"), "{told}");
    assert!(undisturbed.path().join("out.csv.run.emulator").is_dir());
    let mut killed = 0;
    for moment in 1..=MOMENTS {
        let folder = folder();
        let mut child = start(folder.path(), backend);
        std::thread::sleep(took * moment / (MOMENTS + 1));
        if child.try_wait().unwrap().is_none() {
            killed += 1;
        }
        let _ = child.kill();
        child.wait().unwrap();
        let (again, _) = finish(folder.path(), backend);
        assert_eq!(again, whole, "killed at moment {moment} of {MOMENTS}");
        let asked = asked(folder.path());
        assert_eq!(asked, ROWS as usize, "moment {moment}: asked twice");
    }
    // However fast the machine is, most of them come before the end.
    assert!(killed > 0, "no process was killed");
}

#[test]
fn a_run_of_gemini_goes_on_with_its_emulator() {
    killed_and_repeated("gemini");
}

#[test]
fn a_run_of_vertex_ai_goes_on_with_its_emulator() {
    killed_and_repeated("vertex");
}

fn call(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = command(folder);
    command
        .stdout(Stdio::piped())
        .args(arguments)
        .args(["--emulator", "--quiet"]);
    command.output().unwrap()
}

#[test]
fn commands_share_a_state_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let request = r#"{"key":"a","request":{"contents":[{"parts":[{"text":"What is 1 + 2?"}]}]}}"#;
    fs::write(folder.path().join("in.jsonl"), format!("{request}\n")).unwrap();
    let state = ["--emulator-state", "kept"];
    let submit = ["submit", "in.jsonl", "--model", "gemini-2.5-flash"];
    let submitted = call(folder.path(), &[&submit[..], &state].concat());
    let told = String::from_utf8_lossy(&submitted.stderr);
    assert!(submitted.status.success(), "{told}");
    assert_eq!(told, "");
    let job = String::from_utf8(submitted.stdout).unwrap();
    let job = job.split_whitespace().next().unwrap();
    let watched = call(folder.path(), &[&["watch", job][..], &state].concat());
    assert!(
        watched.status.success(),
        "{}",
        String::from_utf8_lossy(&watched.stderr)
    );
    let results = call(folder.path(), &[&["results", job][..], &state].concat());
    let lines = String::from_utf8(results.stdout).unwrap();
    assert!(
        lines.contains("\"key\":\"a\"") && lines.contains("\"3\""),
        "{lines}"
    );
    // Without a name for it, nothing is kept.
    let listed = call(folder.path(), &["list"]);
    assert!(!String::from_utf8(listed.stdout).unwrap().contains(job));
}

#[test]
fn a_state_that_is_in_use_or_damaged_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let list = ["list", "--emulator-state", "kept"];
    assert!(call(folder.path(), &list).status.success());
    let lock = fs::File::open(folder.path().join("kept/lock")).unwrap();
    lock.lock().unwrap();
    let refused = call(folder.path(), &list);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success());
    assert!(told.contains("another emulator is using kept"), "{told}");
    drop(lock);
    fs::write(folder.path().join("kept/emulator.json"), "nonsense").unwrap();
    let refused = call(folder.path(), &list);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && told.contains("damaged"),
        "{told}"
    );
}
