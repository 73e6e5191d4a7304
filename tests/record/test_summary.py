from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest

from ymltrain.diagnostics import RunError, UsageError
from ymltrain.plan.events import MetricsLogged
from ymltrain.plan.plan import RecipeRecord, seal
from ymltrain.record.attempt import begin_attempt, end_attempt
from ymltrain.record.directory import RunDirectory
from ymltrain.record.final import Final, RegisteredModel, write_final
from ymltrain.record.lock import locked
from ymltrain.record.metrics import MetricsWriter
from ymltrain.record.summary import summarize, summarize_or_tell

DIGEST = "sha256:" + "0" * 64


def log(run, number, value):
    """One value of one attempt."""
    writer = MetricsWriter(run, number, 0, pytest.fail)
    writer.append(MetricsLogged(step=1, epoch=0, time=1.0, values={"val/rmse": value}))
    writer.close()


def test_a_finished_run(run):
    """Of a run that is done, the summary has the final metrics and the model version."""
    attempt = begin_attempt(run, None)
    log(run, 1, 9.0)
    model = RegisteredModel(name="toy", version=3, digest=DIGEST)
    write_final(run, Final(status="done", ended=datetime.now(UTC).isoformat(), metrics={"test/rmse": 1.5}, model=model))
    end_attempt(run, attempt, "done")
    summary = summarize(run)
    assert json.loads(json.dumps(summary)) == summary
    assert {key: summary[key] for key in ("run_id", "name", "status", "created", "metrics", "model", "error", "attempts")} == {
        "run_id": run.run_id,
        "name": "toy",
        "status": "done",
        "created": run.created,
        "metrics": {"test/rmse": 1.5},
        "model": {"name": "toy", "version": 3, "digest": DIGEST},
        "error": None,
        "attempts": 1,
    }
    assert summary["run_dir"] == str(run.path)


def test_an_unfinished_run_shows_its_last_values(run):
    """Before the end the metrics are the last values logged; one that is no number is named so."""
    begin_attempt(run, None)
    log(run, 1, float("nan"))
    assert summarize(run)["metrics"] == {"val/rmse": "NaN"}
    assert summarize(run)["status"] == "crashed"
    assert summarize(run)["model"] is None


def test_a_failed_run_shows_its_error(run):
    """The error of the last attempt is there with code and hint, until an attempt does better."""
    end_attempt(run, begin_attempt(run, None), "failed", RunError("YT910", "disk full", "free some space"))
    assert summarize(run)["error"] == {"code": "YT910", "message": "disk full", "hint": "free some space"}
    end_attempt(run, begin_attempt(run, None), "preempted")
    assert summarize(run)["error"] is None


def test_params_are_key_paths_of_the_resolved_recipe(tmp_path, small_plan):
    """Each value has its key path, quoted where a name needs it; lists and empty maps are values."""
    resolved = {"seed": 7, "model": {"type": "mlp", "hidden": [8, 4]}, "features": {"a.b": {"type": "number"}}, "empty": {}}
    plan = seal(msgspec.structs.replace(small_plan, recipe=RecipeRecord(composed={}, resolved=resolved)))
    run = RunDirectory.create(tmp_path, "toy", plan, recipe_text=None, resolved_yaml="", provenance={})
    assert summarize(run)["params"] == {
        "seed": 7,
        "model.type": "mlp",
        "model.hidden": [8, 4],
        'features."a.b".type': "number",
        "empty": {},
    }


def test_the_duration_leaves_out_the_time_between_attempts(run):
    """Ended attempts count from start to end, a running one until now."""
    for number, (started, ended) in enumerate([("10:00:00", "10:00:05"), ("12:00:00", "12:00:02.5")], start=1):
        attempt = begin_attempt(run, None)
        times = {"started": f"2026-01-01T{started}+00:00", "ended": f"2026-01-01T{ended}+00:00", "outcome": "preempted"}
        (run.attempts / f"{number}.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(attempt, **times)))
    assert summarize(run)["duration"] == 7.5
    with locked(run):
        begin_attempt(run, None)
        assert 7.5 <= summarize(run)["duration"] < 3600


def test_a_clock_that_went_backwards_makes_no_negative_duration(run):
    """An attempt that ended before it began took no time."""
    attempt = begin_attempt(run, None)
    times = {"started": "2026-01-01T10:00:00+00:00", "ended": "2026-01-01T09:00:00+00:00", "outcome": "preempted"}
    (run.attempts / "1.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(attempt, **times)))
    assert summarize(run)["duration"] == 0


@pytest.mark.parametrize("content", ["", '{"plan": 1}', '{"recipe": 3}'])
def test_a_damaged_plan_is_named(run, content):
    """A plan.json that was cut short is an error that names the file."""
    run.plan_file.write_text(content)
    with pytest.raises(UsageError, match=r"plan\.json is damaged"):
        summarize(run)


def test_a_plan_of_another_version_is_listed(run):
    """A run of an older ymltrain is shown, though its plan cannot be run any more."""
    plan = json.loads(run.plan_file.read_text())
    run.plan_file.write_text(json.dumps({**plan, "plan": 0, "unheard": True}))
    assert summarize(run)["params"]["name"] == "toy"


def test_a_damaged_run_hides_no_other_in_a_list(run):
    """In a list, a damaged run stands with that status and what is wrong with it."""
    whole = summarize_or_tell(run)
    assert whole == summarize(run)
    run.plan_file.write_text("")
    damaged = summarize_or_tell(run)
    assert set(damaged) == set(whole)
    assert (damaged["run_id"], damaged["status"], damaged["metrics"]) == (run.run_id, "damaged", {})
    assert "plan.json" in damaged["error"]["message"]
