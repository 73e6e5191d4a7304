"""The code of a run, kept so that it can be put back: each work tree's commit, its patch, and files git does not have.

A run's directory holds `code/<n>.patch` and `code/<n>/<path>` for the n-th work tree: that of the folder the run was
started in and of each editable install. Secrets are taken out of patches and files; one that held any is marked as
redacted and cannot be put back as it was.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from ymltrain.record.redaction import Redactor
from ymltrain.record.source_code import git_diff, git_remote, git_root, git_state, git_submodules, untracked_among
from ymltrain.storage import bytes_digest, path_problem

LARGEST_FILE = 1 << 20
LARGEST_PATCH = 16 << 20


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file outside git: its digest as it was, and where the run keeps it (None when it is too large)."""

    path: str
    digest: str
    kept: str | None
    is_redacted: bool = False


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A work tree as a run found it. `patch` is None when it was clean, or when its patch was too large to keep."""

    root: str
    used_by: tuple[str, ...]
    commit: str | None
    branch: str | None
    remote: str | None
    is_dirty: bool
    patch: str | None
    patch_digest: str | None
    is_redacted: bool
    submodules: dict[str, str]
    untracked: tuple[KeptFile, ...]


def imported_files() -> list[Path]:
    """The source files of all modules that this process has imported."""
    names = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return [Path(name) for name in names if isinstance(name, str) and name.endswith(".py")]


def keep_code(folders: Mapping[str, Path], files: Iterable[Path], redactor: Redactor) -> tuple[list[Repository], dict[str, bytes]]:
    """The work trees that hold these folders (by who uses them), and the files to keep, by path in the run's directory.

    `files` are those that the run reads or imports: of them, those that git does not have are kept.
    """
    users: dict[Path, list[str]] = {}
    for user, folder in folders.items():
        place = folder.resolve()
        root = next((known for known in users if place.is_relative_to(known)), None) or git_root(place)
        if root is not None:
            users.setdefault(root, []).append(user)
    used = [path.resolve() for path in files]
    kept: dict[str, bytes] = {}
    return [_keep(number, root, users[root], used, redactor, kept) for number, root in enumerate(users)], kept


def _keep(  # noqa: PLR0913 - the number and the collected files stand beside what is kept
    number: int, root: Path, users: list[str], files: list[Path], redactor: Redactor, kept: dict[str, bytes], /
) -> Repository:
    state = git_state(root)
    patch = git_diff(root) if state is not None and state.is_dirty else ""
    content, is_redacted = _clean(patch.encode(errors="surrogateescape"), redactor)
    name = f"code/{number}.patch"
    if patch and len(content) <= LARGEST_PATCH:
        kept[name] = content
    remote = git_remote(root)
    return Repository(
        root=str(root),
        used_by=tuple(users),
        commit=state.commit if state else None,
        branch=state.branch if state else None,
        remote=redactor.redact(remote) if remote else None,
        is_dirty=bool(state and state.is_dirty),
        patch=name if name in kept else None,
        patch_digest=bytes_digest(patch.encode(errors="surrogateescape")) if patch else None,
        is_redacted=is_redacted,
        submodules=git_submodules(root),
        untracked=tuple(_keep_file(number, root, path, redactor, kept) for path in untracked_among(root, files)),
    )


def _keep_file(number: int, root: Path, path: str, redactor: Redactor, kept: dict[str, bytes]) -> KeptFile:
    try:
        content = (root / path).read_bytes()
    except OSError:
        content = b""
    name = f"code/{number}/{path}"
    cleaned, is_redacted = _clean(content, redactor)
    is_kept = len(content) <= LARGEST_FILE and path_problem(path) is None
    if is_kept:
        kept[name] = cleaned
    return KeptFile(path=path, digest=bytes_digest(content), kept=name if is_kept else None, is_redacted=is_redacted)


def _clean(content: bytes, redactor: Redactor) -> tuple[bytes, bool]:
    """The content without secrets, and whether it held any."""
    text = content.decode("utf-8", "surrogateescape")
    cleaned = redactor.redact_code(text)
    return cleaned.encode("utf-8", "surrogateescape"), cleaned != text
