"""A promotion that asks for a clean check of the champion's log."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from ymltrain.bundle.predictor import load_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.main import run
from ymltrain.serving.records import Served, make_records
from ymltrain.serving.stamp import stamp_of

PENGUINS = Path(__file__).resolve().parents[2] / "recipes" / "data" / "penguins.csv"
RECIPE = """\
recipe: 1
name: penguins
datasource: {data}
features: {{bill_length_mm: number, flipper_length_mm: number}}
target: species
model: linear
trainer: {{max_epochs: 1}}
registry: {{type: filesystem, promote: {{alias: champion, gates: [{{check: skew, log: logs}}]}}}}
"""


def serve(workspace: Path, bundle: Path, *, spoil: bool = False) -> None:
    """Write the log of a server of this bundle; a spoilt one serves another value than its encoders make."""
    predictor = load_bundle(bundle, Catalog.installed(), {})
    rows = predictor.read(pl.read_csv(PENGUINS, null_values=["NA", ""]))
    encoded = predictor.encode(rows)
    predictions = predictor.decode(predictor.outputs(encoded))
    ids = [f"r{number}" for number in range(rows.height)]
    served = Served(rows.to_dicts(), encoded, predictions, ids, [None] * rows.height)
    records = make_records(predictor, stamp_of(predictor.contract), served)
    if spoil:
        for record in records[::3]:
            record["features"]["bill_length_mm"] = [value * 25.4 for value in record["features"]["bill_length_mm"]]
    (workspace / "logs").mkdir(exist_ok=True)
    (workspace / "logs" / "served.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))


def test_the_champions_log_decides(tmp_path, capsys):
    """The first version has no champion before it; a clean log lets the next one pass, a faulty or absent one does not."""
    recipe = tmp_path / "penguins.yaml"
    recipe.write_text(RECIPE.format(data=PENGUINS))

    def fit(seed: int):
        assert run(["fit", str(recipe), f"seed={seed}", "--workspace", str(tmp_path), "--json"]) == 0
        captured = capsys.readouterr()
        return json.loads(captured.out), captured.err

    first, _ = fit(1)
    assert first["promoted"] == "champion"
    held, said = fit(2)
    assert held["promoted"] is None
    assert "the log of champion (version 1) cannot be checked: there is no log" in said
    serve(tmp_path, Path(first["run_dir"]) / "bundle")
    assert run(["models", "promote", "penguins@2", "--workspace", str(tmp_path), "--json"]) == 0
    (gate,) = json.loads(capsys.readouterr().out)["gates"]
    assert gate["passed"]
    assert "the skew check of the log of champion (version 1), 344 records, says ok" in gate["reason"]
    serve(tmp_path, Path(held["run_dir"]) / "bundle", spoil=True)
    assert run(["models", "promote", "penguins@1", "--workspace", str(tmp_path), "--json"]) == 1
    (gate,) = json.loads(capsys.readouterr().out)["gates"]
    assert "says fault: bill_length_mm: " in gate["reason"]
    allowed = ["--gate", "check=skew,log=logs,allow=drift"]
    assert run(["models", "promote", "penguins@1", *allowed, "--alias", "champion", "--workspace", str(tmp_path), "--json"]) == 1
