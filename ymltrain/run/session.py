"""One training session: from a Plan, parts and data to trained weights, from scratch or from the newest checkpoint."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ymltrain.data.loader import StepLoader
from ymltrain.data.order import order_of
from ymltrain.kinds.contracts import Model, Strategy
from ymltrain.plan.events import StageChanged
from ymltrain.plan.plan import Plan, PlanNode
from ymltrain.plan.shapes import FeatureShape, OutputShape
from ymltrain.plan.topology import Topology
from ymltrain.run.checkpoint import Checkpoints, Stored
from ymltrain.run.loop import Extent, Rules, TrainingLoop
from ymltrain.run.pace import Pace
from ymltrain.run.parts import Surroundings, TrainingData, TrainingParts, TrainOutcome
from ymltrain.run.pieces import Pieces
from ymltrain.run.startup import import_training
from ymltrain.run.state import Goal, LoopState
from ymltrain.run.weights import network_dtype

if TYPE_CHECKING:
    import lightning.pytorch as pl
    from torch import nn

    from ymltrain.run.module import TrainingModule


def build_network(model: Model, features: Sequence[FeatureShape], output: OutputShape, seed: int) -> nn.Module:
    """The plugin's network with weights drawn from one seed."""
    from ymltrain.run.random_state import seed_torch

    seed_torch(seed)
    return model.build(features, output)


def make_parts(
    plan: Plan, build: Callable[[PlanNode], Any], features: Sequence[FeatureShape], output: OutputShape
) -> TrainingParts:
    """The network with its initial weights and the plugins that train it; `build` makes the plugin of a node."""
    return TrainingParts(
        network=build_network(build(plan.node("model")), features, output, plan.seeds["weights"]),
        optimizer=build(plan.node("optimizer")),
        lr_scheduler=build(plan.node("lr_scheduler")),
        loss=build(plan.node("loss")),
        metrics={node.type: build(node) for node in plan.nodes_of("metric")},
        strategy=build(plan.node("strategy")),
        topology=plan.topology,
    )


def train(plan: Plan, parts: TrainingParts, data: TrainingData, around: Surroundings, pace: Pace | None = None) -> TrainOutcome:
    """Train, from the newest complete checkpoint when there is one.

    `parts.network` has its initial weights; the outcome has those that training gives. Every rank calls it.

    Raises RunError: YT901 the loss or the
    weights are not finite, YT903 a checkpoint cannot be saved, YT904 the checkpoints are another plan's, YT905 nothing
    writes the watched metric, YT906 a metric cannot be computed.
    """
    checkpoints = Checkpoints(around.checkpoints, plan.trainer.checkpoint.keep, (plan.digest, *around.plans), around.ranks)
    resumed = checkpoints.agree_on_newest()
    if resumed is not None:
        around.emit(StageChanged(stage="train", note=f"resumed at step {resumed.state.position.step} from {resumed.path}"))
        if resumed.state.is_finished:
            return finished_outcome(plan, resumed)
    rules = Rules(plan.trainer, plan.watch, _goals(parts))
    loop = TrainingLoop(rules, Extent.of(plan.trainer, data.train.rows), resumed.state if resumed else LoopState(), around)
    parts.network.to(network_dtype(plan.topology.precision))
    import_training()
    from ymltrain.run.keeper import Keeper
    from ymltrain.run.module import TrainingModule

    keeper = Keeper(checkpoints, resumed, plan.seeds["dropout"], plan.strategy)
    pace = pace or Pace()
    module = TrainingModule(parts, data, loop, keeper, pace)
    _fit(module, _loader(plan, module, data.train.rows, pace), plan.topology)
    keeper.wait()
    best = keeper.best_weights if loop.keeps_best else None
    pieces = best if best is not None else keeper.weights(module, loop.state)
    status: Literal["done", "preempted"] = "preempted" if loop.is_preempted else "done"
    return _outcome(plan, loop.state, status, pieces, resumed.path if resumed else None)


def finished_outcome(plan: Plan, stored: Stored) -> TrainOutcome:
    """What training came to, from the checkpoint that it ended with."""
    keeps_best = plan.trainer.weights == "best" and plan.watch is not None
    tensors = (stored.tensors("best") if keeps_best else None) or stored.tensors("weights")
    assert tensors is not None
    return _outcome(plan, stored.state, "done", Pieces(tensors.whole()), stored.path)


def preempted_outcome(plan: Plan, stored: Stored, resumed_from: Path | None) -> TrainOutcome:
    """Where training stopped, from the checkpoint that it left; its weights stay there."""
    return _outcome(plan, stored.state, "preempted", Pieces({}), resumed_from)


def _outcome(
    plan: Plan, state: LoopState, status: Literal["done", "preempted"], pieces: Pieces, resumed_from: Path | None
) -> TrainOutcome:
    best = state.best if plan.trainer.weights == "best" and plan.watch is not None else None
    return TrainOutcome(
        status=status,
        steps=state.position.step,
        epochs=state.position.epoch,
        best_epoch=state.best.epoch if state.best else None,
        pieces=pieces,
        metrics=best.metrics if best else state.metrics,
        resumed_from=resumed_from,
    )


def _loader(plan: Plan, module: TrainingModule, rows: int, pace: Pace) -> StepLoader:
    """The batches of the epoch that the loop stands in, from where it stands."""
    return StepLoader(
        order=lambda epoch: order_of(plan.seeds["order"], epoch, rows, plan.trainer.shuffle_window, module.pages),
        batch_size=plan.trainer.batch_size,
        accumulate=plan.trainer.accumulate_grad_batches,
        start=lambda: (module.loop.state.position.epoch, module.loop.state.position.batch),
        group_size=pace.steps,
        device=lambda: module.rows_device,
    )


def _fit(module: TrainingModule, loader: StepLoader, topology: Topology) -> None:
    """Let Lightning's Trainer drive what is left of training; the loop's state holds what came of it."""
    from lightning.pytorch.utilities.exceptions import SIGTERMException

    interrupt_handler = signal.getsignal(signal.SIGINT)
    with _global_settings_restored(), warnings.catch_warnings():
        with _no_callbacks_of_others():
            trainer = _trainer(module.parts.strategy, topology, module.loop.epochs_left)
        try:
            trainer.fit(module, train_dataloaders=loader)
        except SIGTERMException:  # it came while Lightning's own handler was in place; ours has heard it too
            if not module.loop.is_preempted:
                raise
        except SystemExit as leaving:  # what Lightning makes of a KeyboardInterrupt
            if isinstance(leaving.__context__, KeyboardInterrupt):
                signal.signal(signal.SIGINT, interrupt_handler)
                raise KeyboardInterrupt from None
            raise


def _trainer(strategy: Strategy, topology: Topology, epochs: int) -> pl.Trainer:
    """Lightning's Trainer with all of its own checkpointing, logging, drawing and shuffling off."""
    import lightning.pytorch as pl
    from lightning.fabric.plugins.environments.lightning import LightningEnvironment
    from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
    from lightning.fabric.utilities.warnings import PossibleUserWarning

    warnings.filterwarnings("ignore", category=PossibleUserWarning)  # its tips: workers, an unused GPU
    warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)` is deprecated", FutureWarning)  # its use of torch
    return pl.Trainer(
        accelerator=topology.accelerator,
        devices=topology.devices,
        num_nodes=topology.nodes,
        precision=topology.precision,  # type: ignore[arg-type]  # Lightning's Literal; the Plan's schema has the same names
        strategy=strategy.build(topology),
        # named, as SLURM's, found by itself, would take signals and requeue
        plugins=[LightningEnvironment() if topology.world_size == 1 else TorchElasticEnvironment()],
        max_epochs=epochs,
        deterministic=True,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_autolog_hparams=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
    )


@contextmanager
def _no_callbacks_of_others() -> Iterator[None]:
    """Lightning takes callbacks into every Trainer from whatever is installed; what trains is the Plan and nothing but the Plan.

    It has no switch for that. Looking for them also reads the metadata of all distributions, at each Trainer.
    """
    from lightning.pytorch.trainer.connectors import callback_connector as connector

    name = "_load_external_callbacks"
    theirs = vars(connector).get(name)
    if theirs is None:  # a later Lightning may go about it otherwise
        yield
        return
    setattr(connector, name, lambda _group: [])
    try:
        yield
    finally:
        setattr(connector, name, theirs)


@contextmanager
def _global_settings_restored() -> Iterator[None]:
    """Leave torch's process-wide switches as they were found.

    In between, what torch allocates is not filled: deterministic algorithms would have each new tensor written once more, to
    show reads of memory that nobody wrote.
    """
    import torch

    deterministic: Any = torch.utils.deterministic  # a module that is a class at run time
    fills, deterministic.fill_uninitialized_memory = deterministic.fill_uninitialized_memory, False
    is_deterministic, warns = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(is_deterministic, warn_only=warns)
        deterministic.fill_uninitialized_memory = fills


def _goals(parts: TrainingParts) -> dict[str, Goal]:
    """In which direction each value of an epoch is better."""
    losses: dict[str, Goal] = {"train/loss_epoch": "minimize", "val/loss": "minimize"}
    return losses | {f"val/{name}": metric.goal for name, metric in parts.metrics.items()}
