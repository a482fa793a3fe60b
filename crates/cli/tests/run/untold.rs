//! Standard error that cannot be written, as on a full disk: nobody is told, and all is done.
#![cfg(target_os = "linux")]

use std::fs::File;

use crate::support::{Folder, rows, table};

/// How a command ends of which nothing can be told.
fn untold(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String) {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ended = folder.program().args(arguments).stderr(full).output();
    let ended = ended.unwrap();
    (
        ended.status.code(),
        String::from_utf8(ended.stdout).unwrap(),
    )
}

#[test]
fn a_run_goes_on_and_has_its_table() {
    let folder = Folder::with("t.csv", table(3));
    let run = [
        "run",
        "t.csv",
        "--prompt",
        "Say {{ text }}",
        "--out",
        "out.csv",
        "--emulator",
    ];
    let (code, told) = untold(&folder, &run);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("3 rows: 3 answers, 0 failed"), "{told}");
    assert_eq!(rows(&folder.path("out.csv")).len(), 4);
    let export = ["runs", "export", "out.csv.run"];
    let (code, lines) = untold(&folder, &export);
    assert_eq!((code, lines.lines().count()), (Some(0), 3), "{lines}");
}

#[test]
fn a_failure_has_its_code() {
    let folder = Folder::with("t.csv", table(3));
    let calls: [(&[&str], i32); 4] = [
        (&["get", "batches/nope", "--emulator"], 1),
        (&["results", "batches/nope", "--emulator"], 1),
        (&["check", "nofile", "--emulator"], 2),
        (&["run", "--no-such-option"], 2),
    ];
    for (call, expected) in calls {
        let (code, told) = untold(&folder, call);
        // As it is where it can be told.
        assert_eq!(folder.call(call).code, expected, "{call:?}");
        assert_eq!(code, Some(expected), "{call:?}: {told}");
    }
}
