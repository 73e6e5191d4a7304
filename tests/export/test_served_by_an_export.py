"""An export serves elsewhere, and its log is checked here."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ymltrain.cli.main import run

from .another_program import main
from .conftest import bundle_in, fit_mixed


@pytest.mark.slow
def test_a_log_of_an_export_is_checked_like_any_other(tmp_path, capsys):
    """Stamped with the contract's versions it is clean; with another program's, or a wrong encoding, a fault is named."""
    assert fit_mixed(tmp_path, "classification", "linear", "skew={profile: true, golden_rows: 24}", "trainer.max_epochs=20") == 0
    bundle, export = bundle_in(tmp_path), tmp_path / "onnx"
    assert run(["export", str(bundle), "--format", "onnx", "-o", str(export)]) == 0
    rows = [json.loads(line) for line in (tmp_path / "mixed.jsonl").read_text(encoding="utf-8").splitlines()]
    versions = json.loads((export / "preprocessing.json").read_text())["versions"]
    wrong = [{**row, "cat": {"a": "b", "b": "a"}.get(row["cat"], row["cat"])} for row in rows]

    def verdict(served: list, stamped: dict) -> tuple[int, set]:
        log = tmp_path / "served.jsonl"
        log.write_text("".join(json.dumps(record) + "\n" for record in records(rows, main(export, served), stamped)))
        capsys.readouterr()
        code = run(["skew", "check", "--model", str(bundle), "--log", str(log), "--json"])
        return code, {finding["class"] for finding in json.loads(capsys.readouterr().out)["findings"]}

    assert verdict(rows, versions) == (0, set())
    code, classes = verdict(rows, {**versions, "program": "sha256:" + "0" * 64})
    assert (code, "version" in classes) == (4, True)
    code, classes = verdict(wrong, versions)
    assert (code, bool(classes)) == (4, True)


def records(rows: list, predicted: list, versions: dict) -> list:
    """A serving log as another program writes it: features that are no part of it are left out."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        {
            "request_id": f"r{number}",
            "served_at": (start + timedelta(seconds=number)).isoformat(),
            "inputs": row,
            "prediction": made["label"],
            "versions": versions,
        }
        for number, (row, made) in enumerate(zip(rows, predicted, strict=True))
    ]
