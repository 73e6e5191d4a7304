"""The rows cut into slices by columns of the table, whether the model sees these columns or not.

Written rules. A column without edges has a slice for each of its values, as categories are read; of more than 30 values the
30 most frequent, and the rest as one. Where such a column holds numbers with more values than that, it is cut at its
quartiles. Edges make ranges that hold their lower end and not their upper one, but for the last, which holds both, as numpy's
histograms do. Values outside the edges and missing values are slices of their own, where there are any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.diagnostics import DataError, did_you_mean
from ymltrain.kinds.contracts import Datasource
from ymltrain.plan.shapes import Reading
from ymltrain.record.evaluation import SliceKind

MOST_VALUES = 30


@dataclass(frozen=True)
class Cut:
    """A column that cuts the rows; without edges each value is a slice. `order` are values that are shown first, and always."""

    column: str
    edges: tuple[float, ...] | None = None
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slice:
    """The numbers of the rows in one slice."""

    column: str
    name: str
    kind: SliceKind
    rows: npt.NDArray[np.int64]


def cuts_of(written: Iterable[tuple[str, tuple[float, ...] | None]], orders: Mapping[str, tuple[str, ...] | None]) -> list[Cut]:
    """Cuts from columns with their edges; the values of an ordered category (by column) stand in their order."""
    return [Cut(column, edges, (orders.get(column) or ()) if edges is None else ()) for column, edges in written]


def readings_of(cuts: Sequence[Cut], source: Datasource) -> dict[str, Reading]:
    """How the columns of cuts are read. Raises DataError (YT705) when the source lacks one."""
    types = pl.Schema(source.schema())
    missing = next((cut.column for cut in cuts if cut.column not in types), None)
    if missing is not None:
        raise DataError("YT705", f'the table has no column "{missing}" to slice by', did_you_mean(missing, types))
    return {
        cut.column: Reading(type="number" if cut.edges is not None or types[cut.column].is_float() else "category") for cut in cuts
    }


def cut_rows(values: pl.Series, cut: Cut) -> Iterator[Slice]:
    """The slices of a column that was read as `readings_of` says, each with the rows it holds."""
    if cut.edges is not None:
        values = values.cast(pl.Float64, strict=False).fill_nan(None)
        yield from _of_numbers(values, cut)
    elif values.dtype.is_float():
        values = values.fill_nan(None)
        yield from _of_floats(values, cut)
    else:
        numbers = values.cast(pl.Float64, strict=False)
        has_many = values.n_unique() > MOST_VALUES
        is_numeric = not cut.order and has_many and numbers.null_count() == values.null_count()
        yield from _of_numbers(numbers, Cut(cut.column, _quartiles(numbers))) if is_numeric else _of_values(values, cut)
    missing = values.is_null()
    if missing.any():
        yield Slice(cut.column, "missing", "missing", _rows(missing))


def _of_floats(values: pl.Series, cut: Cut) -> Iterator[Slice]:
    if values.n_unique() > MOST_VALUES:
        yield from _of_numbers(values, Cut(cut.column, _quartiles(values)))
    else:
        texts = pl.Series("values", [None if value is None else str(value) for value in values], pl.String)
        yield from _of_values(texts, Cut(cut.column, None, tuple(map(str, values.unique().drop_nulls().sort()))))


def _of_values(values: pl.Series, cut: Cut) -> Iterator[Slice]:
    present = values.drop_nulls()
    counted = present.value_counts(sort=False, name="count").sort("count", present.name, descending=[True, False])
    by_frequency = [value for value in counted.get_column(present.name) if value not in cut.order]
    named = [*cut.order, *_in_order(by_frequency[: max(0, MOST_VALUES - len(cut.order))])]
    for name in named:
        yield Slice(cut.column, name, "value", _rows(values == name))
    others = len(by_frequency) + len(cut.order) - len(named)
    if others:
        yield Slice(cut.column, f"{others} other values", "other", _rows(values.is_not_null() & ~values.is_in(named)))


def _of_numbers(values: pl.Series, cut: Cut) -> Iterator[Slice]:
    edges = cut.edges or ()
    numbers = values.to_numpy()
    for low, high in pairwise(edges):
        is_last = high == edges[-1]
        within = (numbers >= low) & ((numbers <= high) if is_last else (numbers < high))
        yield Slice(cut.column, f"[{low:g}, {high:g}{']' if is_last else ')'}", "range", np.flatnonzero(within))
    if len(edges) > 1:
        for name, beyond in ((f"< {edges[0]:g}", numbers < edges[0]), (f"> {edges[-1]:g}", numbers > edges[-1])):
            if beyond.any():
                yield Slice(cut.column, name, "outside", np.flatnonzero(beyond))


def _quartiles(values: pl.Series) -> tuple[float, ...]:
    """The quartiles of the values, each once, rounded as they are shown."""
    numbers = values.drop_nulls().to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    inner = [float(f"{edge:.3g}") for edge in np.quantile(numbers, [0.25, 0.5, 0.75])]
    return tuple(
        sorted({float(numbers.min()), float(numbers.max()), *(edge for edge in inner if numbers.min() < edge < numbers.max())})
    )


def _in_order(names: list[str]) -> list[str]:
    """Numbers by size, else texts as a dictionary has them."""
    try:
        return sorted(names, key=float)
    except ValueError:
        return sorted(names)


def _rows(mask: pl.Series) -> npt.NDArray[np.int64]:
    return mask.fill_null(value=False).arg_true().to_numpy().astype(np.int64)


def all_slices(columns: pl.DataFrame, cuts: Sequence[Cut]) -> list[Slice]:
    """The slices of every cut, in their order."""
    return [one for cut in cuts for one in cut_rows(columns.get_column(cut.column).alias("values"), cut)]
