"""Datasource `text`: files as rows of texts."""

import gzip

import polars as pl
import pytest

from ymltrain.api import DataError
from ymltrain.builtin.datasource.text import TextParams, TextSource


def source(path, **params):
    """A source of these files."""
    return TextSource(TextParams(path=str(path), **params))


def rows(found):
    """All rows."""
    columns = dict.fromkeys(pl.Schema(found.schema()), "text")
    return pl.concat([pl.DataFrame(batch) for batch in found.batches(columns)])


@pytest.fixture
def folder(tmp_path):
    """Documents in folders, one compressed, one blank, one that is no text."""
    (tmp_path / "b").mkdir()
    (tmp_path / "a.txt").write_bytes("\ufefffirst\r\nline two\r\n\r\nlast".encode())
    (tmp_path / "b" / "c.md.gz").write_bytes(gzip.compress(b"# Title\n\nBody\n"))
    (tmp_path / "b" / "blank.txt").write_text(" \n\n")
    (tmp_path / "b" / "picture.png").write_bytes(b"\x89PNG")
    return tmp_path


def test_a_row_is_a_document(folder):
    """Named by its path below what all have in common; marks and carriage returns are no text; blank files are no rows."""
    found = rows(source(f"{folder}/**/*.[tm]*"))
    assert found.to_dicts() == [
        {"document": "a.txt", "text": "first\nline two\n\nlast"},
        {"document": "b/c.md.gz", "text": "# Title\n\nBody\n"},
    ]
    assert rows(source(folder))["document"].to_list() == ["a.txt"]  # of a folder the texts right in it


def test_a_row_is_a_line(folder):
    """Blank lines are no rows; the parts of a document are counted."""
    found = rows(source(folder / "a.txt", rows="line"))
    assert found.rows() == [("a.txt", 0, "first"), ("a.txt", 1, "line two"), ("a.txt", 2, "last")]


def test_a_block_ends_where_a_paragraph_does(tmp_path):
    """Blocks are as long as asked for and then to the next blank line, and at most twice as long; together they are the text."""
    paragraphs = "".join(f"paragraph {number} " + "word " * 9 + "\n\n" for number in range(40))
    (tmp_path / "long.txt").write_text(paragraphs + "x\n" * 400)
    found = rows(source(tmp_path / "long.txt", rows="block", block_chars=200))
    assert "".join(found["text"]) == paragraphs + "x\n" * 400
    blocks = [text for text in found["text"] if text.startswith("paragraph")]
    assert all(text.endswith("\n\n") for text in blocks[:-1])
    assert all(200 <= len(text) <= 400 for text in found["text"][:-1])
    assert found["part"].to_list() == list(range(found.height))


def test_a_large_file_is_read_in_batches(tmp_path):
    """Lines come whole across the pieces that are read, and a sample of the first tells about how many there are."""
    lines = [f"line {number} ü" for number in range(400_000)]
    (tmp_path / "lines.txt").write_text("\n".join(lines))
    found = source(tmp_path / "lines.txt", rows="line")
    batches = [pl.DataFrame(batch) for batch in found.batches({"text": "text"})]
    assert len(batches) > 2
    assert pl.concat(batches)["text"].to_list() == lines
    sample = found.sample(10)
    assert pl.DataFrame(sample.table)["text"].to_list() == lines[:10]
    assert 200_000 < sample.total_rows < 800_000


def test_the_fingerprint_follows_names_and_content(tmp_path):
    """Another name, another content or another order of documents is another table."""
    prints = set()
    for name, text in (("a", "one"), ("a", "two"), ("b", "one")):
        place = tmp_path / f"{name}{text}"
        place.mkdir()
        (place / f"{name}.txt").write_text(text)
        (place / "z.txt").write_text("last")
        prints.add(source(place).fingerprint())
        assert source(place).fingerprint() in prints
    assert len(prints) == 3


@pytest.mark.parametrize(
    ("content", "params", "code"), [(b"good\nb\xffd", {}, "YT703"), (b"text", {"path": "nowhere.txt"}, "YT700")]
)
def test_what_cannot_be_read_is_named(tmp_path, content, params, code):
    """Bytes that are no UTF-8 by their line, a file that is not there by its name."""
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError) as caught:
        rows(source(params.get("path", tmp_path / "a.txt")))
    assert caught.value.code == code


def test_a_column_that_is_not_there_is_an_error(folder):
    """A document has no part, and the hint names what there is."""
    with pytest.raises(DataError, match="part"):
        list(source(folder).batches({"part": "number"}))
