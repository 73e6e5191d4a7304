"""The gate of an export: rows through it in batches of one, two and many, held against the model that was trained.

An output may differ by a tolerance times the largest number that the network saw or made in that row (1 at least): sums
round by that. What outputs mean is computed in float64, so numbers and probabilities are held to the export's own outputs to
nine digits, and no decision may differ. Rows of which the network itself makes nothing finite are counted and left out: there
is nothing to be equal to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from torch import nn

from ymltrain.bundle.predictor import Predictor
from ymltrain.diagnostics import BundleError
from ymltrain.export.contract import Replay
from ymltrain.export.layout import Layout, part_of
from ymltrain.export.programs import Run

TOLERANCES = {"torch.float64": 1e-10, "torch.float32": 1e-5, "torch.bfloat16": 2e-2, "torch.float16": 2e-3}
"""By the dtype of the network's weights: about 80 roundings of float32, 2 to 3 of the narrow ones."""
MEANING_TOLERANCE = 1e-9
MOST_SMALL_BATCHES = 256
"""Rows that go through in batches of one and of two: those at the beginning (normal ones) and at the end (edges)."""


def replay_export(run: Run, layout: Layout, predictor: Predictor, rows: pl.DataFrame, kinds: Sequence[str]) -> Replay:
    """Hold an export against its model. Raises BundleError: YT891 a difference, YT892 a decision that flips."""
    expected = _Expected(predictor, rows, kinds)
    arrays = layout.arrays(predictor, rows)
    numbers = np.arange(rows.height)
    picked = np.union1d(numbers[: MOST_SMALL_BATCHES // 2], numbers[-(MOST_SMALL_BATCHES // 2) :])
    few = {name: array[picked] for name, array in arrays.items()}
    largest = 0.0
    for size, part, of in ((1, few, picked), (2, few, picked), (rows.height, arrays, numbers)):
        outputs = _in_batches(run, part, size, len(of))
        largest = max(largest, expected.compare(outputs, of, size))
    return Replay(
        rows=rows.height,
        kinds=dict(Counter(kinds)),
        not_finite=int((~expected.is_finite).sum()),
        batches=(1, 2, rows.height),
        tolerance=expected.tolerance,
        largest_difference=largest,
    )


class _Expected:
    """What the trained model makes of the rows."""

    def __init__(self, predictor: Predictor, rows: pl.DataFrame, kinds: Sequence[str]) -> None:
        self._target = predictor.target
        self._state = predictor.contract.target.state
        self._kinds = kinds
        encoded = predictor.encode(rows)
        self._output = predictor.outputs(encoded)
        self._predictions = predictor.decode(self._output)["prediction"].to_list()
        self.is_finite = finite_rows(self._output)
        seen = np.abs(encoded["number"]).max(axis=1) if "number" in encoded else 0.0
        self._scale = np.maximum(np.maximum(1.0, seen), np.abs(np.nan_to_num(self._output)).max(axis=1))
        self.tolerance = tolerance_of(predictor.network)

    def compare(self, outputs: Mapping[str, npt.NDArray[Any]], numbers: npt.NDArray[np.int64], size: int) -> float:
        """The largest difference, as a share; raises BundleError where one is too large."""
        given = outputs["output"]
        if given.shape != (len(numbers), self._output.shape[1]):
            message = f"of {len(numbers)} rows in batches of {size} the export makes an array of shape {given.shape}"
            raise refused("YT891", message)
        kept = np.asarray(self.is_finite[numbers])
        with np.errstate(invalid="ignore", over="ignore"):
            apart = np.abs(given.astype(np.float64) - self._output[numbers]).max(axis=1) / self._scale[numbers]
        is_apart = kept & ~(apart <= self.tolerance)
        if is_apart.any():
            row = int(is_apart.argmax())
            is_, was = given[row].tolist(), self._output[numbers[row]].tolist()
            raise refused("YT891", f"{self._name(numbers[row], size)}: the export makes {_short(is_)}, the model {_short(was)}")
        self._compare_meaning(outputs, numbers, kept, size)
        self._compare_decisions(outputs, numbers, kept, size)
        return float(apart[kept].max(initial=0.0))

    def _compare_meaning(
        self, outputs: Mapping[str, npt.NDArray[Any]], numbers: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_], size: int
    ) -> None:
        meant = self._target.decode(outputs["output"])
        for name in ("value", "probabilities"):
            if name in outputs:
                close = np.isclose(outputs[name], meant, rtol=MEANING_TOLERANCE, atol=MEANING_TOLERANCE, equal_nan=True)
                is_apart = kept & ~close.reshape(len(numbers), -1).all(axis=1)
                if is_apart.any():
                    row = int(is_apart.argmax())
                    message = f"{self._name(numbers[row], size)}: the export's {name} are {_short(outputs[name][row].tolist())}"
                    raise refused("YT891", f"{message}, its outputs mean {_short(meant[row].tolist())}")

    def _compare_decisions(
        self, outputs: Mapping[str, npt.NDArray[Any]], numbers: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_], size: int
    ) -> None:
        if self._state["task"] == "regression":
            return
        decided = self._decided(outputs)
        for position, number in enumerate(numbers):
            if kept[position] and decided[position] != self._predictions[number]:
                message = f"the export decides {decided[position]}, the model {self._predictions[number]}"
                raise refused("YT892", f"{self._name(int(number), size)}: {message}")

    def _decided(self, outputs: Mapping[str, npt.NDArray[Any]]) -> list[Any]:
        """Labels, in the words of the model's predictions."""
        if "decision" not in outputs:
            return next(iter(self._target.predictions(outputs["output"]))).to_list()
        if self._state["task"] == "multilabel":
            labels = self._state["labels"]
            return [[name for name, is_on in zip(labels, row, strict=True) if is_on] for row in outputs["decision"].tolist()]
        return [self._state["classes"][index] for index in outputs["decision"].tolist()]

    def _name(self, number: int, size: int) -> str:
        return f"row {number + 1} ({self._kinds[number]}), in a batch of {size}"


def tolerance_of(network: nn.Module) -> float:
    """How far an output may be from the model's, as a share: by the dtype of the weights."""
    dtype = str(next((weight.dtype for weight in network.parameters()), "torch.float32"))
    return TOLERANCES.get(dtype, TOLERANCES["torch.float32"])


def finite_rows(output: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Which rows of an output `[n, width]` are finite."""
    finite: npt.NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(output), axis=1)
    return finite


def _in_batches(run: Run, arrays: Mapping[str, npt.NDArray[Any]], size: int, rows: int) -> dict[str, npt.NDArray[Any]]:
    parts = [run(part_of(arrays, start, start + size)) for start in range(0, rows, size)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def refused(code: str, message: str) -> BundleError:
    """The error that refuses an export."""
    return BundleError(code, f"the export is refused: {message}", "nothing was left behind; `predict` and `serve` use no export")


def _short(values: object) -> str:
    text = str(values)
    return text if len(text) <= 80 else f"{text[:80]}…"
