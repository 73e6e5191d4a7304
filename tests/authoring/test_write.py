"""What `plugins new` refuses, and that it never writes over or half-writes anything."""

import pytest

from ymltrain.authoring import kinds_with_templates, write_distribution
from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.main import run
from ymltrain.diagnostics import UsageError

CATALOG = Catalog.installed()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "A",
        "Gated",
        "1st",
        "_gated",
        "gated_",
        "gated__unit",
        "gated-unit",
        "gated unit",
        "../gated",
        "gàted",
        "a" * 41,
        "a.b",
        "a\nb",
    ],
)
def test_a_name_that_is_none_is_refused(tmp_path, name):
    """A name has to do as a word of recipes, as a module and as a distribution."""
    with pytest.raises(UsageError, match="cannot be called") as caught:
        write_distribution("model", name, tmp_path, CATALOG)
    assert caught.value.code == "YT861"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("model", "mlp", 'there is a model "mlp" already, of ymltrain'),
        ("datasource", "feather", "ymltrain-feather"),
        ("strategy", "auto", "word of recipes"),
    ],
)
def test_a_name_that_is_taken_is_refused(tmp_path, kind, name, words):
    """Two plugins of one name could not be told apart."""
    with pytest.raises(UsageError, match=words):
        write_distribution(kind, name, tmp_path, CATALOG)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", kinds_with_templates())
def test_it_says_what_it_wrote(tmp_path, kind):
    """The files that it names are those that are there, each is Python, TOML or text of its own, with no place left open."""
    written = write_distribution(kind, "two_words", tmp_path / "new" / "folder", CATALOG)
    assert written.folder == tmp_path / "new" / "folder" / "ymltrain-two-words"
    there = {path.relative_to(written.folder).as_posix(): path.read_text() for path in written.folder.rglob("*") if path.is_file()}
    assert set(written.files) == set(there)
    assert [path for path, text in there.items() if "$" in text and "\\.csv$" not in text] == []
    assert [path.name for path in written.folder.parent.iterdir()] == ["ymltrain-two-words"]
    assert "TwoWords" in there["src/ymltrain_two_words/plugin.py"]


@pytest.mark.parametrize("kind", kinds_with_templates())
def test_it_keeps_the_contract_of_its_kind(tmp_path, kind):
    """What is written loads as a plugin of its kind, under its name."""
    written = write_distribution(kind, "two_words", tmp_path, CATALOG)
    with_file = Catalog.installed([written.folder / "src" / "ymltrain_two_words" / "plugin.py"])
    assert with_file.load(kind, "two_words").entry.source.entry.startswith("plugin.py:TwoWords")


@pytest.mark.parametrize("there", ["folder", "file", "link"])
def test_nothing_is_overwritten(tmp_path, there):
    """Whatever stands where the folder would, stays as it is."""
    place = tmp_path / "ymltrain-gated"
    if there == "folder":
        place.mkdir()
    elif there == "file":
        place.write_text("mine")
    else:
        place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is there already"):
        write_distribution("model", "gated", tmp_path, CATALOG)
    assert [path.name for path in tmp_path.iterdir()] == ["ymltrain-gated"]
    assert there != "file" or place.read_text() == "mine"


def test_where_nothing_can_be_written_is_an_error(tmp_path):
    """A folder that is a file ends in an error with a remedy."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write") as caught:
        write_distribution("model", "gated", tmp_path / "file" / "below", CATALOG)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["modle", "gated"], 'did you mean "model"?'),
        (["launcher", "here"], "there is no template of a launcher"),
        (["model", "Gated"], "small letters"),
    ],
)
def test_the_command_line_says_what_is_wrong(arguments, words, capsys, tmp_path):
    """A mistake in the words of the command exits 2, with what would do."""
    assert run(["plugins", "new", *arguments, "--into", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
