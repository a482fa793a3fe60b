//! Cargo, called for what is measured.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The root of the repository, wherever the command was called from. Cargo tells at run time: a
/// binary in a shared target directory may stem from another copy.
pub(crate) fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(here).join("../..")
}

/// The Cargo that runs this, at the root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(root());
    command
}

/// Where a package has its release build, by [`build`].
pub(crate) fn release(folder: &Path, binary: &str) -> PathBuf {
    folder.join("target/release").join(binary)
}

/// Builds what is in a folder.
pub(crate) fn build(folder: &Path) -> Result<()> {
    let mut command = cargo();
    command
        .args(["build", "--release", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        // Named, since the caller's environment may say another.
        .arg("--target-dir")
        .arg(folder.join("target"));
    let status = command
        .status()
        .with_context(|| format!("could not run {command:?}"))?;
    ensure!(status.success(), "building {} failed", folder.display());
    Ok(())
}
