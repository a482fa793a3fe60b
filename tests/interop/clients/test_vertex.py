"""Google's own SDK and credentials, unchanged, against the emulator's Vertex AI."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from google import genai
from google.auth import identity_pool, impersonated_credentials
from google.auth.transport.requests import Request
from google.genai import errors, types
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials

from harness import emulator

pytestmark = pytest.mark.software("google-genai")
MODEL = "gemini-2.5-flash"
PLACE = "projects/my-project/locations/us-central1"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
SUMS = {f"sum-{n}": (f"What is {n} + {n * 7}?", str(n + n * 7)) for n in range(1, 9)}
ENDED = {
    types.JobState.JOB_STATE_SUCCEEDED,
    types.JobState.JOB_STATE_PARTIALLY_SUCCEEDED,
    types.JobState.JOB_STATE_FAILED,
    types.JobState.JOB_STATE_CANCELLED,
    types.JobState.JOB_STATE_EXPIRED,
}


class Storage:
    """The few calls of Cloud Storage and BigQuery that the tests need."""

    def __init__(self, base_url, token=None):
        self.base_url = base_url
        self.token = token

    def call(self, path, data=None, **query):
        url = f"{self.base_url}/{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, data=data)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def put(self, name, content):
        path = "upload/storage/v1/b/my-bucket/o"
        self.call(path, content.encode(), uploadType="media", name=name)

    def list(self, prefix):
        listed = json.loads(self.call("storage/v1/b/my-bucket/o", prefix=prefix))
        return [item["name"] for item in listed.get("items", [])]

    def lines(self, name):
        path = f"storage/v1/b/my-bucket/o/{urllib.parse.quote(name, safe='')}"
        return [json.loads(line) for line in self.call(path, alt="media").splitlines()]

    def table(self, project, dataset, table):
        path = f"bigquery/v2/projects/{project}/datasets/{dataset}/tables/{table}"
        fields = json.loads(self.call(path))["schema"]["fields"]
        rows = json.loads(self.call(f"{path}/data"))["rows"]

        def value(field, cell):
            return json.loads(cell["v"]) if field["type"] == "JSON" else cell["v"]

        return [
            {field["name"]: value(field, cell) for field, cell in zip(fields, row["f"])}
            for row in rows
        ]


def make_client(base_url, credentials):
    return genai.Client(
        vertexai=True,
        project="my-project",
        location="us-central1",
        credentials=credentials,
        http_options={"base_url": base_url},
    )


@pytest.fixture
def client(exported, no_settings):
    return make_client(exported["GOOGLE_VERTEX_BASE_URL"], Credentials(token="test-token"))


@pytest.fixture
def storage(exported):
    storage = Storage(exported["GOOGLE_VERTEX_BASE_URL"])
    storage.put("in.jsonl", sums())
    return storage


def sums():
    def line(key, prompt):
        contents = [{"role": "user", "parts": [{"text": prompt}]}]
        return json.dumps({"key": key, "request": {"contents": contents}}) + "\n"

    return "".join(line(key, prompt) for key, (prompt, _) in SUMS.items())


def wait(client, job, timeout=20):
    deadline = time.monotonic() + timeout
    while job.state not in ENDED:
        assert time.monotonic() < deadline, f"{job.name} is still {job.state}"
        time.sleep(0.1)
        job = client.batches.get(name=job.name)
    return job


def create(client, src="gs://my-bucket/in.jsonl", **config):
    return client.batches.create(model=MODEL, src=src, config=config)


def answers(rows):
    def text(row):
        return row["response"]["candidates"][0]["content"]["parts"][0]["text"]

    return {row["key"]: text(row) for row in rows}


EXPECTED = {key: answer for key, (_, answer) in SUMS.items()}


def test_answers_come_to_cloud_storage(client, storage):
    job = create(client, display_name="sums", dest="gs://my-bucket/out/first")
    assert job.name.startswith(f"{PLACE}/batchPredictionJobs/")
    assert job.display_name == "sums"
    assert job.model == f"publishers/google/models/{MODEL}"
    assert job.src.gcs_uri == ["gs://my-bucket/in.jsonl"]
    assert job.dest.gcs_uri == "gs://my-bucket/out/first"

    seen = {job.state}
    while job.state not in ENDED:
        time.sleep(0.05)
        job = client.batches.get(name=job.name)
        seen.add(job.state)
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED
    assert types.JobState.JOB_STATE_RUNNING in seen
    assert job.create_time < job.start_time < job.end_time
    assert job.completion_stats.successful_count == len(SUMS)
    folder = job.output_info.gcs_output_directory
    assert folder.startswith("gs://my-bucket/out/first/prediction-model-")
    names = storage.list("out/first/")
    assert names == [f"{folder.removeprefix('gs://my-bucket/')}/predictions.jsonl"]
    rows = storage.lines(names[0])
    assert answers(rows) == EXPECTED
    assert all(row["status"] == "" and row["processed_time"] for row in rows)


def test_source_without_destination_gets_a_default_one(client, storage):
    job = wait(client, create(client))
    assert job.display_name.startswith("genai_batch_job_")
    assert job.dest.gcs_uri == "gs://my-bucket/in/dest"
    assert job.output_info.gcs_output_directory.startswith("gs://my-bucket/in/dest/prediction-")


def test_several_objects_make_one_job(client, storage):
    storage.put("parts/1.jsonl", sums())
    storage.put("parts/2.jsonl", sums())
    src = {"format": "jsonl", "gcs_uri": ["gs://my-bucket/parts/*.jsonl", "gs://my-bucket/in.jsonl"]}
    job = wait(client, create(client, src, dest="gs://my-bucket/out/several"))
    assert job.completion_stats.successful_count == 3 * len(SUMS)


def test_tables_are_written_and_read(client, storage):
    dest = {"format": "bigquery", "bigquery_uri": "bq://my-project.data.answers"}
    job = wait(client, create(client, dest=dest))
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED
    assert job.dest.bigquery_uri == "bq://my-project.data.answers"
    assert job.output_info.bigquery_output_table == "answers"
    assert answers(storage.table("my-project", "data", "answers")) == EXPECTED

    src = "bq://my-project.data.answers"
    job = wait(client, create(client, src, dest="gs://my-bucket/out/table"))
    (name,) = storage.list("out/table/")
    assert answers(storage.lines(name)) == EXPECTED

    job = wait(client, create(client, src))
    assert job.dest.bigquery_uri.startswith("bq://my-project.data.answers_dest_")
    assert job.completion_stats.successful_count == len(SUMS)


def test_missing_input_fails_the_job(client):
    job = create(client, "gs://my-bucket/missing.jsonl", dest="gs://my-bucket/out")
    job = wait(client, job)
    assert job.state == types.JobState.JOB_STATE_FAILED
    assert job.error.code == 5


def test_listing_is_filtered_and_paged(client, storage):
    dest = "gs://my-bucket/out/list"
    names = [create(client, display_name=f"mark-{n}", dest=dest).name for n in range(3)]
    config = {"filter": 'display_name:"mark-*"', "page_size": 2}
    assert [job.name for job in client.batches.list(config=config)] == names[::-1]
    one = client.batches.list(config={"filter": 'displayName="mark-1"'})
    assert [job.name for job in one] == [names[1]]
    with pytest.raises(errors.ClientError) as refused:
        client.batches.list(config={"filter": "name=x"})
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")


def test_cancel_keeps_what_is_done(client, storage):
    job = create(client, dest="gs://my-bucket/out/cancel")
    while job.state != types.JobState.JOB_STATE_RUNNING:
        time.sleep(0.02)
        job = client.batches.get(name=job.name)
    time.sleep(0.3)
    client.batches.cancel(name=job.name)
    job = wait(client, job)
    assert job.state == types.JobState.JOB_STATE_CANCELLED
    assert job.error.code == 1
    (name,) = storage.list("out/cancel/")
    kept = answers(storage.lines(name))
    assert kept and kept.items() < EXPECTED.items()


def test_delete_is_an_operation(client, storage):
    job = create(client, dest="gs://my-bucket/out/delete")
    running = client.batches.delete(name=job.name)
    assert running.done and running.error.code == 9
    job = wait(client, job)
    deleted = client.batches.delete(name=job.name)
    assert deleted.done and deleted.error is None
    assert deleted.name.startswith(f"{PLACE}/operations/")
    with pytest.raises(errors.ClientError) as gone:
        client.batches.get(name=job.name)
    assert (gone.value.code, gone.value.status) == (404, "NOT_FOUND")


def test_express_mode_takes_a_key(exported, no_settings, storage):
    base_url = exported["GOOGLE_VERTEX_BASE_URL"]
    client = genai.Client(vertexai=True, api_key="k", http_options={"base_url": base_url})
    job = create(client, dest="gs://my-bucket/out/express")
    job = wait(client, job)
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """An emulator that asks for tokens, and the folder of credential files for it."""
    folder = tmp_path_factory.mktemp("credentials")
    with emulator("--require-authentication", "--credentials", str(folder)) as exports:
        yield exports, folder


def user_credentials(info, scopes):
    # The library's own loader takes the endpoint of a user's tokens as given.
    names = ("refresh_token", "token_uri", "client_id", "client_secret")
    return Credentials(None, **{name: info[name] for name in names})


def impersonated(info, scopes):
    url = info["service_account_impersonation_url"]
    return impersonated_credentials.Credentials(
        source_credentials=user_credentials(info["source_credentials"], scopes),
        target_principal=url.rsplit("/", 1)[1].split(":")[0],
        target_scopes=scopes,
        iam_endpoint_override=url,
    )


LOADERS = {
    "service_account": service_account.Credentials.from_service_account_info,
    "authorized_user": user_credentials,
    "impersonated_service_account": impersonated,
    "external_account": identity_pool.Credentials.from_info,
}


@pytest.mark.parametrize("kind", LOADERS)
def test_credentials_of_every_kind_are_let_in(guarded, no_settings, kind):
    exports, folder = guarded
    base_url = exports["GOOGLE_VERTEX_BASE_URL"]
    info = json.loads((folder / f"{kind}.json").read_text())
    assert info["type"] == kind
    credentials = LOADERS[kind](info, scopes=SCOPES)
    credentials.refresh(Request())
    assert credentials.token.startswith("ya29.emulator-")
    storage = Storage(base_url, credentials.token)
    storage.put("in.jsonl", sums())
    client = make_client(base_url, credentials)
    job = wait(client, create(client, dest=f"gs://my-bucket/out/{kind}"))
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED
    (name,) = storage.list(f"out/{kind}/")
    assert answers(storage.lines(name)) == EXPECTED


def test_metadata_server_is_found(guarded, no_settings, monkeypatch):
    exports, _ = guarded
    monkeypatch.setenv("GCE_METADATA_HOST", exports["GCE_METADATA_HOST"])
    monkeypatch.setenv("GCE_METADATA_IP", exports["GCE_METADATA_IP"])
    # The library reads the variables once, when it is imported.
    script = (
        "import google.auth; from google.auth.transport.requests import Request;"
        "from google.auth import compute_engine;"
        "from google.auth.compute_engine import _metadata;"
        "assert _metadata.ping(Request());"
        "credentials = compute_engine.Credentials(); credentials.refresh(Request());"
        "print(_metadata.get_project_id(Request()), credentials.token)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    project, token = told.stdout.split()
    assert project == "emulator-project"
    assert token.startswith("ya29.emulator-")


def test_strangers_are_kept_out(guarded, no_settings):
    exports, _ = guarded
    base_url = exports["GOOGLE_VERTEX_BASE_URL"]
    client = make_client(base_url, Credentials(token="test-token"))
    with pytest.raises(errors.ClientError) as refused:
        client.batches.list()
    assert (refused.value.code, refused.value.status) == (401, "UNAUTHENTICATED")
    with pytest.raises(urllib.error.HTTPError) as refused:
        Storage(base_url).list("")
    assert refused.value.code == 401
