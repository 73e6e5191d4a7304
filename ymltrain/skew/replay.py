"""Replay: logged inputs through the bundle's own encoders, logged features through its network, beside what was served.

Written rules. A served feature that is not what the bundle makes of the logged input, beyond the tolerance, is a transform fault;
a served prediction that is not what the network makes of the served features is a numeric fault: the two cannot be mistaken for
each other. Where features were not logged, predictions are replayed from the inputs. Records of other bundles are left out; a
record that breaks the contract is left out for what it breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.predictor import BATCH_ROWS, Predictor
from ymltrain.data.reading import column_values, finite_or_null
from ymltrain.plan.shapes import FeatureShape
from ymltrain.skew.causes.evidence import Difference, Tolerance
from ymltrain.skew.outputs import scores
from ymltrain.skew.records import Floats, Mask
from ymltrain.skew.sample import Sample, select
from ymltrain.skew.settings import CheckSettings


@dataclass(frozen=True)
class Replayed:
    """Records beside what the bundle makes of them.

    `expected` and `served` are encoded features, `differs` which rows of each differ; `prediction` is the network's output for the
    served features (else the expected ones), as numbers `[n, k]`, and `from_expected` that for the expected ones.
    """

    sample: Sample
    predictor: Predictor
    expected: Mapping[str, Floats]
    served: Mapping[str, Floats]
    differs: Mapping[str, Mask]
    output: npt.NDArray[np.float32]
    output_expected: npt.NDArray[np.float32]
    left_out: int

    @property
    def has_features(self) -> bool:
        return bool(self.served)

    def scores(self, output: npt.NDArray[np.float32]) -> Floats:
        """Outputs as numbers that can be compared: encoded target, or probabilities."""
        return scores(self.predictor.target, output)

    def difference(self, feature: str, settings: CheckSettings) -> Difference:
        """What a feature's cause is named from."""
        encoder = self.predictor.encoders[feature]

        def encode(column: pl.Series) -> npt.NDArray[Any]:
            return np.asarray(encoder.encode(finite_or_null(column.alias("values"))))

        return Difference(
            feature=feature,
            raw=column_values(self.sample.inputs, feature),
            expected=self._comparable(feature, self.expected[feature]),
            served=self._comparable(feature, self.served[feature]),
            differs=self.differs[feature],
            tolerance=tolerance_of(feature, settings),
            encode_whole=encode,
            siblings={
                name: (column_values(self.sample.inputs, name), self._comparable(name, values))
                for name, values in self.expected.items()
                if name != feature
            },
            order=self.sample.rows.tolist(),
        )

    def _comparable(self, feature: str, values: Floats) -> Floats:
        """A number without its mark of missing values, where every mark was served as it should be."""
        expected, served = self.expected[feature], self.served[feature]
        is_marked = expected.ndim == 2 and expected.shape[1] == 2 and self.predictor.columns[feature].type == "number"
        return values[:, 0] if is_marked and np.array_equal(served[:, 1], expected[:, 1]) else values

    def impact(self, feature: str) -> float:
        """The mean change of the affected rows' predictions when this feature alone is corrected, in spreads of predictions."""
        rows = np.flatnonzero(self.differs[feature])
        served = {name: values[rows] for name, values in self.served.items()}
        corrected = {**served, feature: self.expected[feature][rows]}
        change = self.scores(run_network(self.predictor, corrected)) - self.scores(run_network(self.predictor, served))
        return float(np.abs(change).mean()) / self.spread

    @property
    def judged(self) -> Mask:
        """Records whose prediction can be replayed: from all their features, or from inputs that keep the contract."""
        whole = np.ones(self.sample.rows.size, bool)
        for values in self.served.values():
            whole &= ~np.isnan(values.reshape(len(values), -1)).any(axis=1)
        return np.where(self.sample.has_features, whole, self.sample.readable)

    @property
    def spread(self) -> float:
        """The standard deviation of predictions."""
        return float(np.mean(np.std(self.scores(self.output_expected), axis=0))) or 1.0


def tolerance_of(feature: str, settings: CheckSettings) -> Tolerance:
    """How equal a served feature must be."""
    rule = settings.rule(feature)
    atol = settings.atol if rule.atol is None else rule.atol
    return Tolerance(atol, settings.rtol if rule.rtol is None else rule.rtol)


def replay(sample: Sample, predictor: Predictor, bundle: str, settings: CheckSettings) -> Replayed | None:
    """The sample's records of this bundle, replayed; None when there are none."""
    mine = _of_bundle(sample, bundle)
    kept = select(sample, np.flatnonzero(mine))
    if not kept.rows.size:
        return None
    expected = expected_features(predictor, kept.inputs)
    served: dict[str, Floats] = {}
    differs: dict[str, Mask] = {}
    if kept.has_features.any():
        for name, values in expected.items():
            served[name] = _aligned(kept.features.get(name), values, kept.has_features)
            differs[name] = _differs(served[name], values, kept.has_features, tolerance_of(name, settings))
            if settings.rule(name).ignore:
                differs[name] = np.zeros_like(differs[name])
    output_expected = run_network(predictor, expected)
    usable = {name: np.where(np.isnan(values), expected[name], values) for name, values in served.items()} if served else expected
    output = run_network(predictor, usable) if served else output_expected
    return Replayed(kept, predictor, expected, served, differs, output, output_expected, int((~mine).sum()))


def _of_bundle(sample: Sample, bundle: str) -> Mask:
    stamps = sample.field("bundle")
    if stamps is None:
        return np.ones(sample.rows.size, bool)
    return (stamps.is_null() | (stamps.cast(pl.String) == bundle).fill_null(value=True)).to_numpy()


def expected_features(predictor: Predictor, inputs: pl.DataFrame) -> dict[str, Floats]:
    """What the bundle makes of inputs, feature by feature: float64 `[n]` or `[n, width]`."""
    encoded = [predictor.encode(part) for part in inputs.iter_slices(BATCH_ROWS)]
    whole = {kind: np.concatenate([part[kind] for part in encoded]) for kind in encoded[0]}
    return {name: np.asarray(values, np.float64) for name, values in predictor.feature_values(whole)}


def _aligned(served: Floats | None, expected: Floats, has_features: Mask) -> Floats:
    """Served values in the shape of the expected ones; where no features were logged, the expected ones."""
    values = np.full(expected.shape, np.nan) if served is None else served
    if values.ndim == 1 and expected.ndim == 2:
        values = np.pad(values.reshape(-1, 1), ((0, 0), (0, expected.shape[1] - 1)), constant_values=np.nan)
    elif values.ndim == 2 and expected.ndim == 1:
        values = values[:, 0] if values.shape[1] == 1 else np.full(expected.shape, np.nan)
    elif values.ndim == 2 and values.shape != expected.shape:
        width = expected.shape[1]
        values = np.pad(values[:, :width], ((0, 0), (0, max(0, width - values.shape[1]))), constant_values=np.nan)
    mask = has_features if values.ndim == 1 else has_features[:, None]
    return np.where(mask, values, expected)


def _differs(served: Floats, expected: Floats, has_features: Mask, tolerance: Tolerance) -> Mask:
    equal = tolerance.equal(served, expected).reshape(len(served), -1).all(axis=1)
    return ~equal & has_features


def run_network(predictor: Predictor, features: Mapping[str, Floats]) -> npt.NDArray[np.float32]:
    """The network's output for encoded features; an id beyond the vocabulary counts as unseen."""
    packed = pack(predictor, features)
    rows = len(next(iter(features.values())))
    parts = [
        predictor.outputs({kind: array[start : start + BATCH_ROWS] for kind, array in packed.items()})
        for start in range(0, rows, BATCH_ROWS)
    ]
    return np.concatenate(parts)


def pack(predictor: Predictor, features: Mapping[str, Floats]) -> dict[str, npt.NDArray[Any]]:
    """Features as the network takes them: the reverse of `Predictor.feature_values`."""
    columns: dict[str, list[npt.NDArray[Any]]] = {}
    for feature in predictor.features:
        shape: FeatureShape = predictor.encoders[feature.column].shape
        values = features[feature.column].reshape(len(features[feature.column]), -1)
        if shape.kind in ("category", "tokens"):
            whole = np.nan_to_num(values, nan=0.0)
            known = (whole >= 0) & (whole < shape.cardinality)
            columns.setdefault(shape.kind, []).append(np.where(known, whole, 0).astype(np.int32))
        else:
            largest = np.finfo(np.float32).max
            columns.setdefault(shape.kind, []).append(np.nan_to_num(values, nan=0.0).clip(-largest, largest).astype(np.float32))
    return {kind: np.ascontiguousarray(np.concatenate(parts, axis=1)) for kind, parts in columns.items()}


Scan = Callable[[str], Floats]
"""The expected values of a feature for all records of the log, in their order, as many as memory allows."""
