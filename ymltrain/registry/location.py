"""Where a registry lies: what a recipe leaves open, its workspace fills in."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

P = TypeVar("P", bound=msgspec.Struct)


def located(params: P, workspace: Path) -> P:
    """The params of a registry backend with its `url` made absolute, ready to construct the backend with.

    None becomes the folder `registry` of the workspace, a relative path is taken from the workspace, `~` is the
    user's home; a URL or an absolute path stays as it is, and so do params that have no `url`.
    """
    url = getattr(params, "url", "://")
    if url is None:
        url = "registry"
    if "://" in url:
        return params
    return msgspec.structs.replace(params, url=str(workspace.absolute() / Path(url).expanduser()))
