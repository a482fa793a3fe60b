//! The requests of a job by their keys.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Result, params};

use super::requests::Members;

/// By the key first: a plain join goes through all requests of the job, for each row of it.
pub(super) const FIND_IN_LIST: &str = "SELECT r.id FROM requests r
    CROSS JOIN job_requests j ON j.request = r.id WHERE r.key = ?1 AND j.job = ?2";

/// Finds the numbers of the requests of a job by their keys.
pub(crate) struct Find<'a> {
    read: CachedStatement<'a>,
    members: Members,
}

impl<'a> Find<'a> {
    pub(crate) fn prepare(connection: &'a Connection, members: Members) -> Result<Self> {
        let sql = match members {
            Members::Range { .. } => {
                "SELECT id FROM requests WHERE key = ?1 AND id BETWEEN ?2 AND ?3
                AND (replaced = 0 OR replaced > ?4)"
            }
            Members::List { .. } => FIND_IN_LIST,
        };
        let read = connection.prepare_cached(sql)?;
        Ok(Self { read, members })
    }

    pub(crate) fn find(&mut self, key: &str) -> Result<Option<i64>> {
        let found = match self.members {
            Members::Range {
                first,
                last,
                intake,
            } => self
                .read
                .query_row(params![key, first, last, intake], |row| row.get(0)),
            Members::List { job } => self.read.query_row(params![key, job], |row| row.get(0)),
        };
        found.optional()
    }
}
