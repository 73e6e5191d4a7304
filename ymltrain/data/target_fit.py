"""What is learned about the target while the table goes by.

YT722 a target of a single class; YT724 a logarithm of a value that has none.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.target import (
    DOMAIN_BEGINS_ABOVE,
    TRANSFORMS,
    ClassificationTarget,
    RegressionTarget,
    Transform,
    undefined_logarithm,
)
from ymltrain.diagnostics import DataError
from ymltrain.kinds.moments import RunningMoments
from ymltrain.plan.plan import TargetSpec

Mask = npt.NDArray[np.bool_]


def start_target(spec: TargetSpec) -> RegressionFit | ClassificationFit:
    """Begin to learn a target. Give `update` every block: the column, its finite values or nulls, and which rows train."""
    return RegressionFit(spec.transform) if spec.task == "regression" else ClassificationFit(spec.column)


class RegressionFit:
    """Mean and standard deviation of the transformed target in the train split."""

    def __init__(self, transform: Transform) -> None:
        self._transform: Transform = transform
        self._moments = RunningMoments()
        self._undefined = 0
        self._first: tuple[int, float] = (0, 0.0)

    def update(self, column: pl.Series, is_train: Mask, first_row: int) -> None:
        """Learn from the rows that train; look at all for values that have no logarithm."""
        values = column.to_numpy()
        is_undefined = values <= DOMAIN_BEGINS_ABOVE[self._transform]
        if is_undefined.any():
            position = int(is_undefined.argmax())
            self._first = self._first if self._undefined else (first_row + position, float(values[position]))
            self._undefined += int(is_undefined.sum())
        if not self._undefined:
            forward, _ = TRANSFORMS[self._transform]
            self._moments.update(forward(values[is_train & ~np.isnan(values)]))

    def finish(self) -> tuple[RegressionTarget, list[str]]:
        """The target, and warnings."""
        if self._undefined:
            row, value = self._first
            raise undefined_logarithm(self._transform, self._undefined, value, row)
        warnings = ["the target has one value only in the train split"] if self._moments.is_constant else []
        return RegressionTarget(self._transform, self._moments.finish()), warnings


class ClassificationFit:
    """The labels of the whole table, and which of them train."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._labels: set[str] = set()
        self._trained: set[str] = set()

    def update(self, column: pl.Series, is_train: Mask, first_row: int) -> None:  # noqa: ARG002  a label is right wherever it stands
        """Gather the labels."""
        self._labels.update(column.drop_nulls().unique().to_list())
        self._trained.update(column.filter(pl.Series(is_train)).drop_nulls().unique().to_list())

    def finish(self) -> tuple[ClassificationTarget, list[str]]:
        """The target, and warnings."""
        classes = sorted(self._labels)
        if len(classes) < 2:
            raise DataError(
                "YT722",
                f'the target "{self._column}" has one class only: "{classes[0]}"',
                "a classifier needs rows of at least two classes; is this the right column, and is the table complete?",
            )
        untrained = [label for label in classes if label not in self._trained]
        warnings = [f'no row of the train split has the class "{label}" of the target' for label in untrained]
        return ClassificationTarget(classes), warnings
