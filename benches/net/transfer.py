"""Google's own clients for Python doing what `genai-batch-transfer` does:
`transfer.py WORK WAY BASE STAGE [FILE]`, where STAGE is what `genai-batch-net` printed.

| WORK | transfers |
|---|---|
| `one`, `several`, `small` | the objects of that job, to local files |
| `file` | the file of the Files API, into memory |
| `send` | FILE, to an object |

WAY is `at-once`, by the transfer manager of google-cloud-storage with its own defaults (eight workers,
slices of 32 MiB), or `one-by-one`. What is printed ends with the seconds that it took; imports are not
among them.
"""

import json
import os
import sys
import tempfile
import time

from google import genai
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage import transfer_manager


def bucket(base, stage):
    client = storage.Client(
        project="bench",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": base},
    )
    return client.bucket(stage["bucket"])


def read_objects(base, stage, names, way, folder):
    place = bucket(base, stage)
    if way == "one-by-one":
        for number, name in enumerate(names):
            place.blob(name).download_to_filename(os.path.join(folder, str(number)))
    elif len(names) == 1:
        target = os.path.join(folder, "0")
        transfer_manager.download_chunks_concurrently(place.blob(names[0]), target)
    else:
        outcomes = transfer_manager.download_many_to_path(
            place, names, destination_directory=folder
        )
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
    return sum(
        os.path.getsize(os.path.join(root, name))
        for root, _, files in os.walk(folder)
        for name in files
    )


def read_file(base, name):
    client = genai.Client(
        api_key="k", vertexai=False, http_options=genai.types.HttpOptions(base_url=base)
    )
    return len(client.files.download(file=name))


def send(base, stage, path, way):
    blob = bucket(base, stage).blob("sent")
    if way == "one-by-one":
        blob.upload_from_filename(path)
    else:
        transfer_manager.upload_chunks_concurrently(path, blob)
    return os.path.getsize(path)


def main():
    work, way, base, stage = sys.argv[1:5]
    stage = json.loads(stage)
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        if work == "file":
            count = read_file(base, stage["file"]["file"])
        elif work == "send":
            count = send(base, stage, sys.argv[5], way)
        else:
            count = read_objects(base, stage, stage[work]["objects"], way, folder)
        seconds = time.monotonic() - started
    print(f"bytes={count} seconds={seconds:.3f}")


# The workers of the transfer manager are processes that may read this file again.
if __name__ == "__main__":
    main()
