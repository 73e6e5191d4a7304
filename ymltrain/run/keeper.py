"""What training keeps: the best weights in memory, and the whole state in checkpoints."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ymltrain.run.checkpoint import Checkpoints, Snapshot, Stored
from ymltrain.run.finite import not_finite
from ymltrain.run.pieces import Pieces, like, put_in, take_pieces
from ymltrain.run.random_state import capture_generators, restore_generators, seed_generators
from ymltrain.run.state import LoopState, Position
from ymltrain.run.weights import are_finite

if TYPE_CHECKING:
    from ymltrain.run.module import TrainingModule

_log = logging.getLogger(__name__)


class Keeper:
    """Takes the state out of a training module and puts it back. Weights that are not finite are never kept."""

    def __init__(self, checkpoints: Checkpoints, resumed: Stored | None, seed: int, strategy: str = "single") -> None:
        self._checkpoints = checkpoints
        self._strategy = strategy
        self._resumed = resumed
        self._seed = seed
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._saving: tuple[Position, Future[Path]] | None = None
        self.best_weights: Pieces | None = None

    @property
    def newest_checkpoint(self) -> Path | None:
        """Where the newest complete checkpoint lies."""
        return self._checkpoints.newest_path

    def put_back(self, module: TrainingModule) -> float:
        """Bring weights, optimizer, gradient scaler and generators to the state resumed from, or start generators afresh.

        Returns this rank's part of the loss in the making.
        """
        ranks = self._checkpoints.ranks
        stored, self._resumed = self._resumed, None
        if stored is None:
            seed_generators(self._seed + ranks.rank)
            return 0.0
        self._warn_of_changes(stored, ranks.world)
        weights = stored.tensors("weights")
        assert weights is not None
        put_in(module.network.state_dict(), weights)
        best = stored.tensors("best")
        if best is not None:
            self.best_weights = take_pieces({name: like(now, best, name) for name, now in module.network.state_dict().items()})
        training = stored.training
        _restore_optimizer(module.optimizer, training["optimizer"], stored)
        if training["precision"]:
            module.trainer.precision_plugin.load_state_dict(training["precision"])
        own = stored.own(ranks.rank) if stored.manifest.world == ranks.world else None
        if own is not None:
            restore_generators(own["generators"], module.device)
            return float(own["pending"])
        seed_generators(self._seed + ranks.rank + stored.state.position.step)
        return stored.pending if ranks.is_first else 0.0

    def keep_best(self, module: TrainingModule, state: LoopState) -> None:
        """Copy the weights as they are now: they are the best so far."""
        self.best_weights = self.weights(module, state)

    def save(self, module: TrainingModule, state: LoopState, pending: float, *, in_background: bool = False) -> Path | None:
        """Write a checkpoint; in the background, None until `saved` says that it is complete."""
        self.wait()
        snapshot = self._snapshot(module, state, pending)
        if not in_background:
            return self._checkpoints.save(snapshot)
        self._saving = (state.position, self._writer.submit(self._checkpoints.save, snapshot))
        return None

    def saved(self, *, wait: bool = False) -> tuple[Position, Path] | None:
        """The checkpoint that was written in the background, once, when it is complete. Raises RunError when it failed."""
        if self._saving is None or not (wait or self._saving[1].done()):
            return None
        (position, future), self._saving = self._saving, None
        return position, future.result()

    def wait(self) -> None:
        """Until nothing is being written any more."""
        if self._saving is not None:
            self._saving[1].exception()

    def weights(self, module: TrainingModule, state: LoopState) -> Pieces:
        """A copy of the weights as they are now. Raises RunError when they are not finite."""
        pieces = take_pieces(module.network.state_dict())
        if not are_finite(pieces.tensors):
            raise not_finite("the weights are not finite", state.position, self.newest_checkpoint)
        return pieces

    def _snapshot(self, module: TrainingModule, state: LoopState, pending: float) -> Snapshot:
        optimizer = module.optimizer.state_dict()
        return Snapshot(
            state=deepcopy(state),
            weights=self.weights(module, state),
            best_weights=self.best_weights,
            optimizer=take_pieces(_moments(optimizer)),
            training={
                "optimizer": {"param_groups": optimizer["param_groups"], "state": _counters(optimizer)},
                "precision": module.trainer.precision_plugin.state_dict(),
            },
            own={"generators": capture_generators(module.device), "pending": pending},
            circumstances=self._circumstances(),
        )

    def _circumstances(self) -> dict[str, Any]:
        """What bit-equal results depend on besides the plan, the data and the hardware."""
        return {"strategy": self._strategy, "threads": torch.get_num_threads(), "torch": str(torch.__version__)}

    def _warn_of_changes(self, stored: Stored, world: int) -> None:
        if stored.manifest.world != world:
            _log.warning(
                "resuming with %s processes (were %s): equal to an uninterrupted run to float tolerance, not to the bit; "
                "dropout draws anew",
                world,
                stored.manifest.world,
            )
        now = self._circumstances()
        for name, value in stored.circumstances.items():
            if now.get(name) != value:
                _log.warning(
                    "resuming with another %s (%s, was %s): weights may differ in the last bits from an uninterrupted run's",
                    CIRCUMSTANCES.get(name, name),
                    now.get(name),
                    value,
                )


def _moments(optimizer: dict[str, Any]) -> dict[str, Tensor]:
    """The tensors of an optimizer's state, by `<parameter's number>.<key>`."""
    return {
        f"{number}.{key}": value
        for number, state in optimizer["state"].items()
        for key, value in state.items()
        if isinstance(value, Tensor) and value.dim()
    }


def _counters(optimizer: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The rest of the state: numbers, as plain values or tensors without dimension."""
    return {
        number: {key: value for key, value in state.items() if not (isinstance(value, Tensor) and value.dim())}
        for number, state in optimizer["state"].items()
    }


def _restore_optimizer(optimizer: torch.optim.Optimizer, saved: dict[str, Any], stored: Stored) -> None:
    moments = stored.tensors("optimizer")
    state: dict[int, dict[str, Any]] = {number: dict(counters) for number, counters in saved["state"].items()}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for name in moments.names if moments is not None else ():
        assert moments is not None
        number, _, key = name.partition(".")
        parameter = parameters[int(number)]
        fits = moments.shape(name) == list(parameter.shape)
        state[int(number)][key] = like(parameter, moments, name) if fits else moments.read(name)
    optimizer.load_state_dict({"state": state, "param_groups": saved["param_groups"]})


CIRCUMSTANCES = {"threads": "number of torch threads", "torch": "version of torch", "strategy": "strategy"}
