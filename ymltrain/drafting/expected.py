"""The types that columns seem to have by the beginning of the table, and how a source is asked for them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ymltrain.drafting.notation import NULL_WORDS, NULLS_OF_NUMBERS
from ymltrain.drafting.times import find_time_formats
from ymltrain.kinds.column_types import infer_column_type
from ymltrain.kinds.number_text import LEADING_ZERO, NumberNotation
from ymltrain.plan.shapes import Reading

CATEGORY = Reading(type="category")


@dataclass(frozen=True)
class Expected:
    """How the source is asked for each column, and the type each seems to have; columns that cannot be read are in neither."""

    read_as: dict[str, Reading]
    types: dict[str, Reading]
    formats: dict[str, list[str]]


def expect_types(sample: pl.DataFrame, notation: NumberNotation) -> Expected:
    """By a sample as the source gives it. `formats` has, for times that are not ISO 8601, all forms that read them."""
    read_as: dict[str, Reading] = {}
    types: dict[str, Reading] = {}
    formats: dict[str, list[str]] = {}
    for found in sample.iter_columns():
        name, column = found.name, found.alias("values")
        if column.dtype == pl.String:
            read_as[name] = CATEGORY
            types[name], formats[name] = _type_of_text(column.drop_nulls(), notation)
        elif column.dtype == pl.Null:
            read_as[name] = types[name] = CATEGORY
        elif (column_type := infer_column_type(column)) is not None:
            read_as[name] = types[name] = Reading(type=column_type)
    return Expected(read_as, types, {name: forms for name, forms in formats.items() if forms})


def _type_of_text(text: pl.Series, notation: NumberNotation) -> tuple[Reading, list[str]]:
    stripped = text.str.strip_chars()
    numbers = text.filter(~stripped.is_in(list(NULLS_OF_NUMBERS)))
    if numbers.len() and not notation.read(numbers).null_count() and not numbers.str.contains(LEADING_ZERO).any():
        return Reading(type="number"), []
    values = text.filter(~stripped.is_in(list(NULL_WORDS)))
    column_type = infer_column_type(values)
    if column_type in ("category", "text") and (forms := find_time_formats(values)):
        return Reading(type="timestamp", format=forms[0]), forms
    return Reading(type=column_type or "category"), []
