"""One pass over a log: its profile, and the sample that is replayed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ymltrain.bundle.defaults import Defaults
from ymltrain.data.reading import Readings
from ymltrain.skew.breaks import FieldCounter, occurrence
from ymltrain.skew.histogram import CategoryBins, Counts, NumberBins
from ymltrain.skew.log import RawBatch
from ymltrain.skew.log_profile import NO_SPAN, LogProfile, Occurrence, join_spans
from ymltrain.skew.measures import measured
from ymltrain.skew.profile import Distribution, Mean, Profile
from ymltrain.skew.records import Records, read_records
from ymltrain.skew.sample import Sample, SampleDraw
from ymltrain.skew.timeline import Timeline

STAMPS = ("bundle", "versions.program", "versions.weights", "versions.encoders", "versions.libraries")


@dataclass(frozen=True)
class Summary:
    """What one pass over a log leaves."""

    profile: LogProfile
    sample: Sample | None
    cells: int


@dataclass(frozen=True)
class Inputs:
    """What a bundle says of its inputs: its name, the columns and the serving defaults."""

    bundle: str
    columns: Readings
    defaults: Defaults = field(default_factory=Defaults)


def summarise_log(batches: Iterable[RawBatch], inputs: Inputs, reference: Profile | None, replay_rows: int) -> Summary:
    """Read a log once. Without a reference (a bundle that has no profile) nothing is counted but breaks of the contract."""
    reader = _Reader(inputs, reference, replay_rows)
    for raw in batches:
        reader.update(raw)
    return reader.finish()


class _Reader:
    """Counts while the log goes by."""

    def __init__(self, inputs: Inputs, reference: Profile | None, replay_rows: int) -> None:
        self._inputs = inputs
        columns = inputs.columns
        self._rows = 0
        self._cells = 0
        self._counts = (
            {} if reference is None else {name: _Counter(found) for name, found in reference.features.items() if name in columns}
        )
        aspects = {} if reference is None else reference.aspects
        self._aspects = {name: (found, _Counter(found.found)) for name, found in aspects.items() if found.column in columns}
        self._spans: dict[str, tuple[float, float]] = {}
        self._prediction = None if reference is None else _Counter(reference.prediction)
        self._label = None if reference is None else _Counter(reference.target)
        self._fields = {name: FieldCounter() for name in columns}
        self._extra: dict[str, Occurrence] = {}
        self._versions: dict[str, dict[str, Occurrence]] = {}
        self._damaged = Occurrence()
        self._ids = _Ids()
        self._order = _Order()
        self._error, self._bias = Mean(), Mean()
        self._recorded: set[str] = set()
        self._timeline = Timeline()
        self._draw = SampleDraw(replay_rows)

    def update(self, raw: RawBatch) -> None:
        """Take in the next batch."""
        records = read_records(raw, self._rows, self._inputs.columns, self._inputs.defaults)
        for line in records.damaged:
            self._damaged = self._damaged.add(Occurrence(count=1, row=line - 1, value=f"line {line}"))
        if not records.rows:
            return
        ids = records.fields.get("request_id")
        unreadable = np.zeros(records.rows, bool)
        for name, column in records.columns.items():
            broken = self._fields[name].update(column, records.first_row, ids)
            if broken is not None:
                unreadable |= broken
        for name in records.extra:
            self._extra[name] = self._extra.get(name, Occurrence()).add(_extra(raw.inputs[name], records, ids))
        self._count(records)
        self._stamps(records, ids)
        self._ids.update(ids, records.first_row)
        self._order.update(records.fields.get("served_at"), records.first_row, ids)
        self._draw.update(records, unreadable)
        self._recorded |= {"inputs"} if raw.has_inputs else {"columns"}
        self._recorded |= {"features"} if raw.features is not None else set()
        self._recorded |= {name for name, values in records.fields.items() if values.null_count() < values.len()}
        self._rows += records.rows

    def _count(self, records: Records) -> None:
        """Histograms, by stretches of rows while the timeline is short."""
        prediction, label = records.fields.get("prediction"), records.fields.get("label")
        times = records.fields.get("served_at")
        size = Timeline.stretch_rows(self._rows + records.rows)
        counted: dict[str, Counts] = {}
        for name, counter in self._counts.items():
            column = measured(records.columns[name].read)
            counted[name] = counter.update(column, size)
            unseen = counter.unseen(column, counted[name])
            if unseen is not None:
                self._fields[name].note_unseen(unseen, column, records.first_row, records.fields.get("request_id"))
            self._cells += records.rows
        for name, (aspect, counter) in self._aspects.items():
            column = records.columns[aspect.column].read
            counted[name] = counter.update(aspect.measure(column), size)
            if column.dtype.is_temporal() and column.null_count() < column.len():
                seconds = column.dt.epoch("us").drop_nulls() / 1e6
                span = float(seconds.min()), float(seconds.max())  # type: ignore[arg-type]  # numbers, as they are not null
                self._spans[aspect.column] = join_spans(self._spans.get(aspect.column, NO_SPAN), span)
        for name, outcome, series in (("prediction", self._prediction, prediction), ("label", self._label, label)):
            if outcome is not None and series is not None and series.null_count() < series.len():
                counted[f"({name})"] = outcome.update(_like(series, outcome), size)
        self._errors(prediction, label)
        self._timeline.add((records.first_row, records.first_row + records.rows), size, times, counted)

    def _errors(self, prediction: pl.Series | None, label: pl.Series | None) -> None:
        """Differences of predictions and labels, where both are there."""
        if prediction is None or label is None or self._label is None:
            return
        if isinstance(self._label.found.bins, NumberBins):
            difference = (prediction.cast(pl.Float64, strict=False) - label.cast(pl.Float64, strict=False)).drop_nulls().to_numpy()
            difference = difference[np.isfinite(difference)]
            self._error = self._error.add(mean_of(np.abs(difference)))
            self._bias = self._bias.add(mean_of(difference))
        else:
            wrong = (prediction.cast(pl.String) != label.cast(pl.String)).drop_nulls().cast(pl.Float64).to_numpy()
            self._error = self._error.add(mean_of(wrong))

    def _stamps(self, records: Records, ids: pl.Series | None) -> None:
        for name in STAMPS:
            values = records.fields.get(name)
            if values is None:
                continue
            found = self._versions.setdefault(name, {})
            text = values.cast(pl.String)
            for value, count in text.value_counts().iter_rows():
                key = "" if value is None else value
                row = int((text.is_null() if value is None else text == value).arg_max() or 0)
                found[key] = found.get(key, Occurrence()).add(occurrence(row, records.first_row, ids, value, count))

    def finish(self) -> Summary:
        """The profile and the sample."""
        profile = LogProfile(
            bundle=self._inputs.bundle,
            rows=self._rows,
            features={name: counter.found for name, counter in self._counts.items()},
            aspects={name: counter.found for name, (_, counter) in self._aspects.items()},
            spans=self._spans,
            fields={name: counter.finish() for name, counter in self._fields.items()},
            extra=self._extra,
            versions=self._versions,
            prediction=self._prediction.total() if self._prediction is not None else None,
            label=self._label.total() if self._label is not None else None,
            error=self._error,
            bias=self._bias,
            damaged=self._damaged,
            repeated=self._ids.repeated,
            out_of_order=self._order.found,
            first_time=self._order.first,
            last_time=self._order.last,
            stretches=self._timeline.finish(),
            recorded=tuple(sorted(self._recorded)),
        )
        return Summary(profile, self._draw.finish(), self._cells)


def mean_of(values: np.ndarray[Any, Any]) -> Mean:
    """Sums of a block of numbers."""
    return Mean(rows=int(values.size), total=float(values.sum()), squares=float((values * values).sum()))


def _extra(values: Any, records: Records, ids: pl.Series | None) -> Occurrence:
    """An input column beyond the contract: the rows that have a value in it."""
    if isinstance(values, pl.Series):
        there = values.is_not_null().to_numpy()
    else:
        there = np.fromiter((value is not None and repr(value) != "absent" for value in values), bool, records.rows)
    if not there.any():
        return Occurrence()
    row = int(there.argmax())
    return occurrence(row, records.first_row, ids, values[row], int(there.sum()))


def _like(series: pl.Series, counter: _Counter) -> pl.Series:
    """Predictions or labels as their bins count them."""
    if isinstance(counter.found.bins, NumberBins):
        return series.cast(pl.Float64, strict=False)
    return series.cast(pl.String)


class _Counter:
    """Adds up one distribution."""

    def __init__(self, reference: Distribution) -> None:
        self._bins = reference.bins
        self._total = np.zeros(reference.bins.size, np.int64)

    @property
    def found(self) -> Distribution:
        return Distribution(bins=self._bins, counts=tuple(self._total.tolist()))

    def total(self) -> Distribution | None:
        return self.found if self._total.any() else None

    def update(self, column: pl.Series, size: int) -> Counts:
        """Count a column; the counts of each stretch of `size` rows."""
        parts = self._bins.count_stretches(column, size)
        self._total += parts.sum(axis=0)
        return parts

    def unseen(self, column: pl.Series, counts: Counts) -> pl.Series | None:
        """The values that training never had, None when it had them all."""
        return self._bins.unseen(column) if isinstance(self._bins, CategoryBins) and counts[:, -2].any() else None


class _Ids:
    """Repeated request ids, remembered by hash up to a bound."""

    MOST = 2_000_000

    def __init__(self) -> None:
        self.repeated = Occurrence()
        self._seen = np.empty(0, np.uint64)

    def update(self, ids: pl.Series | None, first_row: int) -> None:
        if ids is None or not ids.len():
            return
        there = ids.is_not_null().to_numpy()
        hashes = ids.cast(pl.String).hash(1).to_numpy()
        order = np.argsort(hashes, kind="stable")
        again = np.zeros(hashes.size, bool)
        again[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
        if self._seen.size:
            position = np.minimum(np.searchsorted(self._seen, hashes), self._seen.size - 1)
            again |= self._seen[position] == hashes
        again &= there
        if again.any():
            row = int(again.argmax())
            self.repeated = self.repeated.add(occurrence(row, first_row, ids, ids[row], int(again.sum())))
        if self._seen.size < self.MOST:
            self._seen = np.sort(np.concatenate([self._seen, hashes[there & ~again]]))


class _Order:
    """Records that were served before one that stands above them."""

    def __init__(self) -> None:
        self.found = Occurrence()
        self.first: str | None = None
        self.last: str | None = None

    def update(self, times: pl.Series | None, first_row: int, ids: pl.Series | None) -> None:
        if times is None or times.null_count() == times.len():
            return
        text = times.cast(pl.String)
        low, high = str(text.min()), str(text.max())
        before = text.shift(1, fill_value=self.last)
        earlier = (text < before).fill_null(value=False)
        if earlier.any():
            row = int(earlier.arg_max() or 0)
            self.found = self.found.add(occurrence(row, first_row, ids, text[row], int(earlier.sum())))
        self.first = low if self.first is None else min(low, self.first)
        self.last = high if self.last is None else max(high, self.last)
