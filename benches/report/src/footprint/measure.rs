//! Builds a package from nothing and takes its measure. The folder it is built in
//! is gone afterwards, whatever happens.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use anyhow::{Context, Result, ensure};

use super::subject::Subject;
use crate::cargo::cargo;

/// Linux counts CPU time in hundredths of a second wherever it shows it to programs.
const TICKS_PER_SECOND: u64 = 100;

/// What was found of one subject.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figures {
    /// How many crates are compiled, each version of each once.
    pub(super) crates: usize,
    pub(super) wall: Duration,
    /// Of all processors and all processes of the build; not known but on Linux.
    pub(super) cpu: Option<Duration>,
    /// Of the stripped release build of the program, in bytes.
    pub(super) size: u64,
}

pub(super) fn measure(subject: &Subject) -> Result<Figures> {
    let folder = Folder::new()?;
    subject.write(&folder.0)?;
    run(&folder.0, &["fetch"])?;
    let tree = run(
        &folder.0,
        &[
            "tree",
            "--locked",
            "--edges=normal,build",
            "--prefix=none",
            "--format={p}",
        ],
    )?;
    let (started, before) = (Instant::now(), cpu_of_children());
    run(
        &folder.0,
        &["build", "--quiet", "--locked", "--offline", "--lib"],
    )?;
    let wall = started.elapsed();
    let cpu = cpu_of_children()
        .zip(before)
        .map(|(after, before)| after - before);
    fs::remove_dir_all(folder.target())?;

    let release = ["build", "--quiet", "--locked", "--offline", "--release"];
    run(&folder.0, &release)?;
    let program = folder.target().join("release/footprint");
    let program = program.with_extension(env::consts::EXE_EXTENSION);
    Ok(Figures {
        crates: count_crates(&tree),
        wall,
        cpu,
        size: fs::metadata(program)?.len(),
    })
}

/// Runs Cargo as a user would, without what this workspace sets for its own builds.
fn run(folder: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = cargo();
    command
        .current_dir(folder)
        .args(arguments)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        // What comes by path is compiled as what comes from a registry.
        .env("CARGO_INCREMENTAL", "0")
        .stderr(Stdio::inherit());
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER"] {
        command.env_remove(variable);
    }
    let output = command
        .output()
        .with_context(|| format!("could not run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// Counts what `cargo tree` shows, without the package itself.
fn count_crates(tree: &str) -> usize {
    let mut crates: Vec<_> = tree
        .lines()
        .filter(|line| !line.starts_with("footprint "))
        .map(|line| line.split(" (").next().unwrap_or(line).trim_end())
        .filter(|line| line.contains(" v"))
        .collect();
    crates.sort_unstable();
    crates.dedup();
    crates.len()
}

/// What the processes that this one started and saw end have used of the processors,
/// and those that they started.
fn cpu_of_children() -> Option<Duration> {
    parse_cpu(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// Reads the times of children out of `/proc/self/stat`: its fields 16 and 17.
fn parse_cpu(stat: &str) -> Option<Duration> {
    // The name before may have blanks and parentheses in it.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(13);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis(
        (user + system) * 1000 / TICKS_PER_SECOND,
    ))
}

/// A folder that is removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let path = env::temp_dir().join(format!("genai-batch-footprint-{}", process::id()));
        fs::create_dir(&path).with_context(|| format!("could not make {}", path.display()))?;
        Ok(Self(path))
    }

    fn target(&self) -> PathBuf {
        self.0.join("target")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_of_a_crate_counts_once() {
        let tree = "\
footprint v0.0.0 (/tmp/x)
serde v1.0.229
serde_derive v1.0.229 (proc-macro)
serde v1.0.229 (*)
syn v2.0.119
syn v3.0.9 (*)
genai-batch v0.1.0 (/tmp/y)
[build-dependencies]

serde_derive v1.0.229 (proc-macro) (*)
";
        assert_eq!(count_crates(tree), 5);
    }

    #[test]
    fn the_cpu_time_of_children_is_found_after_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 50 60 700 80 20 0 1 0 99 1 2";
        assert_eq!(parse_cpu(stat), Some(Duration::from_millis(7800)));
        assert_eq!(parse_cpu("42 (x) S 1"), None);
        assert_eq!(parse_cpu(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_tells_the_cpu_time() {
        assert!(cpu_of_children().is_some());
    }
}
