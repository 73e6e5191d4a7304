"""What is learned about the target while the table goes by.

YT722 a target of too few or too many classes; YT724 a logarithm of a value that has none; YT732 a label, or a class weight's
label, that the target does not have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.target import (
    TRANSFORMS,
    BinaryTarget,
    ClassificationTarget,
    FittedTarget,
    MultilabelTarget,
    OrdinalTarget,
    RegressionTarget,
)
from ymltrain.diagnostics import DataError
from ymltrain.kinds.moments import RunningMoments
from ymltrain.plan.plan import TargetSpec
from ymltrain.plan.target_faults import (
    DOMAIN_BEGINS_ABOVE,
    Transform,
    no_positive_class,
    one_class,
    undefined_logarithm,
    unknown_weight,
    unlisted_class,
)

Mask = npt.NDArray[np.bool_]


class TargetFit(Protocol):
    """Learns a target, block by block."""

    def update(self, columns: Sequence[pl.Series], is_train: Mask, first_row: int) -> None:
        """Take in a block: the target's columns, nulls where a value is missing, and which rows train."""
        ...

    def finish(self) -> tuple[FittedTarget, list[str]]:
        """The target, and warnings. Raises DataError when it cannot be trained towards."""
        ...


def start_target(spec: TargetSpec) -> TargetFit:
    """Begin to learn a target."""
    if spec.task == "regression":
        return RegressionFit(spec.transform)
    return MultilabelFit(spec) if spec.task == "multilabel" else LabelsFit(spec)


class RegressionFit:
    """Mean and standard deviation of the transformed target in the train split."""

    def __init__(self, transform: Transform) -> None:
        self._transform: Transform = transform
        self._moments = RunningMoments()
        self._undefined = 0
        self._first: tuple[int, float] = (0, 0.0)

    def update(self, columns: Sequence[pl.Series], is_train: Mask, first_row: int) -> None:
        """Learn from the rows that train; look at all for values that have no logarithm."""
        values = columns[0].to_numpy()
        is_undefined = values <= DOMAIN_BEGINS_ABOVE[self._transform]
        if is_undefined.any():
            position = int(is_undefined.argmax())
            self._first = self._first if self._undefined else (first_row + position, float(values[position]))
            self._undefined += int(is_undefined.sum())
        if not self._undefined:
            forward, _ = TRANSFORMS[self._transform]
            self._moments.update(forward(values[is_train & ~np.isnan(values)]))

    def finish(self) -> tuple[FittedTarget, list[str]]:
        if self._undefined:
            row, value = self._first
            raise undefined_logarithm(self._transform, self._undefined, value, row)
        warnings = ["the target has one value only in the train split"] if self._moments.is_constant else []
        return RegressionTarget(self._transform, self._moments.finish()), warnings


class LabelsFit:
    """The labels of the whole table, and how often each of them trains."""

    def __init__(self, spec: TargetSpec) -> None:
        self._spec = spec
        self._labels: set[str] = set()
        self._trained: Counter[str] = Counter()

    def update(self, columns: Sequence[pl.Series], is_train: Mask, first_row: int) -> None:  # noqa: ARG002  a label is right wherever it stands
        column = columns[0].cast(pl.String)
        self._labels.update(column.drop_nulls().unique().to_list())
        counted = column.filter(pl.Series(is_train)).drop_nulls().value_counts()
        self._trained.update(dict(zip(counted.to_series(0).to_list(), counted.to_series(1).to_list(), strict=True)))

    def finish(self) -> tuple[FittedTarget, list[str]]:
        spec = self._spec
        found = sorted(self._labels)
        if len(found) < 2:
            raise one_class(spec.name, found[0])
        classes = self._ordered(found)
        warnings = [
            f'no row of the train split has the class "{label}" of the target' for label in classes if not self._trained[label]
        ]
        weights = self._class_weights(classes)
        if spec.task == "binary":
            return BinaryTarget(classes, spec.threshold, weights), warnings
        return (OrdinalTarget if spec.task == "ordinal" else ClassificationTarget)(classes, weights), warnings

    def _ordered(self, found: list[str]) -> list[str]:
        """The classes in the order that their ids take."""
        spec = self._spec
        if spec.task == "ordinal":
            return self._ranked(found)
        if spec.task != "binary":
            return found
        if len(found) > 2:
            shown = ", ".join(found[:5])
            raise DataError(
                "YT722",
                f'the target "{spec.name}" has {len(found)} classes ({shown}…), and a binary one has two',
                "leave `task: binary` out to tell all of them apart",
            )
        positive = spec.positive if spec.positive is not None else found[1]
        if positive not in found:
            raise no_positive_class(spec.name, positive, found)
        return [found[found[0] == positive], positive]

    def _ranked(self, found: list[str]) -> list[str]:
        order = self._spec.order
        if order is None:
            return sorted(found, key=float)  # a rule of the compiler asks for an order unless they are numbers
        unlisted = [label for label in found if label not in order]
        if unlisted:
            raise unlisted_class(self._spec.name, unlisted[0])
        return list(order)

    def _class_weights(self, classes: list[str]) -> list[float] | None:
        """Of each class; `balanced` as scikit-learn has it: rows / (classes × rows of the class)."""
        wanted = self._spec.class_weights
        if wanted is None:
            return None
        if wanted == "balanced":
            total = sum(self._trained.values())
            return [total / (len(classes) * self._trained[label]) if self._trained[label] else 1.0 for label in classes]
        unknown = [label for label in wanted if label not in classes]
        if unknown:
            raise unknown_weight(self._spec.name, unknown[0], classes)
        return [wanted.get(label, 1.0) for label in classes]


class MultilabelFit:
    """Which labels occur in the train split."""

    def __init__(self, spec: TargetSpec) -> None:
        self._spec = spec
        self._trained = np.zeros((len(spec.columns), 2), np.int64)

    def update(self, columns: Sequence[pl.Series], is_train: Mask, first_row: int) -> None:  # noqa: ARG002  a label is right wherever it stands
        for position, column in enumerate(columns):
            trained = column.filter(pl.Series(is_train)).drop_nulls()
            self._trained[position] += (trained.len() - trained.sum(), trained.sum())

    def finish(self) -> tuple[FittedTarget, list[str]]:
        warnings = []
        for name, (no, yes) in zip(self._spec.columns, self._trained.tolist(), strict=True):
            if not no or not yes:
                warnings.append(f'the label "{name}" is {"always" if yes else "never"} true in the train split')
        return MultilabelTarget(self._spec.columns, self._spec.threshold), warnings
