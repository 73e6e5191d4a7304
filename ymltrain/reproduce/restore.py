"""Code as it was: each work tree of a run checked out beside, at its commit, with its patch and untracked files on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ymltrain.record.directory import RunDirectory
from ymltrain.record.source_code import call_git
from ymltrain.storage import bytes_digest, inside

GIT_PATIENCE = 300.0


@dataclass(frozen=True)
class Restored:
    """Where the code of then lies: new folders by old root, and what could not be put back, in words."""

    roots: dict[Path, Path] = field(default_factory=dict)
    lacking: list[str] = field(default_factory=list)

    def moved(self, path: Path) -> Path:
        """Where a path within an old work tree now lies; itself when nothing was restored there."""
        for old, new in self.roots.items():
            if path.is_relative_to(old):
                return new / path.relative_to(old)
        return path


@contextmanager
def code_restored(run: RunDirectory, provenance: Mapping[str, Any], changed: set[str], folder: Path) -> Iterator[Restored]:
    """The work trees whose roots are in `changed`, restored below `folder` as long as the block runs."""
    restored = Restored()
    with ExitStack() as cleanup:
        for number, state in enumerate(provenance.get("repositories", [])):
            root = Path(state["root"])
            if str(root) not in changed:
                continue
            problem = _problem(root, state)
            if problem is not None:
                restored.lacking.append(f"{root}: {problem}")
                continue
            place = folder / f"code-{number}"
            cleanup.callback(_remove, root, place)
            problem = _restore(run, root, state, place)
            if problem is None:
                restored.roots[root] = place
            else:
                restored.lacking.append(f"{root}: {problem}")
        yield restored


def _problem(root: Path, state: Mapping[str, Any]) -> str | None:
    """Why a work tree cannot be put back."""
    if state["commit"] is None:
        return "it had no commit yet"
    if state["is_redacted"] or any(file["is_redacted"] for file in state["untracked"]):
        return "its changes held a secret, which the run did not keep"
    if state["is_dirty"] and state["patch"] is None:
        return "its changes were too large to keep"
    if not root.is_dir():
        return "there is no such folder here"
    found = call_git(root, ["cat-file", "-e", f"{state['commit']}^{{commit}}"], patience=GIT_PATIENCE)
    if found is None or found.returncode != 0:
        return f"the repository has no commit {state['commit'][:12]}"
    return None


def _restore(run: RunDirectory, root: Path, state: Mapping[str, Any], place: Path) -> str | None:
    """Check out, patch and fill up one work tree; what went wrong, in words."""
    made = call_git(root, ["worktree", "add", "--detach", "--force", str(place), state["commit"]], patience=GIT_PATIENCE)
    if made is None or made.returncode != 0:
        return f"git worktree failed: {made.stderr.strip() if made else 'no git'}"
    if state["patch"] is not None:
        patch = (run.path / state["patch"]).read_bytes()
        if bytes_digest(patch) != state["patch_digest"]:
            return f"{state['patch']} is not what the run kept"
        text = patch.decode("utf-8", "surrogateescape")
        applied = call_git(place, ["apply", "--whitespace=nowarn"], patience=GIT_PATIENCE, given=text)
        if applied is None or applied.returncode != 0:
            return f"its patch does not apply: {applied.stderr.strip() if applied else 'no git'}"
    for file in state["untracked"]:
        if file["kept"] is None:
            return f"{file['path']} was too large to keep"
        content = (run.path / file["kept"]).read_bytes()
        if bytes_digest(content) != file["digest"]:
            return f"{file['kept']} is not what the run kept"
        target = inside(place, file["path"])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return None


def _remove(root: Path, place: Path) -> None:
    call_git(root, ["worktree", "remove", "--force", str(place)], patience=GIT_PATIENCE)
    shutil.rmtree(place, ignore_errors=True)
    call_git(root, ["worktree", "prune"], patience=GIT_PATIENCE)
