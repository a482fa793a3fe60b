//! What of a run goes on at the service when the run is left, and costs.

use futures_util::TryStreamExt;
use genai_batch::runs::Run;

use crate::exit::Result;
use crate::show::counted::{counted, grouped};

/// How many jobs are named.
const NAMED: usize = 5;

/// What of a run goes on at the service, as far as its file tells.
#[derive(Debug, Default)]
pub(crate) struct AtService {
    /// How many requests are in jobs that are known to be there.
    there: u64,
    /// How many may be.
    unclear: u64,
    /// How many jobs have not ended, and the names of the first.
    pub(crate) jobs: u64,
    names: Vec<String>,
}

impl AtService {
    /// Reads it from the file of a run.
    pub(crate) async fn of(run: &Run) -> Result<Self> {
        let mut found = Self::default();
        let mut jobs = run.jobs();
        while let Some(job) = jobs.try_next().await? {
            let open = job
                .requests
                .saturating_sub(job.responses + job.errors + job.missing);
            match &*job.state {
                "active" => {
                    found.there += open;
                    found.jobs += 1;
                    if found.names.len() < NAMED {
                        found.names.extend(job.name);
                    }
                }
                "ended" => found.there += open,
                "sending" | "looking" => found.unclear += open,
                _ => {}
            }
        }
        Ok(found)
    }

    /// How many requests these are, in words.
    pub(super) fn requests(&self) -> String {
        let mut told = match self.there {
            0 => "none is known to be in a job at the service".to_owned(),
            1 => "1 is in a job that goes on at the service".to_owned(),
            more => format!("{} are in jobs that go on at the service", grouped(more)),
        };
        if self.unclear > 0 {
            told.push_str(&format!(
                ", {} may be, which the same command finds out",
                grouped(self.unclear)
            ));
        }
        told
    }

    /// Which jobs go on, each of the first by its name; `None` if there is none. It is told where a limit
    /// was to end them.
    pub(crate) fn jobs_in_words(&self) -> Option<String> {
        if self.jobs == 0 && self.unclear == 0 {
            return None;
        }
        let mut told = Vec::new();
        if self.jobs > 0 {
            let more = match self.jobs > self.names.len() as u64 {
                true => ", …",
                false => "",
            };
            told.push(format!(
                "{} at the service, and what is done there is paid for: {}{more}",
                match self.jobs {
                    1 => "1 job goes on".to_owned(),
                    jobs => format!("{} go on", counted(jobs, "job")),
                },
                self.names.join(", ")
            ));
        }
        if self.unclear > 0 {
            told.push(format!(
                "{} may be at the service or not, which the next call finds out",
                counted(self.unclear, "request")
            ));
        }
        Some(told.join("\n  "))
    }
}
