"""Which code a run was started from: for each git work tree the commit, what differs from it, and what git does not have.

Nothing here lets a repository run a program of its own: its fsmonitor hook, external diffs and text conversions are
off. No optional lock is taken for reading.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

PATIENCE = 5.0
NO_BRANCH = "(detached)"
SAFELY = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false")


class GitState(msgspec.Struct, frozen=True, kw_only=True):
    """A work tree. `is_dirty` tells of tracked files only; `branch` is None on a detached head, `commit` before the first."""

    commit: str | None
    branch: str | None
    is_dirty: bool


def git_state(folder: Path) -> GitState | None:
    """The state of the work tree that holds `folder`; None without git, outside a repository, or when git is too slow."""
    text = git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    return None if text is None else _parse_status(text)


def git_root(folder: Path) -> Path | None:
    """The top folder of the work tree that holds `folder`."""
    text = git(folder, "rev-parse", "--show-toplevel")
    return Path(text.strip()) if text is not None and text.strip() else None


def git_remote(root: Path) -> str | None:
    """The URL of the remote `origin`, else of the first there is, as it is configured: it may hold a password."""
    urls = dict(line.split(" ", 1) for line in (git(root, "config", "--get-regexp", r"^remote\..*\.url$") or "").splitlines())
    return urls.get("remote.origin.url") or next(iter(urls.values()), None)


def git_diff(root: Path) -> str:
    """What differs from the commit in tracked files, those of submodules included, as a patch that `git apply` takes."""
    return git(root, "diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--submodule=diff") or ""


def git_submodules(root: Path) -> dict[str, str]:
    """The commit of each submodule by its path; `-` before it when it is not checked out, `+` when it is another one."""
    if not (root / ".gitmodules").is_file():
        return {}
    lines = (git(root, "submodule", "status", "--recursive") or "").splitlines()
    return {words[1]: line[0].strip() + words[0] for line in lines if len(words := line[1:].split()) > 1}


def untracked_among(root: Path, files: Iterable[Path]) -> list[str]:
    """Which of these files lie in the work tree without git having them; paths relative to `root`."""
    own = (path for path in files if path.is_relative_to(root) and "site-packages" not in path.parts)
    inside = sorted({str(path.relative_to(root)) for path in own})
    if not inside:
        return []
    known = git(root, "ls-files", "-z", "--", *inside)
    return [] if known is None else [path for path in inside if path not in set(known.split("\0"))]


def git(folder: Path, *words: str, patience: float = PATIENCE) -> str | None:
    """What git prints, or None when it is not there, fails, or takes longer than `patience` seconds."""
    answer = call_git(folder, words, patience=patience)
    return None if answer is None or answer.returncode != 0 else answer.stdout


def call_git(
    folder: Path, words: Sequence[str], *, patience: float, given: str | None = None
) -> subprocess.CompletedProcess[str] | None:
    """Run git in a folder; None when it cannot be run or is too slow."""
    program = shutil.which("git")
    if program is None:
        return None
    try:
        return subprocess.run(  # noqa: S603 - fixed words and paths, no shell
            [program, *SAFELY, *words],
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
            input=given,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=patience,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None


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
