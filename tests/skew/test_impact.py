"""By how much predictions change when a feature's values are shuffled."""

import numpy as np
import polars as pl
import pytest

from ymltrain.skew.reference import impact_rows, measure_impact


def test_shuffled_encodings_are_those_of_shuffled_values(diamonds):
    """The impact is what shuffling a raw column does to the network's outputs; the inputs of the next one are whole again."""
    rows = diamonds.rows.head(2_000)[list(diamonds.predictor.columns)]
    network = diamonds.predictor
    before = network.outputs(network.encode(rows))
    impact = measure_impact(network, rows)
    assert list(impact) == list(network.columns)
    for name in network.columns:
        mixed = rows.with_columns(pl.Series(name, rows[name].shuffle(seed=3)))
        expected = np.abs(network.outputs(network.encode(mixed)) - before).mean() / before.std()
        assert impact[name] == pytest.approx(expected, rel=0.15, abs=0.005)


def test_wide_tables_are_measured_on_fewer_rows():
    """The work grows with the square of the columns, so the rows are bounded by it."""
    assert (impact_rows(1), impact_rows(50), impact_rows(70), impact_rows(5_000)) == (2_000, 2_000, 1_020, 256)
