"""A run on disk, processes to kill, and a disk small enough to fill."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ymltrain.plan.plan import Plan
from ymltrain.record.directory import RunDirectory


@pytest.fixture
def make_run(small_plan: Plan) -> Callable[..., RunDirectory]:
    """Creates runs in a workspace."""

    def make(workspace: Path, name: str = "toy") -> RunDirectory:
        return RunDirectory.create(
            workspace, name, small_plan, recipe_text="name: toy\n", resolved_yaml="name: toy\n", provenance={"git": None}
        )

    return make


@pytest.fixture
def run(tmp_path: Path, make_run: Callable[..., RunDirectory]) -> RunDirectory:
    """A run that nothing has run yet."""
    return make_run(tmp_path)


@pytest.fixture
def start_python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python programs given as text; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program, *map(str, arguments)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting a small file system needs root; test_metrics fills /dev/full everywhere")
    yield disk
    subprocess.run(["umount", disk], check=True)
