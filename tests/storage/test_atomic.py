"""Files appear whole, once, and leave nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ymltrain.storage import create_exclusively, write_durably


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_write_durably_creates_folders_and_replaces(tmp_path: Path) -> None:
    """A small file is created with its folders, then replaced; no temporary file stays."""
    path = tmp_path / "a" / "b" / "state.json"
    write_durably(path, b"one")
    write_durably(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["state.json"]


def test_create_exclusively_keeps_the_first(tmp_path: Path) -> None:
    """The second creation says False and changes nothing."""
    path = tmp_path / "a" / "event.json"
    assert create_exclusively(path, b"first")
    assert not create_exclusively(path, b"second")
    assert path.read_bytes() == b"first"
    assert names(path.parent) == ["event.json"]


def test_new_files_follow_the_umask(tmp_path: Path) -> None:
    """A file is readable by whom the user's umask lets read, as a group's shared registry needs."""
    before = os.umask(0o027)
    try:
        create_exclusively(tmp_path / "created", b"")
        write_durably(tmp_path / "written", b"")
    finally:
        os.umask(before)
    assert {oct((tmp_path / name).stat().st_mode & 0o777) for name in ("created", "written")} == {"0o640"}


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """When the place cannot be taken, the error is raised and no temporary file stays."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        write_durably(tmp_path / "taken", b"content")
    assert names(tmp_path) == ["taken"]


def test_a_lost_answer_of_link_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that was made but reported as failed (NFS) counts as made: the link count of the temporary file tells."""
    link = os.link

    def link_then_fail(source: Path, target: Path) -> None:
        link(source, target)
        raise FileExistsError(17, "File exists")

    monkeypatch.setattr(os, "link", link_then_fail)
    assert create_exclusively(tmp_path / "event.json", b"ours")
    assert names(tmp_path) == ["event.json"]


def test_a_file_system_without_links_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hard links do not exist nothing is created, rather than something unsafe."""

    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(PermissionError):
        create_exclusively(tmp_path / "event.json", b"ours")
    assert names(tmp_path) == []
