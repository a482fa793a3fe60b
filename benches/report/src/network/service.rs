//! The services behind a line, a process that tells what there is and counts what goes by.

use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::work::Work;

/// What a line is like, and how much there is to be read behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    /// MB a second and connection; 0 for no limit.
    pub(super) rate: f64,
    /// Milliseconds of a round trip.
    pub(super) latency: u64,
    pub(super) megabytes: f64,
    pub(super) is_tls: bool,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tls = if self.is_tls { ", TLS" } else { "" };
        match self.rate {
            0.0 => write!(f, "no limit, {} ms{tls}", self.latency),
            rate => write!(f, "{rate} MB/s, {} ms{tls}", self.latency),
        }
    }
}

pub(super) struct Service {
    child: Child,
    asks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub(super) line: Line,
    certificate: Option<PathBuf>,
    url: String,
    stage: Value,
    stage_text: String,
}

impl Service {
    pub(super) fn start(program: &Path, line: Line, data: &Path) -> Result<Self> {
        let certificate = line.is_tls.then(|| data.join("certificate.pem"));
        let mut command = Command::new(program);
        command
            .args(["--rate", &line.rate.to_string()])
            .args(["--latency", &line.latency.to_string()])
            .args(["--megabytes", &line.megabytes.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(certificate) = &certificate {
            command.arg("--tls").arg(certificate);
        }
        let child = command.spawn();
        let mut child = child.with_context(|| format!("could not run {}", program.display()))?;
        let asks = child.stdin.take();
        let answers = child.stdout.take().context("it has no output")?;
        let mut service = Self {
            child,
            asks,
            answers: BufReader::new(answers),
            line,
            certificate,
            url: String::new(),
            stage: Value::Null,
            stage_text: String::new(),
        };
        let there: Value = serde_json::from_str(&service.answer()?)
            .context("the service does not tell what there is")?;
        service.url = there["url"].as_str().context("it has no URL")?.to_owned();
        service.stage = there["stage"].clone();
        service.stage_text = service.stage.to_string();
        Ok(service)
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// All that there is, as it tells it.
    pub(super) fn stage(&self) -> &str {
        &self.stage_text
    }

    /// The job whose results a work is about.
    pub(super) fn job(&self, work: Work) -> Option<String> {
        Some(self.stage[work.name()]["job"].as_str()?.to_owned())
    }

    pub(super) fn bytes_of(&self, name: &str) -> f64 {
        self.stage[name]["bytes"].as_f64().unwrap_or(0.0)
    }

    /// The variables of clients.
    pub(super) fn env(&self) -> Vec<(&'static str, OsString)> {
        let certificate = self.certificate.iter();
        certificate
            .map(|path| ("SSL_CERT_FILE", path.clone().into_os_string()))
            .collect()
    }

    /// What went by since this was asked last, as `name=value`.
    pub(super) fn counts(&mut self) -> Result<String> {
        let asks = self.asks.as_mut().context("it is not asked any more")?;
        asks.write_all(b"\n")?;
        self.answer()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It ends with its input; one that has ended by itself needs neither.
        drop(self.asks.take());
        let _ = self.child.wait();
    }
}
