"""What the repository holds: our own files, and none that its own rules leave out."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 4 << 20


def tracked(*options):
    """Paths that git tracks."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")[:-1]


def test_no_tracked_file_is_one_that_gitignore_leaves_out():
    """An environment, a cache or a run that was committed before a rule named it would ship to everybody."""
    assert tracked("--cached", "--ignored", "--exclude-standard") == []


def test_no_tracked_file_is_a_program_or_huge():
    """Other people's libraries come from the package index; data files here are small."""
    paths = [ROOT / path for path in tracked()]
    assert paths
    assert [path for path in paths if path.suffix in {".so", ".whl", ".pyc", ".dll"}] == []
    assert [path for path in paths if path.is_file() and path.stat().st_size > LARGEST] == []
