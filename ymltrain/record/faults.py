"""What a refusing file system means for the person who started the run."""

from __future__ import annotations

import errno
from pathlib import Path

from ymltrain.diagnostics import RunError, UsageError, YmltrainError

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def folder_fault(folder: Path, error: OSError) -> YmltrainError:
    """The error to raise when nothing can be written in `folder`: RunError for a full disk, else UsageError."""
    if error.errno in NO_SPACE:
        return RunError("YT930", f"no space left to write in {folder}", "free some space, or choose another disk with --workspace")
    return UsageError(
        "YT931",
        f"cannot write in {folder}: {error.strerror}",
        "make that folder writable, or choose another place with --workspace",
    )
