"""`tuner.constraints`, read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ymltrain.diagnostics import Diagnostic, Diagnostics, KeyPath, did_you_mean
from ymltrain.plan.search.constraints import OPERATIONS, Constraint
from ymltrain.plan.search.domains import Choice, Ordinal, Switch
from ymltrain.plan.search.space import Dimension
from ymltrain.recipe.document import Node, plain
from ymltrain.recipe.key_path import KeyPathError, format_key_path, parse_key_path

TWO = ("ratio", "difference")


def read_constraints(
    tuner: Node, dimensions: Sequence[Dimension], resolved: Mapping[str, Any], diagnostics: Diagnostics
) -> tuple[Constraint, ...]:
    """The constraints that can be; the others are reported."""
    written = tuner.at(("constraints",))
    entries = written.value if written is not None and isinstance(written.value, tuple) else ()
    found = (
        _read(entry, ("tuner", "constraints", index), dimensions, resolved, diagnostics) for index, entry in enumerate(entries)
    )
    return tuple(constraint for constraint in found if constraint is not None)


def _read(
    entry: Node, path: KeyPath, dimensions: Sequence[Dimension], resolved: Mapping[str, Any], diagnostics: Diagnostics
) -> Constraint | None:
    problems = list(_problems(entry, dimensions, resolved))
    for message, hint, below in problems:
        diagnostics.add(Diagnostic("YT643", message, hint, entry.nearest(below).place, (*path, *below)))
    if problems:
        return None
    values = plain(entry)
    (operation,) = set(values) & set(OPERATIONS)
    paths = tuple(format_key_path(parse_key_path(text)) for text in values[operation])
    fixed = {name: float(value) for name in paths if _is_number(value := _fixed(resolved, name))}
    return Constraint(
        operation=operation,
        paths=paths,
        at_least=None if values.get("at_least") is None else float(values["at_least"]),
        at_most=None if values.get("at_most") is None else float(values["at_most"]),
        fixed=fixed,
    )


def _problems(entry: Node, dimensions: Sequence[Dimension], resolved: Mapping[str, Any]) -> Iterator[tuple[str, str, KeyPath]]:
    operations = [key for key in entry.mapping if key in OPERATIONS]
    if len(operations) != 1:
        yield (
            "a constraint bounds one product, sum, ratio or difference",
            "like {product: [optimizer.lr, trainer.batch_size], at_most: 4}",
            (),
        )
        return
    (operation,) = operations
    if "at_least" not in entry.mapping and "at_most" not in entry.mapping:
        yield f"the {operation} has no bound", "write at_least or at_most", (operation,)
    texts = entry.mapping[operation].value
    count = len(texts) if isinstance(texts, tuple) else 0
    if operation in TWO and count != 2:
        yield f"a {operation} is of two keys, found {count}", "list the two in their order", (operation,)
    for index, text in enumerate(texts if isinstance(texts, tuple) else ()):
        problem = _key_problem(str(text.value), dimensions, resolved)
        if problem is not None:
            yield (*problem, (operation, index))


def _key_problem(text: str, dimensions: Sequence[Dimension], resolved: Mapping[str, Any]) -> tuple[str, str] | None:
    try:
        path = format_key_path(parse_key_path(text))
    except KeyPathError as error:
        return f'"{text}" is not a key path: {error}', "like optimizer.lr"
    tuned = [dimension.domain for dimension in dimensions if dimension.path == path]
    if not tuned:
        if _is_number(_fixed(resolved, path)):
            return None
        return f'neither the space nor the recipe has a number at "{path}"', did_you_mean(
            path, [*(one.path for one in dimensions), *_numbers(resolved)]
        )
    for domain in tuned:
        is_listed = isinstance(domain, Choice | Ordinal)
        if isinstance(domain, Switch) or (is_listed and not all(_is_number(value) for value in domain.ends())):
            return f'the values of "{path}" are not all numbers', "a constraint calculates"
    return None


def _numbers(resolved: Mapping[str, Any]) -> Iterator[str]:
    """The recipe's keys that a constraint may well be about."""
    for section in ("model", "optimizer", "lr_scheduler", "trainer"):
        for key, value in resolved.get(section, {}).items():
            if _is_number(value):
                yield format_key_path((section, key))


def _fixed(resolved: Mapping[str, Any], path: str) -> Any:
    value: Any = resolved
    for key in parse_key_path(path):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
