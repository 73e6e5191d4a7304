"""The fold: whoever appended what in which order, everyone reads the same from the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ymltrain.diagnostics import RegistryError
from ymltrain.plan.sections import Gate, Promote
from ymltrain.registry import Made, ModelState, Registry
from ymltrain.registry.events import (
    Describe,
    Event,
    KnownChange,
    Promotion,
    Register,
    RemoveAlias,
    SetAlias,
    Tag,
    Yank,
    decode_event,
    encode_event,
)
from ymltrain.registry.fold import fold

ALIASES = st.sampled_from(["champion", "canary"])
NUMBERS = st.integers(1, 4)
PROMOTE = Promote(alias="champion", gates=(Gate(metric="test/rmse", better_than="champion"),))


def add_up(events: list[dict[str, Any]]) -> tuple[list[int], dict[str, int]]:
    """Another reading of the same log, from its plain JSON: version numbers and aliases."""
    versions, aliases = [], {}
    for change in (event["change"] for event in events):
        if change["op"] == "register":
            versions.append(change["version"])
        elif change["op"] == "alias" or (change["op"] == "promote" and change["promoted"]):
            aliases[change["alias"]] = change["version"]
        elif change["op"] == "unalias":
            aliases.pop(change["alias"], None)
    return versions, aliases


def gist(state: ModelState) -> tuple[list[int], dict[str, int]]:
    """What `add_up` says, of a folded state."""
    return [version.version for version in state.versions], state.aliases


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """A log of every kind of change, as no writer would refuse it."""
    events: list[Event] = []
    versions = 0
    for seq in range(1, draw(st.integers(1, 15)) + 1):
        kinds: list[st.SearchStrategy[KnownChange]] = [
            st.builds(
                Register, version=st.just(versions + 1), digest=st.text(max_size=3), metrics=st.just({"test/rmse": 1.5, "x": None})
            ),
            st.builds(Describe, description=st.text(max_size=3), version=st.none()),
        ]
        if versions:
            version = st.integers(1, versions)
            kinds += [
                st.builds(SetAlias, alias=ALIASES, version=version, expect=st.just(msgspec.UNSET) | st.none() | version),
                st.builds(RemoveAlias, alias=ALIASES),
                st.builds(Promotion, alias=ALIASES, version=version, promoted=st.booleans()),
                st.builds(Yank, version=version, yanked=st.booleans()),
                st.builds(Describe, description=st.text(max_size=3), version=version),
                st.builds(Tag, key=st.sampled_from("ab"), value=st.none() | st.text(max_size=2), version=st.none() | version),
            ]
        change = draw(st.one_of(kinds))
        versions += isinstance(change, Register)
        at = datetime(2026, 11, 22, tzinfo=UTC)
        events.append(Event(seq=seq, write_id=f"w{seq}", prev_sha256=None, at=at, actor="ada", change=change))
    return events


@settings(deadline=None, max_examples=50)
@given(logs())
def test_fold_is_what_the_events_add_up_to(events: list[Event]) -> None:
    """At every length of a log: numbers run from 1 without a gap, and aliases are where the last event left them."""
    for length in range(len(events) + 1):
        state = fold("m", events[:length])
        versions, aliases = add_up([json.loads(encode_event(event)) for event in events[:length]])
        assert gist(state) == (versions, aliases)
        assert versions == list(range(1, len(versions) + 1))
        assert {alias: number for number in versions for alias in state.numbered(number).aliases} == aliases


@settings(deadline=None, max_examples=50)
@given(logs())
def test_events_survive_storage(events: list[Event]) -> None:
    """An event reads back as it was written, and folds to the same."""
    stored = [decode_event(encode_event(event), "key") for event in events]
    assert stored == events
    assert fold("m", stored) == fold("m", events)


WRITES: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(st.just("register"), st.sampled_from([1.0, 2.0, 3.0])),
    st.tuples(st.just("alias"), st.tuples(ALIASES, NUMBERS, st.just(msgspec.UNSET) | st.none() | NUMBERS)),
    st.tuples(st.just("unalias"), ALIASES),
    st.tuples(st.just("promote"), NUMBERS),
)


def write(registry: Registry, folder: Path, told: list[int], step: tuple[str, Any]) -> None:
    """Do one write; a refusal is fine, whatever else is done is remembered."""
    kind, what = step
    with suppress(RegistryError):
        if kind == "register":
            told.append(registry.register(folder, model="m", made=Made(metrics={"test/rmse": what})).version)
        elif kind == "alias":
            alias, version, expect = what
            registry.set_alias("m", alias, version, expect=expect)
        elif kind == "unalias":
            registry.remove_alias("m", what)
        else:
            registry.promote("m", what, PROMOTE, goals={"test/rmse": "minimize"})


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), WRITES, st.lists(st.tuples(st.integers(0, 2), WRITES), max_size=2)), min_size=1, max_size=8
    )
)
def test_any_interleaving_of_writers(memory: Callable[[], Any], folder: Path, schedule: list) -> None:
    """Three writers overtake each other between reading and writing: all read one state, and no number is told twice."""
    backend = memory()
    writers = [Registry(backend) for _ in range(3)]
    told: list[int] = []
    for writer, step, overtaking in schedule:
        backend.sneak_in = [partial(write, writers[other], folder, told, overtaker) for other, overtaker in overtaking]
        write(writers[writer], folder, told, step)
        backend.sneak_in = []
    events = [json.loads(backend.read(key)) for key in backend.list("models/m/log")]
    versions, aliases = add_up(events)
    assert sorted(told) == versions == list(range(1, len(versions) + 1))
    if versions:
        states = [registry.show("m") for registry in (*writers, Registry(backend))]
        assert all(state == states[0] for state in states)
        assert gist(states[0]) == (versions, aliases)


def test_compare_and_set_holds_against_an_overtaker(memory: Callable[[], Any], folder: Path) -> None:
    """An alias moved by someone else between reading and writing makes the one who expected otherwise lose."""
    backend = memory()
    mine, theirs = Registry(backend), Registry(backend)
    for _ in range(2):
        mine.register(folder, model="m")
    backend.sneak_in = [partial(theirs.set_alias, "m", "champion", 2)]
    with pytest.raises(RegistryError, match="points at version 2"):
        mine.set_alias("m", "champion", 1, expect=None)
    assert mine.show("m").aliases == {"champion": 2}


def test_gates_see_a_champion_crowned_meanwhile(memory: Callable[[], Any], folder: Path) -> None:
    """A promotion overtaken by a better one is judged against that one."""
    backend = memory()
    mine, theirs = Registry(backend), Registry(backend)
    for rmse in (2.0, 1.0):
        mine.register(folder, model="m", made=Made(metrics={"test/rmse": rmse}))
    goals = {"test/rmse": "minimize"}
    backend.sneak_in = [partial(theirs.promote, "m", 2, PROMOTE, goals=goals)]
    outcome = mine.promote("m", 1, PROMOTE, goals=goals)
    assert (outcome.promoted, outcome.gates[0].holder) == (False, 2)
    assert mine.show("m").aliases == {"champion": 2}
