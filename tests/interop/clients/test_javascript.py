"""Google's SDK for JavaScript, led by nothing but what the emulator prints."""

import re
from pathlib import Path

import pytest

from harness import emulator, node, node_modules

pytestmark = [
    pytest.mark.software("@google/genai"),
    pytest.mark.skipif(node_modules() is None, reason="there is no Node with npm"),
]
PROGRAM = Path(__file__).with_name("check.mjs").read_text()
CHECKS = re.findall(r"^  async (\w+)\(\) \{$", PROGRAM, re.MULTILINE)


@pytest.fixture(scope="module")
def led(tmp_path_factory):
    folder = tmp_path_factory.mktemp("credentials")
    with emulator("--credentials", str(folder)) as exports:
        yield exports


@pytest.mark.parametrize("check", CHECKS)
def test_javascript(led, unending, check):
    if check.endswith("cancel"):
        led = {**unending, "GOOGLE_CLOUD_PROJECT": "my-project"}
    node(PROGRAM, check, **led)
