"""Registry `filesystem`: a folder on a local disk or shared mount, or a bucket of an object store, named by its URL.

`url` may be left out of a recipe for the workspace's own registry. A backend itself has a real place: whoever
constructs one fills in an absolute path or a URL first (`ymltrain.registry.located`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import urlsplit

from msgspec import Meta

from ymltrain.api import Params, PluginError, RegistryBackend, StoredFile, did_you_mean, plugin

CONDITIONAL = ("file", "memory", "s3", "s3a")
"""Schemes whose storage can create a key unless it exists; what an S3 server makes of it is probed at `registry init`."""


class FilesystemParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: filesystem`."""

    url: (
        Annotated[
            str,
            Meta(
                min_length=1,
                description="Where it lies: a path, or a URL such as s3://bucket/models; the workspace's registry by default.",
            ),
        ]
        | None
    ) = None
    single_writer: Annotated[
        bool,
        Meta(description="A promise that never two processes write at once; needed where the store cannot create exclusively."),
    ] = False
    options: Annotated[
        dict[str, Any], Meta(description="Options of the fsspec file system, as `endpoint_url` of s3; secrets as ${secret:NAME}.")
    ] = {}  # noqa: RUF012 - msgspec copies it

    def __post_init__(self) -> None:
        scheme = urlsplit(self.url).scheme if self.url is not None and "://" in self.url else "file"
        if scheme not in CONDITIONAL and not self.single_writer:
            hint = did_you_mean(scheme, CONDITIONAL)
            known = f"{hint} " if hint.startswith("did") else ""
            raise ValueError(
                f"url {self.url}: whether {scheme}:// can create a key exclusively is not known; {known}"
                "with `single_writer: true` one process at a time may use it"
            )


@plugin("registry", "filesystem", params=FilesystemParams)
class FilesystemRegistry:
    """The storage that the URL names, by its scheme."""

    def __init__(self, params: FilesystemParams) -> None:
        self._store = _store(params)

    def __str__(self) -> str:
        return str(self._store)

    @property
    def single_writer(self) -> bool:
        return self._store.single_writer

    def put_if_absent(self, key: str, content: bytes) -> bool:
        return self._store.put_if_absent(key, content)

    def replace(self, key: str, content: bytes) -> None:
        self._store.replace(key, content)

    def read(self, key: str) -> bytes:
        return self._store.read(key)

    def has(self, key: str) -> bool:
        return self._store.has(key)

    def put_blobs(self, paths: Sequence[Path], key_of: Callable[[str], str]) -> Sequence[StoredFile]:
        return self._store.put_blobs(paths, key_of)

    def open_blob(self, key: str) -> BinaryIO:
        return self._store.open_blob(key)

    def list(self, prefix: str, after: str = "") -> Sequence[str]:
        return self._store.list(prefix, after)

    def folders(self, prefix: str) -> Sequence[str]:
        return self._store.folders(prefix)

    def turn(self, folder: str) -> AbstractContextManager[None]:
        return self._store.turn(folder)

    def modified(self, key: str) -> datetime:
        return self._store.modified(key)

    def move(self, key: str, to: str) -> None:
        self._store.move(key, to)

    def delete(self, key: str) -> None:
        self._store.delete(key)

    def sweep(self, before: datetime, *, remove: bool) -> Sequence[str]:
        return self._store.sweep(before, remove=remove)


def _store(params: FilesystemParams) -> RegistryBackend:
    from ymltrain.builtin.registry.local_folder import LocalFolder

    if params.url is None:
        raise PluginError("YT950", "a filesystem registry was constructed without its folder", "fill in `url` with `located`")
    parts = urlsplit(params.url)
    if "://" not in params.url or parts.scheme == "file":
        return LocalFolder.at(params.url, single_writer=params.single_writer)
    if parts.scheme in ("s3", "s3a"):
        from ymltrain.builtin.registry.s3_bucket import S3Bucket

        return S3Bucket(params.url, params.options, single_writer=params.single_writer)
    from ymltrain.builtin.registry.object_store import MemoryStore, ObjectStore

    kind = MemoryStore if parts.scheme == "memory" else ObjectStore
    return kind(params.url, params.options, single_writer=params.single_writer)
