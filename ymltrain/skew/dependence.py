"""Which columns go together: rank correlations in the bins of a profile. A joint change may leave every column as it was."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.skew.profile import Dependence, Distribution

MOST_COLUMNS = 60


def measure_dependence(columns: Mapping[str, pl.Series], reference: Mapping[str, Distribution]) -> Dependence:
    """Correlations of measured columns; of the first sixty when there are more."""
    names = tuple(columns)[:MOST_COLUMNS]
    ranks = np.stack([_ranks(columns[name], reference[name]) for name in names]) if names else np.empty((0, 0))
    matrix = correlations(ranks)
    upper = matrix[np.triu_indices(len(names), 1)]
    rows = ranks.shape[1] if names else 0
    return Dependence(columns=names, rows=rows, correlations=tuple(round(float(value), 4) for value in upper))


def _ranks(column: pl.Series, reference: Distribution) -> npt.NDArray[np.float64]:
    """Each value's place among the reference's, in [0, 1], by its bin."""
    counts = reference.array + 0.5
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    middle[-1] = np.nan  # a missing value has no place
    places: npt.NDArray[np.float64] = middle[reference.bins.assign(column)]
    return places


def correlations(ranks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Correlations of rows over the columns where both have a value, 0 where one is constant."""
    if ranks.shape[0] < 2 or ranks.shape[1] < 2:
        return np.eye(ranks.shape[0])
    there = np.isfinite(ranks).astype(np.float64)
    counts = np.maximum(there.sum(axis=1, keepdims=True), 1)
    filled = np.where(there > 0, ranks, 0.0)
    centred = (filled - filled.sum(axis=1, keepdims=True) / counts) * there
    both = np.maximum(there @ there.T, 1)
    # each pair's own variances: rows that miss one of both count for neither
    squares = (centred * centred) @ there.T / both
    scale = np.sqrt(squares * squares.T)
    product = centred @ centred.T / both
    result: npt.NDArray[np.float64] = np.divide(product, scale, out=np.zeros_like(product), where=scale > 1e-12)
    return result


def pair_p_values(reference: Dependence, observed: Dependence) -> npt.NDArray[np.float64]:
    """For each pair the chance of correlations as different as these (Fisher's z), as many as `correlations`."""
    from torch import from_numpy
    from torch.special import ndtr

    if reference.rows < 10 or observed.rows < 10:
        return np.ones(len(reference.correlations))
    bound = 0.9999
    was = np.arctanh(np.clip(reference.correlations, -bound, bound))
    now = np.arctanh(np.clip(observed.correlations, -bound, bound))
    # 1.06: ranks instead of normal values (Fieller, Hartley and Pearson, 1957)
    error = np.sqrt(1.06 / (reference.rows - 3) + 1.06 / (observed.rows - 3))
    return np.asarray(2 * ndtr(from_numpy(-np.abs(now - was) / error)))
