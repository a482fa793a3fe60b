//! Calling Cargo for something else than what is running, and finding what it built.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The root of the workspace, wherever the command was called from. Cargo tells
/// at run time: a binary in a shared target directory may stem from another copy.
pub(crate) fn workspace() -> PathBuf {
    let xtask = env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(xtask).join("..")
}

/// The Cargo that runs this, at the root of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(workspace());
    command
}

/// Builds with these arguments, and finds the binary of that name; Cargo knows best where it
/// then is.
pub(crate) fn build(arguments: &[&str], name: &str) -> Result<PathBuf> {
    let output = cargo()
        .args(arguments)
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "building {name} failed");
    executable(&String::from_utf8(output.stdout)?, name)
        .with_context(|| format!("{name} has no binary of that name"))
}

/// Finds a binary among Cargo's messages, one JSON object a line.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_binary_in_cargos_messages() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"emulator"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"emulator"},"executable":"/t/debug/e"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages, "emulator"), Some("/t/debug/e".into()));
        assert_eq!(executable("", "emulator"), None);
    }
}
