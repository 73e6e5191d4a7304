"""Where sources of files find them, and how files may be written: compressed, encoded, with other signs in numbers."""

from __future__ import annotations

import bz2
import gzip
import lzma
import subprocess
import sys

import fsspec
import polars as pl
import pytest
from backports import zstd

from ymltrain.api import DataError
from ymltrain.builtin.datasource.csv import CsvParams, CsvSource
from ymltrain.builtin.datasource.jsonl import JsonlParams, JsonlSource
from ymltrain.builtin.datasource.parquet import ParquetParams, ParquetSource
from ymltrain.builtin.datasource.tsv import TsvParams, TsvSource

COMPRESS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd.compress}


def csv(path, **params) -> CsvSource:
    """A source of CSV files."""
    return CsvSource(CsvParams(path=str(path), **params))


def read(source, **columns):
    """All rows with these columns."""
    return [row for batch in source.batches(columns) for row in pl.DataFrame(batch).rows()]


def fault(source, **columns) -> DataError:
    """The error that reading these columns ends in."""
    with pytest.raises(DataError) as caught:
        read(source, **columns)
    assert caught.value.hint
    return caught.value


@pytest.fixture
def parts(tmp_path):
    """A folder of three CSV files, and what is no data of the table beside them."""
    folder = tmp_path / "parts"
    (folder / "deeper").mkdir(parents=True)
    for name, row in (("b.csv", 2), ("a.csv", 1), ("c10.csv", 3), ("deeper/d.csv", 4), ("_d.csv", 8), (".e.csv", 9)):
        (folder / name).write_text(f"n,t\n{row},x{row}\n")
    (folder / "README.md").write_text("not a table")
    return folder


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("", [1, 2, 3]),
        ("*.csv", [1, 2, 3]),
        ("[ab].csv", [1, 2]),
        ("**/*.csv", [1, 2, 3, 4]),
        ("?.csv", [1, 2]),
        ("_*.csv", [8]),
        ("a.csv", [1]),
    ],
)
@pytest.mark.parametrize("root", ["{folder}", "file://{folder}", "memory://{folder}"])
def test_files_of_a_table(parts, path, rows, root):
    """A folder and a pattern give their files in the order of their paths, here and behind a URL; marks are no data."""
    memory = fsspec.filesystem("memory")
    for file in parts.rglob("*"):
        if file.is_file():
            memory.pipe_file(str(file), file.read_bytes())
    source = csv(f"{root.format(folder=parts)}/{path}".rstrip("/"))
    assert [n for (n,) in read(source, n="number")] == rows
    assert source.sample(10).is_exact
    assert pl.DataFrame(source.sample(2).table).height == min(2, pl.DataFrame(source.sample(9).table).height)


def test_a_name_with_the_signs_of_a_pattern(tmp_path):
    """A file that is really called `a[1].csv` is that file."""
    (tmp_path / "a[1].csv").write_text("n\n7\n")
    (tmp_path / "a1.csv").write_text("n\n8\n")
    assert read(csv(tmp_path / "a[1].csv"), n="number") == [(7,)]


def test_files_must_agree(tmp_path):
    """A file with other columns is named, with the one that it differs from; the order of columns may differ."""
    (tmp_path / "a.csv").write_text("n,t\n1,x\n")
    (tmp_path / "b.csv").write_text("t,n\ny,2\n")
    assert read(csv(tmp_path), n="number", t="category") == [(1, "x"), (2, "y")]
    assert pl.DataFrame(csv(tmp_path).sample(5).table).rows() == [(1, "x"), (2, "y")]
    (tmp_path / "c.csv").write_text("t\nz\n")
    for attempt in (lambda: read(csv(tmp_path), t="category"), lambda: csv(tmp_path).sample(5)):
        with pytest.raises(DataError, match=r'c\.csv has no column "n", and .*a\.csv has one') as caught:
            attempt()
        assert caught.value.code == "YT742"
    (tmp_path / "c.csv").write_text("t,n,more\nz,1,2\n")
    assert 'c.csv has a column "more"' in fault(csv(tmp_path), t="category").message


def test_parquet_files_must_agree_in_types(tmp_path):
    """Files whose columns hold other types are refused with both types, before a row of them is read."""
    pl.DataFrame({"n": [1, 2]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"n": [3, 4]}).write_parquet(tmp_path / "b.parquet")
    assert read(ParquetSource(ParquetParams(path=str(tmp_path))), n="number") == [(1,), (2,), (3,), (4,)]
    pl.DataFrame({"n": [0.5]}).write_parquet(tmp_path / "c.parquet")
    error = fault(ParquetSource(ParquetParams(path=str(tmp_path))), n="number")
    assert (error.code, "Float64" in error.message, "Int64" in error.message) == ("YT742", True, True)


def test_an_error_names_file_and_row(tmp_path):
    """Row and line are those of the file in which the value stands, not of the whole table."""
    (tmp_path / "a.csv").write_text("n\n1\n2\n")
    (tmp_path / "b.csv").write_text("n\n3\noops\n")
    assert 'b.csv, row 2 (line 3): "oops"' in fault(csv(tmp_path), n="number").message


@pytest.mark.parametrize("place", ["here", "memory"])
def test_nothing_there(tmp_path, place):
    """A pattern that fits nothing, a folder without such files and a missing file are named as that."""
    root = f"memory://{tmp_path}" if place == "memory" else str(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    fsspec.filesystem("memory").pipe_file(f"{tmp_path}/notes.txt", b"x")
    for path, problem in (("/*.csv", "no file fits"), ("", "file"), ("/no.csv", "there is no")):
        error = fault(csv(root + path), n="number")
        assert error.code == "YT700"
        assert problem in error.message


@pytest.mark.parametrize("suffix", COMPRESS)
def test_compressed_files(tmp_path, suffix):
    """A compressed file gives the rows and the fingerprint of what it holds; the suffix may be left to a param."""
    content = "n,t\n" + "".join(f"{row},some text {row % 7}\n" for row in range(20_000))
    (tmp_path / "plain.csv").write_text(content)
    plain = csv(tmp_path / "plain.csv")
    compressed = tmp_path / f"rows.csv{suffix}"
    compressed.write_bytes(COMPRESS[suffix](content.encode()))
    assert read(csv(compressed), n="number") == read(plain, n="number")
    assert csv(compressed).fingerprint() == plain.fingerprint()
    compressed.rename(tmp_path / "rows.dat")
    name = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}[suffix]
    assert csv(tmp_path / "rows.dat", compression=name).fingerprint() == plain.fingerprint()


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_large_compressed_table_is_estimated(tmp_path, suffix):
    """How many rows a large compressed file has is estimated from how far its stored bytes have been read."""
    content = "n,t\n" + "".join(f"{row * 2654435761 % 1_000_003},some text\n" for row in range(500_000))
    (tmp_path / f"rows.csv{suffix}").write_bytes(COMPRESS[suffix](content.encode()))
    sample = csv(tmp_path / f"rows.csv{suffix}").sample(10)
    assert not sample.is_exact
    assert 350_000 < sample.total_rows < 650_000


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("damage", ["cut", "other"])
def test_damaged_compression(tmp_path, suffix, damage):
    """A compressed file that is cut short or is none ends in an error that names it, never in fewer rows."""
    content = COMPRESS[suffix](("n\n" + "1\n" * 50_000 + "".join(f"{row * 7919 % 99991}\n" for row in range(50_000))).encode())
    path = tmp_path / f"rows.csv{suffix}"
    path.write_bytes({"cut": content[: len(content) // 2], "other": b"n\n1\n2\n" * 50}[damage])
    for attempt in (lambda: read(csv(path), n="number"), csv(path).fingerprint):
        with pytest.raises(DataError) as caught:
            attempt()
        assert caught.value.code == "YT741"
        assert str(path) in caught.value.message


TEXT = "name,n\nMüller,1\n“Żółć” €,2\n"


@pytest.mark.parametrize(
    ("encoding", "codec", "text"),
    [
        ("utf-8", "utf-8", TEXT),
        ("utf-8", "utf-8-sig", TEXT),
        ("latin-1", "latin-1", "name,n\nMüller,1\nñandú,2\n"),
        ("cp1252", "cp1252", "name,n\nMüller,1\n“quoted” €,2\n"),
        ("utf-16", "utf-16", TEXT),
        ("utf-16-le", "utf-16-le", TEXT),
        ("utf-16-be", "utf-16-be", "\ufeff" + TEXT),
    ],
)
def test_encodings(tmp_path, encoding, codec, text):
    """Text comes out as it was written, whatever the encoding and however it is cut; a mark at the beginning is no data."""
    body = text + "".join(f"ü{row},{row}\n" for row in range(200_000))
    (tmp_path / "rows.csv").write_bytes(body.encode(codec))
    source = csv(tmp_path / "rows.csv", encoding=encoding)
    rows = read(source, name="category", n="number")
    assert rows[:2] == [(line.split(",")[0], float(line.split(",")[1])) for line in text.removeprefix("\ufeff").splitlines()[1:]]
    assert (len(rows), rows[-1]) == (200_002, ("ü199999", 199_999))


@pytest.mark.parametrize(
    ("encoding", "content", "line", "hint"),
    [
        ("utf-8", "a,n\nx,1\né,2\n".encode("latin-1"), 3, "cp1252"),
        ("utf-8", "a,n\nx,1\n".encode("utf-16"), 1, "utf-16"),
        ("cp1252", b"a,n\nx,1\n\x81,2\n", 3, "encoding"),
        ("utf-16", "a,n\nx,1\ny,2\n".encode("utf-16")[:-1], 3, "encoding"),
    ],
)
def test_text_in_another_encoding(tmp_path, encoding, content, line, hint):
    """Bytes that are no text in the encoding are named with their line, and with the encoding that may be meant."""
    (tmp_path / "rows.csv").write_bytes(content)
    error = fault(csv(tmp_path / "rows.csv", encoding=encoding), a="category")
    assert error.code == "YT703"
    assert f"line {line}: not" in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("params", "written", "number"),
    [
        ({"decimal": ","}, '"1,5"', 1.5),
        ({"decimal": ",", "thousands": "."}, '"1.234.567,89"', 1234567.89),
        ({"decimal": ","}, '" -,5e3 "', -500.0),
        ({"thousands": ","}, '"1,234"', 1234.0),
        ({"thousands": ","}, "1234.5", 1234.5),
        ({"thousands": " "}, "12 345", 12345.0),
        ({"thousands": "\u202f"}, "12\u202f345", 12345.0),
        ({"thousands": "'"}, "1'000'000.25", 1000000.25),
        ({"decimal": ","}, "inf", float("inf")),
        ({"decimal": ","}, "NA", None),
        ({"thousands": ","}, '"1,5"', "1,5"),
        ({"thousands": ","}, '"1,23,456"', "1,23,456"),
        ({"thousands": ","}, '"1234,567"', "1234,567"),
        ({"decimal": ","}, "1.5", "1.5"),
        ({}, '"1,5"', "1,5"),
    ],
)
def test_numbers_as_they_are_written(tmp_path, params, written, number):
    """Decimal signs and groups of three digits are read where the recipe says so; what is grouped otherwise is no number."""
    (tmp_path / "rows.csv").write_text(f"n,t\n{written},x\n7,y\n")
    source = csv(tmp_path / "rows.csv", **params)
    if isinstance(number, str):
        error = fault(source, n="number")
        assert error.code == "YT706"
        assert f'"{number}"' in error.message
        assert pl.Schema(source.schema())["n"] == pl.String
    else:
        assert read(source, n="number") == [(number,), (7,)]
        assert pl.Schema(source.schema())["n"].is_numeric()


def test_a_comma_in_a_number_is_explained(tmp_path):
    """A number with a comma gets the param that reads it as its remedy."""
    (tmp_path / "rows.tsv").write_text("n\n1,5\n")
    assert "`decimal:" in fault(TsvSource(TsvParams(path=str(tmp_path / "rows.tsv"))), n="number").hint


def test_fingerprints_of_many_files(tmp_path):
    """The fingerprint follows the content and the order of the files, and not what they are called."""
    prints = []
    for name, contents in (("one", ("n\n1\n", "n\n2\n")), ("two", ("n\n1\n", "n\n2\n")), ("three", ("n\n2\n", "n\n1\n"))):
        (tmp_path / name).mkdir()
        for number, content in enumerate(contents):
            (tmp_path / name / f"{name}{number}.csv").write_text(content)
        prints.append(csv(tmp_path / name).fingerprint())
    assert prints[0] == prints[1] != prints[2]


JSON_RULES = [
    ('{"a":1}\n{"a":2.5}\n', pl.Float64, {"number": [1, 2.5], "category": [1.0, 2.5]}),
    ('{"a":1}\n\n{}\r\n{"a":null}\n{"a":3}', pl.Int64, {"number": [1, None, None, 3], "category": ["1", None, None, "3"]}),
    ('{"a":true}\n{"a":false}\n', pl.Boolean, {"category": ["true", "false"]}),
    ('{"a":"007"}\n{"a":" x "}\n', pl.String, {"category": ["007", " x "]}),
    ('{"a":"1.5"}\n{"a":" 2 "}\n', pl.String, {"number": [1.5, 2], "category": ["1.5", " 2 "]}),
    ('{"a":1}\n{"a":"x"}\n{"a":true}\n', pl.String, {"category": ["1", "x", "true"]}),
    ('{"a":[1,2]}\n{"a":[0.5]}\n{"a":[]}\n', pl.List(pl.Float64), {"vector": [[1, 2], [0.5], []]}),
    ('{"a":null}\n{}\n', pl.Null, {"number": [None, None], "category": [None, None]}),
    ('{"b":1}\n{"a":"é\\u00e9"}\n', pl.String, {"category": [None, "éé"]}),
    ('{"a":18446744073709551616}\n', pl.Float64, {"number": [2.0**64]}),
]


@pytest.mark.parametrize(("content", "dtype", "values"), JSON_RULES)
def test_json_values(tmp_path, content, dtype, values):
    """JSON's own types hold; missing keys and null are missing; a column of mixed kinds is text."""
    (tmp_path / "rows.jsonl").write_text(content)
    source = JsonlSource(JsonlParams(path=str(tmp_path / "rows.jsonl")))
    assert pl.Schema(source.schema())["a"] == dtype
    for asked, expected in values.items():
        assert [value for (value,) in read(source, a=asked)] == expected


@pytest.mark.parametrize(
    ("content", "dtype", "values"),
    [
        ('{"a":1}\n{"a":"NA"}\n{"a":"-"}\n{"a":2.5}\n', pl.Float64, {"number": [1, None, None, 2.5]}),
        ('{"a":"x"}\n{"a":"NA"}\n{"a":"- "}\n', pl.String, {"category": ["x", None, "- "]}),
        ('{"a":true}\n{"a":"-"}\n', pl.Boolean, {"category": ["true", None]}),
        ('{"a":"1.5"}\n{"a":"-"}\n', pl.String, {"number": [1.5, None]}),
        ('{"a":[1,2]}\n{"a":"NA"}\n', pl.List(pl.Float64), {"vector": [[1, 2], None]}),
        ('{"a":1}\n' * 20_000 + '{"a":"NA"}\n', pl.Int64, {"number": [1] * 20_000 + [None]}),
    ],
)
def test_json_null_values(tmp_path, content, dtype, values):
    """Texts that mean a missing value are missing in columns of every kind, and change no column's type."""
    (tmp_path / "rows.jsonl").write_text(content)
    source = JsonlSource(JsonlParams(path=str(tmp_path / "rows.jsonl"), null_values=("NA", "-")))
    found = pl.Schema(source.schema())["a"]
    assert found == dtype or (isinstance(dtype, pl.List) and isinstance(found, pl.List))
    for asked, expected in values.items():
        assert [value for (value,) in read(source, a=asked)] == expected


@pytest.mark.parametrize(
    ("content", "code", "problem"),
    [
        ('{"a":1}\n\n{"a":2\n', "YT743", "row 2 (line 3): no JSON"),
        ('{"a":1}\n[1]\n', "YT743", "row 2 (line 2): not an object but list"),
        ('{"a":NaN}\n', "YT743", "row 1 (line 1): NaN is no JSON value"),
        (b'{"a":1}\n{"a":"\xe9"}\n', "YT703", "line 2: not UTF-8"),
        ('{"a":1}\n' * 20_000 + '{"a":"oops"}\n', "YT706", 'row 20001 (line 20001): "oops" in column "a" is not a number'),
        ('{"a":1}\n' * 300_000 + "\n" + '{"a":true}\n', "YT706", "row 300001 (line 300002)"),
        ('{"a":"1"}\n{"a":"x"}\n', "YT706", 'row 2 (line 2): "x"'),
    ],
)
def test_json_faults(tmp_path, content, code, problem):
    """What is wrong with JSON lines is named with file, row and line."""
    (tmp_path / "rows.jsonl").write_bytes(content if isinstance(content, bytes) else content.encode())
    error = fault(JsonlSource(JsonlParams(path=str(tmp_path / "rows.jsonl"))), a="number")
    assert error.code == code
    assert "rows.jsonl" in error.message
    assert problem in error.message


def test_a_missing_backend_is_named(tmp_path):
    """A URL whose backend is not installed ends in the pip command that brings it, without the URL's credentials."""
    error = fault(csv("gs://user:hunter22@bucket/rows.csv"), n="number")
    assert (error.code, error.hint) == ("YT740", "pip install gcsfs")
    assert "hunter22" not in error.message
    assert "did you mean" in fault(csv("memry://bucket/rows.csv"), n="number").hint


def test_credentials_are_never_shown():
    """Neither the URL's password, its query nor `storage` comes into an error, whatever the backend says."""
    url = "http://user:hunter22@127.0.0.1:9/rows.csv?sig=abcdef123456"
    error = fault(csv(url, storage={"headers": {"Authorization": "Bearer tok-en-99"}}), n="number")
    assert error.code == "YT700"
    for secret in ("hunter22", "abcdef123456", "tok-en-99"):
        assert secret not in error.message + error.hint


def test_loading_the_sources_imports_no_reader():
    """What `check` without data loads is light: no polars, no fsspec."""
    program = (
        "import sys; import ymltrain.builtin.datasource.csv, ymltrain.builtin.datasource.jsonl; "
        "import ymltrain.builtin.datasource.parquet; print([name for name in ('polars', 'fsspec', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
