"""What an evaluation found, as one document: metrics with intervals, baselines, slices, and the counts that charts show.

It holds no row of the data, only counts and means of many. Values that cannot be told (no row, one class only) are null.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from ymltrain.diagnostics import UsageError
from ymltrain.plan.shapes import Task

EVALUATION_FILE = "evaluation.json"
EVALUATION_VERSION = 1

SliceKind = Literal["value", "range", "other", "outside", "missing"]
Figures = dict[str, float | None]


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A metric's value, and the interval that the bootstrap gives it; null bounds where none was asked for or could be told."""

    value: float | None
    low: float | None = None
    high: float | None = None


class SliceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The rows in which one column has one value, or lies within one range, and how well the model does on them.

    Of a column that is cut at edges, `outside` are rows below the first and above the last one; `other` are the values
    beyond the most frequent ones; `missing` are rows without a value. Only `value` and `range` were asked for by name.
    Of texts, `rows` are texts and `tokens` theirs.
    """

    column: str
    name: str
    kind: SliceKind
    rows: int
    metrics: dict[str, Estimate] = {}
    baselines: dict[str, Figures] = {}
    tokens: int = 0

    @property
    def title(self) -> str:
        """The slice in one word, for people and gates: cut = Fair."""
        sign = {"value": "= ", "range": "in "}.get(self.kind, "")
        return f"{self.column} {sign}{self.name}"


class Confusion(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by true class (down) and predicted class (across); of a multilabel target one such table for each `label`."""

    label: str | None
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class CalibrationBin(msgspec.Struct, frozen=True, kw_only=True):
    """Rows whose predictions lie next to each other: how many, the mean prediction, and what came true in the mean."""

    rows: int
    predicted: float
    observed: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """What was predicted against what came true: of a class or label the probability, of a number itself (`label` null)."""

    label: str | None
    bins: tuple[CalibrationBin, ...]


class ResidualBin(msgspec.Struct, frozen=True, kw_only=True):
    """Rows whose predictions lie next to each other, and where the middle half and the middle nine tenths of residuals lie."""

    rows: int
    predicted: float
    quantiles: tuple[float, float, float, float, float]
    """The 5th, 25th, 50th, 75th and 95th percentile of truth minus prediction."""


class Residuals(msgspec.Struct, frozen=True, kw_only=True):
    """Truth minus prediction: rows between edges (the first and last one hold all beyond), and by what was predicted."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    bins: tuple[ResidualBin, ...]


class EvaluationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A model measured on rows. `part` says which rows of the data: the test split, or all of them.

    `goals` are the directions of the metrics, `confidence` is the level of the intervals, `seed` that of their draws.
    """

    evaluation: int = EVALUATION_VERSION
    model: str
    data: str
    part: Literal["test", "all"]
    task: Task
    target: str
    rows: int
    rows_without_target: int = 0
    metrics: dict[str, Estimate] = {}
    goals: dict[str, Literal["minimize", "maximize"]] = {}
    baselines: dict[str, Figures] = {}
    slices: tuple[SliceFigures, ...] = ()
    confidence: float = 0.95
    resamples: int = 0
    seed: int = 0
    confusion: tuple[Confusion, ...] = ()
    calibration: tuple[Calibration, ...] = ()
    residuals: Residuals | None = None
    tokens: int = 0


def encode_evaluation(record: EvaluationRecord) -> bytes:
    """The document as indented JSON; metrics and baselines keep their order, the recipe's."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def read_evaluation(folder: Path) -> EvaluationRecord | None:
    """The evaluation that a run or a bundle keeps; None when it has none, or one of another version.

    Raises UsageError where it is damaged.
    """
    path = folder / EVALUATION_FILE
    try:
        content = path.read_bytes()
    except OSError:
        return None
    try:
        document = msgspec.json.decode(content)
        if not isinstance(document, dict) or document.get("evaluation") != EVALUATION_VERSION:
            return None
        return msgspec.convert(document, EvaluationRecord)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UsageError(
            "YT935", f"{path} is damaged: {error}", "evaluate the model again: `ymltrain evaluate MODEL DATA`"
        ) from None
