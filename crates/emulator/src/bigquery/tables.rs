//! The calls that read, make and fill tables and datasets.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::cell::{self, millis};
use super::error::{QueryError, QueryResult};
use super::name::{DatasetName, TableName};
use super::query::{format_of, number, offset, page_token, text};
use super::schema::Column;
use super::service::BigQuery;
use super::store::{DatasetInfo, Table};
use crate::json::field;
use crate::query::Query;
use crate::reply;

impl BigQuery {
    pub(super) fn get_dataset(&self, name: &DatasetName) -> QueryResult {
        let dataset = self.find_dataset(name)?;
        Ok(ok(&dataset_resource(name, &dataset)))
    }

    pub(super) fn insert_dataset(&self, project: &str, body: &Value) -> QueryResult {
        let reference = field(body, "datasetReference").unwrap_or(&Value::Null);
        let Some(id) = text(reference, "datasetId") else {
            return Err(QueryError::invalid(
                "Required parameter is missing: datasetId",
            ));
        };
        let name = DatasetName::new(project, id);
        let location = text(body, "location").unwrap_or("US");
        if !self.tables.create_dataset(project, id, location) {
            return Err(QueryError::already_exists(&format!("Dataset {name}")));
        }
        self.get_dataset(&name)
    }

    pub(super) fn get_table(&self, name: &TableName) -> QueryResult {
        let table = self.find_table(name)?;
        Ok(ok(&table_resource(name, &table)))
    }

    pub(super) fn insert_table(&self, dataset: &DatasetName, body: &Value) -> QueryResult {
        let found = self.find_dataset(dataset)?;
        let reference = field(body, "tableReference").unwrap_or(&Value::Null);
        let Some(id) = text(reference, "tableId") else {
            return Err(QueryError::invalid(
                "Required parameter is missing: tableId",
            ));
        };
        let name = TableName {
            dataset: dataset.clone(),
            table: id.to_owned(),
        };
        let DatasetName { project, dataset } = dataset;
        if self.tables.get(project, dataset, id).is_some() {
            return Err(QueryError::already_exists(&format!("Table {name}")));
        }
        let fields = field(body, "schema").and_then(|schema| field(schema, "fields"));
        let fields = fields.and_then(Value::as_array).map(Vec::as_slice);
        let columns: Option<Vec<Column>> = fields
            .unwrap_or_default()
            .iter()
            .map(Column::parse)
            .collect();
        let columns =
            columns.ok_or_else(|| QueryError::invalid("A column needs a name and a type."))?;
        self.tables.create_with_columns(
            project,
            dataset,
            id,
            (columns, None),
            Vec::new(),
            &found.location,
        );
        self.get_table(&name)
    }

    pub(super) fn delete_table(&self, name: &TableName) -> QueryResult {
        self.find_table(name)?;
        let DatasetName { project, dataset } = &name.dataset;
        self.tables.delete(project, dataset, &name.table);
        let mut response = reply::empty();
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = axum::body::Body::empty();
        Ok(response)
    }

    pub(super) fn list_tables(&self, dataset: &DatasetName, query: &Query) -> QueryResult {
        self.find_dataset(dataset)?;
        let size = number(query, "maxResults")?.unwrap_or(usize::MAX);
        let size = size.clamp(1, self.settings.max_page_size.max(1));
        // The token of a page is the table that the page before ended with.
        let after = query.get("pageToken").unwrap_or_default();
        let mut names = self.tables.list(&dataset.project, &dataset.dataset);
        let total = names.len();
        names.retain(|name| name.as_str() > after);
        let more = names.len() > size;
        names.truncate(size);
        let tables = names.iter().map(|table| {
            let name = TableName::new(&dataset.project, &dataset.dataset, table);
            json!({
                "kind": "bigquery#table",
                "id": name.to_string(),
                "tableReference": reference(&name),
                "type": "TABLE",
            })
        });
        let mut answer = json!({
            "kind": "bigquery#tableList",
            "etag": "emulator",
            "tables": tables.collect::<Vec<_>>(),
            "totalItems": total,
        });
        if let Some(last) = names.last().filter(|_| more) {
            answer["nextPageToken"] = last.as_str().into();
        }
        Ok(ok(&answer))
    }

    /// `tabledata.list`.
    pub(super) fn list_rows(&self, name: &TableName, query: &Query) -> QueryResult {
        let table = self.find_table(name)?;
        let start = match query.get("pageToken") {
            Some(token) => {
                offset(token).ok_or_else(|| QueryError::invalid("Invalid page token."))?
            }
            None => number(query, "startIndex")?.unwrap_or(0),
        };
        let size = self.page_size(number(query, "maxResults")?);
        let format = format_of(query);
        let rows = table.rows.iter().skip(start).take(size);
        let rows: Vec<Value> = rows
            .map(|row| cell::row(row, &table.columns, format))
            .collect();
        let end = start.saturating_add(rows.len());
        let mut answer = json!({
            "kind": "bigquery#tableDataList",
            "etag": "emulator",
            "totalRows": table.rows.len().to_string(),
        });
        if !rows.is_empty() {
            answer["rows"] = rows.into();
        }
        if end < table.rows.len() {
            answer["pageToken"] = page_token(end).into();
        }
        Ok(ok(&answer))
    }

    /// `tabledata.insertAll`: takes all rows or, where one of them is wrong, none.
    pub(super) fn insert_all(&self, name: &TableName, body: &Value) -> QueryResult {
        let table = self.find_table(name)?;
        let sent = field(body, "rows").and_then(Value::as_array);
        let sent = sent.map(Vec::as_slice).unwrap_or_default();
        if sent.is_empty() {
            return Err(QueryError::invalid("No rows present in the request."));
        }
        let (mut rows, mut errors) = (Vec::new(), Vec::new());
        for (index, row) in sent.iter().enumerate() {
            let row = field(row, "json").and_then(Value::as_object);
            let row = row.cloned().unwrap_or_default();
            match cell::take_in_row(row, &table.columns) {
                Ok(row) => rows.push(row),
                Err(message) => errors.push((index, "invalid", message)),
            }
        }
        let mut answer = json!({"kind": "bigquery#tableDataInsertAllResponse"});
        if errors.is_empty() {
            let DatasetName { project, dataset } = &name.dataset;
            self.tables
                .append(project, dataset, &name.table, rows, None);
        } else {
            let wrong: Vec<usize> = errors.iter().map(|(index, ..)| *index).collect();
            let stopped = (0..sent.len()).filter(|index| !wrong.contains(index));
            errors.extend(stopped.map(|index| (index, "stopped", String::new())));
            let errors = errors.into_iter().map(|(index, reason, message)| {
                json!({"index": index, "errors": [{"reason": reason, "message": message}]})
            });
            answer["insertErrors"] = errors.collect();
        }
        Ok(ok(&answer))
    }

    fn find_dataset(&self, name: &DatasetName) -> QueryResult<DatasetInfo> {
        self.tables
            .dataset(&name.project, &name.dataset)
            .ok_or_else(|| QueryError::no_such_dataset(name))
    }

    fn find_table(&self, name: &TableName) -> QueryResult<std::sync::Arc<Table>> {
        if self.faults.of_tables().forbidden.contains(&name.dotted()) {
            return Err(QueryError::access_denied(name));
        }
        self.find_dataset(&name.dataset)?;
        let DatasetName { project, dataset } = &name.dataset;
        self.tables
            .get(project, dataset, &name.table)
            .ok_or_else(|| QueryError::no_such_table(name))
    }
}

fn ok(value: &Value) -> Response {
    reply::json(StatusCode::OK, value)
}

fn reference(name: &TableName) -> Value {
    let DatasetName { project, dataset } = &name.dataset;
    json!({"projectId": project, "datasetId": dataset, "tableId": name.table})
}

fn dataset_resource(name: &DatasetName, dataset: &DatasetInfo) -> Value {
    let time = millis(dataset.created);
    json!({
        "kind": "bigquery#dataset",
        "etag": "emulator",
        "id": name.to_string(),
        "datasetReference": {"projectId": name.project, "datasetId": name.dataset},
        "location": dataset.location,
        "creationTime": time,
        "lastModifiedTime": time,
        "type": "DEFAULT",
    })
}

fn table_resource(name: &TableName, table: &Table) -> Value {
    let columns: Vec<Value> = table.columns.iter().map(Column::to_json).collect();
    json!({
        "kind": "bigquery#table",
        "etag": "emulator",
        "id": name.to_string(),
        "tableReference": reference(name),
        "schema": {"fields": columns},
        "numRows": table.rows.len().to_string(),
        "numBytes": "0",
        "location": table.location,
        "creationTime": millis(table.created),
        "lastModifiedTime": millis(table.modified),
        "type": "TABLE",
    })
}
