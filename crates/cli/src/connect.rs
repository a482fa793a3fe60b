//! The client of a command: of the service that options and environment name, or of an emulator in
//! this process.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use genai_batch::{Backend, Client, ClientBuilder, RetryPolicy};
use genai_batch_emulator::Emulator;

use crate::exit::{DRIVEN, Failure, Kind, Result};
use crate::global::{BackendName, Global};
use crate::show::note::say;
use crate::table::regular;

/// How long a job of the emulator takes: long enough to be seen, short enough to be waited for.
const JOB: Duration = Duration::from_millis(900);
/// Where the emulator's jobs of Vertex AI are, if no option says so.
const PROJECT: &str = "emulator";
const LOCATION: &str = "us-central1";
const STAGING: &str = "gs://emulator-staging/batches";
/// Who calls without credentials, and where such a call ends: at a port of this machine that is kept for
/// nothing.
const NOBODY: &str = "nobody";
const NOWHERE: &str = "http://127.0.0.1:9";

/// A client, and the emulator that it talks to, if it does.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// Serves for as long as this lives.
    pub(crate) emulator: Option<Emulator>,
}

/// Connects as the options and the environment say, to go on with `run`, if it is for one: an emulator
/// keeps its state beside it, if no option says otherwise.
pub(crate) async fn connect(global: &Global, run: Option<&Path>) -> Result<Connection> {
    if global.emulator {
        return emulated(global, run).await;
    }
    let mut builder = Client::builder();
    builder = match global.backend {
        Some(BackendName::Gemini) => builder.gemini(),
        Some(BackendName::Vertex) => builder.vertex(),
        None => builder,
    };
    if let Some(project) = &global.project {
        builder = builder.project(project);
    }
    if let Some(location) = &global.location {
        builder = builder.location(location);
    }
    if let Some(staging) = &global.staging {
        builder = builder.staging(staging);
    }
    Ok(Connection {
        client: builder.build().map_err(without_client)?,
        emulator: None,
    })
}

/// A client for what is only looked at. Where there are no credentials it sends nothing, and is of
/// --backend, or else of the Gemini Developer API.
pub(crate) async fn connect_to_look(global: &Global) -> Result<Connection> {
    match connect(global, None).await {
        Err(failure) if failure.is(Kind::Credentials) => {}
        outcome => return outcome,
    }
    let builder = match global.backend {
        Some(BackendName::Vertex) => Client::builder()
            .vertex()
            .project(global.project.as_deref().unwrap_or(NOBODY))
            .location(global.location.as_deref().unwrap_or(LOCATION))
            .staging(global.staging.as_deref().unwrap_or(STAGING))
            .access_token(NOBODY)
            .storage_base_url(NOWHERE)
            .bigquery_base_url(NOWHERE),
        Some(BackendName::Gemini) | None => Client::builder().gemini().api_key(NOBODY),
    };
    let builder = builder.base_url(NOWHERE).retry_policy(RetryPolicy::none());
    say(
        global,
        "no credentials: what only the service knows is not checked",
    );
    Ok(Connection {
        client: builder.build()?,
        emulator: None,
    })
}

/// Why there is no client: mostly, because it is not said who calls.
fn without_client(error: genai_batch::Error) -> Failure {
    let failure = match error.is_configuration() {
        true => Failure::new(Kind::Credentials, error),
        false => error.into(),
    };
    failure.hint("`genai-batch doctor` tells what is set; --emulator needs no account")
}

/// Where the emulator of a run keeps its state: beside the run.
pub(crate) fn state_of(run: &Path) -> PathBuf {
    let mut name = run.as_os_str().to_owned();
    name.push(".emulator");
    name.into()
}

/// Who drives a run, by what the lock beside it says; the run may be in the making.
fn driver(run: &Path) -> Option<String> {
    let mut lock = regular::follow(run).ok()?.into_os_string();
    lock.push(".lock");
    let said = std::fs::read_to_string(lock).ok()?;
    let said = said.trim();
    said.starts_with("process ").then(|| said.to_owned())
}

/// Starts an emulator, and a client that reaches nothing else, whatever the environment says.
async fn emulated(global: &Global, run: Option<&Path>) -> Result<Connection> {
    let mut builder = Emulator::builder().job_duration(JOB);
    let state = global.emulator_state.clone().or(run.map(state_of));
    if let Some(state) = state {
        builder = builder.state(state);
    }
    let emulator = builder.start().await.map_err(|error| {
        // A state that is named may be in use for another run.
        if error.kind() == ErrorKind::ResourceBusy
            && global.emulator_state.is_none()
            && let Some((run, driver)) = run.and_then(|run| Some((run, driver(run)?)))
        {
            let run = run.display();
            return Failure::new(
                Kind::Other,
                format_args!("{run} is driven by another: {driver}"),
            )
            .hint(DRIVEN);
        }
        let (kind, hint) = match error.kind() {
            ErrorKind::ResourceBusy => (Kind::Other, "wait for the other command to end"),
            ErrorKind::InvalidInput => (Kind::Usage, "--emulator-state names another folder"),
            _ => (Kind::Other, "--emulator-state names another folder"),
        };
        Failure::new(kind, format_args!("the emulator does not start: {error}")).hint(hint)
    })?;
    let client = match global.backend {
        Some(BackendName::Vertex) => vertex(global, &emulator),
        Some(BackendName::Gemini) | None => Client::builder()
            .gemini()
            .api_key("emulator")
            .base_url(emulator.base_url()),
    };
    say(
        global,
        "--emulator: answers are made by rules, not by a model",
    );
    Ok(Connection {
        client: client.build()?,
        emulator: Some(emulator),
    })
}

fn vertex(global: &Global, emulator: &Emulator) -> ClientBuilder {
    let url = emulator.base_url();
    Client::builder()
        .vertex()
        .project(global.project.as_deref().unwrap_or(PROJECT))
        .location(global.location.as_deref().unwrap_or(LOCATION))
        .staging(global.staging.as_deref().unwrap_or(STAGING))
        .access_token(emulator.issue_token())
        .base_url(url)
        .storage_base_url(url)
        .bigquery_base_url(url)
}

impl Connection {
    /// Whether jobs are of Vertex AI.
    pub(crate) fn is_vertex(&self) -> bool {
        self.client.backend() == Backend::Vertex
    }
}
