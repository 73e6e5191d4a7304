"""Files behind URLs, through fsspec: what is there, and what to say when it cannot be reached.

Credentials never come into a message: user and password, the query of a URL and the values of `storage` are taken out.

YT700 nothing there, or it cannot be read; YT740 the backend for this kind of URL is not installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ymltrain.api import DataError, did_you_mean

DISTRIBUTIONS = {"s3fs": "'ymltrain[s3]'", "smbclient": "smbprotocol", "libarchive": "libarchive-c", "dask": "'dask[distributed]'"}
"""What pip installs for a module whose name is another."""

_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Remote:
    """Where a file is: an fsspec file system, made with these options, and the path there. Not for people's eyes."""

    filesystem: Any = field(repr=False)
    path: str = field(repr=False)
    storage: Mapping[str, Any] = field(repr=False)

    def open(self) -> Any:
        """A binary file, read ahead in blocks."""
        return self.filesystem.open(self.path, "rb")


Found = tuple[str, int | None, Remote]
"""A file's name for people, its size, and where it is."""


def find_behind_url(url: str, storage: Mapping[str, Any], is_data: Callable[[str], bool]) -> Sequence[Found]:
    """The files that a URL leads to, sorted by path; at least one. Raises DataError."""
    with reachable(url, storage):
        filesystem, path = _filesystem(url, storage)
        filesystem.invalidate_cache()  # each look sees what is there now
        if url.startswith(("http://", "https://")):
            return [(shown(url), filesystem.info(path).get("size"), Remote(filesystem, path, storage))]
        if _MAGIC.search(path) and not filesystem.exists(path):
            fitting = filesystem.glob(path, detail=True).values()
            entries = [entry for entry in fitting if not is_mark(_base(entry["name"]), _base(path))]
            return _files(filesystem, entries, storage) or _nothing(url, "no file fits it")
        info = filesystem.info(path)
        if info["type"] != "directory":
            return _files(filesystem, [info], storage)
        entries = [entry for entry in filesystem.ls(path, detail=True) if is_data(_base(entry["name"]))]
        return _files(filesystem, entries, storage) or _nothing(url, "the folder holds no file of the source's kind")


def is_mark(name: str, pattern: str = "") -> bool:
    """Whether a file of this name is a mark beside data, as `_SUCCESS` is, unless the pattern asks for such names."""
    return name.startswith((".", "_")) and not pattern.startswith((".", "_"))


def shown(url: str) -> str:
    """A URL as a person may see it: without user, password and query."""
    return re.sub(r"\?.*", "?…", re.sub(r"(?<=://)[^/?#\s]*@", "***@", url), flags=re.DOTALL)


@contextmanager
def reachable(url: str, storage: Mapping[str, Any]) -> Iterator[None]:
    """Turns whatever a backend raises into a DataError without credentials.

    Backends raise exceptions of their own making (botocore's are no OSErrors), so all are taken.
    """
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError("YT700", f"there is no {shown(url)}", "check the URL; a bucket or a container is part of it") from None
    except Exception as error:  # noqa: BLE001  of any library there may be
        detail = (str(error).strip().splitlines() or [""])[0]
        message = f"cannot read {shown(url)}: {type(error).__name__}: {_without(detail, url, storage)}"
        hint = "check the URL, the credentials in the environment and `storage`, and that the service can be reached from here"
        raise DataError("YT700", message.rstrip(": "), hint) from None


def _filesystem(url: str, storage: Mapping[str, Any]) -> tuple[Any, str]:
    import fsspec.core
    from fsspec.registry import known_implementations, registry

    protocol = url.split("://", 1)[0].split("::", 1)[0]
    if protocol not in known_implementations and protocol not in registry:
        known = sorted({*known_implementations, *registry})
        hint = did_you_mean(protocol, known) or f"fsspec knows {', '.join(known)}"
        raise DataError("YT700", f'{shown(url)}: there is no kind of URL "{protocol}"', hint)
    try:
        filesystem, path = fsspec.core.url_to_fs(url, **storage)
    except ImportError as error:
        module = (getattr(error.__cause__, "name", None) or error.name or protocol).split(".", 1)[0]
        wanted = DISTRIBUTIONS.get(module, module)
        raise DataError("YT740", f"{shown(url)} needs {module}, which is not installed", f"pip install {wanted}") from None
    return filesystem, str(path)


def _files(filesystem: Any, entries: Sequence[Mapping[str, Any]], storage: Mapping[str, Any]) -> list[Found]:
    files = sorted((entry for entry in entries if entry["type"] == "file"), key=lambda entry: str(entry["name"]))
    return [
        (shown(filesystem.unstrip_protocol(entry["name"])), entry.get("size"), Remote(filesystem, entry["name"], storage))
        for entry in files
    ]


def _nothing(url: str, problem: str) -> Sequence[Found]:
    raise DataError("YT700", f"{shown(url)}: {problem}", "name a file, a pattern such as s3://bucket/**/*.csv, or another `type`")


def _base(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def _without(text: str, url: str, storage: Mapping[str, Any]) -> str:
    """The text without the URL's own secrets and the values of `storage`."""
    text = text.replace(url, shown(url))
    hidden = [*re.findall(r"(?<=://)[^/?#\s]*(?=@)", url), *re.findall(r"\?(.+)", url), *_values(storage)]
    for secret in sorted({part for whole in hidden for part in (whole, *re.split(r"[:&=]", whole))}, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return shown(text)


def _values(storage: Any) -> Iterator[str]:
    if isinstance(storage, Mapping):
        for value in storage.values():
            yield from _values(value)
    elif isinstance(storage, list | tuple):
        for value in storage:
            yield from _values(value)
    elif isinstance(storage, str):
        yield storage
