//! BigQuery: the rows of a result table, as JSON, by calls of the client: with its credentials, its
//! headers, its retries and its limits.
//!
//! Google's own library would do, but for one thing: it makes every call in the name of the project
//! that the query runs in (`x-goog-user-project`), asked or not, which takes a right that who may read
//! a table need not have. Its half for the Storage Read API, by which several streams bring a table at
//! once, is not part of its stable releases yet (`cfg(google_cloud_unstable_bigquery_storage_read)`).
//!
//! ```text
//! page 1 ── rows, rows, … ── page 2 ── rows, …
//!    └ the call for page 2 is under way meanwhile
//! ```

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use reqwest::{Method, Request, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

use crate::error::{Error, Result};
use crate::http::Session;
use crate::http::auth::Auth;
use crate::http::connections::{Connections, Held};
use crate::http::retry::Idempotency;
use crate::http::send::BodyMode;
use crate::page::MOST_EMPTY;
use crate::results::ByteStream;
use crate::scan::whole_characters;
use crate::unique;
use crate::uri::BigQueryTable;

/// What a query calls a row. No column can be named so: BigQuery keeps the prefix to itself ("Specify a
/// schema", Column names), in any case of its letters.
const ROW: &str = "_TABLE_row";
/// How long BigQuery is to wait for the end of a query before it responds that there is none yet.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a query may take in all: a table is read as it is.
const LONGEST: Duration = Duration::from_secs(3600);
/// After how many responses of that kind the pauses between them grow no more.
const GROWING: u32 = 6;

/// BigQuery, as one client sees it.
pub(crate) struct BigQueryTables {
    session: Session,
    base_url: Option<String>,
    /// Where queries run; by default in the table's project.
    project: Option<String>,
}

/// A response to a query, or to a call that asks how it stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Page {
    job_reference: Option<JobReference>,
    job_complete: Option<bool>,
    rows: Vec<Row>,
    page_token: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JobReference {
    job_id: String,
    location: Option<String>,
}

/// A row of one column.
#[derive(Debug, Deserialize)]
struct Row {
    f: [Cell; 1],
}

#[derive(Debug, Deserialize)]
struct Cell {
    v: String,
}

/// A query that has ended, read page by page.
struct Pages {
    session: Session,
    /// Where its results are.
    results: Url,
    rows: VecDeque<Row>,
    next: Option<Next>,
    connections: Connections,
    /// The hashes of the tokens that led here: a page that leads back to one before would never end.
    tokens: HashSet<u64>,
    hasher: RandomState,
    /// How many empty pages came in a row.
    empty: u32,
}

/// The page after the one that is read.
enum Next {
    Token(String),
    /// On its way, which ends if nobody waits for it any more.
    Coming(JoinSet<Result<(Page, Held)>>),
}

impl BigQueryTables {
    pub(crate) fn new(session: Session, base_url: Option<String>, project: Option<String>) -> Self {
        Self {
            session,
            base_url,
            project,
        }
    }

    /// The rows of a table, every column kept, each as a JSON object. Where there may be more than one
    /// connection, a page comes while the one before is read.
    pub(crate) async fn open(
        &self,
        table: &BigQueryTable,
        connections: Connections,
    ) -> Result<ByteStream> {
        let doing = format!("reading {table}");
        let pages = self.query(table, connections).await;
        let pages = pages.map_err(|error| error.during(doing.clone()))?;
        Ok(Box::pin(stream::try_unfold(pages, move |mut pages| {
            let doing = doing.clone();
            async move {
                let row = pages.next_row().await;
                let row = row.map_err(|error| error.during(doing))?;
                Ok(row.map(|row| (row, pages)))
            }
        })))
    }

    /// Runs a query to its end.
    async fn query(&self, table: &BigQueryTable, connections: Connections) -> Result<Pages> {
        if let Auth::ApiKey(_) = self.session.auth() {
            return Err(Error::configuration(
                "BigQuery takes no API key: pass Google Cloud credentials",
            ));
        }
        let sql = format!(
            "SELECT TO_JSON_STRING({ROW}) AS row FROM {} AS {ROW}",
            table.quoted()?
        );
        let project = self.project.as_deref().unwrap_or(table.project());
        let queries = self.address(project)?;
        let patience = PATIENCE.min(self.session.timeout() / 2).as_millis() as u64;
        let id = unique::digits(32).map_err(Error::no_randomness)?;
        let body = json!({
            "query": sql,
            "useLegacySql": false,
            "timeoutMs": patience,
            // By which a query that is sent again is known. It may have 36 characters.
            "requestId": id,
        });
        let (mut page, _) = call(&self.session, queries.clone(), Some(&body)).await?;
        let job = page.job_reference.take();
        let job =
            job.ok_or_else(|| Error::protocol("BigQuery does not say which query it runs"))?;
        let mut results = queries;
        push(&mut results, &[&job.job_id]);
        if let Some(location) = &job.location {
            results.query_pairs_mut().append_pair("location", location);
        }
        let mut asked = 0;
        let start = Instant::now();
        while page.job_complete == Some(false) {
            if start.elapsed() > LONGEST {
                return Err(Error::protocol(format!(
                    "the query {} has not ended after an hour",
                    job.job_id
                )));
            }
            asked += 1;
            // It has waited already; where it does not, it is not to be asked without end.
            tokio::time::sleep(self.session.pause(asked.min(GROWING))).await;
            let mut url = results.clone();
            let timeout = patience.to_string();
            url.query_pairs_mut().append_pair("timeoutMs", &timeout);
            (page, _) = get(&self.session, url).await?;
        }
        let mut pages = Pages {
            session: self.session.clone(),
            results,
            rows: VecDeque::new(),
            next: None,
            connections,
            tokens: HashSet::new(),
            hasher: RandomState::new(),
            empty: 0,
        };
        pages.take(page)?;
        Ok(pages)
    }

    /// Where queries of a project are sent.
    fn address(&self, project: &str) -> Result<Url> {
        let base_url = self.base_url.as_deref();
        let base_url = base_url.unwrap_or("https://bigquery.googleapis.com");
        let mut url = Url::parse(base_url)
            .map_err(|e| Error::configuration("BigQuery has no valid address").with_source(e))?;
        push(
            &mut url,
            &["bigquery", "v2", "projects", project, "queries"],
        );
        Ok(url)
    }
}

impl Pages {
    async fn next_row(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(Row { f: [Cell { v }] }) = self.rows.pop_front() {
                return Ok(Some(Bytes::from(v)));
            }
            let page = match self.next.take() {
                None => return Ok(None),
                Some(Next::Token(token)) => get(&self.session, self.page(&token)).await?.0,
                Some(Next::Coming(mut page)) => match page.join_next().await {
                    Some(Ok(page)) => page?.0,
                    Some(Err(error)) => {
                        let error = std::io::Error::other(error);
                        return Err(Error::io("the next page was not waited for", error));
                    }
                    None => return Ok(None),
                },
            };
            self.take(page)?;
        }
    }

    fn page(&self, token: &str) -> Url {
        let mut url = self.results.clone();
        url.query_pairs_mut().append_pair("pageToken", token);
        url
    }

    fn take(&mut self, page: Page) -> Result<()> {
        self.rows = page.rows.into();
        self.empty = match self.rows.is_empty() {
            true => self.empty + 1,
            false => 0,
        };
        let Some(token) = page.page_token.filter(|token| !token.is_empty()) else {
            return Ok(());
        };
        if !self.tokens.insert(self.hasher.hash_one(&token)) {
            return Err(Error::protocol(
                "a page of the table leads back to one that was read already",
            ));
        }
        if self.empty == MOST_EMPTY {
            return Err(Error::protocol(format!(
                "the service gave {MOST_EMPTY} empty pages in a row: the table seems to have no end"
            )));
        }
        let mut held = Held::of(self.connections.budget());
        self.next = Some(match self.connections.may_be_several() && held.has_room() {
            true => {
                let (session, url) = (self.session.clone(), self.page(&token));
                let mut page = JoinSet::new();
                let call = async move {
                    let (page, bytes) = get(&session, url).await?;
                    held.add(bytes);
                    Ok((page, held))
                };
                page.spawn(call.in_current_span());
                Next::Coming(page)
            }
            false => Next::Token(token),
        });
        Ok(())
    }
}

/// Adds segments to a path.
fn push(url: &mut Url, segments: &[&str]) {
    // An address of HTTP has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
}

async fn get(session: &Session, url: Url) -> Result<(Page, usize)> {
    call(session, url, None).await
}

/// Makes a call, which may be made twice: a query has an id of its own. Tells how long the response is
/// beside what it says.
async fn call(session: &Session, url: Url, body: Option<&Value>) -> Result<(Page, usize)> {
    let mut request = match body {
        Some(_) => Request::new(Method::POST, url),
        None => Request::new(Method::GET, url),
    };
    *request.body_mut() = body.map(|body| body.to_string().into());
    let response = session.call(request, Idempotency::Repeatable, BodyMode::Whole);
    let json = response.await?.bytes().await.map_err(Error::transport)?;
    let read = serde_json::from_slice(&json);
    // A text of the table may hold half a character.
    let read = read.or_else(|e| {
        let whole = whole_characters(&json);
        whole.map_or(Err(e), |whole| serde_json::from_slice(&whole))
    });
    let page =
        read.map_err(|e| Error::protocol("BigQuery gave no valid response").with_source(e))?;
    Ok((page, json.len()))
}
