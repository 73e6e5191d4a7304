"""Kill-anywhere: after `kill -9` at any moment, `fit --resume` gives the very tensors of an uninterrupted run."""

import json
import random
import signal
import time
from pathlib import Path

import pytest

from .conftest import KILLER


def die_at(workplace, moment, count):
    """The recipe, with a tracker that kills the process at a moment of the run."""
    marker = workplace.folder / "killed"
    tracker = f"tracker: [tensorboard, {{type: killer, moment: {moment}, count: {count}, marker: {marker}}}]\n"
    workplace.recipe.write_text(workplace.recipe.read_text() + tracker)
    done = workplace.run("fit", "penguins.yaml", "--plugin", KILLER)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert marker.exists()


def history_digest(result):
    """The digest of all values that the run logged."""
    return json.loads((Path(result["run_dir"]) / "final.json").read_text())["metrics_digest"]


def assert_resumes_to(finished, workplace):
    """Resuming ends with the same model, registered once, and with the same history of every metric, step by step."""
    _, whole = finished
    result = workplace.fit("--resume", "--plugin", KILLER)
    assert result["tensor_digest"] == whole["tensor_digest"]
    assert result["metrics"] == whole["metrics"]
    assert history_digest(result) == history_digest(whole)
    assert len(workplace.runs()) == 1
    assert [version["version"] for version in workplace.versions()] == [1]
    return result


@pytest.mark.parametrize(
    ("moment", "count"),
    [
        ("metrics", 1),  # before any checkpoint
        ("metrics", 20),  # in the middle of an epoch
        pytest.param("epoch", 3, marks=pytest.mark.slow),  # an epoch is over, its checkpoint is not written
        ("checkpoint", 4),  # at an epoch's end, saved
        ("bundle", 1),  # training is over, nothing is registered
        ("finish", 1),  # registered, the run's end is not recorded
    ],
)
def test_a_killed_run_resumes_to_the_same_tensors(finished, workplace, moment, count):
    """Wherever it dies, nothing is lost and nothing happens twice."""
    die_at(workplace, moment, count)
    result = assert_resumes_to(finished, workplace)
    assert (result["resumed_from"] is None) == (moment == "metrics" and count == 1)


def begun(workplace):
    """The runs that exist: one that dies while its folder is made never was."""
    runs = workplace.folder / "runs" / "penguins"
    return [run for run in runs.iterdir() if not run.name.startswith(".")] if runs.is_dir() else []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_kills_at_any_time_lose_nothing(finished, workplace, seed):
    """Again and again at times that no one chose, start-up included."""
    chance = random.Random(seed)
    _, whole = finished
    for _ in range(12):
        process = workplace.start("fit", "penguins.yaml", *(["--resume"] if begun(workplace) else []))
        time.sleep(chance.uniform(0.5, whole["timings"]["startup"] + whole["timings"]["train"] + 1.5))
        process.kill()
        _, errors = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), errors
        if any((run / "final.json").exists() for run in begun(workplace)):
            break
    else:
        workplace.fit("--resume")
    (run,) = begun(workplace)
    assert json.loads((run / "final.json").read_text())["tensor_digest"] == whole["tensor_digest"]
    assert [version["version"] for version in workplace.versions()] == [1]


@pytest.mark.parametrize(("sent", "code", "status"), [(signal.SIGTERM, 75, "preempted"), (signal.SIGINT, 130, "interrupted")])
def test_a_signal_saves_and_leaves_a_resumable_run(finished, workplace, sent, code, status):
    """SIGTERM ends with 75, Ctrl-C with 130, and both go on where they stopped."""
    process = workplace.start("fit", "penguins.yaml", "--json")
    for line in process.stderr:
        if line.startswith("epoch   1"):
            process.send_signal(sent)
            break
    output, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert json.loads(output)["status"] == status
    assert_resumes_to(finished, workplace)
