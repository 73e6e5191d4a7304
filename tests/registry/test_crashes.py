"""Killed before every single call of the system: what was there stays, what was begun is made whole by repeating it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.registry import Registry

Bundle = Callable[..., Path]

DRIVER = Path(__file__).with_name("dies.py")
FORMAT_1 = Path(__file__).with_name("format_1")


def deaths(operation: str, template: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """What was found after each death, the last time without one."""
    command = [sys.executable, str(DRIVER), operation, str(template), str(tmp_path / "work")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["died"] for line in lines] == [True] * (len(lines) - 1) + [False]
    assert all(line["after"]["losses"] == line["repeated"]["losses"] == [] for line in lines)
    return lines


@pytest.fixture
def template(tmp_path: Path, bundle: Bundle) -> Path:
    """A folder with a registry of one version, and another bundle."""
    folder = tmp_path / "template"
    folder.mkdir()
    Registry(FilesystemRegistry(FilesystemParams(url=str(folder / "registry")))).register(bundle(b"one"), model="m")
    shutil.move(bundle(b"two"), folder / "bundle")
    return folder


@pytest.mark.slow
def test_dying_while_registering(template: Path, tmp_path: Path) -> None:
    """At every call: the version is there whole or not at all, and repeating the write makes exactly one."""
    lines = deaths("register", template, tmp_path)
    assert len(lines) > 30
    assert {tuple(line["after"]["versions"]["m"]) for line in lines} == {(1,), (1, 2)}
    assert {tuple(line["repeated"]["versions"]["m"]) for line in lines} == {(1, 2)}


@pytest.mark.slow
def test_dying_while_a_registry_begins(tmp_path: Path, bundle: Bundle) -> None:
    """At every call of the very first registration: a registry with one version, or one that can still begin."""
    folder = tmp_path / "template"
    folder.mkdir()
    shutil.move(bundle(), folder / "bundle")
    lines = deaths("register", folder, tmp_path)
    assert {tuple(line["after"]["versions"].get("m", ())) for line in lines} == {(), (1,)}
    assert {tuple(line["repeated"]["versions"]["m"]) for line in lines} == {(1,)}


def test_dying_while_an_alias_moves(template: Path, tmp_path: Path) -> None:
    """At every call: the alias moved or it did not."""
    lines = deaths("alias", template, tmp_path)
    assert [line["after"]["aliases"]["m"] for line in lines] == sorted((line["after"]["aliases"]["m"] for line in lines), key=len)
    assert {line["repeated"]["aliases"]["m"]["champion"] for line in lines} == {1}


@pytest.mark.slow
def test_dying_while_garbage_is_collected(template: Path, tmp_path: Path) -> None:
    """At every call: nothing that a version needs is lost, not even for a moment that lasts."""
    registry = Registry(FilesystemRegistry(FilesystemParams(url=str(template / "registry"))))
    registry.store(template / "bundle")
    lines = deaths("collect", template, tmp_path)
    assert {tuple(line["repeated"]["versions"]["m"]) for line in lines} == {(1,)}


@pytest.mark.slow
def test_dying_while_a_model_is_copied(template: Path, tmp_path: Path) -> None:
    """At every call: the target has a beginning of the history, and copying again completes it."""
    registry = Registry(FilesystemRegistry(FilesystemParams(url=str(template / "registry"))))
    registry.register(template / "bundle", model="m")
    lines = deaths("copy", template, tmp_path)
    assert {tuple(line["after"]["versions"].get("m", ())) for line in lines} == {(), (1,), (1, 2)}
    assert {tuple(line["repeated"]["versions"]["m"]) for line in lines} == {(1, 2)}


@pytest.mark.slow
def test_dying_while_a_registry_is_upgraded(tmp_path: Path) -> None:
    """At every call: the same models, versions and aliases, in the one format or the other."""
    template = tmp_path / "template"
    shutil.copytree(FORMAT_1, template / "registry")
    lines = deaths("upgrade", template, tmp_path)
    expected = {"other": [1], "prices": [1, 2, 3]}
    assert all(line["after"]["versions"] == line["repeated"]["versions"] == expected for line in lines)
    assert all(line["repeated"]["aliases"]["prices"] == {"champion": 2} for line in lines)
