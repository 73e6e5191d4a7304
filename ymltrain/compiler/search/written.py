"""The search space as a recipe writes it: every dimension with the place it stands at."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ymltrain.diagnostics import Diagnostic, Diagnostics, KeyPath
from ymltrain.plan.search.domains import TAIL, AnyDomain, Choice, Int, LogUniform, Normal, Ordinal, Switch, Uniform
from ymltrain.plan.search.space import Condition, Dimension
from ymltrain.recipe.document import Node, plain
from ymltrain.recipe.key_path import KeyPathError, format_key_path, parse_key_path

NOT_TUNED: dict[tuple[str, ...], str] = {
    ("recipe",): "it is no setting of training",
    ("name",): "it is no setting of training",
    ("description",): "it is no setting of training",
    ("extends",): "it is no setting of training",
    ("profiles",): "it is no setting of training",
    ("tuner",): "a search does not search itself",
    ("seed",): "the luckiest seed of a search is not lucky on other rows",
    ("datasource",): "trials would be judged on different data",
    ("keys",): "trials would be judged on different rows",
    ("event_time",): "trials would be judged on different rows",
    ("weight",): "trials would be judged by different weights",
    ("split",): "trials would be judged on different rows",
    ("target", "column"): "trials would predict different things",
    ("target", "type"): "trials would predict different things",
    ("target", "task"): "trials would predict different things",
    ("metrics",): "every trial is measured alike",
    ("strategy",): "it does not change what is learned",
    ("compute",): "it does not change what is learned",
    ("tracker",): "it does not change what is learned",
    ("registry",): "it does not change what is learned",
    ("bundle",): "it does not change what is learned",
    ("skew",): "it does not change what is learned",
    ("trainer", "checkpoint"): "it does not change what is learned",
    ("trainer", "log_every_n_steps"): "it does not change what is learned",
}
"""What of a recipe cannot be tuned, and why."""


@dataclass(frozen=True)
class WrittenDimension:
    """A dimension, the key path it tunes, its entry in the recipe and the path of that entry."""

    dimension: Dimension
    target: KeyPath
    entry: Node
    path: KeyPath

    def end_node(self, index: int) -> Node:
        """Where the end with this number is written: a bound, or an entry of a list."""
        domain = self.dimension.domain
        if isinstance(domain, Switch):
            return self.entry.nearest(("switch", domain.names[index], "set"))
        return self.entry if isinstance(domain, Normal) else self.entry.nearest((_kind(self.entry) or "", index))


class _RefusedError(Exception):
    """A domain that cannot be: where in its entry, a message and a hint."""

    def __init__(self, below: KeyPath, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.below, self.message, self.hint = below, message, hint


def read_dimensions(space: Node, diagnostics: Diagnostics) -> list[WrittenDimension]:
    """The dimensions of `tuner.space`, the envelope of which has been checked; those that cannot be are reported."""
    return list(_Reader(diagnostics).read(space, ("tuner", "space"), (), ()))


class _Reader:
    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics
        self._seen: list[tuple[KeyPath, tuple[Condition, ...]]] = []

    def read(self, space: Node, path: KeyPath, node: KeyPath, when: tuple[Condition, ...]) -> Iterator[WrittenDimension]:
        """The dimensions written in one mapping; `node` is what their paths are relative to."""
        for text, entry in space.mapping.items():
            here: KeyPath = (*path, text)
            target = self._target(text, entry, here, node, when)
            domain = self._domain(entry, here) if target is not None else None
            if target is None or domain is None:
                continue
            dimension = Dimension(path=format_key_path(target), domain=domain, when=when)
            yield WrittenDimension(dimension, target, entry, here)
            for name in domain.branches if isinstance(domain, Switch) else ():
                below = entry.at(("switch", name, "space"))
                if below is not None:
                    inner = (*when, Condition(switch=dimension.path, branch=name))
                    yield from self.read(below, (*here, "switch", name, "space"), target, inner)

    def _target(self, text: str, entry: Node, here: KeyPath, node: KeyPath, when: tuple[Condition, ...]) -> KeyPath | None:
        try:
            target = (*node, *parse_key_path(text))
        except KeyPathError as error:
            self._report("YT640", f'"{text}" is not a key path: {error}', "like optimizer.lr", entry, here)
            return None
        for refused, reason in NOT_TUNED.items():
            if target[: len(refused)] == refused:
                self._report(
                    "YT640", f"{format_key_path(target)} cannot be tuned: {reason}", "leave it out of the space", entry, here
                )
                return None
        for other, other_when in self._seen:
            shorter = min(len(when), len(other_when))
            if other == target and when[:shorter] == other_when[:shorter]:
                message = f"{format_key_path(target)} is tuned twice on one branch"
                self._report("YT642", message, "keep one of the two", entry, here)
                return None
        self._seen.append((target, when))
        return target

    def _domain(self, entry: Node, here: KeyPath) -> AnyDomain | None:
        if self._diagnostics.has_error_within(here):
            return None
        kind = _kind(entry)
        if kind is None:
            kinds = ", ".join(DOMAINS)
            self._report("YT641", f"{here[-1]} needs one domain", f"write one of {kinds}", entry, here)
            return None
        strays = [key for key in entry.mapping if key != kind and key not in OPTIONS[kind]]
        if strays:
            allowed = f"{kind} takes {', '.join(OPTIONS[kind])} beside it" if OPTIONS[kind] else f"{kind} stands alone"
            self._report("YT641", f'"{strays[0]}" does not go with {kind}', allowed, entry.mapping[strays[0]], (*here, strays[0]))
            return None
        try:
            return DOMAINS[kind](entry, plain(entry))
        except _RefusedError as refused:
            self._report(
                "YT641", f"{here[-1]}: {refused.message}", refused.hint, entry.nearest(refused.below), (*here, *refused.below)
            )
            return None

    def _report(self, code: str, message: str, hint: str, node: Node, path: KeyPath) -> None:
        self._diagnostics.add(Diagnostic(code, message, hint, node.place, path))


def _kind(entry: Node) -> str | None:
    kinds = [key for key in entry.mapping if key in DOMAINS]
    return kinds[0] if len(kinds) == 1 else None


def _uniform(_: Node, written: dict[str, Any]) -> Uniform:
    low, high = _bounds("uniform", written)
    step = written.get("step")
    if step is not None and step > high - low:
        raise _RefusedError(("step",), f"the step {step:g} is wider than the range", "write a smaller one")
    if step is not None and abs((high - low) / step - round((high - low) / step)) > 1e-6:
        last = low + math.floor((high - low) / step) * step
        raise _RefusedError(("step",), f"steps of {step:g} from {low:g} do not end at {high:g}", f"end at {last:.6g}, or change it")
    return Uniform(low=float(low), high=float(high), step=None if step is None else float(step))


def _loguniform(_: Node, written: dict[str, Any]) -> LogUniform:
    low, high = _bounds("loguniform", written)
    if low <= 0:
        hint = f"bounds are values, not exponents: [1e{low:g}, 1e{high:g}]" if high <= 0 else "write a small positive one: 1e-6"
        raise _RefusedError(("loguniform", 0), f"the logarithm needs bounds above 0, found {low:g}", hint)
    return LogUniform(low=float(low), high=float(high))


def _int(_: Node, written: dict[str, Any]) -> Int:
    low, high = _bounds("int", written)
    for index, bound in enumerate((low, high)):
        if not isinstance(bound, int):
            raise _RefusedError(("int", index), f"expected a whole number, found {bound}", "real numbers are `uniform`")
    step, log = written.get("step", 1), written.get("log", False)
    if not isinstance(step, int):
        raise _RefusedError(("step",), f"expected a whole number, found {step}", "real numbers are `uniform`")
    if log and (low <= 0 or step != 1):
        raise _RefusedError(("log",), "the logarithmic scale needs bounds above 0 and no step", "start at 1")
    if (high - low) % step:
        raise _RefusedError(
            ("step",), f"steps of {step} from {low} do not end at {high}", f"end at {high - (high - low) % step}, or change it"
        )
    return Int(low=low, high=high, step=step, log=log)


def _normal(_: Node, written: dict[str, Any]) -> Normal:
    mean, std = written["normal"]
    if std <= 0:
        raise _RefusedError(("normal", 1), f"the standard deviation must be above 0, found {std:g}")
    low, high = written.get("low", mean - TAIL * std), written.get("high", mean + TAIL * std)
    if not mean - 2 * TAIL * std <= low < high <= mean + 2 * TAIL * std:
        raise _RefusedError((), f"nothing is drawn between {low:g} and {high:g}", "keep the bounds within reach of the mean")
    return Normal(mean=float(mean), std=float(std), low=float(low), high=float(high))


def _ordinal(_: Node, written: dict[str, Any]) -> Ordinal:
    return Ordinal(values=_values("ordinal", written))


def _choice(_: Node, written: dict[str, Any]) -> Choice:
    return Choice(values=_values("choice", written))


def _switch(_: Node, written: dict[str, Any]) -> Switch:
    return Switch(branches={name: branch.get("set", {}) for name, branch in written["switch"].items()})


DOMAINS: dict[str, Callable[[Node, dict[str, Any]], AnyDomain]] = {
    "uniform": _uniform,
    "loguniform": _loguniform,
    "int": _int,
    "normal": _normal,
    "ordinal": _ordinal,
    "choice": _choice,
    "switch": _switch,
}
"""What a domain is written as, and how it is read."""

OPTIONS: dict[str, tuple[str, ...]] = {
    "uniform": ("step",),
    "loguniform": (),
    "int": ("step", "log"),
    "normal": ("low", "high"),
    "ordinal": (),
    "choice": (),
    "switch": (),
}
"""What may stand beside each domain."""


def _bounds(kind: str, written: dict[str, Any]) -> tuple[Any, Any]:
    low, high = written[kind]
    if not low < high:
        raise _RefusedError((kind,), f"the lower bound {low:g} is not below the upper one {high:g}", f"write [{high:g}, {low:g}]")
    return low, high


def _values(kind: str, written: dict[str, Any]) -> tuple[Any, ...]:
    values = tuple(written[kind])
    domain = Choice(values=values)
    for index, value in enumerate(values):
        if domain.index(value) != index:
            raise _RefusedError((kind, index), f"the value {json.dumps(value)} stands twice", "keep one of the two")
    return values
