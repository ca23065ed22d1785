"""Fixtures of the Python tests: the built `eckart` command."""

import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def eckart_bin():
    """The path of the built command, which `cargo xtask test` puts in ECKART_BIN; without it the tests fail."""
    path = os.environ.get("ECKART_BIN")
    if not path:
        pytest.fail("ECKART_BIN is not set: run `cargo xtask test`, or set it to a built `eckart`")
    if not Path(path).is_file():
        pytest.fail(f"ECKART_BIN names no file: {path}")
    return Path(path)


@pytest.fixture
def eckart(eckart_bin, tmp_path):
    """Runs the command in a folder of the test's own; it must succeed. Returns what it printed."""

    def run(*args):
        command = [str(eckart_bin), *map(str, args)]
        done = subprocess.run(
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    return run
