//! The newest versions in the registries, by their ordinary clients.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The newest version on PyPI; among releases, unless there are none.
pub(super) fn newest_on_pypi(python: &Path, package: &str) -> Result<String> {
    let pip = |more: &[&str]| {
        let mut command = Command::new(python);
        command.args(["-m", "pip", "index", "versions", package]);
        command.args(more);
        command
    };
    let printed = printed(pip(&[])).or_else(|_| printed(pip(&["--pre"])))?;
    version_of_pip(&printed).with_context(|| format!("pip says no version of {package}"))
}

/// The newest version on npm.
pub(super) fn newest_on_npm(package: &str) -> Result<String> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(npm);
    command.args(["view", package, "version"]);
    let printed = printed(command)?;
    Ok(printed.trim().to_owned())
}

fn printed(mut command: Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("could not run {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        said.trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// `name (1.2.3)` stands in the first line.
fn version_of_pip(printed: &str) -> Option<String> {
    let (_, rest) = printed.lines().next()?.rsplit_once('(')?;
    Some(rest.strip_suffix(')')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_pip_prints() {
        let printed = "google-genai (3.6.1)\nAvailable versions: 3.6.1, 3.6.0\n";
        assert_eq!(version_of_pip(printed).as_deref(), Some("3.6.1"));
        assert_eq!(version_of_pip("ERROR"), None);
    }
}
