"""One run in one document, as `runs ls --json` and `runs show --json` print it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from ymltrain.diagnostics import UsageError, YmltrainError
from ymltrain.recipe.key_path import format_key
from ymltrain.record.aggregates import aggregate
from ymltrain.record.attempt import Attempt, read_attempts
from ymltrain.record.directory import RunDirectory
from ymltrain.record.final import Final, read_final
from ymltrain.record.metrics import NotFinite, as_json_number
from ymltrain.record.points import History, read_history
from ymltrain.record.status import Status, status_of
from ymltrain.storage import read_small


def summarize(run: RunDirectory, attempts: list[Attempt] | None = None, history: History | None = None) -> dict[str, Any]:
    """Which run it is, what became of it, its metrics and its params, as plain JSON.

    `metrics` are those of final.json or, before the end, the last value of each; `params` is the resolved recipe
    with a key path for each value; `duration` is in seconds, the time between attempts left out. `attempts` are the
    run's, `history` is what it logged, when they have been read already. Raises UsageError when the directory is damaged.
    """
    final = read_final(run)
    attempts = read_attempts(run) if attempts is None else attempts
    status = status_of(run, final, attempts)
    if history is None and (final is None or final.aggregates is None):
        history = read_history(run, attempts=attempts)
    fault = final.fault if final else attempts[-1].fault if attempts else None
    plan = _read_plan(run)
    return {
        "run_id": run.run_id,
        "name": run.name,
        "status": status,
        "created": run.created,
        "metrics": final.metrics if final is not None else _last_values(history),
        "aggregates": _aggregates(final, history),
        "baselines": final.baselines if final else {},
        "params": flat_params(plan.recipe.resolved),
        "seed": plan.seed,
        "plan": plan.digest,
        "watch": plan.watch.metric if plan.watch else None,
        "goals": {plan.watch.metric: plan.watch.goal} if plan.watch else {},
        "steps": final.steps if final else None,
        "best_epoch": final.best_epoch if final else None,
        "tensor_digest": final.tensor_digest if final else None,
        "metrics_digest": final.metrics_digest if final else None,
        "level": final.level if final else None,
        "duration": round(sum(_seconds(run, attempt, status) for attempt in attempts), 3),
        "attempts": len(attempts),
        "model": None if final is None else msgspec.to_builtins(final.model),
        "error": msgspec.to_builtins(fault),
        "run_dir": str(run.path),
    }


def summarize_or_tell(run: RunDirectory, attempts: list[Attempt] | None = None, history: History | None = None) -> dict[str, Any]:
    """The same of a run in a list, in which one damaged run hides no other: its status is `damaged`, its error says how."""
    try:
        return summarize(run, attempts, history)
    except YmltrainError as error:
        return {
            "run_id": run.run_id,
            "name": run.name,
            "status": "damaged",
            "created": run.created,
            "metrics": {},
            "aggregates": {},
            "baselines": {},
            "params": {},
            **dict.fromkeys(("seed", "plan", "watch", "steps", "best_epoch", "tensor_digest", "metrics_digest", "level")),
            "goals": {},
            "duration": None,
            "attempts": None,
            "model": None,
            "error": {"code": error.code, "message": error.message, "hint": error.hint},
            "run_dir": str(run.path),
        }


def flat_params(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Each value of a resolved recipe under its key path, as trackers and lists of runs show params."""
    return dict(_flatten(recipe, ""))


class _Recipe(msgspec.Struct):
    resolved: dict[str, Any]


class _Watch(msgspec.Struct):
    metric: str
    goal: str


class _Plan(msgspec.Struct):
    recipe: _Recipe
    seed: int | None = None
    watch: _Watch | None = None
    digest: str = ""


_PLANS = msgspec.json.Decoder(_Plan)


def _read_plan(run: RunDirectory) -> _Plan:
    """What lists show of plan.json, whatever version of a plan it is: they outlive them."""
    try:
        return _PLANS.decode(read_small(f"{run.path}/plan.json"))
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError("YT935", f"{run.plan_file} is damaged: {error}", "copy the run's directory again") from None


def resolved_recipe(run: RunDirectory) -> dict[str, Any]:
    """The recipe a run executes, all defaults in. Raises UsageError when plan.json is damaged."""
    return _read_plan(run).recipe.resolved


def _flatten(node: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Each value under its key path; lists and empty maps are values."""
    for key, value in node.items():
        path = prefix + format_key(key)
        if isinstance(value, dict) and value:
            yield from _flatten(value, path + ".")
        else:
            yield path, value


def _last_values(history: History | None) -> dict[str, float | NotFinite]:
    """Of each metric the value that was logged last."""
    return {} if history is None else {point.name: as_json_number(point.value) for point in history.points}


def _aggregates(final: Final | None, history: History | None) -> Any:
    """As the run's end has them or, where it has none, as its record gives them."""
    kept = None if final is None else final.aggregates
    return msgspec.to_builtins(aggregate(history.points) if kept is None and history is not None else kept or {})


def _seconds(run: RunDirectory, attempt: Attempt, status: Status) -> float:
    """How long an attempt took, 0 when the clock went backwards; of one that was killed, up to the last value it logged."""
    started = datetime.fromisoformat(attempt.started)
    if attempt.ended is not None:
        return max(0.0, (datetime.fromisoformat(attempt.ended) - started).total_seconds())
    if status == "running":
        return max(0.0, (datetime.now(UTC) - started).total_seconds())
    record = run.metrics / f"{attempt.number}-0.jsonl"
    return max(0.0, record.stat().st_mtime - started.timestamp()) if record.exists() else 0.0
