"""Diagnostics and errors as text with the line they speak of, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ymltrain.diagnostics import Diagnostic, RecipeError, Severity, Span, YmltrainError
from ymltrain.report.console import say

LONGEST_EXCERPT = 200
_PASSWORD_IN_URL = re.compile(r"(?<=://)(?P<value>[^/?#\s@]*:[^\s@]*)(?=@)")
_NAMED_SECRET = re.compile(
    r"(?<!\$\{)(?:secret|password|passwd|token(?!iz)|credential)\w*[\"']?\s*[:=]\s*[\"']?(?P<value>[^\s\"',;&${}\[\]]+)",
    re.IGNORECASE,
)
"""Values under a name that says they are secret: hidden in the very line that is at fault."""

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


def show_diagnostics(found: Iterable[Diagnostic]) -> None:
    """Each finding with its place, the line it is written on, and what to do."""
    for one in found:
        _show(one)


def show_error(error: YmltrainError) -> None:
    """An error as a person reads it: diagnostics with their lines, or one message with its hint."""
    if isinstance(error, RecipeError):
        show_diagnostics(error.diagnostics)
        say((error.message, "bold"))
        return
    say((f"error[{error.code}]", "bold red"), f" {_visible(error.message)}")
    _hint(error.hint)


def as_json(one: Diagnostic) -> dict[str, Any]:
    """A finding as programs read it; line and column count from 1 and are null where nothing is written."""
    span = one.span
    return {
        "code": one.code,
        "severity": one.severity.value,
        "message": _masked(one.message, _PASSWORD_IN_URL),
        "hint": one.hint,
        "file": span.source.name if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "key_path": list(one.key_path),
    }


def error_as_json(error: YmltrainError) -> dict[str, Any]:
    """An error as programs read it."""
    document: dict[str, Any] = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    if isinstance(error, RecipeError):
        document["diagnostics"] = [as_json(one) for one in error.diagnostics]
    return document


def _show(one: Diagnostic) -> None:
    style = _COLOURS[one.severity]
    place = (f"{one.span} ", "bold") if one.span is not None else ""
    say(place, (f"{one.severity.value}[{one.code}]", style), f" {_visible(_masked(one.message, _PASSWORD_IN_URL))}")
    if one.span is not None:
        _excerpt(one.span, style)
    _hint(one.hint)


def _excerpt(span: Span, style: str) -> None:
    """The line, and what of it is meant."""
    line = _masked(_visible(span.source.line(span.line).replace("\t", " ")), _PASSWORD_IN_URL, _NAMED_SECRET)
    end = span.end_column if span.end_line == span.line else len(line.rstrip()) + 1
    start = span.column - 1
    if len(line) > LONGEST_EXCERPT:
        cut = max(0, min(start, len(line)) - LONGEST_EXCERPT // 2)
        mark = "…" if cut else ""
        start, end = start - cut + len(mark), min(end - cut, LONGEST_EXCERPT + 1) + len(mark)
        line = mark + line[cut : cut + LONGEST_EXCERPT] + "…"
    say((f"{span.line:>5} | ", "dim"), line)
    say(("      | ", "dim"), (" " * start + "^" * max(1, end - start - 1), style))


def _hint(hint: str) -> None:
    if hint:
        say(("hint: ", "bold cyan"), _visible(hint))


def _masked(text: str, *patterns: re.Pattern[str]) -> str:
    """The text with stars where a secret is written out, as many as it has signs."""
    for pattern in patterns:
        text = pattern.sub(_stars, text)
    return text


def _stars(found: re.Match[str]) -> str:
    whole, start = found.group(), found.start("value") - found.start()
    return whole[:start] + "*" * len(found["value"]) + whole[start + len(found["value"]) :]


def _visible(text: str) -> str:
    """The text without what a terminal would obey instead of show: recipes may come from anyone."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text)
