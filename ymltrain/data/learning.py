"""The first pass over a table: which row belongs to which split, and all that is learned from the train split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.assignment import assign_rows, check_assignment, split_columns, surveyed
from ymltrain.data.blocks import read_blocks
from ymltrain.data.golden import GoldenDraw
from ymltrain.data.leak_watch import LeakWatch
from ymltrain.data.reading import column_values, finite_or_null
from ymltrain.data.report import Leak
from ymltrain.data.tally import DROPPED, TRAIN, Codes, FeatureTally
from ymltrain.data.target import FittedTarget
from ymltrain.data.target_fit import start_target
from ymltrain.data.weights import check_weights
from ymltrain.kinds.contracts import ColumnRoles, Datasource, Encoder, FittedEncoder, Split
from ymltrain.plan.plan import FeatureSpec, TargetSpec
from ymltrain.plan.shapes import Reading


@dataclass(frozen=True)
class TableSpec:
    """How a plan reads a table: its features, its target, the parts that other columns play, the seeds.

    `drawn_rows` rows of train, and as many of the other splits, are drawn raw on the way, for a profile.
    """

    features: Sequence[FeatureSpec]
    target: TargetSpec
    keys: Sequence[str]
    seeds: Mapping[str, int]
    golden_rows: int
    event_time: str | None = None
    weight: str | None = None
    drawn_rows: int = 0

    @property
    def roles(self) -> ColumnRoles:
        """The columns with a part to play, as splits see them."""
        return ColumnRoles(keys=tuple(self.keys), target=self.target.columns, event_time=self.event_time)

    @property
    def columns(self) -> dict[str, Reading]:
        """The columns of features, target and weight, and how they are read."""
        columns = {feature.column: feature.reading for feature in self.features}
        columns |= dict.fromkeys(self.target.columns, self.target.reading)
        return columns | ({self.weight: Reading(type="number")} if self.weight is not None else {})


@dataclass(frozen=True)
class Learned:
    """What the first pass leaves.

    `codes` holds the split of each row of the table, `golden` the numbers of the golden rows; the tallies go on counting
    in the second pass; `warnings` are about the target, `leaks` about rows of several splits.
    """

    codes: Codes
    encoders: dict[str, FittedEncoder]
    target: FittedTarget
    golden: npt.NDArray[np.int64]
    tallies: dict[str, FeatureTally]
    warnings: list[str]
    leaks: tuple[Leak, ...] = ()


def learn(source: Datasource, split: Split, encoders: Mapping[str, Encoder], spec: TableSpec) -> Learned:
    """Read the table once (twice for a split that surveys it). Raises DataError when it does not hold what training needs."""
    looked_at = split_columns(source, split, spec.roles)
    watch = LeakWatch(spec.features, spec.target.columns, spec.keys, spec.event_time)
    texts = dict.fromkeys([*looked_at, *watch.columns], Reading(type="category"))
    columns: dict[str, Reading] = {**texts, **spec.columns}
    readings = {name: columns[name] for name in looked_at}
    assigning = surveyed(split, source, readings, spec.seeds["split"])
    codes: list[Codes] = []
    fit = TableFit(encoders, spec)
    for first_row, block in read_blocks(source, columns):
        codes.append(assign_rows(assigning, looked_at, block, first_row, spec.seeds["split"]))
        fit.update(block, codes[-1], first_row)
        watch.update(block, codes[-1], first_row)
    table_codes = np.concatenate([np.empty(0, np.uint8), *codes])
    check_assignment(table_codes, split.fractions, spec.target.name)
    return replace(fit.finish(table_codes), leaks=watch.finish(table_codes, looked_at))


class TableFit:
    """Learns target and encoders from the train rows, block by block."""

    def __init__(self, encoders: Mapping[str, Encoder], spec: TableSpec) -> None:
        self._target_columns = spec.target.columns
        self._weight = spec.weight
        self._target = start_target(spec.target)
        self._fits = {feature.column: encoders[feature.column].start(feature.column, feature.order) for feature in spec.features}
        self._tallies = {feature.column: FeatureTally(feature) for feature in spec.features}
        self._golden = GoldenDraw(spec.golden_rows, spec.seeds["golden"])

    def update(self, block: pl.DataFrame, codes: Codes, first_row: int) -> None:
        """Take in a block. Marks the rows that have no target as dropped in `codes`."""
        targets = [finite_or_null(column_values(block, name)) for name in self._target_columns]
        for target in targets:
            codes[target.is_null().to_numpy()] = DROPPED
        if self._weight is not None:
            check_weights(column_values(block, self._weight), self._weight, codes != DROPPED, first_row)
        is_train = codes == TRAIN
        self._target.update(targets, is_train, first_row)
        self._golden.update(first_row, block.height)
        for name, fit in self._fits.items():
            column = column_values(block, name)
            self._tallies[name].count(column, codes)
            trained = finite_or_null(column.filter(pl.Series(is_train)))
            self._tallies[name].learn(trained)
            fit.update(trained)

    def finish(self, codes: Codes) -> Learned:
        """All that was learned."""
        target, warnings = self._target.finish()
        for tally in self._tallies.values():
            tally.check(int((codes == TRAIN).sum()))
        encoders = {name: fit.finish() for name, fit in self._fits.items()}
        return Learned(codes, encoders, target, self._golden.finish(), self._tallies, warnings)
