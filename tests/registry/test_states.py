"""Reviews, yanks, protected aliases, rollback, tags: what may happen to a version, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemRegistry
from ymltrain.diagnostics import RegistryError
from ymltrain.plan.sections import Gate, Promote
from ymltrain.registry import Made, Registry

from .conftest import NOON

Bundle = Callable[..., Path]


@pytest.fixture
def three(registry: Registry, bundle: Bundle) -> Registry:
    """A registry with three versions of `m`."""
    for number in range(3):
        registry.register(bundle(b"%d" % number), model="m", made=Made(metrics={"test/r2": 0.5 + number / 10}))
    return registry


def test_a_review(three: Registry) -> None:
    """A version is a candidate until somebody decides; the reason is kept."""
    assert three.resolve("m@1").state == "candidate"
    three.review("m", 1, "approved", reason="checked by risk")
    assert (three.resolve("m@1").state, three.resolve("m@1").reason) == ("approved", "checked by risk")


@pytest.mark.parametrize("state", ["rejected", "archived"])
def test_no_alias_on_what_was_refused(three: Registry, state: str) -> None:
    """No alias moves to a rejected or archived version, and one that an alias names cannot become that."""
    three.review("m", 1, state, reason="leak")
    with pytest.raises(RegistryError, match=rf"m@1 is {state} \(leak\): no alias may move to it"):
        three.set_alias("m", "champion", 1)
    three.set_alias("m", "champion", 2)
    with pytest.raises(RegistryError, match=f"m@2 is champion; a version that an alias names cannot become {state}"):
        three.review("m", 2, state)


def test_a_yank(three: Registry) -> None:
    """A yanked version stays readable by number and digest, takes no alias, and comes back as what it was."""
    three.review("m", 3, "approved")
    three.yank("m", 3, reason="trained on leaked prices")
    version = three.resolve("m@3")
    assert (version.state, version.reason) == ("yanked", "trained on leaked prices")
    assert three.resolve(f"m@{version.digest}").version == 3
    with pytest.raises(RegistryError, match=r"m@3 is yanked \(trained on leaked prices\)"):
        three.promote("m", 3, Promote(alias="champion"))
    three.yank("m", 3, reason="it was not", is_yanked=False)
    assert three.resolve("m@3").state == "approved"
    with pytest.raises(RegistryError, match="m@3 is not yanked"):
        three.yank("m", 3, reason="again", is_yanked=False)


def test_the_champion_is_not_yanked(three: Registry) -> None:
    """What an alias names cannot be withdrawn below it; the error says how to move the alias first."""
    three.set_alias("m", "champion", 3)
    with pytest.raises(RegistryError, match="m@3 is champion") as refused:
        three.yank("m", 3, reason="leak")
    assert "models rollback m champion" in refused.value.hint


def test_rollback_goes_back_move_by_move(three: Registry) -> None:
    """Each rollback undoes one move, past moves that were rolled back before; then there is nothing to undo."""
    for number in (1, 2, 3):
        three.set_alias("m", "champion", number)
    for expected in (2, 1, None):
        three.roll_back("m", "champion", reason="wrong")
        assert three.show("m").aliases.get("champion") == expected
    with pytest.raises(RegistryError, match='no alias "champion"'):
        three.roll_back("m", "champion")


def test_rollback_then_forward(three: Registry) -> None:
    """After a rollback an alias moves on from where it is, and the next rollback returns there."""
    for number in (1, 3):
        three.set_alias("m", "champion", number)
    three.roll_back("m", "champion")
    three.set_alias("m", "champion", 2)
    three.roll_back("m", "champion")
    assert three.show("m").aliases == {"champion": 1}


def test_rollback_of_a_removal(three: Registry) -> None:
    """An alias that was taken away comes back to what it was."""
    three.set_alias("m", "champion", 2)
    three.remove_alias("m", "champion")
    three.roll_back("m", "champion")
    assert three.show("m").aliases == {"champion": 2}


def test_rollback_to_a_yanked_version(three: Registry) -> None:
    """A version that was withdrawn meanwhile does not come back by a rollback."""
    three.set_alias("m", "champion", 1)
    three.set_alias("m", "champion", 2)
    three.yank("m", 1, reason="leak")
    with pytest.raises(RegistryError, match="m@1 is yanked"):
        three.roll_back("m", "champion")
    assert three.show("m").aliases == {"champion": 2}


def test_a_protected_alias(three: Registry) -> None:
    """It moves by gates and rollback only, or by hand with a reason that the log keeps."""
    three.set_alias("m", "champion", 1)
    three.protect("m", "champion")
    for call in (
        lambda: three.set_alias("m", "champion", 2),
        lambda: three.remove_alias("m", "champion"),
        lambda: three.promote("m", 2, Promote(alias="champion")),
    ):
        with pytest.raises(RegistryError, match="is protected") as refused:
            call()
        assert refused.value.code == "YT971"
    rule = Promote(alias="champion", gates=(Gate(metric="test/r2", at_least=0.55),))
    assert three.promote("m", 2, rule).promoted
    three.roll_back("m", "champion")
    three.set_alias("m", "champion", 3, override="the others are on fire")
    assert three.events("m")[-1].change.reason == "the others are on fire"
    three.protect("m", "champion", is_protected=False)
    three.set_alias("m", "champion", 1)
    with pytest.raises(RegistryError, match="not protected already"):
        three.protect("m", "champion", is_protected=False)


def test_tags_and_notes(three: Registry) -> None:
    """A version and the model have tags and a description of their own."""
    three.tag("m", "team", "pricing")
    three.tag("m", "team", "risk", version=2)
    three.describe("m", "Prices of cut diamonds.")
    three.describe("m", "The second.", version=2)
    three.tag("m", "team", None)
    state = three.show("m")
    assert (state.tags, state.description) == ({}, "Prices of cut diamonds.")
    assert (state.numbered(2).tags, state.numbered(2).description) == ({"team": "risk"}, "The second.")
    for call in (lambda: three.tag("m", "a", "b", version=9), lambda: three.describe("other", "text")):
        with pytest.raises(RegistryError, match=r"no version 9|no model"):
            call()


def test_as_it_was(backend: FilesystemRegistry, bundle: Bundle) -> None:
    """A model can be seen as it was at any time."""
    times = iter(NOON + timedelta(days=day) for day in range(10))
    registry = Registry(backend, clock=lambda: next(times))
    registry.register(bundle(b"1"), model="m")
    registry.set_alias("m", "champion", 1)
    registry.register(bundle(b"2"), model="m")
    registry.set_alias("m", "champion", 2)
    told = [registry.show("m", at=NOON + timedelta(days=day, hours=1)) for day in range(4)]
    assert [len(state.versions) for state in told] == [1, 1, 2, 2]
    assert [state.aliases.get("champion") for state in told] == [None, 1, 1, 2]
    with pytest.raises(RegistryError, match='no model "m"'):
        registry.show("m", at=NOON - timedelta(days=1))
