"""What training keeps: the best weights in memory, and the whole state in checkpoints."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ymltrain.run.checkpoint import Checkpoints, Snapshot
from ymltrain.run.finite import not_finite
from ymltrain.run.random_state import capture_generators, restore_generators, seed_generators
from ymltrain.run.state import LoopState
from ymltrain.run.weights import are_finite, copy_weights

if TYPE_CHECKING:
    from ymltrain.run.module import TrainingModule

_log = logging.getLogger(__name__)


class Keeper:
    """Takes the state out of a training module and puts it back. Weights that are not finite are never kept."""

    def __init__(self, checkpoints: Checkpoints, resumed: Snapshot | None, seed: int) -> None:
        self._checkpoints = checkpoints
        self._resumed = resumed
        self._seed = seed
        self.best_weights = resumed.best_weights if resumed else None

    @property
    def newest_checkpoint(self) -> Path | None:
        """Where the newest complete checkpoint lies."""
        return self._checkpoints.newest_path

    def put_back(self, module: TrainingModule) -> None:
        """Bring optimizer, gradient scaler and generators to the state resumed from; start generators afresh without one."""
        if self._resumed is None:
            seed_generators(self._seed)
            return
        self._warn_of_changes(self._resumed.circumstances)
        training, self._resumed = self._resumed.training, None
        module.optimizer.load_state_dict(training["optimizer"])
        if training["precision"]:
            module.trainer.precision_plugin.load_state_dict(training["precision"])
        restore_generators(training["generators"], module.device)

    def keep_best(self, module: TrainingModule, state: LoopState) -> None:
        """Copy the weights as they are now: they are the best so far."""
        self.best_weights = self._weights(module, state)

    def save(self, module: TrainingModule, state: LoopState) -> Path:
        """Write a checkpoint."""
        training = {
            "optimizer": module.optimizer.state_dict(),
            "precision": module.trainer.precision_plugin.state_dict(),
            "generators": capture_generators(module.device),
        }
        snapshot = Snapshot(state, self._weights(module, state), self.best_weights, training, circumstances())
        return self._checkpoints.save(snapshot)

    def _weights(self, module: TrainingModule, state: LoopState) -> dict[str, Tensor]:
        weights = copy_weights(module.network)
        if not are_finite(weights):
            raise not_finite("the weights are not finite", state.position, self.newest_checkpoint)
        return weights

    @staticmethod
    def _warn_of_changes(before: dict[str, Any]) -> None:
        now = circumstances()
        for name, value in before.items():
            if now.get(name) != value:
                _log.warning(
                    "resuming with another %s (%s, was %s): weights may differ in the last bits from an uninterrupted run's",
                    CIRCUMSTANCES.get(name, name),
                    now.get(name),
                    value,
                )


CIRCUMSTANCES = {"threads": "number of torch threads", "torch": "version of torch"}


def circumstances() -> dict[str, Any]:
    """What bit-equal results depend on besides the plan, the data and the hardware."""
    return {"threads": torch.get_num_threads(), "torch": str(torch.__version__)}
