//! The parameters of the JSON API.

use std::str::FromStr;

use crate::query::Query;
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::store::Precondition;

/// What the query of a call asks of the present object.
pub(crate) fn condition(query: &Query) -> StorageResult<Precondition> {
    Ok(Precondition {
        if_generation: number(query, "ifGenerationMatch")?,
        if_not_generation: number(query, "ifGenerationNotMatch")?,
    })
}

/// A number of the query.
pub(super) fn number<T: FromStr>(query: &Query, name: &str) -> StorageResult<Option<T>> {
    let parsed = query.parse(name);
    parsed.map_err(|_| StorageError::invalid(format!("Invalid value for {name}.")))
}
