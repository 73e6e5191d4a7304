"""Every key of a recipe's `skew:` changes what a check says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ymltrain.bundle.predictor import load_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.main import run
from ymltrain.diagnostics import DataError
from ymltrain.skew.profile import read_profile
from ymltrain.skew.settings import CheckSettings, FeatureRule

PENGUINS = Path(__file__).resolve().parents[2] / "recipes" / "data" / "penguins.csv"
RECIPE = """\
recipe: 1
name: penguins
datasource: {data}
features: {{bill_length_mm: number, island: category}}
target: species
model: linear
trainer: {{max_epochs: 1}}
skew: {skew}
"""


def fit(folder: Path, skew: str) -> Path:
    """The bundle of a recipe with this section."""
    (folder / "recipe.yaml").write_text(RECIPE.format(data=PENGUINS, skew=skew))
    assert run(["fit", str(folder / "recipe.yaml"), "--workspace", str(folder)]) == 0
    (bundle,) = folder.glob("runs/penguins/*/bundle")
    return bundle


def test_a_recipes_settings_travel_with_the_bundle(tmp_path):
    """Whoever checks a log of the model does so by its recipe."""
    rules = "{island: {ignore: true}, bill_length_mm: {min_effect: 0.2, atol: 0.1, rtol: 0.01}}"
    bundle = fit(tmp_path, f"{{budget: 2, min_effect: 0.1, atol: 0.001, rtol: 0.0001, replay_rows: 70, features: {rules}}}")
    assert read_profile(bundle / "profile.json").settings == CheckSettings(
        budget=2,
        min_effect=0.1,
        atol=0.001,
        rtol=0.0001,
        replay_rows=70,
        features={"island": FeatureRule(ignore=True), "bill_length_mm": FeatureRule(min_effect=0.2, atol=0.1, rtol=0.01)},
    )


def test_profile_and_golden_rows_can_be_left_out(tmp_path):
    """A bundle without them has neither file, predicts, and says that distributions cannot be compared."""
    bundle = fit(tmp_path, "{profile: false, golden_rows: 0}")
    assert not {"profile.json", "golden.parquet"} & {path.name for path in bundle.iterdir()}
    assert load_bundle(bundle, Catalog.installed(), {}).contract.digests.golden is None
    with pytest.raises(DataError, match="has no profile"):
        read_profile(bundle / "profile.json")


def causes(report, feature):
    """What was found in a feature."""
    return [found["cause"] for found in report["findings"] if found["feature"] == feature]


def large_stones(diamonds):
    """Records of a world with larger stones."""
    rows = diamonds.rows.sample(4_000, seed=3).sort("carat").tail(3_200).sample(2_000, seed=4)
    return diamonds.records(rows)


def test_the_least_effect_decides_what_matters(diamonds, write_log):
    """A shift that is told by default is not when only larger ones matter, in all columns or in one."""
    log = write_log(large_stones(diamonds))
    assert causes(diamonds.check(log), "carat")
    assert causes(diamonds.check(log), "x")
    assert not diamonds.check(log, settings=CheckSettings(min_effect=0.9))["findings"]
    one = diamonds.check(log, settings=CheckSettings(features={"carat": FeatureRule(min_effect=0.9)}))
    assert not causes(one, "carat")
    assert causes(one, "x")


def test_the_budget_decides_what_is_sure(diamonds, write_log):
    """With hardly any false alarm allowed, a slight change is not told that a large budget tells."""
    rows = diamonds.rows.sample(330, seed=3).sort("carat").tail(300)
    log = write_log(diamonds.records(rows))
    assert diamonds.check(log, settings=CheckSettings(budget=500))["verdict"] == "drift"
    assert diamonds.check(log, settings=CheckSettings(budget=1e-6))["verdict"] == "ok"


def off_by(diamonds, amount):
    """Records whose encoded `x` is off by a little."""
    records = diamonds.records()
    for record in records[::10]:
        record["features"]["x"] += amount
    return records


@pytest.mark.parametrize(
    ("settings", "faulty"),
    [
        (CheckSettings(), ["x"]),
        (CheckSettings(atol=1e-2), []),
        (CheckSettings(rtol=0.5), []),
        (CheckSettings(features={"x": FeatureRule(atol=1e-2)}), []),
        (CheckSettings(features={"x": FeatureRule(rtol=0.5)}), []),
        (CheckSettings(features={"x": FeatureRule(ignore=True)}), []),
        (CheckSettings(features={"carat": FeatureRule(ignore=True, atol=1e-2)}), ["x"]),
    ],
    ids=["default", "atol", "rtol", "atol of x", "rtol of x", "x ignored", "carat ignored"],
)
def test_tolerances_decide_what_is_equal(diamonds, write_log, settings, faulty):
    """A served value that is off by a thousandth is a fault, unless the recipe says that so much may be."""
    records = [record for record in off_by(diamonds, 1e-3) if abs(record["features"]["x"]) > 0.01]
    findings = diamonds.check(write_log(records), settings=settings)["findings"]
    assert [found["feature"] for found in findings if found["class"] == "transform"] == faulty


def test_of_an_ignored_feature_nothing_is_told(diamonds, write_log):
    """Neither breaks of the contract, nor drift, nor wrong features."""
    records = large_stones(diamonds)
    for record in records:
        record["inputs"]["x"] = str(record["inputs"]["x"])
        record["features"]["x"] *= 2
    log = write_log(records)
    assert causes(diamonds.check(log), "x")
    ignoring = CheckSettings(features={"x": FeatureRule(ignore=True)})
    report = diamonds.check(log, settings=ignoring)
    assert not causes(report, "x")
    assert causes(report, "carat")


@pytest.mark.parametrize("rows", [0, 50])
def test_as_many_rows_are_replayed_as_the_recipe_says(diamonds, write_log, rows):
    """None at all is said not to have run."""
    report = diamonds.check(write_log(diamonds.records(count=200)), settings=CheckSettings(replay_rows=rows))
    assert report["replayed"] == rows
    assert [run["ran"] for run in report["checks"] if run["class"] == "transform"] == [rows > 0]
