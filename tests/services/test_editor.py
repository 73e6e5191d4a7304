"""The schemas in a real editor server: they complete, explain and underline while a recipe is written."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ymltrain.authoring import write_distribution
from ymltrain.catalog.catalog import Catalog

from .editor import Editor

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schemas" / "recipe.schema.json"
VERSION = "1.25.0"
BASE = {"recipe": "1", "name": "x", "datasource": "a.csv", "target": "y", "model": "mlp"}

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


@pytest.fixture(scope="module")
def editor(server, tmp_path_factory):
    """An editor with the recipe schema that ymltrain ships."""
    opened = Editor(server, SCHEMA, tmp_path_factory.mktemp("editor"))
    yield opened
    opened.close()


def write(folder, section):
    """A recipe with this section, otherwise the smallest; where `|` stands in it as (file, line, character)."""
    key = section.split(":")[0].replace("|", "")
    text = "".join(f"{name}: {value}\n" for name, value in BASE.items() if name != key) + section + "\n"
    before, bar, after = text.partition("|")
    path = folder / f"recipe{len(list(folder.iterdir()))}.yaml"
    path.write_text(before + after)
    return path, before.count("\n") if bar else None, len(before) - before.rfind("\n") - 1


@pytest.mark.parametrize("recipe", sorted((ROOT / "recipes").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_recipes_have_no_underlines(editor, recipe):
    """What we ship is right in the editor too."""
    assert editor.open(recipe) == []


@pytest.mark.parametrize("recipe", sorted((ROOT / "tests" / "recipes" / "valid").glob("*.yaml")), ids=lambda path: path.name)
def test_what_the_compiler_takes_has_no_underlines(editor, recipe):
    """Short forms, references, profiles, layers: nothing that `check` takes is called wrong in the editor."""
    assert editor.open(recipe) == []


def test_a_file_names_its_schema(server, tmp_path):
    """The line at the top of a recipe is enough: an editor that knows nothing of ymltrain finds the schema by it."""
    opened = Editor(server, None, tmp_path)
    try:
        path = tmp_path / "recipe.yaml"
        path.write_text(f"# yaml-language-server: $schema={SCHEMA}\nrecipe: 1\nname: x\ntarget: y\nmodle: mlp\n")
        assert any("modle" in message for message in opened.open(path))
        path.write_text("recipe: 1\nname: x\ntarget: y\nmodle: mlp\n")
        other = path.rename(tmp_path / "other.yaml")
        assert opened.open(other) == []
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("section", "word"),
    [
        ("modle: mlp", "modle"),
        ("seed: -1", "0"),
        ("datasource: {type: csv, path: a.csv, delimeter: ;}", "delimeter"),
        ("split: {type: hashh}", "hash"),
        ("split: {type: hash, trian: 0.9}", "trian"),
        ("features: {a: nubmer}", "number"),
        ("features: {a: {type: number, encodr: standard}}", "encodr"),
        ("features: {a: {type: number, encoder: standart}}", "standard"),
        ("unlisted_columns: all", "ignore"),
        ("target: {colum: y}", "colum"),
        ("target: {column: y, transform: sqrt}", "log1p"),
        ("model: {type: mlp, hidden: wide}", "hidden|array"),
        ("model: {type: mlp, droput: 0.1}", "droput"),
        ("optimizer: {type: adamw, learning_rate: 0.1}", "learning_rate"),
        ("optimizer: {type: adamw, momentum: 0.9}", "momentum"),
        ("lr_scheduler: {type: cosine, warmup: 3}", "warmup"),
        ("loss: rmse", "mse"),
        ("metrics: [rmse, acuracy]", "accuracy"),
        ("trainer: {max_epoch: 3}", "max_epoch"),
        ("trainer: {precision: fp16}", "16-mixed"),
        ("trainer: {early_stopping: {metric: val/loss, patiense: 3}}", "patiense"),
        ("trainer: {checkpoint: {keeps: 3}}", "keeps"),
        ("strategy: singel", "single"),
        ("compute: {device: 2}", "device"),
        ("tracker: [tensorbord]", "tensorboard"),
        ("registry: {type: filesystem, promote: {alais: champion}}", "alais"),
        ("skew: {profiel: true}", "profiel"),
        ("profiles: {big: {trainer: {batchsize: 3}}}", "batchsize"),
        ("profiles: {big: {optimizer: {type: sgd, betas: [0.9, 0.9]}}}", "betas"),
    ],
)
def test_a_mistake_is_underlined_where_it_stands(editor, tmp_path, section, word):
    """An unknown key, a wrong word, a param that the chosen plugin does not have: in every section, on its line, with the word."""
    path, _, _ = write(tmp_path, section)
    found = editor.underline(path)
    assert found, section
    assert any(part in one["message"] for one in found for part in word.split("|")), found
    lines = path.read_text().splitlines()
    assert {one["range"]["start"]["line"] for one in found} <= {len(lines) - 1}


@pytest.mark.parametrize(
    ("section", "offered", "not_offered"),
    [
        ("|", {"optimizer", "registry", "split", "features", "profiles", "extends"}, set()),
        ("trainer:\n  |", {"max_epochs", "batch_size", "early_stopping"}, {"lr"}),
        ("trainer:\n  precision: |", {"32-true", "bf16-mixed"}, set()),
        ("trainer:\n  early_stopping:\n    |", {"metric", "patience"}, {"max_epochs"}),
        ("datasource:\n  type: |", {"csv", "parquet"}, {"mlp"}),
        ("split: |", {"hash", "random"}, set()),
        ("split:\n  type: hash\n  |", {"train", "val", "test"}, set()),
        ("features:\n  carat: |", {"number", "category", "ignore"}, set()),
        ("features:\n  carat:\n    |", {"type", "encoder", "order"}, set()),
        ("features:\n  carat:\n    type: number\n    encoder: |", {"standard", "vocabulary"}, set()),
        ("model: |", {"mlp", "linear"}, {"sgd"}),
        ("model:\n  type: mlp\n  |", {"hidden", "dropout"}, set()),
        ("model:\n  type: mlp\n  activation: |", {"relu", "gelu"}, set()),
        ("optimizer:\n  type: sgd\n  |", {"lr", "momentum", "nesterov"}, {"betas", "eps"}),
        ("optimizer:\n  type: adamw\n  |", {"lr", "betas", "weight_decay"}, {"momentum", "nesterov"}),
        ("lr_scheduler:\n  type: |", {"cosine", "constant"}, set()),
        ("loss: |", {"mse", "cross_entropy"}, {"rmse"}),
        ("metrics:\n  - |", {"rmse", "accuracy"}, set()),
        ("strategy: |", {"auto", "single"}, set()),
        ("compute:\n  |", {"devices", "nodes", "accelerator"}, set()),
        ("tracker: |", {"tensorboard"}, set()),
        ("registry:\n  type: filesystem\n  |", {"url", "name", "promote"}, set()),
        ("skew:\n  |", {"profile", "golden_rows"}, set()),
        ("profiles:\n  big:\n    |", {"trainer", "optimizer"}, {"profiles", "extends"}),
        ("profiles:\n  big:\n    optimizer:\n      type: sgd\n      |", {"momentum"}, {"betas"}),
    ],
)
def test_what_may_stand_there_is_offered(editor, tmp_path, section, offered, not_offered):
    """Sections, keys, the words of a value, plugins of the kind, and the params of the plugin that `type` names."""
    path, line, character = write(tmp_path, section)
    editor.open(path)
    found = editor.complete(path, line, character)
    assert offered <= found, found
    assert not not_offered & found


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("opti|mizer: sgd", ["how weights follow gradients", "`adamw`: Adaptive moments"]),
        ("split: {ty|pe: hash}", ["Which split", "`hash`: Hashes the keys"]),
        ("optimizer: {type: sgd, moment|um: 0.9}", ["optimizer sgd", "Share of the last update"]),
        ("trainer: {batch_|size: 64}", ["GLOBAL"]),
        ("trainer: {preci|sion: 32-true}", ["32-true", "bf16-mixed"]),
        ("trainer: {early_stopping: {pati|ence: 3}}", ["Epochs without an improvement"]),
        ("features: {carat: {ty|pe: number}}", ["How the column is read"]),
        ("target: {column: y, trans|form: log}", ["standardised"]),
        ("registry: {type: filesystem, na|me: m}", ["under which versions are registered"]),
    ],
)
def test_a_key_is_explained_where_it_stands(editor, tmp_path, section, words):
    """Hovering shows what a key means, what it may be, and what each plugin does."""
    path, line, character = write(tmp_path, section)
    editor.open(path)
    shown = editor.hover(path, line, character)
    assert [word for word in words if word not in shown] == [], shown


@pytest.fixture(scope="module")
def editor_here(server, tmp_path_factory):
    """An editor with the schema that `ymltrain schema` prints: of what is installed here, and of a plugin file."""
    folder = tmp_path_factory.mktemp("here")
    written = write_distribution("model", "gated_here", folder, Catalog.installed())
    plugin = written.folder / "src" / "ymltrain_gated_here" / "plugin.py"
    command = [sys.executable, "-m", "ymltrain", "schema", "--plugin", str(plugin)]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=100)
    (folder / "recipe.schema.json").write_bytes(done.stdout)
    opened = Editor(server, folder / "recipe.schema.json", folder)
    yield opened
    opened.close()


def test_plugins_of_others_are_completed_explained_and_checked(editor_here, tmp_path):
    """A plugin from another distribution, and one from a file, are to the editor what a built-in one is."""
    path, line, character = write(tmp_path, "datasource:\n  type: |")
    editor_here.open(path)
    assert {"csv", "feather"} <= editor_here.complete(path, line, character)
    path, line, character = write(tmp_path, "model:\n  type: gated_here\n  |")
    editor_here.open(path)
    assert "width" in editor_here.complete(path, line, character)
    path, line, character = write(tmp_path, "model: {type: gated_here, wi|dth: 8}")
    assert editor_here.open(path) == []
    assert "Width of the gated layer" in editor_here.hover(path, line, character)
    path, _, _ = write(tmp_path, "model: {type: gated_here, widht: 8}")
    assert any("widht" in message for message in editor_here.open(path))
    assert any("feather" in message for message in editor_here.open(write(tmp_path, "datasource: {type: fether, path: a}")[0]))
