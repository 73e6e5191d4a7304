"""Going on with a study after its recipe was edited: what the edit means for the trials there are.

Only the tuner section may differ, and not the metric. A trial is a whole recipe, so it has a point in the new space too: a key
that is tuned now has in it what the recipe had then, and a key that is no longer tuned must have what the recipe has now. A
trial whose point lies in the new space goes on to count, any other is hidden: from searchers, pruners and the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ymltrain.diagnostics import UsageError
from ymltrain.plan.plan import Plan
from ymltrain.plan.search.domains import Choice, Domain, Ordinal, Switch
from ymltrain.plan.search.space import Point, Space
from ymltrain.plan.search.spec import SearchSpec
from ymltrain.search.asking import point_key
from ymltrain.search.events import Changed
from ymltrain.search.study import Study


def change_of(began: Plan, now: Plan, study: Study, plan_file: str) -> Changed | None:
    """What an edited recipe changes; None when it is the same. Raises UsageError when the study cannot go on with it."""
    if began.digest == now.digest:
        return None
    _refuse_other_changes(began, now)
    assert began.search is not None
    assert now.search is not None
    if (began.search.metric, began.search.goal) != (now.search.metric, now.search.goal):
        raise _refused([f"tuner.metric: {began.search.metric} → {now.search.metric}"], "its trials were judged by another metric")
    changes = tuple(_changes(began, now))
    points: dict[str, Point] = {}
    hidden = []
    for trial in study.trials:
        point = _in_space(trial.point, began.search, now.search)
        if not now.search.space.contains(point):
            hidden.append(trial.number)
        elif point_key(point) != point_key(trial.point):
            points[str(trial.number)] = point
    return Changed(plan_file=plan_file, plan=now.digest, changes=changes, hidden=tuple(hidden), points=points)


def _in_space(point: Mapping[str, Any], was: SearchSpec, now: SearchSpec) -> Point:
    """A trial's point, read in the new space; with a key that no space has when it is none there."""
    read: Point = {}
    for dimension in now.space.active(read):
        read[dimension.path] = (
            point[dimension.path] if dimension.path in point else was.base.get(dimension.path, now.base.get(dimension.path))
        )
    for path, value in point.items():
        if path not in read and _differs(now, path, value):
            read[path] = value
    return read


def _differs(now: SearchSpec, path: str, value: Any) -> bool:
    """Whether a key that is no longer tuned had another value than the recipe has now; what is not known differs."""
    return point_key({"": now.base.get(path)}) != point_key({"": value})


def _refuse_other_changes(began: Plan, now: Plan) -> None:
    was, changed = _without_tuner(began), _without_tuner(now)
    lines = list(_lines(was, changed))
    if lines:
        raise _refused(lines, "its trials would not be comparable")
    if began.ymltrain != now.ymltrain:
        raise _refused([f"ymltrain {began.ymltrain} → {now.ymltrain}"], "its trials would not be comparable")


def _without_tuner(plan: Plan) -> dict[str, Any]:
    return {key: value for key, value in plan.recipe.resolved.items() if key != "tuner"}


def _lines(was: object, now: object, path: str = "") -> Iterator[str]:
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*was, *now]):
            yield from _lines(was.get(key), now.get(key), f"{path}.{key}" if path else str(key))
    elif was != now:
        yield f"{path}: {was!r} → {now!r}"


def _refused(lines: list[str], why: str) -> UsageError:
    listed = "\n  ".join(lines)
    return UsageError(
        "YT945",
        f"the study cannot go on with this recipe, {why}:\n  {listed}",
        "take the change back, or start a new study without --resume",
    )


def _changes(began: Plan, now: Plan) -> Iterator[str]:
    """What differs, a line each."""
    assert began.search is not None
    assert now.search is not None
    was, become = began.search, now.search
    for label in dict.fromkeys([*_domains(was.space), *_domains(become.space)]):
        before, after = _domains(was.space).get(label), _domains(become.space).get(label)
        if before is None:
            yield f"{label}: added; trials count with the recipe's value {was.base.get(label, become.base.get(label))!r}"
        elif after is None:
            yield f"{label}: no longer tuned"
        elif before != after:
            yield f"{label}: {_kind_of_change(before, after)}"
    if was.space.constraints != become.space.constraints:
        yield "constraints: changed"
    for key in ("budget", "try_first"):
        if getattr(was, key) != getattr(become, key):
            yield f"{key}: changed"
    for kind in ("tuner", "pruner"):
        before_node, after_node = began.nodes_of(kind), now.nodes_of(kind)
        if before_node != after_node:
            yield f"{kind}: {_named(before_node)} → {_named(after_node)}"


def _domains(space: Space) -> dict[str, Domain]:
    return {dimension.label: dimension.domain for dimension in space.dimensions}


def _kind_of_change(before: Domain, after: Domain) -> str:
    if type(before) is not type(after):
        return f"{type(before).__name__.lower()} → {type(after).__name__.lower()}"
    if isinstance(before, Choice | Ordinal | Switch):
        grew, shrank = (not all(map(one.contains, other.ends())) for one, other in ((before, after), (after, before)))
    else:
        low, high = before.ends()
        new_low, new_high = after.ends()
        grew, shrank = new_low < low or new_high > high, new_low > low or new_high < high
    return {(True, False): "widened", (False, True): "narrowed"}.get((grew, shrank), "changed")


def _named(nodes: tuple[Any, ...]) -> str:
    return f"{nodes[0].type} {nodes[0].params}" if nodes else "none"
