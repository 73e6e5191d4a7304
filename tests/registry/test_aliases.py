"""Aliases: moved by whom they belong to, lost by who looked too long ago."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ymltrain.diagnostics import RegistryError
from ymltrain.registry import Registry

Bundle = Callable[..., Path]


@pytest.fixture
def three(registry: Registry, bundle: Bundle) -> Registry:
    """A registry with three versions of `m`."""
    for number in range(3):
        registry.register(bundle(b"%d" % number), model="m")
    return registry


def test_an_alias_moves(three: Registry) -> None:
    """An alias points at one version at a time; a version may have several."""
    assert three.set_alias("m", "champion", 1).aliases == ("champion",)
    assert three.set_alias("m", "canary", 2).aliases == ("canary",)
    assert three.set_alias("m", "champion", 2).aliases == ("canary", "champion")
    assert three.resolve("m@champion").version == 2
    assert three.show("m").aliases == {"canary": 2, "champion": 2}
    assert three.show("m").numbered(1).aliases == ()


def test_an_alias_is_removed(three: Registry) -> None:
    """A removed alias names nothing, and cannot be removed twice."""
    three.set_alias("m", "champion", 1)
    assert three.remove_alias("m", "champion", expect=1).aliases == {}
    with pytest.raises(RegistryError, match='no alias "champion"'):
        three.resolve("m@champion")
    with pytest.raises(RegistryError, match='no alias "champion"'):
        three.remove_alias("m", "champion")


@pytest.mark.parametrize(("points_at", "expect"), [(1, 2), (1, None), (None, 1)])
def test_compare_and_set_loses(three: Registry, points_at: int | None, expect: int | None) -> None:
    """When the alias points elsewhere than expected nothing moves, and the error says where it points."""
    if points_at is not None:
        three.set_alias("m", "champion", points_at)
    with pytest.raises(RegistryError, match="was expected at") as lost:
        three.set_alias("m", "champion", 3, expect=expect)
    assert lost.value.code == "YT953"
    assert lost.value.message.endswith("no version" if points_at is None else f"version {points_at}")
    assert three.show("m").aliases.get("champion") == points_at
    with pytest.raises(RegistryError, match="was expected at"):
        three.remove_alias("m", "champion", expect=3)


def test_compare_and_set_wins(three: Registry) -> None:
    """When the alias points where it is expected, or at nothing as expected, it moves."""
    three.set_alias("m", "champion", 1, expect=None)
    assert three.set_alias("m", "champion", 2, expect=1).aliases == ("champion",)


def test_a_repeated_move_does_not_undo_a_later_one(three: Registry) -> None:
    """A retry of a move that was committed does nothing, though the alias has moved on since."""
    three.set_alias("m", "champion", 1, expect=None, write_id="move-to-1")
    three.set_alias("m", "champion", 2)
    three.set_alias("m", "champion", 1, expect=None, write_id="move-to-1")
    assert three.show("m").aliases == {"champion": 2}


@pytest.mark.parametrize("alias", ["3", "v3", "sha256-x", "Champion", "a/b", "..", ""])
def test_bad_aliases(three: Registry, alias: str) -> None:
    """What could be read as a version, or is no plain name, cannot be an alias; the error says what can."""
    with pytest.raises(RegistryError) as refused:
        three.set_alias("m", alias, 1)
    assert refused.value.code == "YT951"
    assert "an alias is" in refused.value.hint


def test_an_alias_needs_a_version(three: Registry) -> None:
    """An alias cannot point at a version, or belong to a model, that does not exist."""
    with pytest.raises(RegistryError, match="no version 4"):
        three.set_alias("m", "champion", 4)
    with pytest.raises(RegistryError, match="no version 1"):
        three.set_alias("other", "champion", 1)
    assert three.list_models() == ["m"]
