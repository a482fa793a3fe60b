//! BigQuery over plain HTTP, in the calls that clients make to read a table.

use genai_batch_emulator::{Builder, Emulator, Failure, Operation};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::ok;

struct Fixture {
    emulator: Emulator,
    http: reqwest::Client,
}

impl Fixture {
    async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    /// With `p.d.numbers`, which has the rows 0 to 4 of the columns `n` and `square`.
    async fn with(set_up: impl FnOnce(Builder) -> Builder) -> Self {
        let emulator = set_up(Emulator::builder()).start().await.unwrap();
        let row = |n| json!({"n": n, "square": {"of": n, "is": n * n}});
        emulator.put_table("p.d.numbers", (0..5).map(row));
        Self {
            emulator,
            http: reqwest::Client::new(),
        }
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let base = self.emulator.base_url();
        let url = format!("{base}/bigquery/v2/projects/{path}");
        self.http.request(method, url)
    }

    fn query(&self, sql: &str, more: Value) -> RequestBuilder {
        let mut body = json!({"query": sql, "useLegacySql": false});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.call(Method::POST, "p/queries").json(&body)
    }

    /// The status, the reason and the message of an error.
    async fn refused(&self, call: RequestBuilder) -> (u16, String, String) {
        let answer = call.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["code"], status);
        let error = &body["error"]["errors"][0];
        let text = |name: &str| error[name].as_str().unwrap().to_owned();
        (status, text("reason"), text("message"))
    }
}

/// The first cell of each row.
fn first(answer: &Value) -> Vec<&str> {
    let rows = answer["rows"].as_array().map(Vec::as_slice);
    let rows = rows.unwrap_or_default().iter();
    rows.map(|row| row["f"][0]["v"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_table_is_read_in_pages() {
    let fixture = Fixture::with(|builder| builder.query_page_size(2)).await;
    let answer = ok(fixture.query("SELECT * FROM `p.d.numbers`", json!({}))).await;
    assert_eq!(answer["jobComplete"], true);
    assert_eq!(answer["totalRows"], "5");
    let types: Vec<&Value> = answer["schema"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| &field["type"])
        .collect();
    assert_eq!(types, ["INTEGER", "JSON"]);
    assert_eq!(
        answer["rows"][1],
        json!({"f": [{"v": "1"}, {"v": "{\"is\":1,\"of\":1}"}]})
    );
    let mut numbers: Vec<String> = first(&answer).into_iter().map(str::to_owned).collect();
    let id = answer["jobReference"]["jobId"].as_str().unwrap();
    let mut token = answer["pageToken"].as_str().map(str::to_owned);
    while let Some(page) = token {
        let path = format!("p/queries/{id}?pageToken={page}&maxResults=10&location=US");
        let answer = ok(fixture.call(Method::GET, &path)).await;
        numbers.extend(first(&answer).into_iter().map(str::to_owned));
        token = answer["pageToken"].as_str().map(str::to_owned);
    }
    assert_eq!(numbers, ["0", "1", "2", "3", "4"]);
    assert_eq!(fixture.emulator.request_count(Operation::Query), 1);
    assert_eq!(
        fixture.emulator.request_count(Operation::GetQueryResults),
        2
    );
}

#[tokio::test]
async fn rows_are_read_as_json() {
    let fixture = Fixture::new().await;
    let sql = "SELECT TO_JSON_STRING(t) AS row FROM `p.d.numbers` AS t LIMIT 2";
    let answer = ok(fixture.query(sql, json!({"jobCreationMode": "JOB_CREATION_OPTIONAL"}))).await;
    assert_eq!(answer["schema"]["fields"][0]["name"], "row");
    let rows: Vec<Value> = first(&answer)
        .into_iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    assert_eq!(rows, fixture.emulator.table("p.d.numbers").unwrap()[..2]);
    assert_eq!(answer["jobReference"], Value::Null);
    let count = ok(fixture.query("SELECT COUNT(*) AS n FROM d.numbers", json!({}))).await;
    assert_eq!(first(&count), ["5"]);
}

#[tokio::test]
async fn a_query_may_take_its_time() {
    let fixture = Fixture::new().await;
    fixture.emulator.faults().delay_queries(2);
    let sql = "SELECT n FROM `p.d.numbers`";
    let answer = ok(fixture.query(sql, json!({}))).await;
    assert_eq!(answer["jobComplete"], false);
    assert_eq!(answer["rows"], Value::Null);
    let id = answer["jobReference"]["jobId"].as_str().unwrap();
    let job = ok(fixture.call(Method::GET, &format!("p/jobs/{id}"))).await;
    assert_eq!(job["status"]["state"], "RUNNING");
    let path = format!("p/queries/{id}?maxResults=0");
    let done = ok(fixture.call(Method::GET, &path)).await;
    assert_eq!(done["jobComplete"], true);
    assert_eq!(done["rows"], Value::Null);
    assert!(done["pageToken"].is_string());
    let job = ok(fixture.call(Method::GET, &format!("p/jobs/{id}"))).await;
    assert_eq!(job["status"], json!({"state": "DONE"}));
}

#[tokio::test]
async fn a_query_may_be_a_job() {
    let fixture = Fixture::new().await;
    let insert = |sql: &str, id: &str| {
        let query = json!({"query": sql, "useLegacySql": false});
        let reference = json!({"projectId": "p", "jobId": id, "location": "US"});
        fixture.call(Method::POST, "p/jobs").json(&json!({
            "configuration": {"query": query},
            "jobReference": reference,
        }))
    };
    let job = ok(insert("SELECT * FROM `p.d.numbers`", "mine")).await;
    assert_eq!(job["id"], "p:US.mine");
    assert_eq!(job["status"]["state"], "DONE");
    let rows = ok(fixture.call(Method::GET, "p/queries/mine")).await;
    assert_eq!(rows["rows"].as_array().unwrap().len(), 5);
    let again = fixture
        .refused(insert("SELECT * FROM d.numbers", "mine"))
        .await;
    let duplicate = (
        409,
        "duplicate".to_owned(),
        "Already Exists: Job p:US.mine".to_owned(),
    );
    assert_eq!(again, duplicate);

    let failed = ok(insert("SELECT * FROM d.missing", "failed")).await;
    assert_eq!(failed["status"]["errorResult"]["reason"], "notFound");
    let results = fixture.call(Method::GET, "p/queries/failed");
    assert_eq!(fixture.refused(results).await.0, 404);
}

#[tokio::test]
async fn errors_are_worded_as_the_service_does() {
    let fixture = Fixture::new().await;
    fixture
        .emulator
        .put_table_in("EU", "p.europe.t", [json!({"a": 1})]);
    fixture.emulator.put_table("p.d.secret", []);
    fixture.emulator.faults().forbid_table("p.d.secret");
    for (sql, more, expected) in [
        (
            "SELECT * FROM `p.d.missing`",
            json!({}),
            (
                404,
                "notFound",
                "Not found: Table p:d.missing was not found in location US",
            ),
        ),
        (
            "SELECT * FROM `p.europe.t`",
            json!({"location": "US"}),
            (
                404,
                "notFound",
                "Not found: Dataset p:europe was not found in location US",
            ),
        ),
        (
            "SELECT * FROM `p.d.secret`",
            json!({}),
            (
                403,
                "accessDenied",
                "Access Denied: Table p:d.secret: User does not have",
            ),
        ),
        (
            "SELECT a, b FROM `p.d.numbers`",
            json!({}),
            (400, "invalidQuery", "Unrecognized name: a"),
        ),
        (
            "SELECT * FROM `p.d.numbers` WHERE n = 1",
            json!({}),
            (400, "invalidQuery", "Syntax error: Unexpected"),
        ),
        (
            "SELECT * FROM `p.d.numbers`",
            json!({"useLegacySql": true}),
            (400, "invalidQuery", "The emulator does not run legacy SQL"),
        ),
    ] {
        let (status, reason, message) = fixture.refused(fixture.query(sql, more)).await;
        assert_eq!((status, reason.as_str()), (expected.0, expected.1), "{sql}");
        assert!(message.starts_with(expected.2), "{message}");
    }
    let answer = ok(fixture.query("SELECT * FROM `p.europe.t`", json!({"location": "EU"}))).await;
    let id = answer["jobReference"]["jobId"].as_str().unwrap();
    let elsewhere = fixture.call(Method::GET, &format!("p/queries/{id}?location=US"));
    let (status, _, message) = fixture.refused(elsewhere).await;
    assert_eq!(
        (status, message),
        (404, format!("Not found: Job p:US.{id}"))
    );
}

#[tokio::test]
async fn a_query_sent_twice_runs_once() {
    let fixture = Fixture::new().await;
    let faults = fixture.emulator.faults();
    faults.fail_next(Operation::Query, 1, Failure::CloseAfterEffect);
    let query = || {
        let request = json!({"requestId": "once"});
        fixture.query("SELECT COUNT(*) FROM `p.d.numbers`", request)
    };
    assert!(query().send().await.is_err());
    fixture.emulator.put_table("p.d.numbers", []);
    assert_eq!(first(&ok(query()).await), ["5"]);
}

#[tokio::test]
async fn tables_are_made_filled_and_listed() {
    let fixture = Fixture::with(|builder| builder.max_page_size(1)).await;
    let dataset =
        json!({"datasetReference": {"projectId": "p", "datasetId": "new"}, "location": "EU"});
    ok(fixture.call(Method::POST, "p/datasets").json(&dataset)).await;
    let table = |name: &str| {
        json!({
            "tableReference": {"projectId": "p", "datasetId": "new", "tableId": name},
            "schema": {"fields": [
                {"name": "id", "type": "INT64", "mode": "REQUIRED"},
                {"name": "request", "type": "JSON"},
                {"name": "at", "type": "TIMESTAMP"},
            ]},
        })
    };
    for name in ["one", "two"] {
        ok(fixture
            .call(Method::POST, "p/datasets/new/tables")
            .json(&table(name)))
        .await;
    }
    let page = ok(fixture.call(Method::GET, "p/datasets/new/tables")).await;
    assert_eq!(page["tables"][0]["tableReference"]["tableId"], "one");
    let token = page["nextPageToken"].as_str().unwrap();
    let path = format!("p/datasets/new/tables?pageToken={token}");
    let page = ok(fixture.call(Method::GET, &path)).await;
    assert_eq!(page["tables"][0]["id"], "p:new.two");
    assert_eq!(page["nextPageToken"], Value::Null);

    let insert = |row: Value| {
        let path = "p/datasets/new/tables/one/insertAll";
        fixture
            .call(Method::POST, path)
            .json(&json!({"rows": [{"json": row}]}))
    };
    let row = json!({"id": "7", "request": "{\"a\": [1]}", "at": "2026-01-02T03:04:05Z"});
    let inserted = ok(insert(row)).await;
    assert_eq!(inserted["insertErrors"], Value::Null);
    let refused = ok(insert(json!({"id": 8, "other": 1}))).await;
    let error = &refused["insertErrors"][0]["errors"][0];
    assert_eq!(error["message"], "no such field: other.");
    let answer = ok(fixture.query(
        "SELECT id, request, at FROM `p.new.one`",
        json!({"formatOptions": {"useInt64Timestamp": true}}),
    ))
    .await;
    assert_eq!(
        answer["rows"],
        json!([{"f": [{"v": "7"}, {"v": "{\"a\":[1]}"}, {"v": "1767323045000000"}]}])
    );
    let table = ok(fixture.call(Method::GET, "p/datasets/new/tables/one")).await;
    assert_eq!(
        (&table["numRows"], &table["location"]),
        (&json!("1"), &json!("EU"))
    );
    let data = ok(fixture.call(Method::GET, "p/datasets/new/tables/one/data")).await;
    assert_eq!(first(&data), ["7"]);
    assert_eq!(fixture.emulator.tables("p.new"), ["p.new.one", "p.new.two"]);
    let gone = fixture.call(Method::DELETE, "p/datasets/new/tables/two");
    assert_eq!(gone.send().await.unwrap().status(), 204);
    assert_eq!(fixture.emulator.table("p.new.two"), None);
}

#[tokio::test]
async fn a_token_may_be_required() {
    let fixture = Fixture::with(Builder::require_authentication).await;
    let query = fixture.query("SELECT * FROM `p.d.numbers`", json!({}));
    let (status, reason, _) = fixture.refused(query).await;
    assert_eq!((status, reason.as_str()), (401, "required"));
}
