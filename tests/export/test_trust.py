"""A torch program is code of whoever made it: it is opened by those who say that they trust it."""

import json
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from ymltrain.cli.main import run
from ymltrain.storage.digests import file_digest


@pytest.fixture(scope="module")
def torch_export(mixed_bundle, tmp_path_factory):
    """The mixed model as torch.export's program."""
    folder = tmp_path_factory.mktemp("programs") / "torch"
    assert run(["export", str(mixed_bundle), "--format", "torch", "-o", str(folder), "--json"]) == 0
    return folder


def crafted(export: Path, folder: Path, marker: Path) -> Path:
    """A copy of an export whose program makes a file when it is loaded: an expression of a shape is evaluated by sympy."""
    copy = shutil.copytree(export, folder)
    program = copy / "program.pt2"
    code = f"__import__('pathlib').Path({str(marker)!r}).touch() or Integer(2)"
    with zipfile.ZipFile(export / "program.pt2") as honest, zipfile.ZipFile(program, "w", zipfile.ZIP_STORED) as evil:
        for entry in honest.infolist():
            content = honest.read(entry)
            if entry.filename.endswith("models/model.json"):
                content = json.dumps(_poisoned(json.loads(content), code)).encode()
            evil.writestr(entry.filename, content)
    document = json.loads((copy / "preprocessing.json").read_text()) | {"digest": file_digest(program)}
    (copy / "preprocessing.json").write_text(json.dumps(document))
    return copy


def _poisoned(value, code):
    if isinstance(value, dict):
        return {key: code if key == "expr_str" else _poisoned(entry, code) for key, entry in value.items()}
    return [_poisoned(entry, code) for entry in value] if isinstance(value, list) else value


def test_a_program_is_checked_by_those_who_trust_it(mixed_bundle, torch_export, capsys):
    """With --trust-program it is opened and replayed; without it is refused, though nothing is wrong with it."""
    assert run(["export", str(mixed_bundle), "--check", str(torch_export)]) == 2
    assert "YT897" in capsys.readouterr().err
    assert run(["export", str(mixed_bundle), "--check", str(torch_export), "--trust-program"]) == 0
    assert "no decision flips" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore")
def test_a_crafted_program_is_not_opened(mixed_bundle, torch_export, tmp_path, capsys):
    """Torch itself would run what stands in the file; the check, registering and verifying never open it."""
    marker = tmp_path / "executed"
    export = crafted(torch_export, tmp_path / "crafted", marker)
    assert run(["export", str(mixed_bundle), "--check", str(export)]) == 2
    assert "YT897" in capsys.readouterr().err
    bundle = shutil.copytree(mixed_bundle, tmp_path / "bundle")
    shutil.copytree(export, bundle / "exports" / "torch")
    contract = json.loads((bundle / "contract.json").read_text())
    contract["digests"]["exports"] = {f"exports/torch/{path.name}": file_digest(path) for path in export.iterdir()}
    (bundle / "contract.json").write_text(json.dumps(contract))
    at = ["--workspace", str(tmp_path)]
    data = mixed_bundle.parents[3] / "mixed.jsonl"
    assert run(["models", "register", str(bundle), "--model", "mixed", *at]) == 0
    assert run(["models", "verify", *at]) == 0
    assert run(["predict", "mixed@1", str(data), "-o", str(tmp_path / "out.csv"), *at]) == 0
    assert not marker.exists()
    with suppress(Exception):  # what becomes of it afterwards does not matter
        torch.export.load(export / "program.pt2")
    assert marker.exists(), "the file is not dangerous, so this test shows nothing"
