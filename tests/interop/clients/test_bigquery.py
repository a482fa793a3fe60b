"""Google's own client of BigQuery, unchanged, against the emulator."""

import datetime

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

pytestmark = pytest.mark.software("google-cloud-bigquery")
NOON = datetime.datetime(2026, 1, 2, 12, tzinfo=datetime.timezone.utc)
COLUMNS = [
    bigquery.SchemaField("n", "INT64", mode="REQUIRED"),
    bigquery.SchemaField("request", "JSON"),
    bigquery.SchemaField("at", "TIMESTAMP"),
    bigquery.SchemaField("parts", "RECORD", mode="REPEATED", fields=[
        bigquery.SchemaField("text", "STRING"),
    ]),
]


@pytest.fixture
def client(exported, no_settings):
    return bigquery.Client(
        project="my-project",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": exported["BIGQUERY_EMULATOR_HOST"]},
    )


@pytest.fixture
def table(client, request):
    """A table of 25 rows, in a dataset of its own for each test."""
    dataset = request.node.name
    client.create_dataset(dataset)
    table = client.create_table(bigquery.Table(f"my-project.{dataset}.t", schema=COLUMNS))
    rows = [
        {"n": n, "request": f'{{"n": {n}}}', "at": NOON.isoformat(), "parts": [{"text": "a"}]}
        for n in range(25)
    ]
    assert client.insert_rows_json(table, rows) == []
    return table


def test_rows_are_read_in_pages(client, table):
    rows = list(client.query(f"SELECT * FROM `{table}`").result(page_size=10))
    assert [row.n for row in rows] == list(range(25))
    assert (rows[7].request, rows[7].at, rows[7].parts) == ({"n": 7}, NOON, [{"text": "a"}])
    rows = client.query_and_wait(f"SELECT TO_JSON_STRING(x) AS row FROM `{table}` AS x LIMIT 3")
    assert [set(row.keys()) for row in rows] == [{"row"}] * 3
    assert len(list(client.list_rows(table, page_size=7))) == 25


def test_tables_are_listed_and_deleted(client, table):
    assert [item.table_id for item in client.list_tables(table.dataset_id)] == ["t"]
    assert client.get_table(table).num_rows == 25
    assert client.insert_rows_json(table, [{"n": 1, "unknown": 2}])[0]["index"] == 0
    client.delete_table(table)
    with pytest.raises(exceptions.NotFound):
        client.get_table(table)


def test_errors_have_their_types(client, table):
    with pytest.raises(exceptions.NotFound, match="was not found in location US"):
        client.query_and_wait(f"SELECT * FROM `{table.dataset_id}.missing`")
    with pytest.raises(exceptions.NotFound, match="was not found in location EU"):
        client.query(f"SELECT * FROM `{table}`", location="EU").result()
    with pytest.raises(exceptions.BadRequest, match="Syntax error"):
        client.query(f"SELECT * FROM `{table}` WHERE n = 1").result()
    with pytest.raises(exceptions.Conflict):
        client.create_table(table)
