"""An export is the model it was made of, or it is not there."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

from ymltrain.bundle.golden import kinds_of, read_golden
from ymltrain.cli.main import run
from ymltrain.storage.digests import file_digest

from .conftest import bundle_in, fit_mixed
from .tables import TARGETS

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent


def export(bundle: Path, *arguments: str) -> int:
    """Run the verb in this process."""
    return run(["export", str(bundle), *arguments])


def preprocessing(folder: Path) -> dict:
    """The contract beside an export."""
    return json.loads((folder / "preprocessing.json").read_text())


def test_another_program_predicts_the_same(mixed_bundle, onnx_export, load, tmp_path):
    """A program without ymltrain, torch or polars goes from served rows to the model's own predictions."""
    data = mixed_bundle.parents[3] / "mixed.jsonl"
    unseen = json.loads(data.read_text(encoding="utf-8").splitlines()[1]) | {
        "cat": "never",
        "words": "Never seen RED",
        "size": "XL",
    }
    rows = tmp_path / "rows.jsonl"
    rows.write_text(data.read_text(encoding="utf-8") + json.dumps(unseen) + "\n", encoding="utf-8")
    command = [sys.executable, HERE / "another_program.py", onnx_export, rows]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    ours = load(mixed_bundle).predict(pl.read_ndjson(rows))
    assert [row["label"] for row in theirs] == ours["prediction"].to_list()
    assert np.allclose([row["probabilities"] for row in theirs], ours.drop("prediction").to_numpy(), rtol=1e-5)


def test_the_contract_is_of_its_published_schema(onnx_export):
    """Other programs may rely on schemas/preprocessing.schema.json."""
    schema = json.loads((ROOT / "schemas" / "preprocessing.schema.json").read_text())
    jsonschema.validate(preprocessing(onnx_export), schema)


def test_numbers_go_in_raw_and_the_rest_encoded(onnx_export):
    """The graph holds the encoding of numbers, booleans and vectors; the contract says where every column goes."""
    document = preprocessing(onnx_export)
    where = {feature["column"]: feature["input"] for feature in document["features"]}
    assert {column for column, name in where.items() if name == "raw"} == {"plain", "wide", "rank", "kept", "flag", "place"}
    assert (where["when"], where["size"], where["cat"], where["words"]) == ("number", "number", "category", "tokens")
    assert [(array["name"], array["dtype"]) for array in document["inputs"]] == [
        ("raw", "float64"),
        ("number", "float32"),
        ("category", "int32"),
        ("tokens", "int32"),
    ]


def test_golden_rows_of_every_kind_were_replayed(mixed_bundle, onnx_export, load):
    """Drawn, boundary, null, unseen and extreme ones, in batches of one, two and many; some stand in the contract."""
    golden = read_golden(mixed_bundle, load(mixed_bundle).contract)
    kinds = {"normal", "boundary", "null", "unseen", "extreme"}
    assert set(kinds_of(golden)) == kinds
    document = preprocessing(onnx_export)
    assert document["gate"]["batches"] == [1, 2, golden.height]
    assert set(document["gate"]["kinds"]) == kinds
    assert {example["kind"] for example in document["examples"]} == kinds


def test_the_model_takes_any_number_of_rows_and_names_no_file(onnx_export):
    """The batch is a free dimension, and nothing of the machine that made it is in the file."""
    import onnx

    model = onnx.load(onnx_export / "model.onnx")
    sizes = {value.type.tensor_type.shape.dim[0].dim_param for value in (*model.graph.input, *model.graph.output)}
    assert sizes == {"batch"}
    assert b"site-packages" not in (onnx_export / "model.onnx").read_bytes()


def test_an_export_can_be_checked_again(mixed_bundle, onnx_export, tmp_path, capsys):
    """An ONNX model is data: anyone may hold it against its model; a changed one, or another model's, is found."""
    import shutil

    assert export(mixed_bundle, "--check", str(onnx_export)) == 0
    assert "no decision flips" in capsys.readouterr().out
    copy = shutil.copytree(onnx_export, tmp_path / "copy")
    (copy / "model.onnx").write_bytes((copy / "model.onnx").read_bytes() + b"\0")
    assert export(mixed_bundle, "--check", str(copy)) == 1
    assert "YT896" in capsys.readouterr().err
    document = preprocessing(onnx_export) | {"tensors": "sha256:" + "0" * 64, "digest": file_digest(copy / "model.onnx")}
    (copy / "preprocessing.json").write_text(json.dumps(document))
    assert export(mixed_bundle, "--check", str(copy)) == 1
    assert "of other weights" in capsys.readouterr().err
    (copy / "preprocessing.json").write_text("{}")
    assert export(mixed_bundle, "--check", str(copy)) == 1
    assert "YT894" in capsys.readouterr().err


def test_weights_alone_are_an_export_too(mixed_bundle, tmp_path):
    """safetensors: no program, all features encoded, the same gate."""
    folder = tmp_path / "weights"
    assert export(mixed_bundle, "--format", "safetensors", "-o", str(folder)) == 0
    document = preprocessing(folder)
    assert {feature["formula"] for feature in document["features"]} == {None}
    assert document["gate"]["largest_difference"] < 1e-6
    assert file_digest(folder / "weights.safetensors") == document["digest"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "YT898"),
        (("--format", "onnx", "--check", "x"), "YT898"),
        (("--format", "safetensors", "-o", "{there}"), "YT893"),
        (("--check", "{there}"), "YT894"),
    ],
    ids=["neither", "both", "a folder that is there", "no export"],
)
def test_mistakes_have_codes(mixed_bundle, tmp_path, capsys, arguments, code):
    """Each ends in an error, and what was there is untouched."""
    there = tmp_path / "there"
    there.mkdir()
    (there / "mine.txt").write_text("mine")
    assert export(mixed_bundle, *(argument.format(there=there) for argument in arguments)) in (1, 2)
    assert code in capsys.readouterr().err
    assert [path.name for path in there.iterdir()] == ["mine.txt"]


def test_what_is_not_installed_is_named(mixed_bundle, tmp_path, monkeypatch, capsys):
    """An export to ONNX, and a recipe that asks for one, say what to install."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert export(mixed_bundle, "--format", "onnx", "-o", str(tmp_path / "x")) == 2
    assert "ymltrain[onnx]" in capsys.readouterr().err
    recipe = mixed_bundle.parents[3] / "mixed.yaml"
    assert run(["check", str(recipe), "bundle.exports=[onnx]"]) == 2
    assert "YT669" in capsys.readouterr().err


@pytest.fixture(scope="module")
def odd_bundles(tmp_path_factory):
    """Bundles of models that do not survive an export."""
    bundles = {}
    for how in ("differs", "flips", "branches"):
        folder = tmp_path_factory.mktemp(how)
        assert fit_mixed(folder, "classification", f"{{type: odd, how: {how}}}", plugin=HERE / "odd_models.py") == 0
        bundles[how] = bundle_in(folder)
    return bundles


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [("differs", "YT891"), ("flips", "YT892"), ("branches", "YT890")])
def test_what_is_not_the_model_is_refused(odd_bundles, tmp_path, capsys, how, code):
    """Another output, a decision that flips within tolerance, a branch on values: an error with its code, and nothing is left."""
    plugin = ["--plugin", str(HERE / "odd_models.py")]
    assert export(odd_bundles[how], "--format", "torch", "-o", str(tmp_path / "out"), *plugin) == 1
    assert code in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_fit_whose_export_is_refused_registers_nothing(tmp_path, capsys):
    """Exports are made before the bundle appears; without it there is nothing to register."""
    more = ("bundle.exports=[torch]", "registry={type: filesystem}")
    assert fit_mixed(tmp_path, "classification", "{type: odd, how: flips}", *more, plugin=HERE / "odd_models.py") == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "YT892"
    assert not list(tmp_path.glob("runs/mixed/*/bundle"))
    assert not list(tmp_path.glob("registry/models/*"))


def test_a_fit_registers_its_exports(tmp_path, capsys):
    """They are files of the version like all others: digested, verified, and named by the contract."""
    assert fit_mixed(tmp_path, "regression", "linear", "bundle.exports=[torch, onnx]", "registry={type: filesystem}") == 0
    capsys.readouterr()
    bundle = bundle_in(tmp_path)
    exports = json.loads((bundle / "contract.json").read_text())["digests"]["exports"]
    programs = ["exports/onnx/model.onnx", "exports/torch/program.pt2"]
    assert set(exports) == {*programs, "exports/onnx/preprocessing.json", "exports/torch/preprocessing.json"}
    assert exports == {path: file_digest(bundle / path) for path in exports}
    at = ["--workspace", str(tmp_path)]
    assert run(["models", "verify", *at]) == 0
    assert run(["models", "pull", "mixed@1", "-o", str(tmp_path / "pulled"), *at]) == 0
    assert export(tmp_path / "pulled", "--check", str(tmp_path / "pulled" / "exports" / "onnx")) == 0
    (tmp_path / "pulled" / programs[1]).write_bytes(b"another")
    capsys.readouterr()
    assert run(["models", "register", str(tmp_path / "pulled"), "--model", "mixed", *at]) == 1
    assert "YT899" in capsys.readouterr().err


def test_without_golden_rows_made_ones_are_replayed_and_none_is_kept(tmp_path):
    """Golden rows can be switched off: then no row of the data is in the export, and it is held all the same."""
    assert fit_mixed(tmp_path, "binary", "linear", "skew.golden_rows=0") == 0
    assert export(bundle_in(tmp_path), "--format", "safetensors", "-o", str(tmp_path / "out")) == 0
    document = preprocessing(tmp_path / "out")
    assert document["examples"] == []
    assert document["gate"]["kinds"]["made"] == 64
    assert document["gate"]["kinds"]["extreme"] > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        "linear",
        "tabular",
        "{type: mlp, hidden: [16, 8], norm: batch, activation: silu}",
        "{type: mlp, hidden: [8], activation: gelu}",
    ],
)
@pytest.mark.parametrize("target", TARGETS)
def test_every_model_of_every_target_exports(tmp_path, target, model):
    """All kinds of columns and targets, through torch's program and ONNX."""
    assert fit_mixed(tmp_path, target, model) == 0
    for name in ("torch", "onnx"):
        assert export(bundle_in(tmp_path), "--format", name, "-o", str(tmp_path / name)) == 0
        assert preprocessing(tmp_path / name)["gate"]["flips"] == 0
