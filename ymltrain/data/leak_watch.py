"""Leakage that only the whole table shows, counted while the first pass goes over it.

Written rules. A row that validates or tests is a twin when a train row equals it in every feature and the target. Twins are told
from half a percent on, unless so many rows are equal by chance (the chance that two rows agree in each column, multiplied) that
a hundredth of them would have one. Rows of one key in several splits are told where the split does not go by the keys. A split
by time is told neither: what was seen before may come again. A value whose `available_at` lies after the event is an error.

YT744 twins; YT745 keys in several splits; YT746 a value known after the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.leakage_rows import count_later
from ymltrain.data.report import Leak
from ymltrain.data.tally import DROPPED, TRAIN, Codes
from ymltrain.diagnostics import DataError
from ymltrain.plan.availability import known_from
from ymltrain.plan.plan import FeatureSpec

TWINS, BY_CHANCE = 0.005, 0.01

Hashes = npt.NDArray[np.uint64]


class LeakWatch:
    """Sees each block of the table and which row belongs to which split. Keeps eight bytes a row, sixteen with keys."""

    def __init__(
        self, features: Sequence[FeatureSpec], targets: Sequence[str], keys: Sequence[str], event_time: str | None
    ) -> None:
        self._compared = [*(feature.column for feature in features if feature.type != "vector"), *targets]
        self._keys = list(keys)
        self._event_time = event_time
        known = {feature.column: known_from(feature.available_at) for feature in features}
        self._known = {name: column for name, column in known.items() if column is not None and event_time is not None}
        self._rows: list[Hashes] = []
        self._key_rows: list[Hashes] = []
        self._agreement = 1.0

    @property
    def columns(self) -> list[str]:
        """The columns looked at beside features and target."""
        times = [self._event_time] if self._known and self._event_time is not None else []
        return list(dict.fromkeys([*self._keys, *times, *self._known.values()]))

    def update(self, block: pl.DataFrame, codes: Codes, first_row: int) -> None:
        """Take in a block. Raises DataError (YT746)."""
        for name, known in self._known.items():
            assert self._event_time is not None
            kept = block.filter(pl.Series(codes != DROPPED))
            count, _ = count_later(kept.get_column(self._event_time), kept.get_column(known))
            if count:
                message = f'"{name}" is known only after the event: "{known}" lies after "{self._event_time}" in {count:,} rows'
                where = f" of the {block.height:,} from row {first_row + 1:,} on"
                hint = "join the value that was known at the time of the event, or leave the column out"
                raise DataError("YT746", message + where, hint)
        rows = pl.DataFrame([block.get_column(name) for name in self._compared])
        if not self._rows:
            self._agreement = float(np.prod([_agreement(column) for column in rows.iter_columns()]))
        self._rows.append(rows.hash_rows(1).to_numpy())
        if self._keys:
            self._key_rows.append(pl.DataFrame([block.get_column(name) for name in self._keys]).hash_rows(2).to_numpy())

    def finish(self, codes: Codes, looked_at: Sequence[str]) -> tuple[Leak, ...]:
        """What was found, under a split that goes by these columns."""
        if not self._rows or (self._event_time is not None and list(looked_at) == [self._event_time]):
            return ()
        return (*self._twins(codes), *self._torn_keys(codes, looked_at))

    def _twins(self, codes: Codes) -> Iterator[Leak]:
        train_rows = int((codes == TRAIN).sum())
        is_twin, held_out = _seen_in_train(np.concatenate(self._rows), codes)
        share = is_twin / max(1, held_out)
        if share >= TWINS and self._agreement * train_rows < BY_CHANCE:
            message = f"{is_twin:,} of {held_out:,} val and test rows equal a train row in every feature and the target"
            hint = "drop the duplicates, or use `split: hash`, which keeps equal rows together (`keys:` where other columns differ)"
            yield Leak(code="YT744", column=None, message=message, hint=hint, rows=is_twin)

    def _torn_keys(self, codes: Codes, looked_at: Sequence[str]) -> Iterator[Leak]:
        if not self._keys or sorted(self._keys) == sorted(looked_at):
            return
        torn, held_out = _seen_in_train(np.concatenate(self._key_rows), codes)
        if torn:
            names = ", ".join(self._keys)
            message = f"{torn:,} of {held_out:,} val and test rows have the {names} of a train row"
            yield Leak(
                code="YT745", column=names, message=message, hint="`split: hash` keeps the rows of a key together", rows=torn
            )


def _seen_in_train(hashes: Hashes, codes: Codes) -> tuple[int, int]:
    """How many held-out rows hash as a train row does, and how many are held out."""
    held_out = hashes[(codes != TRAIN) & (codes != DROPPED)]
    return int(pl.Series(held_out).is_in(pl.Series(hashes[codes == TRAIN]).implode()).sum()), int(held_out.size)


def _agreement(column: pl.Series) -> float:
    """The chance that two rows have the same value."""
    counts = column.alias("values").value_counts().get_column("count").to_numpy().astype(np.float64)
    rows = counts.sum()
    return float((counts * (counts - 1)).sum() / max(1.0, rows * (rows - 1)))
