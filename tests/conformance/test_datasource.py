"""The built-in datasources pass the kit; sources that break the contract do not."""

from __future__ import annotations

import gzip
from pathlib import Path

import fsspec
import polars as pl
import pytest

from ymltrain.api import Sample
from ymltrain.builtin.datasource.csv import CsvParams, CsvSource
from ymltrain.builtin.datasource.jsonl import JsonlParams, JsonlSource
from ymltrain.builtin.datasource.parquet import ParquetParams, ParquetSource
from ymltrain.builtin.datasource.tsv import TsvParams, TsvSource
from ymltrain.testing.datasource import DatasourceKit


class TestCsv(DatasourceKit):
    """`csv`, over files that polars writes."""

    def make(self, folder: Path, table: pl.DataFrame) -> CsvSource:
        table.write_csv(folder / "rows.csv")
        return CsvSource(CsvParams(path=str(folder / "rows.csv")))


class TestParquet(DatasourceKit):
    """`parquet`, over files that polars writes."""

    def make(self, folder: Path, table: pl.DataFrame) -> ParquetSource:
        table.write_parquet(folder / "rows.parquet")
        return ParquetSource(ParquetParams(path=str(folder / "rows.parquet")))


def cut_in_three(table: pl.DataFrame) -> list[pl.DataFrame]:
    """The table in three parts, of which one may be without rows."""
    first, second = table.height // 3, table.height // 2
    return [table.slice(0, first), table.slice(first, second - first), table.slice(second)]


class TestCsvFolder(DatasourceKit):
    """`csv`, over a folder of compressed files that make up one table."""

    def make(self, folder: Path, table: pl.DataFrame) -> CsvSource:
        (folder / "rows").mkdir(exist_ok=True)
        for number, part in enumerate(cut_in_three(table)):
            (folder / "rows" / f"{number}.csv.gz").write_bytes(gzip.compress(part.write_csv().encode()))
        return CsvSource(CsvParams(path=str(folder / "rows")))


class TestTsv(DatasourceKit):
    """`tsv`, over UTF-16 files that polars writes."""

    def make(self, folder: Path, table: pl.DataFrame) -> TsvSource:
        (folder / "rows.tsv").write_bytes(table.write_csv(separator="\t").encode("utf-16"))
        return TsvSource(TsvParams(path=str(folder / "rows.tsv"), encoding="utf-16"))


class TestJsonl(DatasourceKit):
    """`jsonl`, over files that polars writes."""

    names_columns_without_rows = False

    def make(self, folder: Path, table: pl.DataFrame) -> JsonlSource:
        table.write_ndjson(folder / "rows.jsonl")
        return JsonlSource(JsonlParams(path=str(folder / "rows.jsonl")))


class TestJsonlUrl(DatasourceKit):
    """`jsonl`, over files in fsspec's memory file system that fit a pattern."""

    names_columns_without_rows = False

    def make(self, folder: Path, table: pl.DataFrame) -> JsonlSource:
        for number, part in enumerate(cut_in_three(table)):
            fsspec.filesystem("memory").pipe_file(f"{folder}/{number}.jsonl", part.write_ndjson().encode())
        return JsonlSource(JsonlParams(path=f"memory://{folder}/*.jsonl"))


class TestParquetPattern(DatasourceKit):
    """`parquet`, over files in fsspec's memory file system that make up one table."""

    def make(self, folder: Path, table: pl.DataFrame) -> ParquetSource:
        for number, part in enumerate(cut_in_three(table)):
            with fsspec.filesystem("memory").open(f"{folder}/{number}.parquet", "wb") as file:
                part.write_parquet(file)
        return ParquetSource(ParquetParams(path=f"memory://{folder}/*.parquet"))


class TakesNamesForPatterns(CsvSource):
    """Selects columns by a library's pattern language."""

    def batches(self, columns):
        yield pl.read_csv(self._location.path, infer_schema=False).select(pl.col(name) for name in columns)


class GuessesTypes(CsvSource):
    """Reads text as whatever it looks like: spaces go, and with them what tells two categories apart."""

    def batches(self, columns):
        frame = pl.read_csv(self._location.path, infer_schema=False, null_values=[""])
        yield frame.select(pl.col(name).str.strip_chars() for name in columns)


class OneBatchOnly(ParquetSource):
    """Loses what does not fit the first batch."""

    def batches(self, columns):
        yield next(iter(super().batches(columns)))


class NamesTheFile(ParquetSource):
    """A fingerprint of the place rather than of what lies there."""

    def fingerprint(self):
        return "sha256:" + f"{len(self._location.path):064d}"


class AllAtOnce(ParquetSource):
    """Holds the whole table in memory."""

    def batches(self, columns):
        yield pl.read_parquet(self._location.path, columns=list(columns))


class SortsNames(ParquetSource):
    """Lists columns by name rather than in their order."""

    def schema(self):
        found = super().schema()
        return pl.Schema({name: found[name] for name in sorted(found)})


class GivesEverything(ParquetSource):
    """Leaves it to the reader to pick columns."""

    def batches(self, columns):
        yield pl.read_parquet(self._location.path)


class ReadsOnce(ParquetSource):
    """Keeps one reader for all who read."""

    def batches(self, columns):
        if not hasattr(self, "_reader"):
            self._reader = iter(list(super().batches(columns)))
        return self._reader


class SamplesTheEnd(ParquetSource):
    """Takes the last rows, and calls them all there are."""

    def sample(self, n):
        table = pl.read_parquet(self._location.path).tail(n).head(2)
        return Sample(table=table, total_rows=table.height, is_exact=True)


class FillsIn(ParquetSource):
    """Makes up a column that is not there."""

    def batches(self, columns):
        frame = pl.read_parquet(self._location.path)
        yield frame.select(pl.col(name) if name in frame.columns else pl.lit(None).alias(name) for name in columns)


class NeedsARow(ParquetSource):
    """Learns the columns from the first row."""

    def schema(self):
        rows = pl.read_parquet(self._location.path).head(1).to_dicts()
        return pl.Schema({name: pl.String() for row in rows for name in row})


def refuted(kit: DatasourceKit, test: str, folder: Path) -> bool:
    """Whether this test of the kit fails."""
    try:
        getattr(kit, test)(folder)
    except (AssertionError, ValueError, pl.exceptions.PolarsError):
        return True
    return False


BREACHES = [
    (TakesNamesForPatterns, CsvParams, TestCsv, "test_columns_may_be_called_anything"),
    (GuessesTypes, CsvParams, TestCsv, "test_reads_what_was_written"),
    (SortsNames, ParquetParams, TestParquet, "test_schema_names_all_columns"),
    (GivesEverything, ParquetParams, TestParquet, "test_gives_the_columns_asked_for"),
    (ReadsOnce, ParquetParams, TestParquet, "test_reads_again_and_again"),
    (SamplesTheEnd, ParquetParams, TestParquet, "test_sample_holds_the_first_rows"),
    (FillsIn, ParquetParams, TestParquet, "test_a_missing_column_is_an_error"),
    (NeedsARow, ParquetParams, TestParquet, "test_an_empty_table_has_no_rows"),
    (AllAtOnce, ParquetParams, TestParquet, "test_a_long_table_keeps_its_order"),
    (OneBatchOnly, ParquetParams, TestParquet, "test_a_long_table_keeps_its_order"),
    (NamesTheFile, ParquetParams, TestParquet, "test_the_fingerprint_follows_the_rows"),
]
"""Something broken, and the test of the kit that finds it."""


@pytest.mark.parametrize(("source", "params", "kit", "test"), BREACHES)
def test_the_kit_finds_a_breach(tmp_path, source, params, kit, test):
    """A source with a fault fails the test about it, which the sound source of the same file passes."""

    class Broken(kit):
        def make(self, folder, table):
            sound = super().make(folder, table)
            return source(params(path=sound._location.path))

    for folder in ("sound", "broken"):
        (tmp_path / folder).mkdir()
    assert not refuted(kit(), test, tmp_path / "sound")
    assert refuted(Broken(), test, tmp_path / "broken")


def test_every_check_can_fail():
    """No test of the kit passes everything: for each there is something broken that it finds."""
    found = {breach[-1] for breach in BREACHES}
    assert found == {name for name in dir(DatasourceKit) if name.startswith("test_")}
