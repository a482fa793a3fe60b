"""The programs of docs/testing.md in Python and JavaScript, as they stand there, and of the emulator's
README. Those in Rust are documentation tests of crates/interop and the emulator."""

import re
import subprocess
import sys

import pytest

from harness import REPOSITORY, emulator, kept, node, node_modules

PAGES = ("docs/testing.md", "crates/emulator/README.md")


def programs(language):
    """Each program, and what its comments say that it prints."""
    for page in PAGES:
        text = (REPOSITORY / page).read_text()
        blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for number, program in enumerate(blocks, 1):
            name = f"{page.rsplit('/', 1)[1]} {number}"
            printed = re.findall(r"(?:print|console\.log)\(.*\);?\s+(?:#|//) (.*)$", program, re.MULTILINE)
            yield pytest.param(program, printed, id=name)


@pytest.fixture(scope="module")
def led(tmp_path_factory):
    folder = tmp_path_factory.mktemp("credentials")
    with emulator("--credentials", str(folder)) as exports:
        yield exports


@pytest.mark.software("google-genai")
@pytest.mark.parametrize("program, printed", list(programs("python")))
def test_documentation_in_python(led, tmp_path, program, printed):
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**kept(), "HOME": str(tmp_path), **led},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == printed


@pytest.mark.software("@google/genai")
@pytest.mark.skipif(node_modules() is None, reason="there is no Node with npm")
@pytest.mark.parametrize("program, printed", list(programs("js")))
def test_documentation_in_javascript(led, program, printed):
    # Its SDK may say something of its own before.
    lines = node(program, **led).splitlines()
    assert lines[len(lines) - len(printed) :] == printed
