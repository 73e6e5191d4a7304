"""Datasource `csv`: the rows of one or more CSV files, in the order of their paths.

The first line of each file names the columns; they may be called anything, but each name once. A column that a recipe
calls `number` is read as float64, any other exactly as written (007 stays 007). Blank lines are skipped. `path` may be a
file, a folder, a pattern (`part-*.csv`) or a URL, and files may be compressed.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ymltrain.api import plugin
from ymltrain.builtin.datasource.csv_table import OneSign, SeparatedParams, SeparatedTable


class CsvParams(SeparatedParams, frozen=True, kw_only=True):
    """What a recipe may write beside `type: csv`."""

    delimiter: Annotated[str, OneSign, Meta(description="The sign between two values: one ASCII character.")] = ","

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.delimiter == self.quote:
            raise ValueError("`delimiter` and `quote` are the same sign")


@plugin("datasource", "csv", params=CsvParams)
class CsvSource(SeparatedTable):
    """Values separated by a comma, or by the sign that the recipe says."""

    def __init__(self, params: CsvParams) -> None:
        super().__init__(params, params.delimiter, ".csv")
