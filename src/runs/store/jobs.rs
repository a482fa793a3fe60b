//! Jobs in the file: each step of their life before and after it is done.
//!
//! ```text
//! cut → sending → active → ended → read → done
//!  ↑       │        ↑
//!  ├───────┤ refused
//!  │       ↓        │
//!  └─── looking ────┘ no clear response: there after all, or not
//! ```

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::events;
use super::requests::Members;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its requests are chosen. What is placed for it is worth nothing yet, and nothing is sent.
    Cut,
    /// Its create is about to be sent, or was as the process ended.
    Sending,
    /// Its create had no clear response: the service may have it.
    Looking,
    /// The service has it.
    Active,
    /// It has ended, and is to be read.
    Ended,
    /// All that it has is in the file; what was placed for it is to be removed.
    Read,
    /// There is nothing left to do.
    Done,
    /// It was never made, or the service no longer knows it: its requests wait for another.
    Gone,
}

impl State {
    /// A state by the name that the statements below write. One that is not known is one in which
    /// nothing is left to do.
    fn of(name: &str) -> Self {
        match name {
            "cut" => Self::Cut,
            "sending" => Self::Sending,
            "looking" => Self::Looking,
            "active" => Self::Active,
            "ended" => Self::Ended,
            "read" => Self::Read,
            "gone" => Self::Gone,
            _ => Self::Done,
        }
    }
}

/// A part of a source that the service holds.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) id: i64,
    /// Its address.
    pub(crate) source: String,
}

/// A job as the file has it.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: i64,
    pub(crate) generation: i64,
    pub(crate) state: State,
    pub(crate) mark: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) members: Members,
    /// The part of the source that it is of, where the service holds that.
    pub(crate) part: Option<Part>,
    pub(crate) requests: i64,
    pub(crate) tokens: i64,
    pub(crate) placed: Vec<String>,
    pub(crate) looked_ms: i64,
    /// How many creates of it in a row had no clear response.
    pub(crate) unclear: i64,
    /// Whether the run itself cancelled it: what it leaves does not count as attempted.
    pub(crate) is_stopped: bool,
    /// Whether another program made it.
    pub(crate) is_adopted: bool,
}

const COLUMNS: &str = "id, generation, state, mark, name, first, last, intake, requests, tokens,
    placed, looked_ms, stopped, adopted, part, (SELECT source FROM parts WHERE id = part), unclear";

fn read(row: &Row<'_>) -> Result<Job> {
    let id = row.get(0)?;
    let state: String = row.get(2)?;
    let placed: Option<String> = row.get(10)?;
    let placed = placed.and_then(|names| serde_json::from_str(&names).ok());
    Ok(Job {
        id,
        generation: row.get(1)?,
        state: State::of(&state),
        mark: row.get(3)?,
        name: row.get(4)?,
        members: match (row.get(5)?, row.get(6)?, row.get(7)?) {
            (Some(first), Some(last), Some(intake)) => Members::Range {
                first,
                last,
                intake,
            },
            _ => Members::List { job: id },
        },
        part: match (row.get(14)?, row.get(15)?) {
            (Some(id), Some(source)) => Some(Part { id, source }),
            _ => None,
        },
        requests: row.get(8)?,
        tokens: row.get(9)?,
        placed: placed.unwrap_or_default(),
        looked_ms: row.get(11)?,
        unclear: row.get(16)?,
        is_stopped: row.get(12)?,
        is_adopted: row.get(13)?,
    })
}

/// The jobs with which something is left to do.
pub(crate) fn live(connection: &Connection) -> Result<Vec<Job>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs WHERE state NOT IN ('done', 'gone')
        OR (state = 'gone' AND placed IS NOT NULL) ORDER BY id"
    );
    let mut select = connection.prepare(&sql)?;
    let jobs = select.query_map([], read)?;
    jobs.collect()
}

/// Something is placed for a job next; with what was placed for it before.
pub(crate) fn placing(connection: &Connection, job: i64, placed: &[String]) -> Result<()> {
    let sql = "UPDATE jobs SET placed = ? WHERE id = ?";
    let values = params![names_of(placed), job];
    connection.execute(sql, values).map(drop)
}

/// Names as the file has them; `None` if there are none.
fn names_of(placed: &[String]) -> Option<String> {
    let names = (!placed.is_empty()).then(|| serde_json::to_string(placed));
    names.and_then(std::result::Result::ok)
}

/// The create of a job is sent next, from what was placed.
pub(crate) fn sending(connection: &mut Connection, job: i64, placed: &[String]) -> Result<()> {
    let step = connection.transaction()?;
    let sql = "UPDATE jobs SET state = 'sending', placed = ?, sent_time = ?, looked_ms = 0
        WHERE id = ?";
    step.execute(sql, params![names_of(placed), events::now(), job])?;
    events::note(&step, "sending", Some(job), None)?;
    step.commit()
}

/// The create of a job was certainly refused, or did not reach the service: nothing was made. The next has
/// another mark, and what was placed and may still be there goes with the job.
pub(crate) fn refused(
    connection: &mut Connection,
    job: i64,
    (mark, placed): (&str, &[String]),
    (kind, why): (&str, &str),
) -> Result<()> {
    let step = connection.transaction()?;
    let sql = "UPDATE jobs SET state = 'cut', mark = ?, placed = ?, error = ? WHERE id = ?";
    step.execute(sql, params![mark, names_of(placed), why, job])?;
    events::note(&step, kind, Some(job), Some(why))?;
    step.commit()
}

/// The create of a job had no clear response: it is looked for, as `detail` says.
pub(crate) fn unclear(
    connection: &mut Connection,
    job: i64,
    why: &str,
    detail: &str,
) -> Result<()> {
    let step = connection.transaction()?;
    let sql = "UPDATE jobs SET state = 'looking', unclear = unclear + 1, error = ? WHERE id = ?";
    step.execute(sql, params![why, job])?;
    events::note(&step, "looking", Some(job), Some(detail))?;
    step.commit()
}

/// What became of a job's create was not known as a process ended: it is looked for, for so long more.
pub(crate) fn look_on(connection: &mut Connection, job: &mut Job, most: Duration) -> Result<()> {
    let step = connection.transaction()?;
    let sql = "UPDATE jobs SET state = 'looking' WHERE id = ? RETURNING sent_time";
    let sent: Option<i64> = step.query_row(sql, [job.id], |row| row.get(0))?;
    let looked = Duration::from_millis(job.looked_ms.unsigned_abs());
    let detail = format!(
        "for {:.0?} more at most, since it is not known what came of its create of {}, and the process \
         ended meanwhile",
        most.saturating_sub(looked),
        events::shown(sent)
    );
    events::note(&step, "looking", Some(job.id), Some(&detail))?;
    step.commit()?;
    job.state = State::Looking;
    Ok(())
}

/// A job was looked for in vain for long enough: its requests are sent anew with another mark, as often as
/// before if that `is_end`. Gives when the first of its creates was sent.
pub(crate) fn lost(
    connection: &mut Connection,
    job: i64,
    (mark, detail): (&str, &str),
    is_end: bool,
) -> Result<String> {
    let step = connection.transaction()?;
    let sql = "UPDATE jobs SET state = 'cut', mark = ?1, looked_ms = 0,
        unclear = CASE WHEN ?2 THEN 0 ELSE unclear END WHERE id = ?3";
    step.execute(sql, params![mark, is_end, job])?;
    events::note(&step, "lost", Some(job), Some(detail))?;
    let first = events::first(&step, "sending", job)?;
    step.commit()?;
    Ok(events::shown(first))
}

/// The service has the job under this name. Where another job has it, nothing is noted, and that one's
/// number given.
pub(crate) fn created(connection: &mut Connection, job: i64, name: &str) -> Result<Option<i64>> {
    let step = connection.transaction()?;
    let sql = "SELECT id FROM jobs WHERE name = ? AND id <> ?";
    let mut read = step.prepare_cached(sql)?;
    let other = read
        .query_row(params![name, job], |row| row.get(0))
        .optional()?;
    drop(read);
    if other.is_some() {
        return Ok(other);
    }
    let sql = "UPDATE jobs SET state = 'active', name = ?, created_time = ?, error = NULL,
        unclear = 0 WHERE id = ?";
    step.execute(sql, params![name, events::now(), job])?;
    events::note(&step, "created", Some(job), Some(name))?;
    step.commit()?;
    Ok(None)
}

/// A job was looked for in vain, for so long in all.
pub(crate) fn looked(connection: &Connection, job: i64, looked_ms: i64) -> Result<()> {
    let sql = "UPDATE jobs SET looked_ms = ? WHERE id = ?";
    connection.execute(sql, params![looked_ms, job]).map(drop)
}

/// What the service says of a job; `odd` tells of a state that is not known here.
pub(crate) fn seen(
    connection: &mut Connection,
    job: i64,
    state: &str,
    odd: Option<&str>,
) -> Result<()> {
    let step = connection.transaction()?;
    let sql = "UPDATE jobs SET service_state = ?1 WHERE id = ?2 AND service_state IS NOT ?1";
    let is_new = step.execute(sql, params![state, job])? > 0;
    if let (true, Some(odd)) = (is_new, odd) {
        events::note(&step, "state", Some(job), Some(odd))?;
    }
    step.commit()
}

/// A job has ended.
pub(crate) fn ended(
    connection: &mut Connection,
    job: i64,
    state: &str,
    error: Option<&str>,
) -> Result<()> {
    let step = connection.transaction()?;
    let sql = "UPDATE jobs SET state = 'ended', service_state = ?, error = ?, ended_time = ?
        WHERE id = ?";
    step.execute(sql, params![state, error, events::now(), job])?;
    events::note(&step, "ended", Some(job), Some(state))?;
    step.commit()
}

/// There is nothing left to do with a job; `left` tells of what could not be removed.
pub(crate) fn done(connection: &mut Connection, job: i64, left: Option<&str>) -> Result<()> {
    let step = connection.transaction()?;
    if left.is_some() {
        events::note(&step, "left", Some(job), left)?;
    }
    let sql =
        "UPDATE jobs SET placed = NULL, state = CASE state WHEN 'gone' THEN 'gone' ELSE 'done' END
        WHERE id = ?";
    step.execute(sql, [job])?;
    step.commit()
}

/// The run cancels a job.
pub(crate) fn stopped(connection: &mut Connection, job: i64) -> Result<()> {
    let step = connection.transaction()?;
    step.execute("UPDATE jobs SET stopped = 1 WHERE id = ?", [job])?;
    events::note(&step, "stopped", Some(job), None)?;
    step.commit()
}

/// How many jobs were cut of new requests.
pub(crate) fn cut_so_far(connection: &Connection) -> Result<i64> {
    let sql = "SELECT count(*) FROM jobs WHERE first IS NOT NULL";
    connection.query_row(sql, [], |row| row.get(0))
}

/// How many requests wait for another attempt; counted up to `most`.
pub(crate) fn waiting(connection: &Connection, most: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM waiting LIMIT ?)";
    connection
        .prepare_cached(sql)?
        .query_row([most], |row| row.get(0))
}
