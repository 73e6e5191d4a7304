"""The installed distributions, and for each a digest of what was installed: two builds of one version can differ."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from ymltrain.record.redaction import Redactor
from ymltrain.storage import bytes_digest

INSTALLED = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.dist-info")


class InstalledPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One distribution.

    `record` is the digest of its RECORD, in which the installer wrote the SHA-256 of each file; `url` and `commit` are
    there when it came from somewhere else than an index, `editable` is the folder that an editable install runs from.
    """

    version: str
    record: str | None = None
    url: str | None = None
    commit: str | None = None
    editable: str | None = None


def installed_packages() -> dict[str, str]:
    """Version by normalised name of every distribution on `sys.path`, the first of a name as Python would find it.

    Read from the folders' names, which the wheel format fixes as `<name>-<version>.dist-info`: opening the metadata
    of each takes fifty times as long.
    """
    return {name: version for name, (version, _) in sorted(_found().items())}


def package_lock(redactor: Redactor) -> dict[str, InstalledPackage]:
    """Every distribution with the digest of what was installed, by normalised name."""
    return {name: _locked(version, folder, redactor) for name, (version, folder) in sorted(_found().items())}


def editable_folders(lock: dict[str, InstalledPackage]) -> Iterator[tuple[str, Path]]:
    """Name and folder of each editable install."""
    for name, package in lock.items():
        if package.editable is not None:
            yield name, Path(package.editable)


def code_digest(name: str, package: str) -> str:
    """What the code of a distribution is now: of its RECORD and, where an editable install may change, of the sources of `package`.

    Empty for what is not installed.
    """
    try:
        installed = distribution(name)
    except (PackageNotFoundError, ValueError):
        return ""
    found = hashlib.sha256((installed.read_text("RECORD") or "").encode())
    if _direct_url((installed.read_text("direct_url.json") or "{}").encode()).is_editable:
        for path in _sources(package):
            found.update(f"{path}\0".encode() + (_read(path) or b""))  # an editor may leave a link to nowhere
    return f"sha256:{found.hexdigest()}"


def _sources(package: str) -> Iterator[Path]:
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        yield from sorted(Path(folder).rglob("*.py"))
    if spec is not None and spec.submodule_search_locations is None and spec.origin is not None:
        yield Path(spec.origin)


def _found() -> dict[str, tuple[str, Path]]:
    packages: dict[str, tuple[str, Path]] = {}
    for folder in sys.path:
        try:
            paths = list(Path(folder).iterdir())
        except OSError:
            continue
        for path in paths:
            match = INSTALLED.fullmatch(path.name)
            if match is not None:
                packages.setdefault(re.sub(r"[-_.]+", "-", match["name"]).lower(), (match["version"], path))
    return packages


def _locked(version: str, folder: Path, redactor: Redactor) -> InstalledPackage:
    record = _read(folder / "RECORD")
    origin = _read(folder / "direct_url.json")
    if origin is None:
        return InstalledPackage(version=version, record=bytes_digest(record) if record is not None else None)
    direct = _direct_url(origin)
    return InstalledPackage(
        version=version,
        record=bytes_digest(record) if record is not None else None,
        url=redactor.redact(direct.url) or None,
        commit=direct.vcs_info.get("commit_id"),
        editable=unquote(urlsplit(direct.url).path) if direct.is_editable else None,
    )


class _DirectUrl(msgspec.Struct):
    """As https://packaging.python.org/specifications/direct-url/ has it."""

    url: str = ""
    dir_info: dict[str, bool] = {}
    vcs_info: dict[str, str] = {}

    @property
    def is_editable(self) -> bool:
        """Whether it runs from the folder of its sources."""
        return self.dir_info.get("editable", False)


def _direct_url(content: bytes) -> _DirectUrl:
    try:
        return msgspec.json.decode(content, type=_DirectUrl)
    except msgspec.DecodeError:
        return _DirectUrl()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
