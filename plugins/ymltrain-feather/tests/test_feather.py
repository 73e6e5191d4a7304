"""The datasource `feather`, from the installed distribution."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution, entry_points
from pathlib import Path

import polars as pl
import pytest
from ymltrain.api import DataError

from ymltrain_feather.source import FeatherParams, FeatherSource

ROWS = pl.DataFrame({"carat": [0.5, None, 1.5], "cut": ["Ideal", "Fair", None], "a b.c": [1, 2, 3], "^.*$": [True, False, None]})


@pytest.fixture
def source(tmp_path: Path) -> FeatherSource:
    """A source of three rows, whose columns have nulls and awkward names."""
    file = tmp_path / "rows.feather"
    ROWS.write_ipc(file)
    return FeatherSource(FeatherParams(path=str(file)))


def test_the_entry_point_leads_here():
    """The installed distribution offers `feather` as a datasource, as the catalog finds it."""
    (found,) = entry_points(group="ymltrain.datasource", name="feather")
    assert found.load() is FeatherSource
    assert found.dist.name == "ymltrain-feather"
    assert distribution("ymltrain-feather").metadata["License-Expression"] == "Apache-2.0"


def test_loading_the_plugin_imports_no_polars():
    """What `check` and `plugins show` load is light; reading brings polars."""
    program = "import sys, ymltrain_feather.source; print([name for name in ('polars', 'numpy', 'torch') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_every_compression_is_read(tmp_path, compression):
    """The compressions that Feather knows all give the same rows."""
    file = tmp_path / "rows.feather"
    ROWS.write_ipc(file, compression=compression)
    source = FeatherSource(FeatherParams(path=str(file)))
    assert source.sample(10).table.equals(ROWS)
    assert [
        pl.DataFrame(batch).equals(ROWS.select("cut", "carat")) for batch in source.batches({"cut": "category", "carat": "number"})
    ] == [True]


def test_columns_come_as_asked_whatever_they_are_called(source):
    """A name that looks like a pattern, or has spaces and dots, names one column; the order is the asker's."""
    (batch,) = source.batches({"^.*$": "category", "a b.c": "number"})
    assert pl.DataFrame(batch).equals(pl.DataFrame([ROWS["^.*$"], ROWS["a b.c"]]))


def test_a_long_file_comes_in_slices(tmp_path):
    """More rows than fit a slice come whole and in order, over several batches of bounded size."""
    numbers = pl.DataFrame({"n": range(300_000)})
    numbers.write_ipc(tmp_path / "long.feather")
    batches = list(FeatherSource(FeatherParams(path=str(tmp_path / "long.feather"))).batches({"n": "number"}))
    assert [pl.DataFrame(batch).height for batch in batches] == [131_072, 131_072, 37_856]
    assert pl.concat(map(pl.DataFrame, batches)).equals(numbers)


def test_a_sample_knows_how_many_rows_there_are(source):
    """The sample has the first rows, all columns, and the exact count."""
    sample = source.sample(2)
    assert sample.table.equals(ROWS.head(2))
    assert (sample.total_rows, sample.is_exact) == (3, True)


def test_a_missing_column_is_named_with_the_nearest(source):
    """Asking for a column that is not there is an error that names it and the one that was meant."""
    with pytest.raises(DataError, match='has no column "carrat"') as caught:
        list(source.batches({"carrat": "number"}))
    assert caught.value.hint == 'did you mean "carat"?'


def write_stream(file: Path) -> None:
    """An Arrow stream."""
    ROWS.write_ipc_stream(file)


def write_cut(file: Path) -> None:
    """A Feather file whose end is missing, as after a broken copy."""
    ROWS.write_ipc(file)
    file.write_bytes(file.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (write_stream, "is an Arrow stream, not a file"),
        (ROWS.write_parquet, "is a Parquet file"),
        (lambda file: file.write_bytes(b"FEA1" + bytes(100)), "is a Feather V1 file"),
        (lambda file: file.write_bytes(b""), "is no Feather file"),
        (lambda file: file.write_text("carat,cut\n1,Fair\n"), "is no Feather file"),
        (write_cut, "is not a sound Feather file"),
        (lambda file: file.mkdir(), "cannot read"),
        (Path.exists, "there is no file"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path, write, problem):
    """Whatever is wrong with the file, every way of reading it says so, with the file's name and what to do."""
    file = tmp_path / "rows.feather"
    write(file)
    source = FeatherSource(FeatherParams(path=str(file)))
    for read in (source.schema, lambda: source.sample(1), lambda: list(source.batches({"carat": "number"}))):
        with pytest.raises(DataError, match=problem) as caught:
            read()
        assert str(file) in caught.value.message
        assert caught.value.hint


def test_the_fingerprint_follows_the_content(tmp_path, source):
    """Equal files have equal fingerprints, others another."""
    copy, other = tmp_path / "copy.feather", tmp_path / "other.feather"
    ROWS.write_ipc(copy)
    ROWS.reverse().write_ipc(other)
    assert FeatherSource(FeatherParams(path=str(copy))).fingerprint() == source.fingerprint()
    assert FeatherSource(FeatherParams(path=str(other))).fingerprint() != source.fingerprint()
