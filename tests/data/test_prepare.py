"""From a table to encoded arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ymltrain.api import DataError
from ymltrain.builtin.datasource.csv import CsvParams, CsvSource
from ymltrain.builtin.datasource.parquet import ParquetParams, ParquetSource
from ymltrain.builtin.split.fractions import FractionParams
from ymltrain.builtin.split.hash import HashSplit
from ymltrain.builtin.split.random import RandomSplit
from ymltrain.data.features import encode_rows
from ymltrain.data.prepare import PreparedData
from ymltrain.data.report import SplitCounts
from ymltrain.diagnostics import PluginError
from ymltrain.plan.plan import FeatureSpec
from ymltrain.plan.seeds import derive_seed

from .conftest import ENCODERS

DATA = Path(__file__).parents[2] / "recipes" / "data"
DIAMONDS = {
    "carat": "number",
    "cut": ["Fair", "Good", "Very Good", "Premium", "Ideal"],
    "color": "category",
    "clarity": "category",
    "depth": "number",
    "x": "number",
}
PENGUINS = {"island": "category", "bill_length_mm": "number", "body_mass_g": "number", "sex": "category"}
SPLITS = ("train", "val", "test")
SPLIT_SEED = derive_seed(7, "split")


def content(data: PreparedData) -> list[bytes | None]:
    """The bytes of all arrays."""
    arrays = [array for split in SPLITS for array in (*data.splits[split].inputs.values(), data.splits[split].target)]
    return [None if array is None else array.tobytes() for array in arrays]


def states(data: PreparedData) -> dict:
    """All that was learned."""
    return {"target": data.target.state, **{name: encoder.state for name, encoder in data.encoders.items()}}


def wide(rows: int, seed: int = 1) -> pl.DataFrame:
    """A table with all sorts of columns and holes."""
    draw = np.random.default_rng(seed)
    holes = draw.random((4, rows)) < 0.05
    return pl.DataFrame(
        {
            "row": np.arange(rows),
            "a": np.where(holes[0], np.nan, draw.normal(10, 3, rows)),
            "b": np.where(holes[1], np.inf, draw.exponential(1, rows)),
            "c": draw.choice(["x", "y", "z"], rows),
            "y": np.where(holes[3], np.nan, draw.normal(size=rows)),
        }
    ).with_columns(pl.when(pl.Series(~holes[2])).then(pl.col("c")).alias("c"))


WIDE = {"c": "category", "a": "number", "b": "number"}


class Rebatched:
    """Another source, cut into batches of another size."""

    def __init__(self, source, size: int) -> None:
        self._source = source
        self._size = size
        self.schema, self.sample, self.fingerprint = source.schema, source.sample, source.fingerprint

    def batches(self, columns):
        frame = pl.concat([pl.DataFrame(batch) for batch in self._source.batches(columns)])
        yield from (frame.slice(start, self._size) for start in range(0, frame.height, self._size))


class ChangesMeanwhile(ParquetSource):
    """A file into which someone writes another table after it has been read once."""

    def __init__(self, path: Path, other: pl.DataFrame) -> None:
        super().__init__(ParquetParams(path=str(path)))
        self._other = other
        self._reads = 0

    def batches(self, columns):
        if self._reads == 1:
            self._other.write_parquet(self._location.path)
        self._reads += 1
        return super().batches(columns)


def test_arrays_hold_the_rows_in_order(prepare):
    """Each split has its rows in table order, features in recipe order, numbers and categories apart, all contiguous."""
    table = wide(2_000)
    data = prepare(table, features={"row": "number", **WIDE})
    codes = RandomSplit(FractionParams()).assign(table, 0, SPLIT_SEED)
    kept = table["y"].is_finite().to_numpy()
    for number, split in enumerate(SPLITS):
        encoded, rows = data.splits[split], table.filter(pl.Series((codes == number) & kept))
        assert encoded.rows == rows.height == len(encoded.target)
        assert (encoded.inputs["number"].dtype, encoded.inputs["category"].dtype, encoded.target.dtype) == (
            np.float32,
            np.int32,
            np.float32,
        )
        assert (encoded.inputs["number"].shape, encoded.inputs["category"].shape) == ((rows.height, 3), (rows.height, 1))
        assert all(array.flags.c_contiguous for array in (encoded.inputs["number"], encoded.inputs["category"], encoded.target))
        mean, std = (data.encoders["row"].state[key] for key in ("mean", "std"))
        assert np.round(encoded.inputs["number"][:, 0].astype(float) * std + mean).astype(int).tolist() == rows["row"].to_list()
        assert np.allclose(data.target.decode(encoded.target), rows["y"], atol=1e-6)
        values = [*data.encoders["c"].state["values"], None]
        assert [values[number - 1] for number in encoded.inputs["category"][:, 0]] == rows["c"].to_list()


def test_everything_is_learned_from_the_train_rows(prepare):
    """Whatever stands in the rows of val and test, no state changes; a change in a train row does change it."""
    table = wide(3_000)
    before = prepare(table, features=WIDE)
    codes = RandomSplit(FractionParams()).assign(table, 0, SPLIT_SEED)
    other = wide(3_000, seed=2).with_columns(pl.col("a") * 50 + 1000, pl.col("c") + "!", pl.col("y").fill_nan(3.0) * 9)
    mixed = pl.DataFrame(
        {
            name: pl.select(pl.when(pl.Series(codes == 0)).then(table[name]).otherwise(other[name])).to_series()
            for name in table.columns
        }
    )
    after = prepare(mixed, features=WIDE)
    assert states(after) == states(before)
    assert content(after)[:3] == content(before)[:3]
    assert content(after)[3:] != content(before)[3:]
    assert (after.report.fitted_on, after.report.fitted_rows) == ("train", after.splits["train"].rows)
    first_train = int(np.flatnonzero((codes == 0) & table["y"].is_finite().to_numpy() & table["a"].is_finite().to_numpy())[0])
    touched = table.with_columns(pl.when(pl.col("row") == first_train).then(pl.col("a") + 1).otherwise(pl.col("a")).alias("a"))
    assert states(prepare(touched, features=WIDE)) != states(before)


def test_encoders_restored_from_json_encode_the_same(prepare):
    """Golden rows through encoders restored from JSON give the bytes that training's own encoders give."""
    data = prepare(wide(500), features=WIDE, golden_rows=100)
    features = [FeatureSpec(column=name, type=kind, encoder="") for name, kind in WIDE.items()]
    makers = ENCODERS
    restored = {
        name: makers[kind]().restore(name, json.loads(json.dumps(data.encoders[name].state))) for name, kind in WIDE.items()
    }
    expected = encode_rows(data.golden, features, data.encoders)
    assert {kind: array.shape for kind, array in expected.items()} == {"number": (100, 2), "category": (100, 1)}
    for kind, array in encode_rows(data.golden, features, restored).items():
        assert array.tobytes() == expected[kind].tobytes()


@pytest.mark.parametrize("split", [RandomSplit, HashSplit])
def test_batches_and_repetition_change_nothing(tmp_path, prepare_from, split):
    """Two runs, and sources cut into batches of any size, give the same bytes and states."""
    table = wide(100_000)
    table.write_parquet(tmp_path / "t.parquet")
    source = ParquetSource(ParquetParams(path=str(tmp_path / "t.parquet")))
    spec = {"features": WIDE, "golden_rows": 50, "split": split(FractionParams())}
    first = prepare_from(source, **spec)
    for other in (source, *(Rebatched(source, size) for size in (777, 32_768, 1_000_000))):
        again = prepare_from(other, **spec)
        assert content(again) == content(first)
        assert states(again) == states(first)
        assert again.golden.equals(first.golden)
        assert again.report == first.report


@pytest.mark.parametrize("split", [RandomSplit, HashSplit])
@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("diamonds", {"features": DIAMONDS, "target": "price", "transform": "log"}),
        ("penguins", {"features": PENGUINS, "target": "species", "task": "classification"}),
    ],
)
def test_csv_and_parquet_of_one_table_are_alike(tmp_path, prepare_from, split, name, spec):
    """The same table as CSV and as typed Parquet gives the same bytes and states, split by whole rows too."""
    source = CsvSource(CsvParams(path=str(DATA / f"{name}.csv")))
    pl.read_csv(DATA / f"{name}.csv", null_values="NA").write_parquet(tmp_path / "t.parquet")
    typed = ParquetSource(ParquetParams(path=str(tmp_path / "t.parquet")))
    fractions = split(FractionParams(train=0.7, val=0.15, test=0.15))
    one, other = (prepare_from(each, fractions, **spec) for each in (source, typed))
    assert content(one) == content(other)
    assert states(one) == states(other)
    assert one.golden.equals(other.golden)


def test_categories_of_every_type_are_alike(tmp_path, prepare_from):
    """Integers, floats and booleans as categories have the same text from CSV and from Parquet."""
    rows = 400
    table = pl.DataFrame(
        {
            "i": [n % 12 for n in range(rows)],
            "f": [n % 5 / 4 for n in range(rows)],
            "b": [n % 3 == 0 for n in range(rows)],
            "y": range(rows),
        }
    )
    table.write_csv(tmp_path / "t.csv")
    table.write_parquet(tmp_path / "t.parquet")
    features = dict.fromkeys("ifb", "category")
    one = prepare_from(CsvSource(CsvParams(path=str(tmp_path / "t.csv"))), features=features)
    other = prepare_from(ParquetSource(ParquetParams(path=str(tmp_path / "t.parquet"))), features=features)
    assert content(one) == content(other)
    assert one.encoders["i"].state["values"] == sorted(str(n) for n in range(12))
    assert one.encoders["f"].state["values"] == ["0.0", "0.25", "0.5", "0.75", "1.0"]
    assert one.encoders["b"].state["values"] == ["false", "true"]


def test_the_report_counts(prepare):
    """Rows, nulls, infinities and unseen values are counted by split; what is odd is said in words."""
    split = _ByColumn()
    table = pl.DataFrame(
        {
            "s": [0, 0, 0, 0, 1, 1, 2, 0],
            "n": [1.0, None, float("nan"), float("inf"), 2.0, float("-inf"), None, 5.0],
            "c": ["a", "b", None, "a", "new", "a", "newer", "lost"],
            "k": [7.0] * 8,
            "o": ["lo", "lo", "mid", "lo", "hi", "lo", "hi", "lo"],
            "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, float("nan")],
        }
    )
    data = prepare(table, split, features={"n": "number", "c": "category", "k": "number", "o": ["lo", "hi"]}, keys=["s"])
    report = data.report
    assert (report.rows_read, report.rows_without_target) == (8, 1)
    assert report.rows == SplitCounts(train=4, val=2, test=1)
    number, category, _, ordered = report.features
    assert (number.nulls, number.infinities) == (SplitCounts(train=2, test=1), SplitCounts(train=1, val=1))
    assert (category.nulls, category.unseen) == (SplitCounts(train=1), SplitCounts(val=1, test=1))
    assert ordered.unseen == SplitCounts()
    assert [feature.is_constant for feature in report.features] == [True, False, True, False]
    words = "\n".join(report.warnings)
    for expected in (
        "1 of 8 rows have no target and were dropped",
        '"k" has one value only',
        '"n" has 2 infinite values',
        '"c" has values in 1 of 2 val rows',
        '"o": no train row has "hi", which `order` lists',
        '"o": train rows have "mid", which `order` leaves out',
    ):
        assert expected in words


class _ByColumn:
    """A split that the table itself names."""

    fractions = (0.5, 0.25, 0.25)

    def columns(self, roles, available):
        return roles.keys

    def assign(self, rows, first_row, seed):
        return rows.to_series().cast(pl.UInt8).to_numpy().copy()


def test_golden_rows_are_raw_and_drawn_from_everywhere(prepare):
    """Golden rows are feature columns as read, in table order, fewer of them a part of more; the seed draws others."""
    table = wide(5_000)
    features = {"row": "number", **WIDE}
    golden = {count: prepare(table, features=features, golden_rows=count).golden for count in (0, 40, 200, 9_999)}
    assert {count: rows.height for count, rows in golden.items()} == {0: 0, 40: 40, 200: 200, 9_999: 5_000}
    assert golden[200].columns == ["row", "c", "a", "b"]
    drawn = golden[200]["row"].cast(pl.Int64)
    assert drawn.is_sorted()
    assert golden[200].select("a", "b", "c").equals(table[drawn].select("a", "b", "c"))
    assert set(golden[40]["row"]) < set(golden[200]["row"])
    assert 1_500 < drawn.mean() < 3_500
    other = prepare(table, features=features, golden_rows=200, seed=8).golden
    assert set(other["row"]) != set(golden[200]["row"])


def test_a_split_may_have_no_rows_when_none_were_asked_for(prepare):
    """With a fraction of 0 a split is empty arrays of the right shape."""
    data = prepare(wide(300), RandomSplit(FractionParams(train=0.9, val=0.1, test=0.0)), features=WIDE)
    test = data.splits["test"]
    assert (test.rows, test.inputs["number"].shape, test.inputs["category"].shape, test.target.shape) == (0, (0, 2), (0, 1), (0,))


def test_kinds_without_a_feature_are_absent(prepare):
    """Without categories, or without numbers, there is no array of them."""
    numbers = prepare(wide(300), features={"a": "number"}).splits["train"]
    assert "category" not in numbers.inputs
    categories = prepare(wide(300), features={"c": "category"}).splits["train"]
    assert "number" not in categories.inputs
    assert categories.inputs["category"].shape == (categories.rows, 1)


@pytest.mark.parametrize("name", ["type", "model", "with space", "a.b", 'quo"ted', "naïve", "*", "^.*$", ""])
def test_columns_may_be_called_anything(prepare, name):
    """A name that means something elsewhere is a name."""
    table = wide(300).rename({"a": name, "c": f"c {name}", "y": f"y {name}"})
    plain = prepare(wide(300), HashSplit(FractionParams()), features=WIDE)
    odd = prepare(
        table, HashSplit(FractionParams()), features={f"c {name}": "category", name: "number", "b": "number"}, target=f"y {name}"
    )
    assert content(odd) == content(plain)


def test_a_whole_row_leaves_out_what_cannot_be_read(prepare):
    """A split by whole rows takes no notice of nested and binary columns, and takes dates."""
    table = wide(300)
    odd = table.with_columns(pl.concat_list("row", "row").alias("nested"), pl.lit(b"x").alias("binary"))
    assert content(prepare(odd, HashSplit(FractionParams()), features=WIDE)) == content(
        prepare(table, HashSplit(FractionParams()), features=WIDE)
    )
    dated = table.with_columns(pl.date(2024, 1, 1).alias("day"), pl.datetime(2024, 1, 1, 3).alias("when"))
    assert content(prepare(dated, HashSplit(FractionParams()), features=WIDE)) != content(
        prepare(table, HashSplit(FractionParams()), features=WIDE)
    )


def test_rows_with_one_key_stay_together(prepare):
    """With keys, rows that share them are in one split."""
    table = wide(4_000).with_columns((pl.col("row") % 97).alias("customer"), pl.lit(1.0).alias("y"))
    data = prepare(
        table, HashSplit(FractionParams(train=0.5, val=0.25, test=0.25)), features={"customer": "category"}, keys=["customer"]
    )
    seen = [set(data.encoders["customer"].state["values"])]
    assert 20 < len(seen[0]) < 80
    assert data.report.features[0].unseen.val == data.splits["val"].rows
    assert data.report.features[0].unseen.test == data.splits["test"].rows


FAULTS = [
    ({"y": [1.0, 2.0], "a": [1.0, 2.0]}, {"features": {"b": "number"}}, "YT705", 'no column "b"'),
    (
        {"y": [1.0, 2.0], "a": [1.0, 2.0]},
        {"features": {"a": "number"}, "keys": ["k"], "split": HashSplit(FractionParams())},
        "YT705",
        'no column "k"',
    ),
    ({"y": [], "a": []}, {"features": {"a": "number"}}, "YT720", "no rows"),
    (
        {"y": [None, float("inf")], "a": [1.0, 2.0]},
        {"features": {"a": "number"}},
        "YT725",
        'target "y" has no value in any of the 2 rows',
    ),
    (
        {"y": [1.0] * 2, "a": [1.0] * 2},
        {"features": {"a": "number"}, "seed": 1},
        "YT721",
        "split has no rows: its share is 0.1 and the table has 2 rows",
    ),
    ({"y": ["x"] * 50, "a": [1.0] * 50}, {"features": {"a": "number"}, "task": "classification"}, "YT722", "one class"),
    (
        {"y": list(range(200)), "a": [None, float("nan")] * 100},
        {"features": {"a": "number"}},
        "YT723",
        '"a" has no value in any of the',
    ),
    ({"y": list(range(200)), "a": [None] * 200}, {"features": {"a": "category"}}, "YT723", '"a" has no value in any of the'),
    (
        {"y": list(range(200)), "a": [1.0] * 200},
        {"features": {"a": "number"}, "transform": "log"},
        "YT724",
        r"1 row has others: 0 \(first in row 1\)",
    ),
    (
        {"y": ["x", "z"] * 100, "a": [1.0] * 200},
        {"features": {"a": "number"}},
        "YT707",
        'column "y" holds String, which cannot be read as a number',
    ),
]


@pytest.mark.parametrize(("columns", "spec", "code", "message"), FAULTS)
def test_data_that_cannot_be_trained_on(prepare, columns, spec, code, message):
    """What is wrong with a table is named with column, counts and a remedy."""
    table = pl.DataFrame(columns, schema_overrides={"a": pl.Float64} if columns["a"] == [] else None)
    with pytest.raises(DataError, match=message) as caught:
        prepare(table, **spec)
    assert caught.value.code == code
    assert caught.value.hint


def test_data_that_change_while_they_are_read(tmp_path, prepare_from):
    """Rows that come, go or change between the two passes are an error about that, whatever they would lead to."""
    table = wide(2_000)
    others = {
        "more": pl.concat([table, table]),
        "fewer": table.head(1_000),
        "changed": table.with_columns(pl.col("a") + 1),
        "no target": table.with_columns(pl.lit(None, pl.Float64).alias("y")),
        "column gone": table.drop("a"),
    }
    for name, other in others.items():
        path = tmp_path / f"{name}.parquet"
        table.write_parquet(path)
        with pytest.raises(DataError, match="changed while they were read") as caught:
            prepare_from(ChangesMeanwhile(path, other), features=WIDE)
        assert caught.value.code == "YT708"


def test_a_split_plugin_at_fault_is_named(prepare):
    """A split that returns something else than a code per row is an error about the plugin."""

    class Wrong(RandomSplit):
        def assign(self, rows, first_row, seed):
            return np.full(rows.height, 3, np.uint8)

    with pytest.raises(PluginError, match="Wrong") as caught:
        prepare(wide(100), Wrong(FractionParams()), features=WIDE)
    assert caught.value.code == "YT727"
