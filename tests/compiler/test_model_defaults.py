"""What a model proposes stands below all that a recipe writes."""

from __future__ import annotations

import json

import pytest

from ymltrain.cli.main import run

RECIPE = """\
recipe: 1
name: houses
datasource: houses.csv
target: price
model: tabular
"""
HOUSES = "price,rooms,town\n" + "".join(f"{100 + 7 * row},{1 + row % 5},{'abc'[row % 3]}\n" for row in range(40))


@pytest.fixture
def explained(tmp_path, monkeypatch, capsys):
    """What `explain --json` says of a key of the recipe, with overrides."""
    (tmp_path / "houses.csv").write_text(HOUSES)
    (tmp_path / "houses.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)

    def explain(key, *overrides):
        assert run(["explain", "houses.yaml", key, *overrides, "--json"]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return json.loads(captured.out)

    return explain


def test_a_proposal_is_a_default_that_says_whose_it_is(explained):
    """It stands where the recipe is silent, in sections of plugins and of the framework alike."""
    for key, value in (("optimizer.type", "adamw"), ("optimizer.lr", 0.004), ("lr_scheduler.warmup_steps", 50)):
        found = explained(key)
        assert (found["value"], found["origin"], found["file"], found["line"]) == (value, "default", "model tabular", None)
    assert explained("trainer.batch_size")["file"] == "model tabular"
    assert explained("optimizer.eps")["file"] is None


def test_a_recipe_wins_key_by_key(explained):
    """What is written replaces the proposal there, and only there."""
    found = explained("optimizer.lr", "optimizer.lr=1e-4")
    assert (found["value"], found["origin"]) == (1e-4, "override")
    assert [(below["value"], below["file"]) for below in found["overridden"]] == [(0.004, "model tabular")]
    assert explained("optimizer.weight_decay", "optimizer.lr=1e-4")["file"] == "model tabular"


def test_another_plugin_keeps_nothing_of_a_proposal(explained):
    """Its own defaults hold, without a warning: the person never wrote what goes."""
    found = explained("optimizer.lr", "optimizer=adam")
    assert (found["value"], found["file"]) == (0.001, None)


def test_another_model_proposes_nothing(explained):
    """The framework's defaults are as they were."""
    assert explained("lr_scheduler.warmup_steps", "model=mlp")["value"] == 0
    assert explained("features.rooms.encoder.type", "model=mlp")["value"] == "standard"


def test_nothing_stops_early_without_a_val_split(explained):
    """A proposal to watch the val split goes where there is none; one that a person writes is an error, as ever."""
    assert explained("trainer.early_stopping.patience")["file"] == "model tabular"
    assert explained("trainer.early_stopping", "split.val=0", "split.train=0.9")["value"] is None


def test_columns_get_the_models_encoders(explained):
    """By their type, whether the recipe lists them or not, unless it names one."""
    listed = "features={rooms: number, town: category}"
    for overrides in ([], [listed]):
        assert explained("features.rooms.encoder.type", *overrides)["value"] == "quantile"
        assert explained("features.town.encoder.type", *overrides)["value"] == "vocabulary"
    chosen = "features={rooms: {type: number, encoder: robust}}"
    assert explained("features.rooms.encoder.type", chosen)["value"] == "robust"


def test_trials_know_the_proposal(explained):
    """A trial is compiled as the recipe is: what the tuner varies lies over what the model proposes."""
    tuner = "tuner={type: random, max_trials: 2, space: {optimizer.lr: {loguniform: [1e-4, 1e-2]}}}"
    assert explained("optimizer.weight_decay", tuner)["file"] == "model tabular"
