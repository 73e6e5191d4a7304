"""A small training run on made-up data: imported by tests, and run as a process of its own where one has to die.

As a script it takes a JSON file: `folder`, `changes` to the trainer section, and `kill` (see `Killer`).
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from safetensors.torch import save_file

from ymltrain.builtin.loss.cross_entropy import CrossEntropyLoss, CrossEntropyParams
from ymltrain.builtin.loss.mse import MseLoss
from ymltrain.builtin.lr_scheduler.cosine import CosineParams, CosineSchedule
from ymltrain.builtin.metric.accuracy import AccuracyMetric, AccuracyParams
from ymltrain.builtin.metric.rmse import RmseMetric
from ymltrain.builtin.model.mlp import MlpModel, MlpParams
from ymltrain.builtin.optimizer.adamw import AdamWOptimizer, AdamWParams
from ymltrain.builtin.strategy.single import SingleStrategy
from ymltrain.data.encoding import EncodedSplit
from ymltrain.data.target import ClassificationTarget, RegressionTarget
from ymltrain.kinds import NoParams
from ymltrain.kinds.moments import Moments
from ymltrain.plan.events import RunEvent
from ymltrain.plan.plan import Plan, RecipeRecord, TargetSpec, Watch, seal
from ymltrain.plan.sections import Skew, Trainer
from ymltrain.plan.seeds import seed_tree
from ymltrain.plan.shapes import FeatureShape, OutputShape
from ymltrain.plan.topology import Topology
from ymltrain.run.pace import Pace
from ymltrain.run.parts import Surroundings, TrainingData, TrainingParts, TrainOutcome
from ymltrain.run.session import build_network, train
from ymltrain.run.signals import StopSignal, stop_on_signals

FEATURES = (
    FeatureShape(name="a", kind="number"),
    FeatureShape(name="b", kind="number", width=2),
    FeatureShape(name="c", kind="category", cardinality=5),
)


def split_of(rows, number, category, target, weight=None):
    """Encoded rows, as the data layer hands them over."""
    inputs = {kind: array for kind, array in (("number", number), ("category", category)) if array is not None}
    return EncodedSplit(rows, inputs, target, weight)


@dataclass
class Setup:
    """Everything one run needs, each part open to a test's change."""

    folder: Path
    changes: dict[str, Any] = field(default_factory=dict)
    rows: int = 230
    val_rows: int = 50
    task: str = "regression"
    dropout: float = 0.2
    lr: float = 1e-2
    watch: Watch | None = None
    parts: dict[str, Any] = field(default_factory=dict)
    pace: Pace | None = None
    seed: int = 7
    stop: StopSignal = field(default_factory=StopSignal)
    events: list[RunEvent] = field(default_factory=list)

    def plan(self) -> Plan:
        """A sealed plan with this trainer section."""
        trainer = msgspec.convert({"batch_size": 16, "max_epochs": 3, "log_every_n_steps": 5, **self.changes}, Trainer)
        metric = "val/rmse" if self.task == "regression" else "val/accuracy"
        return seal(
            Plan(
                ymltrain="0",
                name="test",
                description="",
                seed=self.seed,
                seeds=seed_tree(self.seed),
                nodes=(),
                edges=(),
                keys=(),
                features=(),
                target=TargetSpec(columns=("y",), type="number", transform="none", task="regression"),
                trainer=trainer,
                topology=Topology(accelerator="cpu", nodes=1, devices=1, precision=trainer.precision, batch_size=16),
                watch=self.watch or Watch(metric=metric, goal="minimize" if self.task == "regression" else "maximize"),
                skew=Skew(),
                register=None,
                stages=(),
                recipe=RecipeRecord(composed={}, resolved={}),
            )
        )

    def data(self) -> TrainingData:
        """Rows with a relation to learn and noise on it."""
        target = (
            RegressionTarget("none", Moments(mean=100.0, std=20.0))
            if self.task == "regression"
            else ClassificationTarget("pqr", None)
        )
        return TrainingData(encoded(self.rows, self.task, 1), encoded(self.val_rows, self.task, 2), target)

    def training_parts(self) -> TrainingParts:
        """A small mlp with dropout, adamw and a cosine schedule."""
        is_regression = self.task == "regression"
        output = OutputShape(task=self.task, width=1 if is_regression else 3)
        model = MlpModel(MlpParams(hidden=(16, 8), dropout=self.dropout))
        parts = {
            "network": build_network(model, FEATURES, output, seed_tree(self.seed)["weights"]),
            "optimizer": AdamWOptimizer(AdamWParams(lr=self.lr)),
            "lr_scheduler": CosineSchedule(CosineParams(warmup_steps=4)),
            "loss": MseLoss(NoParams()) if is_regression else CrossEntropyLoss(CrossEntropyParams()),
            "metrics": {"rmse": RmseMetric(NoParams())} if is_regression else {"accuracy": AccuracyMetric(AccuracyParams())},
            "strategy": SingleStrategy(NoParams()),
            "topology": self.plan().topology,
        }
        return TrainingParts(**{**parts, **self.parts})

    def train(self) -> TrainOutcome:
        """Run it."""
        around = Surroundings(self.folder / "checkpoints", self.hear, self.stop)
        return train(self.plan(), self.training_parts(), self.data(), around, self.pace)

    def hear(self, event: RunEvent) -> None:
        """Keep an event."""
        self.events.append(event)


def encoded(rows: int, task: str, seed: int) -> EncodedSplit:
    """Made-up rows whose target depends on numbers and category."""
    random = np.random.default_rng(seed)
    number = random.normal(size=(rows, 3)).astype(np.float32)
    category = random.integers(0, 5, size=(rows, 1)).astype(np.int32)
    signal_ = number[:, 0] - 2 * number[:, 1] * number[:, 2] + category[:, 0] + 0.3 * random.normal(size=rows)
    if task == "regression":
        return split_of(rows, number, category, ((signal_ - 2) / 3).astype(np.float32))
    return split_of(rows, number, category, np.digitize(signal_, [1, 3]).astype(np.int64))


class Killer:
    """Sends this very process a signal: in the nth event of a kind, or where Python audits the nth such call."""

    def __init__(self, event: str = "", audit: str = "", path: str = "", nth: int = 1, name: str = "SIGKILL") -> None:
        self._event = event
        self._left = nth
        self._signal = signal.Signals[name]
        if audit:
            sys.addaudithook(lambda call, arguments: self._hit() if call == audit and re.search(path, str(arguments[0])) else None)

    def hear(self, event: RunEvent) -> None:
        """Count an event of the kind."""
        if type(event).__name__ == self._event:
            self._hit()

    def _hit(self) -> None:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), self._signal)


def main(argument: str) -> None:
    """Train as the JSON file says; in the end write the weights and an outcome beside it."""
    spec = json.loads(Path(argument).read_text())
    folder = Path(spec["folder"])
    setup = Setup(folder, spec["changes"])
    killer = Killer(**spec.get("kill", {}))

    def hear(event: RunEvent) -> None:
        with (folder / "events.jsonl").open("a") as file:
            file.write(f"{event}\n")
        killer.hear(event)

    setup.hear = hear  # type: ignore[method-assign]  # the script's own ear
    with stop_on_signals() as stop:
        setup.stop = stop
        outcome = setup.train()
    save_file(outcome.weights, folder / "weights.safetensors")
    summary = {"status": outcome.status, "steps": outcome.steps, "signal": stop.signal.name if stop.signal else None}
    (folder / "outcome.json").write_text(json.dumps(summary))


if __name__ == "__main__":
    main(sys.argv[1])
