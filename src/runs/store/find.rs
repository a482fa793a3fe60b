//! The requests of a job by their keys.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Result, params};

use super::requests::Members;
use super::text::Text;

/// By the key first: a plain join goes through all requests of the job, for each row of it.
pub(super) const FIND_IN_LIST: &str = "SELECT r.id FROM requests r
    CROSS JOIN job_requests j ON j.request = r.id WHERE r.key = ?1 AND j.job = ?2";

/// How many requests are read ahead at first, and at most.
const FEW: usize = 8;
const MANY: usize = 256;

/// Finds the numbers of the requests of a job by their keys.
///
/// Results mostly come in the order of the requests. As long as they do, the requests that follow are
/// read in one go, which takes less than looking each key up.
pub(crate) struct Find<'a> {
    by_key: CachedStatement<'a>,
    ahead: Option<Ahead<'a>>,
    members: Members,
}

impl<'a> Find<'a> {
    pub(crate) fn prepare(connection: &'a Connection, members: Members) -> Result<Self> {
        let (sql, ahead) = match members {
            Members::Range { .. } => {
                let sql = "SELECT id FROM requests WHERE key = ?1 AND id BETWEEN ?2 AND ?3
                    AND (replaced = 0 OR replaced > ?4)";
                (sql, Some(Ahead::prepare(connection)?))
            }
            Members::List { .. } => (FIND_IN_LIST, None),
        };
        Ok(Self {
            by_key: connection.prepare_cached(sql)?,
            ahead,
            members,
        })
    }

    pub(crate) fn find(&mut self, key: &Text) -> Result<Option<i64>> {
        let Members::Range {
            first,
            last,
            intake,
        } = self.members
        else {
            return self.look_up(key);
        };
        if let Some(ahead) = &mut self.ahead
            && let Some(request) = ahead.next(key.as_bytes(), [first, last, intake])?
        {
            return Ok(Some(request));
        }
        let found = self.look_up(key)?;
        if let (Some(ahead), Some(request)) = (&mut self.ahead, found) {
            ahead.go_to(request);
        }
        Ok(found)
    }

    fn look_up(&mut self, key: &Text) -> Result<Option<i64>> {
        let found = match self.members {
            Members::Range {
                first,
                last,
                intake,
            } => self
                .by_key
                .query_row(params![key, first, last, intake], |row| row.get(0)),
            Members::List { job } => self.by_key.query_row(params![key, job], |row| row.get(0)),
        };
        found.optional()
    }
}

/// The requests that follow the one that was found last.
struct Ahead<'a> {
    read: CachedStatement<'a>,
    last: i64,
    /// Whether the last two that were found follow each other.
    in_order: bool,
    /// How many are read next.
    count: usize,
    /// Numbers, and where in `text` their keys end.
    requests: Vec<(i64, usize)>,
    text: Vec<u8>,
    at: usize,
}

impl<'a> Ahead<'a> {
    fn prepare(connection: &'a Connection) -> Result<Self> {
        let sql = "SELECT id, key FROM requests WHERE id BETWEEN ?1 AND ?2
            AND (replaced = 0 OR replaced > ?3) ORDER BY id";
        Ok(Self {
            read: connection.prepare_cached(sql)?,
            last: i64::MIN,
            in_order: false,
            count: FEW,
            requests: Vec::new(),
            text: Vec::new(),
            at: 0,
        })
    }

    /// The next request, if it has this key.
    fn next(&mut self, key: &[u8], range: [i64; 3]) -> Result<Option<i64>> {
        if self.at == self.requests.len() {
            if !self.in_order {
                return Ok(None);
            }
            self.fill(range)?;
        }
        let Some(&(request, end)) = self.requests.get(self.at) else {
            return Ok(None);
        };
        if self.text[self.start()..end] != *key {
            return Ok(None);
        }
        self.at += 1;
        self.last = request;
        Ok(Some(request))
    }

    /// Goes on after a request that was not the next one.
    fn go_to(&mut self, request: i64) {
        self.in_order = self.last.checked_add(1) == Some(request);
        self.last = request;
        match self.requests.binary_search_by_key(&request, |it| it.0) {
            Ok(at) => self.at = at + 1,
            Err(_) => {
                (self.at, self.count) = (0, FEW);
                self.requests.clear();
            }
        }
    }

    fn fill(&mut self, [first, last, intake]: [i64; 3]) -> Result<()> {
        self.requests.clear();
        self.text.clear();
        self.at = 0;
        let next = self.last.saturating_add(1).max(first);
        let mut rows = self.read.query(params![next, last, intake])?;
        while self.requests.len() < self.count
            && let Some(row) = rows.next()?
        {
            self.text.extend_from_slice(row.get_ref(1)?.as_bytes()?);
            self.requests.push((row.get(0)?, self.text.len()));
        }
        self.count = (self.count * 2).min(MANY);
        Ok(())
    }

    fn start(&self) -> usize {
        let before = self.at.checked_sub(1).and_then(|at| self.requests.get(at));
        before.map_or(0, |it| it.1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::schema;
    use super::*;

    /// Requests of which some stand no longer, with keys that tell their numbers.
    fn requests() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        schema::create(&connection).unwrap();
        connection.execute_batch(schema::KEYS).unwrap();
        let sql = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 400)
            INSERT INTO requests (id, place, key, digest, bytes, tokens, replaced)
            SELECT n, n, 'k' || n, zeroblob(16), 0, 0, iif(n % 50, 0, 2) FROM n";
        connection.execute(sql, []).unwrap();
        connection
    }

    proptest! {
        #[test]
        fn each_key_finds_its_request_in_whatever_order_they_come(
            runs in prop::collection::vec((0i64..420, 0i64..60), 1..20),
        ) {
            let connection = requests();
            let members = Members::Range { first: 20, last: 380, intake: 2 };
            let mut find = Find::prepare(&connection, members).unwrap();
            for n in runs.into_iter().flat_map(|(first, count)| first..first + count) {
                let there = (20..=380).contains(&n) && n % 50 != 0;
                let key = Text::from(format!("k{n}"));
                prop_assert_eq!(find.find(&key).unwrap(), there.then_some(n));
            }
        }
    }
}
