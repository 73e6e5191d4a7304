"""What the built-in datasources read, and what they say about files that they cannot read."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import random
import string
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ymltrain.api import DataError
from ymltrain.builtin.datasource.csv import CsvParams, CsvSource
from ymltrain.builtin.datasource.csv_records import Dialect
from ymltrain.builtin.datasource.csv_text import read_text
from ymltrain.builtin.datasource.location import DataFile
from ymltrain.builtin.datasource.parquet import ParquetParams, ParquetSource

DIAMONDS = Path(__file__).parents[2] / "recipes" / "data" / "diamonds.csv"
PENGUINS = DIAMONDS.with_name("penguins.csv")


def csv_source(folder: Path, content: str | bytes, **params: object) -> CsvSource:
    """A source of a CSV file with this content."""
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return CsvSource(CsvParams(path=str(path), **params))


def read(source: CsvSource | ParquetSource, **columns: str) -> list[tuple]:
    """All rows with these columns."""
    return [row for batch in source.batches(columns) for row in pl.DataFrame(batch).rows()]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a,b\n1,x\n2,y\n", [(1, "x"), (2, "y")]),
        ("a,b\n1,x\n2,y", [(1, "x"), (2, "y")]),
        ("a,b\r\n1,x\r\n2,y\r\n", [(1, "x"), (2, "y")]),
        ("\ufeffa,b\n1,x\n", [(1, "x")]),
        ("\n\na,b\n1,x\n", [(1, "x")]),
        ("a,b\n\n1,x\n\n\n2,\n\n", [(1, "x"), (2, None)]),
        ('a,b\n\n1,"x\n\ny"\r\n\r\n2,\n', [(1, "x\n\ny"), (2, None)]),
        ('a,b\n1,"say ""x"", y"\n', [(1, 'say "x", y')]),
        ('a,b\n1,NA\nNA,"NA"\n,""\nnull,NaN\n', [(1, None), (None, None), (None, None), (None, None)]),
        ("a,b\n 1 ,  x \n NA , NA \n", [(1, "  x "), (None, " NA ")]),
        ("a,b\n-1.5e3,007\n.5,1.0\n+2.,true\n", [(-1500, "007"), (0.5, "1.0"), (2, "true")]),
        ("a,b\ninf,x\n-Infinity,y\n1e999,z\n", [(float("inf"), "x"), (float("-inf"), "y"), (float("inf"), "z")]),
        ('a,b\n1,5" and 3"\n2,\n', [(1, '5" and 3"'), (2, None)]),
        ("a,b\n", []),
        ("a,b", []),
    ],
)
def test_csv_rules(tmp_path, content, rows):
    """Numbers and text come out of a CSV file by the written rules for blanks, quotes, spaces and missing values."""
    assert read(csv_source(tmp_path, content), a="number", b="category") == rows


def test_csv_blank_lines_of_one_column(tmp_path):
    """In a table of one column a blank line is a missing value."""
    assert read(csv_source(tmp_path, "a\n1\n\n3\n"), a="number") == [(1,), (None,), (3,)]


def test_csv_params(tmp_path):
    """Delimiter, quote sign and the texts for missing values are the recipe's to choose."""
    assert read(csv_source(tmp_path, "a;b\n1;'x;y'\n", delimiter=";", quote="'"), b="category") == [("x;y",)]
    assert read(csv_source(tmp_path, 'a\tb\n1\t5"\n', delimiter="\t", quote=None), b="category") == [('5"',)]
    source = csv_source(tmp_path, "a,b\n-9,\n1,NA\n", null_values=("-9",))
    assert read(source, a="number", b="category") == [(None, ""), (1, "NA")]


@pytest.mark.parametrize(
    "params",
    [
        {"delimiter": ";;"},
        {"delimiter": "é"},
        {"delimiter": "\n"},
        {"quote": ""},
        {"delimiter": '"'},
        {"encoding": "ebcdic"},
        {"decimal": ";"},
        {"thousands": "."},
        {"thousands": "0"},
    ],
)
def test_csv_refuses_params_that_cannot_work(params):
    """Params that no CSV file can have do not pass."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"path": "a.csv", **params}, CsvParams)


FAULTS = [
    ("", "YT701", "is empty"),
    ("\n\n", "YT701", "is empty"),
    ("a,b,a\n1,2,3\n", "YT702", 'columns 1 and 3 are both called "a"'),
    ("é,b\n1,2\n".encode("latin1"), "YT703", "line 1: not UTF-8"),
    ("a,b\n1,2\n3,é\n".encode("latin1"), "YT703", "line 3: not UTF-8"),
    ("a,b\n1,2\n".encode("utf-16"), "YT703", "line 1: not UTF-8"),
    ("a,b\n1,2\n3\n4,5\n", "YT704", r"row 2 \(line 3\): 1 value, but the header names 2"),
    ("a,b\n1,2\n\n3,4\n5\n", "YT704", r"row 3 \(line 5\): 1 value, but the header names 2"),
    ("a,b\n3\n", "YT704", r"row 1 \(line 2\): 1 value, but the header names 2"),
    ('a,b\n"1\n1",2\n3,4,5\n', "YT704", r"row 2 \(line 4\): 3 values, but the header names 2"),
    ('a,b\n1,2\n"3,4\n5,6\n', "YT704", "row 2"),
    ('a,b\n1,2\n"3"x,4\n', "YT704", "row 2"),
    ('a,b\nx"y,2\n', "YT704", r"from row 1 \(line 2\) on"),
    ("a,b\r1,2\r", "YT704", "line 1: the header cannot be read"),
    ("a,b\n1,2\nx,4\n", "YT706", r'row 2 \(line 3\): "x" in column "a" is not a number'),
    ('a,b\n\n"\n1",2\n\nx,4\n', "YT706", r'row 2 \(line 6\): "x" in column "a" is not a number'),
    ("a,b\n1,2\n1_000,4\n", "YT706", "1_000"),
    ('a,b\n"1,5",2\n', "YT706", "1,5"),
    ("a,c\n1,2\n", "YT705", 'has no column "b"'),
]


@pytest.mark.parametrize(("content", "code", "message"), FAULTS)
def test_csv_faults(tmp_path, content, code, message):
    """What is wrong with a CSV file is named with file, row and line, and comes with a remedy."""
    source = csv_source(tmp_path, content)
    with pytest.raises(DataError, match=message) as caught:
        read(source, a="number", b="category")
    assert caught.value.code == code
    assert caught.value.hint
    assert "table.csv" in caught.value.message


def test_csv_fault_far_into_the_file(tmp_path):
    """Row and line are right in a later block of the file, too."""
    lines = ["n,text"] + [f'{row},"two\nlines"' for row in range(200_000)]
    lines[150_001] = "oops,x"
    source = csv_source(tmp_path, "\n".join(lines))
    assert (tmp_path / "table.csv").stat().st_size > 2 << 20
    with pytest.raises(DataError, match=r'row 150001 \(line 300002\): "oops" in column "n"'):
        read(source, n="number")


def test_csv_unclosed_quote_does_not_eat_the_memory(tmp_path):
    """A quote that is never closed in a huge file ends in an error about its line, not in reading all the rest at once."""
    source = csv_source(tmp_path, 'a,b\n1,2\n"3,4\n' + "5,6\n" * (20 << 20))
    with pytest.raises(DataError, match=r"line 3: a record of more than 64 MiB") as caught:
        read(source, a="number")
    assert caught.value.code == "YT704"


def test_missing_files_are_named(tmp_path):
    """A file that is not there is an error with the nearest file, or the folder that is missing."""
    (tmp_path / "diamonds.csv").write_text("a\n1\n")
    for source in (
        CsvSource(CsvParams(path=str(tmp_path / "diamond.csv"))),
        ParquetSource(ParquetParams(path=str(tmp_path / "diamond.csv"))),
    ):
        for attempt in (
            source.schema,
            source.fingerprint,
            lambda source=source: source.sample(3),
            lambda source=source: read(source, a="number"),
        ):
            with pytest.raises(DataError, match="there is no file") as caught:
                attempt()
            assert (caught.value.code, caught.value.hint) == ("YT700", 'did you mean "diamonds.csv"?')
    with pytest.raises(DataError, match="there is no file") as caught:
        CsvSource(CsvParams(path=str(tmp_path / "nowhere" / "a.csv"))).schema()
    assert str(tmp_path / "nowhere") in caught.value.hint
    (tmp_path / "nowhere").mkdir()
    with pytest.raises(DataError, match=r"nowhere holds no \.csv file"):
        CsvSource(CsvParams(path=str(tmp_path / "nowhere"))).schema()
    (tmp_path / "diamonds.csv").unlink()
    with pytest.raises(DataError, match=r"holds no \.csv file"):
        CsvSource(CsvParams(path=str(tmp_path))).schema()


def test_unreadable_files_are_named(tmp_path):
    """A path that the file system refuses is an error that says why."""
    csv_source(tmp_path, "a\n1\n")
    with pytest.raises(DataError, match=r"cannot read .*Not a directory") as caught:
        CsvSource(CsvParams(path=str(tmp_path / "table.csv" / "inner.csv"))).schema()
    assert caught.value.code == "YT700"


def test_csv_schema_from_the_values(tmp_path):
    """Numbers are told from text and from codes with leading zeros; a column without a value has no type."""
    source = csv_source(tmp_path, "whole,real,zip,text,empty,mixed,minus\n1,1.5,01234,a,,1,-0.5\n 2,2,90210,NA,NA,x,NA\n")
    assert dict(pl.Schema(source.schema())) == {
        "whole": pl.Int64,
        "real": pl.Float64,
        "zip": pl.String,
        "text": pl.String,
        "empty": pl.Null,
        "mixed": pl.String,
        "minus": pl.Float64,
    }


def test_csv_counts_or_estimates_its_rows(tmp_path):
    """A small file is counted, of a large one the size is estimated from its beginning."""
    assert CsvSource(CsvParams(path=str(DIAMONDS))).sample(10).total_rows == 53_940
    assert CsvSource(CsvParams(path=str(PENGUINS))).sample(10).is_exact
    lines = "".join(f"{row % 977},some text\n" for row in range(500_000))
    sample = csv_source(tmp_path, "n,text\n" + lines).sample(10)
    assert not sample.is_exact
    assert abs(sample.total_rows - 500_000) < 10_000


def test_a_fingerprint_is_that_of_sha256sum():
    """The fingerprint is the plain SHA-256 of the file, so that anyone can check it."""
    expected = "sha256:" + hashlib.sha256(DIAMONDS.read_bytes()).hexdigest()
    assert CsvSource(CsvParams(path=str(DIAMONDS))).fingerprint() == expected


NUMBER = st.one_of(
    st.floats().map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.from_regex(r"[ \t]{0,2}[+-]?[0-9.]{0,6}(e[+-]?[0-9]{1,3})?[ \t]{0,2}", fullmatch=True),
    st.sampled_from(["", "NA", " NA", "nan", "Inf", "-infinity", "0x10", "1_000", "1,5", '"', "x", "\N{NO-BREAK SPACE}1"]),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.tuples(NUMBER, st.sampled_from("xy")), min_size=1, max_size=5), is_quoted=st.booleans())
def test_csv_numbers_are_what_their_text_says(tmp_path, values, is_quoted):
    """A block whose numbers the parser reads gives what the text of each value gives by itself, or is refused as that is."""
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL).writerows([("n", "c"), *values])
    expected, is_wrong = [], False
    for text, _ in values:
        is_missing = text.strip() in ("", "NA", "NaN", "null")
        number = pl.Series([text.strip()]).cast(pl.Float64, strict=False)[0]
        is_wrong |= number is None and not is_missing
        expected.append(None if is_missing else number)
    source = CsvSource(CsvParams(path=str(tmp_path / "table.csv")))
    if is_wrong:
        with pytest.raises(DataError) as caught:
            read(source, n="number", c="category")
        assert caught.value.code == "YT706"
    else:
        assert repr([number for number, _ in read(source, n="number", c="category")]) == repr(expected)


VALUE = st.one_of(
    st.text(alphabet=string.ascii_letters + " 'é漢,;|\".-_0123456789\n\t", max_size=12),
    st.sampled_from(["", "NA", '"', '""', ",", "\n", "\n\n", "x" * 300]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(VALUE, min_size=width, max_size=width), min_size=1)),
    block=st.integers(1, 400),
)
def test_csv_reads_what_the_standard_library_writes(tmp_path, rows, block):
    """Any table written as CSV reads back value for value, wherever the file is cut into blocks."""
    names = [f"column {number}" for number in range(len(rows[0]))]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([names, *rows])
    path = tmp_path / "any.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    blocks = list(read_text([DataFile(str(path), None)], Dialect(str(path), ",", '"', ("NA",)), block))
    assert [list(row) for item in blocks for row in item.frame.rows()] == [[None if v == "NA" else v for v in row] for row in rows]
    assert [item.first_row for item in blocks] == [1 + sum(b.frame.height for b in blocks[:n]) for n in range(len(blocks))]


def test_parquet_keeps_its_types(tmp_path):
    """A Parquet file's own types come through, whatever its row groups."""
    table = pl.DataFrame({"n": range(150_000), "flag": [True, False, None] * 50_000, "x": [0.1] * 150_000})
    for group in (1_000, 65_537, 1_000_000):
        table.write_parquet(tmp_path / "t.parquet", row_group_size=group)
        source = ParquetSource(ParquetParams(path=str(tmp_path / "t.parquet")))
        assert dict(pl.Schema(source.schema())) == {"n": pl.Int64, "flag": pl.Boolean, "x": pl.Float64}
        rows = pl.concat([pl.DataFrame(batch) for batch in source.batches({"flag": "category", "n": "number"})])
        assert rows.equals(table.select("flag", "n"))
        assert source.sample(3).is_exact
        assert source.sample(3).total_rows == 150_000


@pytest.mark.parametrize("damage", ["cut", "text", "empty"])
def test_parquet_faults(tmp_path, damage):
    """A file that is no sound Parquet file is an error that names it."""
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": range(1000)}).write_parquet(path)
    path.write_bytes({"cut": path.read_bytes()[:-100], "text": b"a,b\n1,2\n", "empty": b""}[damage])
    source = ParquetSource(ParquetParams(path=str(path)))
    for attempt in (source.schema, lambda: source.sample(1), lambda: read(source, a="number")):
        with pytest.raises(DataError, match="not a sound Parquet file") as caught:
            attempt()
        assert caught.value.code == "YT709"


def test_the_first_fault_is_told_though_blocks_are_read_ahead(tmp_path):
    """A record that is wrong comes before the damaged end of the file, which is met first while blocks are parsed at once."""
    rows = [f"{number},x" for number in range(5_000)]
    whole = gzip.compress("\n".join(["n,c", *rows[:10], "1,x,too many", *rows[10:]]).encode())
    (tmp_path / "t.csv.gz").write_bytes(whole[:-40])
    file = DataFile(str(tmp_path / "t.csv.gz"), len(whole))
    dialect = Dialect(file.name, ",", '"', ("",), compression="gzip")
    told = []
    for at_once in (1, 200):
        with pytest.raises(DataError) as raised:
            list(read_text([file], dialect, block_bytes=1_000, at_once=at_once))
        told.append((raised.value.code, raised.value.message))
    assert told[0] == told[1]
    assert told[0][0] == "YT704"
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress("\n".join(["n,c", *rows]).encode()))
    one, more = (list(read_text([file], dialect, 1_000, at_once=at_once)) for at_once in (1, 3))
    assert [rows.first_row for rows in more] == [rows.first_row for rows in one]
    assert pl.concat([rows.frame for rows in more]).equals(pl.concat([rows.frame for rows in one]))
    assert len(more) > 10


def test_a_file_cut_short_while_it_is_read(tmp_path):
    """A file that loses its end between two batches ends in an error or in fewer rows, never in a dead process."""
    generator = random.Random(1)
    table = pl.DataFrame({"n": [generator.random() for _ in range(400_000)]})
    table.write_parquet(tmp_path / "t.parquet", row_group_size=10_000)
    source = ParquetSource(ParquetParams(path=str(tmp_path / "t.parquet")))
    batches = iter(source.batches({"n": "number"}))
    next(batches)
    os.truncate(tmp_path / "t.parquet", 4096)
    with pytest.raises(DataError):
        list(batches)
    table = pl.concat([table] * 3)  # some blocks are read ahead
    table.write_csv(tmp_path / "t.csv")
    batches = iter(CsvSource(CsvParams(path=str(tmp_path / "t.csv"))).batches({"n": "number"}))
    read_rows = pl.DataFrame(next(batches)).height
    os.truncate(tmp_path / "t.csv", 4096)
    assert read_rows + sum(pl.DataFrame(batch).height for batch in batches) < table.height
