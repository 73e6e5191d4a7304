"""Naming the cause of a feature's differences, whatever its type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.skew.causes.categories import explain_ids
from ymltrain.skew.causes.evidence import CONVINCED, Cause, Difference, Guess
from ymltrain.skew.causes.numbers import Numbers, explain_numbers, numbers_of
from ymltrain.skew.causes.stale import Everything, explain_stale
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
        return _explain_missing(difference, served)
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
    if difference.expected.ndim == 2:
        return _explain_vectors(difference, rows)
    if difference.raw.dtype.is_numeric():
        return explain_numbers(numbers_of(difference, rows), extra)
    return explain_numbers(_encoded_numbers(difference.expected[rows], difference.served[rows], difference, rows), extra)


def _missing(difference: Difference) -> npt.NDArray[np.bool_]:
    missing = difference.raw.is_null()
    return (missing | difference.raw.is_nan() if difference.raw.dtype.is_float() else missing).to_numpy()


def _without(difference: Difference, rows: npt.NDArray[np.int64]) -> Difference:
    """The same without some rows' difference."""
    from dataclasses import replace

    differs = difference.differs.copy()
    differs[rows] = False
    return replace(difference, differs=differs)


def _explain_missing(difference: Difference, served: Floats) -> Cause:
    """Only rows whose value is missing are affected: it was filled with something else than training fills it with."""
    if served.ndim == 1:
        middle = float(np.median(served))
        if (np.abs(served - middle) <= 1e-5 * (1 + abs(middle))).mean() >= CONVINCED:
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


def _encoded_numbers(expected: Floats, served: Floats, difference: Difference, rows: npt.NDArray[np.int64]) -> Numbers:
    """Numbers whose raw value is unknown or no number: explained on the encoded scale."""

    def same(values: Floats) -> Floats:
        return values

    unaffected = np.delete(difference.expected.reshape(len(difference.expected), -1), rows, axis=0).reshape(-1)
    return Numbers(expected, expected, served, same, same, difference.tolerance, unaffected)


def _explain_vectors(difference: Difference, rows: npt.NDArray[np.int64]) -> Cause | None:
    """Features of several numbers a row."""
    expected, served = difference.expected[rows], difference.served[rows]
    if expected.shape != served.shape:
        words = f"{served.shape[1] if served.ndim == 2 else 1} numbers were served instead of {expected.shape[1]}"
        return Cause("wrong_width", words, 1.0)
    close = difference.tolerance

    def share(predicted: Floats) -> float:
        return float(close.equal(predicted, served, 4.0).all(axis=1).mean())

    matches = [
        [j for j in range(expected.shape[1]) if close.equal(expected[:, j], served[:, i], 4.0).mean() >= CONVINCED]
        for i in range(served.shape[1])
    ]
    if all(matches) and any(i not in found for i, found in enumerate(matches)):
        return Cause("swapped_columns", "the numbers of the vector are in another order", 1.0, {"order": [m[0] for m in matches]})
    if share(np.broadcast_to(np.median(served, axis=0), served.shape)) >= CONVINCED:
        return Cause("default_fill", "the same vector was served for all", 1.0)
    length = np.linalg.norm(expected, axis=1, keepdims=True)
    if share(np.divide(expected, length, out=np.zeros_like(expected), where=length > 0)) >= CONVINCED:
        return Cause("extra_transform", "the vector was scaled to length 1", 1.0, {"function": "unit length"})
    flat = _encoded_numbers(expected.reshape(-1), served.reshape(-1), difference, rows)
    changed = ~close.equal(flat.served, flat.expected)
    if not changed.any():
        return None
    return explain_numbers(
        Numbers(
            flat.expected[changed],
            flat.expected[changed],
            flat.served[changed],
            flat.encode,
            flat.decode,
            close,
            flat.expected[~changed],
        )
    )


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
