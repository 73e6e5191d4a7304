"""The documentation is current, its links lead somewhere, and its examples run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def build(*arguments):
    """`docs/build.py` as a process, with one thread: its examples are small."""
    command = [sys.executable, str(ROOT / "docs" / "build.py"), *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900, env=environment)


def test_the_documentation_holds():
    """Generated pages are current, links live, every code explained, the quick examples run."""
    done = build("--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_examples_that_train_hold():
    """The tutorial and every how-to that trains run from their first line to their last."""
    done = build("--check", "--slow")
    assert done.returncode == 0, done.stderr
