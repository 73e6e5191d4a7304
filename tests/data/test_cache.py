"""Encoded data kept for the next run: the same bits, or made anew."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from ymltrain.builtin.datasource.parquet import ParquetParams, ParquetSource
from ymltrain.builtin.encoder.standard import StandardEncoder, StandardParams
from ymltrain.builtin.encoder.vocabulary import VocabularyEncoder, VocabularyParams
from ymltrain.builtin.split.fractions import FractionParams
from ymltrain.builtin.split.random import RandomSplit
from ymltrain.data.cache import KEPT, EncodedCache
from ymltrain.data.encoding import split_arrays
from ymltrain.data.prepare import prepare_data

from .conftest import table_spec

ENCODERS = {"a": StandardEncoder(StandardParams(missing_indicator=False)), "c": VocabularyEncoder(VocabularyParams())}
SPEC = table_spec({"a": "number", "c": "category"})


@pytest.fixture
def source(tmp_path):
    """A thousand rows."""
    table = pl.DataFrame({"a": [n / 7 for n in range(1_000)], "c": [f"v{n % 5}" for n in range(1_000)], "y": range(1_000)})
    table.write_parquet(tmp_path / "table.parquet")
    return ParquetSource(ParquetParams(path=str(tmp_path / "table.parquet")))


class Unreadable:
    """A source that can be told apart by its content and not be read."""

    def __init__(self, source):
        self.fingerprint = source.fingerprint


def prepare(source, cache):
    """The source's rows, prepared by way of a cache."""
    return prepare_data(source, RandomSplit(FractionParams()), ENCODERS, SPEC, cache)


def assert_same(one, other):
    """To the last bit."""
    ours, theirs = split_arrays(one.splits), split_arrays(other.splits)
    assert ours.keys() == theirs.keys()
    assert all(ours[name].dtype == theirs[name].dtype and (ours[name] == theirs[name]).all() for name in ours)
    assert one.golden.equals(other.golden, null_equal=True)
    assert one.report == other.report
    assert {name: encoder.state for name, encoder in one.encoders.items()} == {name: e.state for name, e in other.encoders.items()}
    assert one.target.state == other.target.state


def test_the_second_time_nothing_is_read(source, tmp_path):
    """What was encoded once comes back bit for bit, mapped, without reading the table."""
    fresh = prepare(source, None)
    first = prepare(source, EncodedCache(tmp_path / "cache", "sha256:" + "1" * 64))
    again = prepare(Unreadable(source), EncodedCache(tmp_path / "cache", "sha256:" + "1" * 64))
    assert_same(fresh, first)
    assert_same(fresh, again)
    assert isinstance(again.splits["train"].inputs["number"], np.memmap)


def test_another_plan_or_other_data_are_encoded_anew(source, tmp_path):
    """The key is the digest of all that encoding depends on, and the data's own."""
    prepare(source, EncodedCache(tmp_path / "cache", "sha256:" + "1" * 64))
    with pytest.raises(AttributeError):
        prepare(Unreadable(source), EncodedCache(tmp_path / "cache", "sha256:" + "2" * 64))


def test_a_changed_file_is_made_anew(source, tmp_path, caplog):
    """A flipped bit in what is kept is found, said, and costs the time of encoding again, nothing else."""
    cache = EncodedCache(tmp_path / "cache", "sha256:" + "1" * 64)
    prepare(source, cache)
    (array,) = (tmp_path / "cache").glob("*/train.number.npy")
    content = bytearray(array.read_bytes())
    content[-1] ^= 1
    array.write_bytes(content)
    assert_same(prepare(source, None), prepare(source, cache))
    assert "damaged" in caplog.text
    assert_same(prepare(source, None), prepare(Unreadable(source), cache))


def test_a_folder_that_cannot_be_written_costs_a_warning(source, tmp_path, caplog):
    """Training goes on with arrays in memory."""
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert_same(prepare(source, None), prepare(source, EncodedCache(tmp_path / "cache", "sha256:" + "1" * 64)))
    assert "in memory only" in caplog.text


def test_the_least_recently_used_go(source, tmp_path):
    """A workspace keeps a bounded number of encoded tables, and nothing unfinished."""
    for number in range(KEPT + 2):
        prepare(source, EncodedCache(tmp_path / "cache", f"sha256:{number:064x}"))
    assert len(list((tmp_path / "cache").iterdir())) == KEPT
    prepare(Unreadable(source), EncodedCache(tmp_path / "cache", f"sha256:{KEPT + 1:064x}"))
