"""Numbers as a person reads them."""

from __future__ import annotations

import math
from typing import Any

_STEPS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


class Chosen(float):
    """A number that somebody wrote, such as a param: it is shown as it is written, and not as something measured."""


def chosen(value: Any) -> Any:
    """The value of a param, for a table."""
    return Chosen(value) if isinstance(value, float) else value


def figure(value: float | str | None) -> str:
    """A measured value with four significant digits."""
    if value is None or isinstance(value, str):
        return "—" if value is None else value
    if isinstance(value, Chosen) or not math.isfinite(value):
        return str(float(value))
    if value != 0 and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.3e}"
    digits = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 1
    return f"{value:,.{min(digits, 6)}f}"


def counted(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def size(count: float) -> str:
    """Bytes with a binary unit."""
    for unit in _STEPS:
        if count < 1024 or unit == _STEPS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError


def seconds(value: float) -> str:
    """A duration."""
    minutes, rest = divmod(value, 60)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest:.0f} s" if minutes else f"{rest:.1f} s"
