//! Answering a call: who may, and what it is for.

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::error::{QueryError, QueryResult};
use super::route::{Call, Route};
use super::service::BigQuery;
use crate::access::Access;
use crate::query::Query;

impl BigQuery {
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
