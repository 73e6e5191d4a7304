"""Promotion: an alias moves when every gate passes, and the log keeps why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemRegistry
from ymltrain.diagnostics import RegistryError
from ymltrain.plan.sections import Gate, Promote
from ymltrain.registry import Made, Promotion, Registry
from ymltrain.registry.log import ModelLog

GOALS = {"test/rmse": "minimize", "test/r2": "maximize"}
BEAT_RMSE = Promote(alias="champion", gates=(Gate(metric="test/rmse", better_than="champion"),))
BEAT_R2 = Promote(alias="champion", gates=(Gate(metric="test/r2", better_than="champion"),))

Register = Callable[..., int]


@pytest.fixture
def register(registry: Registry, bundle: Callable[..., Path]) -> Register:
    """Registers a version of `m` with these metrics."""

    def make(**metrics: float) -> int:
        measured = {f"test/{name}": value for name, value in metrics.items()}
        return registry.register(bundle(), model="m", made=Made(metrics=measured, evaluated_on="rows")).version

    return make


def promote(registry: Registry, version: int, rule: Promote, **more: str) -> Promotion:
    """Promote a version of `m`."""
    return registry.promote("m", version, rule, goals=GOALS, **more)


def test_the_first_passes(registry: Registry, register: Register) -> None:
    """While no version is champion there is nothing to beat."""
    outcome = promote(registry, register(rmse=9.0), BEAT_RMSE)
    assert (outcome.promoted, outcome.previous) == (True, None)
    assert outcome.gates[0].passed
    assert outcome.gates[0].reason == "no other version is champion"
    assert registry.resolve("m@champion").version == 1


@pytest.mark.parametrize(
    ("rule", "champion", "candidate", "is_promoted"),
    [
        (BEAT_RMSE, {"rmse": 5.0}, {"rmse": 4.0}, True),
        (BEAT_RMSE, {"rmse": 5.0}, {"rmse": 6.0}, False),
        (BEAT_RMSE, {"rmse": 5.0}, {"rmse": 5.0}, False),
        (BEAT_R2, {"r2": 0.5}, {"r2": 0.6}, True),
        (BEAT_R2, {"r2": 0.5}, {"r2": 0.4}, False),
        (BEAT_RMSE, {"rmse": 5.0}, {}, False),
        (BEAT_RMSE, {"rmse": 5.0}, {"rmse": float("nan")}, False),
        (BEAT_RMSE, {}, {"rmse": 1.0}, False),
        (BEAT_RMSE, {"rmse": float("inf")}, {"rmse": 1.0}, False),
    ],
)
def test_better_than(
    registry: Registry, register: Register, *, rule: Promote, champion: dict, candidate: dict, is_promoted: bool
) -> None:
    """Better means strictly, in the metric's own direction, and shown by two finite values."""
    registry.set_alias("m", "champion", register(**champion))
    outcome = promote(registry, register(**candidate), rule)
    assert outcome.promoted is outcome.gates[0].passed is is_promoted
    assert registry.resolve("m@champion").version == (2 if is_promoted else 1)


@pytest.mark.parametrize(
    ("gate", "value", "is_promoted", "reason"),
    [
        (Gate(metric="test/r2", at_least=0.5), 0.5, True, "test/r2 0.5 is at least 0.5"),
        (Gate(metric="test/r2", at_least=0.5), 0.4, False, "test/r2 0.4 is below 0.5"),
        (Gate(metric="test/r2", at_most=0.5), 0.5, True, "test/r2 0.5 is at most 0.5"),
        (Gate(metric="test/r2", at_most=0.5), 0.6, False, "test/r2 0.6 is above 0.5"),
        (Gate(metric="test/r2", at_least=0.2, at_most=0.5), 0.1, False, "test/r2 0.1 is below 0.2"),
        (Gate(metric="test/r2"), 0.1, True, "states no condition"),
    ],
)
def test_bounds(registry: Registry, register: Register, *, gate: Gate, value: float, is_promoted: bool, reason: str) -> None:
    """A bound includes its value; what failed is what the reason says."""
    outcome = promote(registry, register(r2=value), Promote(alias="champion", gates=(gate,)))
    assert (outcome.promoted, outcome.gates[0].reason) == (is_promoted, reason)


def test_every_outcome_is_recorded(registry: Registry, register: Register, backend: FilesystemRegistry) -> None:
    """A refused promotion is an event too, with every gate's outcome, the passed ones included."""
    promote(registry, register(rmse=5.0, r2=0.9), BEAT_RMSE)
    rule = Promote(
        alias="champion", gates=(*BEAT_RMSE.gates, Gate(metric="test/r2", at_least=0.5), Gate(metric="test/mae", at_most=1))
    )
    outcome = promote(registry, register(rmse=6.0, r2=0.9), rule)
    assert [gate.passed for gate in outcome.gates] == [False, True, False]
    assert outcome.gates[0].reason == "test/rmse 6 is not better than 5 of champion (version 1)"
    assert (outcome.gates[0].value, outcome.gates[0].holder, outcome.gates[0].holder_value) == (6.0, 1, 5.0)
    assert outcome.gates[2].reason == "version 2 has no value of test/mae"
    assert ModelLog(backend, "m").events()[-1].change == outcome
    assert registry.show("m").aliases == {"champion": 1}


def test_another_alias_can_be_beaten(registry: Registry, register: Register) -> None:
    """A gate may compare with the holder of another alias than the one that moves."""
    registry.set_alias("m", "champion", register(rmse=5.0))
    rule = Promote(alias="challenger", gates=BEAT_RMSE.gates)
    assert promote(registry, register(rmse=4.0), rule).promoted
    assert registry.show("m").aliases == {"challenger": 2, "champion": 1}


def test_the_champion_need_not_beat_itself(registry: Registry, register: Register) -> None:
    """Promoting the version that holds the alias already passes and changes nothing."""
    version = register(rmse=5.0)
    promote(registry, version, BEAT_RMSE)
    outcome = promote(registry, version, BEAT_RMSE)
    assert (outcome.promoted, outcome.previous) == (True, 1)


def test_a_repeated_promotion_is_not_judged_again(registry: Registry, register: Register) -> None:
    """The same write id returns what was decided then, whoever is champion now."""
    first = promote(registry, register(rmse=5.0), BEAT_RMSE, write_id="promote-1")
    promote(registry, register(rmse=4.0), BEAT_RMSE)
    assert promote(registry, 1, BEAT_RMSE, write_id="promote-1") == first
    assert registry.show("m").aliases == {"champion": 2}


def test_no_gates(registry: Registry, register: Register) -> None:
    """A promotion without gates moves the alias."""
    assert promote(registry, register(), Promote(alias="latest-good")).promoted


def test_an_unknown_direction_is_an_error(registry: Registry, register: Register) -> None:
    """Comparing a metric whose direction nobody gave is refused, and nothing is recorded."""
    registry.set_alias("m", "champion", register(rmse=6.0))
    version = register(rmse=5.0)
    with pytest.raises(RegistryError, match="whether less or more of test/rmse is better"):
        registry.promote("m", version, BEAT_RMSE, goals={})
    assert registry.show("m").aliases == {"champion": 1}


def test_a_missing_version(registry: Registry, register: Register) -> None:
    """A version that does not exist cannot be promoted."""
    register()
    with pytest.raises(RegistryError, match="no version 2"):
        promote(registry, 2, BEAT_RMSE)
