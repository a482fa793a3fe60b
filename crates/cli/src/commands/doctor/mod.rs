//! `genai-batch doctor`: whether all is there that a job needs. It shows no secret: of variables that
//! have one, only whether they are set.

mod credentials;
mod reach;
mod variables;

use std::fmt::Display;

use serde::Serialize;

use crate::connect::connect;
use crate::exit::{Failure, Kind, Result};
use crate::global::Global;
use crate::show::note::say;
use crate::show::{Cell, Out, Record, Tone};

/// Tell whether all is there that a job needs.
///
/// It looks at variables, credentials, the service, its clock, and the place for requests. It asks the service for a list of one job, and shows no secret.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  genai-batch doctor
  genai-batch doctor --output json")]
pub(crate) struct Args {}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    /// Good to know, as that a variable is not set.
    Note,
    Warning,
    Error,
}

/// Something that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    detail: String,
    /// What to do about it.
    hint: Option<String>,
    /// How the process ends by it.
    #[serde(skip)]
    kind: Kind,
}

impl Check {
    fn new(name: &'static str, status: Status, detail: impl Display) -> Self {
        Self {
            name,
            status,
            detail: detail.to_string(),
            hint: None,
            kind: Kind::Other,
        }
    }

    fn failed(name: &'static str, kind: Kind, detail: impl Display) -> Self {
        Self {
            kind,
            ..Self::new(name, Status::Error, detail)
        }
    }

    fn hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }
}

impl Record for Check {
    const COLUMNS: &'static [&'static str] = &["what", "status", "detail"];
    const IS_PROSE: bool = true;

    fn cells(&self) -> Vec<Cell> {
        let (word, tone) = match self.status {
            Status::Ok => ("ok", Tone::Good),
            Status::Note => ("-", Tone::Quiet),
            Status::Warning => ("warning", Tone::Warning),
            Status::Error => ("error", Tone::Bad),
        };
        let detail = match &self.hint {
            Some(hint) => format!("{}; {hint}", self.detail),
            None => self.detail.clone(),
        };
        vec![
            Cell::new(self.name),
            Cell::new(word).tone(tone),
            Cell::new(detail),
        ]
    }
}

pub(crate) async fn run(_args: Args, global: &Global) -> Result<()> {
    let checks = look(global).await;
    Out::of(global).records(&checks)?;
    let failed = checks.iter().find(|check| check.status == Status::Error);
    match failed {
        None => {
            say(global, "all is there that a job needs");
            Ok(())
        }
        Some(check) => Err(Failure::new(
            check.kind,
            format_args!("{} is not as it should be", check.name),
        )),
    }
}

async fn look(global: &Global) -> Vec<Check> {
    let env = |name: &str| std::env::var(name).ok().filter(|it| !it.is_empty());
    let mut checks = variables::look(&env);
    let connection = match connect(global, None).await {
        Ok(connection) => connection,
        Err(failure) => {
            checks.push(Check::failed("client", failure.kind(), failure));
            return checks;
        }
    };
    let client = &connection.client;
    checks.push(credentials::client(client));
    checks.push(credentials::kind(client, global, &env));
    checks.extend(reach::look(client).await);
    if connection.is_vertex() {
        checks.push(reach::staging(client, global, &env).await);
    }
    checks
}

/// A variable of the environment, if it is set and not empty.
type Env<'a> = &'a dyn Fn(&str) -> Option<String>;
