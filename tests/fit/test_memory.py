"""What a plan says of a rank's memory, against what tensors really take."""

import os
import subprocess
import sys

import msgspec
import pytest
import torch

from ymltrain.builtin.loss.cross_entropy import CrossEntropyLoss, CrossEntropyParams
from ymltrain.builtin.loss.mse import MseLoss
from ymltrain.builtin.model.mlp import MlpModel, MlpParams
from ymltrain.builtin.model.transformer import TransformerModel, TransformerParams
from ymltrain.builtin.optimizer.adamw import AdamWOptimizer, AdamWParams
from ymltrain.builtin.strategy.single import SingleStrategy
from ymltrain.fit.measuring import measure_memory
from ymltrain.fit.memory import estimate_memory
from ymltrain.kinds import NoParams
from ymltrain.plan.shapes import FeatureShape, OutputShape, TensorShape
from ymltrain.plan.topology import Topology

from . import memory_rank
from .memory_rank import MODELS, ROWS, STRATEGIES, WINDOW, really_taken

FEATURES = (FeatureShape(name="a", kind="number", width=32), FeatureShape(name="b", kind="category", cardinality=50))
OUTPUT = OutputShape(task="regression", width=1)


def topology(devices=1):
    """So many devices for batches of 512 rows."""
    return Topology(accelerator="cpu", nodes=1, devices=devices, precision="32-true", batch_size=512)


def table(rows):
    """Encoded rows, and their target."""
    return {"number": torch.randn(rows, 32), "category": torch.zeros(rows, 1, dtype=torch.int32)}, torch.randn(rows)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("hidden", [(256, 256, 256), (1024, 64)])
def test_a_measured_step_is_what_tensors_really_take(hidden):
    """Within 15 %, for a model whose activations weigh most and for one whose weights do."""
    model = MlpModel(MlpParams(hidden=hidden))
    estimate = estimate_memory(model.shapes(FEATURES, OUTPUT), 2, topology(), is_sharded=False, strategy="single")
    plugins = {
        "model": model,
        "optimizer": AdamWOptimizer(AdamWParams()),
        "loss": MseLoss(NoParams()),
        "strategy": SingleStrategy(NoParams()),
    }
    measured = measure_memory(estimate, plugins, (FEATURES, OUTPUT), topology())
    taken = really_taken(model.build(FEATURES, OUTPUT), *table(512), MseLoss(NoParams()).build())
    assert measured.peak == pytest.approx(taken, rel=0.15)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("recomputes", [False, True])
def test_a_measured_step_of_a_transformer_is_what_tensors_really_take(recomputes):
    """Within 15 %, with activations kept and with activations computed again, which takes less."""
    window = (FeatureShape(name="text", kind="tokens", width=64, cardinality=300),)
    output = OutputShape(task="next_token", width=300)
    model = TransformerModel(TransformerParams(layers=4, width=64, heads=4, activation_checkpointing=recomputes))
    small = msgspec.structs.replace(topology(), batch_size=16)
    estimate = estimate_memory(model.shapes(window, output), 2, small, is_sharded=False, strategy="single")
    loss = CrossEntropyLoss(CrossEntropyParams())
    plugins = {"model": model, "optimizer": AdamWOptimizer(AdamWParams()), "loss": loss, "strategy": SingleStrategy(NoParams())}
    measured = measure_memory(estimate, plugins, (window, output), small)
    windows = torch.randint(300, (16, 64), dtype=torch.int32)
    taken = really_taken(model.build(window, output), {"tokens": windows}, windows, loss.build())
    assert measured.peak == pytest.approx(taken, rel=0.15)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
@pytest.mark.parametrize("model", ["wide", "long"])
def test_a_measured_step_of_two_ranks_is_what_tensors_really_take(tmp_path, strategy, model):
    """Within 15 % on each of two gloo processes, for a transformer whose weights weigh most and for one whose activations do."""
    built, where = TransformerModel(MODELS[model]), memory_rank.topology(2, ROWS[model])
    is_sharded = strategy == "fsdp"
    shapes = built.shapes(WINDOW, memory_rank.OUTPUT)
    estimate = estimate_memory(shapes, 2, where, is_sharded=is_sharded, strategy=strategy)
    loss = CrossEntropyLoss(CrossEntropyParams())
    plugins = {"model": built, "optimizer": AdamWOptimizer(AdamWParams()), "loss": loss, "strategy": STRATEGIES[strategy]}
    measured = measure_memory(estimate, plugins, (WINDOW, memory_rank.OUTPUT), where)
    command = [sys.executable, "-m", "tests.fit.memory_rank", strategy, model]
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}
    ranks = [
        subprocess.Popen([*command, str(rank), str(tmp_path / "meeting")], stdout=subprocess.PIPE, text=True, env=environment)
        for rank in range(2)
    ]
    taken = [int(rank.communicate(timeout=200)[0]) for rank in ranks]
    assert measured.peak == pytest.approx(max(taken), rel=0.15)


def test_sharded_state_is_counted_by_rows():
    """Of 10 rows over 4 ranks the first holds 3; a unit's weights and gradients are whole at one time, and the rest is."""
    tensors = [
        TensorShape(name="embedding.weight", shape=(10, 8)),
        TensorShape(name="layers.0.weight", shape=(4, 8)),
        TensorShape(name="layers.1.weight", shape=(8, 8)),
    ]
    found = estimate_memory(tensors, 2, topology(4), is_sharded=True, strategy="fsdp")
    assert found.parameters == 4 * (3 * 8 + 1 * 8 + 2 * 8)
    assert found.optimizer == 2 * found.parameters
    assert found.gathered == 4 * (10 * 8 + 2 * 8 * 8)
    assert found.fits(None) is None
    assert found.fits(found.most)
    assert not found.fits(found.most - 1)
