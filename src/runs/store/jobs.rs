//! Jobs in the file: how they are cut, and each step of their life before and after it is done.
//!
//! ```text
//! cut → sending → active → ended → read → done
//!  ↑       ├ refused: back to cut
//!  └───────┘
//!          └ no clear response: looked for, then gone, and its requests wait again
//! ```

use rusqlite::{Connection, Result, Row, params};

use super::requests::Members;
use super::{events, settings};

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its requests are chosen. What is placed for it is worth nothing yet, and nothing is sent.
    Cut,
    /// Its create was about to be sent, and there was no clear response yet.
    Sending,
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
            "active" => Self::Active,
            "ended" => Self::Ended,
            "read" => Self::Read,
            "gone" => Self::Gone,
            _ => Self::Done,
        }
    }
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
    pub(crate) requests: i64,
    pub(crate) tokens: i64,
    pub(crate) placed: Vec<String>,
    pub(crate) looked_ms: i64,
    /// Whether the run itself cancelled it: what it leaves does not count as attempted.
    pub(crate) is_stopped: bool,
    /// Whether another program made it.
    pub(crate) is_adopted: bool,
}

const COLUMNS: &str = "id, generation, state, mark, name, first, last, intake, requests, tokens,
    placed, looked_ms, stopped, adopted";

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
        requests: row.get(8)?,
        tokens: row.get(9)?,
        placed: placed.unwrap_or_default(),
        looked_ms: row.get(11)?,
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

/// How large a job may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) requests: i64,
    pub(crate) bytes: i64,
    pub(crate) tokens: i64,
    /// What it may cost, where that is limited.
    pub(crate) cost: Option<Cost>,
}

/// What a job may cost, and what it is estimated to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) most: f64,
    pub(crate) of_token: f64,
    pub(crate) of_request: f64,
}

impl Cost {
    fn allows(&self, sum: &Sum) -> bool {
        let cost = sum.tokens as f64 * self.of_token + sum.requests as f64 * self.of_request;
        cost <= self.most
    }
}

/// What came of cutting a job.
#[derive(Debug)]
pub(crate) enum Cut {
    Job(Job),
    /// There are no more requests.
    Nothing,
    /// The next request alone may cost too much.
    TooDear,
}

/// The sum of some requests.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    requests: i64,
    bytes: i64,
    tokens: i64,
    last: i64,
}

impl Sum {
    /// Adds a request unless that is too much; the first always fits, unless for its cost.
    fn add(&mut self, (id, bytes, tokens): (i64, i64, i64), most: &Size) -> bool {
        let sum = Self {
            requests: self.requests + 1,
            bytes: self.bytes + bytes,
            tokens: self.tokens + tokens,
            last: id,
        };
        let fits =
            sum.requests <= most.requests && sum.bytes <= most.bytes && sum.tokens <= most.tokens;
        let takes = (fits || self.requests == 0) && most.cost.is_none_or(|cost| cost.allows(&sum));
        if takes {
            *self = sum;
        }
        takes
    }
}

/// Cuts a job of requests that were in none yet.
pub(crate) fn cut_new(connection: &mut Connection, most: Size, mark: &str) -> Result<Cut> {
    let step = connection.transaction()?;
    let after = settings::number(&step, "cut_to")?;
    let (mut sum, mut any) = (Sum::default(), false);
    {
        let sql = "SELECT id, bytes, tokens FROM requests
            WHERE id > ? AND same_as IS NULL AND replaced = 0 ORDER BY id";
        let mut select = step.prepare_cached(sql)?;
        let mut rows = select.query([after])?;
        while let Some(row) = rows.next()? {
            any = true;
            if !sum.add((row.get(0)?, row.get(1)?, row.get(2)?), &most) {
                break;
            }
        }
    }
    match (any, sum.requests) {
        (false, _) => return Ok(Cut::Nothing),
        (true, 0) => return Ok(Cut::TooDear),
        _ => {}
    }
    let intake = settings::number(&step, "intake")?;
    let range = Some((after + 1, sum.last, intake));
    let job = insert(&step, 1, mark, range, &sum)?;
    settings::set(&step, "cut_to", sum.last)?;
    step.commit()?;
    Ok(Cut::Job(job))
}

/// Cuts a job of requests that wait for another attempt, those of the lowest generation.
pub(crate) fn cut_waiting(connection: &mut Connection, most: Size, mark: &str) -> Result<Cut> {
    let step = connection.transaction()?;
    let sql = "SELECT min(generation) FROM waiting";
    let generation: Option<i64> = step.query_row(sql, [], |row| row.get(0))?;
    let Some(generation) = generation else {
        return Ok(Cut::Nothing);
    };
    let mut sum = Sum::default();
    let mut members = Vec::new();
    {
        let sql =
            "SELECT r.id, r.bytes, r.tokens FROM waiting w JOIN requests r ON r.id = w.request
            WHERE w.generation = ? ORDER BY w.request";
        let mut select = step.prepare_cached(sql)?;
        let mut rows = select.query([generation])?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if !sum.add((id, row.get(1)?, row.get(2)?), &most) {
                break;
            }
            members.push(id);
        }
    }
    if members.is_empty() {
        return Ok(Cut::TooDear);
    }
    let job = insert(&step, generation, mark, None, &sum)?;
    {
        let mut add =
            step.prepare_cached("INSERT INTO job_requests (job, request) VALUES (?, ?)")?;
        let mut drop = step.prepare_cached("DELETE FROM waiting WHERE request = ?")?;
        for request in members {
            add.execute([job.id, request])?;
            drop.execute([request])?;
        }
    }
    step.commit()?;
    Ok(Cut::Job(job))
}

fn insert(
    connection: &Connection,
    generation: i64,
    mark: &str,
    range: Option<(i64, i64, i64)>,
    sum: &Sum,
) -> Result<Job> {
    let sql = "INSERT INTO jobs
        (generation, state, mark, first, last, intake, requests, bytes, tokens, cut_time)
        VALUES (?, 'cut', ?, ?, ?, ?, ?, ?, ?, ?)";
    let (first, last, intake) = match range {
        Some((first, last, intake)) => (Some(first), Some(last), Some(intake)),
        None => (None, None, None),
    };
    let Sum {
        requests,
        bytes,
        tokens,
        ..
    } = *sum;
    let values = params![
        generation,
        mark,
        first,
        last,
        intake,
        requests,
        bytes,
        tokens,
        events::now()
    ];
    connection.execute(sql, values)?;
    let id = connection.last_insert_rowid();
    events::note(connection, "cut", Some(id), None)?;
    Ok(Job {
        id,
        generation,
        state: State::Cut,
        mark: Some(mark.to_owned()),
        name: None,
        members: match range {
            Some((first, last, intake)) => Members::Range {
                first,
                last,
                intake,
            },
            None => Members::List { job: id },
        },
        requests,
        tokens,
        placed: Vec::new(),
        looked_ms: 0,
        is_stopped: false,
        is_adopted: false,
    })
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

/// The create of a job was certainly refused: nothing was made. The next has another mark, and what was
/// placed and may still be there goes with the job.
pub(crate) fn refused(
    connection: &mut Connection,
    job: i64,
    (mark, placed): (&str, &[String]),
    why: &str,
) -> Result<()> {
    let step = connection.transaction()?;
    let sql = "UPDATE jobs SET state = 'cut', mark = ?, placed = ?, error = ? WHERE id = ?";
    step.execute(sql, params![mark, names_of(placed), why, job])?;
    events::note(&step, "refused", Some(job), Some(why))?;
    step.commit()
}

/// The service has the job under this name.
pub(crate) fn created(connection: &mut Connection, job: i64, name: &str) -> Result<()> {
    let step = connection.transaction()?;
    let sql = "UPDATE jobs SET state = 'active', name = ?, created_time = ?, error = NULL
        WHERE id = ?";
    step.execute(sql, params![name, events::now(), job])?;
    events::note(&step, "created", Some(job), Some(name))?;
    step.commit()
}

/// A job was looked for in vain, for so long in all.
pub(crate) fn looked(connection: &Connection, job: i64, looked_ms: i64, why: &str) -> Result<()> {
    let sql = "UPDATE jobs SET looked_ms = ?, error = ? WHERE id = ?";
    connection
        .execute(sql, params![looked_ms, why, job])
        .map(drop)
}

/// What the service says of a job.
pub(crate) fn seen(connection: &Connection, job: i64, state: &str) -> Result<()> {
    let sql = "UPDATE jobs SET service_state = ?1 WHERE id = ?2 AND service_state IS NOT ?1";
    connection.execute(sql, params![state, job]).map(drop)
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

/// There is nothing left to do with a job.
pub(crate) fn done(connection: &Connection, job: i64) -> Result<()> {
    let sql =
        "UPDATE jobs SET placed = NULL, state = CASE state WHEN 'gone' THEN 'gone' ELSE 'done' END
        WHERE id = ?";
    connection.execute(sql, [job]).map(drop)
}

/// The run cancels a job.
pub(crate) fn stopped(connection: &mut Connection, job: i64) -> Result<()> {
    let step = connection.transaction()?;
    step.execute("UPDATE jobs SET stopped = 1 WHERE id = ?", [job])?;
    events::note(&step, "stopped", Some(job), None)?;
    step.commit()
}

/// How many jobs were cut of new requests, and how many requests are in them.
pub(crate) fn cut_so_far(connection: &Connection) -> Result<(i64, i64)> {
    let sql = "SELECT count(*), coalesce(sum(requests), 0) FROM jobs WHERE first IS NOT NULL";
    connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// How many requests wait for another attempt; counted up to `most`.
pub(crate) fn waiting(connection: &Connection, most: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM waiting LIMIT ?)";
    connection
        .prepare_cached(sql)?
        .query_row([most], |row| row.get(0))
}
