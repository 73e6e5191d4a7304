"""The manifest of a version: its files by path and digest. Its own digest names the version's whole content."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ymltrain.diagnostics import RegistryError
from ymltrain.kinds.contracts import StoredFile
from ymltrain.plan.plan import canonical_json
from ymltrain.registry.contents import check_content
from ymltrain.storage import bytes_digest, file_digest, path_problem, path_set_problem

MANIFEST_VERSION = 1
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".onnx": "application/onnx",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".pt2": "application/vnd.pytorch.pt2",
    ".safetensors": "application/vnd.safetensors",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
}
"""What a version may hold, by suffix. Pickles are not on the list, nor is anything else that runs when it is opened
as intended; `.pt2` is an export for other programs, which ymltrain does not open."""


class ManifestFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a version."""

    path: str
    digest: str
    size: int
    media_type: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a version, sorted by path."""

    manifest: int = MANIFEST_VERSION
    files: tuple[ManifestFile, ...]

    def encode(self) -> bytes:
        """Its canonical bytes, of which a version carries the digest."""
        return canonical_json(self)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def digest(self) -> str:
        """The digest of the canonical bytes."""
        return bytes_digest(self.encode())


def read_folder(folder: Path) -> Manifest:
    """The manifest of the files in a folder, whatever they hold. Raises RegistryError at names no version may have."""
    if not folder.is_dir():
        raise _unfit(f"{folder} is not a folder", "register the folder of a bundle")
    paths = _paths(folder)
    _check(paths, str(folder))
    return Manifest(files=tuple(_read_file(folder, path) for path in paths))


def fit_paths(folder: Path) -> list[str]:
    """The paths of the files in a folder, sorted. Raises RegistryError when one of them may not be in a version."""
    if not folder.is_dir():
        raise _unfit(f"{folder} is not a folder", "register the folder of a bundle")
    paths = _paths(folder)
    _check(paths, str(folder))
    for path in paths:
        check_content(folder / path, f"{folder}/{path}")
    return paths


def stored_file(path: str, stored: StoredFile) -> ManifestFile:
    """A file of the manifest as it was stored."""
    return ManifestFile(path=path, digest=stored.digest, size=stored.size, media_type=MEDIA_TYPES[Path(path).suffix.lower()])


def decode_manifest(content: bytes, name: str) -> Manifest:
    """A manifest from its bytes. What it says is checked as if a stranger had written it. Raises RegistryError."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RegistryError("YT955", f"the manifest of {name} is damaged: {error}", "restore the registry from a copy") from None
    if manifest.manifest != MANIFEST_VERSION:
        raise RegistryError(
            "YT956",
            f"the manifest of {name} has version {manifest.manifest}; this ymltrain knows version {MANIFEST_VERSION}",
            "upgrade ymltrain to read it",
        )
    _check([file.path for file in manifest.files], f"the manifest of {name}")
    return manifest


def _paths(folder: Path) -> list[str]:
    """All files below a folder, sorted. Raises RegistryError at a symbolic link or anything else that is no plain file."""
    return sorted(_files_below(str(folder), ""))


def _files_below(folder: str, before: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files_below(entry.path, f"{before}{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                yield f"{before}{entry.name}"
            else:
                raise _unfit(
                    f"{entry.path} is a symbolic link or a special file", "a version holds plain files; replace it by a copy"
                )


def _read_file(folder: Path, path: str) -> ManifestFile:
    file = folder / path
    return ManifestFile(
        path=path,
        digest=file_digest(file),
        size=file.stat().st_size,
        media_type=MEDIA_TYPES.get(file.suffix.lower(), ""),
    )


def _check(paths: Sequence[str], name: str) -> None:
    if not paths:
        raise _unfit(f"{name} holds no files", "register the folder of a bundle")
    for path in paths:
        problem = path_problem(path)
        if problem is None and not path.isascii():
            problem = "holds a letter beyond ASCII, which may look like another"
        if problem is not None:
            raise _unfit(f"{name}: the path {path!r} {problem}", "rename the file")
        if Path(path).suffix.lower() not in MEDIA_TYPES:
            kinds = ", ".join(MEDIA_TYPES)
            raise _unfit(f"{name}: {path} is not a kind of file a version may hold", f"it may hold {kinds}; never a pickle")
    problem = path_set_problem(paths)
    if problem is not None:
        raise _unfit(f"{name}: {problem}", "rename one of them")


def _unfit(message: str, hint: str) -> RegistryError:
    return RegistryError("YT958", message, hint)
