//! The environment of a part: a Python of its own, and packages of Node where it has some. It is made
//! once, and again when the versions change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::versions::Packages;

/// How it is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Install<'a> {
    /// The Python to make it with.
    pub(super) python: &'a Path,
    /// Whether versions do not matter.
    pub(super) newest: bool,
    /// How long it may take; any time by default.
    pub(super) within: Option<Duration>,
}

/// Where everything is.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) folder: PathBuf,
    pub(super) python: PathBuf,
    /// The folder that has `node_modules`; `None` where nothing of Node is asked for, or where there
    /// is no npm.
    pub(super) node: Option<PathBuf>,
}

/// Makes the environment, unless it is there. Within: why it is not, where that took too long.
pub(super) fn prepare(
    folder: &Path,
    packages: Packages,
    install: &Install<'_>,
) -> Result<Result<Environment, String>> {
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let node = folder.join("node");
    let has_npm = !packages.node.is_empty() && npm().arg("--version").output().is_ok();
    if !packages.node.is_empty() && !has_npm {
        println!("there is no npm: what needs Node is skipped");
    }
    let environment = Environment {
        folder: folder.to_owned(),
        python: folder.join("python").join(bin).join("python"),
        node: has_npm.then(|| node.clone()),
    };
    let (pip, npm_packages) = (
        packages.for_pip(install.newest),
        packages.for_npm(install.newest),
    );
    let wanted = match install.newest {
        true => None,
        false => Some(format!("{pip:?}\n{npm_packages:?}\n{has_npm}\n")),
    };
    let installed = folder.join("installed");
    if wanted.is_some() && fs::read_to_string(&installed).ok() == wanted {
        return Ok(Ok(environment));
    }
    // What was left half made says so no longer.
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("could not remove {}", folder.display()))?;
    }
    fs::create_dir_all(&node)?;
    let mut commands = vec![
        Command::new(install.python),
        Command::new(&environment.python),
    ];
    commands[0].args(["-m", "venv"]).arg(folder.join("python"));
    commands[1].args(["-m", "pip", "install", "-q"]).args(pip);
    if has_npm {
        // A package of its own, or npm would look for one further up.
        fs::write(node.join("package.json"), "{\"private\": true}\n")?;
        let mut command = npm();
        command
            .current_dir(&node)
            .args(["install", "--silent", "--no-audit", "--no-fund"])
            .args(npm_packages);
        commands.push(command);
    }
    let start = Instant::now();
    for mut command in commands {
        let left = install
            .within
            .map(|within| within.saturating_sub(start.elapsed()));
        if !succeeds(&mut command, left)? {
            let within = install.within.unwrap_or_default();
            return Ok(Err(format!("was not installed within {within:?}")));
        }
    }
    println!("installed in {:.0?}", start.elapsed());
    if let Some(wanted) = wanted {
        fs::write(&installed, wanted)?;
    }
    Ok(Ok(environment))
}

fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// Whether a command ends in time; it is stopped where it does not.
fn succeeds(command: &mut Command, within: Option<Duration>) -> Result<bool> {
    let mut child = command
        .spawn()
        .with_context(|| format!("could not run {command:?}"))?;
    let Some(within) = within else {
        let status = child.wait()?;
        ensure!(status.success(), "{command:?} failed with {status}");
        return Ok(true);
    };
    let deadline = Instant::now() + within;
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "{command:?} failed with {status}");
            return Ok(true);
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_takes_too_long_is_stopped() {
        let mut endless = Command::new("sleep");
        endless.arg("600");
        assert!(!succeeds(&mut endless, Some(Duration::ZERO)).unwrap());
        assert!(succeeds(&mut Command::new("true"), None).unwrap());
        let minute = Some(Duration::from_secs(60));
        assert!(succeeds(&mut Command::new("true"), minute).unwrap());
        assert!(succeeds(&mut Command::new("false"), minute).is_err());
    }
}
