"""The profile of training data: counted on train rows; predictions and errors on rows that did not train."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.predictor import Predictor
from ymltrain.data.reading import column_values
from ymltrain.skew.aspects import find_aspects
from ymltrain.skew.dependence import measure_dependence
from ymltrain.skew.histogram import CategoryBins
from ymltrain.skew.measures import UNMEASURED, bins_of, measured
from ymltrain.skew.outputs import class_names, labels_of, plain_predictions, scores
from ymltrain.skew.profile import Distribution, Mean, Noise, Profile, Slice
from ymltrain.skew.settings import CheckSettings
from ymltrain.skew.statistics import compare_counts
from ymltrain.skew.summary import mean_of

IMPACT_ROWS = 2_000
LEAST_IMPACT_ROWS = 256
IMPACT_CELLS = 5_000_000
NOISE_STRETCHES = 12
LEAST_NOISE_ROWS = 50
SLICE_VALUES = 20
SLICES = 200
SEED = 5_309


@dataclass(frozen=True)
class ProfileRows:
    """Rows that a profile is made of, as `read_rows` gives them, with the target's column; `held_out` ones did not train.

    `orders` are the recipe's orders of categories. When `is_in_time_order`, the train rows are, and noise is measured.
    """

    train: pl.DataFrame
    held_out: pl.DataFrame
    orders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_in_time_order: bool = False


def make_profile(predictor: Predictor, rows: ProfileRows, libraries: str, settings: CheckSettings | None = None) -> Profile:
    """The profile of what a bundle's predictor was trained on."""
    target = predictor.contract.target.columns
    features = {
        name: _distribution(measured(rows.train.get_column(name)), rows.orders.get(name, ()))
        for name, reading in predictor.columns.items()
        if reading.type not in UNMEASURED
    }
    judged = rows.held_out if rows.held_out.height else rows.train
    predictions = plain_predictions(predictor.predict_rows(judged[list(predictor.columns)]).get_column("prediction"))
    labels = measured(labels_of(judged, target))
    errors = row_errors(predictions, labels)
    return Profile(
        model=predictor.contract.name,
        rows=rows.train.height,
        features=features,
        infinite={name: _count_infinite(column_values(rows.train, name)) for name in features},
        aspects=find_aspects(rows.train, predictor.columns),
        prediction=_distribution(measured(predictions), class_names(predictor.target)),
        target=_distribution(measured(labels_of(rows.train, target)), class_names(predictor.target)),
        error=mean_of(errors[np.isfinite(errors)]),
        bias=_bias(predictions, labels),
        dependence=measure_dependence({name: measured(rows.train.get_column(name)) for name in features}, features),
        noise=_noise(rows, features) if rows.is_in_time_order else {},
        impact=measure_impact(
            predictor, rows.train.gather_every(max(1, -(-rows.train.height // impact_rows(len(predictor.columns)))))
        ),
        slices=_slices(judged, features, predictions, errors),
        libraries=libraries,
        settings=settings or CheckSettings(),
    )


def _count_infinite(column: pl.Series) -> int:
    return int(column.is_infinite().sum() or 0) if column.dtype.is_float() else 0


def row_errors(predictions: pl.Series, labels: pl.Series) -> npt.NDArray[np.float64]:
    """How wrong each prediction was: the absolute difference, or 1 for another label; NaN where there is no label."""
    if predictions.dtype.is_numeric():
        return np.asarray(np.abs(predictions.cast(pl.Float64).to_numpy() - labels.cast(pl.Float64, strict=False).to_numpy()))
    wrong = predictions.cast(pl.String) != labels.cast(pl.String)
    return wrong.cast(pl.Float64).to_numpy()


def _bias(predictions: pl.Series, labels: pl.Series) -> Mean:
    if not predictions.dtype.is_numeric():
        return Mean()
    difference = predictions.cast(pl.Float64).to_numpy() - labels.cast(pl.Float64, strict=False).to_numpy()
    return mean_of(difference[np.isfinite(difference)])


def impact_rows(columns: int) -> int:
    """How many rows impact is measured on: of wide tables fewer, as the network runs over all columns once for each of them."""
    return min(IMPACT_ROWS, max(LEAST_IMPACT_ROWS, IMPACT_CELLS // max(1, columns**2)))


def measure_impact(predictor: Predictor, rows: pl.DataFrame) -> dict[str, float]:
    """By how much predictions change when a feature's values are shuffled, in units of the predictions' own spread."""
    rows = rows[list(predictor.columns)]
    if rows.height < 2:
        return dict.fromkeys(predictor.columns, 0.0)
    generator = np.random.default_rng(SEED)
    encoded = predictor.encode(rows)
    before = scores(predictor.target, predictor.outputs(encoded))
    spread = float(np.mean(np.std(before, axis=0))) or 1.0
    impact = {}
    for name, values in predictor.feature_values(encoded):  # an encoder sees one row at a time: its values can be shuffled instead
        kept = values.copy()
        values[:] = kept[generator.permutation(rows.height)]
        after = scores(predictor.target, predictor.outputs(encoded))
        values[:] = kept
        impact[name] = round(float(np.abs(after - before).mean()) / spread, 6)
    return impact


def _distribution(column: pl.Series, order: Sequence[str]) -> Distribution:
    bins = bins_of(column, order)
    return Distribution(bins=bins, counts=tuple(bins.count(column).tolist()))


def _noise(rows: ProfileRows, features: Mapping[str, Distribution]) -> dict[str, Noise]:
    """How far each stretch of time is from the whole, beyond what as many rows of any time are."""
    size = rows.train.height // NOISE_STRETCHES
    if size < LEAST_NOISE_ROWS:
        return {}
    anywhere = np.random.default_rng(SEED).permutation(rows.train.height)
    noise = {}
    for name, whole in features.items():
        column = measured(rows.train.get_column(name))
        by_time, by_chance = (_distances(whole, part, size) for part in (column, column.gather(anywhere)))
        mean = max(0.0, float(by_time.mean() - by_chance.mean()))
        variance = max(0.0, float(by_time.var() - by_chance.var()))
        noise[name] = Noise(rows=size, mean=round(mean, 6), deviation=round(math.sqrt(variance), 6))
    return noise


def _distances(whole: Distribution, column: pl.Series, size: int) -> npt.NDArray[np.float64]:
    """The distance of each stretch from the whole, `[stretches]`."""
    is_ordered = not isinstance(whole.bins, CategoryBins)
    counts = whole.bins.count_stretches(column, size)[:NOISE_STRETCHES]
    return np.array([compare_counts(whole.array, part, is_ordered=is_ordered).largest for part in counts])


def _slices(
    rows: pl.DataFrame, features: Mapping[str, Distribution], predictions: pl.Series, errors: npt.NDArray[np.float64]
) -> tuple[Slice, ...]:
    slices: list[Slice] = []
    values = predictions.to_numpy() if predictions.dtype.is_numeric() else None
    for name, found in features.items():
        if not isinstance(found.bins, CategoryBins) or len(found.bins.values) > SLICE_VALUES:
            continue
        column = measured(rows.get_column(name))
        for value in found.bins.values:
            mine = (column == value).fill_null(value=False).to_numpy()
            wrong = errors[mine & np.isfinite(errors)]
            predicted = mean_of(values[mine]) if values is not None else Mean(rows=int(mine.sum()))
            slices.append(Slice(column=name, value=value, prediction=predicted, error=mean_of(wrong)))
    return tuple(slices[:SLICES])
