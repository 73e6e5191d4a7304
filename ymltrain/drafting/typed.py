"""The drawn rows as the types that the recipe will name, once it is known what stands in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from ymltrain.drafting.expected import CATEGORY
from ymltrain.drafting.findings import Finding, counted, quoted
from ymltrain.drafting.notation import NULL_WORDS, NULLS_OF_NUMBERS, null_words_in
from ymltrain.drafting.survey import OddValues, Survey
from ymltrain.kinds.number_text import NumberNotation
from ymltrain.kinds.typed_columns import ISO_8601, read_column
from ymltrain.plan.shapes import Reading

FEW = 0.05


@dataclass(frozen=True)
class TypedTable:
    """Columns with their values as read (nulls where missing), how each is read, and the texts that mean missing.

    `zoned` are the columns of times that all have a zone.
    """

    columns: Mapping[str, pl.Series]
    readings: Mapping[str, Reading]
    nulls: tuple[str, ...]
    findings: tuple[Finding, ...]
    zoned: frozenset[str]


def settle_types(
    survey: Survey,
    expected: Mapping[str, Reading],
    notation: NumberNotation,
    targets: tuple[str, ...],
    default_nulls: tuple[str, ...] | None,
) -> TypedTable:
    """What all rows that were looked at allow.

    `default_nulls` are the texts that mean a missing value where nothing is said of them; None where it is for no one to say.
    """
    has_nulls = default_nulls is not None
    labels = {name: _labels(survey, name, expected[name], default_nulls or ()) for name in targets if name in expected}
    taken = set().union(*labels.values()) if labels else set()
    nulls = dict.fromkeys(default_nulls or ())
    readings, findings = {}, []
    for name, reading in expected.items():
        odd = survey.odd[name]
        words = NULLS_OF_NUMBERS if reading.type == "number" else NULL_WORDS
        found = null_words_in(odd.counts, words) - taken if has_nulls else set()
        finding = _misfit(name, reading, odd, found, survey)
        readings[name] = reading if finding is None else CATEGORY
        if finding is None:
            nulls |= dict.fromkeys(sorted(word.strip() if reading.type == "number" else word for word in found))
        elif finding.message:
            findings.append(finding)
    columns = {name: _read(survey.column(name), name, readings[name], notation, list(nulls)) for name in readings}
    zoned = {name for name, reading in readings.items() if reading.type == "timestamp" and _has_zones(survey.column(name), nulls)}
    return TypedTable(columns, readings, tuple(nulls), tuple(findings), frozenset(zoned))


def _has_zones(times: pl.Series, nulls: Collection[str]) -> bool:
    if times.dtype == pl.String:
        present = times.filter(~times.is_in(list(nulls))).drop_nulls()
        return not present.str.extract_groups(ISO_8601).struct.field("zone").null_count()
    return isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone is not None


def _labels(survey: Survey, name: str, reading: Reading, default_nulls: tuple[str, ...]) -> set[str]:
    """The null words that are labels of a target, or may be: they stay what they are."""
    column = survey.column(name)
    if column.dtype != pl.String or reading.type == "number":
        return set()
    return null_words_in(column.drop_nulls().unique().to_list(), NULL_WORDS) - set(default_nulls)


def _misfit(name: str, reading: Reading, odd: OddValues, nulls: set[str], survey: Survey) -> Finding | None:
    """Why a column cannot have the type that it seems to have; without a message where that is no news."""
    kind = {"number": "numbers", "timestamp": "times", "boolean": "truth values", "vector": "lists of numbers"}.get(reading.type)
    wrong = [text for text in odd.counts if text not in nulls]
    if odd.problem:
        message = f"it looks like {kind}, but {odd.problem}"
    elif wrong:
        rows = sum(odd.counts[text] for text in wrong)
        if reading.type != "number":
            return Finding(kind="numbers", sure="certain", message="", column=name)
        shown = ", ".join(quoted(text, 20) for text in wrong[:3])
        message = f"{counted(rows, 'value')} of {survey.looked_at:,} {'is' if rows == 1 else 'are'} no number: {shown}"
    elif odd.has_codes:
        message = "its digits have leading zeros in places: they are codes, read as a category"
        return Finding(kind="numbers", sure="likely", message=message, column=name)
    else:
        return None
    advice = "mend the values, or add the words that mean a missing value to `null_values` of the datasource"
    return Finding(kind="numbers", sure="certain", message=message, advice=advice, column=name)


def _read(column: pl.Series, name: str, reading: Reading, notation: NumberNotation, nulls: list[str]) -> pl.Series:
    if column.dtype != pl.String:
        read = column if not column.dtype.is_float() else column.fill_nan(None)
        return read if read.dtype != pl.Null else read.cast(pl.String)
    text = column.set(column.is_in(nulls), None) if nulls else column
    if reading.type == "number":
        return notation.read(text).fill_nan(None)
    read_as = read_column(text, name, reading)
    assert read_as is not None, "the survey has read it"
    return read_as
