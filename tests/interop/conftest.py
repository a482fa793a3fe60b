"""What all parts have in common: an emulator, and the account of what was done with which software."""

import json
import os
from importlib import metadata

import pytest

from harness import emulator, node_modules


@pytest.fixture(scope="session")
def exported():
    """The variables of an emulator that lets everybody in."""
    with emulator() as exports:
        yield exports


@pytest.fixture(scope="session")
def unending():
    """The variables of an emulator whose jobs do not end by themselves, however slow the machine."""
    with emulator(job_duration="1h") as exports:
        yield exports


@pytest.fixture
def no_settings(monkeypatch):
    """An environment that says nothing about Google's services."""
    for name in list(os.environ):
        if name.startswith(("GOOGLE_", "GEMINI_", "GCE_", "CLOUDSDK_")):
            monkeypatch.delenv(name)


def pytest_configure(config):
    config.addinivalue_line("markers", "software(name): what a test uses, as its registry calls it")


def version(name):
    if name.startswith("@"):
        package = (node_modules() or "") and node_modules() / "node_modules" / name / "package.json"
        return json.loads(package.read_text())["version"] if package else "-"
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "-"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    table = os.environ.get("GENAI_BATCH_INTEROP_TABLE")
    is_told = report.when == "call" or not report.passed
    if not table or not is_told:
        return
    marker = item.get_closest_marker("software")
    name = marker.args[0] if marker else "genai-batch-emulator"
    row = {
        "software": name,
        "version": version(name) if marker else "-",
        "done": item.name.removeprefix("test_").replace("_", " "),
        "result": report.outcome,
        "seconds": round(report.duration, 1),
    }
    with open(table, "a") as file:
        file.write(json.dumps(row) + "\n")
