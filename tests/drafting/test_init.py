"""The verb `init`: where the recipe goes, and what is refused."""

import json

import pytest

from ymltrain.cli.main import run

TABLE = "x,c,y\n" + "".join(f"{n},{'ab'[n % 2]},{n % 7}\n" for n in range(60))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a table in it, in which commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "t.csv").write_text(TABLE)
    return tmp_path


def test_the_recipe_is_written_and_what_is_next_is_said(folder, capsys):
    """A person sees what was looked at and decided, the file, and the command to go on with."""
    assert run(["init", "data/t.csv", "--target", "y"]) == 0
    printed = capsys.readouterr()
    assert "all 60 rows" in printed.out
    assert "ymltrain fit recipe.yaml" in printed.err
    assert (folder / "recipe.yaml").read_text().count("datasource: data/t.csv") == 1


def test_paths_are_relative_to_the_recipe(folder):
    """A recipe in another folder finds the data, and what was absolute and lies elsewhere stays so."""
    (folder / "recipes").mkdir()
    assert run(["init", "data/t.csv", "--target", "y", "-o", "recipes/r.yaml"]) == 0
    assert "datasource: ../data/t.csv" in (folder / "recipes" / "r.yaml").read_text()
    assert run(["init", str(folder / "data" / "t.csv"), "--target", "y", "-o", "recipes/a.yaml"]) == 0
    assert f"datasource: {folder}/data/t.csv" in (folder / "recipes" / "a.yaml").read_text()


def test_a_pattern_and_a_datasource_as_recipes_write_it(folder, capsys):
    """DATA may be all that a recipe's datasource may be."""
    (folder / "data" / "u.csv").write_text(TABLE)
    assert run(["init", "data/*.csv", "--target", "y", "-o", "-"]) == 0
    assert "from all 120 rows" in capsys.readouterr().out
    assert run(["init", "{type: csv, path: data/t.csv, null_values: [a]}", "--target", "y", "-o", "-"]) == 0
    assert "null_values: [a]" in capsys.readouterr().out
    assert not list(folder.glob("*.yaml"))


def test_what_is_there_is_not_written_over(folder, capsys):
    """A recipe that someone has edited is safe without --force."""
    (folder / "recipe.yaml").write_text("mine")
    assert run(["init", "data/t.csv", "--target", "y"]) == 2
    assert "YT883" in capsys.readouterr().err
    assert (folder / "recipe.yaml").read_text() == "mine"
    assert run(["init", "data/t.csv", "--target", "y", "--force"]) == 0
    assert (folder / "recipe.yaml").read_text() != "mine"


@pytest.mark.parametrize(
    ("table", "arguments", "code", "exit_code"),
    [
        (TABLE, ["--target", "z"], "YT705", 1),
        (TABLE, ["--target", "y", "-o", "nowhere/r.yaml"], "YT883", 2),
        (TABLE, ["--target", "y", "-o", "data"], "YT883", 2),
        (TABLE, [], "YT800", 2),
        ("", ["--target", "y"], "YT701", 1),
        ("x,y\n", ["--target", "y"], "YT720", 1),
        ("x,y\n1,2\n2,3\n", ["--target", "y"], "YT882", 1),
        ("x,y\n" + "1,5\n" * 40, ["--target", "y"], "YT722", 1),
        ("x,y\n" + "1,\n" * 40, ["--target", "y"], "YT725", 1),
        ("x,y\n" + "".join(f"{n},2024-01-{n:02d}\n" for n in range(1, 30)), ["--target", "y"], "YT881", 1),
    ],
    ids=["no column", "no folder", "a folder", "no target", "empty", "no rows", "two rows", "constant", "no values", "times"],
)
def test_what_cannot_be_drafted_is_an_error_with_a_hint(folder, capsys, table, arguments, code, exit_code):
    """One code, one hint, and no file."""
    (folder / "data" / "t.csv").write_text(table)
    assert run(["init", "data/t.csv", *arguments, "--json"]) == exit_code
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == code
    assert error["hint"]
    assert not list(folder.rglob("*.yaml"))


def test_no_data(folder, capsys):
    """A missing file is named with what is near it, whatever its suffix."""
    for name in ("data/tt.csv", "data/none"):
        assert run(["init", name, "--target", "y"]) == 1
        assert "YT700" in capsys.readouterr().err
