"""A small server of batch prediction jobs of our own making, for storage that is not ours: whoever keeps
the objects cannot run jobs, and our emulator's read its own storage alone."""

import itertools
import json
import re
import threading
import traceback
from contextlib import contextmanager
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH = re.compile(r"/v1(?:beta1)?/(projects/[^/]+/locations/[^/]+)/batchPredictionJobs(?:/(\d+))?(:cancel)?")


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def answer(line):
    """The row of results for a row of requests; one that says FAIL fails."""
    row = json.loads(line)
    text = row["request"]["contents"][-1]["parts"][0]["text"]
    row["processed_time"] = now()
    if "FAIL" in text:
        return {**row, "status": "Bad Request: asked to fail", "response": {}}
    content = {"role": "model", "parts": [{"text": f"echo {text}"}]}
    response = {
        "candidates": [{"content": content, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3},
    }
    return {**row, "status": "", "response": response}


def split(uri):
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    return bucket, name


class Jobs:
    """Jobs that read and write a store: something with `read(bucket, name)`, which gives lines, and
    `write(bucket, name, text)`. Where a table is given, it is the output of every job instead."""

    def __init__(self, store=None, shards=1, table=None):
        self.store, self.shards, self.table = store, shards, table
        self.jobs = {}
        self.ids = itertools.count(1000000000000000001)

    def create(self, place, job):
        job["name"] = f"{place}/batchPredictionJobs/{next(self.ids)}"
        job["state"], job["createTime"] = "JOB_STATE_PENDING", now()
        self.jobs[job["name"]] = job
        threading.Thread(target=self.run, args=(job,), daemon=True).start()
        return job

    def run(self, job):
        job["state"], job["startTime"] = "JOB_STATE_RUNNING", now()
        try:
            if self.table:
                dataset, _, table = self.table.rpartition(".")
                job["outputInfo"] = {"bigqueryOutputDataset": dataset, "bigqueryOutputTable": table}
            else:
                self.write(job)
            state = "JOB_STATE_SUCCEEDED"
        except Exception as error:
            traceback.print_exc()
            job["error"] = {"code": 13, "message": repr(error)}
            state = "JOB_STATE_FAILED"
        job["endTime"] = now()
        job["state"] = state

    def write(self, job):
        uris = map(split, job["inputConfig"]["gcsSource"]["uris"])
        rows = [answer(line) for uri in uris for line in self.store.read(*uri) if line.strip()]
        prefix = job["outputConfig"]["gcsDestination"]["outputUriPrefix"].rstrip("/")
        folder = f"{prefix}/prediction-model-{now()}"
        bucket, path = split(folder)
        for shard in range(self.shards):
            name = "predictions.jsonl"
            if self.shards > 1:
                name = f"predictions_{shard:05}-of-{self.shards:05}.jsonl"
            part = rows[shard :: self.shards]
            text = "".join(json.dumps(row) + "\n" for row in reversed(part))
            self.store.write(bucket, f"{path}/{name}", text)
        failed = sum(1 for row in rows if row["status"])
        job["completionStats"] = {
            "successfulCount": str(len(rows) - failed),
            "failedCount": str(failed),
        }
        job["outputInfo"] = {"gcsOutputDirectory": folder}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def give(self, code, value):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self):
        self.give(404, {"error": {"code": 404, "message": self.path, "status": "NOT_FOUND"}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if not (at := PATH.fullmatch(self.path)):
            self.refuse()
        elif at[3]:
            self.give(200, {})
        else:
            self.give(200, self.server.jobs.create(at[1], json.loads(body)))

    def do_GET(self):
        at = PATH.fullmatch(self.path.split("?")[0])
        jobs = self.server.jobs.jobs
        if at and not at[2]:
            self.give(200, {"batchPredictionJobs": list(jobs.values())})
        elif at and (job := jobs.get(f"{at[1]}/batchPredictionJobs/{at[2]}")):
            self.give(200, job)
        else:
            self.refuse()


@contextmanager
def served(handler, **state):
    """The address of a server of this handler, which finds its state on its server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    for name, value in state.items():
        setattr(server, name, value)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def job_server(**options):
    """The address of a server of jobs."""
    return served(Handler, jobs=Jobs(**options))
