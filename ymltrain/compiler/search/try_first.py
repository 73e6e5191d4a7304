"""`tuner.try_first`: points known to be good, completed by the recipe's own values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ymltrain.diagnostics import Diagnostic, Diagnostics, KeyPath, did_you_mean
from ymltrain.plan.search.space import Point, Space
from ymltrain.recipe.document import Node, plain
from ymltrain.recipe.key_path import KeyPathError, format_key_path, parse_key_path


def read_try_first(tuner: Node, space: Space, base: Mapping[str, Any], diagnostics: Diagnostics) -> tuple[Point, ...]:
    """The points that can be; what is wrong with the others is reported."""
    written = tuner.at(("try_first",))
    points = []
    for index, entry in enumerate(written.value if written is not None and isinstance(written.value, tuple) else ()):
        problem = _complete(entry, space, base)
        if isinstance(problem, dict):
            points.append(problem)
            continue
        message, hint, key = problem
        below: KeyPath = (key,) if key is not None else ()
        diagnostics.add(Diagnostic("YT644", message, hint, entry.nearest(below).place, ("tuner", "try_first", index, *below)))
    return tuple(points)


def _complete(entry: Node, space: Space, base: Mapping[str, Any]) -> Point | tuple[str, str, str | None]:
    """The point that an entry stands for, or what is wrong with it: a message, a hint and the key it is about."""
    given: dict[str, tuple[str, Any]] = {}
    for text, node in entry.mapping.items():
        try:
            given[format_key_path(parse_key_path(text))] = (text, plain(node))
        except KeyPathError as error:
            return f'"{text}" is not a key path: {error}', "like optimizer.lr", text
    point: Point = {}
    for dimension in space.dimensions:
        if not dimension.is_active(point):
            continue
        path = dimension.path
        written = given.pop(path, None)
        value = written[1] if written is not None else base.get(path)
        if not dimension.domain.contains(value):
            return _outside(path, value, None if written is None else written[0])
        point[path] = value
    return _excess(given, space, point) or _broken(space, point) or point


def _outside(path: str, value: Any, text: str | None) -> tuple[str, str, str | None]:
    if text is not None:
        return f"{path}: {json.dumps(value)} is not in the space", "widen it, or try another value", text
    which = "has no value that is in the space" if value is None else f"has {json.dumps(value)}, which is not in the space"
    return f"{path} is left out, and the recipe {which}", f"write {path} here", None


def _excess(given: Mapping[str, tuple[str, Any]], space: Space, point: Point) -> tuple[str, str, str] | None:
    """The first key that the point has no place for."""
    for path, (text, _) in given.items():
        if any(dimension.path == path for dimension in space.dimensions):
            return f"{path} belongs to another branch than this point is on", "leave it out", text
        return f"{path} is not tuned", did_you_mean(path, [dimension.path for dimension in space.active(point)]), text
    return None


def _broken(space: Space, point: Point) -> tuple[str, str, None] | None:
    broken = next((constraint for constraint in space.constraints if not constraint.allows(point)), None)
    return None if broken is None else (f"the point breaks a constraint: {broken}", "change one of its values", None)
