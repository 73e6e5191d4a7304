"""Columns of a table beside those of the features, for the rows of one split: what an evaluation cuts its rows by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.assignment import assign_rows, split_columns, surveyed
from ymltrain.data.blocks import read_blocks
from ymltrain.data.learning import TableSpec
from ymltrain.data.reading import Readings, column_values, finite_or_null
from ymltrain.data.report import SPLITS, SplitName
from ymltrain.data.tally import DROPPED
from ymltrain.kinds.contracts import Datasource, Split
from ymltrain.plan.shapes import Reading


def rows_of_split(source: Datasource, split: Split, spec: TableSpec, part: SplitName) -> npt.NDArray[np.bool_]:
    """Which rows of the table are of one split and have a target: `[rows of the table]`."""
    looked_at = split_columns(source, split, spec.roles)
    targets: dict[str, Reading] = dict.fromkeys(spec.target.columns, spec.target.reading)
    columns: dict[str, Reading] = {**dict.fromkeys(looked_at, Reading(type="category")), **targets}
    columns |= {name: reading for name, reading in spec.columns.items() if name in columns}  # as training read them
    assigning = surveyed(split, source, {name: columns[name] for name in looked_at}, spec.seeds["split"])
    codes = []
    for first_row, block in read_blocks(source, columns):
        found = assign_rows(assigning, looked_at, block, first_row, spec.seeds["split"])
        for name in targets:
            found[finite_or_null(column_values(block, name)).is_null().to_numpy()] = DROPPED
        codes.append(found)
    return np.asarray(np.concatenate([np.empty(0, np.uint8), *codes]) == SPLITS.index(part))


def read_companions(source: Datasource, columns: Readings, is_wanted: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """The columns of the wanted rows, in table order."""
    frames: list[pl.DataFrame] = []
    for first_row, block in read_blocks(source, columns):
        frames.append(block.filter(pl.Series(is_wanted[first_row : first_row + block.height])))
    return pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(columns, pl.Null))
