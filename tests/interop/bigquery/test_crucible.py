"""Results in BigQuery, read from crucible, which runs the queries on DuckDB."""

import json
import sys
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from harness import VERTEX, drive, free_port, serving
from jobs import job_server

pytestmark = pytest.mark.software("crucible-emulator")
COLUMNS = {
    "n": ("INT64", "{n}"),
    "big": ("INT64", "9223372036854775807"),
    "f": ("FLOAT64", "1.5"),
    "num": ("NUMERIC", "NUMERIC '12.25'"),
    "b": ("BOOL", "TRUE"),
    "d": ("DATE", "DATE '2026-01-02'"),
    "dt": ("DATETIME", "DATETIME '2026-01-02 03:04:05'"),
    "tm": ("TIME", "TIME '03:04:05'"),
    "by": ("BYTES", "b'hi'"),
    "arr": ("ARRAY<STRING>", "['x', 'y']"),
    "st": ("STRUCT<a INT64, b STRING>", "STRUCT(1 AS a, 'z' AS b)"),
    "nul": ("STRING", "NULL"),
    # Names that a query might give its table.
    "t": ("STRING", "'topic'"),
    "row": ("STRING", "'row'"),
}
TEXT = 'a “ü\n"x" \\ tab\t'


@pytest.fixture(scope="module")
def crucible(tmp_path_factory):
    port = free_port()
    log = tmp_path_factory.mktemp("crucible") / "log"
    program = Path(sys.executable).with_name("crucible")
    options = ["serve", "--dialect", "bigquery", "--host", "127.0.0.1", "--port", port]
    with serving([program, *options], port, log) as url:
        client = bigquery.Client(
            project="my-project",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": url},
        )
        client.create_dataset("my-project.results")
        yield url, client


def read(crucible, table):
    """What the client reads of a job whose output is this table."""
    with job_server(table=f"bq://my-project.results.{table}") as jobs:
        environment = {**VERTEX, "GOOGLE_VERTEX_BASE_URL": jobs, "BIGQUERY_EMULATOR_HOST": crucible[0]}
        source, dest = "bq://my-project.results.requests", "bq://my-project.results.out"
        return drive("run", source, "--dest", dest, **environment)


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


@pytest.mark.parametrize("kind", ["JSON", "STRING"])
def test_columns_of_all_types_beside_requests_of_type(crucible, kind):
    table = f"my-project.results.of_{kind.lower()}"
    types = {"key": "STRING", "request": kind, "response": kind, "status": "STRING"}
    types |= {name: column for name, (column, _) in COLUMNS.items()}
    columns = ", ".join(f"`{name}` {column}" for name, column in types.items())
    client = crucible[1]
    client.query_and_wait(f"CREATE TABLE `{table}` ({columns})")
    as_kind = "JSON " if kind == "JSON" else ""
    rows = []
    for n in range(20):
        request = {"contents": [{"role": "user", "parts": [{"text": f"q {n}"}]}]}
        content = {"role": "model", "parts": [{"text": f"{n} {TEXT}"}]}
        is_bad = n % 10 == 9
        response = {} if is_bad else {"candidates": [{"content": content, "finishReason": "STOP"}]}
        status = "Bad Request: asked to fail" if is_bad else ""
        values = [quoted(f"k{n}"), *(as_kind + quoted(json.dumps(one)) for one in (request, response))]
        values += [quoted(status), *(value.format(n=n) for _, value in COLUMNS.values())]
        rows.append(f"({', '.join(values)})")
    names = ", ".join(f"`{name}`" for name in types)
    client.query_and_wait(f"INSERT INTO `{table}` ({names}) VALUES {', '.join(rows)}")

    told = read(crucible, f"of_{kind.lower()}")
    assert told.get("outcomes") == {"response": 18, "error": 2}, told
    assert told["texts"]["k3"] == f"3 {TEXT}"


def test_20000_rows_over_several_pages(crucible):
    content = '{"role":"model","parts":[{"text":"' + "a" * 300 + '"}]}'
    response = '{"candidates":[{"content":' + content + ',"finishReason":"STOP"}]}'
    request = '{"contents":[{"parts":[{"text":"q"}]}]}'
    crucible[1].query_and_wait(
        "CREATE TABLE `my-project.results.bulk` AS SELECT CONCAT('k', CAST(i AS STRING)) AS key, "
        f"'' AS status, '{request}' AS request, '{response}' AS response, i AS n "
        "FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS i"
    )
    told = read(crucible, "bulk")
    assert told.get("outcomes") == {"response": 20_000}, told


def test_a_table_that_is_missing_is_told(crucible):
    told = read(crucible, "nowhere")
    assert "HTTP 404" in told["error"] and "nowhere" in told["error"], told
