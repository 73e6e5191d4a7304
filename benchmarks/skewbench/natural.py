"""Natural drift: rows of the real table chosen or changed as the world would, then served without a fault."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

DRIFTS: dict[str, Callable[[pl.DataFrame, int, np.random.Generator], pl.DataFrame]] = {}


def drift(
    function: Callable[[pl.DataFrame, int, np.random.Generator], pl.DataFrame],
) -> Callable[[pl.DataFrame, int, np.random.Generator], pl.DataFrame]:
    DRIFTS[function.__name__] = function
    return function


def _weighted(rows: pl.DataFrame, count: int, weights: np.ndarray, rng: np.random.Generator) -> pl.DataFrame:
    chance = weights / weights.sum()
    return rows[rng.choice(rows.height, count, replace=True, p=chance)]


def _numbers(rows: pl.DataFrame) -> list[str]:
    return [name for name, kind in rows.schema.items() if kind.is_numeric()]


def _texts(rows: pl.DataFrame) -> list[str]:
    return [name for name, kind in rows.schema.items() if kind == pl.String]


@drift
def more_of_the_large(rows: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Traffic leans to one end of a number."""
    name = str(rng.choice(_numbers(rows)))
    rank = rows.get_column(name).rank("average").to_numpy() / rows.height
    return _weighted(rows, count, np.exp(2 * np.nan_to_num(rank, nan=0.5)), rng)


@drift
def more_of_one_kind(rows: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """One category becomes popular."""
    name = str(rng.choice(_texts(rows)))
    value = rng.choice(rows.get_column(name).drop_nulls().unique().sort().to_list())
    return _weighted(rows, count, np.where((rows.get_column(name) == value).fill_null(value=False).to_numpy(), 4.0, 1.0), rng)


@drift
def inflation(rows: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """A number grows by some per cent everywhere."""
    name = str(rng.choice(_numbers(rows)))
    drawn = rows[rng.choice(rows.height, count)]
    return drawn.with_columns((pl.col(name) * float(rng.uniform(1.05, 1.5))).alias(name))


@drift
def growth(rows: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """All numbers move a little up, with noise."""
    drawn = rows[rng.choice(rows.height, count)]
    changes = [
        (
            pl.col(name)
            + float(rng.uniform(0, 0.3)) * float(rows.get_column(name).std() or 0)
            + pl.Series(rng.normal(0, 0.05, count)) * float(rows.get_column(name).std() or 0)
        ).alias(name)
        for name in _numbers(rows)
    ]
    return drawn.with_columns(changes)


@drift
def wider(rows: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """A number spreads out around its mean."""
    name = str(rng.choice(_numbers(rows)))
    mean = float(rows.get_column(name).mean() or 0)
    drawn = rows[rng.choice(rows.height, count)]
    return drawn.with_columns(((pl.col(name) - mean) * float(rng.uniform(1.2, 1.6)) + mean).alias(name))


@drift
def new_kind(rows: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """A category that nobody knew comes up."""
    name = str(rng.choice(_texts(rows)))
    drawn = rows[rng.choice(rows.height, count)]
    chosen = pl.Series(rng.random(count) < 0.05)
    return drawn.with_columns(pl.when(chosen).then(pl.lit("Novel")).otherwise(pl.col(name)).alias(name))


@drift
def subpopulation(rows: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Only a part of the former traffic remains."""
    name = str(rng.choice(_numbers(rows)))
    middle = float(rows.get_column(name).median() or 0)
    part = rows.filter(pl.col(name) >= middle)
    return part[rng.choice(part.height, count)]


@drift
def gaps(rows: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """People leave a field empty more often."""
    name = str(rng.choice(rows.columns))
    drawn = rows[rng.choice(rows.height, count)]
    empty = pl.Series(rng.random(count) < 0.1)
    return drawn.with_columns(pl.when(empty).then(None).otherwise(pl.col(name)).alias(name))


@drift
def seasons(rows: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Traffic swings between ends of a number within the log."""
    name = str(rng.choice(_numbers(rows)))
    ordered = rows.sort(name)
    place = (np.sin(np.linspace(0, 3 * np.pi, count)) * 0.35 + 0.5 + rng.normal(0, 0.1, count)).clip(0, 0.999)
    return ordered[(place * rows.height).astype(int)]
