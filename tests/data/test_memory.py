"""Preparing a large table holds its arrays and a few blocks, not the table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

MEASURE = """
import json, resource, sys
import numpy, polars
from ymltrain.api import NoParams
from ymltrain.builtin.datasource.csv import CsvParams, CsvSource
from ymltrain.builtin.datasource.parquet import ParquetParams, ParquetSource
from ymltrain.builtin.encoder.standard import StandardEncoder, StandardParams
from ymltrain.builtin.encoder.vocabulary import VocabularyEncoder, VocabularyParams
from ymltrain.builtin.split.fractions import FractionParams
from ymltrain.builtin.split.random import RandomSplit
from ymltrain.data.learning import TableSpec
from ymltrain.data.prepare import prepare_data
from ymltrain.plan.plan import FeatureSpec, TargetSpec
from ymltrain.plan.seeds import seed_tree

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before = peak()
path = sys.argv[1]
source = CsvSource(CsvParams(path=path)) if path.endswith("csv") else ParquetSource(ParquetParams(path=path))
types = {"carat": "number", "cut": "category", "color": "category", "clarity": "category", "depth": "number", "table": "number",
         "x": "number", "y": "number", "z": "number"}
encoders = {name: StandardEncoder(StandardParams()) if kind == "number" else VocabularyEncoder(VocabularyParams()) for name, kind in types.items()}
spec = TableSpec(
    features=[FeatureSpec(column=name, type=kind, encoder="") for name, kind in types.items()],
    target=TargetSpec(columns=("price",), type="number", transform="log", task="regression"),
    keys=(), seeds=seed_tree(7), golden_rows=512,
)
data = prepare_data(source, RandomSplit(FractionParams()), encoders, spec)
arrays = sum(array.nbytes for split in data.splits.values() for array in (*split.inputs.values(), split.target))
print(json.dumps({"arrays": arrays, "peak": peak() - before}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_two_million_rows(tmp_path, suffix):
    """Diamonds repeated to 2 million rows: the peak above numpy and polars stays below 2.5 times the encoded arrays."""
    diamonds = pl.read_csv(Path(__file__).parents[2] / "recipes" / "data" / "diamonds.csv")
    path = tmp_path / f"large.{suffix}"
    large = pl.concat([diamonds] * 37)
    large.write_csv(path) if suffix == "csv" else large.write_parquet(path)
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout)
    assert measured["arrays"] == 37 * 53_940 * 10 * 4
    assert measured["peak"] < 2.5 * measured["arrays"]
