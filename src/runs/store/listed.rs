//! Jobs as they are shown.

use rusqlite::{Connection, Result};

/// How many jobs are listed at once.
const PAGE: i64 = 200;

/// A job as it is shown.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) id: i64,
    pub(crate) generation: i64,
    pub(crate) state: String,
    pub(crate) name: Option<String>,
    pub(crate) service_state: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) adopted: bool,
    /// Requests, responses, errors, missing ones, those for the next generation, tokens in and out.
    pub(crate) counts: [i64; 7],
    pub(crate) cut_time: i64,
    /// When it was sent, created, ended and read.
    pub(crate) times: [Option<i64>; 4],
}

/// Some jobs after the one of this number; none at the end.
pub(crate) fn after(connection: &Connection, number: i64) -> Result<Vec<Listed>> {
    let sql = "SELECT id, generation, state, name, service_state, error, adopted,
        requests, responses, errors, missing, retried, input_tokens, output_tokens,
        cut_time, sent_time, created_time, ended_time, read_time
        FROM jobs WHERE id > ? ORDER BY id LIMIT ?";
    let mut select = connection.prepare_cached(sql)?;
    let jobs = select.query_map([number, PAGE], |row| {
        let mut counts = [0; 7];
        for (at, count) in counts.iter_mut().enumerate() {
            *count = row.get(7 + at)?;
        }
        let mut times = [None; 4];
        for (at, time) in times.iter_mut().enumerate() {
            *time = row.get(15 + at)?;
        }
        Ok(Listed {
            id: row.get(0)?,
            generation: row.get(1)?,
            state: row.get(2)?,
            name: row.get(3)?,
            service_state: row.get(4)?,
            error: row.get(5)?,
            adopted: row.get(6)?,
            counts,
            cut_time: row.get(14)?,
            times,
        })
    })?;
    jobs.collect()
}
