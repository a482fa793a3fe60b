//! BigQuery: tables, and queries that read one of them.
//!
//! A call comes in through [`route`] and is answered in [`query`] or [`tables`]. A query is read by
//! [`sql`], finds its table in [`plan`], and is kept as a [`job`], from which its rows are handed
//! out page by page as [`cell`]s. Tables are in the [`store`], which the other services of the
//! emulator share.

mod cell;
mod error;
mod job;
mod name;
mod plan;
mod query;
mod route;
mod schema;
mod sql;
mod store;
mod tables;

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

pub(crate) use route::Route;
pub(crate) use schema::Row;
pub(crate) use store::{Table, Tables};

use crate::access::Access;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::query::Query;
use error::{QueryError, QueryResult};
use route::Call;

/// What a builder may set about the service.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) max_page_size: usize,
    pub(crate) query_page_size: usize,
}

/// The service and all it holds.
pub(crate) struct BigQuery {
    settings: Settings,
    clock: Clock,
    faults: Faults,
    tables: Tables,
    jobs: job::Jobs,
}

impl BigQuery {
    pub(crate) fn new(settings: Settings, clock: Clock, faults: Faults, tables: Tables) -> Self {
        Self {
            settings,
            clock,
            faults,
            tables,
            jobs: job::Jobs::default(),
        }
    }

    pub(crate) async fn serve(
        &self,
        access: &Access,
        route: Route,
        head: &Parts,
        body: Body,
    ) -> Response {
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let answer = match body {
            Ok(body) => self.answer(access, route.call, head, &body),
            Err(error) => Err(QueryError::invalid(format!("The body broke off: {error}"))),
        };
        answer.unwrap_or_else(QueryError::into_response)
    }

    fn answer(&self, access: &Access, call: Call, head: &Parts, body: &[u8]) -> QueryResult {
        let allowed = access.authorize(&head.headers);
        allowed.map_err(QueryError::refused)?;
        let query = Query::of(head.uri.query());
        let body = || parse(body);
        match call {
            Call::Query { project } => self.query(&project, &body()?),
            Call::GetQueryResults { project, id } => self.get_query_results(&project, &id, &query),
            Call::InsertJob { project } => self.insert_job(&project, &body()?),
            Call::GetJob { project, id } => self.get_job(&project, &id, &query),
            Call::GetDataset(name) => self.get_dataset(&name),
            Call::InsertDataset { project } => self.insert_dataset(&project, &body()?),
            Call::GetTable(name) => self.get_table(&name),
            Call::InsertTable(dataset) => self.insert_table(&dataset, &body()?),
            Call::DeleteTable(name) => self.delete_table(&name),
            Call::ListTables(dataset) => self.list_tables(&dataset, &query),
            Call::ListRows(name) => self.list_rows(&name, &query),
            Call::InsertAll(name) => self.insert_all(&name, &body()?),
        }
    }
}

fn parse(body: &[u8]) -> QueryResult<Value> {
    serde_json::from_slice(body)
        .map_err(|error| QueryError::invalid(format!("Invalid JSON payload received. {error}")))
}
