"""What can be wrong with a target's values, in the words of both that may find it: the compiler in a look, a fit in the table.

YT722 one class only; YT724 a logarithm of a value that has none; YT725 no value at all; YT732 a label that the target does not
have, or that its order does not list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ymltrain.diagnostics import DataError, did_you_mean

Transform = Literal["none", "log", "log1p"]
DOMAIN_BEGINS_ABOVE: dict[Transform, float] = {"none": float("-inf"), "log": 0.0, "log1p": -1.0}


def one_class(name: str, label: str) -> DataError:
    """The error for a target with nothing to tell apart."""
    hint = "a classifier needs rows of at least two classes; is this the right column, and is the table complete?"
    return DataError("YT722", f'the target "{name}" has one class only: "{label}"', hint)


def no_value(name: str, rows: int) -> DataError:
    """The error for a target that every one of so many rows lacks."""
    hint = "check that this is the right column, and how the file writes missing values"
    return DataError("YT725", f'the target "{name}" has no value in any of the {rows:,} rows', hint)


def undefined_logarithm(transform: Transform, count: int, value: float, row: int | None = None) -> DataError:
    """The error for target values that have no logarithm; `row` is the first of them, from 0."""
    begin = DOMAIN_BEGINS_ABOVE[transform]
    rows = "1 row has" if count == 1 else f"{count:,} rows have"
    where = "" if row is None else f" (first in row {row + 1})"
    return DataError(
        "YT724",
        f"the target is transformed by {transform}, which needs values above {begin:g}, but {rows} others: {value:g}{where}",
        "remove these rows, or take another `transform` of the target: none" + (", log1p" if transform == "log" else ""),
    )


def no_positive_class(name: str, positive: str, labels: Sequence[str]) -> DataError:
    """The error for a positive class that no row has."""
    message = f'no row of the target "{name}" is "{positive}", its positive class'
    return DataError("YT732", message, did_you_mean(positive, labels))


def unlisted_class(name: str, label: str) -> DataError:
    """The error for a class that the order of an ordinal target leaves out."""
    message = f'the target "{name}" holds "{label}", which its order does not list'
    return DataError("YT732", message, "list every class in `order`, from the lowest to the highest")


def unknown_weight(name: str, label: str, labels: Sequence[str]) -> DataError:
    """The error for a weight of a class that the target does not have."""
    message = f'class_weights names "{label}", which is no class of the target "{name}"'
    return DataError("YT732", message, did_you_mean(label, labels))
