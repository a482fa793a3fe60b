"""The variables that the emulator prints, alone, lead Google's own SDK to both backends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import REPOSITORY, emulator, kept

pytestmark = pytest.mark.software("google-genai")
PROGRAM = Path(__file__).with_name("unaided.py")


def run(exports, home):
    """Runs the program with these variables, in another folder and with no home to speak of."""
    command = [sys.executable, "-W", "ignore", str(PROGRAM)]
    environment = {**kept(), "HOME": str(home), **exports}
    ran = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "both backends\n"


def test_tokens_come_from_the_metadata_server(tmp_path):
    with emulator("--require-authentication") as exports:
        assert "GOOGLE_APPLICATION_CREDENTIALS" not in exports
        run(exports, tmp_path)


@pytest.mark.parametrize("name", ["credentials", "folder of its own"])
def test_credential_files_are_found_from_everywhere(tmp_path, name):
    # A relative folder is relative to where the emulator runs.
    folder = os.path.relpath(tmp_path / name, REPOSITORY)
    with emulator("--require-authentication", "--credentials", folder) as exports:
        assert os.path.isabs(exports["GOOGLE_APPLICATION_CREDENTIALS"])
        run(exports, tmp_path)
