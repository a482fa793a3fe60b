//! A job as it is written down, and read back after the process has ended.

use std::io;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::job::{Job, JobSettings, NewJob, Output, State, Work};
use super::kind::Kind;
use super::life::{Phase, Schedule};
use super::output::Counts;
use super::rows::Requests;
use crate::faults::JobFaults;
use crate::model::RowFailure;
use crate::state::{self, KeptAt, Loading};

/// A job as it stands.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct JobRecord {
    serial: u64,
    id: String,
    kind: Kind,
    model: String,
    display_name: Option<String>,
    priority: i64,
    updated: DateTime<Utc>,
    webhook_config: Option<Value>,
    input_file: Option<String>,
    tokens: u64,
    request_count: usize,
    schedule: Schedule,
    faults: JobFaults,
    cancelled: Option<Phase>,
    told: bool,
    work: WorkRecord,
}

#[derive(Debug, Deserialize, Serialize)]
enum WorkRecord {
    /// What was asked, to be answered again.
    Asked(Option<KeptAt>),
    Unusable(RowFailure),
    /// The `inlinedResponses` message.
    Inline(Option<KeptAt>, Counts),
    File(String, Counts),
}

impl Job {
    /// Writes down how it stands, while nobody changes it.
    pub(super) fn note(&self, state: &State) {
        if !state.deleted {
            let record = || self.record(state);
            self.keeper.put(state::Kind::GeminiJob, &self.id, record);
        }
    }

    fn record(&self, state: &State) -> JobRecord {
        let at = state.kept.at();
        JobRecord {
            serial: self.serial,
            id: self.id.clone(),
            kind: self.kind,
            model: self.model.clone(),
            display_name: state.settings.display_name.clone(),
            priority: state.settings.priority,
            updated: state.settings.updated,
            webhook_config: self.webhook_config.clone(),
            input_file: self.input_file.clone(),
            tokens: self.tokens,
            request_count: self.request_count,
            schedule: self.schedule,
            faults: self.faults.clone(),
            cancelled: state.cancelled,
            told: state.told,
            work: match &state.work {
                Work::Answering | Work::Answered(_) => WorkRecord::Asked(at),
                Work::Unusable(failure) => WorkRecord::Unusable(failure.clone()),
                Work::Finished { output, counts } => match &**output {
                    Output::Inline(_) => WorkRecord::Inline(at, *counts),
                    Output::File(name) => WorkRecord::File(name.clone(), *counts),
                },
            },
        }
    }

    /// The job of a record, and its requests where they are to be answered again.
    pub(super) fn of_record(
        record: JobRecord,
        loading: &mut Loading,
        keeper: state::State,
    ) -> io::Result<(Self, Option<Requests>)> {
        let mut content = |at: Option<KeptAt>| match at {
            Some(at) => loading.content(&at),
            None => Err(io::Error::other("a job without its requests")),
        };
        let (work, kept, requests) = match record.work {
            WorkRecord::Asked(at) => {
                let (kept, content) = content(at)?;
                let requests = match record.input_file {
                    Some(_) => Requests::Lines(content),
                    None => Requests::Inline(serde_json::from_slice(&content)?),
                };
                (Work::Answering, kept, Some(requests))
            }
            WorkRecord::Unusable(failure) => (Work::Unusable(failure), Default::default(), None),
            WorkRecord::Inline(at, counts) => {
                let (kept, content) = content(at)?;
                let responses: Box<RawValue> = serde_json::from_slice(&content)?;
                let output = Arc::new(Output::Inline(responses));
                (Work::Finished { output, counts }, kept, None)
            }
            WorkRecord::File(name, counts) => {
                let output = Arc::new(Output::File(name));
                (Work::Finished { output, counts }, Default::default(), None)
            }
        };
        let new = NewJob {
            id: record.id,
            kind: record.kind,
            model: record.model,
            display_name: None,
            priority: 0,
            webhook_config: record.webhook_config,
            input_file: record.input_file,
            tokens: record.tokens,
            kept,
        };
        let job = Self::new(
            new,
            record.serial,
            record.schedule,
            record.request_count,
            record.faults,
            keeper,
        );
        let settings = JobSettings {
            display_name: record.display_name,
            priority: record.priority,
            updated: record.updated,
        };
        job.restore(settings, record.cancelled, record.told, work);
        Ok((job, requests))
    }
}
