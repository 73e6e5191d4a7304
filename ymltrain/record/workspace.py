"""The workspace: the folder that holds runs/, registry/ and cache/."""

from __future__ import annotations

from pathlib import Path

from ymltrain.diagnostics import UsageError

MARKER = "ymltrain.toml"


def find_workspace(given: Path | None = None, start: Path | None = None) -> Path:
    """The given folder, else the nearest one at or above `start` with a ymltrain.toml, else `start` (the current folder).

    Raises UsageError when the given folder is not there.
    """
    if given is not None:
        if not given.is_dir():
            raise UsageError("YT802", f"--workspace {given}: there is no such folder", "make it first, or leave the option out")
        return given.resolve()
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / MARKER).is_file()), here)
