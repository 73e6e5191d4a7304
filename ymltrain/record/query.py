"""Which runs a person means, and what they want to see of them: filters, sorting and columns over summaries.

    metrics.val/rmse < 600 and (params.model.type = mlp or tags.kept ~ yes) and not status = failed

A field is `metrics.NAME`, `params.KEY.PATH`, `tags.KEY`, or one of a run's own (`status`, `name`, `run_id`, `created`,
`duration`, `attempts`); parts with blanks or signs stand in double quotes. A column is a field, a metric's name, or
`AGGREGATE:METRIC` (first, last, min, max, mean, and best for the watched metric), with `@step` or `@epoch` for where that
was. `best@epoch` and `best@step` are where the watched metric was best.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ymltrain.diagnostics import UsageError, did_you_mean

Summary: TypeAlias = Mapping[str, Any]
Predicate: TypeAlias = Callable[[Summary], bool]

OWN_FIELDS = ("run_id", "name", "status", "created", "duration", "attempts", "archived", "model", "run_dir")
AGGREGATES = ("first", "last", "min", "max", "mean", "best")
TOKEN = re.compile(r"""\s*(?:(?P<sign><=|>=|!=|==|=|<|>|~|\(|\))|(?P<text>'[^']*')|(?P<word>(?:"[^"]*"|[^\s()<>=!~"'])+))""")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
HINT = "like: metrics.val/rmse<600 and params.model.type=mlp"


def parse_filter(text: str) -> Predicate:
    """A filter as a predicate over summaries. Raises UsageError YT843 where it cannot be read."""
    return _Parser(_tokens(text), text).whole()


def column_value(summary: Summary, column: str) -> Any:
    """What a column holds for a run; None when the run has no such value."""
    return column_reader(column)(summary)


def column_reader(column: str) -> Callable[[Summary], Any]:
    """What tells the value of a column for one run after the other."""
    if column == "best@epoch":
        return lambda summary: summary.get("best_epoch")
    if column == "best@step":
        return lambda summary: _best(summary, "step")
    kind, _, metric = column.partition(":")
    if kind in AGGREGATES and metric:
        return lambda summary: _aggregate(summary, kind, metric)
    if column in OWN_FIELDS:
        return lambda summary: summary.get(column)
    section, _, name = column.partition(".")
    if section in ("metrics", "params", "tags") and name:
        return lambda summary: _field(summary[section], name)
    return lambda summary: _first_known(summary, column)


def sort_runs(summaries: Sequence[Summary], column: str) -> list[Summary]:
    """Runs by a column, `-` before it for the highest first; those without a value come last."""
    read = column_reader(column.removeprefix("-"))
    values = [(read(summary), summary) for summary in summaries]
    known = [(value, summary) for value, summary in values if _is_known(value)]
    known.sort(key=lambda pair: _sort_key(pair[0]), reverse=column.startswith("-"))
    return [summary for _, summary in known] + [summary for value, summary in values if not _is_known(value)]


def _first_known(summary: Summary, name: str) -> Any:
    """A bare name: a metric, else a param, else a tag."""
    for section in ("metrics", "params", "tags"):
        value = _field(summary[section], name)
        if value is not None or name in summary[section]:
            return value
    return _aggregate(summary, "last", name)


def _field(section: Mapping[str, Any], name: str) -> Any:
    if name in section:
        return section[name]
    unquoted = name.replace('"', "")
    return section.get(unquoted) if unquoted in section else section.get(f"{name}.type")


def _aggregate(summary: Summary, kind: str, metric: str) -> Any:
    name, at, unit = metric.rpartition("@")
    if not at or unit not in ("step", "epoch"):
        name, unit = metric, ""
    of = summary.get("aggregates", {}).get(name)
    if of is None:
        return None
    if kind == "best":
        goal = summary.get("goals", {}).get(name)
        if goal is None:
            return None
        kind = "max" if goal == "maximize" else "min"
    return of.get(f"{kind}_{unit}" if unit else kind)


def _best(summary: Summary, unit: str) -> Any:
    watched = summary.get("watch")
    return _aggregate(summary, "best", f"{watched}@{unit}") if watched else None


def _is_known(value: Any) -> bool:
    return value is not None and value == value  # noqa: PLR0124 - NaN is the value that is not itself


def _sort_key(value: Any) -> tuple[int, Any]:
    return (0, value) if isinstance(value, int | float) else (1, str(value))


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise UsageError("YT843", f'the filter cannot be read at "{text[place : place + 20].strip()}"', HINT)
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind]))
        place = match.end()
    return tokens


class _Parser:
    """or, and, not, brackets, comparisons: from the loosest to the tightest."""

    def __init__(self, tokens: list[tuple[str, str]], text: str) -> None:
        self._tokens = tokens
        self._text = text

    def whole(self) -> Predicate:
        predicate = self._any()
        if self._tokens:
            raise UsageError(
                "YT843", f'the filter goes on after its end, at "{self._tokens[0][1]}"', "join comparisons with and, or"
            )
        return predicate

    def _any(self) -> Predicate:
        parts = [self._all()]
        while self._takes("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda summary: any(part(summary) for part in parts)

    def _all(self) -> Predicate:
        parts = [self._one()]
        while self._takes("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda summary: all(part(summary) for part in parts)

    def _one(self) -> Predicate:
        if self._takes("not"):
            negated = self._one()
            return lambda summary: not negated(summary)
        if self._tokens and self._tokens[0] == ("sign", "("):
            self._tokens.pop(0)
            inner = self._any()
            if not self._tokens or self._tokens.pop(0) != ("sign", ")"):
                raise UsageError("YT843", "the filter has a bracket that is never closed", HINT)
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        if len(self._tokens) < 3 or self._tokens[0][0] != "word" or self._tokens[1][0] != "sign" or self._tokens[2][0] == "sign":
            found = " ".join(value for _, value in self._tokens[:3]) or "its end"
            raise UsageError("YT843", f'the filter wants FIELD OPERATOR VALUE and has "{found}"', HINT)
        (_, field), (_, sign), (kind, value) = self._tokens[:3]
        del self._tokens[:3]
        _check_field(field)
        return _compare(field, sign, value.strip("'") if kind == "text" else value.replace('"', ""), is_text=kind == "text")

    def _takes(self, word: str) -> bool:
        if self._tokens and self._tokens[0] == ("word", word):
            self._tokens.pop(0)
            return True
        return False


def _check_field(field: str) -> None:
    section = field.partition(".")[0].partition(":")[0]
    if field in OWN_FIELDS or section in ("metrics", "params", "tags", *AGGREGATES):
        return
    known = [*OWN_FIELDS, "metrics.", "params.", "tags."]
    hint = did_you_mean(field, known) or HINT
    raise UsageError(
        "YT844", f'a run has no field "{field}"; fields are metrics.NAME, params.KEY, tags.KEY and {", ".join(OWN_FIELDS)}', hint
    )


def _compare(field: str, sign: str, value: str, *, is_text: bool) -> Predicate:
    number = None if is_text else _number(value)
    read = column_reader(field)

    def holds(summary: Summary) -> bool:
        found = read(summary)
        if sign in ("=", "=="):
            return _equals(found, value, number)
        if sign == "!=":
            return not _equals(found, value, number)
        if sign == "~":
            return found is not None and value.lower() in str(found).lower()
        if found is None:
            return False
        if number is not None and isinstance(found, int | float) and not isinstance(found, bool):
            return COMPARISONS[sign](found, number)
        return isinstance(found, str) and COMPARISONS[sign](found, value)

    return holds


def _equals(found: Any, value: str, number: float | None) -> bool:
    if number is not None and isinstance(found, int | float) and not isinstance(found, bool):
        return found == number
    if found is None:
        return value in ("null", "none", "")
    if isinstance(found, bool):
        return value == str(found).lower()
    return str(found) == value


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
