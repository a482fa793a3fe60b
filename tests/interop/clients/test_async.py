"""The asynchronous half of Google's Python SDK, led by nothing but what the emulator prints."""

import asyncio
import json
import urllib.request

import pytest
from google import genai
from google.genai import errors, types

pytestmark = pytest.mark.software("google-genai")
MODEL = "gemini-2.5-flash"
SUMS = {f"sum-{n}": (f"What is {n} + {n}?", str(2 * n)) for n in (1, 2, 3)}
EXPECTED = {key: answer for key, (_, answer) in SUMS.items()}


@pytest.fixture
def led(exported, no_settings, monkeypatch):
    """The variables of the emulator, set."""
    for name, value in exported.items():
        monkeypatch.setenv(name, value)
    return exported


async def ended(client, job):
    for _ in range(200):
        if job.done:
            return job
        await asyncio.sleep(0.1)
        job = await client.batches.get(name=job.name)
    raise AssertionError(f"{job.name} is still {job.state}")


async def gone(client, name):
    with pytest.raises(errors.APIError) as refused:
        await client.batches.get(name=name)
    return refused.value.code == 404


def lines():
    def line(key, prompt):
        contents = [{"role": "user", "parts": [{"text": prompt}]}]
        return json.dumps({"key": key, "request": {"contents": contents}}) + "\n"

    return "".join(line(key, prompt) for key, (prompt, _) in SUMS.items())


def test_inline_requests(led):
    async def run():
        client = genai.Client().aio
        requests = [
            types.InlinedRequest(contents=prompt, metadata={"key": key})
            for key, (prompt, _) in SUMS.items()
        ]
        job = await ended(client, await client.batches.create(model=MODEL, src=requests))
        rows = job.dest.inlined_responses
        assert {row.metadata["key"]: row.response.text for row in rows} == EXPECTED
        listed = [job.name async for job in await client.batches.list(config={"page_size": 1})]
        assert job.name in listed
        await client.batches.delete(name=job.name)
        assert await gone(client, job.name)

    asyncio.run(run())


def test_requests_in_a_file(led, tmp_path):
    async def run():
        client = genai.Client().aio
        path = tmp_path / "requests.jsonl"
        path.write_text(lines())
        config = {"mime_type": "application/jsonl"}
        file = await client.files.upload(file=path, config=config)
        job = await ended(client, await client.batches.create(model=MODEL, src=file.name))
        content = await client.files.download(file=job.dest.file_name)
        rows = [json.loads(line) for line in content.splitlines()]
        assert {row["key"] for row in rows if "response" in row} == set(SUMS)
        await client.files.delete(name=file.name)

    asyncio.run(run())


def test_embeddings(led):
    async def run():
        client = genai.Client().aio
        source = {"inlined_requests": {"contents": ["a", "b"], "config": {"output_dimensionality": 8}}}
        job = await client.batches.create_embeddings(model="gemini-embedding-001", src=source)
        rows = (await ended(client, job)).dest.inlined_embed_content_responses
        assert [len(row.response.embedding.values) for row in rows] == [8, 8]

    asyncio.run(run())


def test_cancel(unending, no_settings):
    async def run():
        base_url = unending["GOOGLE_GEMINI_BASE_URL"]
        client = genai.Client(api_key="any", http_options={"base_url": base_url}).aio
        job = await client.batches.create(model=MODEL, src=[{"contents": "x"}])
        await client.batches.cancel(name=job.name)
        job = await client.batches.get(name=job.name)
        assert job.state == types.JobState.JOB_STATE_CANCELLED

    asyncio.run(run())


def test_vertex_ai(led):
    url = f"{led['STORAGE_EMULATOR_HOST']}/upload/storage/v1/b/async/o?uploadType=media&name=in.jsonl"
    urllib.request.urlopen(urllib.request.Request(url, data=lines().encode())).close()

    async def run():
        client = genai.Client(vertexai=True, project="my-project", location="us-central1").aio
        config = {"display_name": "async", "dest": "gs://async/out"}
        job = await client.batches.create(model=MODEL, src="gs://async/in.jsonl", config=config)
        job = await ended(client, job)
        assert job.completion_stats.successful_count == len(SUMS)
        config = {"filter": 'display_name="async"', "page_size": 1}
        listed = [job.name async for job in await client.batches.list(config=config)]
        assert listed == [job.name]
        await client.batches.delete(name=job.name)
        assert await gone(client, job.name)

    asyncio.run(run())
