//! `--emulator`: a run against the emulator inside the process, which is killed along with it, and goes
//! on with it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/folder.rs"]
mod support;

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use genai_batch_emulator::Emulator;
use support::{Folder, table};

const ROWS: u32 = 150;
/// How many moments are tried.
const MOMENTS: u32 = 5;

fn command(folder: &Folder) -> Command {
    let mut command = folder.program();
    command
        // Nothing of these counts where an emulator answers.
        .env("GEMINI_API_KEY", "not-for-anybody")
        .env("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
        .env("GOOGLE_VERTEX_BASE_URL", "http://127.0.0.1:9")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn start(folder: &Folder, backend: &str) -> Child {
    command(folder)
        .args(["run", "t.csv", "--key", "id", "--prompt", "Say {{ text }}"])
        .args(["--out", "out.csv", "--emulator", "--backend", backend])
        .args(["--job-requests", "50", "--max-jobs", "2"])
        .args(["--poll-interval", "20ms", "--unclear-wait", "2s"])
        .spawn()
        .unwrap()
}

fn finish(folder: &Folder, backend: &str) -> (String, String) {
    let ended = start(folder, backend).wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{told}");
    (folder.read("out.csv"), told)
}

/// How many requests the jobs have that the emulator knows.
fn asked(folder: &Folder) -> usize {
    let state = folder.path("out.csv.run.emulator");
    let emulator = Emulator::builder().state(state).start_blocking().unwrap();
    let of_gemini = emulator.jobs().into_iter().map(|job| job.request_count);
    let jobs = emulator.vertex_jobs();
    let of_vertex = jobs.into_iter().filter_map(|job| job.request_count);
    of_gemini.chain(of_vertex).sum()
}

/// Kills it at moments spread over the time that it takes, and repeats it.
fn killed_and_repeated(backend: &str) {
    let undisturbed = Folder::with("t.csv", table(ROWS));
    let began = Instant::now();
    let (whole, told) = finish(&undisturbed, backend);
    let took = began.elapsed();
    assert_eq!(whole.lines().count(), ROWS as usize + 1);
    assert!(told.contains("not by a model"), "{told}");
    assert!(undisturbed.path("out.csv.run.emulator").is_dir());
    let mut killed = 0;
    for moment in 1..=MOMENTS {
        let folder = Folder::with("t.csv", table(ROWS));
        let mut child = start(&folder, backend);
        std::thread::sleep(took * moment / (MOMENTS + 1));
        if child.try_wait().unwrap().is_none() {
            killed += 1;
        }
        let _ = child.kill();
        child.wait().unwrap();
        let (again, _) = finish(&folder, backend);
        assert_eq!(again, whole, "killed at moment {moment} of {MOMENTS}");
        let asked = asked(&folder);
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

fn call(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = command(folder);
    command
        .stdout(Stdio::piped())
        .args(arguments)
        .args(["--emulator", "--quiet"]);
    command.output().unwrap()
}

#[test]
fn commands_share_a_state_that_is_named() {
    let folder = Folder::new();
    let request = r#"{"key":"a","request":{"contents":[{"parts":[{"text":"What is 1 + 2?"}]}]}}"#;
    folder.write("in.jsonl", format!("{request}\n"));
    let state = ["--emulator-state", "kept"];
    let submit = ["submit", "in.jsonl", "--model", "gemini-2.5-flash"];
    let submitted = call(&folder, &[&submit[..], &state].concat());
    let told = String::from_utf8_lossy(&submitted.stderr);
    assert!(submitted.status.success(), "{told}");
    assert_eq!(told, "");
    let job = String::from_utf8(submitted.stdout).unwrap();
    let job = job.split_whitespace().next().unwrap();
    let watched = call(&folder, &[&["watch", job][..], &state].concat());
    assert!(
        watched.status.success(),
        "{}",
        String::from_utf8_lossy(&watched.stderr)
    );
    let results = call(&folder, &[&["results", job][..], &state].concat());
    let lines = String::from_utf8(results.stdout).unwrap();
    assert!(
        lines.contains("\"key\":\"a\"") && lines.contains("\"3\""),
        "{lines}"
    );
    // Without a name for it, nothing is kept.
    let listed = call(&folder, &["list"]);
    assert!(!String::from_utf8(listed.stdout).unwrap().contains(job));
}

#[test]
fn a_state_that_is_in_use_or_damaged_is_told() {
    let folder = Folder::new();
    let list = ["list", "--emulator-state", "kept"];
    assert!(call(&folder, &list).status.success());
    let lock = fs::File::open(folder.path("kept/lock")).unwrap();
    lock.lock().unwrap();
    let refused = call(&folder, &list);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success());
    assert!(told.contains("another emulator is using kept"), "{told}");
    drop(lock);
    folder.write("kept/emulator.json", "nonsense");
    let refused = call(&folder, &list);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && told.contains("damaged"),
        "{told}"
    );
}

/// The command of a run, with its standard error.
fn run_of(folder: &Folder, more: &[&str]) -> Command {
    let mut run = folder.program();
    run.env_remove("GEMINI_API_KEY")
        .args(["run", "t.csv", "--key", "id", "--prompt", "Say {{ text }}"])
        .args(["--out", "out.csv"])
        .args(more);
    run
}

fn told_by(mut command: Command) -> (Option<i32>, String) {
    let ended = command.output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    (ended.status.code(), told)
}

#[test]
fn a_second_process_is_told_who_drives_the_run() {
    let folder = Folder::with("t.csv", table(3));
    // A job after the other takes long enough for the second to come.
    let one_by_one = ["--emulator", "--job-requests", "1", "--max-jobs", "1"];
    let mut first = run_of(&folder, &one_by_one);
    let mut first = first
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while fs::read_to_string(folder.path("out.csv.run.lock"))
        .unwrap_or_default()
        .is_empty()
    {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let (code, told) = told_by(run_of(&folder, &["--emulator"]));
    assert_eq!(code, Some(1), "{told}");
    let driven = format!(
        "out.csv.run is driven by another: process {}, since",
        first.id()
    );
    assert!(told.contains(&driven), "{told}");
    assert!(told.contains("genai-batch runs show RUN"), "{told}");
    assert!(first.wait().unwrap().success());
}

#[test]
fn an_emulator_and_the_service_do_not_mix() {
    let folder = Folder::with("t.csv", table(1));
    assert_eq!(told_by(run_of(&folder, &["--emulator"])).0, Some(0));
    // There are no credentials either, which is not what is wrong.
    let (code, told) = told_by(run_of(&folder, &[]));
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("was made with --emulator, and it is not given now"),
        "{told}"
    );
    assert!(
        told.contains("\n  add --emulator, as it was made, or"),
        "{told}"
    );

    let (folder, service) = (Folder::with("t.csv", table(1)), Emulator::builder());
    let service = service.job_duration(std::time::Duration::from_millis(20));
    let service = service.start_blocking().unwrap();
    let mut run = run_of(&folder, &["--poll-interval", "20ms"]);
    run.env("GEMINI_API_KEY", "any")
        .env("GOOGLE_GEMINI_BASE_URL", service.base_url());
    assert_eq!(told_by(run).0, Some(0));
    let (code, told) = told_by(run_of(&folder, &["--emulator"]));
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("\n  leave --emulator out, or"), "{told}");
    assert!(!folder.path("out.csv.run.emulator").exists());
}
