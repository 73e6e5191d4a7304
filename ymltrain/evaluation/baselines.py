"""What a model is compared with, always: the constant that knows no feature, and a linear model of the same encoded features.

Written rules. Of a number the constant is the mean of the train rows (`mean`); of classes and labels it is their shares, so
that the label it gives is the most frequent one (`majority`). The linear model of a number is least squares in the target's own
units; of classes it is logistic regression, of labels one for each. Both count every row once, as metrics do. The linear model
has a little ridge (1e-4 of standardised features), and learns from at most 10,000 train rows drawn evenly, fewer where it has
many columns: it is there to be beaten, and must cost next to nothing. A category counts with its 64 most frequent values, words
with the 256 most frequent ones. Wider than 4,096 columns, or with more than 200,000 weights, there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ymltrain.data.loader import EncodedRows
from ymltrain.data.target import FittedTarget
from ymltrain.plan.shapes import OutputShape

FITTED_ROWS = 10_000
FITTED_CELLS = 2_000_000
MOST_COLUMNS = 4_096
MOST_WEIGHTS = 200_000
MOST_VALUES = {"category": 64, "tokens": 256}
RIDGE = 1e-4
ITERATIONS = 40
CHUNK = 16_384
LEARNED_TASKS = ("regression", "classification", "binary", "multilabel", "ordinal")

Floats: TypeAlias = npt.NDArray[np.float64]
Encoded: TypeAlias = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Design:
    """Encoded features as the columns of a linear model: numbers standardised, each kept value of a category 0 or 1.

    `kept` are the ids that have a column of their own: for each category, and for all words together.
    """

    centre: Floats
    scale: Floats
    kept: tuple[tuple[str, int, npt.NDArray[np.int64]], ...]

    @classmethod
    def of(cls, encoded: Encoded) -> Design:
        """What the rows say of numbers and of the most frequent values."""
        numbers = encoded["number"].astype(np.float64) if "number" in encoded else np.zeros((1, 0))
        spread = numbers.std(axis=0)
        kept = [
            ("category", place, _frequent(column, MOST_VALUES["category"]))
            for place, column in enumerate(encoded["category"].T if "category" in encoded else ())
        ]
        if "tokens" in encoded:
            words = _frequent(encoded["tokens"].ravel(), MOST_VALUES["tokens"] + 1)
            kept.append(("tokens", 0, words[words > 0]))  # 0 stands after a row's last word
        return cls(numbers.mean(axis=0), np.where(spread > 0, spread, 1.0), tuple(kept))

    @property
    def width(self) -> int:
        """The columns, with the one that is always 1."""
        return 1 + len(self.centre) + sum(len(ids) for _, _, ids in self.kept)

    def matrix(self, encoded: Encoded) -> Floats:
        """`[n, width]`."""
        rows = len(next(iter(encoded.values())))
        parts = [np.ones((rows, 1))]
        if len(self.centre):
            parts.append((encoded["number"].astype(np.float64) - self.centre) / self.scale)
        for kind, place, ids in self.kept:
            if kind == "category":
                parts.append((encoded[kind][:, place, None] == ids).astype(np.float64))
            else:
                parts.append((encoded[kind][:, :, None] == ids).sum(axis=1).astype(np.float64))
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class Baselines:
    """The fitted baselines of a target. `constant` is what each row gets; `weights` `[width, outputs]` are of the linear model."""

    output: OutputShape
    constant: Floats
    design: Design | None = None
    weights: Floats | None = None

    def predict(self, encoded: Encoded, rows: int) -> dict[str, Floats]:
        """By name, predictions as metrics take them: `[n]` or `[n, classes or labels]`."""
        name = "mean" if self.output.task == "regression" else "majority"
        predicted = {name: np.broadcast_to(self.constant, (rows, *self.constant.shape)).copy()}
        if self.design is not None and self.weights is not None:
            predicted["linear"] = np.concatenate([*self._linear(self.design, self.weights, encoded, rows)])
        return predicted

    def _linear(self, design: Design, weights: Floats, encoded: Encoded, rows: int) -> Iterator[Floats]:
        for start in range(0, max(rows, 1), CHUNK):
            part = {kind: array[start : start + CHUNK] for kind, array in encoded.items()}
            yield _decoded(design.matrix(part) @ weights, self.output)

    def tensors(self) -> dict[str, Tensor]:
        """All that was learned, to be kept in a bundle."""
        tensors = {"constant": torch.from_numpy(np.atleast_1d(self.constant))}
        if self.design is None or self.weights is None:
            return tensors
        tensors |= {
            "centre": torch.from_numpy(self.design.centre),
            "scale": torch.from_numpy(self.design.scale),
            "weights": torch.from_numpy(np.ascontiguousarray(self.weights)),
        }
        return tensors | {f"kept.{kind}.{place}": torch.from_numpy(ids) for kind, place, ids in self.design.kept}


def restore_baselines(output: OutputShape, tensors: Mapping[str, Tensor]) -> Baselines:
    """Baselines from what a bundle keeps."""
    is_scalar = output.task in ("regression", "binary")
    constant = tensors["constant"].numpy()
    constant = constant.reshape(()) if is_scalar else constant
    if "weights" not in tensors:
        return Baselines(output, constant)
    names = sorted((name for name in tensors if name.startswith("kept.")), key=_place)
    kept = tuple((*_place(name), tensors[name].numpy()) for name in names)
    design = Design(tensors["centre"].numpy(), tensors["scale"].numpy(), kept)
    return Baselines(output, constant, design, tensors["weights"].numpy())


def fit_baselines(train: EncodedRows, target: FittedTarget, seed: int) -> Baselines | None:
    """Learn them from the encoded train rows; None for a task that has none."""
    output = target.output
    if output.task not in LEARNED_TASKS or not train.rows:
        return None
    constant = _constant(target.truth(train.target), output)
    design = Design.of(_rows_of(train, _drawn(train.rows, FITTED_ROWS, seed)))
    outputs = 1 if output.task in ("regression", "binary") else max(output.classes, output.width)
    if design.width > MOST_COLUMNS or design.width * outputs > MOST_WEIGHTS:
        return Baselines(output, constant)
    rows = _drawn(train.rows, min(FITTED_ROWS, max(FITTED_CELLS // (design.width * outputs), 5 * design.width)), seed)
    truth = target.truth(train.target[rows])
    matrix = design.matrix(_rows_of(train, rows))
    learn = _least_squares if output.task == "regression" else _logistic
    weights = learn(matrix, truth, output)
    return Baselines(output, constant, design, weights) if np.isfinite(weights).all() else Baselines(output, constant)


def _place(name: str) -> tuple[str, int]:
    _, kind, place = name.split(".")
    return kind, int(place)


def _constant(truth: npt.NDArray[Any], output: OutputShape) -> Floats:
    if output.task in ("classification", "ordinal"):
        return np.bincount(truth, minlength=output.classes) / len(truth)
    return np.asarray(truth.mean(axis=0, dtype=np.float64))


def _drawn(rows: int, most: int, seed: int) -> npt.NDArray[np.int64]:
    """At most so many row numbers, ascending."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.Generator(np.random.Philox(seed)).choice(rows, most, replace=False, shuffle=False))


def _rows_of(split: EncodedRows, rows: npt.NDArray[np.int64]) -> Encoded:
    return {kind: array[rows] for kind, array in split.inputs.items()}


def _frequent(ids: npt.NDArray[Any], most: int) -> npt.NDArray[np.int64]:
    """The most frequent ids, ascending."""
    counts = np.bincount(ids)
    ranked = np.argsort(-counts, kind="stable")[:most]
    return np.sort(ranked[counts[ranked] > 0]).astype(np.int64)


def _least_squares(matrix: Floats, truth: Floats, _: OutputShape) -> Floats:
    scale = truth.std() or 1.0
    moments = matrix.T @ matrix / len(matrix)
    moments[np.diag_indices_from(moments)] += RIDGE
    centred = matrix.T @ ((truth - truth.mean()) / scale) / len(matrix)
    weights = np.linalg.solve(moments, centred) * scale
    weights[0] += truth.mean()
    return weights[:, None]


def _logistic(matrix: Floats, truth: npt.NDArray[np.int64], output: OutputShape) -> Floats:
    """Logistic regression by L-BFGS: one softmax over classes, or one sigmoid for each label."""
    rows, is_softmax = torch.from_numpy(matrix), output.task in ("classification", "ordinal")
    true = torch.from_numpy(truth) if is_softmax else torch.from_numpy(truth.astype(np.float64)).reshape(len(truth), -1)
    weights = torch.zeros(matrix.shape[1], output.classes if is_softmax else true.shape[1], dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS([weights], max_iter=ITERATIONS, line_search_fn="strong_wolfe", tolerance_grad=1e-5, history_size=8)
    loss_of = torch.nn.functional.cross_entropy if is_softmax else torch.nn.functional.binary_cross_entropy_with_logits

    def loss() -> Tensor:
        search.zero_grad()
        value: Tensor = loss_of(rows @ weights, true) + RIDGE * (weights[1:] ** 2).sum()
        torch.autograd.backward(value)
        return value

    search.step(loss)  # type: ignore[no-untyped-call] # torch annotates nothing here
    return weights.detach().numpy()


def _decoded(scores: Floats, output: OutputShape) -> Floats:
    """Scores of the linear model as metrics take predictions."""
    if output.task == "regression":
        return scores[:, 0]
    if output.task in ("classification", "ordinal"):
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)  # type: ignore[no-any-return] # numpy's stubs lose the type here
    probabilities = np.exp(-np.logaddexp(0.0, -scores))
    return probabilities[:, 0] if output.task == "binary" else probabilities
