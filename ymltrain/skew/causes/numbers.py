"""Causes for numbers: what was done to a raw value, or to its encoding, that the bundle does not do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ymltrain.skew.causes.evidence import Cause, Difference, Guess, Tolerance, choose
from ymltrain.skew.causes.units import describe_factor, is_default, named_conversion
from ymltrain.skew.records import Floats

PERIODS = {24.0: "hours of a day", 1440.0: "minutes of a day", 86400.0: "seconds of a day", 7.0: "days of a week", 12.0: "months"}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "log": np.log,
    "log1p": np.log1p,
    "log10": np.log10,
    "log2": np.log2,
    "exp": np.exp,
    "expm1": np.expm1,
    "square root": np.sqrt,
    "square": np.square,
    "reciprocal": lambda values: 1 / values,
    "absolute value": np.abs,
    "10 to the power": lambda values: np.power(10.0, values),
}
DTYPES = ("float16", "bfloat16", "float32", "int8", "int16", "uint8")


@dataclass(frozen=True)
class Numbers:
    """The affected rows of one number: raw value (or the expected one, where there is no encoder), expected, served."""

    raw: Floats
    expected: Floats
    served: Floats
    encode: Callable[[Floats], Floats]
    decode: Callable[[Floats], Floats]
    tolerance: Tolerance
    unaffected: Floats


def explain_numbers(rows: Numbers, extra: Iterable[Guess] = ()) -> Cause | None:
    """The cause of differing numbers, or None when no hypothesis explains them. `extra` are guesses of the caller."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return choose(_all(rows, extra), rows.served, rows.tolerance)


def _all(rows: Numbers, extra: Iterable[Guess]) -> Iterator[Guess]:
    yield from extra
    yield from _clipping(rows)
    yield from _constants(rows)
    yield from _roundings(rows)
    yield from _dtypes(rows)
    yield from _functions(rows)
    yield from _lines(rows)
    yield from _wraps(rows)


def _clipping(rows: Numbers) -> Iterator[Guess]:
    """Values beyond a bound were set to it, and no other row is beyond."""
    served, expected = rows.served, rows.expected
    above, below = served < expected, served > expected
    low = float(served[below].min()) if below.any() else -np.inf
    high = float(served[above].max()) if above.any() else np.inf
    held = rows.unaffected
    slack = 1e-5 * (1 + max(abs(x) for x in (low, high) if np.isfinite(x))) if above.any() or below.any() else 0.0
    if held.size and (held.min() < low - slack or held.max() > high + slack):
        return
    if not held.size or low >= high:
        return
    bounds = {"low": low, "high": high}
    found = {name: round(float(rows.decode(np.array([bound]))[0]), 6) for name, bound in bounds.items() if np.isfinite(bound)}
    words = f"values were clipped: {' and '.join(f'{name} {bound:g}' for name, bound in found.items())}"
    yield Guess("clipping", words, np.clip(expected, low, high), 1, found, needs=3)


def _constants(rows: Numbers) -> Iterator[Guess]:
    middle = float(np.median(rows.served))
    filled = np.full_like(rows.served, middle)
    value = float(rows.decode(np.array([middle]))[0])
    known = is_default(value) or abs(middle) < 1e-6
    many = 1 if known else 3
    if np.unique(rows.expected).size < min(2, rows.expected.size):
        return
    what = "the training mean, as for a missing value" if abs(middle) < 1e-6 else f"{value:.6g}"
    yield Guess("default_fill", f"{what} was served instead of the value", filled, 2, {"value": _short(value)}, needs=many)


def _roundings(rows: Numbers) -> Iterator[Guess]:
    for digits in range(-3, 7):
        scale = 10.0**digits
        for words, cut in (
            ("rounded", np.round),
            ("cut off", np.trunc),
            ("rounded down", np.floor),
            ("rounded up", np.ceil),
            ("rounded half up", _half_up),
        ):
            predicted = rows.encode(cut(rows.raw * scale) / scale)
            simplicity = 3 if words == "rounded" else 4
            place = (
                "to whole numbers" if digits == 0 else f"to {digits} decimals" if digits > 0 else f"to multiples of {10**-digits}"
            )
            yield Guess(
                "rounding", f"the value was {words} {place}", predicted, simplicity, {"decimals": digits, "how": words}, needs=2
            )
    for digits in range(5):
        predicted = np.round(rows.expected, digits)
        yield Guess(
            "rounding",
            f"the encoded value was rounded to {digits} decimals",
            predicted,
            5,
            {"decimals": digits, "of": "encoded"},
            needs=2,
        )
    yield from _steps(rows)


def _half_up(values: Floats) -> Floats:
    return np.floor(values + 0.5)


def _steps(rows: Numbers) -> Iterator[Guess]:
    """Values on a coarse grid of any step, raw or encoded."""
    for of, true, seen in (("raw", rows.raw, rows.decode(rows.served)), ("encoded", rows.expected, rows.served)):
        distinct = np.unique(np.round(seen[np.isfinite(seen)], 9))
        if not 3 <= distinct.size <= max(3, seen.size // 2):
            continue
        gaps = np.diff(distinct)
        step = float(gaps[gaps > 1e-9 * np.abs(distinct).max()].min(initial=np.inf))
        if not np.isfinite(step) or (np.abs(seen - true) > step * 1.01).mean() > 0.05:
            continue
        origin = float(distinct[0])
        snapped = origin + np.round((seen - origin) / step) * step
        predicted = rows.encode(snapped) if of == "raw" else snapped
        words = f"the {'value' if of == 'raw' else 'encoded value'} was put on a grid of steps of {step:.4g}"
        yield Guess("rounding", words, predicted, 7, {"step": _short(step), "of": of}, needs=10)


def _dtypes(rows: Numbers) -> Iterator[Guess]:
    for name in DTYPES:
        yield Guess(
            "narrower_dtype",
            f"the value was held as {name}",
            rows.encode(_narrow(rows.raw, name)),
            3,
            {"dtype": name, "of": "raw"},
            needs=1,
        )
        if name != "float32":
            predicted = _narrow(rows.expected, name)
            words = f"the encoded value was held as {name}"
            yield Guess("narrower_dtype", words, predicted, 3, {"dtype": name, "of": "encoded"}, needs=1)


def _narrow(values: Floats, dtype: str) -> Floats:
    if dtype == "bfloat16":
        bits = values.astype(np.float32).view(np.uint32).astype(np.uint64)
        nearest = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
        return nearest.astype(np.uint32).view(np.float32).astype(np.float64)
    if dtype.startswith(("int", "uint")):
        whole = np.where(np.isfinite(values), np.trunc(values), 0).clip(-(2.0**62), 2.0**62).astype(np.int64)
        return whole.astype(dtype).astype(np.float64)
    return values.astype(dtype).astype(np.float64)


def _functions(rows: Numbers) -> Iterator[Guess]:
    for name, function in FUNCTIONS.items():
        words = f"the {name} of the value was taken"
        yield Guess("extra_transform", words, rows.encode(function(rows.raw)), 4, {"function": name}, needs=2)
        yield Guess(
            "extra_transform",
            f"the {name} of the encoded value was taken",
            function(rows.expected),
            5,
            {"function": name, "of": "encoded"},
            needs=2,
        )
    yield Guess("not_encoded", "the raw value was served without encoding it", rows.raw.astype(np.float32).astype(np.float64), 2)
    yield Guess("encoded_twice", "the value was encoded twice", rows.encode(rows.expected), 3, needs=2)


def _lines(rows: Numbers) -> Iterator[Guess]:
    """Raw value times a factor, plus an offset, or both."""
    raw, seen = rows.raw, rows.decode(rows.served)
    usable = np.isfinite(raw) & np.isfinite(seen)
    if not usable.any():
        return
    raw_u, seen_u = raw[usable], seen[usable]
    offset = float(np.median(seen_u - raw_u))
    predicted = rows.encode(raw + offset)
    conversion = named_conversion(1.0, offset)
    spread = float(np.std(raw_u)) or 1.0
    if conversion:
        yield Guess(
            "unit_change", f"the value was converted: {conversion}", predicted, 5, {"factor": 1.0, "offset": _short(offset)}
        )
    elif _is_time_shift(raw_u, offset):
        hours = offset / (3600 if np.median(np.abs(raw_u)) < 1e11 else 3.6e6)
        yield Guess("time_zone_shift", f"the time is off by {hours:+g} hours", predicted, 5, {"hours": _short(hours)}, needs=2)
    else:
        words = f"{_short(offset):+g} was added to the value"
        alternative = 6 if abs(offset) > 1e-9 * spread else 99
        yield Guess("offset", words, predicted, alternative, {"offset": _short(offset)}, needs=2)
    sized = np.abs(raw_u) > 1e-12
    factor = float(np.median(seen_u[sized] / raw_u[sized])) if sized.any() else 1.0
    words, needs = describe_factor(factor)
    name = "sign_flip" if abs(factor + 1) < 1e-6 else "unit_change"
    yield Guess(name, words, rows.encode(raw * factor), 5, {"factor": _short(factor)}, needs=needs)
    yield from _affine(rows, raw_u, seen_u)


def _affine(rows: Numbers, raw: Floats, seen: Floats) -> Iterator[Guess]:
    """Factor and offset together, from the pair of rows that most other rows agree with."""
    if raw.size < 3 or np.ptp(raw) == 0:
        return
    generator = np.random.default_rng(11)
    best: tuple[int, float, float] = (-1, 1.0, 0.0)
    scale = (float(np.std(seen)) or 1.0) * 1e-4
    for _ in range(24):
        i, j = generator.integers(0, raw.size, 2)
        if abs(raw[i] - raw[j]) < 0.05 * np.ptp(raw):
            continue
        factor = (seen[i] - seen[j]) / (raw[i] - raw[j])
        offset = seen[i] - factor * raw[i]
        agree = int((np.abs(factor * raw + offset - seen) < scale).sum())
        best = max(best, (agree, float(factor), float(offset)))
    agree, factor, offset = best
    if agree < 3:
        return
    inlier = np.abs(factor * raw + offset - seen) < scale
    if inlier.sum() >= 3 and np.ptp(raw[inlier]) > 0:
        factor, offset = map(float, np.polyfit(raw[inlier], seen[inlier], 1))
    predicted = rows.encode(factor * rows.raw + offset)
    conversion = named_conversion(factor, offset)
    if conversion:
        found = {"factor": _short(factor), "offset": _short(offset)}
        yield Guess("unit_change", f"the value was converted: {conversion}", predicted, 6, found, needs=3)
        return
    zero = float(rows.decode(np.array([0.0]))[0])
    one = float(rows.decode(np.array([1.0]))[0])
    if abs(factor) > 1e-9:
        # served 0 is what the other side's mean encodes to
        mean, deviation = (zero - offset) / factor, (one - zero) / factor
        words = f"it was scaled by other statistics: mean {mean:.6g}, deviation {deviation:.6g}"
        found = {
            "mean": _short(mean),
            "deviation": _short(deviation),
            "trained_mean": _short(zero),
            "trained_deviation": _short(one - zero),
        }
        yield Guess("wrong_statistics", words, predicted, 8, found, needs=3)


def _wraps(rows: Numbers) -> Iterator[Guess]:
    """An offset that wraps around: hours, weekdays, months."""
    seen = rows.decode(rows.served)
    shift = np.round(seen - rows.raw, 6)
    distinct = np.unique(shift[np.isfinite(shift)])
    if distinct.size != 2:
        return
    period = float(distinct[1] - distinct[0])
    if period not in PERIODS:
        return
    turn = float(distinct[0]) % period
    hours = turn if turn <= period / 2 else turn - period
    name = "time_zone_shift" if period in (24.0, 1440.0, 86400.0) else "offset"
    words = f"the {PERIODS[period]} are shifted by {hours:+g}"
    yield Guess(
        name,
        words,
        rows.encode(seen - (shift - np.where(shift == distinct[0], distinct[0], distinct[1]))),
        3,
        {"shift": hours, "period": period},
        needs=3,
    )


def _is_time_shift(raw: Floats, offset: float) -> bool:
    """Whether raw values are times since 1970 in (milli)seconds, and the offset whole quarters of an hour of at most 14 hours."""
    middle = float(np.median(np.abs(raw)))
    unit = 1.0 if 1e8 < middle < 1e11 else 1e3 if 1e11 <= middle < 1e14 else 0.0
    return bool(unit) and 0 < abs(offset) <= 14 * 3600 * unit and abs(offset / (900 * unit) - round(offset / (900 * unit))) < 1e-6


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def affine_code(raw: Floats, expected: Floats) -> tuple[float, float] | None:
    """`(a, b)` with expected = a raw + b, when the encoder is such a line; else None."""
    there = np.isfinite(raw) & np.isfinite(expected)
    if there.sum() < 2 or np.ptp(raw[there]) == 0:
        return None
    a, b = map(float, np.polyfit(raw[there], expected[there], 1))
    error = np.abs(a * raw[there] + b - expected[there]).max()
    return (a, b) if a and error <= 1e-5 * (1 + np.abs(expected[there]).max()) else None


def numbers_of(difference: Difference, rows: np.ndarray[Any, Any]) -> Numbers:
    """The affected rows of a feature whose encoder makes one number of a number."""
    raw = difference.raw.to_numpy().astype(np.float64)
    line = affine_code(raw, difference.expected)

    def encode(values: Floats) -> Floats:
        column = pl.Series("values", np.where(np.isfinite(values), values, np.nan)).fill_nan(None)
        return np.asarray(difference.encode(column), np.float64).reshape(-1)

    def decode(values: Floats) -> Floats:
        if line is not None:
            return (values - line[1]) / line[0]
        order = np.argsort(difference.expected, kind="stable")
        return np.interp(values, difference.expected[order], raw[order])

    return Numbers(
        raw=raw[rows],
        expected=difference.expected[rows],
        served=difference.served[rows],
        encode=encode,
        decode=decode,
        tolerance=difference.tolerance,
        unaffected=difference.expected[~difference.differs],
    )
