"""What the networks compute."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest
import torch
from torch.nn import functional

from ymltrain.api import FeatureShape, NoParams, OutputShape
from ymltrain.builtin.model.linear import LinearModel
from ymltrain.builtin.model.mlp import MlpModel, MlpParams
from ymltrain.testing.model import CATEGORIES, NUMBERS, REGRESSION, example_inputs

FEATURES = (*NUMBERS, *CATEGORIES)


def test_linear_equals_a_linear_layer_over_one_hot_categories():
    """One weight per number and per category id, of each output."""
    output = OutputShape(task="classification", width=3)
    network = LinearModel(NoParams()).build(FEATURES, output)
    torch.manual_seed(0)
    for weights in network.parameters():
        torch.nn.init.normal_(weights)
    inputs = example_inputs(FEATURES, 20)
    one_hot = [
        functional.one_hot(inputs["category"][:, at].long(), shape.cardinality).float() for at, shape in enumerate(CATEGORIES)
    ]
    weights = torch.cat([network.number.weight.T, network.category[0].weight, network.category[1].weight])
    expected = torch.cat([inputs["number"], *one_hot], dim=1) @ weights + network.bias
    torch.testing.assert_close(network(inputs), expected)


@pytest.mark.parametrize("model", [LinearModel(NoParams()), MlpModel(MlpParams())])
def test_an_unseen_category_stays_zero(model):
    """Id 0 has a row of zeros, which training never moves."""
    network = model.build(CATEGORIES, REGRESSION)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1)
    tables = [module for module in network.modules() if isinstance(module, torch.nn.Embedding)]
    for _ in range(3):
        optimizer.zero_grad()
        (network({"category": torch.tensor([[0, 0], [1, 2]])}) - 5).square().sum().backward()
        optimizer.step()
    assert len(tables) == 2
    assert all(not table.weight[0].any() for table in tables)
    assert all(table.weight[1:].any() for table in tables)


def test_an_mlps_layers_come_in_their_order():
    """Linear, norm, activation, dropout for each hidden width; a plain Linear last."""
    network = MlpModel(MlpParams(hidden=(8, 4), activation="gelu", dropout=0.5)).build(NUMBERS, REGRESSION)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Linear", "LayerNorm", "GELU", "Dropout"] * 2 + ["Linear"]
    assert [layer.out_features for layer in network.layers if isinstance(layer, torch.nn.Linear)] == [8, 4, 1]


@pytest.mark.parametrize(("cardinality", "columns"), [(1, 2), (3, 3), (10, 6), (100, 21), (10**6, 64)])
def test_auto_embeddings_grow_slowly(cardinality, columns):
    """By fastai's rule, to at most 64 columns."""
    shapes = MlpModel(MlpParams()).shapes([FeatureShape(name="c", kind="category", cardinality=cardinality)], REGRESSION)
    assert shapes[0].shape == (cardinality, columns)


def test_batch_norm_takes_a_batch_of_one_row():
    """An epoch's last batch may be one row, of which no variance can be had: it passes with the running statistics."""
    network = MlpModel(MlpParams(hidden=(4,), norm="batch")).build(NUMBERS, REGRESSION)
    before = {name: tensor.clone() for name, tensor in network.named_buffers()}
    one = network(example_inputs(NUMBERS, 1))
    assert one.isfinite().all()
    assert all(torch.equal(before[name], tensor) for name, tensor in network.named_buffers())
    network(example_inputs(NUMBERS, 8))
    assert not torch.equal(before["layers.1.running_mean"], network.layers[1].running_mean)


@pytest.mark.parametrize(
    "written",
    [
        {"hidden": [0]},
        {"hidden": 64},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"activation": "swish"},
        {"embedding_dim": 0},
        {"layers": 3},
    ],
)
def test_nonsense_is_refused(written):
    """Out of range, of another type, or unknown."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(written, MlpParams)


def test_shapes_need_no_torch():
    """A plan counts parameters without importing torch; neither does importing any plugin of training."""
    names = {
        "model": ["linear", "mlp"],
        "optimizer": ["adagrad", "adam", "adamw", "rmsprop", "sgd"],
        "lr_scheduler": ["constant", "cosine", "exponential", "linear", "step"],
        "loss": ["cross_entropy", "huber", "mae", "mse"],
        "metric": ["accuracy", "f1", "mae", "mape", "mse", "precision", "r2", "recall", "rmse"],
        "strategy": ["single"],
    }
    modules = [f"ymltrain.builtin.{kind}.{name}" for kind, of_kind in names.items() for name in of_kind]
    code = (
        f"import importlib, sys\nfor name in {modules}: importlib.import_module(name)\n"
        "from ymltrain.api import FeatureShape, OutputShape\n"
        "from ymltrain.builtin.model.mlp import MlpModel, MlpParams\n"
        "output = OutputShape(task='regression', width=1)\n"
        "print(sum(shape.size for shape in MlpModel(MlpParams()).shapes([FeatureShape(name='x', kind='number')], output)))\n"
        "print(sorted({'torch', 'lightning', 'torchmetrics', 'numpy', 'polars'} & set(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.splitlines() == ["8961", "[]"]
