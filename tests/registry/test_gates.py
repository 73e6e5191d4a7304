"""Gates beside plain metrics: tolerance, the same rows, size, latency, golden rows, contract, slices, skew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ymltrain.diagnostics import UsageError
from ymltrain.plan.sections import Gate, Promote
from ymltrain.registry import Evidence, GateOutcome, GoldenReplay, Made, Registry, SkewVerdict
from ymltrain.registry.events import SliceMetrics
from ymltrain.registry.promotions import read_gate, read_promote

Bundle = Callable[..., Path]

CONTRACT = {
    "inputs": {"required": ["carat"], "properties": {"carat": {"type": ["number", "null"]}, "cut": {"type": ["string", "null"]}}},
    "output": {"task": "regression", "width": 1},
    "target": {"column": "price", "state": {}},
}

SKEW = Gate(check="skew", log="logs")
CLEAN = SkewVerdict(alias="champion", version=1, verdict="ok", rows=900)
DRIFTS = SkewVerdict(alias="champion", version=1, verdict="drift", rows=900, findings=("carat: shift_up",))


def outcome(registry: Registry, gate: Gate, version: int = 2, evidence: Evidence | None = None) -> GateOutcome:
    """What one gate says of a version of `m`."""
    return registry.promote("m", version, Promote(alias="challenger", gates=(gate,)), evidence=evidence).gates[0]


@pytest.fixture
def pair(registry: Registry, bundle: Bundle) -> Callable[..., Registry]:
    """A champion and another version, with these facts and contracts."""

    def make(champion: dict[str, Any], candidate: dict[str, Any]) -> Registry:
        for number, facts in enumerate((champion, candidate)):
            folder = bundle(b"%d" % number)
            (folder / "contract.json").write_text(json.dumps(facts.pop("contract", CONTRACT)))
            registry.register(folder, model="m", made=Made(goals={"test/rmse": "minimize"}, **facts))
        registry.set_alias("m", "champion", 1)
        return registry

    return make


def sliced(*rows: int, beside: int | None = None) -> dict[str, Any]:
    """Facts of a version with a slice of so many rows for each number, and one that nobody asked for."""
    slices = [SliceMetrics(name=f"cut = {number}", rows=count, metrics={"test/rmse": 1.0}) for number, count in enumerate(rows)]
    if beside is not None:
        slices.append(SliceMetrics(name="cut missing", rows=beside, metrics={}, is_asked=False))
    return {"slices": tuple(slices)}


@pytest.mark.parametrize(
    ("facts", "passed", "value", "reason"),
    [
        (sliced(31, 99), True, 31, "the smallest slice, cut = 0, has 31 rows"),
        (sliced(99, 30), True, 30, "cut = 1, has 30 rows"),
        (sliced(99, 29, 0), False, 0, "slices with less than 30 rows: cut = 1 has 29, cut = 2 has 0"),
        (sliced(31, beside=2), True, 31, "cut = 0, has 31 rows"),
        ({}, False, None, "the version has no slices"),
    ],
)
def test_support_of_slices(
    pair: Callable[..., Registry], facts: dict[str, Any], *, passed: bool, value: float | None, reason: str
) -> None:
    """Every slice that was asked for needs its rows; missing and outside values do not count, and no slices is no support."""
    found = outcome(pair({}, facts), Gate(check="slices", at_least=30))
    assert (found.passed, found.value) == (passed, value)
    assert reason in found.reason


@pytest.mark.parametrize(("value", "passed"), [(5.0, True), (5.3, True), (5.5, True), (5.6, False)])
def test_tolerance(pair: Callable[..., Registry], value: float, *, passed: bool) -> None:
    """With a tolerance a version may be worse than the champion by that much, and no more."""
    registry = pair(
        {"metrics": {"test/rmse": 5.0}, "evaluated_on": "rows"}, {"metrics": {"test/rmse": value}, "evaluated_on": "rows"}
    )
    found = outcome(registry, Gate(metric="test/rmse", better_than="champion", tolerance=0.5))
    assert (found.passed, found.tolerance) == (passed, 0.5)


@pytest.mark.parametrize(
    ("theirs", "ours", "why"),
    [
        ("rows", "others", "evaluated on different rows"),
        (None, "rows", "which rows version 1 was evaluated on is not recorded"),
        ("rows", None, "which rows version 2 was evaluated on is not recorded"),
        (None, None, "which rows version 2 was evaluated on is not recorded"),
    ],
)
def test_metrics_of_different_rows(pair: Callable[..., Registry], theirs: str | None, ours: str | None, why: str) -> None:
    """Metrics of other rows are not compared: the gate fails and says why."""
    registry = pair({"metrics": {"test/rmse": 5.0}, "evaluated_on": theirs}, {"metrics": {"test/rmse": 1.0}, "evaluated_on": ours})
    found = outcome(registry, Gate(metric="test/rmse", better_than="champion"))
    assert not found.passed
    assert why in found.reason


def test_size(pair: Callable[..., Registry]) -> None:
    """The bytes of all files, against a bound."""
    registry = pair({}, {})
    size = registry.resolve("m@2").size
    assert size is not None
    assert outcome(registry, Gate(check="size", at_most=size)).passed
    found = outcome(registry, Gate(check="size", at_most=size - 1))
    assert (found.passed, found.value) == (False, size)


@pytest.mark.parametrize(
    ("gate", "evidence", "passed", "reason"),
    [
        (Gate(check="latency", at_most=5), Evidence(latency=4.5), True, "latency 4.5 ms is at most 5"),
        (Gate(check="latency", at_most=5), Evidence(latency=5.5), False, "latency 5.5 ms is above 5"),
        (Gate(check="latency", at_most=5), Evidence(), False, "latency was not measured"),
        (Gate(check="golden"), Evidence(golden=GoldenReplay(rows=9)), True, "9 golden rows give what training made of them"),
        (Gate(check="golden"), Evidence(golden=GoldenReplay(rows=9, problem="row 3 differs")), False, "row 3 differs"),
        (Gate(check="golden"), Evidence(golden=GoldenReplay(rows=0)), False, "the bundle has no golden rows"),
        (Gate(check="golden"), Evidence(), False, "golden was not measured"),
        (SKEW, Evidence(skew={"logs": CLEAN}), True, "log of champion (version 1), 900 records, says ok"),
        (SKEW, Evidence(skew={"logs": DRIFTS}), False, "says drift: carat: shift_up"),
        (Gate(check="skew", log="logs", allow="drift"), Evidence(skew={"logs": DRIFTS}), True, "says drift"),
        (SKEW, Evidence(skew={"logs": SkewVerdict(alias="champion", version=1, problem="there is no log")}), False, "no log"),
        (SKEW, Evidence(skew={"logs": SkewVerdict(alias="challenger")}), True, "no version is challenger"),
        (SKEW, Evidence(skew={"logs": SkewVerdict(alias="champion", version=2, verdict="ok")}), False, "champion moved"),
        (SKEW, Evidence(skew={"others": CLEAN}), False, "skew was not measured"),
        (SKEW, Evidence(), False, "skew was not measured"),
    ],
)
def test_what_was_measured(pair: Callable[..., Registry], gate: Gate, evidence: Evidence, reason: str, *, passed: bool) -> None:
    """A gate passes by what was measured, and fails where nobody measured."""
    found = outcome(pair({}, {}), gate, evidence=evidence)
    assert found.passed is passed
    assert reason in found.reason


def changed(**parts: Any) -> dict[str, Any]:
    """The contract with other parts."""
    return {**CONTRACT, **parts}


MORE_COLUMNS = {"required": ["carat", "depth"], "properties": {**CONTRACT["inputs"]["properties"], "depth": {"type": ["number"]}}}
NO_NULLS = {"required": ["carat"], "properties": {"carat": {"type": ["number"]}}}


@pytest.mark.parametrize(
    ("contract", "problem"),
    [
        (CONTRACT, None),
        (changed(inputs={"required": [], "properties": {}}), None),
        (changed(inputs=MORE_COLUMNS), "it needs the column depth, which callers do not send"),
        (changed(inputs=NO_NULLS), "its column carat takes no null"),
        (changed(output={"task": "classification", "width": 3}), "its task is classification, not regression"),
        (changed(target={"column": "value", "state": {}}), "it predicts value, not price"),
        (changed(target={"column": "price", "state": {"classes": ["a"]}}), "its classes are others"),
    ],
)
def test_contract(pair: Callable[..., Registry], contract: dict[str, Any], problem: str | None) -> None:
    """A version takes the champion's place only if it serves the champion's callers."""
    found = outcome(pair({}, {"contract": contract}), Gate(check="contract", better_than="champion"))
    assert found.passed is (problem is None)
    assert (problem or "it serves whoever calls champion (version 1)") in found.reason


def test_the_recipes_gates_are_asked_again(pair: Callable[..., Registry]) -> None:
    """A version carries its recipe's gates; others, and another alias, can be asked for in their place."""
    rule = Promote(alias="champion", gates=(Gate(check="size", at_most=5),))
    registry = pair({}, {"promote": rule})
    version = registry.resolve("m@2")
    assert read_promote(version, None, None) == rule
    assert read_promote(version, "canary", None) == Promote(alias="canary", gates=rule.gates)
    asked = read_promote(version, None, ["metric=test/rmse,better_than=champion,tolerance=0.5", "check=golden"])
    assert asked.gates == (Gate(metric="test/rmse", better_than="champion", tolerance=0.5), Gate(check="golden"))
    assert read_promote(registry.resolve("m@1"), "champion", ()) == Promote(alias="champion")
    with pytest.raises(UsageError, match="no gates are recorded for m@1"):
        read_promote(registry.resolve("m@1"), None, None)


@pytest.mark.parametrize(
    "text", ["", "metric", "metric=test/rmse", "check=weight", "check=size,at_most=much", "check=golden,at_least=1"]
)
def test_wrong_gates(text: str) -> None:
    """A gate on the command line is held to the rules of one in a recipe."""
    with pytest.raises(UsageError) as refused:
        read_gate(text)
    assert refused.value.code == "YT973"
