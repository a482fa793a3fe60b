//! Parts of a source that the service holds: a file each, or a table. A part is to a run of them what a
//! request is to others: it goes into a job by itself, and is attempted again as a whole.
//!
//! ```text
//! new ─→ in a job ─→ done (the service has the results) ─→ read (their rows are in the file)
//!          ↑  ├ the job failed in a way that may pass: waiting
//!          └──┘
//!             └ failed
//! ```

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::cut::Cut;
use super::jobs::{Job, Part, State};
use super::outcomes::{self, Became};
use super::requests::{Counts, Members};
use super::text::Text;
use super::{events, schema, settings};
use crate::runs::progress::Progress;

/// A part on its way into the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewPart {
    pub(crate) source: String,
    /// What changes with its contents, where that can be seen.
    pub(crate) version: Option<String>,
    pub(crate) bytes: Option<i64>,
}

/// Makes the run one of parts, and adds the first of them.
pub(crate) fn add_first(connection: &Connection, parts: &[NewPart]) -> Result<()> {
    settings::set(connection, "parts", true)?;
    // Rows are kept under the number of their part.
    connection.execute_batch(schema::PLACES)?;
    settings::set(connection, "by_place", true)?;
    parts.iter().try_for_each(|part| insert(connection, part))
}

/// Whether the run is one of parts.
pub(crate) fn has_any(connection: &Connection) -> Result<bool> {
    Ok(settings::get(connection, "parts")?.unwrap_or_default())
}

fn insert(connection: &Connection, part: &NewPart) -> Result<()> {
    let sql = "INSERT INTO parts (source, version, bytes, state) VALUES (?, ?, ?, ?)";
    // One that is empty has no requests to be asked.
    let state = match part.bytes {
        Some(0) => "read",
        _ => "new",
    };
    let mut write = connection.prepare_cached(sql)?;
    let values = params![part.source, part.version, part.bytes, state];
    write.execute(values).map(drop)
}

/// Compares parts with those that are there, and adds what is new or has changed.
pub(crate) fn add_later(connection: &Connection, intake: i64, parts: &[NewPart]) -> Result<Counts> {
    let mut counts = Counts {
        requests: parts.len() as i64,
        ..Counts::default()
    };
    // Those that are not found below.
    let sql = "UPDATE parts SET vanished = ?1 WHERE replaced = 0 AND vanished IS NULL";
    connection.execute(sql, [intake])?;
    for part in parts {
        let sql = "SELECT id, version FROM parts WHERE source = ? AND replaced = 0";
        let mut read = connection.prepare_cached(sql)?;
        let known: Option<(i64, Option<String>)> = read
            .query_row([&part.source], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match known {
            Some((id, version)) if version == part.version => {
                counts.unchanged += 1;
                let sql = "UPDATE parts SET vanished = NULL WHERE id = ?";
                connection.prepare_cached(sql)?.execute([id])?;
            }
            Some((id, _)) => {
                counts.changed += 1;
                let sql = "UPDATE parts SET replaced = ?, vanished = NULL WHERE id = ?";
                connection.prepare_cached(sql)?.execute([intake, id])?;
                // The keys of its rows are free for the new ones.
                let sql = "UPDATE requests SET replaced = ? WHERE place = ? AND replaced = 0";
                connection.prepare_cached(sql)?.execute([intake, id])?;
                insert(connection, part)?;
            }
            None => {
                counts.added += 1;
                insert(connection, part)?;
            }
        }
    }
    let sql = "SELECT count(*) FROM parts WHERE replaced = 0 AND vanished = ?";
    counts.vanished = connection.query_row(sql, [intake], |row| row.get(0))?;
    Ok(counts)
}

/// How many parts stand.
pub(crate) fn count(connection: &Connection) -> Result<i64> {
    let sql = "SELECT count(*) FROM parts WHERE replaced = 0";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Makes a job of the next part, of those that wait for another attempt last.
pub(crate) fn cut(connection: &mut Connection, mark: &str) -> Result<Cut> {
    let step = connection.transaction()?;
    let sql = "SELECT id, source, generation, bytes FROM parts
        WHERE state IN ('new', 'waiting') AND replaced = 0 ORDER BY generation, id LIMIT 1";
    let next = step
        .query_row(sql, [], |row| {
            let part = Part {
                id: row.get(0)?,
                source: row.get(1)?,
            };
            Ok((part, row.get(2)?, row.get::<_, Option<i64>>(3)?))
        })
        .optional()?;
    let Some((part, generation, bytes)) = next else {
        return Ok(Cut::Nothing);
    };
    let sql = "INSERT INTO jobs
        (generation, state, mark, part, requests, bytes, tokens, cut_time)
        VALUES (?, 'cut', ?, ?, 0, ?, 0, ?)";
    let values = params![
        generation,
        mark,
        part.id,
        bytes.unwrap_or_default(),
        events::now()
    ];
    step.execute(sql, values)?;
    let id = step.last_insert_rowid();
    let sql = "UPDATE parts SET state = 'in a job', job = ? WHERE id = ?";
    step.execute(sql, [id, part.id])?;
    events::note(&step, "cut", Some(id), Some(&part.source))?;
    step.commit()?;
    Ok(Cut::Job(Job {
        id,
        generation,
        state: State::Cut,
        mark: Some(mark.to_owned()),
        name: None,
        members: Members::List { job: id },
        part: Some(part),
        requests: 0,
        tokens: 0,
        placed: Vec::new(),
        looked_ms: 0,
        unclear: 0,
        is_stopped: false,
        is_adopted: false,
    }))
}

/// What the service counts of a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) requests: i64,
    pub(crate) responses: i64,
    pub(crate) errors: i64,
    pub(crate) missing: i64,
}

/// What the service counts of a job now.
pub(crate) fn counted(connection: &Connection, job: i64, count: Count) -> Result<()> {
    let Count {
        requests,
        responses,
        errors,
        missing,
    } = count;
    let sql =
        "UPDATE jobs SET requests = ?1, responses = ?2, errors = ?3, missing = ?4 WHERE id = ?5
        AND (requests, responses, errors, missing) IS NOT (?1, ?2, ?3, ?4)";
    let mut write = connection.prepare_cached(sql)?;
    write
        .execute([requests, responses, errors, missing, job])
        .map(drop)
}

/// A job has results, of so many requests, at this place; what was read of them before stays.
pub(crate) fn done(
    connection: &mut Connection,
    (job, part): (i64, i64),
    count: Count,
    output: Option<&str>,
) -> Result<()> {
    let step = connection.transaction()?;
    let sql = "UPDATE parts SET state = 'done', output = ? WHERE id = ? AND state = 'in a job'";
    step.execute(sql, params![output, part])?;
    counted(&step, job, count)?;
    step.commit()
}

/// How far a part is, and whether it stands.
pub(crate) fn state(connection: &Connection, part: i64) -> Result<(String, bool)> {
    let sql = "SELECT state, replaced = 0 FROM parts WHERE id = ?";
    connection.query_row(sql, [part], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// A part waits for a job of this generation.
pub(super) fn wait(connection: &Connection, job: &Job, part: &Part, generation: i64) -> Result<()> {
    let sql =
        "UPDATE jobs SET retried = requests, responses = 0, errors = 0, missing = 0 WHERE id = ?";
    connection.execute(sql, [job.id])?;
    let sql = "UPDATE parts SET state = 'waiting', generation = ? WHERE id = ? AND job = ?";
    connection
        .execute(sql, [generation, part.id, job.id])
        .map(drop)
}

/// The job of a part failed as a whole: it is attempted again, or given up.
pub(crate) fn failed(
    connection: &mut Connection,
    job: &Job,
    part: &Part,
    is_final: bool,
    why: &str,
) -> Result<()> {
    let step = connection.transaction()?;
    match is_final {
        false => wait(&step, job, part, job.generation + 1)?,
        true => {
            let sql = "UPDATE jobs SET responses = 0, errors = requests, missing = 0 WHERE id = ?";
            step.execute(sql, [job.id])?;
            let sql = "UPDATE parts SET state = 'failed' WHERE id = ? AND job = ?";
            step.execute(sql, [part.id, job.id])?;
        }
    }
    let sql = "UPDATE jobs SET state = 'read', read_time = ?, error = ? WHERE id = ?";
    step.execute(sql, params![events::now(), why, job.id])?;
    events::note(&step, "read", Some(job.id), Some(why))?;
    step.commit()
}

/// Lets the jobs be read whose rows are not in the file yet, if rows are wanted; else leaves those that an
/// earlier reading did not come to its end with.
pub(crate) fn reopen(connection: &Connection, reads_rows: bool) -> Result<()> {
    let sql = match reads_rows {
        true => {
            "UPDATE jobs SET state = 'ended' WHERE state IN ('read', 'done') AND id IN
            (SELECT job FROM parts WHERE state = 'done' AND replaced = 0)"
        }
        false => {
            "UPDATE jobs SET state = 'done' WHERE state = 'ended' AND id IN
            (SELECT job FROM parts WHERE state = 'done')"
        }
    };
    connection.execute(sql, []).map(drop)
}

/// Removes the rows of a part that an earlier reading left half way.
pub(crate) fn forget_rows(connection: &mut Connection, part: i64) -> Result<()> {
    let step = connection.transaction()?;
    let of_part = "(SELECT id FROM requests WHERE place = ?)";
    for table in ["rows", "outcomes"] {
        let sql = format!("DELETE FROM {table} WHERE request IN {of_part}");
        step.execute(&sql, [part])?;
    }
    step.execute("DELETE FROM requests WHERE place = ?", [part])?;
    step.commit()
}

/// A key that two rows have, with the sources of both.
pub(crate) type Clash = (String, String, String);

/// Keeps rows of a part, each as the outcome of a request of which only the key is known; gives a key
/// that another row has already.
pub(crate) fn keep(
    connection: &mut Connection,
    job: &Job,
    part: &Part,
    rows: &[Became],
) -> Result<Option<Clash>> {
    let step = connection.transaction()?;
    for row in rows {
        let sql = "INSERT OR IGNORE INTO requests (place, key, digest, bytes, tokens)
            VALUES (?, ?, zeroblob(16), 0, 0)";
        let mut write = step.prepare_cached(sql)?;
        if write.execute(params![part.id, row.key])? == 0 {
            match other(&step, part, row)? {
                None => continue,
                clash => return Ok(clash),
            }
        }
        let request = step.last_insert_rowid();
        // It stands for itself: no job is cut of it.
        let sql = "UPDATE requests SET same_as = id WHERE id = ?";
        step.prepare_cached(sql)?.execute([request])?;
        outcomes::insert(&step, job, request, row)?;
    }
    step.commit()?;
    Ok(None)
}

/// The sources of two rows with one key; `None` if the service gave the same row twice.
fn other(connection: &Connection, part: &Part, row: &Became) -> Result<Option<Clash>> {
    let sql = "SELECT p.id, p.source, w.row FROM requests r JOIN parts p ON p.id = r.place
        LEFT JOIN rows w ON w.request = r.id WHERE r.key = ? AND r.replaced = 0";
    let (id, source, kept): (i64, String, Option<String>) =
        connection.query_row(sql, [&row.key], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let is_same = id == part.id && kept.as_deref() == row.row().map(Text::as_str);
    Ok((!is_same).then(|| (row.key.as_str().to_owned(), source, part.source.clone())))
}

/// All rows of a part are in the file; so many are missing.
pub(crate) fn read(
    connection: &mut Connection,
    (job, part): (i64, i64),
    missing: i64,
    detail: &str,
) -> Result<()> {
    let step = connection.transaction()?;
    step.execute("UPDATE parts SET state = 'read' WHERE id = ?", [part])?;
    let sql = "SELECT coalesce(sum(o.kind = 'response'), 0), count(*),
        CAST(total(o.input_tokens) AS INTEGER), CAST(total(o.output_tokens) AS INTEGER)
        FROM requests r JOIN outcomes o ON o.request = r.id WHERE r.place = ?";
    let (responses, rows, input, output) = step.query_row(sql, [part], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?, row.get(3)?))
    })?;
    let count = Count {
        requests: rows.saturating_add(missing),
        responses,
        errors: rows - responses,
        missing,
    };
    counted(&step, job, count)?;
    let sql = "UPDATE jobs SET input_tokens = ?, output_tokens = ?, state = 'read', read_time = ?
        WHERE id = ?";
    step.execute(sql, [input, output, events::now(), job])?;
    events::note(&step, "read", Some(job), Some(detail))?;
    step.commit()
}

/// How far the parts are, and their requests by the service's count.
pub(crate) fn measure(connection: &Connection) -> Result<Progress> {
    let sql = "SELECT count(*),
        coalesce(sum(p.state IN ('done', 'read')), 0), coalesce(sum(p.state = 'failed'), 0),
        CAST(total(j.responses) AS INTEGER), CAST(total(j.errors) AS INTEGER),
        CAST(total(j.missing) AS INTEGER),
        CAST(total(CASE WHEN p.state = 'in a job'
            THEN max(j.requests - j.responses - j.errors - j.missing, 0) ELSE 0 END) AS INTEGER)
        FROM parts p LEFT JOIN jobs j ON j.id = p.job WHERE p.replaced = 0";
    connection.prepare_cached(sql)?.query_row([], |row| {
        let number = |at| row.get::<_, i64>(at).map(i64::unsigned_abs);
        Ok(Progress {
            parts: number(0)?,
            parts_done: number(1)?,
            parts_failed: number(2)?,
            responses: number(3)?,
            errors: number(4)?,
            missing: number(5)?,
            in_jobs: number(6)?,
            ..Progress::default()
        })
    })
}

/// How many parts that stand are no longer in the source.
pub(crate) fn vanished(connection: &Connection) -> Result<i64> {
    let sql = "SELECT count(*) FROM parts WHERE replaced = 0 AND vanished IS NOT NULL";
    connection.query_row(sql, [], |row| row.get(0))
}

/// A part as the file has it, with its last job.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) source: String,
    pub(crate) state: String,
    pub(crate) output: Option<String>,
    pub(crate) job: Option<String>,
    pub(crate) count: Count,
    pub(crate) error: Option<String>,
}

/// The parts that stand, in the order of the source.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Stored>> {
    let sql = "SELECT p.source, p.state, p.output, j.name, coalesce(j.requests, 0),
        coalesce(j.responses, 0), coalesce(j.errors, 0), coalesce(j.missing, 0),
        CASE WHEN p.state IN ('failed', 'waiting') THEN j.error END
        FROM parts p LEFT JOIN jobs j ON j.id = p.job WHERE p.replaced = 0 ORDER BY p.id";
    let mut select = connection.prepare(sql)?;
    let parts = select.query_map([], |row| {
        Ok(Stored {
            source: row.get(0)?,
            state: row.get(1)?,
            output: row.get(2)?,
            job: row.get(3)?,
            count: Count {
                requests: row.get(4)?,
                responses: row.get(5)?,
                errors: row.get(6)?,
                missing: row.get(7)?,
            },
            error: row.get(8)?,
        })
    })?;
    parts.collect()
}
