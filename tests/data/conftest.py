"""Tables to prepare, and what prepares them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ymltrain.api import Datasource
from ymltrain.builtin.datasource.parquet import ParquetParams, ParquetSource
from ymltrain.builtin.encoder.standard import StandardEncoder, StandardParams
from ymltrain.builtin.encoder.vocabulary import VocabularyEncoder, VocabularyParams
from ymltrain.builtin.split.fractions import FractionParams
from ymltrain.builtin.split.random import RandomSplit
from ymltrain.data.learning import TableSpec
from ymltrain.data.prepare import PreparedData, prepare_data
from ymltrain.plan.plan import FeatureSpec, TargetSpec
from ymltrain.plan.seeds import seed_tree

ENCODERS = {
    "number": lambda: StandardEncoder(StandardParams(missing_indicator=False)),
    "category": lambda: VocabularyEncoder(VocabularyParams()),
}


def table_spec(features, *, target="y", task="regression", transform="none", keys=(), seed=7, golden_rows=5) -> TableSpec:
    """How a plan reads a table: `features` maps columns to their types, or to an order of categories."""
    return TableSpec(
        features=tuple(
            FeatureSpec(column=column, type="category", encoder=f"encoder.{column}", order=tuple(kind))
            if isinstance(kind, list)
            else FeatureSpec(column=column, type=kind, encoder=f"encoder.{column}")
            for column, kind in features.items()
        ),
        target=TargetSpec(columns=(target,), type="number" if task == "regression" else "category", transform=transform, task=task),
        keys=tuple(keys),
        seeds=seed_tree(seed),
        golden_rows=golden_rows,
    )


def prepare_source(source: Datasource, split=None, **spec) -> PreparedData:
    """A source prepared with the default encoders, split at random unless told otherwise."""
    described = table_spec(**spec)
    encoders = {feature.column: ENCODERS[feature.type]() for feature in described.features}
    return prepare_data(source, split or RandomSplit(FractionParams()), encoders, described)


@pytest.fixture
def prepare(tmp_path: Path) -> Callable[..., PreparedData]:
    """Prepares a polars table by way of a Parquet file."""

    def prepare_table(table: pl.DataFrame, split=None, **spec) -> PreparedData:
        table.write_parquet(tmp_path / "table.parquet")
        return prepare_source(ParquetSource(ParquetParams(path=str(tmp_path / "table.parquet"))), split, **spec)

    return prepare_table


@pytest.fixture
def prepare_from() -> Callable[..., PreparedData]:
    """Prepares whatever a source holds."""
    return prepare_source
