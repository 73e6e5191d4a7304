"""What a draft tells of the data: warnings, each with how sure it is, and what a recipe says of each column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from ymltrain.plan.shapes import ColumnType

Sure = Literal["certain", "likely", "guess"]

FindingKind = Literal[
    "classes",
    "constant",
    "encoding",
    "groups",
    "identifier",
    "imbalance",
    "leak",
    "many_values",
    "missing",
    "notation",
    "numbers",
    "rows",
    "target",
    "time",
    "unreadable",
]
"""What a warning is about."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A warning about the data, of a column where it is about one."""

    kind: FindingKind
    sure: Sure
    message: str
    advice: str = ""
    column: str | None = None


@dataclass(frozen=True)
class ColumnDraft:
    """What the recipe says of a column, why, and the other keys beside its type."""

    name: str
    type: ColumnType | Literal["ignore"]
    sure: Sure
    why: str
    options: Mapping[str, Any] = field(default_factory=dict)


def quoted(text: str, longest: int = 40) -> str:
    """A value as a message shows it, on one line and without what a terminal would obey."""
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return f'"{shown if len(shown) <= longest else shown[: longest - 1] + "…"}"'


def counted(number: int, what: str) -> str:
    """A number of things, in words: 1 row, 2,000 rows, 3 classes."""
    return f"{number:,} {what if number == 1 else what + ('es' if what.endswith('s') else 's')}"
