"""Starts programs: the emulator, servers of other makers, the client's driver, Node."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
# What a program needs of the environment to run at all.
KEPT = ("PATH", "SYSTEMROOT", "LANG", "PYTHONDONTWRITEBYTECODE")
VERTEX = {
    "GOOGLE_GENAI_USE_VERTEXAI": "true",
    "GOOGLE_CLOUD_PROJECT": "my-project",
    "GOOGLE_CLOUD_LOCATION": "us-central1",
    "GENAI_BATCH_STAGING": "gs://bucket/staging",
}


def kept():
    """An environment that says nothing about Google's services."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}


@contextmanager
def emulator(*options, job_duration="1s"):
    """The variables that the emulator told to export, while it is up."""
    program = os.environ.get("GENAI_BATCH_EMULATOR_BIN")
    command = [program] if program else ["cargo", "run", "--quiet", "-p", "genai-batch-emulator", "--"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--job-duration", job_duration, *options],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    exports = {}
    for line in process.stdout:
        if match := re.match(r"export (\w+)=(.+)$", line):
            exports[match[1]] = shlex.split(match[2])[0]
        else:
            break
    try:
        assert "GOOGLE_GEMINI_BASE_URL" in exports, "the emulator did not start"
        yield exports
    finally:
        process.terminate()
        process.wait(timeout=10)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(command, port, log, timeout=60):
    """A server of another maker, once somebody listens on its port; what it prints goes to a file."""
    with open(log, "ab") as out:
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + timeout
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            told = f"{command[0]} is not up; it printed: {Path(log).read_text()}"
            assert process.poll() is None and time.monotonic() < deadline, told
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def drive(*arguments, **environment):
    """What the client's driver tells, in an environment of these variables alone."""
    program = os.environ.get("GENAI_BATCH_INTEROP_BIN")
    command = [program] if program else ["cargo", "run", "--quiet", "-p", "genai-batch-interop", "--"]
    ran = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=REPOSITORY,
        env={**kept(), **environment},
        capture_output=True,
        text=True,
    )
    assert ran.stdout, ran.stderr
    return json.loads(ran.stdout)


def node_modules():
    """Where the packages of Node are; None where Node is not."""
    folder = os.environ.get("GENAI_BATCH_INTEROP_NODE")
    return Path(folder) if folder and shutil.which("node") else None


def node(program, *arguments, **environment):
    """What a program prints, run beside the packages of Node: it finds them nowhere else."""
    path = node_modules() / f"program-{os.getpid()}.mjs"
    path.write_text(program)
    try:
        ran = subprocess.run(
            ["node", str(path), *arguments],
            env={**kept(), **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        path.unlink()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
