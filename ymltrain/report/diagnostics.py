"""Diagnostics and errors as text with the line they speak of, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ymltrain.diagnostics import Diagnostic, RecipeError, Severity, YmltrainError
from ymltrain.report.console import to_person

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}


def show_diagnostics(found: Iterable[Diagnostic]) -> None:
    """Each finding with its place, the line it is written on, and what to do."""
    for one in found:
        _show(one)


def show_error(error: YmltrainError) -> None:
    """An error as a person reads it: diagnostics with their lines, or one message with its hint."""
    if isinstance(error, RecipeError):
        show_diagnostics(error.diagnostics)
        to_person().print(error.message, style="bold", markup=False)
        return
    console = to_person()
    console.print(_headline("error", error.code, error.message, "bold red"))
    _hint(error.hint)


def as_json(one: Diagnostic) -> dict[str, Any]:
    """A finding as programs read it; line and column count from 1 and are null where nothing is written."""
    span = one.span
    return {
        "code": one.code,
        "severity": one.severity.value,
        "message": one.message,
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
    from rich.text import Text

    console = to_person()
    place = Text(f"{one.span} ", style="bold") if one.span is not None else Text()
    console.print(place + _headline(one.severity.value, one.code, one.message, _COLOURS[one.severity]))
    if one.span is not None:
        line = one.span.source.line(one.span.line).replace("\t", " ")
        ends_here = one.span.end_line == one.span.line
        width = max(1, (one.span.end_column if ends_here else len(line.rstrip()) + 1) - one.span.column)
        console.print(Text(f"{one.span.line:>5} | ", style="dim") + Text(line))
        console.print(Text("      | ", style="dim") + Text(" " * (one.span.column - 1) + "^" * width, style=_COLOURS[one.severity]))
    _hint(one.hint)


def _headline(word: str, code: str, message: str, style: str) -> Any:
    from rich.text import Text

    return Text(f"{word}[{code}]", style=style) + Text(f" {message}", style="")


def _hint(hint: str) -> None:
    from rich.text import Text

    if hint:
        to_person().print(Text("hint: ", style="bold cyan") + Text(hint))
