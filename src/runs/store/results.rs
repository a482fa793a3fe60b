//! Outcomes as they are read out, page by page, so that no step holds up the run.

use rusqlite::{Connection, Result, params};

use super::outcomes::Kind;
use super::settings;
use super::text::{Block, Text};

/// How many bytes of rows are read at once.
const PAGE: usize = 256 * 1024;

/// An outcome with what belongs to it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) key: Text,
    pub(crate) metadata: Option<String>,
    /// Whether its request is no longer in the input.
    pub(crate) vanished: bool,
    pub(crate) kind: Kind,
    pub(crate) code: Option<i64>,
    pub(crate) message: Option<String>,
    pub(crate) row: Option<Text>,
}

/// How far the reading is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    /// Whether the order is that of the places, and not of the numbers.
    by_place: bool,
    place: i64,
    id: i64,
}

impl Cursor {
    /// Before the first.
    pub(crate) fn start(connection: &Connection) -> Result<Self> {
        let by_place: Option<bool> = settings::get(connection, "by_place")?;
        Ok(Self {
            by_place: by_place.unwrap_or_default(),
            place: 0,
            id: 0,
        })
    }
}

/// The outcomes after a cursor, and the cursor after them; none at the end.
pub(crate) fn page(connection: &Connection, cursor: Cursor) -> Result<(Vec<Stored>, Cursor)> {
    let (after, order) = match cursor.by_place {
        true => ("(r.place, r.id) > (?1, ?2)", "r.place, r.id"),
        false => ("r.id > ?2 AND ?1 >= 0", "r.id"),
    };
    let sql = format!(
        "SELECT r.place, r.id, r.key, r.metadata, o.kind, o.code, o.message, w.row,
            r.vanished IS NOT NULL
        FROM requests r JOIN outcomes o ON o.request = coalesce(r.same_as, r.id)
        LEFT JOIN rows w ON w.request = o.request
        WHERE r.replaced = 0 AND {after} ORDER BY {order}"
    );
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = select.query(params![cursor.place, cursor.id])?;
    let (mut found, mut bytes, mut cursor) = (Vec::new(), 0, cursor);
    let mut block = Block::new(PAGE);
    while bytes < PAGE
        && let Some(row) = rows.next()?
    {
        (cursor.place, cursor.id) = (row.get(0)?, row.get(1)?);
        let stored = Stored {
            key: block.keep(row.get_ref(2)?.as_str()?.as_bytes()),
            metadata: row.get(3)?,
            kind: Kind::of(row.get_ref(4)?.as_str()?),
            code: row.get(5)?,
            message: row.get(6)?,
            // Whoever reads it finds out whether it is UTF-8.
            row: row
                .get_ref(7)?
                .as_bytes_or_null()?
                .map(|row| block.keep(row)),
            vanished: row.get(8)?,
        };
        bytes += stored.row.as_ref().map_or(0, Text::len) + stored.key.len() + 64;
        found.push(stored);
    }
    Ok((found, cursor))
}
