"""What each row weighs in the loss.

Written rule. A weight is 0 or more; a row without one, or with another, is an error. A row's weight is that of its column,
1 where the recipe names none, times that of its class. Losses are sums of weighted row losses over the sum of weights, in
training, validation and test alike; metrics count every row once.

YT731 a weight that is none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.diagnostics import DataError


def check_weights(weights: pl.Series, name: str, is_kept: npt.NDArray[np.bool_], first_row: int) -> None:
    """Raise DataError for a kept row whose weight is missing, negative or not finite."""
    values = weights.to_numpy()
    is_wrong = is_kept & ~((values >= 0) & np.isfinite(values))
    if is_wrong.any():
        position = int(is_wrong.argmax())
        value = "missing" if np.isnan(values[position]) else f"{values[position]:g}"
        message = f'the weight "{name}" is {value} in row {first_row + position + 1}'
        raise DataError("YT731", message, "give every row a weight of 0 or more; 0 leaves a row out of the loss")


def row_weights(
    column: pl.Series | None, class_weights: tuple[float, ...] | None, target: npt.NDArray[Any]
) -> npt.NDArray[np.float32] | None:
    """float32 `[n]` from a weight column and the classes of an encoded target; None where every row weighs 1."""
    if column is None and class_weights is None:
        return None
    weights = np.ones(len(target)) if column is None else column.to_numpy().astype(np.float64)
    if class_weights is not None:
        weights = weights * np.array(class_weights)[target.astype(np.int64)]
    return weights.astype(np.float32)
