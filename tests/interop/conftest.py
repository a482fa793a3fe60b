"""Starts the emulator as a program and points Google's own SDK at it."""

import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from google import genai

REPOSITORY = Path(__file__).parents[2]


@contextmanager
def emulator(*options):
    """The variables that the emulator told to export, while it is up."""
    program = os.environ.get("GENAI_BATCH_EMULATOR_BIN")
    command = [program] if program else ["cargo", "run", "--quiet", "-p", "genai-batch-emulator", "--"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--job-duration", "1s", *options],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    exports = {}
    for line in process.stdout:
        if match := re.match(r"export (\w+)=(\S+)$", line):
            exports[match[1]] = match[2]
        else:
            break
    try:
        assert "GOOGLE_GEMINI_BASE_URL" in exports, "the emulator did not start"
        yield exports
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="session")
def exported():
    """The variables of an emulator that lets everybody in."""
    with emulator() as exports:
        yield exports


@pytest.fixture
def no_settings(monkeypatch):
    """An environment that says nothing about Google's services."""
    for name in list(os.environ):
        if name.startswith(("GOOGLE_", "GEMINI_", "GCE_", "CLOUDSDK_")):
            monkeypatch.delenv(name)


@pytest.fixture
def client(exported, no_settings):
    base_url = exported["GOOGLE_GEMINI_BASE_URL"]
    return genai.Client(api_key="test-key", http_options={"base_url": base_url})
