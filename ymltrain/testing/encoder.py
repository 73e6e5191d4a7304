"""What every encoder must do.

An encoder's own tests subclass the kit in a module of theirs

    class TestMyEncoder(EncoderKit):
        def make(self):
            return MyEncoder(MyParams())

and pytest runs what they inherit.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.api import ColumnType, Encoder, FittedEncoder, Formula, apply_formula, raw_values

_DRAWN = random.Random(7)  # noqa: S311  rows for tests, no secret
_NUMBERS = [_DRAWN.gauss(3, 100) if n % 11 else None for n in range(3_000)]
_TEXTS = [_DRAWN.choice(["a", "b", "ä", "B", "10", "9", "", " a"]) if n % 11 else None for n in range(3_000)]

_TIMES = pl.Series("values", [datetime(2024, 3, 1, tzinfo=UTC) + timedelta(hours=7 * n) for n in range(500)])
_MOMENTS = _TIMES.dt.cast_time_unit("us").dt.convert_time_zone("Europe/Berlin")
_PHRASES = pl.Series("values", [f"{text} and {number:.0f} more" for text, number in zip(_TEXTS, range(500), strict=False)])
_VECTOR = pl.List(pl.Float64)

TRAINING: dict[ColumnType, dict[str, pl.Series]] = {
    "number": {
        "ordinary": pl.Series("values", _NUMBERS, pl.Float64),
        "constant": pl.Series("values", [0.1] * 10, pl.Float64),
        "huge": pl.Series("values", [1.7e308, -1.7e308, 5e-324, None], pl.Float64),
        "one row": pl.Series("values", [-0.0], pl.Float64),
        "no value": pl.Series("values", [None, None], pl.Float64),
        "no row": pl.Series("values", [], pl.Float64),
    },
    "category": {
        "ordinary": pl.Series("values", _TEXTS, pl.String),
        "without nulls": pl.Series("values", ["x", "y", "x"], pl.String),
        "many": pl.Series("values", [f"value {n}" for n in range(3_000)], pl.String),
        "no value": pl.Series("values", [None, None], pl.String),
        "no row": pl.Series("values", [], pl.String),
    },
    "boolean": {
        "ordinary": pl.Series("values", [True, False, None, True] * 100, pl.Boolean),
        "constant": pl.Series("values", [True, True], pl.Boolean),
        "no value": pl.Series("values", [None], pl.Boolean),
        "no row": pl.Series("values", [], pl.Boolean),
    },
    "timestamp": {
        "ordinary": _MOMENTS,
        "with nulls": pl.concat([_MOMENTS.head(5), _MOMENTS.head(1).clear().extend_constant(None, 2)]),
        "constant": _MOMENTS.head(1),
        "no row": _MOMENTS.clear(),
    },
    "text": {
        "ordinary": _PHRASES,
        "no word": pl.Series("values", ["", "…", None], pl.String),
        "no row": pl.Series("values", [], pl.String),
    },
    "vector": {
        "ordinary": pl.Series("values", [[n / 7, -n, 0.5] if n % 11 else None for n in range(500)], _VECTOR),
        "constant": pl.Series("values", [[1.0, 2.0, 3.0]] * 3, _VECTOR),
    },
}
UNSEEN: dict[ColumnType, pl.Series] = {
    "number": pl.Series("values", [0.0, -1e308, 1e308, 5e-324, None, 12345.678], pl.Float64),
    "category": pl.Series("values", ["never", "", None, "x\0y", "漢" * 1000, "a"], pl.String),
    "boolean": pl.Series("values", [True, False, None], pl.Boolean),
    "timestamp": pl.concat([_MOMENTS.head(2).dt.offset_by("300y"), _MOMENTS.head(1).clear().extend_constant(None, 1)]),
    "text": pl.Series("values", ["never seen", "", None, "漢 " * 1000, "a\0b"], pl.String),
    "vector": pl.Series("values", [[1e308, -1e308, 0.0], None, [float("nan"), float("inf"), 1.0]], _VECTOR),
}


class EncoderKit:
    """The tests, as pytest collects them."""

    def make(self) -> Encoder:
        """An encoder as a run makes it."""
        raise NotImplementedError

    def test_takes_some_column_type(self) -> None:
        """It says which column types it takes."""
        assert set(self.make().column_types) <= set(get_args(ColumnType))
        assert len(self.make().column_types) > 0

    def test_gives_what_its_shape_says(self) -> None:
        """Encoded values have the type and width of the shape; ids lie below its cardinality. No number is NaN or infinite."""
        for column_type, training, fitted in self._fitted():
            for column in (training, UNSEEN[column_type], training.clear()):
                _check(fitted, fitted.encode(column), column.len())

    def test_state_is_json_and_restores_exactly(self) -> None:
        """The state survives JSON, and an encoder restored from it has that state and encodes to the same bits."""
        for column_type, training, fitted in self._fitted():
            state = json.loads(json.dumps(fitted.state, allow_nan=False))
            restored = self.make().restore("f", state)
            assert restored.state == fitted.state
            assert restored.shape == fitted.shape
            for column in (training, UNSEEN[column_type]):
                assert restored.encode(column).tobytes() == fitted.encode(column).tobytes()

    def test_does_not_depend_on_blocks(self) -> None:
        """Training rows in blocks of any size give the same state to the last digit."""
        for column_type in self.make().column_types:
            for training in TRAINING[column_type].values():
                states = [self._fit(training, size).state for size in (1, 7, 1_000, 10_000)]
                assert all(state == states[0] for state in states)

    def test_encodes_row_by_row(self) -> None:
        """A row encodes the same whatever rows stand around it."""
        for column_type, training, fitted in self._fitted():
            for column in (training.head(50), UNSEEN[column_type]):
                whole = fitted.encode(column)
                rows = [fitted.encode(column.slice(row, 1)) for row in range(column.len())]
                assert not rows or np.concatenate(rows).tobytes() == whole.tobytes()

    def test_a_formula_says_what_it_does(self) -> None:
        """Where it has a formula, as exports hold it, that gives the encoded values, to the last digit of float32."""
        for column_type, training, fitted in self._fitted():
            formula: Formula | None = getattr(fitted, "formula", None)
            if formula is None:
                continue
            for column in (training, UNSEEN[column_type]):
                said, done = apply_formula(formula, raw_values(column, formula.columns)), fitted.encode(column)
                assert said.shape == done.shape
                np.testing.assert_array_max_ulp(said, done)

    def test_leaves_its_input_alone(self) -> None:
        """Encoding changes neither the column nor the encoder."""
        for column_type, _, fitted in self._fitted():
            column, state = UNSEEN[column_type].clone(), fitted.state
            assert fitted.encode(column).tobytes() == fitted.encode(column).tobytes()
            assert column.equals(UNSEEN[column_type], null_equal=True)
            assert fitted.state == state

    def _fitted(self) -> Iterator[tuple[ColumnType, pl.Series, FittedEncoder]]:
        for column_type in self.make().column_types:
            for training in TRAINING[column_type].values():
                yield column_type, training, self._fit(training, 1_000)

    def _fit(self, training: pl.Series, block: int) -> FittedEncoder:
        fit = self.make().start("f", None)
        for start in range(0, training.len(), block):
            fit.update(training.slice(start, block))
        return fit.finish()


def _check(fitted: FittedEncoder, encoded: npt.NDArray[Any], rows: int) -> None:
    shape = fitted.shape
    assert shape.name == "f"
    if shape.kind == "number":
        assert encoded.dtype == np.float32
        assert encoded.shape == (rows, shape.width)
        assert np.isfinite(encoded).all()
    else:
        assert encoded.dtype == np.int32
        assert encoded.shape == ((rows,) if shape.kind == "category" else (rows, shape.width))
        assert ((encoded >= 0) & (encoded < shape.cardinality)).all()
