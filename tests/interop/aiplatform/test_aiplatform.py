"""Google's client of Vertex AI, over REST, against the emulator."""

import json
import time
import urllib.request

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform, bigquery

pytestmark = [
    pytest.mark.software("google-cloud-aiplatform"),
    pytest.mark.filterwarnings("ignore"),
]
MODEL = "publishers/google/models/gemini-2.5-flash"
BUCKET = "gs://aiplatform"


def lead(exported, monkeypatch):
    """Leads the client to an emulator, which then has a file of requests."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", exported["STORAGE_EMULATOR_HOST"])
    url = exported["STORAGE_EMULATOR_HOST"]
    contents = [{"role": "user", "parts": [{"text": "What is 1 + 1?"}]}]
    body = json.dumps({"request": {"contents": contents}}).encode() + b"\n"
    put = f"{url}/upload/storage/v1/b/aiplatform/o?uploadType=media&name=in.jsonl"
    urllib.request.urlopen(urllib.request.Request(put, data=body)).close()
    aiplatform.init(
        project="my-project",
        location="us-central1",
        api_transport="rest",
        api_endpoint=exported["GOOGLE_VERTEX_BASE_URL"],
        credentials=AnonymousCredentials(),
        staging_bucket=BUCKET,
    )
    return exported


@pytest.fixture
def led(exported, no_settings, monkeypatch):
    return lead(exported, monkeypatch)


def submit(name, **places):
    places = places or {"gcs_source": f"{BUCKET}/in.jsonl", "gcs_destination_prefix": f"{BUCKET}/out"}
    return aiplatform.BatchPredictionJob.submit(model_name=MODEL, job_display_name=name, **places)


def ended(job):
    deadline = time.monotonic() + 30
    while not job.done():
        assert time.monotonic() < deadline, f"{job.resource_name} is still {job.state}"
        time.sleep(0.1)
    return job


def test_jobs_run_are_found_and_have_results(led):
    job = ended(submit("found"))
    assert job.state.name == "JOB_STATE_SUCCEEDED"
    assert job.completion_stats.successful_count == 1
    assert aiplatform.BatchPredictionJob(job.resource_name).state == job.state
    found = aiplatform.BatchPredictionJob.list(filter='display_name="found"')
    assert [job.resource_name for job in found] == [job.resource_name]
    (results,) = job.iter_outputs()
    assert json.loads(results.download_as_text())["response"]["candidates"]


def test_jobs_are_cancelled_and_deleted(unending, no_settings, monkeypatch):
    lead(unending, monkeypatch)
    job = submit("cancelled")
    job.cancel()
    assert ended(job).state.name == "JOB_STATE_CANCELLED"
    job.delete()
    assert aiplatform.BatchPredictionJob.list(filter='display_name="cancelled"') == []


def test_tables_are_read_and_written(led):
    client = bigquery.Client(
        project="my-project",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": led["BIGQUERY_EMULATOR_HOST"]},
    )
    client.create_dataset("aiplatform", exists_ok=True)
    schema = [bigquery.SchemaField("key", "STRING"), bigquery.SchemaField("request", "JSON")]
    table = client.create_table(bigquery.Table("my-project.aiplatform.requests", schema=schema))
    contents = [{"role": "user", "parts": [{"text": "What is 1 + 1?"}]}]
    row = {"key": "sum", "request": json.dumps({"contents": contents})}
    assert client.insert_rows_json(table, [row]) == []
    job = submit(
        "tables",
        bigquery_source="bq://my-project.aiplatform.requests",
        bigquery_destination_prefix="bq://my-project.aiplatform.results",
    )
    assert ended(job).state.name == "JOB_STATE_SUCCEEDED"
    assert client.get_table("my-project.aiplatform.results").num_rows == 1
