//! Requests in the file: as they are taken in, and as jobs are made of them.
//!
//! A request never changes. One that comes again under its key with other contents is a new one, and
//! the old one is `replaced`.

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::text::{Block, Text};
use super::{schema, settings};
use crate::keys::Bits;

/// How many bytes of requests are read at once.
const PAGE: usize = 1024 * 1024;

/// A request on its way into the file.
#[derive(Debug)]
pub(crate) struct NewRequest {
    pub(crate) place: i64,
    pub(crate) key: String,
    /// Of all but the key.
    pub(crate) digest: [u8; 16],
    pub(crate) tokens: i64,
    pub(crate) metadata: Option<String>,
    /// The line of JSONL that is sent.
    pub(crate) body: String,
}

/// What an intake found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) requests: i64,
    pub(crate) added: i64,
    pub(crate) changed: i64,
    pub(crate) unchanged: i64,
    pub(crate) vanished: i64,
}

/// Adds the first requests of a run, in the order in which they come.
pub(crate) fn add_first(connection: &Connection, requests: &[NewRequest]) -> Result<()> {
    requests
        .iter()
        .try_for_each(|it| insert(connection, it).map(drop))
}

fn insert(connection: &Connection, request: &NewRequest) -> Result<i64> {
    let sql = "INSERT INTO requests (place, key, digest, bytes, tokens, metadata)
        VALUES (?, ?, ?, ?, ?, ?)";
    let mut write = connection.prepare_cached(sql)?;
    let bytes = request.body.len() as i64;
    let NewRequest {
        place,
        key,
        digest,
        tokens,
        metadata,
        ..
    } = request;
    write.execute(params![place, key, digest, bytes, tokens, metadata])?;
    let id = connection.last_insert_rowid();
    let sql = "INSERT INTO bodies (request, body) VALUES (?, ?)";
    connection
        .prepare_cached(sql)?
        .execute(params![id, request.body])?;
    Ok(id)
}

/// A key that two requests have, with their places.
pub(crate) type Twice = (String, i64, i64);

/// Sorts the keys of the first requests; gives one that is there twice.
pub(crate) fn index_first(connection: &Connection) -> Result<Option<Twice>> {
    match connection.execute_batch(schema::KEYS) {
        Err(error)
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) =>
        {
            let sql = "SELECT key, min(place), max(place) FROM requests
                GROUP BY key HAVING count(*) > 1 ORDER BY min(place) LIMIT 1";
            connection
                .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()
        }
        indexed => indexed.map(|()| None),
    }
}

/// Lets the first of equal requests stand for the others.
pub(crate) fn dedupe_first(connection: &Connection) -> Result<()> {
    connection.execute_batch(schema::DIGESTS)?;
    let sql = "UPDATE requests SET same_as = equal.first
        FROM (SELECT digest, min(id) AS first FROM requests GROUP BY digest HAVING count(*) > 1) equal
        WHERE requests.digest = equal.digest AND requests.id > equal.first";
    connection.execute_batch(sql)
}

/// A later intake under way.
#[derive(Debug)]
pub(crate) struct Later {
    pub(crate) intake: i64,
    pub(crate) dedupe: bool,
    pub(crate) seen: Bits,
    pub(crate) counts: Counts,
    /// Whether the order of the input is no longer that of the requests' numbers.
    pub(crate) moved: bool,
}

/// Compares requests with those that are there, and adds what is new; gives a key that this input has
/// twice.
pub(crate) fn add_later(
    connection: &Connection,
    later: &mut Later,
    requests: &[NewRequest],
) -> Result<Option<Twice>> {
    for request in requests {
        let sql = "SELECT id, digest, place, vanished, metadata IS ?2 FROM requests
            WHERE key = ?1 AND replaced = 0";
        let mut read = connection.prepare_cached(sql)?;
        let known = read.query_row(params![request.key, request.metadata], |row| {
            let digest: [u8; 16] = row.get(1)?;
            Ok((
                row.get::<_, i64>(0)?,
                digest,
                row.get::<_, i64>(2)?,
                row.get::<_, Option<i64>>(3)?,
                row.get::<_, bool>(4)?,
            ))
        });
        later.counts.requests += 1;
        let id = match known.optional()? {
            Some((id, _, place, ..)) if later.seen.get(id as usize) => {
                return Ok(Some((request.key.clone(), place, request.place)));
            }
            Some((id, digest, place, vanished, is_same)) if digest == request.digest => {
                later.counts.unchanged += 1;
                if !is_same {
                    // What is not sent may change, and nothing is asked again for it.
                    let sql = "UPDATE requests SET metadata = ? WHERE id = ?";
                    let mut write = connection.prepare_cached(sql)?;
                    write.execute(params![request.metadata, id])?;
                }
                if place != request.place || vanished.is_some() {
                    later.moved = true;
                    let sql = "UPDATE requests SET place = ?, vanished = NULL WHERE id = ?";
                    connection
                        .prepare_cached(sql)?
                        .execute(params![request.place, id])?;
                }
                id
            }
            Some((id, ..)) => {
                later.counts.changed += 1;
                later.moved = true;
                replace(connection, later, id)?;
                insert_equal(connection, later, request)?
            }
            None => {
                later.counts.added += 1;
                insert_equal(connection, later, request)?
            }
        };
        later.seen.set(id as usize);
    }
    Ok(None)
}

fn insert_equal(connection: &Connection, later: &Later, request: &NewRequest) -> Result<i64> {
    let mut first = None;
    if later.dedupe {
        let sql = "SELECT id FROM requests
            WHERE digest = ? AND same_as IS NULL AND replaced = 0 ORDER BY id LIMIT 1";
        let mut read = connection.prepare_cached(sql)?;
        first = read
            .query_row([request.digest], |row| row.get::<_, i64>(0))
            .optional()?;
    }
    let id = insert(connection, request)?;
    if let Some(first) = first {
        let sql = "UPDATE requests SET same_as = ? WHERE id = ?";
        connection.prepare_cached(sql)?.execute([first, id])?;
    }
    Ok(id)
}

/// Another request takes the place of this one. If it stands for others and was not cut into a job,
/// the next of these stands for them.
fn replace(connection: &Connection, later: &Later, id: i64) -> Result<()> {
    let sql = "UPDATE requests SET replaced = ? WHERE id = ?";
    connection
        .prepare_cached(sql)?
        .execute([later.intake, id])?;
    if !later.dedupe || id <= settings::number(connection, "cut_to")? {
        return Ok(());
    }
    let sql = "SELECT min(id) FROM requests WHERE same_as = ?";
    let next: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))?;
    if let Some(next) = next {
        let sql = "UPDATE requests SET same_as = nullif(?1, id) WHERE same_as = ?2";
        connection.prepare_cached(sql)?.execute([next, id])?;
    }
    Ok(())
}

/// Ends a later intake: tells what is no longer in the input.
pub(crate) fn end_later(connection: &Connection, later: &mut Later) -> Result<()> {
    let mut vanished = Vec::new();
    {
        let sql = "SELECT id FROM requests WHERE replaced = 0 AND vanished IS NULL";
        let mut read = connection.prepare(sql)?;
        let mut ids = read.query([])?;
        while let Some(row) = ids.next()? {
            let id: i64 = row.get(0)?;
            if !later.seen.get(id as usize) {
                vanished.push(id);
            }
        }
    }
    later.counts.vanished = vanished.len() as i64;
    let sql = "UPDATE requests SET vanished = ? WHERE id = ?";
    let mut write = connection.prepare(sql)?;
    for id in vanished {
        write.execute([later.intake, id])?;
    }
    if later.moved {
        connection.execute_batch(schema::PLACES)?;
        settings::set(connection, "by_place", true)?;
    }
    Ok(())
}

/// Notes what an intake found.
pub(crate) fn note_intake(
    connection: &Connection,
    intake: i64,
    source: &str,
    counts: &Counts,
) -> Result<()> {
    let sql =
        "INSERT INTO intakes (id, time, source, requests, added, changed, unchanged, vanished)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let Counts {
        requests,
        added,
        changed,
        unchanged,
        vanished,
    } = *counts;
    let time = super::events::now();
    let values = params![
        intake, time, source, requests, added, changed, unchanged, vanished
    ];
    connection.execute(sql, values)?;
    settings::set(connection, "intake", intake)?;
    count_uncut(connection)
}

/// Counts the requests that are in no job yet. It takes a look at each, so that their number is kept and
/// changed with them.
fn count_uncut(connection: &Connection) -> Result<()> {
    let sql = "SELECT count(*) FROM requests WHERE id > ? AND same_as IS NULL AND replaced = 0";
    let after = settings::number(connection, "cut_to")?;
    let uncut: i64 = connection.query_row(sql, [after], |row| row.get(0))?;
    settings::set(connection, UNCUT, uncut)
}

/// How many of the requests that stand and are in the input were in a job. It takes a look at each.
pub(crate) fn asked(connection: &Connection) -> Result<i64> {
    let sql = "SELECT count(*) FROM requests
        WHERE id <= ? AND same_as IS NULL AND replaced = 0 AND vanished IS NULL";
    let cut_to = settings::number(connection, "cut_to")?;
    connection.query_row(sql, [cut_to], |row| row.get(0))
}

/// So many requests went into a job, or need none any more.
pub(super) fn fewer_uncut(connection: &Connection, requests: i64) -> Result<()> {
    let uncut = settings::number(connection, UNCUT)?;
    settings::set(connection, UNCUT, uncut - requests)
}

/// How many requests are in no job yet: a setting.
pub(crate) const UNCUT: &str = "uncut";

/// The requests of a job: a range of numbers, or a list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Members {
    /// Those between two numbers that stood when the job was cut.
    Range { first: i64, last: i64, intake: i64 },
    /// Those in the table `job_requests`.
    List { job: i64 },
}

/// What is read of the requests of a job, after `after`; empty at their end. `what` is a column of
/// `r` or `b`.
fn page<T>(
    connection: &Connection,
    members: Members,
    after: i64,
    what: &str,
    mut read: impl FnMut(i64, &str) -> T,
) -> Result<(Vec<T>, i64)> {
    let joined = match what {
        "b.body" => "JOIN bodies b ON b.request = r.id",
        _ => "",
    };
    let (sql, values) = match members {
        Members::Range { first, last, intake } => (
            format!(
                "SELECT r.id, {what} FROM requests r {joined} WHERE r.id > ?1 AND r.id <= ?2
                AND r.same_as IS NULL AND (r.replaced = 0 OR r.replaced > ?3) ORDER BY r.id"
            ),
            [after.max(first - 1), last, intake],
        ),
        Members::List { job } => (
            format!(
                "SELECT r.id, {what} FROM job_requests j JOIN requests r ON r.id = j.request {joined}
                WHERE j.request > ?1 AND j.job = ?2 AND ?3 = 0 ORDER BY j.request"
            ),
            [after, job, 0],
        ),
    };
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = select.query(values)?;
    let (mut found, mut bytes, mut last) = (Vec::new(), 0, after);
    while bytes < PAGE
        && let Some(row) = rows.next()?
    {
        last = row.get(0)?;
        let text = row.get_ref(1)?.as_str()?;
        bytes += text.len() + 64;
        found.push(read(last, text));
    }
    Ok((found, last))
}

/// Some lines of a job after the request `after`, and the number of the last; none at the end.
pub(crate) fn bodies(
    connection: &Connection,
    members: Members,
    after: i64,
) -> Result<(Vec<String>, i64)> {
    page(connection, members, after, "b.body", |_, body| {
        body.to_owned()
    })
}

/// Some keys of a job.
pub(crate) fn keys(
    connection: &Connection,
    members: Members,
    after: i64,
) -> Result<(Vec<(i64, Text)>, i64)> {
    let mut block = Block::new(PAGE / 4);
    page(connection, members, after, "r.key", |id, key| {
        (id, block.keep(key.as_bytes()))
    })
}

/// Some lines of requests that have no outcome and are in no job, after the request `after`.
pub(crate) fn unfinished(connection: &Connection, after: i64) -> Result<(Vec<String>, i64)> {
    let sql = "SELECT r.id, b.body FROM requests r JOIN bodies b ON b.request = r.id
        WHERE r.id > ?1 AND r.replaced = 0 AND r.same_as IS NULL
        AND (r.id > ?2 OR EXISTS (SELECT 1 FROM waiting w WHERE w.request = r.id))
        ORDER BY r.id";
    let cut_to = settings::number(connection, "cut_to")?;
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query([after, cut_to])?;
    let (mut lines, mut bytes, mut last) = (Vec::new(), 0, after);
    while bytes < PAGE
        && let Some(row) = rows.next()?
    {
        last = row.get(0)?;
        let line: String = row.get(1)?;
        bytes += line.len() + 64;
        lines.push(line);
    }
    Ok((lines, last))
}
