"""The datasource `feather` passes ymltrain's kit."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from ymltrain.testing.datasource import DatasourceKit

from ymltrain_feather.source import FeatherParams, FeatherSource


class TestFeather(DatasourceKit):
    """Over files that polars writes."""

    def make(self, folder: Path, table: pl.DataFrame) -> FeatherSource:
        table.write_ipc(folder / "rows.feather")
        return FeatherSource(FeatherParams(path=str(folder / "rows.feather")))


class TestCompressed(TestFeather):
    """Over the compressed files that pandas and pyarrow write by default."""

    def make(self, folder: Path, table: pl.DataFrame) -> FeatherSource:
        table.write_ipc(folder / "rows.feather", compression="lz4")
        return FeatherSource(FeatherParams(path=str(folder / "rows.feather")))
