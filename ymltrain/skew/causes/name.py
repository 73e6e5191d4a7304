"""Naming the cause of a feature's differences, whatever its type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.skew.causes.categories import explain_ids, value_name
from ymltrain.skew.causes.evidence import CONVINCED, Cause, Difference, Guess, choose
from ymltrain.skew.causes.numbers import explain_numbers, numbers_of
from ymltrain.skew.causes.raw import raw_guesses
from ymltrain.skew.causes.stale import Everything, explain_stale
from ymltrain.skew.causes.vectors import encoded_numbers, explain_vectors
from ymltrain.skew.records import Floats


def name_cause(
    difference: Difference, *, is_category: bool, vocabulary: Sequence[str] | None, everything: Callable[[], Everything]
) -> Cause:
    """The cause, or `unexplained`. `everything` gives the whole log's expected values, and is asked for only when needed."""
    rows = difference.affected
    served = difference.served[rows]
    lost = np.isnan(served.reshape(rows.size, -1)).any(axis=1)
    if lost.mean() >= CONVINCED:
        return Cause("dropped_value", "no value was served", float(lost.mean()))
    missing = _missing(difference)[rows]
    if missing.mean() >= CONVINCED:
        return _explain_missing(difference, served, vocabulary)
    if missing.any() or lost.any():
        return name_cause(
            _without(difference, rows[missing | lost]), is_category=is_category, vocabulary=vocabulary, everything=everything
        )
    found = _explain(difference, rows, is_category=is_category, vocabulary=vocabulary)
    if found is not None and found.name not in ("default_fill", "permuted_vocabulary", "unit_change_of_one"):
        return found
    stale = explain_stale(difference, rows, everything, found)
    return stale or found or _unexplained(difference, rows)


def _explain(
    difference: Difference, rows: npt.NDArray[np.int64], *, is_category: bool, vocabulary: Sequence[str] | None
) -> Cause | None:
    extra = _siblings(difference, rows)
    if is_category and difference.raw.dtype == pl.String:
        return explain_ids(difference, vocabulary, extra)
    if difference.raw.dtype.is_numeric():
        return (
            explain_vectors(difference, rows)
            if difference.expected.ndim == 2
            else explain_numbers(numbers_of(difference, rows), extra)
        )
    if not isinstance(difference.raw.dtype, pl.List) and difference.expected.shape == difference.served.shape:
        found = choose(raw_guesses(difference, rows), difference.served[rows], difference.tolerance)
        if found is not None:
            return found
    if difference.expected.ndim == 2:
        return explain_vectors(difference, rows)
    return explain_numbers(encoded_numbers(difference.expected[rows], difference.served[rows], difference, rows), extra)


def _missing(difference: Difference) -> npt.NDArray[np.bool_]:
    missing = difference.raw.is_null()
    return (missing | difference.raw.is_nan() if difference.raw.dtype.is_float() else missing).to_numpy()


def _without(difference: Difference, rows: npt.NDArray[np.int64]) -> Difference:
    """The same without some rows' difference."""
    differs = difference.differs.copy()
    differs[rows] = False
    return replace(difference, differs=differs)


def _explain_missing(difference: Difference, served: Floats, vocabulary: Sequence[str] | None) -> Cause:
    """Only rows whose value is missing are affected: it was filled with something else than training fills it with."""
    if served.ndim == 2 and difference.raw.dtype.is_numeric() and difference.expected.ndim == 2:  # beside its mark of missing
        difference = replace(difference, expected=difference.expected[:, 0], served=difference.served[:, 0])
        served = served[:, 0]
    if served.ndim == 1:
        middle = float(np.median(served))
        if (np.abs(served - middle) <= 1e-5 * (1 + abs(middle))).mean() >= CONVINCED:
            if vocabulary is not None:
                value = value_name(vocabulary, middle)
                return Cause(
                    "default_fill", f"missing values were filled with {value}", 1.0, {"value": value, "where": "missing values"}
                )
            shown = middle
            if difference.raw.dtype.is_float() and difference.raw.null_count() < difference.raw.len():
                shown = float(numbers_of(difference, difference.affected).decode(np.array([middle]))[0])
            return Cause(
                "default_fill", f"missing values were filled with {shown:.6g}", 1.0, {"value": shown, "where": "missing values"}
            )
    return Cause("default_fill", "missing values were filled in another way than in training", 1.0, {"where": "missing values"})


def _siblings(difference: Difference, rows: npt.NDArray[np.int64]) -> Iterator[Guess]:
    """Another column's value under this one's name, before or after encoding."""
    for name, (raw, expected) in difference.siblings.items():
        if expected.ndim == 1 and expected.dtype == np.float64:
            words = f"the encoded value of {name} was served"
            yield Guess("swapped_columns", words, expected[rows], 2, {"column": name, "when": "encoded"}, needs=2)
        if raw.dtype == difference.raw.dtype and not isinstance(raw.dtype, pl.List):  # vectors may be of another length
            encoded = np.asarray(difference.encode(raw[rows.tolist()]), np.float64)
            if encoded.size == rows.size and (np.unique(encoded).size > 1 or rows.size < 3):
                words = f"the value of {name} was served"
                yield Guess("swapped_columns", words, encoded.reshape(-1), 1, {"column": name, "when": "raw"}, needs=2)


def _unexplained(difference: Difference, rows: npt.NDArray[np.int64]) -> Cause:
    """No rule was found: values of another time or source, or something this version has no hypothesis for."""
    expected, served = difference.expected[rows].reshape(-1), difference.served[rows].reshape(-1)
    if expected.size < 3 or np.ptp(expected) == 0 or np.ptp(served) == 0:
        return Cause("unexplained", "no rule that is known leads from the expected to the served values", 0.0)
    correlation = float(np.corrcoef(expected, served)[0, 1])
    words = f"served values follow no one rule of the inputs (correlation {correlation:.2f}): values of another time or source"
    return Cause("stale_value", words, 0.0, {"correlation": round(correlation, 4)}, ("unexplained",))


def is_integral(raw: pl.Series) -> bool:
    """Whether a number column holds whole numbers only."""
    values = raw.drop_nulls()
    return bool(values.len()) and bool((values == values.round()).all())
