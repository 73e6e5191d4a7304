"""`ymltrain runs` as a person types it, over runs whose records were written by hand."""

from __future__ import annotations

import csv
import io
import json
from copy import deepcopy

import pytest

from ymltrain.cli.main import run as ymltrain
from ymltrain.plan.events import MetricsLogged
from ymltrain.plan.plan import RecipeRecord, Watch, seal
from ymltrain.record.attempt import begin_attempt, end_attempt
from ymltrain.record.directory import RunDirectory
from ymltrain.record.final import Final, write_final
from ymltrain.record.metrics import MetricsWriter

CURVES = {"a": [900.0, 500.0, 620.0], "b": [800.0, 700.0, 650.0], "c": [1000.0, 950.0, 400.0], "d": [900.0, 520.0, 610.0]}
RUNS = {"a": ("mlp", 1e-2, 1), "b": ("linear", 1e-2, 1), "c": ("mlp", 1e-3, 1), "d": ("mlp", 1e-2, 2)}


@pytest.fixture(scope="module")
def made(tmp_path_factory, small_plan):
    """A workspace of four finished runs: d repeats a with another seed. Their ids by letter."""
    workspace = tmp_path_factory.mktemp("workspace")
    return workspace, {letter: make(workspace, small_plan, letter) for letter in RUNS}


def make(workspace, plan, letter):
    """One finished run of three epochs."""
    model, lr, seed = RUNS[letter]
    recipe = deepcopy(plan.recipe.resolved) | {"model": {"type": model, "hidden": [8]}, "optimizer": {"lr": lr}, "seed": seed}
    fields = {field: getattr(plan, field) for field in plan.__struct_fields__ if field != "digest"}
    fields |= {"recipe": RecipeRecord(composed=recipe, resolved=recipe), "seed": seed}
    plan = seal(type(plan)(**fields | {"watch": Watch(metric="val/rmse", goal="minimize")}))
    run = RunDirectory.create(workspace, "toy", plan, recipe_text="name: toy\n", resolved_yaml="name: toy\n", provenance={})
    attempt = begin_attempt(run, None)
    writer = MetricsWriter(run, 1, 0, pytest.fail)
    for epoch, value in enumerate(CURVES[letter], 1):
        writer.append(MetricsLogged(step=10 * epoch, epoch=epoch, time=float(epoch), values={"val/rmse": value}))
    writer.close()
    end_attempt(run, attempt, "done")
    metrics = {"val/rmse": min(CURVES[letter]), "test/rmse": min(CURVES[letter]) + 5}
    write_final(run, Final(status="done", ended="2026-11-25T00:00:00+00:00", metrics=metrics, best_epoch=2))
    return run.run_id


@pytest.fixture
def say(made, capsys):
    """Types a command in the workspace: what it prints."""
    workspace, _ = made

    def say(*words, exits=0):
        capsys.readouterr()
        code = ymltrain(["runs", *words, "--workspace", str(workspace)])
        printed = capsys.readouterr()
        assert code == exits, printed.err
        return printed.out

    return say


def letters(made, printed):
    """Which runs a JSON list is of, by letter."""
    names = {run_id: letter for letter, run_id in made[1].items()}
    return "".join(names[entry["run_id"]] for entry in json.loads(printed))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("metrics.val/rmse<600 and params.model.type=mlp", "dca"),
        ("metrics.val/rmse<600 and not params.seed=2", "ca"),
        ("(params.model.type=linear or params.optimizer.lr<0.01) and status=done", "cb"),
        ("min:val/rmse<=500", "ca"),
        ("last:val/rmse<500", "c"),
        ("max:val/rmse@epoch=1", "dcba"),
        ("params.model.type!=mlp", "b"),
        ("name~TOY and metrics.test/rmse>=600", "b"),
        ("metrics.no/such<1", ""),
    ],
)
def test_filters(say, made, wanted, found):
    """A filter leaves the runs for which it holds, the newest first."""
    assert letters(made, say("ls", "--filter", wanted, "--json")) == found


@pytest.mark.parametrize(
    ("column", "order"),
    [("val/rmse", "cadb"), ("-val/rmse", "bdac"), ("last:val/rmse", "cdab"), ("max:val/rmse", "bdac"), ("params.seed", "cbad")],
)
def test_sorting(say, made, column, order):
    """By any column, either way; equal ones stay the newest first."""
    printed = letters(made, say("ls", "--sort", column, "--json"))
    keyed = {"params.seed": lambda text: "".join(sorted(text[:3])) + text[3]}.get(column, lambda text: text)
    assert keyed(printed) == keyed("".join(order))


def test_columns_and_forms(say, made):
    """The columns that were asked for, exact in CSV, rounded for people."""
    columns = "min:val/rmse,min:val/rmse@step,last:val/rmse,first:val/rmse,mean:val/rmse,best@step,best@epoch,params.optimizer.lr"
    (line,) = csv.DictReader(io.StringIO(say("ls", "--filter", "params.model.type=linear", "--columns", columns, "--csv")))
    assert line == {
        "run": made[1]["b"],
        "min:val/rmse": "650.0",
        "min:val/rmse@step": "30",
        "last:val/rmse": "650.0",
        "first:val/rmse": "800.0",
        "mean:val/rmse": "716.6666666666666",
        "best@step": "30",
        "best@epoch": "2",
        "params.optimizer.lr": "0.01",
    }
    table = say("ls", "--sort", "val/rmse", "--limit", "1", "--columns", "val/rmse,params.model.type", "--md").splitlines()
    assert table == ["| run | val/rmse | params.model.type |", "| --- | --- | --- |", f"| {made[1]['c']} | 400.0 | mlp |"]


@pytest.mark.parametrize(("wanted", "code"), [("metrics.val/rmse<", "YT843"), ("((status=done)", "YT843"), ("nmae=toy", "YT844")])
def test_a_filter_that_cannot_be_read_is_named(say, wanted, code):
    """With what was found, and how one looks."""
    assert json.loads(say("ls", "--filter", wanted, "--json", exits=2))["error"]["code"] == code


def test_comparing_shows_what_differs(say, made):
    """Params and metrics that differ, and nothing else; --all shows the rest."""
    ids = [made[1][letter] for letter in "abc"]
    document = json.loads(say("compare", *ids, "--json"))
    assert document["runs"] == ids
    assert document["params"] == {"model.type": ["mlp", "linear", "mlp"], "optimizer.lr": [1e-2, 1e-2, 1e-3]}
    assert set(document["metrics"]) == {"val/rmse", "test/rmse"}
    assert "model.hidden" in json.loads(say("compare", *ids, "--all", "--json"))["params"]
    assert "model.hidden" not in say("compare", *ids)


def test_repeats_are_grouped_by_their_seed(say, made):
    """Runs that differ in nothing but the seed are one line: mean ± sample standard deviation."""
    document = json.loads(say("compare", "--filter", "name=toy", "--json"))
    (group,) = [group for group in document["groups"] if len(group["runs"]) > 1]
    assert sorted(group["runs"]) == sorted([made[1]["a"], made[1]["d"]])
    assert sorted(group["seeds"]) == [1, 2]
    assert group["metrics"]["val/rmse"] == {"mean": 510.0, "sd": pytest.approx(14.142135), "n": 2}
    assert "510.0 ± 14.14" in say("compare", made[1]["a"], made[1]["d"], made[1]["b"])
    assert "±" not in say("compare", made[1]["a"], made[1]["b"])
    assert "510.0 ± 14.14" in say("compare", "--filter", "name=toy", "--group", "--md")


def test_more_than_four_runs_become_lines(say, made, small_plan):
    """Side by side up to four; from five on each run is a line."""
    workspace, ids = made
    fifth = make(workspace, small_plan, "a")
    try:
        lines = say("compare", *ids.values(), fifth).splitlines()
        assert lines[0].split()[0] == "run"
        assert [line.split()[0] for line in lines[1:6]] == [*ids.values(), fifth]
    finally:
        say("rm", fifth, "--yes")


def test_labels_are_set_and_found(say, made):
    """A tag and a note stand in lists, filters and `show`; archived runs are left out of lists and come back."""
    run_id = made[1]["a"]
    say("tag", run_id, "kept", "baseline=yes <script>")
    say("note", run_id, "The learning rate was too high. 🙂")
    assert letters(made, say("ls", "--filter", "tags.baseline~yes", "--json")) == "a"
    shown = json.loads(say("show", run_id, "--json"))
    assert shown["tags"] == {"kept": "", "baseline": "yes <script>"}
    assert shown["notes"] == ["The learning rate was too high. 🙂"]
    say("tag", run_id, "--remove", "kept", "--remove", "baseline")
    say("archive", run_id)
    assert letters(made, say("ls", "--json")) == "dcb"
    assert letters(made, say("ls", "--archived", "--json")) == "dcba"
    say("archive", run_id, "--undo")
    assert letters(made, say("ls", "--json")) == "dcba"


def test_removing_asks_and_removes(say, made, small_plan):
    """Without --yes nothing goes; with it the run is gone from disk and list."""
    workspace, _ = made
    extra = make(workspace, small_plan, "b")
    assert json.loads(say("rm", extra, "--json", exits=2))["error"]["code"] == "YT846"
    assert len(json.loads(say("ls", "--json"))) == 5
    say("rm", extra, "--yes")
    assert not list((workspace / "runs" / "toy").glob(f"*{extra}*"))
    assert len(json.loads(say("ls", "--json"))) == 4


def test_collecting_takes_checkpoints_alone(say, made):
    """Checkpoints of runs that have ended go, and only those older than was said; --dry-run takes nothing."""
    workspace, ids = made
    checkpoint = workspace / "runs" / "toy" / ids["a"] / "checkpoints" / "1-10"
    checkpoint.mkdir(parents=True)
    (checkpoint / "weights.safetensors").write_bytes(b"x" * 1_000)
    assert json.loads(say("gc", "--json"))["removed"] == []
    assert json.loads(say("gc", "--older-than", "0", "--dry-run", "--json"))["bytes"] == 1_000
    assert checkpoint.exists()
    say("gc", "--older-than", "0")
    assert not checkpoint.exists()
    assert letters(made, say("ls", "--json")) == "dcba"
