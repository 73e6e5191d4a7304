"""Registry `filesystem`: a folder on a local disk or a shared mount with hard links.

`url` may be left out of a recipe for the workspace's own registry. A backend itself has a real place: whoever
constructs one fills in an absolute path or a `file://` URL first (`ymltrain.registry.located`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from msgspec import Meta

from ymltrain.api import Params, PluginError, RegistryError, copy_exclusively, create_exclusively, inside, path_problem, plugin


class FilesystemParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: filesystem`."""

    url: (
        Annotated[
            str,
            Meta(min_length=1, description="Folder of the registry: a path or a file:// URL; the workspace's registry by default."),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        if self.url is not None and "://" in self.url and urlsplit(self.url).scheme != "file":
            raise ValueError(f"url {self.url}: this version keeps a filesystem registry on local disks only")


@plugin("registry", "filesystem", params=FilesystemParams)
class FilesystemRegistry:
    """Keys are files below one folder; a file gets its name by link(2), so creation is exclusive and never partial."""

    def __init__(self, params: FilesystemParams) -> None:
        self._root = local_folder(params.url)

    def __str__(self) -> str:
        return str(self._root)

    def put_if_absent(self, key: str, content: bytes) -> bool:
        return create_exclusively(self._file(key), content)

    def read(self, key: str) -> bytes:
        return self._file(key).read_bytes()

    def has(self, key: str) -> bool:
        return self._file(key).is_file()

    def put_blob(self, key: str, path: Path) -> None:
        copy_exclusively(path, self._file(key))

    def open_blob(self, key: str) -> BinaryIO:
        return self._file(key).open("rb")

    def list(self, prefix: str) -> Sequence[str]:
        folder = self._file(prefix) if prefix else self._root
        if not folder.is_dir():
            return []
        keys = (self._key(parent, name) for parent, _, names in os.walk(folder, onerror=_stop) for name in names)
        return sorted(key for key in keys if path_problem(key) is None)  # what is no key is not ours, or unfinished

    def _key(self, parent: str, name: str) -> str:
        below = os.path.join(parent, name).removeprefix(os.path.join(self._root, ""))  # noqa: PTH118 - for thousands of files pathlib is slow
        return below.replace(os.sep, "/")

    def _file(self, key: str) -> Path:
        try:
            return inside(self._root, key)
        except ValueError as error:
            raise RegistryError("YT951", f"unsafe registry key: {error}", "a key is a relative path of plain segments") from None


def local_folder(url: str | None) -> Path:
    """The folder that an absolute path or a file:// URL names. Raises PluginError for anything else."""
    if url is None:
        raise PluginError("YT950", "a filesystem registry was constructed without its folder", "fill in `url` with `located`")
    parts = urlsplit(url)
    if "://" not in url:
        folder = Path(url)
    elif parts.scheme == "file" and parts.netloc in ("", "localhost"):
        folder = Path(url2pathname(parts.path))
    else:
        raise PluginError(
            "YT950",
            f'registry url "{url}": this version of ymltrain keeps a filesystem registry on local disks only',
            "write a path or a file:// URL of this machine",
        )
    if not folder.is_absolute() or "\0" in str(folder):
        raise PluginError(
            "YT950", f'registry url "{url}" is no absolute path', "write a path, or a URL such as file:///data/registry"
        )
    return folder


def _stop(error: OSError) -> None:
    raise error
