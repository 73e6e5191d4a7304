"""Datasource `tsv`: the rows of one or more files of values separated by tabs, in the order of their paths.

As `csv` in all else; files that never quote a value (`quote: null`) may have quote signs in their text.
"""

from __future__ import annotations

from ymltrain.api import plugin
from ymltrain.builtin.datasource.csv_table import SeparatedParams, SeparatedTable


class TsvParams(SeparatedParams, frozen=True, kw_only=True):
    """What a recipe may write beside `type: tsv`."""


@plugin("datasource", "tsv", params=TsvParams)
class TsvSource(SeparatedTable):
    """Values separated by tabs."""

    def __init__(self, params: TsvParams) -> None:
        super().__init__(params, "\t", ".tsv")
