//! A job as it is written down, and read back after the process has ended.

use std::io;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::{Input, Piece};
use super::job::{Job, NewJob, State, Work};
use super::life::Schedule;
use super::output::{Counts, Output};
use crate::bigquery::Row;
use crate::faults::JobFaults;
use crate::lines::lines;
use crate::model::RowFailure;
use crate::state::{self, Kept, KeptAt, Kind, Loading};

/// A job as it stands.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct JobRecord {
    serial: u64,
    new: NewJob,
    schedule: Schedule,
    faults: JobFaults,
    count: Option<usize>,
    cancelled: Option<DateTime<Utc>>,
    work: WorkRecord,
}

#[derive(Debug, Deserialize, Serialize)]
enum WorkRecord {
    /// What was asked, to be answered again.
    Asked {
        input: Vec<KeptAt>,
        is_table: bool,
    },
    Unusable(RowFailure),
    /// Everything is written.
    Finished {
        counts: Counts,
        info: Value,
    },
}

impl Job {
    /// Writes down how it stands, while nobody changes it.
    pub(super) fn note(&self, state: &State) {
        if !state.deleted {
            let record = || self.record(state);
            self.keeper.put(Kind::VertexJob, &self.name(), record);
        }
    }

    fn record(&self, state: &State) -> JobRecord {
        JobRecord {
            serial: self.serial,
            new: self.new.clone(),
            schedule: self.schedule,
            faults: self.faults.clone(),
            count: self.request_count(),
            cancelled: state.cancelled,
            work: match &state.work {
                Work::Unusable(failure) => WorkRecord::Unusable(failure.clone()),
                Work::Finished(output) if output.writes.is_empty() => WorkRecord::Finished {
                    counts: output.counts,
                    info: output.info.clone(),
                },
                Work::Answering | Work::Answered(_) | Work::Writing | Work::Finished(_) => {
                    WorkRecord::Asked {
                        input: state.kept.iter().filter_map(Kept::at).collect(),
                        is_table: state.is_table,
                    }
                }
            },
        }
    }

    /// The job of a record, and its requests where they are to be answered again.
    pub(super) fn of_record(
        record: JobRecord,
        loading: &mut Loading,
        keeper: state::State,
    ) -> io::Result<(Self, Option<Input>)> {
        let mut state = State {
            cancelled: record.cancelled,
            work: Work::Answering,
            kept: Vec::new(),
            is_table: false,
            deleted: false,
        };
        let mut input = None;
        let count = match record.work {
            WorkRecord::Unusable(failure) => {
                state.work = Work::Unusable(failure);
                record.count
            }
            WorkRecord::Finished { counts, info } => {
                state.work = Work::Finished(Output {
                    counts,
                    info,
                    writes: Vec::new(),
                });
                record.count
            }
            WorkRecord::Asked {
                input: pieces,
                is_table,
            } => {
                let pieces = pieces.iter().map(|at| loading.content(at));
                let pieces: Vec<_> = pieces
                    .map(|loaded| loaded.map(|(kept, content)| Piece { content, kept }))
                    .collect::<Result<_, _>>()?;
                state.kept = pieces.iter().map(|piece| piece.kept.clone()).collect();
                state.is_table = is_table;
                input = Some(match is_table {
                    true => Input::Rows(Arc::new(rows(&pieces)?)),
                    false => Input::Lines(pieces),
                });
                // Whoever answers them counts them.
                None
            }
        };
        let job = Self::new(
            record.new,
            record.serial,
            record.schedule,
            record.faults,
            keeper,
        );
        if let Some(count) = count {
            // It is the first to say so.
            let _ = job.count.set(count);
        }
        job.restore(state);
        Ok((job, input))
    }
}

fn rows(pieces: &[Piece]) -> io::Result<Vec<Row>> {
    let lines = pieces.iter().flat_map(|piece| lines(&piece.content));
    let rows = lines.map(serde_json::from_slice);
    Ok(rows.collect::<Result<_, _>>()?)
}
