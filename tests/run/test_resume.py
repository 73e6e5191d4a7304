"""Going on from a checkpoint: nothing tells the result from that of a run that was never interrupted."""

from __future__ import annotations

import signal

import pytest
import torch

from ymltrain.diagnostics import RunError
from ymltrain.plan.events import CheckpointSaved, EpochEnded, MetricsLogged, StageChanged
from ymltrain.run.signals import StopSignal

HARD = {
    "accumulate_grad_batches": 2,
    "gradient_clip_val": 0.5,
    "max_epochs": 4,
    "checkpoint": {"every_n_steps": 3},
    "early_stopping": {"metric": "val/rmse", "patience": 2},
}


def equal(one, other):
    """Whether two sets of weights are the same to the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def values(setup):
    """What was logged last for each name and step."""
    return {
        (event.step, name): value
        for event in setup.events
        if isinstance(event, MetricsLogged)
        for name, value in event.values.items()
    }


def stop_at(setup, kind, nth):
    """Let a setup ask for a stop in the nth event of a kind."""
    heard = []

    def hear(event):
        setup.events.append(event)
        if isinstance(event, kind):
            heard.append(event)
            if len(heard) == nth:
                setup.stop.request(signal.SIGTERM)

    setup.hear = hear


def recording(setup):
    """The first number of every row a setup trains on, in order."""
    parts = setup.training_parts()
    seen = []

    def record(network, arguments):
        if network.training:
            seen.extend(arguments[0]["number"][:, 0].tolist())

    parts.network.register_forward_pre_hook(record)
    setup.training_parts = lambda: parts
    return seen


@pytest.mark.parametrize("task", ["regression", "classification"])
@pytest.mark.parametrize(
    ("kind", "nth", "step"),
    [(MetricsLogged, 1, 5), (CheckpointSaved, 1, 4), (MetricsLogged, 5, 16), (EpochEnded, 1, 8), (EpochEnded, 2, 16)],
    ids=["mid-epoch", "between two logged losses", "epoch's end logged", "epoch's end", "second epoch's end"],
)
def test_a_stopped_run_goes_on_to_the_same_bits(driver, tmp_path, kind, nth, step, task):
    """Weights, metrics, the best epoch and every logged value are the uninterrupted run's."""
    changes = HARD | ({} if task == "regression" else {"early_stopping": {"metric": "val/accuracy", "patience": 2}})
    whole = driver.Setup(tmp_path / "whole", changes, task=task)
    expected = whole.train()

    stopped = driver.Setup(tmp_path / "cut", changes, task=task)
    stop_at(stopped, kind, nth)
    preempted = stopped.train()
    assert (preempted.status, preempted.steps) == ("preempted", step)

    resumed = driver.Setup(tmp_path / "cut", changes, task=task)
    outcome = resumed.train()
    assert outcome.status == "done"
    assert outcome.resumed_from.name.endswith(f"-{step}")
    assert equal(outcome.weights, expected.weights)
    assert outcome.metrics == expected.metrics
    assert (outcome.steps, outcome.epochs, outcome.best_epoch) == (expected.steps, expected.epochs, expected.best_epoch)
    assert values(stopped) | values(resumed) == values(whole)


@pytest.mark.parametrize("precision", ["64-true", "bf16-true", "bf16-mixed"])
def test_other_precisions_go_on_to_the_same_bits(driver, tmp_path, precision):
    """Nothing of a wider or narrower weight is lost on the way through a checkpoint."""
    changes = {"precision": precision, "max_epochs": 2}
    expected = driver.Setup(tmp_path / "whole", changes).train()
    stopped = driver.Setup(tmp_path / "cut", changes)
    stop_at(stopped, MetricsLogged, 2)
    assert stopped.train().status == "preempted"
    assert equal(driver.Setup(tmp_path / "cut", changes).train().weights, expected.weights)
    assert equal(driver.Setup(tmp_path / "cut", changes).train().weights, expected.weights)


def test_after_an_epochs_end_the_next_epochs_order_follows(driver, tmp_path):
    """A checkpoint of an epoch's end goes on with the next epoch's own order and replays nothing."""
    whole = driver.Setup(tmp_path / "whole")
    expected = recording(whole)
    whole.train()

    first, second = driver.Setup(tmp_path / "cut"), driver.Setup(tmp_path / "cut")
    served = recording(first)
    stop_at(first, EpochEnded, 1)
    first.train()
    assert len(served) == first.rows
    rest = recording(second)
    second.train()
    assert served + rest == expected
    epochs = [expected[start : start + whole.rows] for start in range(0, len(expected), whole.rows)]
    assert len(epochs) == 3
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(epochs[2])
    assert epochs[0] != epochs[1] != epochs[2]


def test_what_belongs_to_an_epochs_end_happens_once_an_epoch(driver, tmp_path):
    """Each epoch is ended, logged and saved exactly once, at its last step."""
    setup = driver.Setup(tmp_path)
    setup.train()
    assert [(event.epoch, event.step) for event in setup.events if isinstance(event, EpochEnded)] == [(1, 15), (2, 30), (3, 45)]
    assert [event.step for event in setup.events if isinstance(event, CheckpointSaved)] == [15, 30, 45]


def test_a_stop_in_the_last_epochs_end_finishes(driver, tmp_path):
    """There is nothing left to go on with: the run is done."""
    setup = driver.Setup(tmp_path)
    stop_at(setup, EpochEnded, 3)
    assert setup.train().status == "done"


def test_a_finished_run_gives_its_outcome_again(driver, tmp_path):
    """Nothing is trained; the outcome is read from the last checkpoint."""
    expected = driver.Setup(tmp_path).train()
    again = driver.Setup(tmp_path)
    outcome = again.train()
    assert equal(outcome.weights, expected.weights)
    assert (outcome.metrics, outcome.best_epoch) == (expected.metrics, expected.best_epoch)
    assert [type(event) for event in again.events] == [StageChanged]


def test_the_best_weights_outlive_a_resume(driver, tmp_path):
    """The best epoch lies before the interruption, and no checkpoint was made of it."""
    changes = {"max_epochs": 6, "checkpoint": {"every_n_epochs": 3, "keep": 1}}
    options = {"lr": 0.3, "dropout": 0.0}  # overshoots: the best epoch is an early one
    expected = driver.Setup(tmp_path / "whole", changes, **options).train()
    stopped = driver.Setup(tmp_path / "cut", changes, **options)
    stop_at(stopped, EpochEnded, 5)
    assert stopped.train().status == "preempted"
    resumed = driver.Setup(tmp_path / "cut", changes, **options)
    outcome = resumed.train()
    assert outcome.best_epoch == expected.best_epoch < 5
    assert equal(outcome.weights, expected.weights)


def test_steps_are_saved_inside_epochs(driver, tmp_path):
    """`every_n_steps` saves too, and a run cut after one goes on from it."""
    changes = {"checkpoint": {"every_n_steps": 4, "every_n_epochs": 2, "keep": 3}}
    setup = driver.Setup(tmp_path, changes)
    setup.train()
    saved = [event.path.name for event in setup.events if isinstance(event, CheckpointSaved)]
    assert saved == ["0-4", "0-8", "0-12", "1-16", "1-20", "1-24", "1-28", "2-30", "2-32", "2-36", "2-40", "2-44", "3-45"]
    assert sorted(path.name for path in tmp_path.glob("checkpoints/*")) == ["2-40", "2-44", "3-45"]


def test_a_checkpoint_of_another_plan_is_refused(driver, tmp_path):
    """A changed recipe does not go on from what another one trained."""
    driver.Setup(tmp_path, {"max_steps": 3}).train()
    with pytest.raises(RunError, match="was made by another plan") as caught:
        driver.Setup(tmp_path, {"max_steps": 4}).train()
    assert caught.value.code == "YT904"


def test_another_number_of_threads_is_warned_of(driver, tmp_path, caplog):
    """Bits may differ when sums are split otherwise; the run goes on."""
    first = driver.Setup(tmp_path)
    stop_at(first, MetricsLogged, 1)
    first.train()
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        assert driver.Setup(tmp_path).train().status == "done"
    finally:
        torch.set_num_threads(threads)
    assert f"another number of torch threads ({threads + 1}, was {threads})" in caplog.text


def test_a_second_interrupt_does_not_wait():
    """The first Ctrl-C asks, the second raises; SIGTERM only asks."""
    stop = StopSignal()
    stop.request(signal.SIGINT)
    assert (stop.is_requested, stop.signal) == (True, signal.SIGINT)
    stop.request(signal.SIGTERM)
    assert stop.signal is signal.SIGINT
    with pytest.raises(KeyboardInterrupt):
        stop.request(signal.SIGINT)


def test_an_interrupt_in_the_middle_of_training_comes_through(driver, tmp_path):
    """KeyboardInterrupt leaves training as itself, not as the exit code that Lightning makes of it."""
    before = signal.getsignal(signal.SIGINT)
    setup = driver.Setup(tmp_path)

    def hear(event):
        if isinstance(event, MetricsLogged):
            raise KeyboardInterrupt

    setup.hear = hear
    with pytest.raises(KeyboardInterrupt):
        setup.train()
    assert signal.getsignal(signal.SIGINT) is before
