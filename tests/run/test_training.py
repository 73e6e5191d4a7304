"""Training from encoded arrays and a plan to weights."""

from __future__ import annotations

import math
import signal

import msgspec
import pytest
import torch
import torchmetrics

from ymltrain.builtin.loss.mse import MseLoss
from ymltrain.builtin.lr_scheduler.constant import ConstantParams, ConstantSchedule
from ymltrain.builtin.optimizer.sgd import SgdOptimizer, SgdParams
from ymltrain.data.loader import TensorSplit
from ymltrain.diagnostics import RunError
from ymltrain.evaluation.evaluate import Measures, evaluate
from ymltrain.kinds import NoParams
from ymltrain.plan.events import CheckpointSaved, EpochEnded, MetricsLogged
from ymltrain.plan.plan import Watch
from ymltrain.run.pace import Pace
from ymltrain.run.parts import Surroundings
from ymltrain.run.session import train


class ScriptedMetric:
    """A metric that gives one value after another, an epoch each."""

    tasks = ("regression",)
    goal = "minimize"

    def __init__(self, *values):
        self._values = iter(values)

    def build(self, output):
        value = next(self._values)

        class Scripted(torchmetrics.Metric):
            def update(self, prediction, target):
                pass

            def compute(self):
                return torch.tensor(value)

        return Scripted()


def equal(one, other):
    """Whether two sets of weights are the same to the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def logged(setup, name):
    """Step and value of each point logged under a name."""
    return [(event.step, event.values[name]) for event in setup.events if isinstance(event, MetricsLogged) and name in event.values]


def test_it_learns_and_reports(driver, tmp_path):
    """Three epochs lower the loss; steps, epochs and metrics of the last epoch come back."""
    setup = driver.Setup(tmp_path)
    outcome = setup.train()
    assert (outcome.status, outcome.steps, outcome.epochs, outcome.resumed_from) == ("done", 45, 3, None)
    losses = [value for _, value in logged(setup, "val/loss")]
    assert losses[-1] < losses[0]
    assert outcome.metrics["val/rmse"] == pytest.approx(20 * math.sqrt(outcome.metrics["val/loss"]), rel=1e-6)
    assert outcome.weights.keys() == setup.training_parts().network.state_dict().keys()


def test_classification_learns(driver, tmp_path):
    """Softmax over three classes beats the share of the largest class."""
    outcome = driver.Setup(tmp_path, {"max_epochs": 8}, rows=600, val_rows=300, task="classification", dropout=0.0).train()
    largest = max(torch.bincount(torch.from_numpy(driver.encoded(300, "classification", 2).target))).item() / 300
    assert outcome.metrics["val/accuracy"] > largest + 0.15


def test_the_same_plan_gives_the_same_bits(driver, tmp_path):
    """Two runs with dropout end in equal weights and metrics; another seed does not."""
    one = driver.Setup(tmp_path / "1").train()
    other = driver.Setup(tmp_path / "2").train()
    assert equal(one.weights, other.weights)
    assert one.metrics == other.metrics
    assert not equal(one.weights, driver.Setup(tmp_path / "3", seed=8).train().weights)


@pytest.mark.parametrize("accumulate", [1, 3])
def test_any_group_size_gives_the_same_bits(driver, tmp_path, accumulate):
    """How many steps one call of Lightning takes changes neither weights nor what is logged."""
    changes = {"accumulate_grad_batches": accumulate, "gradient_clip_val": 0.5, "max_epochs": 2}
    setups = [driver.Setup(tmp_path / str(steps), changes, pace=Pace(steps)) for steps in (1, 4, 32)]
    weights = [setup.train().weights for setup in setups]
    assert equal(weights[0], weights[1])
    assert equal(weights[0], weights[2])
    assert logged(setups[0], "train/loss") == logged(setups[1], "train/loss") == logged(setups[2], "train/loss")


def test_an_accumulated_step_equals_one_on_the_joined_batch(driver, tmp_path):
    """Four batches of 8 move the weights as one of 32 does, at the uneven end of an epoch too."""
    rows = 7 * 32 + 8 + 4  # the last step has two batches, one of them half full
    joined = driver.Setup(tmp_path / "1", {"batch_size": 32}, rows=rows, dropout=0.0).train()
    accumulated = driver.Setup(tmp_path / "2", {"batch_size": 8, "accumulate_grad_batches": 4}, rows=rows, dropout=0.0).train()
    assert joined.steps == accumulated.steps == 24
    for name, weights in joined.weights.items():
        torch.testing.assert_close(accumulated.weights[name], weights, rtol=1e-4, atol=1e-6)


def test_the_logged_losses_are_means_over_rows(driver, tmp_path):
    """With weights that stand still, the epoch's loss is the train split's, its uneven last batch included."""
    setup = driver.Setup(tmp_path, {"max_epochs": 1, "log_every_n_steps": 15}, dropout=0.0, lr=1e-12)
    outcome = setup.train()
    measures = Measures(MseLoss(NoParams()).build(), {}, setup.data().target)
    expected = evaluate(setup.training_parts().network, TensorSplit.of(setup.data().train), measures, batch_rows=1000)["loss"]
    assert outcome.metrics["train/loss_epoch"] == pytest.approx(expected, rel=1e-6)
    assert logged(setup, "train/loss") == [(15, pytest.approx(expected, rel=1e-6))]


def test_loss_and_lr_are_logged_every_n_steps(driver, tmp_path):
    """Points lie n steps apart across epochs, and the lr is the one the step was taken with."""
    setup = driver.Setup(tmp_path, {"log_every_n_steps": 4, "max_epochs": 2})
    setup.train()
    assert [step for step, _ in logged(setup, "train/loss")] == [4, 8, 12, 16, 20, 24, 28]
    schedule = setup.training_parts().lr_scheduler
    assert logged(setup, "lr") == [(step, 1e-2 * schedule.factor(step - 1, 30, 15)) for step in range(4, 31, 4)]


def test_gradients_are_clipped_by_their_total_norm(driver, tmp_path):
    """One plain step moves all weights together by lr times the limit."""
    changes = {"gradient_clip_val": 0.01, "max_steps": 1, "weights": "last"}
    sgd = {"optimizer": SgdOptimizer(SgdParams(lr=1.0)), "lr_scheduler": ConstantSchedule(ConstantParams())}
    setup = driver.Setup(tmp_path, changes, parts=sgd)
    before = setup.training_parts().network.state_dict()
    moved = torch.cat([(weights - before[name]).flatten() for name, weights in setup.train().weights.items()])
    assert moved.norm().item() == pytest.approx(0.01, rel=1e-3)


def test_max_steps_ends_inside_an_epoch(driver, tmp_path):
    """The last epoch is cut short, and validated and saved all the same."""
    setup = driver.Setup(tmp_path, {"max_steps": 20})
    outcome = setup.train()
    assert (outcome.status, outcome.steps, outcome.epochs) == ("done", 20, 2)
    assert [step for step, _ in logged(setup, "val/rmse")] == [15, 20]
    assert [event.path.name for event in setup.events if isinstance(event, CheckpointSaved)] == ["1-15", "2-20"]


def test_early_stopping_waits_for_its_patience(driver, tmp_path):
    """Improvements no larger than min_delta do not count."""
    stopping = {"metric": "val/score", "patience": 2, "min_delta": 0.1}
    metrics = {"score": ScriptedMetric(3.0, 2.0, 1.95, 1.91, 0.0)}
    setup = driver.Setup(tmp_path, {"max_epochs": 5, "early_stopping": stopping}, parts={"metrics": metrics})
    setup.watch = Watch(metric="val/score", goal="minimize")
    outcome = setup.train()
    assert (outcome.status, outcome.epochs, outcome.best_epoch) == ("done", 4, 4)


@pytest.mark.parametrize(("goal", "best"), [("minimize", 2), ("maximize", 3)])
def test_the_best_epochs_weights_come_back(driver, tmp_path, goal, best):
    """Of the best epoch by the watched metric and its goal, a NaN never being best, with that epoch's metrics."""
    metrics = {"score": ScriptedMetric(5.0, 1.0, 7.0, math.nan)}
    setup = driver.Setup(tmp_path, {"max_epochs": 4}, parts={"metrics": metrics}, watch=Watch(metric="val/score", goal=goal))
    parts = setup.training_parts()
    setup.training_parts = lambda: parts
    seen = {}

    def hear(event):
        if isinstance(event, EpochEnded):
            seen[event.epoch] = {name: tensor.clone() for name, tensor in parts.network.state_dict().items()}

    setup.hear = hear
    outcome = setup.train()
    assert outcome.best_epoch == best
    assert equal(outcome.weights, seen[best])
    assert outcome.metrics["val/score"] == {"minimize": 1.0, "maximize": 7.0}[goal]


def test_the_last_weights_come_back_when_asked_for(driver, tmp_path):
    """`weights: last` gives the last epoch's weights and metrics, and still names the best epoch."""
    metrics = {"score": ScriptedMetric(1.0, 2.0)}
    watch = Watch(metric="val/score", goal="minimize")
    setup = driver.Setup(tmp_path, {"max_epochs": 2, "weights": "last"}, parts={"metrics": metrics}, watch=watch)
    parts = setup.training_parts()
    setup.training_parts = lambda: parts
    outcome = setup.train()
    assert (outcome.best_epoch, outcome.metrics["val/score"]) == (1, 2.0)
    assert equal(outcome.weights, parts.network.state_dict())


@pytest.mark.parametrize("log_every", [3, 1000])
def test_a_loss_that_is_not_finite_is_named(driver, tmp_path, log_every):
    """The error says step, epoch and that nothing was saved, and offers a remedy; no checkpoint is written."""
    setup = driver.Setup(tmp_path, {"log_every_n_steps": log_every}, lr=1e30)
    with pytest.raises(RunError, match=r"not finite at step \d+, in epoch 1; no checkpoint was saved before") as caught:
        setup.train()
    assert caught.value.code == "YT901"
    assert "gradient_clip_val" in caught.value.hint
    assert not list(tmp_path.glob("checkpoints/*"))


def test_a_late_nan_names_the_checkpoint_that_is_there(driver, tmp_path):
    """What was saved before the loss broke stays, and is all finite."""

    class Explodes(ConstantSchedule):
        def factor(self, step, total_steps, steps_per_epoch):
            return 1.0 if step < 20 else 1e30

    setup = driver.Setup(tmp_path, parts={"lr_scheduler": Explodes(ConstantParams())})
    with pytest.raises(RunError, match=r"the newest complete checkpoint is .*1-15"):
        setup.train()
    assert [path.name for path in tmp_path.glob("checkpoints/*")] == ["1-15"]


def test_weights_that_broke_in_the_last_step_are_not_kept(driver, tmp_path):
    """The losses were finite up to the last step; its checkpoint is refused, because its weights are not."""

    class Breaks(ConstantSchedule):
        def factor(self, step, total_steps, steps_per_epoch):
            return math.inf if step == 3 else 1.0

    changes = {"checkpoint": {"every_n_steps": 4}}
    setup = driver.Setup(tmp_path, changes, parts={"lr_scheduler": Breaks(ConstantParams())})
    with pytest.raises(RunError, match="the weights are not finite at step 4, in epoch 1"):
        setup.train()
    assert not list(tmp_path.glob("checkpoints/[0-9]*"))


def test_a_watched_metric_that_nothing_writes_is_named(driver, tmp_path):
    """Without a val split there is no val metric to watch."""
    with pytest.raises(RunError, match="nothing writes the watched metric val/rmse") as caught:
        driver.Setup(tmp_path, val_rows=0).train()
    assert caught.value.code == "YT905"


def test_without_a_val_split_the_last_weights_come_back(driver, tmp_path):
    """With nothing watched there is no best epoch."""
    setup = driver.Setup(tmp_path, val_rows=0)
    plan = setup.plan()
    setup.plan = lambda: driver.seal(driver.msgspec.structs.replace(plan, watch=None))
    outcome = setup.train()
    assert outcome.best_epoch is None
    assert outcome.metrics.keys() == {"train/loss_epoch"}


@pytest.mark.parametrize("precision", ["64-true", "bf16-mixed", "bf16-true"])
def test_other_precisions_train(driver, tmp_path, precision):
    """The network trains and is validated in the plan's precision."""
    setup = driver.Setup(tmp_path, {"precision": precision})
    outcome = setup.train()
    losses = [value for _, value in logged(setup, "val/loss")]
    assert losses[-1] < losses[0]
    expected = {"64-true": torch.float64, "bf16-mixed": torch.float32, "bf16-true": torch.bfloat16}[precision]
    assert {weights.dtype for weights in outcome.weights.values()} == {expected}


def test_process_wide_switches_are_left_as_they_were(driver, tmp_path):
    """Training is deterministic; what runs after it in the same process decides for itself."""
    driver.Setup(tmp_path, {"max_steps": 1}).train()
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_nothing_is_printed(driver, tmp_path, capfd):
    """Lightning's tips, summaries and progress bars are off."""
    driver.Setup(tmp_path, {"max_steps": 1}).train()
    assert capfd.readouterr() == ("", "")


def test_callbacks_of_others_take_no_part(driver, tmp_path, monkeypatch):
    """Lightning takes callbacks from whatever is installed; a run takes none that its plan does not name."""
    packages = tmp_path / "packages"
    info = packages / "intruder-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: intruder\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lightning.pytorch.callbacks_factory]\nintruder = intruder:callbacks\n")
    (packages / "intruder.py").write_text("raise SystemError('it was loaded')\n")
    monkeypatch.syspath_prepend(str(packages))
    assert driver.Setup(tmp_path / "run").train().status == "done"


def test_who_wants_the_outcome_alone_gets_no_checkpoint_of_the_end(driver, tmp_path):
    """Nothing is written when training ends by itself, and the outcome is the same; where it is stopped, the state is kept."""
    saving, kept = driver.Setup(tmp_path / "saving"), driver.Setup(tmp_path / "kept")
    plan = kept.plan()
    never = msgspec.structs.replace(plan.trainer.checkpoint, every_n_epochs=1_000_000)
    plan = msgspec.structs.replace(plan, trainer=msgspec.structs.replace(plan.trainer, checkpoint=never))
    around = Surroundings(kept.folder / "checkpoints", kept.hear, kept.stop, keeps_end=False)
    outcome = train(plan, kept.training_parts(), kept.data(), around)
    assert equal(outcome.weights, saving.train().weights)
    assert not list(kept.folder.rglob("manifest.json"))
    kept.stop.request(signal.SIGTERM)
    assert train(plan, kept.training_parts(), kept.data(), around).status == "preempted"
    assert list(kept.folder.rglob("manifest.json"))
