"""A model trained on diamonds, and serving logs of it that a test may spoil."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from ymltrain.bundle.predictor import Predictor, load_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.main import run
from ymltrain.serving.records import Served, make_records
from ymltrain.serving.stamp import stamp_of
from ymltrain.skew.check import Question, check
from ymltrain.skew.log import log_files
from ymltrain.skew.profile import Profile, read_profile

DATA = Path(__file__).resolve().parents[2] / "recipes" / "data"
RECIPE = """\
recipe: 1
name: {name}
seed: 3
datasource: {data}
split: {{type: hash, train: 0.8, val: 0.1, test: 0.1}}
features: {features}
target: {target}
model: {{type: mlp, hidden: [16]}}
trainer: {{max_epochs: 1, batch_size: 512}}
"""
DIAMONDS = "{carat: number, cut: category, color: category, clarity: category, depth: number, table: number, x: number}"
PENGUINS = "{island: category, bill_length_mm: number, flipper_length_mm: number, body_mass_g: number, sex: category}"

Record = dict[str, Any]


@dataclass
class ServedModel:
    """A bundle, and what a server would log of rows of its table."""

    folder: Path
    predictor: Predictor
    profile: Profile
    rows: pl.DataFrame

    def records(self, rows: pl.DataFrame | None = None, count: int = 2_000, seed: int = 1) -> list[Record]:
        """Records of these rows, or of drawn ones."""
        drawn = self.rows.sample(min(count, self.rows.height), seed=seed) if rows is None else rows
        encoded = self.predictor.encode(drawn)
        predictions = self.predictor.decode(self.predictor.outputs(encoded))
        ids = [f"r{number}" for number in range(drawn.height)]
        times = [f"2026-11-25T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z" for n in range(drawn.height)]
        made = make_records(
            self.predictor, stamp_of(self.predictor.contract), Served(drawn.to_dicts(), encoded, predictions, ids, times)
        )
        return json.loads(json.dumps(made))

    def check(self, path: Path, **asked: Any) -> dict[str, Any]:
        """What a check of this log says, as its JSON document."""
        report = check(self.predictor, self.profile, Question(files=log_files([path]), **asked)).report
        return json.loads(msgspec.json.encode(report))


def _serve(folder: Path, name: str, features: str, target: str) -> ServedModel:
    recipe = folder / "recipe.yaml"
    data = DATA / f"{name}.csv"
    recipe.write_text(RECIPE.format(name=name, data=data, features=features, target=target))
    assert run(["fit", str(recipe), "--workspace", str(folder)]) == 0
    (bundle,) = folder.glob(f"runs/{name}/*/bundle")
    predictor = load_bundle(bundle, Catalog.installed(), {})
    rows = predictor.read(pl.read_csv(data, infer_schema_length=None, null_values=["NA", ""]))
    return ServedModel(bundle, predictor, read_profile(bundle / "profile.json"), rows)


@pytest.fixture(scope="session")
def diamonds(tmp_path_factory):
    """A regression. Not to be changed."""
    return _serve(tmp_path_factory.mktemp("diamonds"), "diamonds", DIAMONDS, "{column: price, transform: log}")


@pytest.fixture(scope="session")
def penguins(tmp_path_factory):
    """A classification with missing values. Not to be changed."""
    return _serve(tmp_path_factory.mktemp("penguins"), "penguins", PENGUINS, "species")


@pytest.fixture
def write_log(tmp_path) -> Callable[..., Path]:
    """Write records as JSON lines."""

    def write(records: list[Record], name: str = "served.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return path

    return write
