"""The target: what a network is trained towards, and its output back in the user's own units.

Written rules. A numeric target is transformed (`log`, `log1p` or not at all), then standardised with mean and standard
deviation of the train split, in float64; predictions take the same way back. The classes of a target are all its
distinct values in the whole table, sorted by code point: labels are part of the problem as it is posed, not a statistic
learned from data. A row without a target (null, NaN, infinite) is dropped.

YT724 a logarithm of a value that has none; YT726 a label that is none of the classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.diagnostics import DataError
from ymltrain.kinds.moments import Moments
from ymltrain.plan.shapes import OutputShape

Transform = Literal["none", "log", "log1p"]
Floats: TypeAlias = npt.NDArray[np.float64]

TRANSFORMS: dict[Transform, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "none": (np.positive, np.positive),
    "log": (np.log, np.exp),
    "log1p": (np.log1p, np.expm1),
}
DOMAIN_BEGINS_ABOVE: dict[Transform, float] = {"none": -np.inf, "log": 0.0, "log1p": -1.0}


class RegressionTarget:
    """A number: transformed, then standardised."""

    output = OutputShape(task="regression", width=1)

    def __init__(self, transform: Transform, moments: Moments) -> None:
        self._transform: Transform = transform
        self._moments = moments

    @property
    def state(self) -> dict[str, Any]:
        """What was learned, as plain JSON; `restore_target` takes it back."""
        return {"task": "regression", "transform": self._transform, "mean": self._moments.mean, "std": self._moments.std}

    def encode(self, column: pl.Series) -> npt.NDArray[np.float32]:
        """`[n]` on the encoded scale, from a Float64 column. Raises DataError (YT724) where the transform is not defined."""
        values = column.to_numpy()
        begin = DOMAIN_BEGINS_ABOVE[self._transform]
        if (values <= begin).any():
            raise undefined_logarithm(self._transform, int((values <= begin).sum()), float(values[values <= begin][0]))
        forward, _ = TRANSFORMS[self._transform]
        largest = np.finfo(np.float32).max
        with np.errstate(over="ignore"):
            scaled = (forward(values) - self._moments.mean) / self._moments.std
        return scaled.clip(-largest, largest).astype(np.float32)

    def decode(self, output: npt.NDArray[Any]) -> Floats:
        """Float64 `[n]` in the user's units, from encoded values `[n]` or `[n, 1]`."""
        _, back = TRANSFORMS[self._transform]
        with np.errstate(over="ignore"):
            return back(output.reshape(-1).astype(np.float64) * self._moments.std + self._moments.mean)

    def predictions(self, output: npt.NDArray[Any]) -> pl.Series:
        """The predicted numbers, `[n]`, in the user's units."""
        return pl.Series("prediction", self.decode(output))


class ClassificationTarget:
    """One of several labels."""

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self.output = OutputShape(task="classification", width=len(self.classes))
        self._known = pl.Enum(self.classes)

    @property
    def state(self) -> dict[str, Any]:
        """What was learned, as plain JSON; `restore_target` takes it back."""
        return {"task": "classification", "classes": list(self.classes)}

    def encode(self, column: pl.Series) -> npt.NDArray[np.int64]:
        """`[n]` class ids, from a String column. Raises DataError (YT726) for a label that is none of the classes."""
        ids = column.cast(self._known, strict=False).to_physical().cast(pl.Int64)
        if ids.null_count():
            label = column.filter(ids.is_null())[0]
            raise DataError("YT726", f'the target holds "{label}", which is none of the classes {", ".join(self.classes)}')
        return ids.to_numpy(writable=True)

    def decode(self, output: npt.NDArray[Any]) -> Floats:
        """Probabilities, float64 `[n, classes]`, from logits of that shape."""
        logits = output.astype(np.float64)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)  # type: ignore[no-any-return] # numpy's stubs lose the type here

    def predictions(self, output: npt.NDArray[Any]) -> pl.Series:
        """The most probable labels, `[n]`; of equally probable ones the first."""
        return pl.Series("prediction", [self.classes[index] for index in output.argmax(axis=1)], pl.String)


FittedTarget: TypeAlias = RegressionTarget | ClassificationTarget


def restore_target(state: Mapping[str, Any]) -> FittedTarget:
    """A target from its state."""
    if state["task"] == "regression":
        return RegressionTarget(state["transform"], Moments(mean=state["mean"], std=state["std"]))
    return ClassificationTarget(state["classes"])


def undefined_logarithm(transform: Transform, count: int, value: float, row: int | None = None) -> DataError:
    """The error for target values that have no logarithm."""
    begin = DOMAIN_BEGINS_ABOVE[transform]
    rows = "1 row has" if count == 1 else f"{count:,} rows have"
    where = "" if row is None else f" (first in row {row + 1})"
    return DataError(
        "YT724",
        f"the target is transformed by {transform}, which needs values above {begin:g}, but {rows} others: {value:g}{where}",
        "remove these rows, or take another `transform` of the target: none" + (", log1p" if transform == "log" else ""),
    )
