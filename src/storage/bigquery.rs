//! BigQuery: the rows of a result table, as JSON, with the credentials and the retry policy of
//! the client. Google's library makes the calls, over connections of its own.

use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream;
use google_cloud_auth::credentials::Credentials;
use google_cloud_bigquery::client::BigQuery;
use google_cloud_bigquery::error::{QueryError, RowError};
use google_cloud_bigquery::query::RowIterator;
use google_cloud_bigquery::query::retry_policy::RetryableErrors;
use google_cloud_gax::error::Error as CallError;
use google_cloud_gax::exponential_backoff::ExponentialBackoffBuilder;
use google_cloud_gax::retry_policy::RetryPolicyExt;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::error::{Error, HttpFailure, Kind, Result};
use crate::http::Session;
use crate::http::auth::Auth;
use crate::http::google::GoogleCredentials;
use crate::name::is_plain_id;
use crate::results::ByteStream;

/// BigQuery, as one client sees it.
pub(crate) struct BigQueryTables {
    session: Session,
    base_url: Option<String>,
    /// Whose quota queries count against; by default the table's project.
    project: Option<String>,
}

/// A table, from its URI.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TableName {
    pub(crate) project: String,
    pub(crate) dataset: String,
    pub(crate) table: String,
}

impl TableName {
    /// Reads `bq://project.dataset.table`; a project of a domain has dots of its own.
    pub(crate) fn parse(uri: &str) -> Result<Self> {
        let rest = uri.strip_prefix("bq://").unwrap_or(uri);
        let mut parts = rest.rsplitn(3, '.');
        let (table, dataset, project) = (parts.next(), parts.next(), parts.next());
        match (project, dataset, table) {
            (Some(project), Some(dataset), Some(table))
                if [dataset, table].into_iter().all(is_plain_id)
                    && project.split(':').all(is_plain_id) =>
            {
                Ok(Self {
                    project: project.to_owned(),
                    dataset: dataset.to_owned(),
                    table: table.to_owned(),
                })
            }
            _ => Err(Error::input(format!(
                "{uri:?} is not a BigQuery table: write bq://project.dataset.table"
            ))),
        }
    }
}

impl BigQueryTables {
    pub(crate) fn new(session: Session, base_url: Option<String>, project: Option<String>) -> Self {
        Self {
            session,
            base_url,
            project,
        }
    }

    /// The rows of a table, every column kept, each as a JSON object.
    pub(crate) async fn open(&self, uri: &str) -> Result<ByteStream> {
        let name = TableName::parse(uri)?;
        let Auth::Google(credentials) = self.session.auth() else {
            return Err(Error::configuration(
                "BigQuery takes no API key: pass Google Cloud credentials",
            ));
        };
        let tokens = Tokens::new(Arc::clone(credentials));
        let policy = self.session.retry_policy();
        let backoff = ExponentialBackoffBuilder::new()
            .with_initial_delay(policy.first_backoff())
            .with_maximum_delay(policy.longest_backoff())
            .clamp();
        let mut builder = BigQuery::builder()
            .with_credentials(Credentials::from(tokens.clone()))
            .with_retry_policy(
                RetryableErrors
                    .with_attempt_limit(policy.attempts())
                    .with_time_limit(policy.time_budget()),
            )
            .with_backoff_policy(backoff)
            .with_project_id(self.project.as_ref().unwrap_or(&name.project));
        if let Some(url) = &self.base_url {
            builder = builder.with_endpoint(url);
        }
        let client = builder.build().await.map_err(|e| {
            Error::configuration("BigQuery cannot be reached with these options").with_source(e)
        })?;
        let TableName {
            project,
            dataset,
            table,
        } = name;
        let sql =
            format!("SELECT TO_JSON_STRING(t) AS row FROM `{project}.{dataset}.{table}` AS t");
        let mut done = client.query(&sql).until_done().await;
        if let Err(QueryError::Rpc { source, .. }) = &done
            && tokens.renew_after(source).await
        {
            done = client.query(&sql).until_done().await;
        }
        let doing = format!("reading {uri}");
        let rows = done
            .map_err(|e| query_error(e).during(doing.clone()))?
            .read();
        Ok(Box::pin(stream::try_unfold(rows, move |mut rows| {
            let (doing, tokens) = (doing.clone(), tokens.clone());
            async move {
                let mut row = next_row(&mut rows).await;
                // A page that was refused is still the next one.
                if let Err(RowError::Rpc { source, .. }) = &row
                    && tokens.renew_after(source).await
                {
                    row = next_row(&mut rows).await;
                }
                let row = row.map_err(|e| row_error(e).during(doing))?;
                Ok(row.map(|row| (Bytes::from(row), rows)))
            }
        })))
    }
}

async fn next_row(rows: &mut RowIterator) -> std::result::Result<Option<String>, RowError> {
    match rows.next().await.transpose()? {
        Some(row) => row.get(0usize).map(Some),
        None => Ok(None),
    }
}

/// The client's credentials as an object of Google's libraries.
#[derive(Clone)]
struct Tokens {
    credentials: Arc<GoogleCredentials>,
    /// What was handed out last.
    used: Arc<Mutex<HeaderMap>>,
}

impl Tokens {
    fn new(credentials: Arc<GoogleCredentials>) -> Self {
        Self {
            credentials,
            used: Arc::default(),
        }
    }

    /// Whether the call failed since its token was refused, and there is another one now.
    async fn renew_after(&self, error: &CallError) -> bool {
        if error.http_status_code() != Some(StatusCode::UNAUTHORIZED.as_u16()) {
            return false;
        }
        let used = || self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let rejected = used().clone();
        self.credentials.renew(&rejected).await
    }
}

impl google_cloud_auth::credentials::CredentialsProvider for Tokens {
    async fn headers(
        &self,
        _: http::Extensions,
    ) -> std::result::Result<
        google_cloud_auth::credentials::CacheableResource<HeaderMap>,
        google_cloud_auth::errors::CredentialsError,
    > {
        let headers = self.credentials.headers().await.map_err(|error| {
            google_cloud_auth::errors::CredentialsError::new(
                error.is_retryable(),
                "no access token",
                error,
            )
        })?;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.clone_from(&headers);
        Ok(google_cloud_auth::credentials::CacheableResource::New {
            entity_tag: google_cloud_auth::credentials::EntityTag::new(),
            data: headers,
        })
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens([censored])")
    }
}

fn query_error(error: QueryError) -> Error {
    let told = match &error {
        QueryError::Rpc { source, .. } => call_error(source),
        QueryError::JobFailed { errors, .. } => {
            let message = errors.first().map(|error| error.message.clone());
            Error::new(Kind::Refused, message.unwrap_or_else(not_done))
        }
        _ => Error::new(Kind::Refused, not_done()),
    };
    told.with_source(error)
}

fn row_error(error: RowError) -> Error {
    let told = match &error {
        RowError::Rpc { source, .. } => call_error(source),
        _ => Error::protocol("BigQuery gave no valid answer"),
    };
    told.with_source(error)
}

fn not_done() -> String {
    "BigQuery did not do it".to_owned()
}

/// BigQuery's own words say what is missing, forbidden, or in another region.
fn call_error(error: &CallError) -> Error {
    let message = error.status().map(|status| status.message.clone());
    if let Some(status) = error.http_status_code() {
        let failure = HttpFailure {
            status,
            ..HttpFailure::default()
        };
        return Error::status_answer(failure, message.unwrap_or_else(not_done));
    }
    if let Some(error) = find_own(error) {
        let kind = match error.is_retryable() {
            true => Kind::Transport,
            false => Kind::Configuration,
        };
        return Error::new(kind, error.message());
    }
    if error.is_timeout() {
        Error::new(Kind::Timeout, "BigQuery did not answer in time")
    } else if error.is_io() || error.is_connect() || error.is_transport() {
        Error::new(Kind::Transport, "no connection to BigQuery")
    } else {
        Error::new(Kind::Refused, message.unwrap_or_else(not_done))
    }
}

/// The client's own error, where it could give the library no token.
fn find_own(error: &CallError) -> Option<&Error> {
    let mut cause = error.source();
    while let Some(current) = cause {
        if let Some(own) = current.downcast_ref() {
            return Some(own);
        }
        cause = current.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_in_full_and_plainly() {
        let name = TableName::parse("bq://p-1.d_1.predictions_2026").unwrap();
        assert_eq!((&*name.project, &*name.table), ("p-1", "predictions_2026"));
        assert_eq!(
            TableName::parse("bq://example.com:p.d.t").unwrap().project,
            "example.com:p"
        );
        for uri in ["bq://d.t", "bq://p.d.t` --", "bq://p..t", ""] {
            assert!(
                TableName::parse(uri).unwrap_err().is_invalid_input(),
                "{uri}"
            );
        }
    }
}
