"""What every datasource must do.

A datasource's own tests subclass the kit in a module of theirs

    class TestMySource(DatasourceKit):
        def make(self, folder, table):
            table.write_ipc(folder / "rows.arrow")
            return MySource(MyParams(path=str(folder / "rows.arrow")))

and pytest runs what they inherit.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ymltrain.api import ColumnType, DataError, Datasource

TABLE = pl.DataFrame(
    {
        "weight": [0.25, None, -1e16, 3.0, 1e-7],
        "grade": ["good", "fair", None, "007", " spaced "],
        "constant": ["x", "x", "x", "x", "x"],
        "whole": [1, 2, 3, None, 5],
    }
)
AWKWARD_NAMES = ("type", "model", "with space", "a.b", 'quo"ted', "naïve", "*", "^.*$", "comma, too", "null")
LONG = 200_000


class DatasourceKit:
    """The tests, as pytest collects them. Each gets fresh folders; two sources of one folder read the same rows.

    `names_columns_without_rows` is False for a format, such as JSON lines, that names columns in rows only.
    """

    names_columns_without_rows = True

    def make(self, folder: Path, table: pl.DataFrame) -> Datasource:
        """A source that holds this table, kept in this folder (or elsewhere under its path as a unique name)."""
        raise NotImplementedError

    def test_schema_names_all_columns(self, tmp_path: Path) -> None:
        """The schema has every column, in the order of the table."""
        assert list(pl.Schema(self.make(tmp_path, TABLE).schema())) == TABLE.columns

    def test_reads_what_was_written(self, tmp_path: Path) -> None:
        """Numbers come as they are and text exactly as written, spaces and leading zeros too; a missing value is null."""
        rows = _read(self.make(tmp_path, TABLE), {"weight": "number", "grade": "category"})
        assert rows.get_column("weight").cast(pl.Float64).to_list() == TABLE.get_column("weight").to_list()
        assert rows.get_column("grade").cast(pl.String).to_list() == TABLE.get_column("grade").to_list()

    def test_gives_the_columns_asked_for(self, tmp_path: Path) -> None:
        """Only the columns asked for come, and in the asker's order."""
        source = self.make(tmp_path, TABLE)
        for batch in source.batches({"whole": "number", "weight": "number"}):
            assert pl.DataFrame(batch).columns == ["whole", "weight"]

    def test_reads_again_and_again(self, tmp_path: Path) -> None:
        """Every call of `batches` begins at the first row, even while another is under way."""
        source = self.make(tmp_path, TABLE)
        under_way = iter(source.batches({"grade": "category"}))
        next(under_way)
        first, second = (_read(source, {"grade": "category"}) for _ in range(2))
        assert first.equals(second)
        assert first.height == TABLE.height

    def test_sample_holds_the_first_rows(self, tmp_path: Path) -> None:
        """A sample has the first rows with all columns, or all rows when there are fewer; a count called exact is right."""
        source = self.make(tmp_path, TABLE)
        for asked in (0, 2, TABLE.height + 10):
            sample = source.sample(asked)
            table = pl.DataFrame(sample.table)
            assert table.columns == TABLE.columns
            assert table.get_column("constant").to_list() == ["x"] * min(asked, TABLE.height)
            assert sample.total_rows == TABLE.height or not sample.is_exact

    def test_a_long_table_keeps_its_order(self, tmp_path: Path) -> None:
        """A table of many rows comes whole and in order, in batches; an estimate of its size from a sample is near."""
        table = pl.DataFrame({"n": range(LONG), "text": [f"row {n}" for n in range(LONG)]})
        source = self.make(tmp_path, table)
        batches = [pl.DataFrame(batch) for batch in source.batches({"n": "number"})]
        assert pl.concat(batches).get_column("n").cast(pl.Int64).equals(table.get_column("n"))
        assert max(batch.height for batch in batches) < LONG
        sample = source.sample(100)
        assert sample.total_rows == LONG if sample.is_exact else LONG / 2 < sample.total_rows < LONG * 2

    def test_columns_may_be_called_anything(self, tmp_path: Path) -> None:
        """Names with spaces, dots, quotes, accents or the signs of patterns each name one column."""
        table = pl.DataFrame({name: [f"value of {name}"] for name in AWKWARD_NAMES})
        source = self.make(tmp_path, table)
        assert list(pl.Schema(source.schema())) == list(AWKWARD_NAMES)
        for name in AWKWARD_NAMES:
            assert _read(source, {name: "category"}).to_dict(as_series=False) == {name: [f"value of {name}"]}

    def test_a_missing_column_is_an_error(self, tmp_path: Path) -> None:
        """A column that the table does not have raises DataError, which names it and what to do."""
        error = _error_of(self.make(tmp_path, TABLE), {"weigth": "number"})
        assert error is not None, "reading a column that is not there raised no DataError"
        assert "weigth" in error.message
        assert error.hint

    def test_an_empty_table_has_no_rows(self, tmp_path: Path) -> None:
        """A table without rows has its columns still."""
        source = self.make(tmp_path, TABLE.clear())
        assert source.sample(3).total_rows == 0
        if not self.names_columns_without_rows:
            assert not list(pl.Schema(source.schema()))
            return
        assert list(pl.Schema(source.schema())) == TABLE.columns
        assert sum(pl.DataFrame(batch).height for batch in source.batches({"weight": "number"})) == 0

    def test_the_fingerprint_follows_the_rows(self, tmp_path: Path) -> None:
        """Equal tables have equal fingerprints; another value, order or number of rows gives another."""
        changed = TABLE.with_columns(pl.Series("whole", [1, 2, 3, None, 6]))
        tables = (TABLE, TABLE, changed, TABLE.reverse(), TABLE.head(4))
        prints = []
        for number, table in enumerate(tables):
            folder = tmp_path / str(number)
            folder.mkdir()
            prints.append(self.make(folder, table).fingerprint())
        assert prints[0] == prints[1]
        assert len(set(prints)) == len(tables) - 1
        assert all(text.startswith("sha256:") and len(text) == 71 for text in prints)


def _error_of(source: Datasource, columns: dict[str, ColumnType]) -> DataError | None:
    try:
        _read(source, columns)
    except DataError as error:
        return error
    return None


def _read(source: Datasource, columns: dict[str, ColumnType]) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(batch) for batch in source.batches(columns)])
