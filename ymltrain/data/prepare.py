"""All that training needs of a table, in two passes over it.

The first pass assigns rows to splits and learns from the train rows, the second encodes. Memory holds the encoded
arrays, nine bytes per row of the table (seventeen with keys) and a few blocks of rows, whatever the size of the file. The
same data and seeds give the same bytes, whatever the source's batches or the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt
import polars as pl

from ymltrain.data.cache import Allocate, CachedState, EncodedCache, in_memory
from ymltrain.data.drawing import DrawnRows, read_drawn, write_drawn
from ymltrain.data.encoding import EncodedSplit, changed_meanwhile, encode_splits, encoded_split, split_arrays
from ymltrain.data.learning import Learned, TableSpec, learn
from ymltrain.data.next_token import AnyTarget, NextTokenTarget, restore_any_target
from ymltrain.data.report import SPLITS, DataReport, SplitName
from ymltrain.data.tally import DROPPED, count_rows, split_counts
from ymltrain.data.texts import Texts
from ymltrain.diagnostics import DataError
from ymltrain.kinds.contracts import Datasource, Encoder, FittedEncoder, Split
from ymltrain.plan.shapes import FeatureShape


@dataclass(frozen=True)
class PreparedData:
    """A table ready for training, what was learned from it, and what was found in it.

    `encoders` go by feature column; `golden` holds raw rows, the feature columns as they were read. `drawn` gives the rows
    for a profile, from memory or from the cache (OSError when someone has cleared that).
    """

    splits: Mapping[SplitName, EncodedSplit]
    encoders: Mapping[str, FittedEncoder]
    target: AnyTarget
    golden: pl.DataFrame
    report: DataReport
    fingerprint: str
    drawn: Callable[[], DrawnRows] | None = None

    @property
    def shapes(self) -> list[FeatureShape]:
        """What a network takes: the encoded features in plan order, or the window of a text."""
        if isinstance(self.target, NextTokenTarget):
            return [self.target.window]
        return [encoder.shape for encoder in self.encoders.values()]


def prepare_data(
    source: Datasource,
    split: Split,
    encoders: Mapping[str, Encoder],
    spec: TableSpec,
    cache: EncodedCache | None = None,
) -> PreparedData:
    """Read, split and encode a table, or take it from the cache. `encoders` go by feature column.

    Raises DataError (YT700 to YT727) when the data cannot be read, do not hold what the recipe needs, or change meanwhile.
    """
    fingerprint = source.fingerprint()
    if cache is None:
        return _prepare(source, split, encoders, spec, fingerprint, in_memory)
    found = cache.find(fingerprint)
    if found is not None:
        return _restore(*found, encoders)
    with cache.filling() as filling:
        prepared = _prepare(source, split, encoders, spec, fingerprint, filling.allocate)
        if filling.folder is None:
            return prepared
        drawn = prepared.drawn() if prepared.drawn is not None else None
        if drawn is not None and not _kept(drawn, filling.folder):
            return prepared
        state = _state(prepared, drawn)
        place = cache.publish(filling.folder, state, split_arrays(prepared.splits), prepared.golden)
    return prepared if place is None or drawn is None else replace(prepared, drawn=_drawn_later(place, state))


def _kept(drawn: DrawnRows, folder: Path) -> bool:
    try:
        write_drawn(drawn, folder)
    except (OSError, pl.exceptions.PolarsError):
        return False
    return True


def _prepare(  # noqa: PLR0913 - what `prepare_data` was given, and where the arrays go
    source: Datasource,
    split: Split,
    encoders: Mapping[str, Encoder],
    spec: TableSpec,
    fingerprint: str,
    allocate: Allocate,
) -> PreparedData:
    if spec.target.text is not None:
        windows, target, golden, report = Texts(source, split, spec).prepare(allocate)
        _check_unchanged(source, fingerprint)
        return PreparedData(windows, {}, target, golden, report, fingerprint)
    learned = learn(source, split, encoders, spec)
    try:
        encoded = encode_splits(source, learned, spec, allocate)
    except DataError:
        _check_unchanged(source, fingerprint)
        raise
    _check_unchanged(source, fingerprint)
    drawn = encoded.drawn
    return PreparedData(
        splits=encoded.splits,
        encoders=learned.encoders,
        target=learned.target,
        golden=encoded.golden,
        report=_report(learned),
        fingerprint=fingerprint,
        drawn=None if drawn is None else lambda: drawn,
    )


def _state(prepared: PreparedData, drawn: DrawnRows | None) -> CachedState:
    return CachedState(
        fingerprint=prepared.fingerprint,
        encoders={name: encoder.state for name, encoder in prepared.encoders.items()},
        target=prepared.target.state,
        report=prepared.report,
        rows={name: split.rows for name, split in prepared.splits.items()},
        files={},
        drawn_of=None if drawn is None else drawn.train_rows,
        drawn_in_time_order=drawn is not None and drawn.is_in_time_order,
    )


def _drawn_later(folder: Path, state: CachedState) -> Callable[[], DrawnRows] | None:
    """What reads the rows drawn for a profile when they are wanted."""
    if state.drawn_of is None:
        return None
    return partial(read_drawn, folder, state.drawn_of, is_in_time_order=state.drawn_in_time_order)


def _restore(
    state: CachedState, arrays: Mapping[str, npt.NDArray[Any]], golden: Path, encoders: Mapping[str, Encoder]
) -> PreparedData:
    def of(split: SplitName) -> EncodedSplit:
        mine = {name.removeprefix(f"{split}."): array for name, array in arrays.items() if name.startswith(f"{split}.")}
        return encoded_split(state.rows[split], mine)

    return PreparedData(
        splits={split: of(split) for split in SPLITS},
        encoders={name: encoder.restore(name, state.encoders[name]) for name, encoder in encoders.items()},
        target=restore_any_target(state.target),
        golden=pl.read_parquet(golden),
        report=state.report,
        fingerprint=state.fingerprint,
        drawn=_drawn_later(golden.parent, state),
    )


def _check_unchanged(source: Datasource, fingerprint: str) -> None:
    if source.fingerprint() != fingerprint:
        raise changed_meanwhile()


def _report(learned: Learned) -> DataReport:
    counts = count_rows(learned.codes)
    rows = split_counts(counts)
    dropped = int(counts[DROPPED])
    warnings = [f"{dropped:,} of {len(learned.codes):,} rows have no target and were dropped"] if dropped else []
    warnings += [str(leak) for leak in learned.leaks]
    warnings += learned.warnings
    features = []
    for tally in learned.tallies.values():
        feature, found = tally.finish(rows)
        features.append(feature)
        warnings += found
    return DataReport(
        rows_read=len(learned.codes),
        rows_without_target=dropped,
        rows=rows,
        fitted_rows=rows.train,
        features=tuple(features),
        warnings=tuple(warnings),
        leaks=learned.leaks,
    )
