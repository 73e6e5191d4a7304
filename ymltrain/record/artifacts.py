"""The files a run made, by digest: artifacts.jsonl, one line a file, written when a part of the run is whole.

Figures, tables and images that a plugin or a later program leaves in `artifacts/` are listed likewise when the run ends.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from ymltrain.record.directory import RunDirectory
from ymltrain.storage import file_digest, write_durably

FILE = "artifacts.json"
FOLDER = "artifacts"


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """One file, by its path in the run's directory."""

    path: str
    role: str
    bytes: int
    digest: str


def list_artifacts(run: RunDirectory, folders: dict[str, Path]) -> list[Artifact]:
    """Every file below these folders (by role) and below `artifacts/`, with its digest."""
    found = []
    for role, folder in {**folders, "artifact": run.path / FOLDER}.items():
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.is_file() and not path.is_symlink():
                name = path.relative_to(run.path).as_posix()
                found.append(Artifact(path=name, role=role, bytes=path.stat().st_size, digest=file_digest(path)))
    return found


def write_artifacts(run: RunDirectory, folders: dict[str, Path]) -> None:
    """Record them. A disk that refuses costs the list and not the run."""
    with suppress(OSError):
        content = msgspec.json.format(msgspec.json.encode(list_artifacts(run, folders)), indent=2) + b"\n"
        write_durably(run.path / FILE, content)


def read_artifacts(run: RunDirectory) -> list[Artifact]:
    """What was recorded; nothing of a run that has not come to its end."""
    try:
        return msgspec.json.decode((run.path / FILE).read_bytes(), type=list[Artifact])
    except (OSError, msgspec.DecodeError):
        return []
