//! Jobs that another program made, in the file: which requests they have shows as they are read.

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::jobs::Job;
use super::outcomes::{self, Became, Kind};
use super::text::Text;
use super::{events, requests, settings};

/// The place of requests that no input has: after those that one has.
const AFTER_ALL: i64 = i64::MAX;

/// Notes a job of this name, with so many requests by the service's count; `false` if it is there
/// already.
pub(crate) fn add(connection: &mut Connection, name: &str, requests: i64) -> Result<bool> {
    let step = connection.transaction()?;
    let sql = "INSERT OR IGNORE INTO jobs
        (generation, state, name, requests, bytes, tokens, cut_time, created_time, adopted)
        VALUES (1, 'active', ?, ?, 0, 0, ?3, ?3, 1)";
    let added = step.execute(sql, params![name, requests, events::now()])? > 0;
    if added {
        let job = step.last_insert_rowid();
        events::note(&step, "adopted", Some(job), Some(name))?;
    }
    step.commit()?;
    Ok(added)
}

/// Keeps what became of some requests of such a job: of those that the run has and that were in no job
/// yet, under their keys, and of those that it does not have as requests without a body. What is worth
/// another attempt is left to the run where it has the request, and is the outcome where it has not.
pub(crate) fn keep(connection: &mut Connection, job: &Job, rows: &[Became]) -> Result<()> {
    let step = connection.transaction()?;
    let cut_to = settings::number(&step, "cut_to")?;
    for row in rows {
        let sql = "SELECT id, same_as IS NULL FROM requests WHERE key = ? AND replaced = 0";
        let mut read = step.prepare_cached(sql)?;
        let found = read.query_row([&row.key], |row| Ok((row.get(0)?, row.get(1)?)));
        let (known, is_uncut): (Option<i64>, bool) = found.optional()?.unwrap_or_default();
        let request = match known {
            Some(_) if !row.is_final => continue,
            // The run asks it itself, or has its outcome.
            Some(id) if id <= cut_to => continue,
            Some(id) => {
                requests::fewer_uncut(&step, i64::from(is_uncut))?;
                id
            }
            None => add_request(&step, &row.key)?,
        };
        keep_outcome(&step, job, request, row)?;
    }
    step.commit()
}

/// A request of which only the key is known.
fn add_request(connection: &Connection, key: &Text) -> Result<i64> {
    let sql = "INSERT INTO requests (place, key, digest, bytes, tokens)
        VALUES (?, ?, zeroblob(16), 0, 0)";
    connection
        .prepare_cached(sql)?
        .execute(params![AFTER_ALL, key])?;
    Ok(connection.last_insert_rowid())
}

fn keep_outcome(connection: &Connection, job: &Job, request: i64, row: &Became) -> Result<()> {
    if !outcomes::insert(connection, job, request, row)? {
        return Ok(());
    }
    // It stands for itself: no job is cut of it.
    let sql = "UPDATE requests SET same_as = id WHERE id = ?";
    connection.prepare_cached(sql)?.execute([request])?;
    let sql = "UPDATE jobs SET responses = responses + ?, errors = errors + ?,
        input_tokens = CAST(input_tokens + ? AS INTEGER),
        output_tokens = CAST(output_tokens + ? AS INTEGER) WHERE id = ?";
    let (responses, errors) = match row.kind {
        Kind::Response => (1, 0),
        Kind::Error | Kind::Missing => (0, 1),
    };
    let values = params![
        responses,
        errors,
        row.input_tokens,
        row.output_tokens,
        job.id
    ];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}
