"""Which split each row of the table belongs to.

YT720 an empty table; YT721 a split without rows; YT725 a target without values; YT727 a split plugin at fault.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ymltrain.data.blocks import read_blocks
from ymltrain.data.reading import Readings
from ymltrain.data.report import SPLITS
from ymltrain.data.tally import DROPPED, Codes, count_rows
from ymltrain.diagnostics import DataError, PluginError
from ymltrain.kinds.contracts import ColumnRoles, Datasource, Split
from ymltrain.kinds.typed_columns import is_readable
from ymltrain.plan.target_faults import no_value


def split_columns(source: Datasource, split: Split, roles: ColumnRoles) -> tuple[str, ...]:
    """The columns the split looks at. Columns that cannot be read (nested, binary) are not offered to it."""
    readable = [name for name, dtype in pl.Schema(source.schema()).items() if is_readable(dtype)]
    return tuple(split.columns(roles, readable))


def surveyed(split: Split, source: Datasource, readings: Readings, seed: int) -> Split:
    """The split that assigns: the one given, or what it makes of a look at the whole table where it needs one."""
    survey = getattr(split, "survey", None)
    if survey is None:
        return split
    assigning: Split = survey((block for _, block in read_blocks(source, readings)), seed)
    return assigning


def assign_rows(split: Split, columns: Sequence[str], block: pl.DataFrame, first_row: int, seed: int) -> Codes:
    """The split of each row of a block: `[n]` of 0, 1, 2."""
    rows = pl.DataFrame({name: block.get_column(name) for name in columns}) if columns else block
    codes = split.assign(rows, first_row, seed)
    if codes.shape != (block.height,) or codes.dtype != np.uint8 or (codes >= DROPPED).any():
        raise PluginError(
            "YT727",
            f"the split plugin {type(split).__name__} gave {codes.dtype} {codes.shape} for {block.height} rows",
            "`assign` returns a uint8 array with 0, 1 or 2 for each row",
        )
    return codes.copy()


def check_assignment(codes: Codes, fractions: tuple[float, float, float], target: str) -> None:
    """Raise DataError when nothing is left to train with, or a split that was asked for has no row."""
    if not len(codes):
        raise DataError("YT720", "the table has no rows", "check that this is the right file, and that it was written to its end")
    counts = count_rows(codes)
    kept = int(counts[:DROPPED].sum())
    if not kept:
        raise no_value(target, len(codes))
    for name, count, fraction in zip(SPLITS, counts[:DROPPED], fractions, strict=True):
        if not count and (fraction > 0 or name == "train"):
            rows = f"{kept:,} rows" + (f" with a target, of {len(codes):,}" if kept < len(codes) else "")
            raise DataError(
                "YT721",
                f"the {name} split has no rows: its share is {fraction:g} and the table has {rows}",
                f"raise its share in `split`, {f'or set it to 0 to do without {name} rows, ' if name != 'train' else ''}"
                "or bring more rows (with a split by keys: more keys)",
            )
