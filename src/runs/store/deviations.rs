//! What was off about the rows of a job, besides what became of its requests.

use rusqlite::{Connection, OptionalExtension, Result, params};

/// How many bytes of names of each kind are kept.
const LONGEST: usize = 4096;

/// How many rows of a job were off in one way, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deviation {
    pub(crate) kind: &'static str,
    pub(crate) rows: i64,
    /// Keys or places, of the first of them.
    pub(crate) named: String,
}

impl Deviation {
    pub(crate) fn new(kind: &'static str, rows: u64, named: &[String]) -> Self {
        let mut text = named.join("\n");
        text.truncate(text.floor_char_boundary(LONGEST));
        Self {
            kind,
            rows: i64::try_from(rows).unwrap_or(i64::MAX),
            named: text,
        }
    }
}

/// Keeps what was off when a job was read last.
pub(crate) fn keep(connection: &mut Connection, job: i64, found: &[Deviation]) -> Result<()> {
    let step = connection.transaction()?;
    step.execute("DELETE FROM deviations WHERE job = ?", [job])?;
    for Deviation { kind, rows, named } in found {
        let sql = "INSERT INTO deviations (job, kind, rows, named) VALUES (?, ?, ?, ?)";
        step.execute(sql, params![job, kind, rows, named])?;
    }
    step.commit()
}

/// How many rows were off in each way, over all jobs.
pub(crate) fn sums(connection: &Connection) -> Result<Vec<(String, u64)>> {
    // A file of an earlier version has it once a run goes on.
    let sql = "SELECT 1 FROM sqlite_master WHERE name = 'deviations'";
    let is_there: Option<i64> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    if is_there.is_none() {
        return Ok(Vec::new());
    }
    let sql = "SELECT kind, CAST(total(rows) AS INTEGER) FROM deviations GROUP BY kind";
    let mut select = connection.prepare(sql)?;
    let sums = select.query_map([], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
    })?;
    sums.collect()
}
