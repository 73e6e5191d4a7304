"""Runs done again: bit-equal, or with the first difference named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import ROOT, make_place

pytestmark = pytest.mark.slow


def test_a_run_reproduces_to_the_bit(trained):
    """The same plan gives the same tensors and the same metrics; nothing parted, nothing was registered or tracked."""
    place, result = trained
    again = place.document("reproduce", result["run_id"])
    assert again["level"] == "bitwise"
    assert again["met"] is again["identical"] is True
    assert again["tensor_digest"] == {"was": result["tensor_digest"], "is": result["tensor_digest"]}
    assert again["metrics"]["was"] == again["metrics"]["is"]
    assert again["differences"] == []
    assert not (Path(again["again"]["run_dir"]) / "metrics.csv").exists()
    assert place.document("runs", "show", again["again"]["run_id"])["tags"] == {"reproduces": result["run_id"]}


def test_a_copied_run_reproduces_elsewhere(trained, tmp_path):
    """A run's directory is all it takes, beside the data: copied into another workspace it is read and reproduced."""
    _, result = trained
    other = make_place(tmp_path)
    shutil.copytree(result["run_dir"], tmp_path / "copied" / "run")
    again = other.document("reproduce", "copied/run")
    assert again["identical"] is True
    assert again["again"]["run_dir"].startswith(str(tmp_path))
    assert other.document("runs", "diff", "copied/run", again["again"]["run_id"])["identical"] is True


def test_changed_data_are_named_first(place):
    """Data that changed are said before anything runs, and are the first difference afterwards; exit 5."""
    result = place.document("fit", "penguins.yaml")
    rows = place.folder / "rows.csv"
    rows.write_text(rows.read_text().replace("39.1", "39.2", 1))
    again = place.document("reproduce", "latest", exits=5)
    assert [found["area"] for found in again["then_and_now"]] == ["data"]
    assert again["differences"][0]["what"] == "the data"
    assert again["differences"][-1]["what"] == "the final weights"
    assert again["tensor_digest"]["was"] == result["tensor_digest"]
    assert "step" in " ".join(found["what"] for found in again["differences"])
    close = place.document("reproduce", result["run_id"], "--level", "statistical", "--tolerance", "0.9")
    assert close["met"] is True
    assert close["identical"] is False


PLUGIN = """
from ymltrain.api import Params, TensorShape, plugin

class P(Params, frozen=True, kw_only=True):
    width: int = 4

@plugin("model", "tiny", params=P)
class Tiny:
    def __init__(self, params):
        self.params = params

    def shapes(self, features, output):
        width = sum(shape.width for shape in features)
        return [TensorShape(name="layer.weight", shape=(output.width, width)), TensorShape(name="layer.bias", shape=(output.width,))]

    def build(self, features, output):
        import torch
        import tiny_layer
        return tiny_layer.Tiny(sum(shape.width for shape in features), output.width)
"""
LAYER = """
import torch

class Tiny(torch.nn.Module):
    def __init__(self, width, out):
        super().__init__()
        self.layer = torch.nn.Linear(width, out)

    def forward(self, inputs):
        return SCALE * self.layer(inputs["number"])

SCALE = 1.0
"""
TINY = """\
recipe: 1
name: tiny
datasource: rows.csv
features: {bill_length_mm: number, bill_depth_mm: number}
target: species
model: tiny
trainer: {max_epochs: 2}
"""


def test_code_is_restored(place):
    """Committed, changed and untracked code of then is put back beside the present one, and gives the same weights."""
    (place.folder / "tiny.yaml").write_text(TINY)
    (place.folder / "tiny_plugin.py").write_text(PLUGIN)
    (place.folder / "tiny_layer.py").write_text(LAYER)
    place.git("add", "tiny.yaml", "tiny_layer.py")
    place.git("commit", "-m", "a layer")
    layer = place.folder / "tiny_layer.py"
    layer.write_text(LAYER.replace("SCALE = 1.0", "SCALE = 1.5"))  # not committed
    environment = {"PYTHONPATH": "."}
    result = place.document("fit", "tiny.yaml", "--plugin", "tiny_plugin.py", env=environment)
    kept = sorted(str(path.relative_to(result["run_dir"])) for path in Path(result["run_dir"], "code").rglob("*") if path.is_file())
    assert kept == ["code/0.patch", "code/0/tiny_plugin.py", "code/plugins/tiny_plugin.py"] or "code/0.patch" in kept
    layer.write_text(LAYER.replace("SCALE = 1.0", "SCALE = 9.0"))
    place.git("commit", "-am", "another scale")
    refused = place.document("reproduce", "latest", "--no-restore", exits=5, env=environment)
    assert refused["differences"][0]["what"].startswith("step ")
    again = place.document("reproduce", result["run_id"], env=environment)
    assert str(place.folder) in again["restored"]
    assert again["identical"] is True
    assert place.git("worktree", "list").count("\n") == 0
    assert layer.read_text().endswith("SCALE = 9.0\n")


def test_what_a_copied_run_brings_is_not_run_unasked(trained, tmp_path):
    """Plugin files within a run from elsewhere are code: without consent they are named and not loaded."""
    place, result = trained
    copied = tmp_path / "copied"
    shutil.copytree(result["run_dir"], copied)
    provenance = (copied / "provenance.json").read_text()
    (copied / "provenance.json").write_text(provenance.replace('"plugins": []', '"plugins": ["evil.py"]'))
    (copied / "code" / "plugins").mkdir(parents=True)
    (copied / "code" / "plugins" / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    refused = place.document("reproduce", copied, exits=2)
    assert refused["error"]["code"] == "YT960"
    assert not (tmp_path / "ran").exists()


def test_an_unfinished_run_has_nothing_to_reproduce(trained, tmp_path):
    """A run without a result is refused by name."""
    place, result = trained
    copied = tmp_path / "copied"
    shutil.copytree(result["run_dir"], copied)
    (copied / "final.json").unlink()
    assert place.document("reproduce", copied, exits=2)["error"]["code"] == "YT962"


def test_a_dry_run_runs_nothing(trained):
    """What differs is told, and no run is made."""
    place, result = trained
    before = place.document("runs", "ls")
    told = place.document("reproduce", result["run_id"], "--dry-run")
    assert [found for found in told["then_and_now"] if not found["what"].startswith(str(ROOT))] == []  # ours may be edited
    assert place.document("runs", "ls") == before


def test_locked_refuses_what_differs(place):
    """`fit --locked` trains where nothing differs, and names each difference where something does."""
    assert place.document("fit", "penguins.yaml", "--locked", exits=2)["error"]["code"] == "YT848"
    first = place.document("fit", "penguins.yaml")["run_id"]
    again = place.document("fit", "penguins.yaml", "--locked")["run_id"]
    place.document("runs", "tag", again, f"reproduces={first}")
    refused = place.document("fit", "penguins.yaml", "--locked", "optimizer.lr=0.1", exits=2)
    assert refused["error"]["code"] == "YT842"
    assert "optimizer.lr: 0.01 → 0.1" in refused["error"]["message"]
    assert f"run {first}" in refused["error"]["message"]  # a reproduction is locked to nothing: it has settings of its own
    (place.folder / "penguins.yaml").write_text((place.folder / "penguins.yaml").read_text() + "# another word\n")
    assert "uncommitted changes" in place.document("fit", "penguins.yaml", "--locked", exits=2)["error"]["message"]
    place.git("checkout", "penguins.yaml")
    assert (
        "OMP_NUM_THREADS"
        in place.document("fit", "penguins.yaml", "--locked", exits=2, env={"OMP_NUM_THREADS": "2"})["error"]["message"]
    )


@pytest.mark.parametrize("recipe", sorted((ROOT / "recipes").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_recipes_reproduce_to_the_bit(recipe, tmp_path):
    """Each recipe that we ship, shortened to two epochs, gives bit-equal weights and metrics when it is run again."""
    place = make_place(tmp_path)
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    place.document("fit", f"recipes/{recipe.name}", "trainer.max_epochs=2")
    assert place.document("reproduce", "latest")["identical"] is True
