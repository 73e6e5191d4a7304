"""Which code a run was started from: the git commit, its branch, and whether files differ from it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import msgspec

PATIENCE = 5.0
NO_BRANCH = "(detached)"


class GitState(msgspec.Struct, frozen=True, kw_only=True):
    """A work tree. `is_dirty` tells of tracked files only; `branch` is None on a detached head, `commit` before the first."""

    commit: str | None
    branch: str | None
    is_dirty: bool


def git_state(folder: Path) -> GitState | None:
    """The state of the work tree that holds `folder`; None without git, outside a repository, or when git is too slow."""
    git = shutil.which("git")
    if git is None:
        return None
    # A repository is data: its fsmonitor hook, which git would run, is off. No optional lock is taken for reading.
    command = [git, "-c", "core.fsmonitor=false", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        answer = subprocess.run(  # noqa: S603 - fixed words, no shell
            command,
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return _parse_status(answer.stdout)


def _parse_status(text: str) -> GitState:
    """`git status --porcelain=v2 --branch`: headers begin with `#`, every other line is a changed file."""
    lines = text.splitlines()
    headers = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    commit, branch = headers["branch.oid"], headers["branch.head"]
    return GitState(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == NO_BRANCH else branch,
        is_dirty=any(not line.startswith("# ") for line in lines),
    )
