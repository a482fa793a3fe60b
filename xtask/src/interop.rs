//! `cargo xtask interop`: Google's own Python SDK against the emulator. If the
//! SDK can use it unchanged, the emulator tells the truth, and so do the tests
//! that rely on it.

use std::fs;
use std::path::{self, Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{cargo, workspace};

const EMULATOR: &str = "genai-batch-emulator";
const TESTS: &str = "tests/interop";

/// Options of `cargo xtask interop`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Where the Python environment is, or is to be made; target/interop-venv of
    /// this workspace by default.
    #[arg(long, value_name = "DIR")]
    venv: Option<PathBuf>,
    /// The Python to make it with.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// What follows `--` goes to pytest.
    #[arg(last = true)]
    pytest: Vec<String>,
}

/// Prepares Python and the emulator, and answers with pytest's exit code.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let venv = match &options.venv {
        Some(venv) => path::absolute(venv)?,
        None => workspace().join("target/interop-venv"),
    };
    let python = prepare(&options.python, &venv)?;
    let emulator = cargo::build(&["build", "-p", EMULATOR], EMULATOR)?;
    let status = Command::new(python)
        .current_dir(workspace())
        .args(["-m", "pytest", TESTS, "-q", "-p", "no:cacheprovider"])
        .args(&options.pytest)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("GENAI_BATCH_EMULATOR_BIN", emulator)
        .status()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Makes the environment and installs into it, unless the requirements are the
/// ones that it was last made with.
fn prepare(python: &Path, venv: &Path) -> Result<PathBuf> {
    let wanted = workspace().join(TESTS).join("requirements.txt");
    let requirements = fs::read_to_string(&wanted)
        .with_context(|| format!("could not read {}", wanted.display()))?;
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let own_python = venv.join(bin).join("python");
    let installed = venv.join("installed-requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == requirements) {
        return Ok(own_python);
    }
    succeed(Command::new(python).args(["-m", "venv"]).arg(venv))?;
    succeed(
        Command::new(&own_python)
            .args(["-m", "pip", "install", "-q", "-r"])
            .arg(&wanted),
    )?;
    fs::write(&installed, requirements)?;
    Ok(own_python)
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("could not run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed with {status}");
    Ok(())
}
