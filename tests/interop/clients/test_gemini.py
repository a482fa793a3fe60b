"""Google's own SDK, unchanged, against the emulator's Gemini Developer API."""

import json
import math
import time

import pytest
from google import genai
from google.genai import errors, types

pytestmark = pytest.mark.software("google-genai")
MODEL = "gemini-2.5-flash"
EMBEDDING_MODEL = "gemini-embedding-001"
SUMS = {f"sum-{n}": (f"What is {n} + {n * 7}?", str(n + n * 7)) for n in range(1, 9)}


@pytest.fixture
def client(exported, no_settings):
    base_url = exported["GOOGLE_GEMINI_BASE_URL"]
    return genai.Client(api_key="test-key", http_options={"base_url": base_url})


def wait(client, job, timeout=20):
    deadline = time.monotonic() + timeout
    while not job.done:
        assert time.monotonic() < deadline, f"{job.name} is still {job.state}"
        time.sleep(0.1)
        job = client.batches.get(name=job.name)
    return job


def jsonl(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def contents(prompt):
    return [{"role": "user", "parts": [{"text": prompt}]}]


def inline_sums():
    return [
        types.InlinedRequest(contents=prompt, metadata={"key": key})
        for key, (prompt, _) in SUMS.items()
    ]


def upload_jsonl(client, path, **config):
    return client.files.upload(file=path, config={"mime_type": "application/jsonl", **config})


def download_lines(client, name):
    return [json.loads(line) for line in client.files.download(file=name).splitlines()]


def text(response):
    return response["candidates"][0]["content"]["parts"][0]["text"]


def test_inline_answers_belong_to_their_prompts(client):
    job = client.batches.create(model=MODEL, src=inline_sums(), config={"display_name": "sums"})
    assert job.name.startswith("batches/")
    assert job.state == types.JobState.JOB_STATE_PENDING
    assert job.display_name == "sums"
    assert job.model == f"models/{MODEL}"

    job = wait(client, job)
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED
    assert job.create_time <= job.end_time
    answers = {row.metadata["key"]: row.response.text for row in job.dest.inlined_responses}
    assert answers == {key: answer for key, (_, answer) in SUMS.items()}
    usage = job.dest.inlined_responses[0].response.usage_metadata
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count


def test_inline_rows_fail_one_by_one(client):
    requests = [
        types.InlinedRequest(contents="What is 2 + 2?", metadata={"key": "good"}),
        types.InlinedRequest(contents="[[error:8]]", metadata={"key": "bad"}),
        types.InlinedRequest(metadata={"key": "empty"}),
    ]
    job = wait(client, client.batches.create(model=MODEL, src=requests))
    rows = {row.metadata["key"]: row for row in job.dest.inlined_responses}
    assert rows["good"].response.text == "4"
    assert (rows["bad"].error.code, rows["bad"].response) == (8, None)
    assert rows["empty"].error.code == 3


def test_config_reaches_the_model(client):
    schema = {
        "type": "OBJECT",
        "properties": {
            "sentiment": {"type": "STRING", "enum": ["negative", "neutral", "positive"]},
            "reason": {"type": "STRING"},
        },
    }
    requests = [
        {
            "contents": "What is the sentiment of this review? I love it, great battery.",
            "config": {"response_mime_type": "application/json", "response_schema": schema},
        },
        {"contents": "Tell me a long story.", "config": {"max_output_tokens": 2}},
    ]
    job = wait(client, client.batches.create(model=MODEL, src=requests))
    structured, cut = [row.response for row in job.dest.inlined_responses]
    assert json.loads(structured.text)["sentiment"] == "positive"
    assert "I love it" in json.loads(structured.text)["reason"]
    assert cut.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS
    assert len(cut.text) == 8


def test_file_answers_belong_to_their_keys(client, tmp_path):
    lines = [
        {"key": key, "request": {"contents": contents(prompt)}}
        for key, (prompt, _) in SUMS.items()
    ]
    lines.append({"key": "broken", "request": {}})
    path = jsonl(tmp_path / "sums.jsonl", lines)
    source = upload_jsonl(client, path, display_name="sums")

    job = client.batches.create(model=MODEL, src=source.name, config={"display_name": "from file"})
    job = wait(client, job)
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED
    rows = {row["key"]: row for row in download_lines(client, job.dest.file_name)}
    assert rows.pop("broken")["error"]["code"] == 3
    assert {key: text(row["response"]) for key, row in rows.items()} == {
        key: answer for key, (_, answer) in SUMS.items()
    }

    # The id of a result file is too long for files.get, and only for that.
    with pytest.raises(errors.ClientError) as refused:
        client.files.get(name=job.dest.file_name)
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")


def test_unknown_input_file_is_refused(client):
    with pytest.raises(errors.ClientError) as refused:
        client.batches.create(model=MODEL, src="files/no-such-file")
    assert (refused.value.code, refused.value.status) == (403, "PERMISSION_DENIED")


def test_empty_batch_is_refused(client):
    with pytest.raises(errors.ClientError) as refused:
        client.batches.create(model=MODEL, src=[])
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")


def test_listing_pages_newest_first(client):
    made = [
        client.batches.create(model=MODEL, src=inline_sums(), config={"display_name": f"page {n}"})
        for n in range(5)
    ]
    names = [job.name for job in reversed(made)]
    first_page = client.batches.list(config={"page_size": 2})
    assert [job.name for job in first_page.page] == names[:2]
    listed = list(client.batches.list(config={"page_size": 2}))
    assert [job.name for job in listed][:5] == names
    assert [job.display_name for job in listed][:5] == [f"page {n}" for n in (4, 3, 2, 1, 0)]
    assert len({job.name for job in listed}) == len(listed)


def test_listing_leaves_inline_results_out(client):
    job = wait(client, client.batches.create(model=MODEL, src=inline_sums()))
    listed = next(iter(client.batches.list(config={"page_size": 1})))
    assert listed.name == job.name
    assert listed.state == types.JobState.JOB_STATE_SUCCEEDED
    assert not (listed.dest and listed.dest.inlined_responses)


def test_cancel_before_the_start(client):
    job = client.batches.create(model=MODEL, src=inline_sums())
    client.batches.cancel(name=job.name)
    job = client.batches.get(name=job.name)
    assert job.state == types.JobState.JOB_STATE_CANCELLED
    assert job.done
    with pytest.raises(errors.ClientError) as refused:
        client.batches.cancel(name=job.name)
    assert refused.value.status == "FAILED_PRECONDITION"


def test_cancel_after_the_start_keeps_what_is_done(client):
    job = client.batches.create(model=MODEL, src=inline_sums())
    while job.state == types.JobState.JOB_STATE_PENDING:
        time.sleep(0.05)
        job = client.batches.get(name=job.name)
    assert job.state == types.JobState.JOB_STATE_RUNNING
    client.batches.cancel(name=job.name)
    job = client.batches.get(name=job.name)
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED
    rows = job.dest.inlined_responses
    assert [row.metadata["key"] for row in rows] == list(SUMS)
    unserved = [row for row in rows if row.error]
    assert unserved and all(row.error.code == 1 and not row.error.message for row in unserved)
    for row in rows:
        if row.response:
            assert row.response.text == SUMS[row.metadata["key"]][1]


def test_delete(client):
    job = client.batches.create(model=MODEL, src=inline_sums())
    client.batches.delete(name=job.name)
    with pytest.raises(errors.ClientError) as gone:
        client.batches.get(name=job.name)
    assert (gone.value.code, gone.value.status) == (404, "NOT_FOUND")
    assert job.name not in [job.name for job in client.batches.list()]


def test_inline_embeddings(client):
    source = {
        "inlined_requests": {
            "contents": ["first", "second", "first"],
            "config": {"output_dimensionality": 16, "task_type": "RETRIEVAL_DOCUMENT"},
        }
    }
    job = client.batches.create_embeddings(model=EMBEDDING_MODEL, src=source)
    job = wait(client, job)
    assert job.state == types.JobState.JOB_STATE_SUCCEEDED
    rows = [row.response.embedding.values for row in job.dest.inlined_embed_content_responses]
    assert [len(row) for row in rows] == [16, 16, 16]
    assert rows[0] == rows[2] != rows[1]
    assert all(math.isclose(math.hypot(*row), 1, abs_tol=1e-6) for row in rows)


def test_file_embeddings(client, tmp_path):
    texts = {"a": "first", "b": "second", "c": "first"}
    lines = [
        {
            "key": key,
            "request": {"content": {"parts": [{"text": text}]}, "output_dimensionality": 8},
        }
        for key, text in texts.items()
    ]
    source = upload_jsonl(client, jsonl(tmp_path / "texts.jsonl", lines))
    job = client.batches.create_embeddings(model=EMBEDDING_MODEL, src={"file_name": source.name})
    job = wait(client, job)
    rows = {
        row["key"]: row["response"]["embedding"]["values"]
        for row in download_lines(client, job.dest.file_name)
    }
    assert {key: len(values) for key, values in rows.items()} == {"a": 8, "b": 8, "c": 8}
    assert rows["a"] == rows["c"] != rows["b"]


def test_files_upload_get_list_delete(client, tmp_path):
    path = jsonl(tmp_path / "one.jsonl", [{"key": "a", "request": {"contents": contents("hi")}}])
    uploaded = upload_jsonl(client, path, display_name="one")
    assert uploaded.name.startswith("files/")
    assert uploaded.display_name == "one"
    assert uploaded.mime_type == "application/jsonl"
    assert uploaded.size_bytes == path.stat().st_size
    assert uploaded.state == types.FileState.ACTIVE
    assert uploaded.source == types.FileSource.UPLOADED
    assert (uploaded.expiration_time - uploaded.create_time).total_seconds() == 48 * 3600

    assert client.files.get(name=uploaded.name) == uploaded
    assert uploaded.name in [file.name for file in client.files.list(config={"page_size": 1})]
    with pytest.raises(errors.ClientError) as refused:
        client.files.download(file=uploaded.name)
    assert refused.value.code == 400

    client.files.delete(name=uploaded.name)
    with pytest.raises(errors.ClientError) as gone:
        client.files.get(name=uploaded.name)
    assert (gone.value.code, gone.value.status) == (403, "PERMISSION_DENIED")


def test_upload_in_chunks(client, tmp_path):
    """A file larger than the SDK's chunk of 8 MiB arrives whole."""
    padding = "x" * 1_000_000
    lines = [
        {"key": f"big-{n}", "request": {"contents": contents(f"Translate to French: {n} {padding}")}}
        for n in range(9)
    ]
    path = jsonl(tmp_path / "big.jsonl", lines)
    source = upload_jsonl(client, path)
    assert source.size_bytes == path.stat().st_size > 8 * 1024 * 1024
    job = wait(client, client.batches.create(model=MODEL, src=source.name))
    answers = {
        row["key"]: text(row["response"]) for row in download_lines(client, job.dest.file_name)
    }
    assert answers == {f"big-{n}": f"[French] {n} {padding}" for n in range(9)}
