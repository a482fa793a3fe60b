//! The calls that send queries and read their results.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::cell::{Format, millis};
use super::error::{QueryError, QueryResult};
use super::job::Job;
use super::name::DatasetName;
use super::plan::{Defaults, Plan};
use super::service::BigQuery;
use super::sql;
use crate::ids;
use crate::json::field;
use crate::query::Query;
use crate::reply;

/// The number that stands for `JOB_CREATION_OPTIONAL`.
const JOB_CREATION_OPTIONAL: u64 = 2;

/// What both ways of sending a query say of it.
struct Order<'a> {
    project: &'a str,
    /// A `QueryRequest`, or the `query` of a job's configuration.
    query: &'a Value,
    location: Option<&'a str>,
    id: Option<String>,
    configuration: Value,
}

/// Which rows of a result were asked for.
#[derive(Debug)]
struct Page {
    start: usize,
    size: usize,
    format: Format,
}

impl BigQuery {
    /// `jobs.query`: sends a query and answers its first page, if it is done by then.
    pub(super) fn query(&self, project: &str, body: &Value) -> QueryResult {
        let request = text(body, "requestId");
        let known = request.and_then(|request| self.jobs.of_request(project, request));
        let job = match known {
            Some(job) => job,
            None => {
                let query = json!({"query": text(body, "query"), "useLegacySql": false});
                let job = self.run(Order {
                    project,
                    query: body,
                    location: text(body, "location"),
                    id: None,
                    configuration: json!({"jobType": "QUERY", "query": query}),
                })?;
                // Nothing is kept of a query that could not be run.
                if let Err(error) = &job.outcome {
                    return Err(error.clone());
                }
                let job = self.jobs.add(job)?;
                if let Some(request) = request {
                    self.jobs.remember(request, &job);
                }
                job
            }
        };
        let format = field(body, "formatOptions").unwrap_or(&Value::Null);
        let page = Page {
            start: 0,
            size: self.page_size(count(field(body, "maxResults"))),
            format: Format {
                int64_timestamps: is_true(field(format, "useInt64Timestamp")),
            },
        };
        let mut answer = self.results(&job, &page)?;
        answer["kind"] = "bigquery#queryResponse".into();
        answer["location"] = job.location.as_str().into();
        answer["queryId"] = job.id.as_str().into();
        let mode = field(body, "jobCreationMode");
        let optional = mode.is_some_and(|mode| {
            mode == "JOB_CREATION_OPTIONAL" || mode.as_u64() == Some(JOB_CREATION_OPTIONAL)
        });
        // A result that is given whole needs no job to be read on.
        if let (true, Some(fields)) = (optional, answer.as_object_mut())
            && fields["jobComplete"] == true
            && !fields.contains_key("pageToken")
        {
            fields.remove("jobReference");
        }
        Ok(reply::json(StatusCode::OK, &answer))
    }

    /// `jobs.getQueryResults`: answers a page of a result.
    pub(super) fn get_query_results(&self, project: &str, id: &str, query: &Query) -> QueryResult {
        let job = self.jobs.get(project, id, query.get("location"))?;
        let start = match query.get("pageToken") {
            Some(token) => offset(token)
                .ok_or_else(|| QueryError::invalid("Invalid page token for the query result."))?,
            None => number(query, "startIndex")?.unwrap_or(0),
        };
        let page = Page {
            start,
            size: self.page_size(number(query, "maxResults")?),
            format: format_of(query),
        };
        let mut answer = self.results(&job, &page)?;
        answer["kind"] = "bigquery#getQueryResultsResponse".into();
        answer["etag"] = "emulator".into();
        Ok(reply::json(StatusCode::OK, &answer))
    }

    /// `jobs.insert`: sends a query and answers the job.
    pub(super) fn insert_job(&self, project: &str, body: &Value) -> QueryResult {
        let configuration = field(body, "configuration").unwrap_or(&Value::Null);
        let Some(query) = field(configuration, "query") else {
            return Err(QueryError::invalid(
                "The emulator runs no jobs other than queries: the configuration needs a query.",
            ));
        };
        let reference = field(body, "jobReference").unwrap_or(&Value::Null);
        let mut configuration = configuration.clone();
        configuration["jobType"] = "QUERY".into();
        let job = self.run(Order {
            project,
            query,
            location: text(reference, "location"),
            id: text(reference, "jobId").map(str::to_owned),
            configuration,
        })?;
        let job = self.jobs.add(job)?;
        Ok(job_reply(&job))
    }

    /// `jobs.get`.
    pub(super) fn get_job(&self, project: &str, id: &str, query: &Query) -> QueryResult {
        let job = self.jobs.get(project, id, query.get("location"))?;
        Ok(job_reply(&job))
    }

    fn run(&self, order: Order<'_>) -> QueryResult<Job> {
        let Order {
            project,
            query,
            location,
            id,
            configuration,
        } = order;
        let sql = text(query, "query").unwrap_or_default();
        if sql.is_empty() {
            return Err(QueryError::invalid("Required parameter is missing: query"));
        }
        let faults = self.faults.of_tables();
        let dataset = field(query, "defaultDataset").and_then(|dataset| {
            let project = text(dataset, "projectId").unwrap_or(project);
            Some(DatasetName::new(project, text(dataset, "datasetId")?))
        });
        let defaults = Defaults {
            project: project.to_owned(),
            dataset,
        };
        let legacy = field(query, "useLegacySql").is_none_or(|legacy| legacy != false);
        let select = if legacy {
            Err("The emulator does not run legacy SQL: useLegacySql must be false.".to_owned())
        } else {
            sql::parse(sql)
        };
        let outcome = select
            .map_err(QueryError::invalid_query)
            .and_then(|select| Plan::of(select, &defaults, location, &self.tables, &faults));
        let place = outcome.as_ref().map(Plan::location);
        let place = place.unwrap_or_else(|_| location.unwrap_or("US"));
        Ok(Job {
            project: project.to_owned(),
            id: id.unwrap_or_else(|| format!("job_{}", ids::batch())),
            location: place.to_owned(),
            created: self.clock.now(),
            configuration,
            outcome,
            unfinished_answers: AtomicUsize::new(faults.unfinished_answers),
        })
    }

    fn results(&self, job: &Arc<Job>, page: &Page) -> QueryResult<Value> {
        let plan = job.outcome.as_ref().map_err(Clone::clone)?;
        if !job.answer_done() {
            return Ok(json!({"jobReference": job.reference(), "jobComplete": false}));
        }
        let rows = plan.page(page.start, page.size, page.format);
        let end = page.start.saturating_add(rows.len());
        let time = millis(job.created);
        let mut answer = json!({
            "jobReference": job.reference(),
            "jobComplete": true,
            "schema": plan.schema(),
            "totalRows": plan.total_rows().to_string(),
            "totalBytesProcessed": "0",
            "cacheHit": false,
            "creationTime": time,
            "startTime": time,
            "endTime": time,
        });
        if !rows.is_empty() {
            answer["rows"] = rows.into();
        }
        if end < plan.total_rows() {
            answer["pageToken"] = page_token(end).into();
        }
        Ok(answer)
    }

    /// How many rows a page holds of which so many were asked for.
    pub(super) fn page_size(&self, asked: Option<usize>) -> usize {
        let most = self.settings.query_page_size.max(1);
        asked.map_or(most, |asked| asked.min(most))
    }
}

fn job_reply(job: &Job) -> Response {
    reply::json(StatusCode::OK, &job.resource(job.answer_done()))
}

/// A page token, which is the place of the next row.
pub(super) fn page_token(start: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("row:{start}"))
}

pub(super) fn offset(token: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("row:")?.parse().ok()
}

pub(super) fn number(query: &Query, name: &str) -> QueryResult<Option<usize>> {
    let number = query.parse(name);
    number.map_err(|_| QueryError::invalid(format!("Invalid value for {name}.")))
}

/// The format that a query asks for, where some clients write `True`.
pub(super) fn format_of(query: &Query) -> Format {
    let int64 = query.get("formatOptions.useInt64Timestamp");
    Format {
        int64_timestamps: int64.is_some_and(|value| value.eq_ignore_ascii_case("true")),
    }
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    let text = field(value, name).and_then(Value::as_str);
    text.filter(|text| !text.is_empty())
}

/// A number that may come as a text.
fn count(value: Option<&Value>) -> Option<usize> {
    match value? {
        Value::String(text) => text.parse().ok(),
        value => usize::try_from(value.as_u64()?).ok(),
    }
}

fn is_true(value: Option<&Value>) -> bool {
    value.is_some_and(|value| *value == true || value == "true")
}
