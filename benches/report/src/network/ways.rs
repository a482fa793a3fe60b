//! Who transfers it, over how many connections.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::service::Service;
use super::work::{self, Work};
use crate::cargo::{build, release, root};
use crate::machine::output_of;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As many connections as the reader is worth.
    Own,
    OwnOver(usize),
    /// Calls and contents on one connection of HTTP/2, with the windows that `reqwest` has by default.
    OwnHttp2,
    PythonAtOnce,
    PythonOneByOne,
}

impl Way {
    pub(super) const PLAIN: &[Self] = &[
        Self::Own,
        Self::OwnOver(8),
        Self::OwnOver(1),
        Self::PythonAtOnce,
        Self::PythonOneByOne,
    ];
    pub(super) const OVER_TLS: &[Self] = &[Self::Own, Self::OwnOver(1), Self::OwnHttp2];
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("genai-batch"),
            Self::OwnOver(1) => f.write_str("genai-batch, `connections(1)`"),
            Self::OwnOver(count) => write!(f, "genai-batch, `connections({count})`"),
            Self::OwnHttp2 => f.write_str("genai-batch on one connection of HTTP/2"),
            Self::PythonAtOnce => f.write_str("Python, eight at once"),
            Self::PythonOneByOne => f.write_str("Python, one by one"),
        }
    }
}

/// What is run, and what it needs.
pub(super) struct Programs {
    pub(super) service: PathBuf,
    transfer: PathBuf,
    python: Option<PathBuf>,
    data: PathBuf,
    pub(super) versions: Vec<String>,
}

impl Programs {
    pub(super) fn build(python: Option<&Path>) -> Result<Self> {
        let net = root().join("benches/net");
        build(&net)?;
        let data = root().join("target/network/data");
        fs::create_dir_all(&data).with_context(|| format!("could not make {}", data.display()))?;
        let mut versions = vec![format!("genai-batch {}", own_version()?)];
        if let Some(python) = python {
            let code = "import sys, importlib.metadata as m; print('google-cloud-storage', \
                        m.version('google-cloud-storage'), 'and google-genai', \
                        m.version('google-genai'), 'on Python', sys.version.split()[0])";
            let told = output_of(Command::new(python).args(["-c", code]));
            versions.push(told.context("the Python lacks what is to be measured")?);
        }
        Ok(Self {
            service: release(&net, "genai-batch-net"),
            transfer: release(&net, "genai-batch-transfer"),
            python: python.map(Path::to_owned),
            data,
            versions,
        })
    }

    /// Where files may be left for a while.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// The command line of a work done this way, if it can be.
    pub(super) fn command(&self, work: Work, way: Way, service: &Service) -> Option<Vec<OsString>> {
        let suffix = match way {
            Way::Own => String::new(),
            Way::OwnOver(count) => format!("@{count}"),
            Way::OwnHttp2 => "@http2".to_owned(),
            Way::PythonAtOnce | Way::PythonOneByOne => return self.python(work, way, service),
        };
        let (verb, arg) = match work {
            // Over how many connections it sends, the client says.
            Work::Send if way != Way::Own => return None,
            Work::Send => ("send", self.sent(service)?),
            Work::Save => ("save", service.job(work)?),
            _ => ("read", service.job(work)?),
        };
        let program = self.transfer.clone().into_os_string();
        let rest = [verb.to_owned(), service.url().to_owned(), arg + &suffix];
        Some(
            [program]
                .into_iter()
                .chain(rest.map(OsString::from))
                .collect(),
        )
    }

    fn python(&self, work: Work, way: Way, service: &Service) -> Option<Vec<OsString>> {
        let how = match (work, way) {
            // The files that it downloads are saved already.
            (Work::Save, _) => return None,
            // It has no way of doing so at once.
            (Work::File, Way::PythonAtOnce) => return None,
            (_, Way::PythonAtOnce) => "at-once",
            _ => "one-by-one",
        };
        let python = self.python.clone()?.into_os_string();
        let script = root().join("benches/net/transfer.py").into_os_string();
        let rest = [work.name(), how, service.url(), service.stage()].map(OsString::from);
        let mut command: Vec<_> = [python, script].into_iter().chain(rest).collect();
        if work == Work::Send {
            command.push(self.sent(service)?.into());
        }
        Some(command)
    }

    /// A file to be sent, which takes no room on the disk.
    fn sent(&self, service: &Service) -> Option<String> {
        let path = self.data.join("sent.pdf");
        let size = work::sent(&service.line) * 1e6;
        File::create(&path).ok()?.set_len(size as u64).ok()?;
        path.to_str().map(str::to_owned)
    }
}

fn own_version() -> Result<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let package = manifest.split_once("[package]").map(|(_, rest)| rest);
    let version = package.and_then(|rest| rest.split_once("version = \""));
    let version = version.and_then(|(_, rest)| rest.split_once('"'));
    version
        .map(|(version, _)| version.to_owned())
        .context("the crate has no version")
}
