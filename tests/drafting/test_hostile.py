"""Tables as people have them: whatever they hold, the recipe compiles, reads it right, and `fit` runs it as it stands."""

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from .conftest import ROWS

NAMES = [
    "a b",
    "été",
    "x.y",
    'q"q',
    "it's",
    "type",
    "model",
    "*",
    "^a$",
    "recipe",
    "",
    "${x}",
    "- y",
    "k: v",
    "a\nb",
    "null",
    "007",
    "#",
]


def test_columns_may_be_called_anything(drafting, drawn):
    """Names with spaces, accents, dots and quotes, patterns, key words of the recipe, and a target that looks like YAML."""
    rows = drawn.random((ROWS, len(NAMES) + 1)).round(4).tolist()
    drafted = drafting.init(drafting.write("odd.csv", [*NAMES, "price: €"], rows), "price: €")
    assert drafted.types == dict.fromkeys(NAMES, "number")
    drafting.fit()


@pytest.mark.parametrize("target", ["${x}", "^a$", "*", "type", "a\nb", "null"])
def test_a_target_may_be_called_anything(drafting, drawn, target):
    """What is a reference, a pattern or a key word elsewhere is a name here."""
    rows = drawn.random((ROWS, 2)).round(4).tolist()
    assert drafting.init(drafting.write("odd.csv", ["x", target], rows), target).target["column"] == target


def test_words_for_missing_values(drafting, drawn):
    """NA, nothing, - and others are found where numbers, times and truth values are, and stay words elsewhere."""
    words = ["NA", "", "-", "n/a", " ? "]
    rows = [
        [
            words[i % 5] if i % 3 == 0 else round(i * 0.37, 2),
            "-" if i % 7 == 0 else f"2024-03-{1 + i % 28:02d}T10:00:00+0{i % 4}:00",
            "-" if i % 11 == 0 else ("yes", "no")[i % 2],
            ("+", "-", "0")[i % 3],
            "-" if i % 20 == 0 else round(float(drawn.random()), 3),
        ]
        for i in range(ROWS)
    ]
    drafted = drafting.init(drafting.write("gaps.csv", ["x", "when", "flag", "sign", "y"], rows), "y")
    assert drafted.types == {"x": "number", "when": "timestamp", "flag": "boolean", "sign": "category"}
    assert set(drafted.datasource["null_values"]) == {"", "NA", "NaN", "null", "-", "n/a", "?"}
    assert ("y", "certain") in drafted.warnings("target")
    drafting.fit()


def test_a_word_that_is_a_label_stays_one(drafting, drawn):
    """Where - is a class of the target it means no missing value anywhere: the column of numbers that has it is named."""
    rows = [["-" if i % 9 == 0 else round(float(drawn.random()), 3), i % 5, ("+", "-")[i % 2]] for i in range(ROWS)]
    drafted = drafting.init(drafting.write("signs.csv", ["x", "g", "charge"], rows), "charge")
    assert "null_values" not in drafted.datasource
    assert drafted.target["classes"] == {"+": 120, "-": 120}
    assert ("x", "certain") in drafted.warnings("numbers")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(drafting, drawn, encoding):
    """A mark at the beginning is no part of a name; other encodings than UTF-8 are found."""
    rows = [[round(float(drawn.random()), 3), ("Orléans", "Mâcon")[i % 2], i % 17] for i in range(ROWS)]
    drafted = drafting.init(drafting.write("villes.csv", ["naïve", "ville", "prix"], rows, encoding=encoding), "prix")
    assert drafted.types == {"naïve": "number", "ville": "category"}
    assert '"Orléans"' in drafted.columns["ville"]["why"]
    assert drafted.datasource.get("encoding", "utf-8").startswith({"u": "utf", "l": "cp1252", "c": "cp1252"}[encoding[0]])


def test_a_letter_far_down_that_is_not_utf_8(drafting):
    """What the beginning of the file does not show is found by the pass over it."""
    text = "x,y\n" + "".join(f"{i % 97},{i % 89}\n" for i in range(700_000)) + "é,1\n"
    (drafting.folder / "late.csv").write_bytes(text.encode("latin-1"))
    drafted = drafting.init("late.csv", "y")
    assert drafted.datasource["encoding"] == "cp1252"
    assert ("x", "certain") in drafted.warnings("numbers")


@pytest.mark.parametrize(
    ("delimiter", "values", "params"),
    [
        (",", ["1,234", "22", "5,678,900.5"], {"thousands": ","}),
        (";", ["1.234,5", "22", "5.678.900,25"], {"delimiter": ";", "decimal": ",", "thousands": "."}),
        (";", ["1,5", "22", "3,75"], {"delimiter": ";", "decimal": ","}),
        ("\t", ["1 234", "22", "5 678 900"], {"delimiter": "\t", "thousands": " "}),
        ("|", ["1'234.5", "22", "9'999"], {"delimiter": "|", "thousands": "'"}),
        (",", ["1\u00a0234,5", "22", "9\u00a0999,25"], {"decimal": ",", "thousands": "\u00a0"}),
    ],
)
def test_numbers_as_they_are_written(drafting, drawn, delimiter, values, params):
    """Decimal commas, thousands and delimiters follow from what reads as numbers."""
    rows = [[values[i % 3], ("u", "v,w")[i % 2], int(drawn.integers(2))] for i in range(ROWS)]
    drafted = drafting.init(drafting.write("amounts.csv", ["x", "c", "y"], rows, delimiter=delimiter), "y")
    assert {key: value for key, value in drafted.datasource.items() if key not in ("type", "path")} == params
    assert drafted.types == {"x": "number", "c": "category"}


def test_thousands_that_may_be_decimals_are_a_guess(drafting, drawn):
    """1,234 alone does not tell; the draft says how it read it and what it may be else."""
    rows = [[f"{i % 9 + 1},{i + 100:03d}", int(drawn.integers(2))] for i in range(ROWS)]
    drafted = drafting.init(drafting.write("amounts.csv", ["x", "y"], rows), "y")
    assert drafted.datasource["thousands"] == ","
    assert drafted.warnings("notation") == {("x", "guess")}


def test_a_zero_before_the_comma_is_no_number_of_thousands(drafting, drawn):
    """0,123 is below one in every notation: nothing is left to guess."""
    rows = [[f"{i % 3},{i + 100:03d}", int(drawn.integers(2))] for i in range(ROWS)]
    drafted = drafting.init(drafting.write("amounts.csv", ["x", "y"], rows, delimiter=";"), "y")
    assert (drafted.datasource["decimal"], drafted.types) == (",", {"x": "number"})
    assert drafted.warnings("notation") == set()


def test_times(drafting, drawn):
    """ISO 8601 with and without zones, and other forms; where day and month can be either, it is a guess."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(days=int(day), hours=i % 24) for i, day in enumerate(drawn.integers(0, 360, ROWS))]
    rows = [
        [
            moment.isoformat().replace("+00:00", ("Z", "+02:00", "-05:30")[i % 3]),
            f"{moment:%d.%m.%Y %H:%M}",
            f"{moment:%m/}{moment.day % 12 + 1:02d}{moment:/%Y}",
            round(float(drawn.random()), 3),
        ]
        for i, moment in enumerate(moments)
    ]
    drafted = drafting.init(drafting.write("times.csv", ["at", "on", "us", "y"], rows), "y")
    assert set(drafted.types.values()) == {"timestamp"}
    assert "UTC" not in drafted.columns["at"]["why"]
    assert drafted.columns["on"]["format"] == "%d.%m.%Y %H:%M"
    assert ("us", "guess") in drafted.warnings("time")
    drafting.fit()


def test_codes_and_truth_values(drafting, drawn):
    """Digits with leading zeros are codes, yes and no are truth values, and words for yes stay the labels of a target."""
    rows = [[f"{i % 60:05d}", ("yes", "no")[i % 2], ("Y", "N")[int(drawn.integers(2))]] for i in range(ROWS)]
    drafted = drafting.init(drafting.write("codes.csv", ["zip", "smoker", "paid"], rows), "paid")
    assert drafted.types == {"zip": "category", "smoker": "boolean"}
    assert "codes" in drafted.columns["zip"]["why"]
    assert drafted.target["task"] == "binary"
    assert "positive: Y" in drafted.recipe


def test_leading_zeros_far_down_make_codes(drafting):
    """A column of digits whose zeros stand beyond the first rows is no column of numbers."""
    rows = [[f"{i % 50 + 10}", i % 7] for i in range(12_000)] + [["007", 1]]
    drafted = drafting.init(drafting.write("codes.csv", ["sku", "y"], rows), "y")
    assert drafted.types == {"sku": "category"}
    assert drafted.warnings("numbers") == {("sku", "likely")}


def test_300_columns(drafting, drawn):
    """A wide table is listed column by column."""
    rows = [[*map(str, numbers), ("yes", "no")[i % 2]] for i, numbers in enumerate(drawn.random((120, 300)).round(3).tolist())]
    drafted = drafting.init(drafting.write("wide.csv", [*(f"f {i}" for i in range(300)), "y"], rows), "y")
    assert list(drafted.types.values()) == ["number"] * 300


def test_quote_signs_that_quote_nothing(drafting, drawn):
    """Inches are no quotes."""
    lines = [f'{drawn.random():.3f},{5 + i % 3}" pipe,{"xy"[i % 2]}' for i in range(101)]
    (drafting.folder / "pipes.csv").write_text("a,size,y\n" + "\n".join(lines))
    drafted = drafting.init("pipes.csv", "y")
    assert drafted.datasource["quote"] is None
    assert drafted.types == {"a": "number", "size": "category"}


def test_json_lines(drafting, drawn):
    """Values of JSON have types; numbers written as text are numbers, what is nested is left out."""
    with (drafting.folder / "rows.jsonl").open("w") as file:
        for i in range(ROWS):
            row = {
                "a": float(drawn.random()),
                "text": f"{i / 8}",
                "tags": [1, 2, i],
                "who": {"id": i},
                "type": "xyz"[i % 3],
                "y": i % 4 == 0,
            }
            file.write(json.dumps(row) + "\n")
    drafted = drafting.init("rows.jsonl", "y")
    assert drafted.types == {"a": "number", "text": "number", "tags": "vector", "who": "ignore", "type": "category"}
    assert ("who", "certain") in drafted.warnings("unreadable")
    drafting.fit()


def test_parquet(drafting, drawn):
    """A file with types keeps them; whole numbers of few values are classes by a guess; binary is left out by name."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    table = pl.DataFrame(
        {
            "when": [start + timedelta(hours=i) for i in range(ROWS)],
            "cat": pl.Series([("a", "b")[i % 2] for i in range(ROWS)], dtype=pl.Categorical),
            "blob": [b"x"] * ROWS,
            "vec": [[1.0, float(i)] for i in range(ROWS)],
            "text": [str(i / 2) for i in range(ROWS)],
            "grade": drawn.integers(1, 6, ROWS),
        }
    )
    table.write_parquet(drafting.folder / "t.parquet")
    drafted = drafting.init("t.parquet", "grade")
    assert drafted.types == {"when": "timestamp", "cat": "category", "blob": "ignore", "vec": "vector", "text": "ignore"}
    assert (drafted.target["task"], drafted.target["sure"]) == ("classification", "guess")
    assert sorted(drafted.target["classes"]) == ["1", "2", "3", "4", "5"]
    assert {("blob", "certain")} == drafted.warnings("unreadable")
    assert ("text", "certain") in drafted.warnings("numbers")
    assert "event_time: when" in drafted.recipe
    drafting.fit()


def test_tabs_and_a_name_without_a_suffix(drafting, drawn):
    """The type is found by reading where the suffix does not tell it, or tells something else."""
    rows = [[round(float(drawn.random()), 3), "xyz"[i % 3]] for i in range(ROWS)]
    assert drafting.init(drafting.write("a.tsv", ["x", "y"], rows, delimiter="\t"), "y").datasource["type"] == "tsv"
    assert drafting.init(drafting.write("b.tsv", ["x", "y"], rows, delimiter=";"), "y", "--force").datasource["delimiter"] == ";"
    assert drafting.init(drafting.write("data", ["x", "y"], rows, delimiter="|"), "y", "--force").datasource["type"] == "csv"


def test_twelve_rows(drafting, drawn):
    """A table as small as it may be gets a seed under which each split has rows."""
    drafting.init(drafting.write("few.csv", ["x", "y"], drawn.random((12, 2)).tolist()), "y")
    drafting.fit()


def test_json_lines_with_words_for_missing_values(drafting, drawn):
    """Words that stand where numbers, truth values, times and lists are mean a missing value, as in a file of text."""
    rows = [
        {
            "a b": ("NA", "-")[i % 2] if i % 9 == 0 else round(float(drawn.random()), 3),
            "ok": "-" if i % 11 == 0 else ("yes", "no")[i % 2],
            "flag": "NA" if i % 10 == 0 else i % 3 == 0,
            "when": "" if i % 7 == 0 else f"2024-03-{1 + i % 28:02d}T10:00:00+0{i % 4}:00",
            "vector": "NA" if i % 5 == 0 else [0.5, i / 7],
            "type": ("x", "y")[i % 2],
            "code": f"{i % 50:03d}",
            "price": round(float(drawn.random()), 4),
        }
        for i in range(ROWS)
    ]
    (drafting.folder / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    drafted = drafting.init("t.jsonl", "price")
    assert drafted.types == {
        "a b": "number",
        "ok": "boolean",
        "flag": "boolean",
        "when": "timestamp",
        "vector": "vector",
        "type": "category",
        "code": "category",
    }
    assert set(drafted.datasource["null_values"]) == {"NA", "-", ""}
    assert "model: tabular  #" in drafted.recipe
    drafting.fit()
