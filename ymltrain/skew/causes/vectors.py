"""Causes for features of several numbers a row: vectors, times on their circles, numbers with a mark of missing values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.skew.causes.evidence import CONVINCED, Cause, Difference, Tolerance
from ymltrain.skew.causes.numbers import Numbers, affine_code, explain_numbers
from ymltrain.skew.records import Floats


def explain_vectors(difference: Difference, rows: npt.NDArray[np.int64]) -> Cause | None:
    """The cause, or None. Vectors are looked at as they came, before each of their places was standardised."""
    expected, served = difference.expected[rows], difference.served[rows]
    if expected.shape != served.shape:
        words = f"{served.shape[1] if served.ndim == 2 else 1} numbers were served instead of {expected.shape[1]}"
        return Cause("wrong_width", words, 1.0)
    decoded = _decoded(difference) if isinstance(difference.raw.dtype, pl.List) else None
    found = None if decoded is None else _explain(decoded, rows)
    return found or _explain(difference, rows)


def _decoded(difference: Difference) -> Difference | None:
    """The same on the raw scale, where each place of the encoder is a line; else None."""
    there = difference.raw.is_not_null().to_numpy()
    lists = difference.raw.drop_nulls().to_list()
    width = difference.expected.shape[1]
    if not lists or any(len(values) != width for values in lists):
        return None
    raw = np.full(difference.expected.shape, np.nan)
    raw[there] = np.asarray(lists, np.float64)
    lines = [affine_code(raw[:, place], difference.expected[:, place]) for place in range(width)]
    if any(line is None for line in lines):
        return None
    factor, shift = (np.array([line[part] for line in lines if line is not None]) for part in (0, 1))
    unit = float(np.max(1 / np.abs(factor)))
    tolerance = Tolerance(difference.tolerance.atol * unit, difference.tolerance.rtol)
    return replace(difference, expected=raw, served=(difference.served - shift) / factor, tolerance=tolerance)


def _explain(difference: Difference, rows: npt.NDArray[np.int64]) -> Cause | None:
    expected, served, close = difference.expected[rows], difference.served[rows], difference.tolerance

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
    flat = encoded_numbers(expected.reshape(-1), served.reshape(-1), difference, rows)
    changed = ~close.equal(flat.served, flat.expected)
    if not changed.any():
        return None
    same, now = flat.expected[changed], flat.served[changed]
    found = explain_numbers(Numbers(same, same, now, flat.encode, flat.decode, close, flat.expected[~changed]))
    places = np.flatnonzero(changed.reshape(served.shape).any(axis=0))
    if found is None or places.size == served.shape[1]:
        return found
    which = ", ".join(str(int(place)) for place in places[:8])
    return replace(
        found, words=f"{found.words}, in place {which} of the vector", parameters={**found.parameters, "places": places.tolist()}
    )


def encoded_numbers(expected: Floats, served: Floats, difference: Difference, rows: npt.NDArray[np.int64]) -> Numbers:
    """Numbers whose raw value is unknown or no number: explained on the encoded scale."""

    def same(values: Floats) -> Floats:
        return values

    unaffected = np.delete(difference.expected.reshape(len(difference.expected), -1), rows, axis=0).reshape(-1)
    return Numbers(expected, expected, served, same, same, difference.tolerance, unaffected)
