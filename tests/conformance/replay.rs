//! Runs cases, each in a process whose environment is the case's.
//!
//! The environment of a process cannot be changed safely, so this program starts itself
//! once for every environment that cases have, and reads the differences that each child
//! prints.

use std::collections::BTreeMap;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::case::{self, Case, CaseFile};
use super::fields::Stop;
use super::response::{self, Outcome};
use super::server::Server;
use super::{call, request};

/// The argument that makes this program a child; the files of the cases follow.
pub(crate) const FLAG: &str = "--replay";
/// A path at which there is nothing.
const NO_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/no-credentials.json");
/// How many cases run at once.
const AT_ONCE: usize = 4;
/// How long a case may take, which is milliseconds where nothing is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// The differences of each case, by its name.
pub(crate) type Differences = BTreeMap<String, Vec<String>>;

/// Replays all cases and gives their differences.
pub(crate) fn all(files: &[CaseFile]) -> Result<Differences, String> {
    let mut by_env: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in files {
        by_env.entry(&file.case.env).or_default().push(&file.path);
    }
    let mut differences = Differences::new();
    for (env, paths) in by_env {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut child = Command::new(program);
        child.arg(FLAG).args(paths).stderr(Stdio::inherit());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(would_interfere) {
                child.env_remove(name);
            }
        }
        // What this machine holds of credentials is not for a test to find.
        child.env("GOOGLE_APPLICATION_CREDENTIALS", NO_FILE);
        let output = child.envs(env).output().map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(format!("replaying failed: {}", output.status));
        }
        let found: Differences = serde_json::from_slice(&output.stdout)
            .map_err(|e| format!("replaying printed no differences: {e}"))?;
        differences.extend(found);
    }
    Ok(differences)
}

/// Whether a variable would configure the client, or send its requests elsewhere.
fn would_interfere(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let starts = ["GOOGLE_", "GEMINI_"];
    let ends = ["_PROXY", "_EMULATOR_HOST"];
    starts.iter().any(|start| name.starts_with(start)) || ends.iter().any(|end| name.ends_with(end))
}

/// The child: replays the cases in these files and prints their differences.
pub(crate) fn child(paths: &[String]) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let differences: Differences = runtime.block_on(
        stream::iter(paths)
            .map(|path| replay_file(path.clone()))
            .buffer_unordered(AT_ONCE)
            .collect(),
    );
    println!("{}", serde_json::to_string(&differences).unwrap());
    ExitCode::SUCCESS
}

async fn replay_file(path: String) -> (String, Vec<String>) {
    let case = case::read(path.into()).unwrap().case;
    let id = case.id.clone();
    let run = tokio::spawn(async move { replay(&case).await });
    let differences = match tokio::time::timeout(PATIENCE, run).await {
        Ok(Ok(differences)) => differences,
        Ok(Err(panic)) => vec![format!("failed: {panic}")],
        Err(_) => vec![format!("failed: not done after {PATIENCE:?}")],
    };
    (id, differences)
}

/// Makes the case's call and compares.
async fn replay(case: &Case) -> Vec<String> {
    let server = Server::start(&case.responses).await;
    let result = match call::make(case, &server).await {
        Ok(value) => Ok(value),
        Err(Stop::Error(error)) => Err(error),
        Err(Stop::NotExpressible(why)) => return vec![format!("not expressible: {why}")],
    };
    let sent = server.sent().await;
    let mut found = Vec::new();
    request::compare(&case.expect_request, &sent, &mut found);
    let outcome = Outcome {
        result,
        sent: sent.len(),
    };
    response::compare(case, &outcome, &mut found);
    let url = server.url();
    found
        .iter()
        .map(|line| line.replace(&url, "{{BASE_URL}}"))
        .collect()
}
