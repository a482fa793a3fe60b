"""The client against moto, an S3 server of others: S3's API is what Cloud Storage's XML API is like."""

import json
import sys

import boto3
import pytest

from gateway import CUTS, Handler, State
from harness import VERTEX, drive, free_port, serving
from jobs import job_server, served

pytestmark = pytest.mark.software("moto")


class Store:
    """moto, as the server of jobs uses it: with the client of S3's own maker."""

    def __init__(self, url):
        self.client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )

    def read(self, bucket, name):
        return self.client.get_object(Bucket=bucket, Key=name)["Body"].iter_lines()

    def write(self, bucket, name, text):
        self.client.put_object(Bucket=bucket, Key=name, Body=text.encode())

    def names(self, prefix):
        listed = self.client.list_objects_v2(Bucket="bucket", Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    port = free_port()
    log = tmp_path_factory.mktemp("moto") / "log"
    program = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
    with serving(program, port, log) as url:
        store = Store(url)
        store.client.create_bucket(Bucket="bucket")
        yield port, store


@pytest.fixture
def play(moto):
    """Plays a whole job with the client, through the gateway."""

    def play(*arguments, shards=1, cut=False):
        port, store = moto
        state = State(port, cut)
        with job_server(store=store, shards=shards) as jobs, served(Handler, state=state) as storage:
            environment = {**VERTEX, "GOOGLE_VERTEX_BASE_URL": jobs, "STORAGE_EMULATOR_HOST": storage}
            return drive("run", *arguments, **environment), state

    return play


def requests(path, count, padding=0):
    """A file of requests, of which the eighth fails."""
    with open(path, "w") as file:
        for n in range(count):
            text = f"{'FAIL ' if n == 7 else ''}What is {n}? ü“{'x' * padding}"
            request = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
            file.write(json.dumps({"key": f"k{n}", "request": request}, ensure_ascii=False) + "\n")
    return path


def assert_all(told, count):
    assert told.get("outcomes") == {"response": count - 1, "error": 1}, told


def test_a_small_job_staged_by_one_call_and_saved(play, moto, tmp_path):
    path = requests(tmp_path / "small.jsonl", 20)
    told, _ = play(path, "--save", "gs://bucket/saved/small.jsonl", "--remove-staged", shards=4)
    assert_all(told, 20)
    assert told["texts"]["k0"] == "echo What is 0? ü“"
    store = moto[1]
    assert len(list(store.read("bucket", "saved/small.jsonl"))) == 20
    # The results are beside the requests, which are gone.
    staged = {name.rsplit("/", 1)[1] for name in store.names("staging/")}
    assert len(staged) == 4 and "requests.jsonl" not in staged


def test_nothing_is_replaced_unasked(play, moto, tmp_path):
    path = requests(tmp_path / "small.jsonl", 20)
    moto[1].write("bucket", "saved/there.jsonl", "mine")
    told, _ = play(path, "--save", "gs://bucket/saved/there.jsonl")
    assert "exists already" in told["error"], told
    assert list(moto[1].read("bucket", "saved/there.jsonl")) == [b"mine"]


def test_9_mb_staged_and_saved_in_parts(play, moto, tmp_path):
    path = requests(tmp_path / "parts.jsonl", 5_000, padding=1_900)
    told, _ = play(path, "--save", "gs://bucket/saved/parts.jsonl")
    assert_all(told, 5_000)
    # As only an object of several parts is named.
    head = moto[1].client.head_object(Bucket="bucket", Key="saved/parts.jsonl")
    assert head["ETag"].strip('"').partition("-")[2] not in ("", "1")


def test_100_mb_staged_in_parts(play, tmp_path):
    path = requests(tmp_path / "large.jsonl", 10_000, padding=10_500)
    assert path.stat().st_size > 100 * 1024 * 1024
    told, _ = play(path)
    assert_all(told, 10_000)


def test_1100_shards_over_pages_of_the_listing(play, tmp_path):
    path = requests(tmp_path / "shards.jsonl", 3_000)
    told, state = play(path, shards=1_100)
    assert_all(told, 3_000)
    assert state.pages > 1


def test_downloads_that_break_off_three_times_go_on(play, tmp_path):
    path = requests(tmp_path / "cut.jsonl", 1_000, padding=1_900)
    told, state = play(path, cut=True)
    assert_all(told, 1_000)
    assert max(state.cuts.values()) == CUTS
