//! What newcomers write first: what of it compiles, and what the compiler says where it does not.
//!
//! Each file in `cases/` begins with lines `//~ …`, texts that the compiler's message has; one without
//! any compiles. They are compiled as they stand, against the library that this test was built with.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The library, the newest of those that stand beside this test.
fn library(folder: &Path) -> PathBuf {
    let libraries = fs::read_dir(folder).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name()?.to_str()?;
        let is_one = name.starts_with("libgenai_batch-") && name.ends_with(".rlib");
        let changed = fs::metadata(&path).and_then(|of| of.modified());
        is_one.then(|| (changed.unwrap_or(SystemTime::UNIX_EPOCH), path))
    });
    libraries.max().expect("the library was built").1
}

/// What the compiler says of a file, and whether it compiles.
fn compile(case: &Path, out: &Path) -> (bool, String) {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
        ])
        .arg("--out-dir")
        .arg(out)
        .arg("-L")
        .arg(format!("dependency={}", folder.display()))
        .arg("--extern")
        .arg(format!("genai_batch={}", library(folder).display()))
        .arg(case)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}

#[test]
fn newcomers_are_told_the_way_out() {
    let out = tempfile::tempdir().unwrap();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/cases");
    let mut seen = 0;
    for entry in fs::read_dir(cases).unwrap() {
        let case = entry.unwrap().path();
        let text = fs::read_to_string(&case).unwrap();
        let wanted: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("//~ "))
            .collect();
        let (compiles, said) = compile(&case, out.path());
        assert_eq!(compiles, wanted.is_empty(), "{}: {said}", case.display());
        for wanted in wanted {
            assert!(
                said.contains(wanted),
                "{}: {wanted:?} is not in\n{said}",
                case.display()
            );
        }
        seen += 1;
    }
    assert!(seen >= 4, "{seen} cases");
}
