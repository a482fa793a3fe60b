//! What all measurements share: the harness, how often each client runs, and what they start from.

use std::fs;

use anyhow::{Context, Result};

use super::clients::Harness;
use super::forecast::available;
use super::rounds::{self, Entry, Outcome};
use super::timing::{Sample, Timer};
use crate::server::Server;

#[derive(Debug)]
pub(super) struct Bench {
    pub(super) harness: Harness,
    pub(super) rounds: usize,
}

/// What came of a client at each size.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) points: Vec<(u64, Outcome)>,
}

impl Series {
    /// One for each client, without a point.
    pub(super) fn of_each(harness: &Harness) -> Vec<Self> {
        let empty = |name: &str| Self {
            name: name.to_owned(),
            points: Vec::new(),
        };
        harness
            .clients
            .iter()
            .map(|client| empty(client.name))
            .collect()
    }
}

impl Bench {
    pub(super) fn stub(&self) -> Result<Server> {
        Server::start(&self.harness.stub(), |port| {
            vec!["serve".into(), port.into()]
        })
    }

    /// What these come to, one after another in rounds.
    pub(super) fn measure(
        &self,
        what: &str,
        entries: &[Entry],
        own: &[&str],
    ) -> Result<Vec<Outcome>> {
        eprintln!("{what}");
        let (timeit, temporary) = (self.harness.timeit(), self.harness.data());
        let timer = Timer {
            timeit: &timeit,
            temporary: &temporary,
        };
        rounds::measure(entries, self.rounds, own, |entry| {
            let run = timer.run(&entry.command)?;
            match &run {
                Ok((_, sample)) => eprintln!("  {}: {:.3} s", entry.name, sample.wall),
                Err(why) => eprintln!("  {}: {why}", entry.name),
            }
            Ok(run)
        })
    }

    /// What each client takes that does nothing, in their order.
    pub(super) fn start_up(&self) -> Result<Vec<Outcome>> {
        let stub = self.stub()?;
        let clients = self.harness.clients.iter();
        let entries: Vec<_> = clients.map(|c| c.entry("w0", &stub.base(), "-")).collect();
        self.measure("start-up", &entries, &[])
    }

    /// The memory that is free now.
    pub(super) fn available(&self) -> Result<f64> {
        let path = "/proc/meminfo";
        let meminfo = fs::read_to_string(path).with_context(|| format!("could not read {path}"))?;
        available(&meminfo).with_context(|| format!("{path} does not tell what is available"))
    }
}

/// The sample of what was measured.
pub(super) fn median(outcome: &Outcome) -> Option<Sample> {
    outcome.as_ref().ok().map(|figures| figures.median)
}
