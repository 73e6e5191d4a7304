"""What `ymltrain check` says of each recipe in `valid` and `invalid`, word for word.

Each invalid recipe has a file of the same name that ends in `.txt`, with what a person reads. To accept changed words, run
`pytest tests/recipes --update-goldens` and read the difference. The arguments after `# check with:` in a recipe's first lines
are given to `check`.
"""

import json
import shlex
from pathlib import Path

import jsonschema
import pytest

from ymltrain.cli.main import run
from ymltrain.diagnostics import Diagnostics
from ymltrain.recipe.document import plain
from ymltrain.recipe.source import read_recipe
from ymltrain.recipe.syntax import parse_syntax

HERE = Path(__file__).parent
RECIPES = jsonschema.Draft202012Validator(json.loads((HERE.parents[1] / "schemas" / "recipe.schema.json").read_text()))
INVALID = sorted(path.name for path in (HERE / "invalid").glob("*.yaml"))
VALID = sorted(path.name for path in (HERE / "valid").glob("*.yaml"))


def check(folder, name, *options):
    """`check` of a recipe with the arguments that it asks for; returns the exit code."""
    asked = [line for line in (folder / name).read_bytes().split(b"\n") if line.startswith(b"# check with: ")]
    arguments = shlex.split(asked[0].decode().removeprefix("# check with: ")) if asked else []
    return run(["check", name, *arguments, *options])


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    """No variable that a recipe here names is set."""
    for name in ("HOUSES_AUTHOR", "HOUSES_READER", "HOUSES_SEED", "HOUSES_FILE", "HOUSES_DATA", "HOUSES_BATCH"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", INVALID)
def test_a_mistake_is_named_at_its_line(name, capsys, monkeypatch, pytestconfig):
    """Each mistake is named with its code, its place, its line and what to do."""
    monkeypatch.chdir(HERE / "invalid")
    code = check(HERE / "invalid", name)
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    shown = captured.err.replace(str(HERE), "/tests/recipes")
    golden = HERE / "invalid" / name.replace(".yaml", ".txt")
    if pytestconfig.getoption("--update-goldens"):
        golden.write_text(shown)
    assert shown == golden.read_text()


@pytest.mark.parametrize("name", INVALID)
def test_programs_read_the_same_mistakes(name, capsys, monkeypatch):
    """With --json, the same findings in the same order, each with all of its fields."""
    monkeypatch.chdir(HERE / "invalid")
    assert check(HERE / "invalid", name, "--json") == 2
    captured = capsys.readouterr()
    assert captured.err == ""
    document = json.loads(captured.out)
    assert document["ok"] is False
    shown = (HERE / "invalid" / name.replace(".yaml", ".txt")).read_text()
    place = 0
    for found in document["diagnostics"]:
        assert set(found) == {"code", "severity", "message", "hint", "file", "line", "column", "key_path"}
        place = shown.index(f"{found['severity']}[{found['code']}]", place) + 1
    assert shown.count("error[YT") + shown.count("warning[YT") == len(document["diagnostics"])


@pytest.mark.parametrize("name", VALID)
def test_a_valid_recipe_has_no_finding(name, capsys, monkeypatch):
    """What should work has neither an error nor a warning."""
    monkeypatch.chdir(HERE / "valid")
    assert check(HERE / "valid", name, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "diagnostics": []}


@pytest.mark.parametrize("name", VALID)
def test_the_emitted_schema_takes_a_valid_recipe(name):
    """What editors are given calls nothing wrong that `check` takes: short forms, references, profiles, layers."""
    source = read_recipe(HERE / "valid" / name, diagnostics := Diagnostics())
    tree = parse_syntax(source, diagnostics)
    assert list(RECIPES.iter_errors(plain(tree))) == []


def test_goldens_belong_to_recipes():
    """No golden text outlives its recipe."""
    assert sorted(path.stem for path in (HERE / "invalid").glob("*.txt")) == [Path(name).stem for name in INVALID]
