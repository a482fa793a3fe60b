"""A whole job on each backend, led by nothing but the environment; test_variables.py runs it."""

import json
import sys
import time

import google.auth
from google import genai
from google.cloud import storage
from google.genai import types

MODEL = "gemini-2.5-flash"
SUMS = {f"sum-{n}": (f"What is {n} + {n}?", str(2 * n)) for n in (1, 2, 3)}
EXPECTED = {key: answer for key, (_, answer) in SUMS.items()}
BUCKET = "my-bucket"


def ended(client, job):
    """The job once it is over, read again and found in the listing."""
    deadline = time.monotonic() + 20
    while not job.done:
        assert time.monotonic() < deadline, f"{job.name} is still {job.state}"
        time.sleep(0.1)
        job = client.batches.get(name=job.name)
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED, job
    assert job.name in [listed.name for listed in client.batches.list()]
    return job


def gemini():
    client = genai.Client()
    source = [
        types.InlinedRequest(contents=prompt, metadata={"key": key})
        for key, (prompt, _) in SUMS.items()
    ]
    job = ended(client, client.batches.create(model=MODEL, src=source))
    return {row.metadata["key"]: row.response.text for row in job.dest.inlined_responses}


def vertex(**place):
    # Where the storage is not Google's, its client takes no credentials by itself.
    credentials, _ = google.auth.default()
    bucket = storage.Client("my-project", credentials).bucket(BUCKET)
    lines = [
        {"key": key, "request": {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}}
        for key, (prompt, _) in SUMS.items()
    ]
    bucket.blob("in.jsonl").upload_from_string("\n".join(map(json.dumps, lines)))

    client = genai.Client(vertexai=True, **place)
    config = {"dest": f"gs://{BUCKET}/out"}
    job = client.batches.create(model=MODEL, src=f"gs://{BUCKET}/in.jsonl", config=config)
    assert job.name.startswith("projects/"), job.name
    job = ended(client, job)
    folder = job.output_info.gcs_output_directory.removeprefix(f"gs://{BUCKET}/")
    text = "".join(blob.download_as_text() for blob in bucket.list_blobs(prefix=folder))
    rows = map(json.loads, text.splitlines())
    part = lambda row: row["response"]["candidates"][0]["content"]["parts"][0]
    return {row["key"]: part(row)["text"] for row in rows}


def with_place():
    return vertex(project="my-project", location="us-central1")


# Without a place, Vertex AI goes with the API key.
for run in (gemini, with_place, vertex):
    results = run()
    assert results == EXPECTED, f"{run.__name__}: {results}"
sys.stdout.write("both backends\n")
