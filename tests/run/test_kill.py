"""Killed with SIGKILL at any moment, a run goes on to the bits it would have had."""

from __future__ import annotations

import json
import random
import signal
import time

import pytest
import torch
from safetensors.torch import load_file

CHANGES = {
    "accumulate_grad_batches": 2,
    "gradient_clip_val": 0.5,
    "max_epochs": 4,
    "log_every_n_steps": 3,
    "early_stopping": {"metric": "val/rmse", "patience": 2},
    "checkpoint": {"every_n_steps": 5},
}


@pytest.fixture(scope="module")
def expected(driver, tmp_path_factory):
    """The uninterrupted run: 4 epochs of 8 steps, dropout on, saved at each epoch's end and every 5 steps."""
    setup = driver.Setup(tmp_path_factory.mktemp("whole"), CHANGES)
    outcome = setup.train()
    assert outcome.steps == 32
    return outcome


def assert_goes_on(driver, folder, expected):
    """Resume here, and compare with the uninterrupted run."""
    outcome = driver.Setup(folder, CHANGES).train()
    assert outcome.status == "done"
    assert outcome.weights.keys() == expected.weights.keys()
    assert all(torch.equal(outcome.weights[name], weights) for name, weights in expected.weights.items())
    assert outcome.metrics == expected.metrics
    assert outcome.best_epoch == expected.best_epoch
    return outcome


@pytest.mark.parametrize(
    ("kill", "resumed_from"),
    [
        ({"event": "MetricsLogged", "nth": 1}, None),  # step 3, before anything is saved
        ({"event": "MetricsLogged", "nth": 8}, "2-16"),  # step 18, mid-epoch
        ({"event": "EpochEnded", "nth": 3}, "2-20"),  # step 24, before the epoch's checkpoint
        ({"event": "CheckpointSaved", "nth": 7}, "3-24"),  # just after it
        ({"audit": "open", "path": r"\.tmp-1-10-.*training\.pt$"}, "1-8"),  # weights written, nothing else
        ({"audit": "open", "path": r"\.tmp-1-15-.*loop\.json$"}, "1-10"),
        ({"audit": "open", "path": r"\.tmp-2-20-.*manifest\.json$"}, "2-16"),
        ({"audit": "os.rename", "path": r"\.tmp-3-24-"}, "2-20"),  # all written, not yet in its place
        ({"audit": "os.remove", "path": "", "nth": 2}, "1-10"),  # in its place, and the oldest one half gone
    ],
    ids=str,
)
def test_a_run_killed_at_a_chosen_moment_goes_on(driver, start_process, tmp_path, expected, kill, resumed_from):
    """Mid-epoch, at an epoch's end, and in every phase of a save."""
    process = start_process(tmp_path, changes=CHANGES, kill=kill)
    assert process.wait(timeout=120) == -signal.SIGKILL
    outcome = assert_goes_on(driver, tmp_path, expected)
    assert (outcome.resumed_from.name if outcome.resumed_from else None) == resumed_from
    assert not list(tmp_path.glob("checkpoints/.tmp-*"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_a_run_killed_at_some_moment_goes_on(driver, start_process, tmp_path, expected, seed):
    """Two kills in a row, each after a random while from the process's first sign of life."""
    chance = random.Random(seed)
    events = tmp_path / "events.jsonl"
    for _ in range(2):
        before = events.stat().st_size if events.exists() else 0
        process = start_process(tmp_path, changes=CHANGES)
        while process.poll() is None and not (events.exists() and events.stat().st_size > before):
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
        process.wait()
    assert_goes_on(driver, tmp_path, expected)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signalled_process_saves_and_leaves(driver, start_process, tmp_path, expected, name):
    """The handler only asks; the process saves at the next step, says which signal it was, and the run goes on."""
    process = start_process(tmp_path, changes=CHANGES, kill={"event": "MetricsLogged", "nth": 4, "name": name})
    assert process.wait(timeout=120) == 0
    outcome = json.loads((tmp_path / "outcome.json").read_text())
    assert outcome == {"status": "preempted", "steps": 9, "signal": name}
    assert (tmp_path / "checkpoints" / "1-9").is_dir()
    assert_goes_on(driver, tmp_path, expected)


def test_a_signal_at_the_very_end_changes_nothing(start_process, tmp_path):
    """SIGTERM after the last step: there is nothing left to resume, and Lightning does not end the process for it."""
    assert (
        start_process(tmp_path, changes=CHANGES, kill={"event": "EpochEnded", "nth": 4, "name": "SIGTERM"}).wait(timeout=120) == 0
    )
    assert json.loads((tmp_path / "outcome.json").read_text()) == {"status": "done", "steps": 32, "signal": "SIGTERM"}


def test_a_process_of_its_own_gives_the_same_bits(start_process, tmp_path, expected):
    """A finished process wrote the very weights that the same run gives here."""
    assert start_process(tmp_path, changes=CHANGES).wait(timeout=120) == 0
    weights = load_file(tmp_path / "weights.safetensors")
    assert all(torch.equal(weights[name], tensor) for name, tensor in expected.weights.items())


def test_a_run_that_shuffles_window_by_window_goes_on_to_the_same_bits(driver, start_process, tmp_path):
    """Killed within a window, it serves the rest of that window and of the epoch: a streamed table keeps the promise."""
    changes = CHANGES | {"shuffle_window": 64}
    expected = driver.Setup(tmp_path / "whole", changes).train()
    process = start_process(tmp_path / "killed", changes=changes, kill={"event": "MetricsLogged", "nth": 8})
    assert process.wait(timeout=120) == -signal.SIGKILL
    outcome = driver.Setup(tmp_path / "killed", changes).train()
    assert outcome.resumed_from is not None
    assert all(torch.equal(outcome.weights[name], weights) for name, weights in expected.weights.items())
    assert outcome.metrics == expected.metrics
    whole = driver.Setup(tmp_path / "unwindowed", CHANGES).train()
    assert any(not torch.equal(whole.weights[name], weights) for name, weights in expected.weights.items())
