"""The target: what a network is trained towards, and its output back in the user's own units.

Written rules. A numeric target is transformed (`log`, `log1p` or not at all), then standardised with mean and standard
deviation of the train split, in float64; predictions take the same way back. The classes of a target are all its
distinct values in the whole table, sorted by code point: labels are part of the problem as it is posed, not a statistic
learned from data. An ordinal target's classes are those of its `order`, or sorted numbers where it is one. A row without
a target (null, NaN, infinite; of several label columns, any) is dropped.

YT724 a logarithm of a value that has none; YT726 a label that is none of the classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.diagnostics import DataError
from ymltrain.kinds.moments import Moments
from ymltrain.plan.shapes import OutputShape
from ymltrain.plan.target_faults import DOMAIN_BEGINS_ABOVE, Transform, undefined_logarithm

Floats: TypeAlias = npt.NDArray[np.float64]

TRANSFORMS: dict[Transform, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "none": (np.positive, np.positive),
    "log": (np.log, np.exp),
    "log1p": (np.log1p, np.expm1),
}


class FittedTarget(Protocol):
    """What was learned of a target, and the ways there and back."""

    @property
    def output(self) -> OutputShape: ...

    @property
    def state(self) -> dict[str, Any]:
        """What was learned, as plain JSON; `restore_target` takes it back."""
        ...

    @property
    def class_weights(self) -> tuple[float, ...] | None:
        """What a row weighs in the loss by its class; None where all weigh the same."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its classes or labels, as probabilities have them; none of a number."""
        ...

    def encode(self, columns: Sequence[pl.Series]) -> npt.NDArray[Any]:
        """The target as losses take it: float32 `[n]` or `[n, labels]`, or int64 class ids `[n]`."""
        ...

    def decode(self, output: npt.NDArray[Any]) -> Floats:
        """Outputs `[n, width]` as metrics take them: numbers or probabilities, `[n]` or `[n, classes or labels]`."""
        ...

    def truth(self, target: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An encoded target as metrics take it: float64 numbers, or int64."""
        ...

    def predictions(self, output: npt.NDArray[Any]) -> list[pl.Series]:
        """The columns that a prediction has for people: first `prediction`, then probabilities."""
        ...


class RegressionTarget:
    """A number: transformed, then standardised."""

    output = OutputShape(task="regression", width=1)
    class_weights = None
    labels: tuple[str, ...] = ()

    def __init__(self, transform: Transform, moments: Moments) -> None:
        self._transform: Transform = transform
        self._moments = moments

    @property
    def state(self) -> dict[str, Any]:
        return {"task": "regression", "transform": self._transform, "mean": self._moments.mean, "std": self._moments.std}

    def encode(self, columns: Sequence[pl.Series]) -> npt.NDArray[np.float32]:
        """`[n]` on the encoded scale, from a Float64 column. Raises DataError (YT724) where the transform is not defined."""
        values = columns[0].to_numpy()
        begin = DOMAIN_BEGINS_ABOVE[self._transform]
        if (values <= begin).any():
            raise undefined_logarithm(self._transform, int((values <= begin).sum()), float(values[values <= begin][0]))
        forward, _ = TRANSFORMS[self._transform]
        largest = np.finfo(np.float32).max
        with np.errstate(over="ignore"):
            scaled = (forward(values) - self._moments.mean) / self._moments.std
        return scaled.clip(-largest, largest).astype(np.float32)

    def decode(self, output: npt.NDArray[Any]) -> Floats:
        _, back = TRANSFORMS[self._transform]
        with np.errstate(over="ignore"):
            return back(output.reshape(-1).astype(np.float64) * self._moments.std + self._moments.mean)

    def truth(self, target: npt.NDArray[Any]) -> Floats:
        return self.decode(target)

    def predictions(self, output: npt.NDArray[Any]) -> list[pl.Series]:
        return [pl.Series("prediction", self.decode(output))]


class _Labelled:
    """What targets of labels have in common: a list of classes, and ids in it."""

    def __init__(self, classes: Sequence[str], class_weights: Sequence[float] | None) -> None:
        self.classes = self.labels = tuple(classes)
        self.class_weights = tuple(class_weights) if class_weights is not None else None
        self._known = pl.Enum(self.classes)

    def _ids(self, column: pl.Series) -> npt.NDArray[np.int64]:
        """`[n]` class ids. Raises DataError (YT726) for a label that is none of the classes."""
        text = column.cast(pl.String)
        ids = text.cast(self._known, strict=False).to_physical().cast(pl.Int64)
        if ids.null_count():
            label = text.filter(ids.is_null())[0]
            raise DataError("YT726", f'the target holds "{label}", which is none of the classes {", ".join(self.classes)}')
        return ids.to_numpy(writable=True)

    def _probabilities(self, probabilities: Floats) -> list[pl.Series]:
        return [pl.Series(f"probability_{name}", probabilities[:, i]) for i, name in enumerate(self.classes)]

    def truth(self, target: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        return target.astype(np.int64)


class ClassificationTarget(_Labelled):
    """One of several labels, by softmax."""

    @property
    def output(self) -> OutputShape:
        return OutputShape(task="classification", width=len(self.classes))

    @property
    def state(self) -> dict[str, Any]:
        return {"task": "classification", "classes": list(self.classes), "class_weights": self.class_weights}

    def encode(self, columns: Sequence[pl.Series]) -> npt.NDArray[np.int64]:
        return self._ids(columns[0])

    def decode(self, output: npt.NDArray[Any]) -> Floats:
        logits = output.astype(np.float64)
        with np.errstate(invalid="ignore"):  # a network that overflows on a value has no probabilities there: NaN
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)  # type: ignore[no-any-return] # numpy's stubs lose the type here

    def predictions(self, output: npt.NDArray[Any]) -> list[pl.Series]:
        """The most probable labels (of equally probable ones the first), and each class's probability."""
        labels = pl.Series("prediction", [self.classes[index] for index in output.argmax(axis=1)], pl.String)
        return [labels, *self._probabilities(self.decode(output))]


class BinaryTarget(_Labelled):
    """Yes or no: the classes are (negative, positive), the one logit is the positive one's."""

    def __init__(self, classes: Sequence[str], threshold: float, class_weights: Sequence[float] | None) -> None:
        super().__init__(classes, class_weights)
        self.output = OutputShape(task="binary", width=1, threshold=threshold)

    @property
    def state(self) -> dict[str, Any]:
        return {
            "task": "binary",
            "classes": list(self.classes),
            "threshold": self.output.threshold,
            "class_weights": self.class_weights,
        }

    def encode(self, columns: Sequence[pl.Series]) -> npt.NDArray[np.float32]:
        return self._ids(columns[0]).astype(np.float32)

    def decode(self, output: npt.NDArray[Any]) -> Floats:
        return sigmoid(output.reshape(-1))

    def predictions(self, output: npt.NDArray[Any]) -> list[pl.Series]:
        """The positive label where its probability reaches the threshold, and that probability."""
        probability = self.decode(output)
        labels = [self.classes[int(is_positive)] for is_positive in probability >= self.output.threshold]
        return [pl.Series("prediction", labels, pl.String), pl.Series(f"probability_{self.classes[1]}", probability)]


class MultilabelTarget:
    """Any number of labels at once, each yes or no."""

    class_weights = None

    def __init__(self, labels: Sequence[str], threshold: float) -> None:
        self.labels = tuple(labels)
        self.output = OutputShape(task="multilabel", width=len(self.labels), threshold=threshold)

    @property
    def state(self) -> dict[str, Any]:
        return {"task": "multilabel", "labels": list(self.labels), "threshold": self.output.threshold}

    def encode(self, columns: Sequence[pl.Series]) -> npt.NDArray[np.float32]:
        return np.stack([column.to_numpy().astype(np.float32) for column in columns], axis=1)

    def decode(self, output: npt.NDArray[Any]) -> Floats:
        return sigmoid(output)

    def truth(self, target: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        return target.astype(np.int64)

    def predictions(self, output: npt.NDArray[Any]) -> list[pl.Series]:
        """The labels that apply, as a list; then each label's probability."""
        probabilities = self.decode(output)
        applies = probabilities >= self.output.threshold
        lists = [[name for name, is_on in zip(self.labels, row, strict=True) if is_on] for row in applies]
        columns = [pl.Series(f"probability_{name}", probabilities[:, i]) for i, name in enumerate(self.labels)]
        return [pl.Series("prediction", lists, pl.List(pl.String)), *columns]


class OrdinalTarget(_Labelled):
    """Labels in an order, by the logits of being at least each of them (Frank & Hall 2001, trained jointly)."""

    @property
    def output(self) -> OutputShape:
        return OutputShape(task="ordinal", width=len(self.classes) - 1)

    @property
    def state(self) -> dict[str, Any]:
        return {"task": "ordinal", "classes": list(self.classes), "class_weights": self.class_weights}

    def encode(self, columns: Sequence[pl.Series]) -> npt.NDArray[np.int64]:
        return self._ids(columns[0])

    def decode(self, output: npt.NDArray[Any]) -> Floats:
        """Probabilities `[n, classes]`. Where a higher threshold is more probable than a lower one, the lower one's holds."""
        at_least = np.minimum.accumulate(sigmoid(output), axis=1)
        edges = np.concatenate([np.ones((len(output), 1)), at_least, np.zeros((len(output), 1))], axis=1)
        return edges[:, :-1] - edges[:, 1:]  # type: ignore[no-any-return] # numpy's stubs lose the type here

    def predictions(self, output: npt.NDArray[Any]) -> list[pl.Series]:
        """The median class, and each class's probability."""
        probabilities = self.decode(output)
        ranks = (probabilities.cumsum(axis=1) < 0.5).sum(axis=1).clip(max=len(self.classes) - 1)
        labels = pl.Series("prediction", [self.classes[rank] for rank in ranks], pl.String)
        return [labels, *self._probabilities(probabilities)]


def sigmoid(logits: npt.NDArray[Any]) -> Floats:
    """The probability that a logit stands for, without overflow."""
    with np.errstate(invalid="ignore"):  # an output that is not a number stays none
        return np.exp(-np.logaddexp(0.0, -logits.astype(np.float64)))


def restore_target(state: Mapping[str, Any]) -> FittedTarget:
    """A target from its state."""
    match state["task"]:
        case "regression":
            return RegressionTarget(state["transform"], Moments(mean=state["mean"], std=state["std"]))
        case "binary":
            return BinaryTarget(state["classes"], state["threshold"], state["class_weights"])
        case "multilabel":
            return MultilabelTarget(state["labels"], state["threshold"])
        case "ordinal":
            return OrdinalTarget(state["classes"], state["class_weights"])
    return ClassificationTarget(state["classes"], state["class_weights"])
