"""Google's own client of Cloud Storage, unchanged, against the emulator's JSON API."""

import os
import re

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage import transfer_manager

pytestmark = pytest.mark.software("google-cloud-storage")
CHUNK = 256 * 1024
LARGE = os.urandom(3 * CHUNK + 5)


@pytest.fixture
def bucket(exported, no_settings, monkeypatch, request):
    """A new bucket of its own for each test."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", exported["STORAGE_EMULATOR_HOST"])
    client = storage.Client(project="my-project", credentials=AnonymousCredentials())
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))
    return client.create_bucket(name.strip("-"), location="EU")


def test_an_object_keeps_content_and_metadata(bucket):
    blob = bucket.blob("a folder/ünïcode 100%.txt")
    blob.metadata = {"owner": "me"}
    blob.cache_control = "no-store"
    blob.upload_from_string("héllo", content_type="text/plain", checksum="crc32c")
    assert (blob.size, blob.md5_hash) == (6, "vlDoR4zyT/NZW8cwf7kbUA==")

    found = bucket.get_blob(blob.name)
    assert found.generation == blob.generation
    assert (found.metadata, found.cache_control) == ({"owner": "me"}, "no-store")
    assert found.content_type == "text/plain"
    assert found.download_as_text() == "héllo"
    assert found.download_as_bytes(checksum="md5") == "héllo".encode()
    assert found.download_as_bytes(start=1, end=3) == "él".encode()
    assert bucket.get_blob("missing") is None


@pytest.mark.parametrize("checksum", ["md5", "crc32c"])
def test_a_large_object_comes_and_goes_in_chunks(bucket, checksum, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    bucket.blob("large", chunk_size=CHUNK).upload_from_filename(path, checksum=checksum)
    assert bucket.blob("large").download_as_bytes() == LARGE
    assert bucket.blob("large", chunk_size=CHUNK).download_as_bytes() == LARGE

    with bucket.blob("stream").open("wb", chunk_size=CHUNK) as stream:
        stream.write(LARGE)
    with bucket.blob("stream").open("rb", chunk_size=CHUNK) as stream:
        assert stream.read() == LARGE


def test_a_file_is_sent_in_parts_of_the_xml_api(bucket, tmp_path):
    content = os.urandom(6 * 1024 * 1024)
    path = tmp_path / "parts"
    path.write_bytes(content)
    blob = bucket.blob("parts")
    transfer_manager.upload_chunks_concurrently(
        path, blob, chunk_size=5 * 1024 * 1024, worker_type=transfer_manager.THREAD
    )
    assert blob.download_as_bytes() == content
    assert bucket.get_blob("parts").md5_hash is None


def test_listings_come_in_pages(bucket):
    names = [f"many/{n}/x" for n in range(7)]
    for name in [*names, "other"]:
        bucket.blob(name).upload_from_string(name)
    listed = bucket.client.list_blobs(bucket, prefix="many/", page_size=3)
    pages = [[blob.name for blob in page] for page in listed.pages]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sum(pages, []) == names

    folders = bucket.client.list_blobs(bucket, prefix="many/", delimiter="/", page_size=2)
    assert list(folders) == []
    assert folders.prefixes == {f"many/{n}/" for n in range(7)}
    assert bucket.name in [bucket.name for bucket in bucket.client.list_buckets()]


def test_objects_are_copied_and_deleted(bucket):
    source = bucket.blob("source")
    source.upload_from_string("content")
    assert bucket.copy_blob(source, bucket, "copy").download_as_bytes() == b"content"
    assert bucket.blob("rewritten").rewrite(source) == (None, 7, 7)
    bucket.delete_blobs(["copy", "rewritten"])
    assert [blob.name for blob in bucket.list_blobs()] == ["source"]
    bucket.delete(force=True)


def test_errors_have_their_types(bucket):
    bucket.blob("taken").upload_from_string("1")
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("taken").upload_from_string("2", if_generation_match=0)
    with pytest.raises(exceptions.NotFound, match="No such object"):
        bucket.blob("missing").download_as_bytes()
    with pytest.raises(exceptions.NotFound, match="No such object"):
        bucket.blob("missing").delete()
    with pytest.raises(exceptions.Conflict):
        bucket.client.create_bucket(bucket.name)
    with pytest.raises(exceptions.RequestRangeNotSatisfiable):
        bucket.blob("taken").download_as_bytes(start=10)
