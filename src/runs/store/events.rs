//! What happened, in the order in which it did.

use rusqlite::{Connection, Result, params};

/// Milliseconds since 1970, by the clock of this machine.
pub(crate) fn now() -> i64 {
    crate::clock::now().timestamp_millis()
}

/// Notes an event.
pub(crate) fn note(
    connection: &Connection,
    kind: &str,
    job: Option<i64>,
    detail: Option<&str>,
) -> Result<()> {
    let sql = "INSERT INTO events (time, kind, job, detail) VALUES (?, ?, ?, ?)";
    let mut write = connection.prepare_cached(sql)?;
    write.execute(params![now(), kind, job, detail]).map(drop)
}

/// When the first event of this kind was noted of a job.
pub(crate) fn first(connection: &Connection, kind: &str, job: i64) -> Result<Option<i64>> {
    let sql = "SELECT min(time) FROM events WHERE job = ? AND kind = ?";
    connection.query_row(sql, params![job, kind], |row| row.get(0))
}

/// A time of the file for people, to the second.
pub(crate) fn shown(millis: Option<i64>) -> String {
    let time = millis.and_then(chrono::DateTime::from_timestamp_millis);
    time.map_or_else(
        || "an unknown time".to_owned(),
        |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

/// How many events are read at once.
const PAGE: i64 = 1000;

/// An event as the file has it.
#[derive(Debug)]
pub(crate) struct Noted {
    pub(crate) id: i64,
    pub(crate) time: i64,
    pub(crate) kind: String,
    pub(crate) job: Option<i64>,
    pub(crate) detail: Option<String>,
}

/// Some events after the one of this number; none at the end.
pub(crate) fn after(connection: &Connection, number: i64) -> Result<Vec<Noted>> {
    let sql = "SELECT id, time, kind, job, detail FROM events WHERE id > ? ORDER BY id LIMIT ?";
    let mut read = connection.prepare_cached(sql)?;
    let noted = read.query_map([number, PAGE], |row| {
        Ok(Noted {
            id: row.get(0)?,
            time: row.get(1)?,
            kind: row.get(2)?,
            job: row.get(3)?,
            detail: row.get(4)?,
        })
    })?;
    noted.collect()
}

/// The number of the last event, 0 if there is none.
pub(crate) fn last(connection: &Connection) -> Result<i64> {
    let sql = "SELECT coalesce(max(id), 0) FROM events";
    connection.query_row(sql, [], |row| row.get(0))
}
