//! Cutting jobs of the requests in the file: as many as they may have, of those that were in none yet, or of
//! those that wait for another attempt.

use rusqlite::{Connection, Result, params};

use super::jobs::{Job, State};
use super::requests::{self, Members};
use super::{events, settings};

/// How large a job may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) requests: i64,
    pub(crate) bytes: i64,
    pub(crate) tokens: i64,
    /// What it may cost, where that is limited.
    pub(crate) cost: Option<Cost>,
}

impl Size {
    /// Why there is no job, where the first request of so many tokens was too much for it.
    fn none(&self, too_much: Option<i64>) -> Cut {
        match (too_much, &self.cost) {
            // The first always fits, unless for its cost.
            (Some(tokens), Some(cost)) => Cut::TooDear(cost.of(1, tokens)),
            _ => Cut::Nothing,
        }
    }
}

/// What a job may cost, and what it is estimated to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) most: f64,
    pub(crate) of_token: f64,
    pub(crate) of_request: f64,
}

impl Cost {
    fn of(&self, requests: i64, tokens: i64) -> f64 {
        tokens as f64 * self.of_token + requests as f64 * self.of_request
    }

    fn allows(&self, sum: &Sum) -> bool {
        self.of(sum.requests, sum.tokens) <= self.most
    }
}

/// What came of cutting a job.
#[derive(Debug)]
pub(crate) enum Cut {
    Job(Job),
    /// There are no more requests.
    Nothing,
    /// The next request alone may cost too much: so much.
    TooDear(f64),
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
pub(crate) fn new(connection: &mut Connection, most: Size, mark: &str) -> Result<Cut> {
    let step = connection.transaction()?;
    let after = settings::number(&step, "cut_to")?;
    let (mut sum, mut too_much) = (Sum::default(), None);
    {
        let sql = "SELECT id, bytes, tokens FROM requests
            WHERE id > ? AND same_as IS NULL AND replaced = 0 ORDER BY id";
        let mut select = step.prepare_cached(sql)?;
        let mut rows = select.query([after])?;
        while let Some(row) = rows.next()? {
            let tokens = row.get(2)?;
            if !sum.add((row.get(0)?, row.get(1)?, tokens), &most) {
                too_much = Some(tokens);
                break;
            }
        }
    }
    if sum.requests == 0 {
        return Ok(most.none(too_much));
    }
    let intake = settings::number(&step, "intake")?;
    let range = Some((after + 1, sum.last, intake));
    let job = insert(&step, 1, mark, range, &sum)?;
    settings::set(&step, "cut_to", sum.last)?;
    requests::fewer_uncut(&step, sum.requests)?;
    step.commit()?;
    Ok(Cut::Job(job))
}

/// Cuts a job of requests that wait for another attempt, those of the lowest generation.
pub(crate) fn waiting(connection: &mut Connection, most: Size, mark: &str) -> Result<Cut> {
    let step = connection.transaction()?;
    let sql = "SELECT min(generation) FROM waiting";
    let generation: Option<i64> = step.query_row(sql, [], |row| row.get(0))?;
    let Some(generation) = generation else {
        return Ok(Cut::Nothing);
    };
    let (mut sum, mut too_much) = (Sum::default(), None);
    let mut members = Vec::new();
    {
        let sql =
            "SELECT r.id, r.bytes, r.tokens FROM waiting w JOIN requests r ON r.id = w.request
            WHERE w.generation = ? ORDER BY w.request";
        let mut select = step.prepare_cached(sql)?;
        let mut rows = select.query([generation])?;
        while let Some(row) = rows.next()? {
            let (id, tokens) = (row.get(0)?, row.get(2)?);
            if !sum.add((id, row.get(1)?, tokens), &most) {
                too_much = Some(tokens);
                break;
            }
            members.push(id);
        }
    }
    if members.is_empty() {
        return Ok(most.none(too_much));
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
        part: None,
        requests,
        tokens,
        placed: Vec::new(),
        looked_ms: 0,
        unclear: 0,
        is_stopped: false,
        is_adopted: false,
    })
}

/// What was likely paid for and not told, of jobs that went well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Untold {
    /// Of requests, by estimate.
    pub(crate) tokens: i64,
    /// Those whose responses have tokens that nobody counted.
    pub(crate) requests: i64,
}

/// What jobs came to whose results came to nothing, or do not say what they used. Errors cost nothing.
pub(crate) fn untold(connection: &Connection) -> Result<Untold> {
    let sql = "SELECT
        coalesce(sum(CASE WHEN input_tokens = 0 THEN tokens * paid / requests ELSE 0 END), 0),
        coalesce(sum(CASE WHEN output_tokens = 0 THEN paid ELSE 0 END), 0)
        FROM (SELECT *, max(0, requests - errors
            - (SELECT count(*) FROM attempts WHERE job = jobs.id AND kind = 'error')) AS paid
            FROM jobs WHERE state IN ('read', 'done', 'gone') AND service_state LIKE '%SUCCEEDED'
            AND requests > 0 AND (input_tokens = 0 OR output_tokens = 0))";
    connection.prepare_cached(sql)?.query_row([], |row| {
        Ok(Untold {
            tokens: row.get(0)?,
            requests: row.get(1)?,
        })
    })
}
