//! Who is measured: this crate, and the other clients as far as the harness has them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::rounds::Entry;
use crate::cargo::{build, release, root};
use crate::machine::output_of;

const DRIVER: &str = "benches/driver";

/// Folders of the harness that have to be built, each with a binary.
const BUILT: [(&str, &str); 4] = [
    ("stub", "stub"),
    ("drivers/raw", "raw"),
    ("drivers/raw", "timeit"),
    ("drivers/gemini-rust", "peer-gemini-rust"),
];

/// A client, by its driver.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) name: &'static str,
    /// The client and what it stands on, with their versions.
    pub(super) version: String,
    command: Vec<OsString>,
    /// Which of the stub's result files it can read.
    pub(super) keys: &'static str,
    pub(super) is_own: bool,
}

impl Client {
    fn new(name: &'static str, version: String, command: &[&Path]) -> Self {
        Self {
            name,
            version,
            command: command.iter().map(OsString::from).collect(),
            keys: "str",
            is_own: false,
        }
    }

    /// One workload of its driver.
    pub(super) fn entry(&self, work: &str, base: &str, arg: &str) -> Entry {
        let mut command = self.command.clone();
        command.extend([work, base, arg].map(OsString::from));
        Entry {
            name: self.name.to_owned(),
            command,
        }
    }
}

/// A copy of the harness, with everything built.
#[derive(Debug)]
pub(super) struct Harness {
    directory: PathBuf,
    /// This crate's stand-in for Cloud Storage.
    pub(super) storage: PathBuf,
    /// This crate first.
    pub(super) clients: Vec<Client>,
}

impl Harness {
    pub(super) fn build(directory: &Path) -> Result<Self> {
        let directory = fs::canonicalize(directory)
            .with_context(|| format!("there is no {}", directory.display()))?;
        for (folder, binary) in BUILT {
            build_missing(&directory.join(folder), binary)?;
        }
        let driver = fs::canonicalize(root().join(DRIVER))?;
        build(&driver)?;
        let own = Client {
            is_own: true,
            ..Client::new(
                "genai-batch",
                own_version()?,
                &[&release(&driver, "genai-batch-driver")],
            )
        };
        let drivers = directory.join("drivers");
        let mut clients = vec![own];
        clients.push(raw(&drivers)?);
        clients.push(gemini_rust(&drivers)?);
        clients.extend(python(&directory));
        clients.extend(node(&drivers));
        let harness = Self {
            storage: release(&driver, "genai-batch-storage"),
            directory,
            clients,
        };
        fs::create_dir_all(harness.data())?;
        Ok(harness)
    }

    pub(super) fn stub(&self) -> PathBuf {
        release(&self.directory.join("stub"), "stub")
    }

    pub(super) fn timeit(&self) -> PathBuf {
        release(&self.directory.join("drivers/raw"), "timeit")
    }

    /// Where files may be left for a while.
    pub(super) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    pub(super) fn own(&self) -> &Client {
        // `build` puts it there.
        &self.clients[0]
    }
}

fn build_missing(folder: &Path, binary: &str) -> Result<()> {
    if release(folder, binary).exists() {
        return Ok(());
    }
    let manifest = folder.join("Cargo.toml");
    ensure!(manifest.exists(), "{} is not the harness", folder.display());
    build(folder)
}

fn own_version() -> Result<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock"))?;
    let version = locked(&lock, "genai-batch").context("the lock lacks the crate itself")?;
    Ok(format!("genai-batch {version}"))
}

fn raw(drivers: &Path) -> Result<Client> {
    let folder = drivers.join("raw");
    let versions = versions(&folder, &["reqwest", "serde_json"])?;
    let binary = release(&folder, "raw");
    Ok(Client::new(
        "raw",
        format!("{versions}, the practical limit"),
        &[&binary],
    ))
}

fn gemini_rust(drivers: &Path) -> Result<Client> {
    let folder = drivers.join("gemini-rust");
    let binary = release(&folder, "peer-gemini-rust");
    Ok(Client {
        // It reads no others.
        keys: "num",
        ..Client::new(
            "gemini-rust",
            versions(&folder, &["gemini-rust"])?,
            &[&binary],
        )
    })
}

/// Google's client for Python, where it is installed.
fn python(directory: &Path) -> Option<Client> {
    let python = directory.join("venv/bin/python");
    let code = "import sys, importlib.metadata as m; \
        print('google-genai', m.version('google-genai'), 'on Python', sys.version.split()[0])";
    let version = output_of(Command::new(&python).args(["-c", code]))?;
    let driver = directory.join("drivers/python/driver.py");
    Some(Client::new("python", version, &[&python, &driver]))
}

/// Google's client for JavaScript, where it is installed.
fn node(drivers: &Path) -> Option<Client> {
    let modules = drivers.join("node/node_modules");
    let package = fs::read_to_string(modules.join("@google/genai/package.json")).ok()?;
    let package: serde_json::Value = serde_json::from_str(&package).ok()?;
    let node = modules.join(".bin/node");
    let version = format!(
        "@google/genai {} on Node {}",
        package["version"].as_str()?,
        output_of(Command::new(&node).arg("--version"))?.trim_start_matches('v')
    );
    let driver = drivers.join("node/driver.mjs");
    Some(Client::new("node", version, &[&node, &driver]))
}

/// Packages that a driver was built with.
fn versions(folder: &Path, packages: &[&str]) -> Result<String> {
    let lock = folder.join("Cargo.lock");
    let text =
        fs::read_to_string(&lock).with_context(|| format!("could not read {}", lock.display()))?;
    let named = packages.iter().map(|package| {
        let version = locked(&text, package);
        let version = version.with_context(|| format!("{} lacks {package}", lock.display()))?;
        Ok(format!("{package} {version}"))
    });
    Ok(named.collect::<Result<Vec<_>>>()?.join(" and "))
}

/// The version of a package in a `Cargo.lock`.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines
        .nth(1)?
        .strip_prefix("version = \"")?
        .strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_the_lock() {
        let lock = "[[package]]\nname = \"a-b\"\nversion = \"2.0.0\"\n\n\
                    [[package]]\nname = \"a\"\nversion = \"1.2.3\"\nsource = \"x\"\n";
        assert_eq!(locked(lock, "a"), Some("1.2.3"));
        assert_eq!(locked(lock, "a-b"), Some("2.0.0"));
        assert_eq!(locked(lock, "b"), None);
    }

    #[test]
    fn a_command_line_ends_with_the_workload() {
        let client = Client::new("python", String::new(), &["py".as_ref(), "d.py".as_ref()]);
        let entry = client.entry("w5", "http://b", "100");
        assert_eq!(entry.command, ["py", "d.py", "w5", "http://b", "100"]);
    }
}
