//! Which call of BigQuery a method and path stand for.

use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::name::{DatasetName, TableName};
use crate::operation::Operation;

/// A call.
#[derive(Debug, PartialEq)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) call: Call,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Call {
    Query { project: String },
    GetQueryResults { project: String, id: String },
    InsertJob { project: String },
    GetJob { project: String, id: String },
    GetDataset(DatasetName),
    InsertDataset { project: String },
    GetTable(TableName),
    InsertTable(DatasetName),
    DeleteTable(TableName),
    ListTables(DatasetName),
    ListRows(TableName),
    InsertAll(TableName),
}

impl Route {
    /// The call, or `None` where BigQuery has none under this path.
    pub(crate) fn of(head: &Parts) -> Option<Self> {
        let path = head.uri.path();
        let rest = path.strip_prefix("/bigquery/v2/projects/")?;
        let segments = rest.split('/').map(decode);
        let segments: Vec<String> = segments.collect::<Option<_>>()?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let [project, ref rest @ ..] = segments[..] else {
            return None;
        };
        let (operation, call) = match rest {
            ["datasets", dataset, "tables", rest @ ..] => {
                let dataset = DatasetName::new(project, dataset);
                table(head.method.as_str(), dataset, rest)?
            }
            rest => other(head.method.as_str(), project, rest)?,
        };
        Some(Self { operation, call })
    }
}

fn other(method: &str, project: &str, rest: &[&str]) -> Option<(Operation, Call)> {
    let project = project.to_owned();
    Some(match (method, rest) {
        ("POST", ["queries"]) => (Operation::Query, Call::Query { project }),
        ("GET", ["queries", id]) => {
            let id = (*id).to_owned();
            let call = Call::GetQueryResults { project, id };
            (Operation::GetQueryResults, call)
        }
        ("POST", ["jobs"]) => (Operation::InsertQueryJob, Call::InsertJob { project }),
        ("GET", ["jobs", id]) => {
            let id = (*id).to_owned();
            (Operation::GetQueryJob, Call::GetJob { project, id })
        }
        ("POST", ["datasets"]) => (Operation::InsertDataset, Call::InsertDataset { project }),
        ("GET", ["datasets", dataset]) => (
            Operation::GetDataset,
            Call::GetDataset(DatasetName::new(&project, dataset)),
        ),
        _ => return None,
    })
}

fn table(method: &str, dataset: DatasetName, rest: &[&str]) -> Option<(Operation, Call)> {
    let name = |table: &str| TableName {
        dataset: dataset.clone(),
        table: table.to_owned(),
    };
    Some(match (method, rest) {
        ("GET", []) => (Operation::ListTables, Call::ListTables(dataset)),
        ("POST", []) => (Operation::InsertTable, Call::InsertTable(dataset)),
        ("GET", [table]) => (Operation::GetTable, Call::GetTable(name(table))),
        ("DELETE", [table]) => (Operation::DeleteTable, Call::DeleteTable(name(table))),
        ("GET", [table, "data"]) => (Operation::ListTableRows, Call::ListRows(name(table))),
        ("POST", [table, "insertAll"]) => {
            (Operation::InsertTableRows, Call::InsertAll(name(table)))
        }
        _ => return None,
    })
}

fn decode(segment: &str) -> Option<String> {
    let decoded = percent_decode_str(segment).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn route(method: &str, path: &str) -> Option<(Operation, Call)> {
        let uri = format!("/bigquery/v2/projects/{path}");
        let request = Request::builder().method(method).uri(uri).body(()).unwrap();
        let route = Route::of(&request.into_parts().0)?;
        Some((route.operation, route.call))
    }

    #[test]
    fn calls_are_told_apart() {
        let table = TableName::new("p", "d", "t");
        assert_eq!(
            route("GET", "p/datasets/d/tables/t"),
            Some((Operation::GetTable, Call::GetTable(table.clone())))
        );
        assert_eq!(
            route("POST", "p/datasets/d/tables/t/insertAll"),
            Some((Operation::InsertTableRows, Call::InsertAll(table)))
        );
        let operation = |method, path| route(method, path).map(|(operation, _)| operation);
        assert_eq!(operation("POST", "p/queries"), Some(Operation::Query));
        assert_eq!(
            operation("GET", "x.com%3Ap/queries/job_1"),
            Some(Operation::GetQueryResults)
        );
        assert_eq!(operation("POST", "p/jobs"), Some(Operation::InsertQueryJob));
        assert_eq!(operation("GET", "p/models"), None);
        assert_eq!(operation("DELETE", "p/jobs/j"), None);
    }
}
