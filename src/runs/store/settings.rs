//! What a run is: its values by name.

use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Result, ToSql, params};

/// The value of this name, if it is set.
pub(crate) fn get<T: FromSql>(connection: &Connection, name: &str) -> Result<Option<T>> {
    let mut read = connection.prepare_cached("SELECT value FROM settings WHERE name = ?")?;
    read.query_row([name], |row| row.get(0)).optional()
}

/// Sets a value.
pub(crate) fn set(connection: &Connection, name: &str, value: impl ToSql) -> Result<()> {
    let sql = "INSERT INTO settings (name, value) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let mut write = connection.prepare_cached(sql)?;
    write.execute(params![name, value]).map(drop)
}

/// A number that counts from 0.
pub(crate) fn number(connection: &Connection, name: &str) -> Result<i64> {
    Ok(get(connection, name)?.unwrap_or_default())
}

/// What the names of the caller's notes begin with.
const NOTE: &str = "note.";

/// A note of the caller.
pub(crate) fn note(connection: &Connection, name: &str) -> Result<Option<String>> {
    get(connection, &format!("{NOTE}{name}"))
}

/// Notes something for the caller.
pub(crate) fn set_note(connection: &Connection, name: &str, value: &str) -> Result<()> {
    set(connection, &format!("{NOTE}{name}"), value)
}
