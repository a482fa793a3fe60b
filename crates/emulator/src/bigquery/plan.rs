//! A query that has found its table: which rows there are to give, and what is given of each.

use std::sync::Arc;

use serde_json::{Value, json};

use super::cell::{self, Format};
use super::error::{QueryError, QueryResult};
use super::name::{DatasetName, TableName};
use super::schema::{Column, Row};
use super::sql::{Expression, Output, Outputs, Select};
use super::store::{Table, Tables};
use crate::faults::TableFaults;

/// What stands in for the location of a query that no dataset gives one.
const DEFAULT_LOCATION: &str = "US";

/// The result of a query, of the table as it was then.
#[derive(Debug)]
pub(crate) struct Plan {
    table: Arc<Table>,
    outputs: Vec<(Column, Source)>,
    rows: usize,
}

/// Where a column of a result comes from.
#[derive(Debug)]
enum Source {
    Column(Column),
    RowAsJson,
    ColumnAsJson(Column),
    Count(usize),
}

/// Where a query looks for tables that it does not name in full.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) project: String,
    pub(crate) dataset: Option<DatasetName>,
}

impl Plan {
    /// Finds the table of a query, in the location where one is given.
    pub(crate) fn of(
        select: Select,
        defaults: &Defaults,
        location: Option<&str>,
        tables: &Tables,
        faults: &TableFaults,
    ) -> QueryResult<Self> {
        let name = full_name(&select.table, defaults)?;
        if faults.forbidden.contains(&name.dotted()) {
            return Err(QueryError::access_denied(&name));
        }
        let DatasetName { project, dataset } = &name.dataset;
        let found = tables.dataset(project, dataset);
        let place = found.as_ref().map(|dataset| dataset.location.as_str());
        let asked = location.or(place).unwrap_or(DEFAULT_LOCATION);
        if place.is_none_or(|place| !place.eq_ignore_ascii_case(asked)) {
            return Err(QueryError::dataset_not_in(&name.dataset, asked));
        }
        let table = tables
            .get(project, dataset, &name.table)
            .ok_or_else(|| QueryError::table_not_in(&name, asked))?;
        let mut rows = table.rows.len();
        let outputs = match select.outputs {
            Outputs::All => {
                let columns = table.columns.iter().cloned();
                columns
                    .map(|column| (column.clone(), Source::Column(column)))
                    .collect()
            }
            Outputs::List(outputs) => {
                let alias = select.alias.as_deref().unwrap_or(&name.table);
                if outputs
                    .iter()
                    .any(|output| output.expression == Expression::Count)
                {
                    rows = 1;
                }
                resolve(outputs, alias, &table)?
            }
        };
        Ok(Self {
            rows: rows.min(select.limit.unwrap_or(usize::MAX)),
            outputs,
            table,
        })
    }

    pub(crate) fn location(&self) -> &str {
        &self.table.location
    }

    pub(crate) fn total_rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn schema(&self) -> Value {
        let columns = self.outputs.iter().map(|(column, _)| column.to_json());
        json!({"fields": columns.collect::<Vec<_>>()})
    }

    /// So many rows from this one on.
    pub(crate) fn page(&self, start: usize, size: usize, format: Format) -> Vec<Value> {
        let end = self.rows.min(start.saturating_add(size));
        (start..end).map(|row| self.row(row, format)).collect()
    }

    fn row(&self, row: usize, format: Format) -> Value {
        let empty = Row::new();
        let row = self.table.rows.get(row).unwrap_or(&empty);
        let cells = self.outputs.iter().map(|(_, source)| {
            let value = |column: &Column| row.get(&column.name).unwrap_or(&Value::Null).clone();
            let cell = match source {
                Source::Column(column) => cell::cell(&value(column), column, format),
                Source::ColumnAsJson(column) => value(column).to_string().into(),
                Source::RowAsJson => cell::row_as_json(row, &self.table.columns).into(),
                Source::Count(count) => count.to_string().into(),
            };
            json!({"v": cell})
        });
        json!({"f": cells.collect::<Vec<_>>()})
    }
}

fn full_name(parts: &[String], defaults: &Defaults) -> QueryResult<TableName> {
    match parts {
        [project, dataset, table] => Ok(TableName::new(project, dataset, table)),
        [dataset, table] => Ok(TableName::new(&defaults.project, dataset, table)),
        parts => match (&defaults.dataset, parts) {
            (Some(dataset), [table]) => Ok(TableName {
                dataset: dataset.clone(),
                table: table.clone(),
            }),
            _ => Err(QueryError::invalid_query(format!(
                "Table \"{}\" must be qualified with a dataset (e.g. dataset.table).",
                parts.join(".")
            ))),
        },
    }
}

fn resolve(outputs: Vec<Output>, alias: &str, table: &Table) -> QueryResult<Vec<(Column, Source)>> {
    let column = |name: &str| {
        let mut columns = table.columns.iter();
        columns
            .find(|column| column.name.eq_ignore_ascii_case(name))
            .cloned()
    };
    let unknown = |name: &str| QueryError::invalid_query(format!("Unrecognized name: {name}"));
    let counts = outputs
        .iter()
        .any(|output| output.expression == Expression::Count);
    let mut unnamed = 0;
    let mut resolved = Vec::with_capacity(outputs.len());
    for Output { expression, name } in outputs {
        let (mut shape, source) = match &expression {
            Expression::Column(name) if !counts => {
                let column = column(name).ok_or_else(|| unknown(name))?;
                (column.clone(), Source::Column(column))
            }
            Expression::Column(name) => {
                return Err(QueryError::invalid_query(format!(
                    "SELECT list expression references column {name} which is neither grouped \
                     nor aggregated"
                )));
            }
            Expression::ToJsonString(name) => {
                // The alias of a table hides a column of its name.
                let source = if name.eq_ignore_ascii_case(alias) {
                    Source::RowAsJson
                } else {
                    Source::ColumnAsJson(column(name).ok_or_else(|| unknown(name))?)
                };
                (Column::new("", "STRING"), source)
            }
            Expression::Count => {
                let count = Source::Count(table.rows.len());
                (Column::new("", "INTEGER"), count)
            }
        };
        if let Some(name) = name {
            shape.name = name;
        } else if shape.name.is_empty() {
            shape.name = format!("f{unnamed}_");
            unnamed += 1;
        }
        resolved.push((shape, source));
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bigquery::sql;
    use crate::clock::Clock;

    fn run(sql: &str, location: Option<&str>) -> QueryResult<Plan> {
        let tables = Tables::new(Clock::new(), crate::state::State::default());
        let rows = json!([{"a": 1, "b": {"x": true}}, {"a": 2, "b": null}]);
        let rows = serde_json::from_value(rows).unwrap();
        tables.create("p", "d", "t", rows, "EU", None);
        let defaults = Defaults {
            project: "p".to_owned(),
            dataset: Some(DatasetName::new("p", "d")),
        };
        let faults = TableFaults {
            forbidden: ["p.d.secret".to_owned()].into(),
            ..TableFaults::default()
        };
        let select = sql::parse(sql).unwrap();
        Plan::of(select, &defaults, location, &tables, &faults)
    }

    fn rows(sql: &str) -> Value {
        let plan = run(sql, None).unwrap();
        let rows = plan.page(0, 10, Format::default());
        let cells = rows.iter().map(|row| {
            let cells = row["f"].as_array().unwrap().iter();
            cells.map(|cell| cell["v"].clone()).collect::<Vec<_>>()
        });
        json!(cells.collect::<Vec<_>>())
    }

    fn message(sql: &str, location: Option<&str>) -> String {
        let error = run(sql, location).unwrap_err();
        error.to_json()["message"].as_str().unwrap().to_owned()
    }

    #[test]
    fn rows_are_given_as_asked() {
        let whole = json!([["1", "{\"x\":true}"], ["2", null]]);
        assert_eq!(rows("SELECT * FROM `p.d.t`"), whole);
        assert_eq!(rows("SELECT A FROM t LIMIT 1"), json!([["1"]]));
        let texts = json!([[r#"{"a":1,"b":{"x":true}}"#], [r#"{"a":2,"b":null}"#]]);
        assert_eq!(rows("SELECT TO_JSON_STRING(x) AS r FROM d.t AS x"), texts);
        assert_eq!(rows("SELECT TO_JSON_STRING(a) FROM d.t AS a"), texts);
        let column = rows("SELECT TO_JSON_STRING(b) FROM d.t LIMIT 1");
        assert_eq!(column, json!([["{\"x\":true}"]]));
        assert_eq!(rows("SELECT COUNT(*) FROM d.t"), json!([["2"]]));
        assert_eq!(rows("SELECT COUNT(*) FROM d.t LIMIT 0"), json!([]));
    }

    #[test]
    fn errors_are_worded_as_the_service_does() {
        let all = "SELECT * FROM d.t";
        assert_eq!(
            message(all, Some("US")),
            "Not found: Dataset p:d was not found in location US"
        );
        assert_eq!(
            message("SELECT * FROM d.other", None),
            "Not found: Table p:d.other was not found in location EU"
        );
        assert_eq!(
            message("SELECT * FROM other.t", None),
            "Not found: Dataset p:other was not found in location US"
        );
        assert!(message("SELECT * FROM secret", None).starts_with("Access Denied: Table p:d.sec"));
        assert_eq!(message("SELECT z FROM t", None), "Unrecognized name: z");
    }
}
