"""The published schema in a real editor server: it completes, explains and underlines while a recipe is written."""

import shutil
import subprocess
from pathlib import Path

import pytest

from .editor import Editor

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schemas" / "recipe.schema.json"
VERSION = "1.25.0"

pytestmark = pytest.mark.services


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """yaml-language-server, installed by npm."""
    npm = shutil.which("npm")
    assert npm is not None, "these tests need Node.js and npm"
    folder = tmp_path_factory.mktemp("npm")
    subprocess.run(
        [npm, "install", "--no-fund", "--no-audit", f"yaml-language-server@{VERSION}"], cwd=folder, check=True, timeout=300
    )
    return folder / "node_modules" / ".bin" / "yaml-language-server"


@pytest.fixture
def editor(server, tmp_path):
    """An editor with the recipe schema."""
    opened = Editor(server, SCHEMA, tmp_path)
    yield opened
    opened.close()


def write(folder, text):
    """A recipe file."""
    path = folder / "recipe.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("recipe", sorted((ROOT / "recipes").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_recipes_have_no_underlines(editor, recipe):
    """What we ship is right in the editor too, found through the line that names the schema."""
    assert editor.open(recipe) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("modle: mlp", "modle"),
        ("trainer: {max_epoch: 3}", "max_epoch"),
        ("optimizer: {type: adamw, learning_rate: 0.1}", "learning_rate"),
        ("model: {type: mlp, hidden: wide}", ""),
        ("split: {type: hashh}", ""),
    ],
)
def test_mistakes_are_underlined(editor, tmp_path, line, word):
    """An unknown key, a wrong value, a param that the chosen plugin does not have."""
    base = {"recipe": "1", "name": "x", "datasource": "a.csv", "target": "y", "model": "mlp"}
    key = line.split(":")[0]
    text = "".join(f"{name}: {value}\n" for name, value in base.items() if name != key) + line + "\n"
    messages = editor.open(write(tmp_path, text))
    assert messages
    assert any(word in message for message in messages), messages


def test_keys_and_plugins_are_completed(editor, tmp_path):
    """Sections at the top, keys in a section, the names of plugins."""
    path = write(tmp_path, "recipe: 1\nname: x\ndatasource: a.csv\ntarget: y\nmodel: \ntrainer:\n  \n\n")
    editor.open(path)
    assert {"optimizer", "registry", "split"} <= editor.complete(path, 7, 0)
    assert {"max_epochs", "batch_size", "early_stopping"} <= editor.complete(path, 6, 2)
    assert {"mlp", "linear"} <= editor.complete(path, 4, 7)


def test_a_key_is_explained_where_it_stands(editor, tmp_path):
    """Hovering shows the description from the schema."""
    path = write(tmp_path, "recipe: 1\nname: x\ndatasource: a.csv\ntarget: y\nmodel: mlp\ntrainer:\n  batch_size: 64\n")
    editor.open(path)
    assert "GLOBAL" in editor.hover(path, 6, 4)
