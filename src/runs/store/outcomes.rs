//! What became of requests: outcomes, which are for good, and attempts, after which another follows.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Result, params};

use super::events;
use super::find::Find;
use super::jobs::Job;
use super::text::Text;
use super::{parts, requests};

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Response,
    Error,
    Missing,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Error => "error",
            Self::Missing => "missing",
        }
    }

    pub(crate) fn of(name: &str) -> Self {
        match name {
            "response" => Self::Response,
            "missing" => Self::Missing,
            _ => Self::Error,
        }
    }
}

/// What became of a request in a job.
#[derive(Debug)]
pub(crate) struct Became {
    pub(crate) key: Text,
    pub(crate) kind: Kind,
    pub(crate) code: Option<i64>,
    /// Of an error that no row tells.
    pub(crate) message: Option<String>,
    pub(crate) input_tokens: i64,
    pub(crate) output_tokens: i64,
    /// The row as it came; empty if there is none.
    pub(crate) row: Text,
    /// Whether it is for good.
    pub(crate) is_final: bool,
}

impl Became {
    /// The row, if there is one. It was read, so it is text.
    pub(super) fn row(&self) -> Option<&Text> {
        (!self.row.is_empty()).then_some(&self.row)
    }
}

/// Keeps what became of some requests of a job. What is there already stays: a job may be read again.
pub(crate) fn keep(connection: &mut Connection, job: &Job, rows: &[Became]) -> Result<()> {
    let step = connection.transaction()?;
    let (mut counts, mut retried) = ([0i64; 3], 0i64);
    let (mut input, mut output) = (0i64, 0i64);
    let mut requests = Find::prepare(&step, job.members)?;
    let mut write = Insert::prepare(&step)?;
    for row in rows {
        let Some(request) = requests.find(&row.key)? else {
            continue;
        };
        let kept = match row.is_final {
            true => keep_outcome(&step, &mut write, job, request, row)?,
            false => {
                let kept = keep_attempt(&step, job, request, row)?;
                retried += i64::from(kept.is_some());
                // The tokens of an attempt are paid for too.
                kept
            }
        };
        let Some(kind) = kept else { continue };
        if row.is_final {
            counts[kind as usize] += 1;
        }
        // What a service says of tokens may be any number.
        input = input.saturating_add(row.input_tokens);
        output = output.saturating_add(row.output_tokens);
    }
    drop((requests, write));
    let sql =
        "UPDATE jobs SET responses = responses + ?, errors = errors + ?, missing = missing + ?,
        retried = retried + ?, input_tokens = CAST(input_tokens + ? AS INTEGER),
        output_tokens = CAST(output_tokens + ? AS INTEGER) WHERE id = ?";
    let [responses, errors, missing] = counts;
    let mut write = step.prepare_cached(sql)?;
    write.execute([responses, errors, missing, retried, input, output, job.id])?;
    drop(write);
    step.commit()
}

/// Keeps an outcome; gives its kind, `None` if there was one already.
fn keep_outcome(
    connection: &Connection,
    write: &mut Insert<'_>,
    job: &Job,
    request: i64,
    row: &Became,
) -> Result<Option<Kind>> {
    if job.generation > 1 && row.kind != Kind::Response && restore(connection, job, request)? {
        return Ok(Some(Kind::Response));
    }
    Ok(write.insert(job, request, row)?.then_some(row.kind))
}

/// Writes an outcome and its row; `false` if there was one already.
pub(super) fn insert(
    connection: &Connection,
    job: &Job,
    request: i64,
    row: &Became,
) -> Result<bool> {
    Insert::prepare(connection)?.insert(job, request, row)
}

/// Writes outcomes, one after another.
struct Insert<'a> {
    outcomes: CachedStatement<'a>,
    /// Of responses, which are most of them.
    responses: CachedStatement<'a>,
    rows: CachedStatement<'a>,
}

impl<'a> Insert<'a> {
    fn prepare(connection: &'a Connection) -> Result<Self> {
        let sql = "INSERT OR IGNORE INTO outcomes
            (request, job, kind, code, message, input_tokens, output_tokens) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let outcomes = connection.prepare_cached(sql)?;
        let sql = "INSERT OR IGNORE INTO outcomes
            (request, job, kind, input_tokens, output_tokens) VALUES (?, ?, 'response', ?, ?)";
        let responses = connection.prepare_cached(sql)?;
        let rows =
            connection.prepare_cached("INSERT OR IGNORE INTO rows (request, row) VALUES (?, ?)")?;
        Ok(Self {
            outcomes,
            responses,
            rows,
        })
    }

    /// `false` if there was one already.
    fn insert(&mut self, job: &Job, request: i64, row: &Became) -> Result<bool> {
        let Became {
            kind,
            code,
            message,
            input_tokens,
            output_tokens,
            ..
        } = row;
        let written = match (kind, code, message) {
            (Kind::Response, None, None) => {
                let values = [request, job.id, *input_tokens, *output_tokens];
                self.responses.execute(values)?
            }
            _ => self.outcomes.execute(params![
                request,
                job.id,
                kind.name(),
                code,
                message,
                input_tokens,
                output_tokens
            ])?,
        };
        if written == 0 {
            return Ok(false);
        }
        if let Some(row) = row.row() {
            self.rows.execute(params![request, row])?;
        }
        Ok(true)
    }
}

/// Makes a response of an earlier attempt the outcome, where the last attempt has none: a response
/// that the caller would rather have had better is more than none.
fn restore(connection: &Connection, job: &Job, request: i64) -> Result<bool> {
    let sql = "SELECT job, row FROM attempts WHERE request = ? AND kind = 'response' AND job <> ?
        ORDER BY job DESC LIMIT 1";
    let mut read = connection.prepare_cached(sql)?;
    let earlier: Option<(i64, String)> = read
        .query_row([request, job.id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((earlier, row)) = earlier else {
        return Ok(false);
    };
    let sql = "INSERT OR IGNORE INTO outcomes (request, job, kind) VALUES (?, ?, 'response')";
    if connection
        .prepare_cached(sql)?
        .execute([request, earlier])?
        == 0
    {
        return Ok(false);
    }
    let sql = "INSERT OR IGNORE INTO rows (request, row) VALUES (?, ?)";
    connection
        .prepare_cached(sql)?
        .execute(params![request, row])?;
    Ok(true)
}

fn keep_attempt(
    connection: &Connection,
    job: &Job,
    request: i64,
    row: &Became,
) -> Result<Option<Kind>> {
    let sql = "SELECT 1 FROM outcomes WHERE request = ?";
    let mut read = connection.prepare_cached(sql)?;
    if read.exists([request])? {
        return Ok(None);
    }
    let sql = "INSERT OR IGNORE INTO attempts (request, job, kind, code, message, row)
        VALUES (?, ?, ?, ?, ?, ?)";
    let Became {
        kind,
        code,
        message,
        ..
    } = row;
    let text = row.row();
    let mut write = connection.prepare_cached(sql)?;
    let kept = write.execute(params![request, job.id, kind.name(), code, message, text])?;
    Ok((kept > 0).then_some(*kind))
}

/// All of a job is read: what is to be attempted again waits.
pub(crate) fn read(connection: &mut Connection, job: &Job, detail: &str) -> Result<()> {
    let step = connection.transaction()?;
    let sql = "INSERT OR IGNORE INTO waiting (request, generation)
        SELECT a.request, ? FROM attempts a WHERE a.job = ?
        AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.request = a.request)";
    let next = job.generation + i64::from(!job.is_stopped);
    step.execute(sql, [next, job.id])?;
    let sql = "UPDATE jobs SET state = 'read', read_time = ? WHERE id = ?";
    step.execute(sql, [events::now(), job.id])?;
    events::note(&step, "read", Some(job.id), Some(detail))?;
    step.commit()
}

/// A job that was never made, that ran into a quota, or that the service no longer knows: all its
/// requests wait for another, which counts as an attempt or not.
pub(crate) fn gone(
    connection: &mut Connection,
    job: &Job,
    counts_as_attempt: bool,
    why: &str,
) -> Result<()> {
    let step = connection.transaction()?;
    let generation = job.generation + i64::from(counts_as_attempt);
    if let Some(part) = &job.part {
        parts::wait(&step, job, part, generation)?;
    }
    let mut after = 0;
    loop {
        let (members, last) = requests::keys(&step, job.members, after)?;
        if members.is_empty() {
            break;
        }
        after = last;
        let sql = "INSERT OR IGNORE INTO waiting (request, generation) SELECT ?1, ?2
            WHERE NOT EXISTS (SELECT 1 FROM outcomes WHERE request = ?1)";
        let mut add = step.prepare_cached(sql)?;
        for (request, _) in members {
            add.execute([request, generation])?;
        }
    }
    let sql = "UPDATE jobs SET state = 'gone', error = ? WHERE id = ?";
    step.execute(sql, params![why, job.id])?;
    events::note(&step, "gone", Some(job.id), Some(why))?;
    step.commit()
}
